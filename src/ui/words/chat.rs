//! What people write, and what is said of it.

use snaproom_protocol::PeerId;

use super::{Names, friendly_name, isolated, labels};
use crate::room::{Source, Written};

/// Beside the heading: what came while nobody looked.
#[must_use]
pub fn unread(messages: usize) -> String {
    if messages == 0 { String::new() } else { format!("{messages} new") }
}

/// What the tab is called.
#[must_use]
pub fn page_title(unread: usize) -> String {
    if unread == 0 { labels::PRODUCT.into() } else { format!("({unread}) {}", labels::PRODUCT) }
}

/// Who wrote it, as they were called then.
#[must_use]
pub fn author(written: &Written) -> String {
    written.name.clone().unwrap_or_else(|| friendly_name(&written.author))
}

/// Said once when a message comes, to people who do not see it appear.
#[must_use]
pub fn message_came(written: &Written) -> String {
    format!("A message from \u{2068}{}\u{2069}", author(written))
}

/// Who writes just now; empty where nobody does.
#[must_use]
pub fn writing(peers: &[PeerId], names: &Names) -> String {
    match peers {
        [] => String::new(),
        [one] => format!("{} is writing…", isolated(names, one)),
        [one, other] => format!("{} and {} are writing…", isolated(names, one), isolated(names, other)),
        many => format!("{} people are writing…", many.len()),
    }
}

/// The word for `data-state` of a message of ours.
#[must_use]
pub fn delivery(written: &Written) -> &'static str {
    match has_it(written) {
        (_, 0) => "kept",
        (0, _) => "sent",
        (some, all) if some < all => "partly",
        _ => "delivered",
    }
}

/// The same for people; empty for what others wrote.
#[must_use]
pub fn delivered(written: &Written) -> String {
    match (written.source, has_it(written)) {
        (Source::Own, (_, 0)) => "Kept for whoever comes".into(),
        (Source::Own, (0, _)) => "Sent".into(),
        (Source::Own, (some, all)) if some < all => format!("Delivered to {some} of {all}"),
        (Source::Own, _) => "Delivered".into(),
        _ => String::new(),
    }
}

fn has_it(written: &Written) -> (usize, usize) {
    (written.to.iter().filter(|(_, has)| *has).count(), written.to.len())
}

/// How we know of it, where that is not from its author.
#[must_use]
pub fn passed_on(source: Source, names: &Names) -> String {
    match source {
        Source::PassedOn(by) => format!("Said before you came, as {} has it", isolated(names, &by)),
        Source::Own | Source::Author => String::new(),
    }
}

/// Under the field, where a text is longer than a message.
#[must_use]
pub fn too_long(bytes: usize, most: usize) -> String {
    if bytes <= most {
        return String::new();
    }
    format!("Too long for one message, by {} %. Send it in parts.", ((bytes - most) * 100).div_ceil(most))
}
