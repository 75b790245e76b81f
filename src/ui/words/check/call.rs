//! The words of `/check/call`.

use crate::{
    check::call::{
        Curves, Description, Failure, Found, Pair, Phase, Section, Side, Source, Step, Times, Used, What,
    },
    failure::CameraFailure,
    room::CameraView,
    ui::words,
};

pub const INTRODUCTION: &str = "This page calls itself: one connection sends what your camera sees, the other receives \
    it. Sound is sent too, and not played: it would howl. Nobody else takes part, and neither does a server. If this works and a call with others does not, look for the \
    reason in the network between you.";
pub const CONSOLE: &str = "To look further, open the browser’s console and type one of these names:";

pub const START: &str = "Start";
pub const CALL: &str = "Call";
pub const HANG_UP: &str = "Hang Up";
pub const DRAW: &str = "Use a drawn picture";
pub const BUTTONS: &str = "The call";

pub const LOCAL: &str = "Sent by pc1";
pub const REMOTE: &str = "Received by pc2";
pub const LOCAL_LABEL: &str = "What pc1 sends";
pub const REMOTE_LABEL: &str = "What pc2 receives";

pub const SET_UP: &str = "Set-up";
pub const DESCRIBED: &str = "Offer and answer exchanged";
pub const CONNECTED: &str = "Path found, both connected";
pub const PICTURED: &str = "First picture received";
pub const CODELAB: &str = "500 ms";
pub const CODEC: &str = "Video codec for the next call";
pub const ANY_CODEC: &str = "As the browser prefers";

pub const MEASURED: &str = "Measured twice a second";
pub const SENT: &str = "Sent by pc1";
pub const RECEIVED: &str = "Received by pc2";
pub const FRAMES: &str = "Pictures a second";
pub const ROUND_TRIP: &str = "Round trip";
pub const LOST: &str = "Lost packets";

pub const TRACE: &str = "What happened";
pub const TRACE_COLUMNS: [&str; 3] = ["After Call", "Who", "What"];
pub const TRACE_EMPTY: &str = "Each step of the next call will be listed here, with its time.";

pub const PAIRS: &str = "Candidate pairs";
pub const PAIRS_HINT: &str = "Each way by which pc1 can be reached is tried with each of pc2’s. The best pair that works \
    carries the call.";
pub const PAIRS_COLUMNS: [&str; 3] = ["From pc1 to pc2", "State", "Round trip"];
pub const PAIRS_EMPTY: &str = "They will be listed here while a call is on.";

pub const DESCRIPTIONS: &str = "Session descriptions (SDP)";
pub const DESCRIPTIONS_HINT: &str = "What the two tell each other before they connect. In a call with others a server \
    passes this on; here the page does.";
pub const COPY: &str = "Copy";
pub const DESCRIPTION_EMPTY: &str = "It will be shown here once there is a call.";

const MICROPHONE_AGAIN: &str = "To have sound again, look whether it is plugged in and allowed beside the address bar, \
    and load this page again.";

/// How everything is, in a sentence, and what to do.
#[must_use]
pub fn status(source: &Source, phase: &Phase, pictured: Option<f64>) -> (String, Option<String>) {
    match (phase, source) {
        (Phase::Calling, _) => ("Calling…".into(), None),
        (Phase::Late, _) => (
            "The call takes unusually long: no picture has come yet.".into(),
            Some("The last line under “What happened” says how far it is. A VPN, a firewall or an extension that blocks \
                  WebRTC may hold it up: turn it off for a moment, hang up and call again.".into()),
        ),
        (Phase::Up, Source::Devices(Err(CameraFailure::Unplugged))) => (
            "The call is on, without sound: the microphone went away.".into(),
            Some(MICROPHONE_AGAIN.into()),
        ),
        (Phase::Up, _) => (
            pictured.map_or_else(
                || "The call is on.".into(),
                |time| format!("The call is on: the first picture came {} after Call.", milliseconds(time)),
            ),
            None,
        ),
        (Phase::Interrupted, _) => (
            "The call is interrupted: nothing has come for some seconds.".into(),
            Some("It goes on by itself if the path comes back. If it does not, hang up and call again.".into()),
        ),
        (Phase::Failed(failure), _) if source.is_there() => failed(failure),
        (Phase::Over, source) if source.is_there() => {
            ("Hung up: both connections are closed. Press Call for another call.".into(), None)
        }
        (_, Source::Nothing) => (
            "Press Start, and allow camera and microphone when the browser asks. Then press Call.".into(),
            None,
        ),
        (_, Source::OpeningCamera) => ("Starting the camera…".into(), Some("If the browser asks, allow it.".into())),
        (_, Source::OpeningMicrophone) => {
            ("The camera is on. Starting the microphone…".into(), Some("If the browser asks, allow it, or refuse it to \
              call without sound.".into()))
        }
        (_, Source::Devices(Ok(()))) => ("Camera and microphone are on. Press Call.".into(), None),
        (_, Source::Devices(Err(CameraFailure::Unplugged))) => (
            "The camera is on. The microphone went away. Press Call for a call without sound.".into(),
            Some(MICROPHONE_AGAIN.into()),
        ),
        (_, Source::Devices(Err(failure))) => (
            format!("The camera is on. Press Call. {}", super::microphone(failure)[0]),
            Some("A call works without sound. To try it with sound, look at the microphone’s permission beside the \
                  address bar, and load this page again.".into()),
        ),
        (_, Source::Drawn) => ("A drawn picture is there instead of the camera. Press Call.".into(), None),
        (_, Source::Failed(failure)) => {
            let [says, remedy] = words::camera(&CameraView::Failed(failure.clone())).unwrap_or_default();
            (says, Some(format!("{remedy} Meanwhile a drawn picture does for a call.")))
        }
    }
}

