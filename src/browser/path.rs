use js_sys::Map;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RtcPeerConnection;

use super::externs::Stats;

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
    // An RTCStatsReport has a Map's methods.
    let report: Map = report.unchecked_into();
    let all = || report.values().into_iter().filter_map(|stats| Some(stats.ok()?.unchecked_into::<Stats>()));
    let named = |id: String| {
        let stats = report.get(&id.into());
        stats.is_object().then(|| stats.unchecked_into::<Stats>())
    };

    let transport = all().find_map(|stats| stats.selected_candidate_pair_id());
    // Firefox has no transport statistics; it marks the pair itself.
    let pair = transport.and_then(named).or_else(|| all().find(|stats| stats.selected() == Some(true)))?;
    let ends = [named(pair.local_candidate_id()?)?, named(pair.remote_candidate_id()?)?];
    let relayed = ends.iter().any(|end| end.candidate_type().as_deref() == Some("relay"));
    Some(if relayed { Path::Relay } else { Path::Direct })
}
