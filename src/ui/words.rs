//! All the words of the page: from states to sentences. A translation replaces this file.

mod calls;
mod chat;
pub mod check;
pub mod files;
pub mod labels;
mod names;
mod people;
mod pictures;
mod signs;

pub use calls::{
    call, call_button, call_ended, call_hint, figures, no_microphone, quality, records, ringing, sends,
    wants_still,
};
pub use chat::{author, delivered, delivery, message_came, page_title, passed_on, too_long, unread, writing};
pub use names::{Names, friendly_name, isolated, name_of, tone};
pub use people::{came_and_went, how, name_hint, person, relay_hint, take_along};
pub use pictures::{burst, burst_sent, counting};
pub use signs::sign;

use snaproom_protocol::{PeerId, control::RefusedItem};

use crate::room::{
    CameraFailure, CameraView, Failure, LinkView, Notice, PeerState, PeerView, PhotoView, Recipient, Saving,
    Shows, SnapView, Status, TransferState,
};

/// How the room is, and the one thing to do about it. Who is stranded wants relays alone, and the server has none.
#[must_use]
pub fn status(
    status: Status,
    stranded: bool,
    peers: &[PeerView],
    camera: &CameraView,
    names: &Names,
) -> String {
    match status {
        Status::Connecting if peers.is_empty() => "Opening the room…".into(),
        Status::Connecting | Status::Alone if stranded => {
            "Your network address is hidden and this server has no relay, so nobody can be reached. Show it to connect."
                .into()
        }
        Status::Connecting | Status::Reconnecting if is_blocked(peers) => {
            let failed = in_state(peers, PeerState::Failed);
            format!(
                "{} {} here, but your network or theirs blocks the connection. Try another one, such as a hotspot. This \
                 page keeps trying.",
                people(&failed, names),
                if failed.len() == 1 { "is" } else { "are" },
            )
        }
        Status::Connecting => "Somebody is here. Connecting, which takes a few seconds…".into(),
        Status::Alone => match peers.iter().find(|peer| peer.state == PeerState::Away) {
            None => "Nobody else is here. Share the link and keep this page open.".into(),
            Some(away) => format!("{} is away just now. Keep this page open.", isolated(names, &away.peer)),
        },
        Status::Connected => {
            let failed = in_state(peers, PeerState::Failed);
            let next = match camera {
                _ if !failed.is_empty() => &format!("{} cannot be reached yet.", people(&failed, names)),
                CameraView::On => "Snap a photo and send it.",
                _ => "Their photos appear here.",
            };
            format!("Connected with {}. {next}", people(&in_state(peers, PeerState::Connected), names))
        }
        Status::Reconnecting => "The connection was lost. This page keeps trying to get it back.".into(),
        Status::Offline => {
            "The Snaproom server cannot be reached. This page keeps trying; check your internet connection."
                .into()
        }
        Status::Full { capacity } => format!(
            "This room is full ({capacity} people). Make a new room, or try again when somebody has left."
        ),
        Status::Outdated => "There is a newer Snaproom than this page. Reload it.".into(),
        Status::Replaced => {
            "This room is open in another tab, which took over. Go on there, or make a new room.".into()
        }
        Status::Refused => {
            "The Snaproom server does not accept this page. Reload it, or try again later.".into()
        }
    }
}

/// The browser gives the page no room at all.
#[must_use]
pub fn failed(words: &str) -> String {
    format!("The browser cannot open a room ({words}). Reload the page, or use another browser.")
}

/// What to type where the server that is missing is one's own: a sentence and two commands.
#[must_use]
pub fn how_to_start(status: Status, link: &LinkView) -> Option<[&'static str; 4]> {
    let is_local =
        ["http://localhost", "http://127.", "http://[::1]"].iter().any(|host| link.url.starts_with(host));
    (is_local && status == Status::Offline).then_some([
        "The server of this computer is started in a terminal, with ",
        "cargo xtask serve",
        " or ",
        "trunk serve",
    ])
}