fn failed(failure: &Failure) -> (String, Option<String>) {
    let (says, remedy) = match failure {
        Failure::NoPath { hidden: true } => (
            "The call failed: the two connections did not find each other.",
            "Without a camera’s permission the browser hides this device’s addresses behind names, which this network \
             does not resolve. Press Start, allow the camera, and call again.",
        ),
        Failure::NoPath { hidden: false } => (
            "The call failed: no pair of addresses works, not even on this device.",
            "A VPN, a firewall or an extension that blocks WebRTC may be the reason. Turn it off for a moment, or try \
             another browser, and call again.",
        ),
        Failure::Closed(of) => {
            let of = side(*of);
            return (
                format!("The call ended: {of} was closed from elsewhere, for example at the console."),
                Some("Press Call to try again.".into()),
            );
        }
        Failure::Refused(words) => {
            return (
                format!("The browser refused the call ({words})."),
                Some("Load this page again, or choose another codec. If that does not help, update the browser.".into()),
            );
        }
    };
    (says.into(), Some(remedy.into()))
}

/// How long the set-up took, beside what the codelab says of the best.
#[must_use]
pub fn set_up(times: Times) -> String {
    const APPRTC: &str = "AppRTC, the codelab’s example of a good video call, is set up in less than 500 ms";
    match times.pictured {
        None => format!("{APPRTC}. Call shows how long it takes here."),
        Some(time) if time < 500.0 => {
            format!(
                "{APPRTC}; this call took {}. It went over no network, which adds several of its round trips.",
                milliseconds(time)
            )
        }
        Some(time) => format!(
            "{APPRTC}; this call took {}, without any network. Probably this device is busy, or the camera slow: close \
             other programs and call again.",
            milliseconds(time)
        ),
    }
}

/// A time that has come, or not.
#[must_use]
pub fn time(time: Option<f64>) -> String {
    time.map_or_else(|| "–".into(), milliseconds)
}

/// Before what the pictures are made with.
#[must_use]
pub fn used_label(is_open: bool) -> &'static str {
    if is_open { "In use:" } else { "Used by the last call:" }
}

