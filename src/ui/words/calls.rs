//! Calls: who takes part, what is heard and seen of whom, and how they end.

use snaproom_protocol::PeerId;

use super::{Names, isolated, labels};
use crate::room::{CallEnd, CallView, CameraFailure, Participant, Path, Quality, Records, Sends};

/// The button that calls.
#[must_use]
pub fn call_button(call: &CallView, joining: bool) -> &'static str {
    match (joining, call.others.is_empty()) {
        (true, _) => "Calling…",
        (false, true) => labels::CALL,
        (false, false) => labels::JOIN_CALL,
    }
}

/// Why that button waits, where it is the call's fault.
#[must_use]
pub fn call_hint(call: &CallView) -> &'static str {
    if call.is_full() {
        "Four people are in the call, and more cannot see each other at once. Photos reach everybody all the same."
    } else {
        ""
    }
}

/// How the call is, and who keeps it.
#[must_use]
pub fn call(call: &CallView, names: &Names) -> String {
    let keeps = |other: &&Participant| other.sends.records == Records::Call;
    let kept = match (call.sends.map(|sends| sends.records), call.others.iter().find(keeps)) {
        (Some(Records::Call), _) => " You record it.".into(),
        (_, Some(other)) => format!(" {} records it.", isolated(names, &other.peer)),
        _ => String::new(),
    };
    takes_part(call, names) + &kept
}

fn takes_part(call: &CallView, names: &Names) -> String {
    match (call.others.as_slice(), call.declined.as_slice()) {
        ([], []) => "Calling everybody in this room. They see and hear you once they answer.".into(),
        ([], [one]) => format!("{} does not answer just now. Waiting for the others.", isolated(names, one)),
        ([], many) => format!("{} people do not answer just now. Waiting for the others.", many.len()),
        ([one], _) => format!("In a call with {}.", isolated(names, &one.peer)),
        (many, _) => format!("In a call with {} people.", many.len()),
    }
}

/// What is missing of somebody else, beside the name.
#[must_use]
pub fn sends(sends: Sends, is_here: bool) -> &'static str {
    match (is_here, sends.sound, sends.camera) {
        (false, ..) => "lost just now; waiting",
        (true, true, true) => "",
        (true, false, true) => "muted",
        (true, true, false) => "camera off",
        (true, false, false) => "muted, camera off",
    }
}

/// What somebody else keeps of the call.
#[must_use]
pub fn records(records: Records) -> &'static str {
    match records {
        Records::Nothing => "",
        Records::Own => "records themselves",
        Records::Call => "records the call",
    }
}

/// Somebody asks for a photo of one's camera.
#[must_use]
pub fn wants_still(peer: &PeerId, names: &Names) -> String {
    format!("{} asks for a photo from your camera, in its full size.", isolated(names, peer))
}

/// How well somebody comes.
#[must_use]
pub fn quality(path: Option<Path>, quality: Quality) -> String {
    let (Some(path), Some(round_trip)) = (path, quality.round_trip) else { return labels::CONNECTION.into() };
    let way = if path == Path::Relay { "relayed" } else { "direct" };
    format!("{way}, {round_trip} ms, {} % lost", quality.lost_percent)
}

/// The same for who wants to know more.
#[must_use]
pub fn figures(Quality { size: (width, height), frames, kbits, .. }: Quality) -> String {
    match width {
        0 => format!("no picture, {kbits} kbit/s"),
        _ => format!("{width} × {height}, {frames} pictures a second, {kbits} kbit/s"),
    }
}

/// Somebody calls.
#[must_use]
pub fn ringing(call: &CallView, names: &Names) -> String {
    match call.others.as_slice() {
        [] => String::new(),
        [one] => format!("{} calls.", isolated(names, &one.peer)),
        [one, others @ ..] => {
            let more = if others.len() == 1 { "one more person" } else { "others" };
            format!("{} and {more} call.", isolated(names, &one.peer))
        }
    }
}

/// A call that ended though nobody here hung up.
#[must_use]
pub fn call_ended(end: CallEnd) -> &'static str {
    match end {
        CallEnd::Over => "The call has ended.",
        CallEnd::Declined => "Nobody can answer just now. Try again later.",
        CallEnd::NobodyAnswered => "Nobody answered. Try again later.",
        CallEnd::Full => {
            "Four people are in the call already, and more cannot see each other at once. Try again when somebody has left."
        }
    }
}

/// Why the others do not hear one.
#[must_use]
pub fn no_microphone(failure: &CameraFailure) -> String {
    let why = match failure {
        CameraFailure::Denied => {
            "this page may not use the microphone. Allow it beside the address bar, then press Microphone."
        }
        CameraFailure::Missing | CameraFailure::Unplugged => {
            "no microphone was found. Connect one, then press Microphone."
        }
        CameraFailure::Busy => "another program is using the microphone. Close it, then press Microphone.",
        CameraFailure::Insecure => "browsers give the microphone to secure pages only.",
        CameraFailure::Impossible(words) | CameraFailure::Other(words) => {
            return format!(
                "The others do not hear you: the microphone did not start ({words}). Press Microphone to try again."
            );
        }
    };
    format!("The others do not hear you: {why}")
}
