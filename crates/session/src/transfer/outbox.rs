//! What we send to one peer: a queue that outlives connections, and the line that the present one gives.

use std::collections::VecDeque;

use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{CHUNK_BYTES, Header, PIECE_BYTES, Part, WINDOW_BYTES},
    control::Control,
};

use super::{
    pace::{self, Pace},
    shelf::{Shelf, Shelved},
};
use crate::{
    Time,
    io::{ConnectionId, Failure, News, Outgoing, Output, PayloadId, TransferState},
    outputs::Outputs,
};

/// Items on their way to one peer, oldest first.
#[derive(Debug)]
pub(crate) struct Outbox {
    to: PeerId,
    queue: VecDeque<Sending>,
    /// While a connection is confirmed.
    line: Option<Line>,
    /// While one of us is in a call, which is not to be disturbed.
    pace: Option<Pace>,
}

/// The sending half of one connection.
#[derive(Debug)]
struct Line {
    connection: ConnectionId,
    chunk: u32,
    /// Bytes that the receiver allowed and that were sent, since the channel opened.
    allowed: u64,
    sent: u64,
    /// The piece whose bytes the receiver expects next.
    announced: Option<(ItemId, Part, u32)>,
}

/// One item on its way to one recipient.
#[derive(Debug)]
struct Sending {
    item: ItemId,
    stage: Stage,
    /// It was offered at least once, perhaps in vain.
    was_offered: bool,
    preview_sent: u32,
    exact_sent: u64,
    ended: bool,
    acknowledged: u64,
    total: u64,
    /// Bytes of the preview.
    preview: u64,
    exact: Exact,
}

/// What becomes of the exact part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exact {
    /// It goes by itself.
    Goes,
    /// It waits until the receiver asks for it.
    Held,
    /// It was asked for, over the present connection.
    Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not offered on this connection.
    Queued,
    /// Offered again: the receiver says what it has.
    Asked,
    /// Bytes may go.
    Going,
}

/// The next bytes to send.
struct Run {
    payload: PayloadId,
    index: u32,
    /// Within the piece.
    offset: u32,
    /// Of the piece.
    length: u32,
    sha256: Digest,
}

impl Outbox {
    pub(crate) fn new(to: PeerId) -> Self {
        Self { to, queue: VecDeque::new(), line: None, pace: None }
    }

    /// A connection is confirmed. What was under way is offered again; `max_message` is what both browsers take in
    /// one message, in bytes.
    pub(crate) fn connect(
        &mut self,
        connection: ConnectionId,
        max_message: u32,
        shelf: &mut Shelf,
        now: Time,
        out: &mut Outputs,
    ) {
        self.pace = self.pace.as_ref().map(|_| Pace::new(now));
        let chunk = CHUNK_BYTES.min(max_message).max(1);
        self.line = Some(Line { connection, chunk, allowed: 0, sent: 0, announced: None });
        self.offer(connection, shelf, out);
        out.control(connection, &Control::AllOffered);
        self.pump(shelf, now, out);
    }

    /// The connection is gone; its transfers wait for the next one.
    pub(crate) fn disconnect(&mut self, out: &mut Outputs) {
        if self.line.take().is_none() {
            return;
        }
        for sending in &mut self.queue {
            sending.stage = Stage::Queued;
            sending.ended = false;
            // Another life of the receiver's page has not asked; the same one asks again.
            if sending.exact == Exact::Wanted {
                sending.exact = Exact::Held;
            }
            out.news(News::Outgoing(sending.view(self.to, TransferState::Waiting)));
        }
    }

    /// Promises an item of the shelf to this recipient.
    pub(crate) fn add(&mut self, item: ItemId, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        let Some(photo) = shelf.get(item).map(|item| &item.photo) else { return };
        let sending = Sending {
            item,
            stage: Stage::Queued,
            was_offered: false,
            preview_sent: 0,
            exact_sent: 0,
            ended: false,
            acknowledged: 0,
            total: photo.total(),
            preview: u64::from(photo.preview.unwrap_or(0)),
            exact: if photo.on_request { Exact::Held } else { Exact::Goes },
        };
        out.news(News::Outgoing(sending.view(self.to, TransferState::Waiting)));
        self.queue.push_back(sending);
        self.pump(shelf, now, out);
    }