/// What the pictures are made with.
#[must_use]
pub fn used(used: Option<&Used>) -> String {
    let Some(Used { codec, encoder, decoder, size }) = used else { return "nothing yet".into() };
    let parts = [
        Some(codec.clone()),
        size.map(|(width, height)| format!("{width} × {height}")),
        encoder.as_ref().map(|encoder| format!("encoded by {encoder}")),
        decoder.as_ref().map(|decoder| format!("decoded by {decoder}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a curve's values are, in words.
pub mod unit {
    pub use super::milliseconds;

    /// Of bits a second.
    #[must_use]
    pub fn bits(bits: f64) -> String {
        if bits < 1e6 { format!("{:.0} kbit/s", bits / 1e3) } else { format!("{:.1} Mbit/s", bits / 1e6) }
    }

    #[must_use]
    pub fn count(number: f64) -> String {
        format!("{number:.0}")
    }
}

/// The last value of a curve.
#[must_use]
pub fn last(values: &[f64], unit: fn(f64) -> String) -> String {
    values.last().copied().map_or_else(|| "–".into(), unit)
}

/// Of all packets so far.
#[must_use]
pub fn lost(curves: &Curves) -> String {
    let last = curves.last.as_ref();
    last.map_or_else(|| "–".into(), |last| format!("{:.0} of {:.0}", last.lost, last.lost + last.packets))
}

/// One of the two, as the console calls it.
#[must_use]
pub fn side(side: Side) -> &'static str {
    if side == Side::Caller { "pc1" } else { "pc2" }
}

/// `tr[data-step]`.
#[must_use]
pub fn step_id(what: &What) -> &'static str {
    match what {
        What::Of(_, step) => match step {
            Step::Created => "created",
            Step::TrackAdded(_) => "addTrack",
            Step::Preferred(_) => "codec",
            Step::Made(Description::Offer) => "offer",
            Step::Made(Description::Answer) => "answer",
            Step::LocalDescription(_) => "localDescription",
            Step::RemoteDescription(_) => "remoteDescription",
            Step::Candidate(_) => "candidate",
            Step::Gathered => "gathered",
            Step::Ice(_) => "ice",
            Step::Connection(_) => "connection",
            Step::Track(_) => "track",
            Step::Refused(_) => "refused",
        },
        What::FirstPicture => "firstPicture",
        What::Closed => "closed",
    }
}

/// Who, the name of the API, and what happened.
#[must_use]
pub fn step(what: &What) -> (&'static str, &'static str, String) {
    let (of, step) = match what {
        What::FirstPicture => {
            return ("pc2", "requestVideoFrameCallback", "the second video shows its first picture".into());
        }
        What::Closed => return ("both", "close", "both connections are closed".into()),
        What::Of(of, step) => (*of, step),
    };
    let is_caller = of == Side::Caller;
    let (api, says) = match step {
        Step::Created => ("new RTCPeerConnection", "is made, and does nothing yet".into()),
        Step::TrackAdded(kind) => ("addTrack", format!("is to send {}", track(kind))),
        Step::Preferred(codec) => ("setCodecPreferences", format!("wants {codec} before the other codecs")),
        Step::Made(Description::Offer) => {
            ("createOffer", "writes down what it sends and what it could receive".into())
        }
        Step::Made(Description::Answer) => {
            ("createAnswer", "writes down which part of the offer it takes".into())
        }
        Step::LocalDescription(_) => (
            "setLocalDescription",
            format!("takes its own {}, and looks for ways to be reached", own(is_caller)),
        ),
        Step::RemoteDescription(_) => {
            ("setRemoteDescription", format!("takes the {} of the other", own(!is_caller)))
        }
        Step::Candidate(found) => {
            ("icecandidate", format!("can be reached at {}; the other is told", end(found)))
        }
        Step::Gathered => ("iceGatheringState", "complete: there are no more ways to be reached".into()),
        Step::Ice(state) => ("iceConnectionState", ice(state)),
        Step::Connection(state) => ("connectionState", connection(state)),
        Step::Track(kind) => ("track", format!("will receive {}", track(kind))),
        Step::Refused(words) => ("error", format!("the browser refused: {words}")),
    };
    (side(of), api, says)
}

fn own(is_caller: bool) -> &'static str {
    if is_caller { "offer" } else { "answer" }
}

fn track(kind: &str) -> &'static str {
    if kind == "audio" { "sound" } else { "pictures" }
}

fn ice(state: &str) -> String {
    let means = match state {
        "checking" => "tries the pairs of candidates",
        "connected" => "a pair works",
        "completed" => "the best pair is chosen",
        "disconnected" => "nothing has come for some seconds",
        "failed" => "no pair works",
        _ => return state.into(),
    };
    format!("{state}: {means}")
}

fn connection(state: &str) -> String {
    let means = match state {
        "connecting" => "looks for a path, and agrees on keys",
        "connected" => "there is a path, and it is encrypted",
        "disconnected" => "nothing has come for some seconds",
        "failed" => "given up",
        "closed" => "closed from elsewhere",
        _ => return state.into(),
    };
    format!("{state}: {means}")
}

/// How many steps are not in the list.
#[must_use]
pub fn left_out(number: usize) -> String {
    format!("{number} more steps are not listed.")
}

/// A way to be reached.
#[must_use]
pub fn end(found: &Found) -> String {
    let Found { kind, protocol, address, port } = found;
    let address = match address.as_str() {
        "" => "a hidden address",
        address => address,
    };
    // Chromium puts an IPv6 address into brackets, Firefox does not.
    let is_bare = address.contains(':') && !address.starts_with('[');
    let address = if is_bare { format!("[{address}]") } else { address.to_owned() };
    format!("{address}:{port} ({kind}, {protocol})")
}

/// How a pair is.
#[must_use]
pub fn pair(pair: &Pair, is_open: bool) -> String {
    let mut says = match pair.state.as_str() {
        "frozen" => "not tried yet",
        "waiting" => "waits to be tried",
        "in-progress" => "being tried",
        "failed" => "does not work",
        "succeeded" => "works",
        other => other,
    }
    .to_owned();
    if pair.is_nominated {
        says += ", nominated";
    }
    if pair.is_selected {
        says += if is_open { ", in use" } else { ", was in use" };
    }
    says
}