/// Why one can, or cannot yet, send; and what has become of the photo that was sent last. Who is stranded wants relays
/// alone, and the server has none.
#[must_use]
pub fn send_hint(
    status: Status,
    stranded: bool,
    peers: &[PeerView],
    camera: &CameraView,
    snapped: Option<SnapView>,
    recipients: &[Recipient],
    names: &Names,
) -> String {
    let connected = in_state(peers, PeerState::Connected);
    match (status, camera, snapped) {
        (Status::Full { .. } | Status::Outdated | Status::Replaced | Status::Refused, ..) => {
            "You cannot send, because this page is not in the room.".into()
        }
        (Status::Offline, ..) if connected.is_empty() => "You can send when the server is back.".into(),
        // Nobody was here, so what was lost is the server.
        (Status::Reconnecting, ..) if peers.is_empty() => "You can send when the server is back.".into(),
        _ if connected.is_empty() && stranded => "You can send once you show your network address.".into(),
        _ if connected.is_empty() && peers.iter().any(|peer| peer.state == PeerState::Connecting) => {
            "You can send as soon as the connection stands.".into()
        }
        _ if connected.is_empty() && peers.iter().any(|peer| peer.state == PeerState::Away) => {
            "You can send when somebody is back.".into()
        }
        _ if connected.is_empty() && is_blocked(peers) => {
            "You can send when a network lets the connection through.".into()
        }
        _ if connected.is_empty() => "You can send as soon as somebody joins. Share the link.".into(),
        (_, _, Some(SnapView { sent: false, .. })) => {
            format!("Ready to send to {}.", people(&connected, names))
        }
        (_, _, Some(_)) if !recipients.is_empty() => sent_to(recipients, names),
        (_, CameraView::On, Some(_)) => "On its way…".into(),
        (_, CameraView::On, None) => "Snap a photo first, or snap and send at once.".into(),
        (_, CameraView::Starting, _) => "You can send as soon as the camera is on.".into(),
        _ => "Start the camera to take a photo. Without one you still receive.".into(),
    }
}

/// What has become of a photo of ours, in one line.
fn sent_to(recipients: &[Recipient], names: &Names) -> String {
    if let [one] = recipients {
        return format!("{} {}.", isolated(names, &one.peer), outgoing(one));
    }
    // Whoever has a preview has what was meant for them.
    let has_it = |one: &&Recipient| matches!(one.state, TransferState::Verified | TransferState::Held);
    let have_it = recipients.iter().filter(has_it).count();
    format!("{have_it} of {} people have it.", recipients.len())
}

/// The camera that is not on: how it is, and what to do. Nothing while it is on.
#[must_use]
pub fn camera(camera: &CameraView) -> Option<[String; 2]> {
    let [problem, remedy] = match camera {
        CameraView::On => return None,
        CameraView::Off => ["Your camera is off.", "The browser will ask whether this page may use it."],
        CameraView::Starting => ["Starting the camera…", "If the browser asks, allow it."],
        CameraView::Failed(failure) => match failure {
            CameraFailure::Denied => [
                "This page may not use the camera.",
                "Allow the camera beside the address bar or in the device's settings, then try again.",
            ],
            CameraFailure::Missing => ["No camera was found.", "Connect one, then try again."],
            CameraFailure::Busy => {
                ["Another program is using the camera.", "Close that program, then try again."]
            }
            CameraFailure::Impossible(what) => {
                let problem = format!("The camera cannot do what was asked of it ({what}).");
                return Some([problem, "Connect another camera, then try again.".into()]);
            }
            CameraFailure::Insecure => [
                "Browsers give the camera to secure pages only.",
                "Open this page by an address that begins with https, or on localhost.",
            ],
            CameraFailure::Unplugged => ["The camera went away.", "Connect it again, then try again."],
            CameraFailure::Other(words) => {
                return Some([format!("The camera did not start ({words})."), "Try again.".into()]);
            }
        },
    };
    Some([problem.into(), remedy.into()])
}

/// What the button that starts the camera says.
#[must_use]
pub fn start_camera(camera: &CameraView) -> &'static str {
    match camera {
        CameraView::Failed(_) => "Try again",
        CameraView::Starting => "Starting…",
        CameraView::Off | CameraView::On => "Start camera",
    }
}