    /// The receiver has so much of an item that was offered again.
    pub(crate) fn accept(
        &mut self,
        item: ItemId,
        preview: u32,
        exact: u64,
        shelf: &mut Shelf,
        now: Time,
        out: &mut Outputs,
    ) {
        let asked = |sending: &&mut Sending| sending.item == item && sending.stage == Stage::Asked;
        let Some(sending) = self.queue.iter_mut().find(asked) else { return };
        let Some(photo) = shelf.get(item).map(|item| &item.photo) else { return };
        sending.preview_sent = preview.min(photo.preview.unwrap_or(0));
        sending.exact_sent = exact.min(photo.bytes());
        sending.stage = Stage::Going;
        // Another life of the receiver's page may have less than the one before.
        sending.acknowledged = sending.acknowledged.min(u64::from(sending.preview_sent) + sending.exact_sent);
        out.news(News::Outgoing(sending.view(self.to, sending.state())));
        self.pump(shelf, now, out);
    }

    /// The receiver wants the exact part of an item that was held back. It goes behind what is under way already.
    pub(crate) fn requested(&mut self, item: ItemId, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        let held = |sending: &Sending| {
            sending.item == item && sending.stage == Stage::Going && sending.exact == Exact::Held
        };
        let Some(place) = self.queue.iter().position(held) else { return };
        let Some(mut sending) = self.queue.remove(place) else { return };
        sending.exact = Exact::Wanted;
        out.news(News::Outgoing(sending.view(self.to, sending.state())));
        self.queue.push_back(sending);
        self.pump(shelf, now, out);
    }

    /// The item of which the original has to be at hand: one after another.
    pub(crate) fn needs(&self) -> Option<ItemId> {
        let is_due = |sending: &&Sending| {
            sending.exact == Exact::Wanted && sending.stage == Stage::Going && !sending.ended
        };
        self.queue.iter().find(is_due).map(|sending| sending.item)
    }

    /// Whether an item is held back for this recipient.
    pub(crate) fn keeps(&self, item: ItemId) -> bool {
        self.queue.iter().any(|sending| sending.item == item && sending.exact == Exact::Held)
    }

    /// The receiver lets us send more. An honest one never allows more than a window beyond what was sent.
    pub(crate) fn credit(&mut self, until: u64, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        if let Some(line) = &mut self.line {
            line.allowed = line.allowed.max(until.min(line.sent + u64::from(WINDOW_BYTES)));
            if let Some(pace) = &mut self.pace {
                pace.taken(line.taken(), WINDOW_BYTES, now);
            }
        }
        self.pump(shelf, now, out);
    }

    /// Whether a call is not to be disturbed. What is under way at its beginning is not timed.
    pub(crate) fn yields(&mut self, yields: bool, now: Time) {
        if yields != self.pace.is_some() {
            self.pace = yields.then(|| Pace::new(now));
        }
    }

    /// Offers what can be offered and sends what may be sent.
    pub(crate) fn pump(&mut self, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        let Some(line) = &self.line else { return };
        self.offer(line.connection, shelf, out);
        while self.send_next(shelf, now, out).is_some() {}
    }

    fn offer(&mut self, connection: ConnectionId, shelf: &Shelf, out: &mut Outputs) {
        for sending in self.queue.iter_mut().filter(|sending| sending.stage == Stage::Queued) {
            if let Some(offer) = shelf.get(sending.item).and_then(|item| item.offer(sending.was_offered)) {
                sending.stage = if sending.was_offered { Stage::Asked } else { Stage::Going };
                sending.was_offered = true;
                out.control(connection, &Control::Offer(offer));
            }
        }
    }

    /// None when nothing can be sent now.
    fn send_next(&mut self, shelf: &mut Shelf, now: Time, out: &mut Outputs) -> Option<()> {
        self.send_ends(shelf, out);
        let run = self.next_run(shelf, out)?;
        let line = self.line.as_mut()?;
        let chunk = if self.pace.is_some() { line.chunk.min(pace::CHUNK) } else { line.chunk };
        let bytes = chunk.min(run.length - run.offset);
        if line.sent + u64::from(bytes) > line.allowed {
            return None;
        }
        if self.pace.as_ref().is_some_and(|pace| !pace.lets(line.sent - line.taken(), bytes)) {
            return None;
        }
        line.send(&run, bytes, out);
        if let Some(pace) = &mut self.pace {
            pace.sent(line.sent, now);
        }
        let PayloadId { item, part, .. } = run.payload;
        let sending = self.queue.iter_mut().find(|sending| sending.item == item)?;
        match part {
            Part::Preview => sending.preview_sent += bytes,
            Part::Exact => sending.exact_sent += u64::from(bytes),
        }
        Some(())
    }

    /// Previews first, then the oldest exact part.
    fn next_run(&self, shelf: &mut Shelf, out: &mut Outputs) -> Option<Run> {
        let going = || self.queue.iter().filter(|sending| sending.stage == Stage::Going);
        let preview = going().find_map(|sending| sending.preview_run(shelf.get(sending.item)?));
        preview.or_else(|| going().find_map(|sending| sending.exact_run(shelf.get_mut(sending.item)?, out)))
    }

