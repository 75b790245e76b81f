//! What we send to one peer: a queue that outlives connections, and the line that the present one gives.

use std::collections::VecDeque;

use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{CHUNK_BYTES, Header, PIECE_BYTES, Part, WINDOW_BYTES},
    control::{Control, RefusedItem},
};

use super::{
    at_hand::Reads,
    pace::{self, Pace},
    shelf::{Shelf, Shelved},
};
use crate::{
    Time,
    io::{ConnectionId, Failure, News, Outgoing, Output, Pause, PayloadId, TransferState},
    outputs::Outputs,
};

/// Files that go to one peer at the same time, a piece of each in turn. Of each two pieces are in memory.
const FILES_AT_ONCE: usize = 4;

/// Items on their way to one peer, oldest first.
#[derive(Debug)]
pub(crate) struct Outbox {
    to: PeerId,
    queue: VecDeque<Sending>,
    /// Pieces of files that began to go.
    turns: u64,
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
    is_file: bool,
    /// What the receiver says it has: pieces, and the root over them.
    claim: Option<(u32, Digest)>,
    /// Why the receiver wants no more just now.
    paused: Option<Pause>,
    /// The item as a whole is held up, and why.
    held_up: Option<Pause>,
    /// When a piece of the file last began to go.
    turn: u64,
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
        Self { to, queue: VecDeque::new(), turns: 0, line: None, pace: None }
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
            sending.paused = None;
            // Another life of the receiver's page has not asked; the same one asks again.
            if sending.exact == Exact::Wanted {
                sending.exact = Exact::Held;
            }
            let state = sending.held_up.map_or(TransferState::Waiting, TransferState::Paused);
            out.news(News::Outgoing(sending.view(self.to, state)));
        }
    }

    /// Promises an item of the shelf to this recipient.
    pub(crate) fn add(&mut self, item: ItemId, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        self.promise(item, false, shelf, out);
        self.pump(shelf, now, out);
    }

    /// Goes on with one that an earlier life of this page had offered, before there is a connection.
    pub(crate) fn restore(&mut self, item: ItemId, shelf: &Shelf, out: &mut Outputs) {
        self.promise(item, true, shelf, out);
    }

    fn promise(&mut self, item: ItemId, was_offered: bool, shelf: &Shelf, out: &mut Outputs) {
        let Some(shelved) = shelf.get(item) else { return };
        let about = &shelved.about;
        let sending = Sending {
            item,
            stage: Stage::Queued,
            was_offered,
            preview_sent: 0,
            exact_sent: 0,
            ended: false,
            acknowledged: 0,
            total: about.total(),
            preview: u64::from(about.preview.unwrap_or(0)),
            exact: if about.on_request { Exact::Held } else { Exact::Goes },
            is_file: shelved.is_file(),
            claim: None,
            paused: None,
            held_up: held_up(shelved),
            turn: 0,
        };
        let state = sending.held_up.map_or(TransferState::Waiting, TransferState::Paused);
        out.news(News::Outgoing(sending.view(self.to, state)));
        self.queue.push_back(sending);
    }

    /// The receiver has so much of an item that was offered again.
    pub(crate) fn accept(
        &mut self,
        item: ItemId,
        (preview, exact): (u32, u64),
        claim: (u32, Digest),
        shelf: &mut Shelf,
        now: Time,
        out: &mut Outputs,
    ) {
        let asked = |sending: &&mut Sending| sending.item == item && sending.stage == Stage::Asked;
        let Some(sending) = self.queue.iter_mut().find(asked) else { return };
        let Some(about) = shelf.get(item).map(|item| &item.about) else { return };
        sending.preview_sent = preview.min(about.preview.unwrap_or(0));
        sending.exact_sent = exact.min(about.bytes);
        sending.claim = (claim.0 > 0).then_some(claim);
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

    /// What has to be at hand: the original of one photo after another, and of some files the next piece.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (ItemId, u32)> {
        let is_due = |sending: &&Sending| {
            sending.exact == Exact::Wanted && sending.stage == Stage::Going && !sending.ended
        };
        let photo = self.queue.iter().find(|sending| is_due(sending) && !sending.is_file);
        let files = self.files().into_iter().filter_map(|place| self.queue.get(place));
        photo.into_iter().chain(files).map(|sending| (sending.item, sending.next_piece()))
    }

    /// The files that go just now, by their places: the oldest ones, and the one that is done first, which waits behind
    /// no big one.
    fn files(&self) -> Vec<usize> {
        let goes = |(_, sending): &(usize, &Sending)| {
            let is_wanted = sending.is_file && sending.exact == Exact::Wanted;
            is_wanted && sending.goes() && !sending.is_all_sent()
        };
        let mut going: Vec<(usize, u64)> = self
            .queue
            .iter()
            .enumerate()
            .filter(goes)
            .map(|(place, sending)| (place, sending.total - sending.exact_sent))
            .collect();
        if going.len() > FILES_AT_ONCE {
            let (oldest, rest) = going.split_at(FILES_AT_ONCE - 1);
            let shortest = rest.iter().min_by_key(|(_, left)| *left).copied();
            going = oldest.iter().copied().chain(shortest).collect();
        }
        going.into_iter().map(|(place, _)| place).collect()
    }

    /// The receiver wants no more of a file for now, or goes on.
    pub(crate) fn paused(
        &mut self,
        item: ItemId,
        pauses: bool,
        shelf: &mut Shelf,
        now: Time,
        out: &mut Outputs,
    ) {
        let is_it = |sending: &&mut Sending| sending.item == item && sending.is_file;
        if let Some(sending) = self.queue.iter_mut().find(is_it) {
            sending.paused = pauses.then_some(Pause::Them);
            out.news(News::Outgoing(sending.view(self.to, sending.state())));
            self.pump(shelf, now, out);
        }
    }

    /// A file of ours is about to be chosen again: what went of it has to be in the new one as well.
    pub(crate) fn doubt(&mut self, item: ItemId, shelf: &Shelf) {
        let is_due = |sending: &&mut Sending| {
            let goes = sending.stage == Stage::Going && sending.exact != Exact::Held && !sending.ended;
            sending.item == item && goes && sending.claim.is_none()
        };
        let Some(shelved) = shelf.get(item).filter(|item| item.is_missing()) else { return };
        if let Some(sending) = self.queue.iter_mut().find(is_due) {
            // A piece that was begun was announced with its hash: its end has to be of the same file.
            // Of one that an earlier life of this page had begun the hash may not be known.
            let pieces = sending.exact_sent.div_ceil(u64::from(PIECE_BYTES)) as u32;
            let claim = |pieces| Some((pieces, shelved.known_root(pieces).filter(|_| pieces > 0)?));
            sending.claim = claim(pieces).or_else(|| claim(sending.next_piece()));
        }
    }

    /// A file of ours is held up, or not any more.
    pub(crate) fn hold(&mut self, item: ItemId, shelf: &mut Shelf, now: Time, out: &mut Outputs) {
        let Some(shelved) = shelf.get(item) else { return };
        let (held_up, holds) = (held_up(shelved), shelved.is_held_up());
        let Some(sending) = self.queue.iter_mut().find(|sending| sending.item == item) else { return };
        sending.held_up = held_up;
        if let Some(line) = self.line.as_ref().filter(|_| sending.stage != Stage::Queued) {
            out.control(line.connection, &Control::Hold { item, holds });
        }
        out.news(News::Outgoing(sending.view(self.to, sending.state())));
        self.pump(shelf, now, out);
    }

    /// The receiver wants pieces of a file again.
    pub(crate) fn repeat(
        &mut self,
        item: ItemId,
        exact: u64,
        shelf: &mut Shelf,
        now: Time,
        out: &mut Outputs,
    ) {
        let is_it =
            |sending: &&mut Sending| sending.item == item && sending.is_file && sending.stage == Stage::Going;
        let Some(sending) = self.queue.iter_mut().find(is_it) else { return };
        sending.exact_sent = sending.exact_sent.min(exact - exact % u64::from(PIECE_BYTES));
        sending.ended = false;
        if let Some(line) = &mut self.line {
            // What comes next has to be announced anew, also where it is the same piece.
            line.announced = None;
        }
        self.pump(shelf, now, out);
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
        let mut reads = shelf.reads();
        self.see_to_claims(shelf, &mut reads, out);
        while self.send_next(shelf, &mut reads, now, out).is_some() {}
        shelf.note(&reads);
    }

    fn offer(&mut self, connection: ConnectionId, shelf: &Shelf, out: &mut Outputs) {
        for sending in self.queue.iter_mut().filter(|sending| sending.stage == Stage::Queued) {
            if let Some(offer) = shelf.get(sending.item).and_then(|item| item.offer(sending.was_offered)) {
                sending.stage = if sending.was_offered { Stage::Asked } else { Stage::Going };
                sending.was_offered = true;
                out.control(connection, &Control::Offer(offer));
                if sending.held_up.is_some() {
                    out.control(connection, &Control::Hold { item: sending.item, holds: true });
                }
                if sending.is_file {
                    out.news(News::Outgoing(sending.view(self.to, sending.state())));
                }
            }
        }
    }

    /// Whether what receivers have is the beginning of what we have. Of what has changed since nothing more goes.
    fn see_to_claims(&mut self, shelf: &mut Shelf, reads: &mut Reads, out: &mut Outputs) {
        let mut changed = Vec::new();
        let is_due = |sending: &&mut Sending| sending.stage == Stage::Going && sending.exact != Exact::Held;
        for sending in self.queue.iter_mut().filter(is_due) {
            let Some((pieces, root)) = sending.claim else { continue };
            let ours = shelf.get_mut(sending.item).and_then(|item| item.root_of(pieces, reads, out));
            match ours {
                None => {}
                Some(ours) if ours == root => sending.claim = None,
                Some(_) => changed.push(sending.item),
            }
        }
        for item in changed {
            self.cancel(item, TransferState::Failed(Failure::Changed), out);
        }
    }

    /// None when nothing can be sent now.
    fn send_next(
        &mut self,
        shelf: &mut Shelf,
        reads: &mut Reads,
        now: Time,
        out: &mut Outputs,
    ) -> Option<()> {
        self.send_ends(shelf, reads, out);
        let run = self.next_run(shelf, reads, out)?;
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
            Part::Exact => {
                if sending.is_file && !sending.is_within_piece() {
                    self.turns += 1;
                    sending.turn = self.turns;
                }
                sending.exact_sent += u64::from(bytes);
            }
        }
        Some(())
    }

    /// Previews first, then the oldest photo's exact part, then files.
    fn next_run(&self, shelf: &mut Shelf, reads: &mut Reads, out: &mut Outputs) -> Option<Run> {
        let going = || self.queue.iter().filter(|sending| sending.goes());
        let preview = going().find_map(|sending| sending.preview_run(shelf.get(sending.item)?));
        let photos = || going().filter(|sending| !sending.is_file);
        preview
            .or_else(|| {
                photos().find_map(|sending| sending.exact_run(shelf.get_mut(sending.item)?, reads, out))
            })
            .or_else(|| self.next_run_of_files(shelf, reads, out))
    }

    /// A piece that was begun, or else one of the file that waited longest.
    fn next_run_of_files(&self, shelf: &mut Shelf, reads: &mut Reads, out: &mut Outputs) -> Option<Run> {
        let mut files: Vec<&Sending> =
            self.files().into_iter().filter_map(|place| self.queue.get(place)).collect();
        files.sort_by_key(|sending| (!sending.is_within_piece(), sending.turn));
        files.into_iter().find_map(|sending| sending.exact_run(shelf.get_mut(sending.item)?, reads, out))
    }

    fn send_ends(&mut self, shelf: &mut Shelf, reads: &mut Reads, out: &mut Outputs) {
        let Some(line) = &mut self.line else { return };
        for sending in self.queue.iter_mut().filter(|sending| sending.is_sent()) {
            let Some(root) = shelf.get_mut(sending.item).and_then(|item| item.root(reads, out)) else {
                continue;
            };
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

    /// The receiver will not take an item, or its person does not want it.
    pub(crate) fn refused(&mut self, item: ItemId, reason: RefusedItem, out: &mut Outputs) {
        let state = match reason {
            RefusedItem::Declined => TransferState::Declined,
            RefusedItem::Cancelled => TransferState::Cancelled,
            reason => TransferState::Failed(Failure::Refused(reason)),
        };
        self.end(item, state, out);
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
        self.goes() && self.exact != Exact::Held && self.claim.is_none() && !self.ended && self.is_all_sent()
    }

    fn is_all_sent(&self) -> bool {
        u64::from(self.preview_sent) + self.exact_sent == self.total
    }

    /// Whether anything of it may go now.
    fn goes(&self) -> bool {
        self.stage == Stage::Going && self.paused.is_none() && self.held_up.is_none()
    }

    fn next_piece(&self) -> u32 {
        (self.exact_sent / u64::from(PIECE_BYTES)) as u32
    }

    fn is_within_piece(&self) -> bool {
        !self.exact_sent.is_multiple_of(u64::from(PIECE_BYTES))
    }

    /// How it is while the connection stands.
    fn state(&self) -> TransferState {
        if self.is_file {
            if let Some(pause) = self.held_up {
                return TransferState::Paused(pause);
            } else if self.exact == Exact::Held {
                return TransferState::Offered;
            } else if let Some(pause) = self.paused {
                return TransferState::Paused(pause);
            }
        }
        let has_preview = self.acknowledged >= self.preview;
        if self.exact == Exact::Held && has_preview { TransferState::Held } else { TransferState::Active }
    }

    fn preview_run(&self, item: &Shelved) -> Option<Run> {
        let (length, sha256) = (item.about.preview?, item.preview_hash?);
        let offset = self.preview_sent;
        (offset < length).then_some(Run {
            payload: PayloadId { part: Part::Preview, ..item.exact },
            index: 0,
            offset,
            length,
            sha256,
        })
    }

    fn exact_run(&self, item: &mut Shelved, reads: &mut Reads, out: &mut Outputs) -> Option<Run> {
        let is_all = self.exact_sent >= item.about.bytes;
        if self.exact == Exact::Held || self.claim.is_some() || !item.is_here() || is_all {
            return None;
        }
        let index = self.next_piece();
        let offset = (self.exact_sent % u64::from(PIECE_BYTES)) as u32;
        let sha256 = item.piece(index, reads, out)?;
        Some(Run { payload: item.exact, index, offset, length: item.piece_length(index), sha256 })
    }

    fn view(&self, to: PeerId, state: TransferState) -> Outgoing {
        Outgoing { item: self.item, to, bytes: self.acknowledged, total: self.total, state }
    }
}

/// Why nothing of an item goes to anybody, if nothing does.
fn held_up(item: &Shelved) -> Option<Pause> {
    if item.is_missing() { Some(Pause::Source) } else { item.holds.then_some(Pause::Us) }
}
