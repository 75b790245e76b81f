//! Of what was shown before one came.

use super::{Names, files, friendly_name, isolated, labels::CANCEL};
use crate::room::{Earlier, EarlierState, FileKind, Kind, Source};

pub const TITLE: &str = "From before you came";
pub const GET: &str = "Get";
pub const GET_ALL: &str = "Get all";

/// Said once it is known.
#[must_use]
pub fn there_are(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "One photo or file is here from before you came".into(),
        count => format!("{count} photos and files are here from before you came"),
    }
}

/// What it is, and how large.
#[must_use]
pub fn what(item: &Earlier) -> String {
    match item.kind {
        Kind::Photo { width, height, .. } => format!("Photo, {width} × {height}"),
        Kind::File => of_file(item, FileKind::File),
        Kind::Folder { files, listing } => of_file(item, FileKind::Folder { files, listing }),
    }
}

fn of_file(item: &Earlier, kind: FileKind) -> String {
    format!("\u{2068}{}\u{2069} · {}", item.name, files::what(&item.name, kind, item.bytes))
}

/// Who showed it, as they were called then.
#[must_use]
pub fn whose(item: &Earlier) -> String {
    match (item.source, &item.called) {
        (Source::Own, _) => "You".into(),
        (_, Some(name)) => name.clone(),
        (_, None) => friendly_name(&item.owner),
    }
}

/// Behind that, where only somebody else says so.
#[must_use]
pub fn passed_on(item: &Earlier, names: &Names) -> String {
    match item.source {
        Source::PassedOn(by) => format!(", as {} says", isolated(names, &by)),
        Source::Own | Source::Author => String::new(),
    }
}

/// How it is, in a sentence; empty as long as nobody wants it.
#[must_use]
pub fn how(state: EarlierState) -> &'static str {
    match state {
        EarlierState::There => "",
        EarlierState::Waiting => "Comes after the others",
        EarlierState::Coming => "On its way",
        EarlierState::Nowhere => "Nobody who is here has it any more. Try again when others come.",
    }
}

/// The same to people who hear it alone; none as long as nobody wants it.
#[must_use]
pub fn told(item: &Earlier) -> Option<String> {
    let how = Some(how(item.state)).filter(|how| !how.is_empty())?;
    Some(format!("{}, \u{2068}{}\u{2069}: {how}", what(item), whose(item)))
}

/// The button, to people who hear it alone.
#[must_use]
pub fn get(item: &Earlier) -> String {
    format!("{GET}: {}, \u{2068}{}\u{2069}", what(item), whose(item))
}

/// The same of what comes, or waits for that.
#[must_use]
pub fn stop(item: &Earlier) -> String {
    format!("{CANCEL}: {}, \u{2068}{}\u{2069}", what(item), whose(item))
}
