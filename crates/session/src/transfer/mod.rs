//! What goes between two people, whatever becomes of the connection between them: a transfer belongs to its peers,
//! and goes on over the next connection where the last one ended.

mod at_hand;
mod ended;
mod inbox;
mod item;
mod line;
mod outbox;
mod pace;
mod shelf;

pub(crate) use ended::Ended;
pub(crate) use inbox::{Expected, Inbox, MAX_UNFINISHED_BYTES, judge_kind};
#[cfg(test)]
pub(crate) use item::piece_root;
pub(crate) use line::{Bulk, Violation};
pub(crate) use outbox::Outbox;
pub(crate) use shelf::{About, Changed, Class, Shelf};
