//! What `getStats` says of a call between two connections of this page (W3C WebRTC Statistics).

use js_sys::Reflect;
use web_sys::RtcPeerConnection;

use super::{
    Found,
    error::{number, text},
    externs::Stats,
    path::Report,
    task,
};

/// Most pairs that are read: a device with several networks has some dozens.
const MAX_PAIRS: usize = 24;

/// Counters as they are at one moment, in both directions added up over sound and picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moment {
    /// When, in the milliseconds of [`task::now_ms`].
    pub at: f64,
    /// Bytes that the caller has sent.
    pub sent: f64,
    /// Bytes that came to the answerer.
    pub received: f64,
    /// Packets that came.
    pub packets: f64,
    /// Packets that did not come.
    pub lost: f64,
    /// Pictures that the answerer has decoded.
    pub frames: f64,
    /// To the other side and back, in milliseconds.
    pub round_trip: Option<f64>,
    /// What the pictures are made with; none before the first.
    pub used: Option<Used>,
    /// The caller's candidate pairs, the one in use first; at most 24.
    pub pairs: Vec<Pair>,
}

/// What the pictures are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// As in `VP8`.
    pub codec: String,
    /// The browser's name for what encodes, as in `libvpx`.
    pub encoder: Option<String>,
    /// For what decodes.
    pub decoder: Option<String>,
    /// Of the pictures that come, in pixels.
    pub size: Option<(u32, u32)>,
}

/// An own way to be reached, with one of the other side (RFC 8445, section 6.1.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Of the caller.
    pub local: Found,
    /// Of the answerer.
    pub remote: Found,
    /// `frozen`, `waiting`, `in-progress`, `failed` or `succeeded`.
    pub state: String,
    /// Whether ICE has agreed that it may be used.
    pub is_nominated: bool,
    /// Whether it carries the call just now.
    pub is_selected: bool,
    /// To the other side and back, in milliseconds, where it was tried.
    pub round_trip: Option<f64>,
}

/// Looks at both; none where the browser does not answer.
pub(super) async fn measure(caller: &RtcPeerConnection, answerer: &RtcPeerConnection) -> Option<Moment> {
    let (out, came) = (Report::of(caller).await?, Report::of(answerer).await?);
    let mut moment = Moment { at: task::now_ms(), pairs: pairs(&out), ..Moment::default() };
    moment.round_trip = moment.pairs.iter().find(|pair| pair.is_selected).and_then(|pair| pair.round_trip);
    let mut encoder = None;
    for stats in out.all().filter(|stats| stats.kind_of_report() == "outbound-rtp") {
        moment.sent += count(&stats, "bytesSent");
        encoder = encoder.or_else(|| text(&stats, "encoderImplementation"));
    }
    for stats in came.all().filter(|stats| stats.kind_of_report() == "inbound-rtp") {
        moment.received += count(&stats, "bytesReceived");
        moment.packets += count(&stats, "packetsReceived");
        moment.lost += count(&stats, "packetsLost");
        if text(&stats, "kind").as_deref() == Some("video") {
            moment.frames += count(&stats, "framesDecoded");
            moment.used = used(&came, &stats, encoder.take());
        }
    }
    Some(moment)
}

fn used(report: &Report, video: &Stats, encoder: Option<String>) -> Option<Used> {
    let codec = text(report.named(text(video, "codecId")?)?.as_ref(), "mimeType")?;
    #[expect(clippy::cast_sign_loss, reason = "sides of a picture; float casts saturate")]
    let side = |name| number(video, name).map(|side| side as u32);
    Some(Used {
        codec: codec.split_once('/').map_or(codec.clone(), |(_, name)| name.to_owned()),
        encoder,
        decoder: text(video, "decoderImplementation"),
        size: side("frameWidth").zip(side("frameHeight")),
    })
}

fn pairs(report: &Report) -> Vec<Pair> {
    let selected = report.pair().and_then(|pair| text(&pair, "id"));
    let mut pairs: Vec<_> = report
        .all()
        .filter(|stats| stats.kind_of_report() == "candidate-pair")
        .filter_map(|stats| {
            Some(Pair {
                local: end(&report.named(stats.local_candidate_id()?)?),
                remote: end(&report.named(stats.remote_candidate_id()?)?),
                state: text(&stats, "state")?,
                is_nominated: flag(&stats, "nominated"),
                is_selected: text(&stats, "id") == selected,
                round_trip: stats.round_trip_time().map(|seconds| seconds * 1_000.0),
            })
        })
        .collect();
    if let Some(place) = pairs.iter().position(|pair| pair.is_selected) {
        pairs[..=place].rotate_right(1);
    }
    pairs.truncate(MAX_PAIRS);
    pairs
}

fn end(candidate: &Stats) -> Found {
    #[expect(clippy::cast_sign_loss, reason = "a port; float casts saturate")]
    let port = number(candidate, "port").unwrap_or(0.0) as u16;
    Found {
        kind: candidate.candidate_type().unwrap_or_default(),
        protocol: text(candidate, "protocol").unwrap_or_default(),
        address: text(candidate, "address").unwrap_or_default(),
        port,
    }
}

fn count(stats: &Stats, member: &str) -> f64 {
    // Packets that come twice make fewer than none that were lost (RFC 3550, section 6.4.1).
    number(stats, member).unwrap_or(0.0).max(0.0)
}

fn flag(stats: &Stats, member: &str) -> bool {
    Reflect::get(stats, &member.into()).is_ok_and(|value| value.is_truthy())
}