/// Beside the snapped photo.
#[must_use]
pub fn snapped(snap: Option<SnapView>) -> String {
    match snap {
        None => "The photo that you snap shows here first.".into(),
        Some(SnapView { width, height, sent, .. }) => {
            format!("{} · {}", size(width, height), if sent { "sent" } else { "not sent yet" })
        }
    }
}

/// How a photo of somebody else is.
#[must_use]
pub fn incoming(photo: &PhotoView) -> String {
    match photo.state {
        TransferState::Waiting | TransferState::Offered | TransferState::Paused(_) if photo.bytes == 0 => {
            "Waiting for its turn".into()
        }
        TransferState::Waiting | TransferState::Offered | TransferState::Paused(_) => {
            format!("{} % is here; the rest waits for the connection", percent(photo.bytes, photo.total))
        }
        TransferState::Active if photo.shows == Shows::Preview => {
            format!("Preview. Exact photo: {} %", percent(photo.bytes, photo.total))
        }
        TransferState::Active => format!("Coming, {} %", percent(photo.bytes, photo.total)),
        TransferState::Held if photo.saved => "Preview · saved".into(),
        TransferState::Held => "Preview; its sender has the original".into(),
        TransferState::Verified if photo.saved => "Complete · saved".into(),
        TransferState::Verified => "Complete, every pixel checked".into(),
        TransferState::Cancelled if photo.can_be_saved() => {
            "Preview only: the sender does not keep the original any more".into()
        }
        TransferState::Failed(Failure::Lost) if photo.can_be_saved() => {
            "Preview only: the original went with its sender’s page".into()
        }
        TransferState::Cancelled | TransferState::Declined => "The sender stopped it".into(),
        TransferState::Failed(Failure::Refused(reason)) => format!("Refused: {}", refused(reason)),
        TransferState::Failed(Failure::Lost) => {
            "The sender’s page was closed before all of it came; ask for it again".into()
        }
        TransferState::Failed(Failure::Unreadable | Failure::Changed) => {
            "The sender could not read it; ask for it again".into()
        }
        TransferState::Failed(Failure::TooMany) => "Too many photos were under way; ask for it again".into(),
    }
}

/// How a photo of ours is on its way to one recipient.
#[must_use]
pub fn outgoing(recipient: &Recipient) -> String {
    match recipient.state {
        TransferState::Waiting | TransferState::Offered | TransferState::Paused(_)
            if recipient.bytes == 0 =>
        {
            "waits for its turn".into()
        }
        TransferState::Waiting | TransferState::Offered | TransferState::Paused(_) => {
            format!("has {} %; the rest waits for the connection", percent(recipient.bytes, recipient.total))
        }
        TransferState::Active => format!("has {} %", percent(recipient.bytes, recipient.total)),
        TransferState::Held => "has the preview, and can ask for the original".into(),
        TransferState::Verified => "has it".into(),
        TransferState::Declined => "declined".into(),
        TransferState::Cancelled => "cancelled".into(),
        TransferState::Failed(Failure::Refused(reason)) => format!("refused it: {}", refused(reason)),
        TransferState::Failed(Failure::Lost) => "left before all of it came".into(),
        TransferState::Failed(Failure::Unreadable | Failure::Changed) => {
            "the photo could not be read; snap another one".into()
        }
        TransferState::Failed(Failure::TooMany) => {
            "too many photos are under way; send it again later".into()
        }
    }
}

/// Which page finds out more about what a sentence that passes says.
#[must_use]
pub fn notice_check(notice: &Notice) -> Option<&'static str> {
    match notice {
        Notice::NoMicrophone(_)
        | Notice::MicrophoneEnded
        | Notice::CameraEnded
        | Notice::NoPictureYet
        | Notice::SnapFailed(_) => Some("/check/camera"),
        Notice::ScreenFailed(_) | Notice::RecordingFailed(_) | Notice::NotEnlarged(_) => Some("/check"),
        _ => None,
    }
}

