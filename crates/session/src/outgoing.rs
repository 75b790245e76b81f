//! What we send: items on the shelf, and for each connection an outbox that sends them within the receiver's
//! window, previews first.

use std::collections::VecDeque;

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{CHUNK_BYTES, Header, PIECE_BYTES, Part, WINDOW_BYTES},
    control::{Control, Kind, Offer, Preview},
};

use crate::{
    incoming::piece_root,
    io::{ConnectionId, Failure, News, Outgoing, Output, PayloadId, Photo, TransferState},
    outputs::Outputs,
};

/// Items that are not yet with all their recipients. Each may hold 64 MiB.
pub(crate) const MAX_SHELF_ITEMS: usize = 32;

/// Items that somebody still waits for, and the hashes of their pieces, which all recipients share.
#[derive(Debug)]
pub(crate) struct Shelf {
    me: PeerId,
    items: LiteMap<ItemId, Item>,
}

#[derive(Debug)]
struct Item {
    photo: Photo,
    exact: PayloadId,
    preview_hash: Option<Digest>,
    /// Hashes of the exact part's pieces, as far as they are known: a driver may answer in any order.
    hashes: Vec<Option<Digest>>,
    /// Pieces whose hashes were asked for.
    asked: u32,
}

impl Shelf {
    pub(crate) fn new(me: PeerId) -> Self {
        Self { me, items: LiteMap::new() }
    }

    /// Takes a photo and asks for its first hashes. False when the shelf is full or has this item already.
    pub(crate) fn put(&mut self, photo: Photo, out: &mut Outputs) -> bool {
        let item = photo.item;
        if self.items.contains_key(&item) {
            return false;
        }
        if self.items.len() >= MAX_SHELF_ITEMS {
            self.release(item, out);
            return false;
        }
        if let Some(length) = photo.preview {
            let payload = PayloadId { owner: self.me, item, part: Part::Preview };
            out.push(Output::Hash { payload, offset: 0, length });
        }
        let exact = PayloadId { owner: self.me, item, part: Part::Exact };
        let new = Item { photo, exact, preview_hash: None, hashes: Vec::new(), asked: 0 };
        let entry = self.items.entry(item).or_insert(new);
        entry.hashes = vec![None; entry.pieces() as usize];
        entry.ask_up_to(1, out);
        true
    }

    /// A hash that was asked for.
    pub(crate) fn hashed(&mut self, payload: PayloadId, offset: u64, digest: Digest) {
        let Some(item) = self.items.get_mut(&payload.item) else { return };
        match payload.part {
            Part::Preview => item.preview_hash = Some(digest),
            Part::Exact => {
                let index = (offset / u64::from(PIECE_BYTES)) as usize;
                if let Some(hash) = item.hashes.get_mut(index) {
                    *hash = Some(digest);
                }
            }
        }
    }

    /// Nobody waits for it any more.
    pub(crate) fn remove(&mut self, item: ItemId, out: &mut Outputs) {
        if self.items.remove(&item).is_some() {
            self.release(item, out);
        }
    }

    fn release(&self, item: ItemId, out: &mut Outputs) {
        for part in [Part::Preview, Part::Exact] {
            out.push(Output::Release(PayloadId { owner: self.me, item, part }));
        }
    }

    pub(crate) fn items(&self) -> Vec<ItemId> {
        self.items.keys().copied().collect()
    }
}

impl Item {
    fn pieces(&self) -> u32 {
        self.photo.bytes().div_ceil(u64::from(PIECE_BYTES)) as u32
    }

    fn piece_length(&self, index: u32) -> u32 {
        let start = u64::from(index) * u64::from(PIECE_BYTES);
        (self.photo.bytes() - start).min(u64::from(PIECE_BYTES)) as u32
    }

    fn ask_up_to(&mut self, pieces: u32, out: &mut Outputs) {
        while self.asked < pieces.min(self.pieces()) {
            let index = self.asked;
            out.push(Output::Hash {
                payload: self.exact,
                offset: u64::from(index) * u64::from(PIECE_BYTES),
                length: self.piece_length(index),
            });
            self.asked += 1;
        }
    }

    /// The offer, once the preview's hash is known.
    fn offer(&self) -> Option<Offer> {
        let preview = match self.photo.preview {
            None => None,
            Some(bytes) => Some(Preview { bytes, sha256: self.preview_hash? }),
        };
        let Photo { item, ref name, width, height, taken, .. } = self.photo;
        let kind = Kind::Photo { width, height, taken };
        Some(Offer { item, name: name.clone(), bytes: self.photo.bytes(), kind, preview })
    }
}

/// The sending half of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    connection: ConnectionId,
    to: PeerId,
    chunk: u32,
    /// Bytes that the receiver allowed and that were sent, since the channel opened.
    allowed: u64,
    sent: u64,
    queue: VecDeque<Sending>,
    /// The piece whose bytes the receiver expects next.
    announced: Option<(ItemId, Part, u32)>,
}

/// One item on its way to one recipient.
#[derive(Debug)]
struct Sending {
    item: ItemId,
    offered: bool,
    preview_sent: u32,
    exact_sent: u64,
    ended: bool,
    acknowledged: u64,
    total: u64,
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
    /// `max_message` is what both browsers take in one message, in bytes.
    pub(crate) fn new(connection: ConnectionId, to: PeerId, max_message: u32) -> Self {
        let chunk = CHUNK_BYTES.min(max_message).max(1);
        Self { connection, to, chunk, allowed: 0, sent: 0, queue: VecDeque::new(), announced: None }
    }

