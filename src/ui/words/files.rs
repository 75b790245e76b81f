//! Of files and folders.

use snaproom_protocol::PeerId;
use snaproom_session::exif::{Secret, Secrets};

use super::{Names, isolated, percent, refused};
use crate::room::{Failure, FileKind, FileView, Pause, Recipient, TransferState};

pub const FILES: &str = "Files";
pub const CHOOSE: &str = "Choose files";
pub const CHOOSE_FOLDER: &str = "Choose a folder";
pub const DROP: &str = "Or drop them anywhere on the page, or paste them.";
pub const HINT: &str = "Any kind, any size. Whoever gets them is asked first.";
pub const TO_WHOM: &str = "To whom files go";
pub const EVERYBODY: &str = "To everybody";
pub const ACCEPT: &str = "Accept";
pub const DECLINE: &str = "Decline";
pub const LATER: &str = "Later";
pub const PAUSE: &str = "Pause";
pub const RESUME: &str = "Go on";
pub const CHOOSE_AGAIN: &str = "Choose the file again";
pub const CHOOSE_FOLDER_AGAIN: &str = "Choose the folder again";
pub const SEND_ORIGINAL: &str = "Send the original instead";

/// Its size, and what it is.
#[must_use]
pub fn what(name: &str, kind: FileKind, total: u64) -> String {
    let size = size(total);
    match kind {
        FileKind::Folder { files: 1, .. } => format!("Folder with 1 file · {size}"),
        FileKind::Folder { files, .. } => format!("Folder with {files} files · {size}"),
        FileKind::File => match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && (1..=8).contains(&ending.len()) => {
                format!("{} file · {size}", ending.to_uppercase())
            }
            _ => format!("File · {size}"),
        },
    }
}

/// Bytes as people say them.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let mut unit = 0;
    // In tenths, so that no float is needed.
    let mut tenths = bytes / 100;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    let name = UNITS[unit];
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", tenths / 10)
    }
}

/// Whether one wants it; so many `more` wait for the same question.
#[must_use]
pub fn asks(file: &FileView, owner: &PeerId, names: &Names, more: usize) -> String {
    let FileView { name, total, kind, .. } = file;
    let what = match kind {
        FileKind::File => "a file",
        FileKind::Folder { .. } => "a folder",
    };
    let rest = match more {
        0 => String::new(),
        1 => " One more waits below.".into(),
        more => format!(" {more} more wait below."),
    };
    let (who, size) = (isolated(names, owner), size(*total));
    format!("{who} wants to send you {what} of {size}: \u{2068}{name}\u{2069}.{rest}")
}

/// How a file is, in a sentence.
#[must_use]
pub fn how(file: &FileView) -> String {
    if file.is_ours { ours(file) } else { theirs(file) }
}

fn theirs(file: &FileView) -> String {
    let has = |rest: &str| format!("{} of {}. {rest}", size(file.bytes), size(file.total));
    let part = if file.bytes > 0 { " The part that came can be saved." } else { "" };
    match file.state {
        TransferState::Offered => "Nothing of it comes before you accept it.".into(),
        TransferState::Active | TransferState::Held => {
            has(&pace(file, file.total.saturating_sub(file.bytes)))
        }
        TransferState::Waiting => has("The rest waits for the connection."),
        TransferState::Paused(Pause::Us) => has("You paused it."),
        TransferState::Paused(Pause::Them | Pause::Source) => has("Its sender has stopped it for now."),
        TransferState::Paused(Pause::Storage) => {
            has("There is no room left on this device. Make room, and go on.")
        }
        TransferState::Verified if file.saved => "Complete, checked and saved.".into(),
        TransferState::Verified => "Complete, and every byte checked.".into(),
        TransferState::Declined => "You declined it.".into(),
        TransferState::Cancelled => format!("It was cancelled.{part}"),
        TransferState::Failed(Failure::Refused(reason)) => format!("Refused: {}.{part}", refused(reason)),
        TransferState::Failed(Failure::Lost) => format!("Its sender left before all of it came.{part}"),
        TransferState::Failed(Failure::Unreadable | Failure::Changed | Failure::TooMany) => {
            format!("Its sender could not go on.{part}")
        }
    }
}