/// A sentence that passes.
#[must_use]
pub fn notice(notice: &Notice, names: &Names) -> String {
    match notice {
        Notice::LinkCopied => "The link is copied. Paste it to somebody.".into(),
        Notice::LinkNotCopied => {
            "The browser does not let this page copy. Select the link and copy it.".into()
        }
        Notice::LinkNotShared => "The link could not be shared. Copy it instead.".into(),
        Notice::NoPictureYet => "The camera has not sent a picture yet. Try again in a moment.".into(),
        Notice::Stopped => "Stopped. No photo was taken.".into(),
        Notice::BurstSent(photos) => burst_sent(*photos),
        Notice::SnapFailed(words) => format!("The photo could not be taken ({words}). Try again."),
        Notice::SaveFailed(words) => format!("The photo could not be saved ({words}). Try again."),
        Notice::PhotoRefused { from, reason } => {
            format!("A photo from {} was refused: {}.", isolated(names, from), refused(*reason))
        }
        Notice::PhotoMadeWay => {
            "The trail is full: an old photo made way for a new one. Save what you keep.".into()
        }
        Notice::Compares(peer) => {
            format!("{} wants to compare signs: press that name.", isolated(names, peer))
        }
        Notice::OtherDevice(peer) => format!(
            "{} has another device than the one that you verified. Press that name and compare signs again.",
            isolated(names, peer)
        ),
        Notice::Invites(peer) => format!("{} {}", isolated(names, peer), labels::INVITES),
        Notice::Moving => "Asking the others to come along…".into(),
        Notice::Renamed { from, to } => {
            format!("\u{2068}{from}\u{2069}, whom you verified, is called {} now.", isolated(names, to))
        }
        Notice::LeftComparison(peer) => {
            format!("{} left before you compared signs.", isolated(names, peer))
        }
        Notice::NoMicrophone(failure) => no_microphone(failure),
        Notice::MicrophoneEnded => "The microphone went away. Another one is used now.".into(),
        Notice::CameraEnded => "The camera went away. Another one is used now.".into(),
        Notice::SpeakerEnded => "The speaker went away. You hear the others from the system’s now.".into(),
        Notice::ScreenFailed(words) => format!("The screen could not be shown ({words}). Try again."),
        Notice::NotEnlarged(words) => {
            format!("The picture could not be shown larger ({words}). Try again.")
        }
        Notice::CallEnded(end) => call_ended(*end).into(),
        Notice::StillRefused(peer) => format!("{} sends no photo just now.", isolated(names, peer)),
        Notice::RecordingSaved => "The recording is saved, in your downloads.".into(),
        Notice::RecordingStopped => {
            "The recording ended by itself, since it is long or the browser gave up. It is saved, in your downloads."
                .into()
        }
        Notice::RecordingFailed(words) => {
            format!("The recording could not be made ({words}). Try again.")
        }
        Notice::FilesLeftOut(1) => "One file could not be read, and is not sent.".into(),
        Notice::FilesLeftOut(files) => {
            format!("{files} files could not be read, or were too many, and are not sent.")
        }
        Notice::ChosenAreGone => {
            "Whom you chose is not here any more. Choose anew to whom files go.".into()
        }
        Notice::NobodyToSendTo => "There is nobody here to send it to. Share the link first.".into(),
        Notice::NoRoom { needs, free } => format!(
            "There is no room for it: it takes {}, and this browser has {} left. Free some space, and accept it then.",
            files::size(*needs),
            files::size(*free)
        ),
        Notice::FileSaved => "Saved, in your downloads.".into(),
        Notice::WritesTooMuch(peer) => {
            format!("{} writes faster than anybody reads, so not all of it is shown.", isolated(names, peer))
        }
        Notice::NotNotified => {
            "The browser does not let this page notify you. Allow it beside the address bar, then try again.".into()
        }
        Notice::AllSaved(1) => "The photo is saved, in a zip file.".into(),
        Notice::AllSaved(photos) => format!("All {photos} photos are saved, in one zip file."),
    }
}

