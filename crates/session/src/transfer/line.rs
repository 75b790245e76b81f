//! The receiving half of one connection: whose bytes come, how many more may, and what waits for its offer.

use std::collections::VecDeque;

use snaproom_protocol::{
    ItemId,
    bulk::{Header, Part, WINDOW_BYTES},
    control::Control,
};

use super::shelf::MAX_SHELF_ITEMS;
use crate::{
    Time,
    io::{ChunkId, ConnectionId, Output},
    outputs::Outputs,
    timing::OFFER_TIMEOUT,
};

/// Messages that wait for an offer. Their bytes are bounded by the window, this bounds their number: an honest
/// sender has a shelf of items under way, and five messages for a tiny one.
const MAX_STALLED: usize = 8 * MAX_SHELF_ITEMS;

/// The peer broke the protocol in a way that no honest one can; the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violation;

/// A message on the bulk channel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bulk {
    Header(Header),
    Chunk(ChunkId, u32),
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) connection: ConnectionId,
    /// Whose bytes the next binary messages are.
    pub(super) current: Current,
    /// Bytes that came and bytes that were allowed, since the channel opened.
    received: u64,
    granted: u64,
    /// What came before its offer did, and when.
    stalled: VecDeque<(Time, Bulk)>,
    /// The sender has said that it offered all that is under way.
    all_offered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Current {
    Nothing,
    Part(ItemId, Part),
    /// Of an item that ended while its bytes were under way.
    Ended,
}

impl Line {
    /// The sender may begin.
    pub(super) fn open(connection: ConnectionId, out: &mut Outputs) -> Self {
        let granted = u64::from(WINDOW_BYTES);
        out.control(connection, &Control::Credit { until: granted });
        Self {
            connection,
            current: Current::Nothing,
            received: 0,
            granted,
            stalled: VecDeque::new(),
            all_offered: false,
        }
    }

    pub(super) fn close(self, out: &mut Outputs) {
        for (_, stalled) in self.stalled {
            if let Bulk::Chunk(chunk, _) = stalled {
                out.push(Output::Discard(chunk));
            }
        }
    }

    /// That is said once.
    pub(super) fn all_offered(&mut self) -> Result<(), Violation> {
        if std::mem::replace(&mut self.all_offered, true) { Err(Violation) } else { Ok(()) }
    }

    /// Bytes came: at least one, and no more than were allowed.
    pub(super) fn receive(&mut self, bytes: u32) -> Result<(), Violation> {
        self.received += u64::from(bytes);
        if bytes > 0 && self.received <= self.granted { Ok(()) } else { Err(Violation) }
    }

    /// As many bytes were taken. More may come, up to a window beyond what came.
    pub(super) fn grant(&mut self, bytes: u32, out: &mut Outputs) {
        let until = (self.granted + u64::from(bytes)).min(self.received + u64::from(WINDOW_BYTES));
        if until > self.granted {
            self.granted = until;
            out.control(self.connection, &Control::Credit { until });
        }
    }

    /// What still comes of an item goes nowhere.
    pub(super) fn ended(&mut self, item: ItemId) {
        if matches!(self.current, Current::Part(current, _) if current == item) {
            self.current = Current::Ended;
        }
    }

    /// Keeps a message until its offer comes.
    pub(super) fn stall(&mut self, bulk: Bulk, now: Time) -> Result<(), Violation> {
        if self.stalled.len() >= MAX_STALLED {
            return Err(Violation);
        }
        self.stalled.push_back((now, bulk));
        Ok(())
    }

    pub(super) fn is_stalled(&self) -> bool {
        !self.stalled.is_empty()
    }

    pub(super) fn first_stalled(&self) -> Option<Bulk> {
        self.stalled.front().map(|(_, first)| *first)
    }

    pub(super) fn unstall(&mut self) {
        self.stalled.pop_front();
    }

    /// What waits for its offer waits as long again.
    pub(super) fn wait_on(&mut self, now: Time) {
        for (since, _) in &mut self.stalled {
            *since = now;
        }
    }

    /// When something that was sent before its offer has waited too long.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.stalled.front().map(|(since, _)| *since + OFFER_TIMEOUT)
    }
}