    fn send_ends(&mut self, shelf: &mut Shelf, out: &mut Outputs) {
        let Some(line) = &mut self.line else { return };
        for sending in self.queue.iter_mut().filter(|sending| sending.is_sent()) {
            let Some(root) = shelf.get_mut(sending.item).and_then(|item| item.root(out)) else { continue };
            sending.ended = true;
            line.announced = None;
            out.header(line.connection, &Header::End { item: sending.item, root });
        }
    }

    /// The receiver has so many checked bytes of an item.
    pub(crate) fn received(&mut self, item: ItemId, bytes: u64, out: &mut Outputs) {
        if let Some(sending) = self.queue.iter_mut().find(|sending| sending.item == item) {
            sending.acknowledged = sending.acknowledged.max(bytes.min(sending.total));
            out.news(News::Outgoing(sending.view(self.to, sending.state())));
        }
    }

    /// The one way in which an item leaves the outbox.
    pub(crate) fn end(&mut self, item: ItemId, state: TransferState, out: &mut Outputs) {
        let Some(place) = self.queue.iter().position(|sending| sending.item == item) else { return };
        let Some(mut sending) = self.queue.remove(place) else { return };
        if state == TransferState::Verified {
            sending.acknowledged = sending.total;
        }
        if let Some(line) = &mut self.line
            && matches!(line.announced, Some((announced, ..)) if announced == item)
        {
            line.announced = None;
        }
        out.news(News::Outgoing(sending.view(self.to, state)));
    }

    /// The person takes an item back, or it cannot be read. A receiver without a connection learns it from the next
    /// one's [`Control::AllOffered`].
    pub(crate) fn cancel(&mut self, item: ItemId, state: TransferState, out: &mut Outputs) {
        if self.holds(item) {
            if let Some(line) = &self.line {
                out.control(line.connection, &Control::Cancel { item });
            }
            self.end(item, state, out);
        }
    }

    /// The peer will not come back.
    pub(crate) fn abandon(&mut self, out: &mut Outputs) {
        while let Some(item) = self.queue.front().map(|sending| sending.item) {
            self.end(item, TransferState::Failed(Failure::Lost), out);
        }
    }

    pub(crate) fn holds(&self, item: ItemId) -> bool {
        self.queue.iter().any(|sending| sending.item == item)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl Line {
    /// Bytes that the receiver has taken, of those that were sent.
    fn taken(&self) -> u64 {
        self.allowed.saturating_sub(u64::from(WINDOW_BYTES)).min(self.sent)
    }

    fn send(&mut self, run: &Run, bytes: u32, out: &mut Outputs) {
        let &Run { payload, index, offset, length, sha256 } = run;
        let PayloadId { item, part, .. } = payload;
        if self.announced != Some((item, part, index)) {
            self.announced = Some((item, part, index));
            out.header(self.connection, &Header::Piece { item, part, index, offset, length, sha256 });
        }
        out.push(Output::SendBytes {
            connection: self.connection,
            payload,
            offset: u64::from(index) * u64::from(PIECE_BYTES) + u64::from(offset),
            length: bytes,
        });
        self.sent += u64::from(bytes);
    }
}

impl Sending {
    /// All bytes went, and the receiver was not told so yet.
    fn is_sent(&self) -> bool {
        let sent = u64::from(self.preview_sent) + self.exact_sent;
        self.stage == Stage::Going && self.exact != Exact::Held && !self.ended && sent == self.total
    }

    /// How it is while the connection stands.
    fn state(&self) -> TransferState {
        let has_preview = self.acknowledged >= self.preview;
        if self.exact == Exact::Held && has_preview { TransferState::Held } else { TransferState::Active }
    }

    fn preview_run(&self, item: &Shelved) -> Option<Run> {
        let (length, sha256) = (item.photo.preview?, item.preview_hash?);
        let offset = self.preview_sent;
        (offset < length).then_some(Run {
            payload: PayloadId { part: Part::Preview, ..item.exact },
            index: 0,
            offset,
            length,
            sha256,
        })
    }

    fn exact_run(&self, item: &mut Shelved, out: &mut Outputs) -> Option<Run> {
        if self.exact == Exact::Held || !item.is_here() || self.exact_sent >= item.photo.bytes() {
            return None;
        }
        let index = (self.exact_sent / u64::from(PIECE_BYTES)) as u32;
        let offset = (self.exact_sent % u64::from(PIECE_BYTES)) as u32;
        let sha256 = item.hash(index, out)?;
        Some(Run { payload: item.exact, index, offset, length: item.piece_length(index), sha256 })
    }

    fn view(&self, to: PeerId, state: TransferState) -> Outgoing {
        Outgoing { item: self.item, to, bytes: self.acknowledged, total: self.total, state }
    }
}