fn refused(reason: RefusedItem) -> &'static str {
    match reason {
        RefusedItem::Name => "its file name is not allowed",
        RefusedItem::Length => "its length does not fit its width and height",
        RefusedItem::TooBig => "it is too big",
        RefusedItem::PreviewSize => "its preview is too big",
        RefusedItem::PreviewPicture => "its preview is not a small copy of it",
        RefusedItem::Duplicate => "it came before",
        RefusedItem::Order => "its pieces came in the wrong order",
        RefusedItem::TooManyBytes => "more came than was announced",
        RefusedItem::TooFewBytes => "less came than was announced",
        RefusedItem::Hash => "it was changed on its way",
        RefusedItem::Storage => "there is no memory left for it",
        RefusedItem::Declined => "it is not wanted",
        RefusedItem::Cancelled => "it is not wanted any more",
    }
}

/// Said once when a photo comes, to people who do not see it appear.
#[must_use]
pub fn arrived(number: usize, from: &PeerId, names: &Names) -> String {
    format!("Photo {number} is here, from {}.", isolated(names, from))
}

/// A photo, for people who do not see it.
#[must_use]
pub fn open_photo_from(from: &PeerId, time: &str, names: &Names) -> String {
    format!("Open the photo from {}, {time}", isolated(names, from))
}

/// Its button, where the sender keeps the exact photo.
#[must_use]
pub fn get_original_from(from: &PeerId, time: &str, names: &Names) -> String {
    format!("{}: photo from {}, {time}", labels::GET_ORIGINAL, isolated(names, from))
}

/// The same, open.
#[must_use]
pub fn photo_from(from: &PeerId, time: &str, names: &Names) -> String {
    format!("Photo from {}, {time}", isolated(names, from))
}

/// Its button.
#[must_use]
pub fn save_photo_from(from: &PeerId, time: &str, names: &Names) -> String {
    format!("Save the photo from {}, {time}", isolated(names, from))
}

/// The trail's heading.
#[must_use]
pub fn incoming_title(photos: usize) -> String {
    match photos {
        0 => labels::INCOMING.into(),
        some => format!("{} ({some})", labels::INCOMING),
    }
}

/// The button that saves them all; how far it has come.
#[must_use]
pub fn save_all(saving: Option<Saving>) -> String {
    match saving {
        None => "Save all".into(),
        Some(Saving { done, total }) => format!("Packing {done} of {total}…"),
    }
}

/// Where one is among the photos.
#[must_use]
pub fn place(number: usize, of: usize) -> String {
    format!("{number} of {of}")
}

/// Before a room is left with photos that exist nowhere else.
#[must_use]
pub fn unsaved(photos: usize) -> String {
    match photos {
        1 => "One photo is not saved. It goes when you leave this room.".into(),
        many => format!("{many} photos are not saved. They go when you leave this room."),
    }
}

/// The heading of a photo of ours.
#[must_use]
pub fn sent_at(time: &str) -> String {
    format!("Photo of {time}")
}

/// Its button.
#[must_use]
pub fn cancel_sent_at(time: &str) -> String {
    format!("Cancel sending the photo of {time}")
}

/// A bar of progress, for people who do not see it.
#[must_use]
pub fn received_by(peer: &PeerId, names: &Names) -> String {
    format!("What {} has of it", isolated(names, peer))
}

/// The exact picture's pixels and bytes.
#[must_use]
pub fn size(width: u32, height: u32) -> String {
    let bytes = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(4);
    format!("{width} × {height} · {}", amount(bytes))
}

/// Decimal units, as on a disk's label.
fn amount(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} bytes"),
        1_000..=999_499 => format!("{} kB", (bytes + 500) / 1_000),
        _ => {
            let tenths = bytes.saturating_add(50_000) / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// Rounded down: 100 is said only when all of it is there.
fn percent(bytes: u64, total: u64) -> u64 {
    bytes.saturating_mul(100).checked_div(total).unwrap_or(0)
}

fn in_state(peers: &[PeerView], state: PeerState) -> Vec<&PeerView> {
    peers.iter().filter(|peer| peer.state == state).collect()
}

/// Whether somebody is here, and no way was found to anybody.
fn is_blocked(peers: &[PeerView]) -> bool {
    !peers.is_empty() && peers.iter().all(|peer| peer.state == PeerState::Failed)
}

fn people(peers: &[&PeerView], names: &Names) -> String {
    match peers {
        [one] => isolated(names, &one.peer),
        many => format!("{} people", many.len()),
    }
}

#[cfg(test)]
mod tests;