/// Whose description.
#[must_use]
pub fn description(side: Side) -> [&'static str; 2] {
    if side == Side::Caller {
        ["Offer", "pc1.localDescription.sdp"]
    } else {
        ["Answer", "pc2.localDescription.sdp"]
    }
}

/// What a button copies.
#[must_use]
pub fn copy(side: Side) -> &'static str {
    if side == Side::Caller { "Copy the offer" } else { "Copy the answer" }
}

/// What became of it.
#[must_use]
pub fn copied(is_copied: bool) -> &'static str {
    if is_copied { "Copied." } else { "The browser did not let the page copy. Select the lines by hand." }
}

/// What a part is about.
#[must_use]
pub fn section(section: &Section) -> String {
    let name = match section.medium.as_deref() {
        None => "Session",
        Some("audio") => "Sound",
        Some("video") => "Pictures",
        Some("application") => "Data",
        Some(other) => other,
    };
    let mid = section.mid.as_deref().map_or_else(String::new, |mid| format!(" (mid {mid})"));
    format!("{name}{mid}: {} lines", section.lines.len())
}

/// Lines whose meaning is asked for: how they begin, and what they say. The first that fits counts.
const LINES: [(&str, &str); 37] = [
    ("v=", "The version of this format; there is only 0."),
    ("o=", "Who made this: a random number for the session, and one that grows with each new version of it."),
    ("s=", "A title, which WebRTC does not use."),
    ("t=", "From when to when it holds; 0 0 is for ever."),
    ("a=group:BUNDLE", "Sound and pictures with these mids share one path."),
    ("a=extmap-allow-mixed", "Long and short header extensions may be mixed."),
    ("a=msid-semantic", "How the names of streams are to be read: as WebRTC’s."),
    (
        "m=audio",
        "Sound from here on: the port (9 means: see the candidates), the protocol, and numbers of the codecs, the wanted first.",
    ),
    (
        "m=video",
        "Pictures from here on: the port (9 means: see the candidates), the protocol, and numbers of the codecs, the wanted first.",
    ),
    ("m=application", "Data channels from here on."),
    ("c=", "An address for senders without ICE; 0.0.0.0 means: see the candidates."),
    ("a=rtcp:", "Where reports would go without ICE."),
    (
        "a=candidate",
        "A way to be reached: an id, part, protocol, priority, address, port, and type (host is this device itself).",
    ),
    ("a=end-of-candidates", "There are no more ways to be reached."),
    ("a=ice-ufrag", "The user name under which paths are tried."),
    ("a=ice-pwd", "The password for it: only who has this description can answer."),
    ("a=ice-options", "Candidates may also be sent one by one, later (trickle)."),
    (
        "a=fingerprint",
        "The hash of the certificate that the other side must show: it ties the encryption to this description.",
    ),
    ("a=setup:actpass", "This side can begin the encryption’s handshake, or wait for it."),
    ("a=setup:active", "This side begins the encryption’s handshake."),
    ("a=setup:passive", "This side waits for the encryption’s handshake."),
    ("a=mid", "The name of this part."),
    (
        "a=extmap",
        "A number for what each packet carries besides sound or picture, as in its time or its loudness.",
    ),
    ("a=sendrecv", "This side sends and receives."),
    ("a=sendonly", "This side only sends."),
    ("a=recvonly", "This side only receives."),
    ("a=inactive", "Nothing goes either way."),
    ("a=msid", "The stream and the track that this is."),
    ("a=rtcp-mux", "Reports go the same way as the media."),
    ("a=rtcp-rsize", "Reports may be short."),
    (
        "a=rtcp-fb",
        "What the receiver may report for this codec: nack asks again for a lost packet, pli for a whole picture.",
    ),
    ("a=rtpmap", "The codec that a number stands for, and its clock rate."),
    ("a=fmtp", "Settings of a codec; apt says which one a repairing codec (rtx) repairs."),
    ("a=ssrc-group", "Packets with the second number repair those with the first."),
    ("a=ssrc", "The number that packets of this track carry."),
    ("a=sctp-port", "The port inside of the encryption for data channels."),
    ("a=max-message-size", "The largest message on a data channel, in bytes."),
];

/// What such a line says.
#[must_use]
pub fn explain(line: &str) -> Option<&'static str> {
    LINES.iter().find(|(begins, _)| line.starts_with(begins)).map(|(_, means)| *means)
}

/// Of a time.
#[must_use]
pub fn milliseconds(time: f64) -> String {
    if time < 10.0 { format!("{time:.1}\u{a0}ms") } else { format!("{time:.0}\u{a0}ms") }
}
