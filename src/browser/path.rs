use serde::Deserialize;
use wasm_bindgen::JsValue;
use web_sys::RtcPeerConnection;

/// Which way a connection's bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// From browser to browser.
    Direct,
    /// Through a TURN server.
    Relay,
}

/// The path of the selected candidate pair; none while there is none.
pub(super) async fn selected(peer: &RtcPeerConnection) -> Option<Path> {
    let report: JsValue = peer.get_stats().await.ok()?;
    // An RTCStatsReport yields pairs of id and dictionary, as a Map does.
    let report: Vec<(String, Stats)> = serde_wasm_bindgen::from_value(report).ok()?;
    let named =
        |id: Option<&String>| report.iter().find(|(other, _)| Some(other) == id).map(|(_, stats)| stats);

    let transport = report.iter().find_map(|(_, stats)| stats.selected_candidate_pair_id.as_ref());
    let pair = named(transport).or_else(|| {
        // Firefox has no transport statistics; it marks the pair itself.
        let mut pairs = report.iter().map(|(_, stats)| stats);
        pairs.find(|stats| stats.selected)
    })?;
    let ends = [named(pair.local_candidate_id.as_ref())?, named(pair.remote_candidate_id.as_ref())?];
    let relayed = ends.iter().any(|end| end.candidate_type.as_deref() == Some("relay"));
    Some(if relayed { Path::Relay } else { Path::Direct })
}

/// The members we read of `RTCTransportStats`, `RTCIceCandidatePairStats` and `RTCIceCandidateStats`
/// (W3C WebRTC Statistics, sections 8.15 to 8.17).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    selected_candidate_pair_id: Option<String>,
    #[serde(default)]
    selected: bool,
    local_candidate_id: Option<String>,
    remote_candidate_id: Option<String>,
    candidate_type: Option<String>,
}