    /// Promises an item of the shelf to this recipient.
    pub(crate) fn add(&mut self, item: ItemId, shelf: &mut Shelf, out: &mut Outputs) {
        let Some(total) = shelf.items.get(&item).map(|item| item.photo.total()) else { return };
        let sending = Sending {
            item,
            offered: false,
            preview_sent: 0,
            exact_sent: 0,
            ended: false,
            acknowledged: 0,
            total,
        };
        out.news(News::Outgoing(sending.view(self.to, TransferState::Waiting)));
        self.queue.push_back(sending);
        self.pump(shelf, out);
    }

    /// The receiver lets us send more. An honest one never allows more than a window beyond what was sent.
    pub(crate) fn credit(&mut self, until: u64, shelf: &mut Shelf, out: &mut Outputs) {
        self.allowed = self.allowed.max(until.min(self.sent + u64::from(WINDOW_BYTES)));
        self.pump(shelf, out);
    }

    /// Offers what can be offered and sends what may be sent.
    pub(crate) fn pump(&mut self, shelf: &mut Shelf, out: &mut Outputs) {
        for sending in self.queue.iter_mut().filter(|sending| !sending.offered) {
            if let Some(offer) = shelf.items.get(&sending.item).and_then(Item::offer) {
                sending.offered = true;
                out.control(self.connection, &Control::Offer(offer));
            }
        }
        loop {
            self.send_ends(shelf, out);
            let Some(run) = self.next_run(shelf, out) else { return };
            let bytes = self.chunk.min(run.length - run.offset);
            if self.sent + u64::from(bytes) > self.allowed {
                return;
            }
            self.send(&run, bytes, out);
        }
    }

    /// Previews first, then the oldest exact part.
    fn next_run(&self, shelf: &mut Shelf, out: &mut Outputs) -> Option<Run> {
        let offered = || self.queue.iter().filter(|sending| sending.offered);
        let preview = offered().find_map(|sending| sending.preview_run(shelf.items.get(&sending.item)?));
        preview.or_else(|| {
            offered().find_map(|sending| {
                let item = shelf.items.get_mut(&sending.item)?;
                sending.exact_run(item, out)
            })
        })
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
        if let Some(sending) = self.queue.iter_mut().find(|sending| sending.item == item) {
            match part {
                Part::Preview => sending.preview_sent += bytes,
                Part::Exact => sending.exact_sent += u64::from(bytes),
            }
        }
    }

    fn send_ends(&mut self, shelf: &Shelf, out: &mut Outputs) {
        for sending in self.queue.iter_mut().filter(|sending| sending.offered && !sending.ended) {
            let Some(item) = shelf.items.get(&sending.item) else { continue };
            let sent = u64::from(sending.preview_sent) + sending.exact_sent;
            if sent == sending.total {
                sending.ended = true;
                self.announced = None;
                let root = piece_root(item.hashes.iter().flatten());
                out.header(self.connection, &Header::End { item: sending.item, root });
            }
        }
    }

    /// The receiver has so many checked bytes of an item.
    pub(crate) fn received(&mut self, item: ItemId, bytes: u64, out: &mut Outputs) {
        if let Some(sending) = self.queue.iter_mut().find(|sending| sending.item == item) {
            sending.acknowledged = sending.acknowledged.max(bytes.min(sending.total));
            out.news(News::Outgoing(sending.view(self.to, TransferState::Active)));
        }
    }

    /// The one way in which an item leaves the outbox.
    pub(crate) fn end(&mut self, item: ItemId, state: TransferState, out: &mut Outputs) {
        let Some(place) = self.queue.iter().position(|sending| sending.item == item) else { return };
        let Some(mut sending) = self.queue.remove(place) else { return };
        if state == TransferState::Verified {
            sending.acknowledged = sending.total;
        }
        if matches!(self.announced, Some((announced, ..)) if announced == item) {
            self.announced = None;
        }
        out.news(News::Outgoing(sending.view(self.to, state)));
    }

    /// The person takes an item back, or it cannot be read.
    pub(crate) fn cancel(&mut self, item: ItemId, state: TransferState, out: &mut Outputs) {
        if self.holds(item) {
            out.control(self.connection, &Control::Cancel { item });
            self.end(item, state, out);
        }
    }

    /// The connection is gone.
    pub(crate) fn close(mut self, out: &mut Outputs) {
        while let Some(item) = self.queue.front().map(|sending| sending.item) {
            self.end(item, TransferState::Failed(Failure::Lost), out);
        }
    }

    pub(crate) fn holds(&self, item: ItemId) -> bool {
        self.queue.iter().any(|sending| sending.item == item)
    }
}

impl Sending {
    fn preview_run(&self, item: &Item) -> Option<Run> {
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

    fn exact_run(&self, item: &mut Item, out: &mut Outputs) -> Option<Run> {
        if self.exact_sent >= item.photo.bytes() {
            return None;
        }
        let index = (self.exact_sent / u64::from(PIECE_BYTES)) as u32;
        let offset = (self.exact_sent % u64::from(PIECE_BYTES)) as u32;
        // The next piece is hashed while this one is sent.
        item.ask_up_to(index + 2, out);
        let sha256 = item.hashes.get(index as usize).copied().flatten()?;
        Some(Run { payload: item.exact, index, offset, length: item.piece_length(index), sha256 })
    }

    fn view(&self, to: PeerId, state: TransferState) -> Outgoing {
        Outgoing { item: self.item, to, bytes: self.acknowledged, total: self.total, state }
    }
}
