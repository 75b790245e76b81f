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

/// How a connection's media comes, by what the browser has counted so far (W3C WebRTC Statistics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// To the other side and back, in milliseconds (`currentRoundTripTime`).
    pub round_trip: u32,
    /// Packets of sound and pictures that came.
    pub received: u64,
    /// Packets of theirs that did not come.
    pub lost: u64,
    /// Bytes of theirs that came.
    pub bytes: u64,
    /// Pixels of the camera's picture; 0 while none comes.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pictures in a second.
    pub frames: u32,
}

/// What goes over a connection in all, as the browser has counted it so far (`RTCTransportStats`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Packets {
    /// Packets that this side has sent.
    pub sent: u64,
    /// Packets that came to this side.
    pub received: u64,
}

/// An `RTCStatsReport`, which has a Map's methods.
pub(super) struct Report(Map);

impl Report {
    pub(super) async fn of(peer: &RtcPeerConnection) -> Option<Self> {
        let report: JsValue = peer.get_stats().await.ok()?;
        Some(Self(report.unchecked_into()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Stats> {
        self.0.values().into_iter().filter_map(|stats| Some(stats.ok()?.unchecked_into::<Stats>()))
    }

    pub(super) fn named(&self, id: String) -> Option<Stats> {
        let stats = self.0.get(&id.into());
        stats.is_object().then(|| stats.unchecked_into())
    }

    /// The selected candidate pair.
    pub(super) fn pair(&self) -> Option<Stats> {
        let transport = self.all().find_map(|stats| stats.selected_candidate_pair_id());
        // Firefox has no transport statistics; it marks the pair itself.
        let pair = transport.and_then(|id| self.named(id));
        pair.or_else(|| self.all().find(|stats| stats.selected() == Some(true)))
    }
}

/// The path of the selected candidate pair; none while there is none.
pub(super) async fn selected(peer: &RtcPeerConnection) -> Option<Path> {
    let report = Report::of(peer).await?;
    let pair = report.pair()?;
    let ends = [report.named(pair.local_candidate_id()?)?, report.named(pair.remote_candidate_id()?)?];
    let relayed = ends.iter().any(|end| end.candidate_type().as_deref() == Some("relay"));
    Some(if relayed { Path::Relay } else { Path::Direct })
}

/// What came so far; none while there is no path.
#[expect(clippy::cast_sign_loss, reason = "counts; float casts saturate")]
pub(super) async fn measure(peer: &RtcPeerConnection) -> Option<Measured> {
    let report = Report::of(peer).await?;
    let round_trip = report.pair()?.round_trip_time().unwrap_or(0.0) * 1_000.0;
    let mut measured = Measured { round_trip: round_trip as u32, ..Measured::default() };
    for stats in report.all().filter(|stats| stats.kind_of_report() == "inbound-rtp") {
        let count = |number: Option<f64>| number.unwrap_or(0.0) as u64;
        measured.received += count(stats.packets_received());
        measured.lost += count(stats.packets_lost());
        measured.bytes += count(stats.bytes_received());
        let side = |number: Option<f64>| number.unwrap_or(0.0) as u32;
        // The camera stands before the screen.
        if measured.width == 0 && side(stats.frames_per_second()) > 0 {
            measured.width = side(stats.frame_width());
            measured.height = side(stats.frame_height());
            measured.frames = side(stats.frames_per_second());
        }
    }
    Some(measured)
}

/// None where the browser does not count them.
#[expect(clippy::cast_sign_loss, reason = "counts; float casts saturate")]
pub(super) async fn packets(peer: &RtcPeerConnection) -> Option<Packets> {
    let report = Report::of(peer).await?;
    let transport = report.all().find(|stats| stats.kind_of_report() == "transport")?;
    Some(Packets { sent: transport.packets_sent()? as u64, received: transport.packets_received()? as u64 })
}