fn ours(file: &FileView) -> String {
    let is = |state: TransferState| file.recipients.iter().any(|to| to.state == state);
    if is(TransferState::Paused(Pause::Source)) {
        "The page was loaded anew, or the file was changed: choose it again, and it goes on where it stopped."
            .into()
    } else if is(TransferState::Paused(Pause::Us)) {
        "You paused it.".into()
    } else if file.recipients.iter().any(|to| to.state == TransferState::Active) {
        let left = file.recipients.iter().filter(|to| to.state == TransferState::Active);
        format!("On its way. {}", pace(file, left.map(|to| to.total.saturating_sub(to.bytes)).sum()))
    } else {
        String::new()
    }
}

/// Where there is no disk for files.
#[must_use]
pub fn memory_alone(limit: u64) -> String {
    format!(
        "This browser lets the page keep no files, as in a private window. They stay in memory, {} at most, and are gone with the page: save them.",
        size(limit)
    )
}

/// How fast, and for how long still.
fn pace(file: &FileView, left: u64) -> String {
    match file.speed {
        Some(speed) if speed > 0 => format!("{}/s, {}.", size(speed), time_left(left / speed)),
        _ => String::new(),
    }
}

fn time_left(seconds: u64) -> String {
    match seconds {
        0..=1 => "done in a moment".into(),
        2..=90 => format!("{seconds} s left"),
        91..=5_400 => format!("{} min left", seconds.div_ceil(60)),
        _ => format!("{} h left", seconds.div_ceil(3_600)),
    }
}

/// How it is with one recipient.
#[must_use]
pub fn recipient(to: &Recipient) -> String {
    match to.state {
        TransferState::Offered => "was asked".into(),
        TransferState::Waiting => "gets it when the connection is back".into(),
        TransferState::Active | TransferState::Held if to.bytes >= to.total => {
            "has all of it; it is being checked".into()
        }
        TransferState::Active | TransferState::Held => {
            format!("accepted; has {} %", percent(to.bytes, to.total))
        }
        TransferState::Paused(Pause::Them | Pause::Storage) => {
            format!("paused it at {} %", percent(to.bytes, to.total))
        }
        TransferState::Paused(Pause::Us | Pause::Source) => {
            format!("waits at {} %", percent(to.bytes, to.total))
        }
        TransferState::Verified if to.saved => "has saved it".into(),
        TransferState::Verified => "has it, and every byte was checked".into(),
        TransferState::Declined => "declined it".into(),
        TransferState::Cancelled => "cancelled it".into(),
        TransferState::Failed(Failure::Refused(reason)) => format!("could not take it: {}", refused(reason)),
        TransferState::Failed(Failure::Lost) => "left before all of it came".into(),
        TransferState::Failed(Failure::Changed) => "has the beginning of another file; send it anew".into(),
        TransferState::Failed(Failure::Unreadable) => "did not get it: the file could not be read".into(),
        TransferState::Failed(Failure::TooMany) => "did not get it: too many files are under way".into(),
    }
}

/// What was taken out of photos.
#[must_use]
pub fn removed(secrets: Secrets) -> String {
    let words: Vec<&str> = secrets.iter().map(secret).collect();
    let list = match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    };
    format!("Sent without {list}.")
}

fn secret(secret: Secret) -> &'static str {
    match secret {
        Secret::Position => "the place where it was taken",
        Secret::Owner => "the owner’s name",
        Secret::SerialNumber => "serial numbers",
        Secret::MakerNotes => "the camera maker’s notes",
        Secret::UniqueId => "a number that only this photo has",
        Secret::Thumbnail => "a hidden small picture",
        Secret::Comment => "comments",
        Secret::Editing => "notes of other programs",
        Secret::Appended => "what was hidden behind the picture",
        Secret::Unreadable => "something that could not be read",
    }
}

#[must_use]
pub fn accept(name: &str) -> String {
    format!("Accept \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn decline(name: &str) -> String {
    format!("Decline \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn pause(name: &str) -> String {
    format!("Pause \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn resume(name: &str) -> String {
    format!("Go on with \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn cancel(name: &str) -> String {
    format!("Cancel \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn save(name: &str) -> String {
    format!("Save \u{2068}{name}\u{2069}")
}

#[must_use]
pub fn remove(name: &str) -> String {
    format!("Remove \u{2068}{name}\u{2069} from the list")
}

/// On the button.
#[must_use]
pub fn save_label(file: &FileView) -> &'static str {
    if file.state == TransferState::Verified { "Save" } else { "Save the part" }
}

/// On the button that agrees to all that somebody sends.
#[must_use]
pub fn accept_all(owner: &PeerId, names: &Names) -> String {
    format!("Accept all from {}", isolated(names, owner))
}
