//! Of files and folders.

use snaproom_protocol::PeerId;
use snaproom_session::exif::{Secret, Secrets};

use super::{Names, isolated, percent, refused};
use crate::room::{Failure, FileKind, FileView, Pause, Recipient, TransferState};

pub const FILES: &str = "Files";
pub const ASKED: &str = "Somebody wants to send a file";
pub const CHOOSE: &str = "Choose files";
pub const CHOOSE_FOLDER: &str = "Choose a folder";
pub const DROP: &str = "Or drop them anywhere on the page, or paste them.";
pub const HINT: &str = "Any kind, any size. Whoever gets them is asked first. What goes to everybody is also there for those who come later, as long as somebody here has it.";
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
    let how = match file.state {
        TransferState::Active | TransferState::Held => pace(file, file.total.saturating_sub(file.bytes)),
        _ => stage(file),
    };
    match file.state {
        TransferState::Active | TransferState::Held | TransferState::Waiting | TransferState::Paused(_) => {
            format!("{} of {}. {how}", size(file.bytes), size(file.total))
        }
        _ => how,
    }
}

/// The same without its figures.
fn stage(file: &FileView) -> String {
    let part = if file.bytes > 0 { " The part that came can be saved." } else { "" };
    match file.state {
        TransferState::Offered => "Nothing of it comes before you accept it.".into(),
        TransferState::Active | TransferState::Held => "It is coming.".into(),
        TransferState::Waiting => "The rest waits for the connection.".into(),
        TransferState::Paused(Pause::Us) => "You paused it.".into(),
        TransferState::Paused(Pause::Them | Pause::Source) => "Its sender has stopped it for now.".into(),
        TransferState::Paused(Pause::Storage) => {
            "There is no room left on this device. Make room, and go on.".into()
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
    if is(TransferState::Paused(Pause::Source)) && file.needs_leave {
        "The page was loaded anew: let it read the file again, and it goes on where it stopped.".into()
    } else if is(TransferState::Paused(Pause::Source)) {
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

/// What of a file is said aloud when it changes: how it is without the figures, which change all the time. Of ours, how
/// it is with each recipient who was not merely asked.
#[must_use]
pub fn stages(file: &FileView, names: &Names) -> Vec<String> {
    let name = &file.name;
    let say = |how: String| format!("\u{2068}{name}\u{2069}: {how}");
    if !file.is_ours {
        return vec![say(stage(file))];
    }
    let has_answered = file.recipients.iter().filter(|to| to.state != TransferState::Offered);
    has_answered.map(|to| say(format!("{} {}", isolated(names, &to.peer), stage_of(to)))).collect()
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
        Some(0) => "Nothing moves just now.".into(),
        Some(speed) => format!("{}/s, {}.", size(speed), time_left(left / speed)),
        None => String::new(),
    }
}

fn time_left(seconds: u64) -> String {
    match seconds {
        0..=1 => "done in a moment".into(),
        2..=90 => format!("{seconds} s left"),
        91..=5_400 => format!("{} min left", seconds.div_ceil(60)),
        5_401..=172_800 => format!("{} h left", seconds.div_ceil(3_600)),
        _ => "more than two days left".into(),
    }
}

/// How it is with one recipient.
#[must_use]
pub fn recipient(to: &Recipient) -> String {
    let (stage, percent) = (stage_of(to), percent(to.bytes, to.total));
    match to.state {
        TransferState::Active | TransferState::Held if to.bytes < to.total => {
            format!("accepted; has {percent} %")
        }
        TransferState::Paused(_) => format!("{stage} at {percent} %"),
        _ => stage,
    }
}

/// The same without its figures.
fn stage_of(to: &Recipient) -> String {
    match to.state {
        TransferState::Offered => "was asked".into(),
        TransferState::Waiting => "gets it when the connection is back".into(),
        TransferState::Active | TransferState::Held if to.bytes >= to.total => {
            "has all of it; it is being checked".into()
        }
        TransferState::Active | TransferState::Held => "is getting it".into(),
        TransferState::Paused(Pause::Them | Pause::Storage) => "paused it".into(),
        TransferState::Paused(Pause::Us | Pause::Source) => "waits".into(),
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn comes(bytes: u64, state: TransferState, speed: Option<u64>) -> FileView {
        FileView {
            name: "film.mp4".into(),
            kind: FileKind::File,
            is_ours: false,
            bytes,
            total: 10_000_000,
            state,
            recipients: Vec::new(),
            speed,
            removed: Secrets::default(),
            needs_leave: false,
            saved: false,
        }
    }

    fn goes(to: &[(u64, TransferState)], speed: Option<u64>) -> FileView {
        let recipient = |(number, &(bytes, state)): (usize, &(u64, TransferState))| Recipient {
            peer: PeerId([number as u8; 16]),
            bytes,
            total: 10_000_000,
            state,
            saved: false,
        };
        let recipients = to.iter().enumerate().map(recipient).collect();
        FileView { is_ours: true, recipients, ..comes(0, TransferState::Waiting, speed) }
    }

    #[wasm_bindgen_test]
    fn what_stands_still_has_neither_a_speed_nor_an_end() {
        let active = TransferState::Active;
        let said = |speed| how(&comes(3_000_000, active, speed));
        assert_eq!(said(None), "3.0 MB of 10 MB. ");
        assert_eq!(said(Some(0)), "3.0 MB of 10 MB. Nothing moves just now.");
        assert_eq!(said(Some(1_000_000)), "3.0 MB of 10 MB. 1.0 MB/s, 7 s left.");
        assert_eq!(said(Some(1)), "3.0 MB of 10 MB. 1 bytes/s, more than two days left.");
        assert_eq!(how(&goes(&[(0, active)], Some(0))), "On its way. Nothing moves just now.");
    }

    #[wasm_bindgen_test]
    fn what_is_said_aloud_changes_with_the_state_alone() {
        let (active, paused) = (TransferState::Active, TransferState::Paused(Pause::Them));
        let names = Names::from_iter([(PeerId([0; 16]), "Noa".into())]);
        let said = |file: &FileView| stages(file, &names);
        let some = said(&comes(1, active, None));
        assert_eq!(some, ["\u{2068}film.mp4\u{2069}: It is coming."]);
        assert_eq!(said(&comes(9_000_000, active, Some(5))), some);
        assert_ne!(said(&comes(9_000_000, paused, None)), some);

        assert_eq!(said(&goes(&[(0, TransferState::Offered)], None)), [""; 0]);
        let both = said(&goes(&[(1, active), (0, TransferState::Offered)], None));
        assert_eq!(both, ["\u{2068}film.mp4\u{2069}: \u{2068}Noa\u{2069} is getting it"]);
        assert_eq!(said(&goes(&[(9_000_000, active)], Some(7))), both);
        let paused = goes(&[(5_000_000, paused)], None);
        assert_eq!(said(&paused), ["\u{2068}film.mp4\u{2069}: \u{2068}Noa\u{2069} paused it"]);
        assert_eq!(recipient(&paused.recipients[0]), "paused it at 50 %");
    }
}
