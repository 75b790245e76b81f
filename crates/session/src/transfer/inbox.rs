//! What one peer brings us: offers are judged, pieces are placed and hashed, and nothing is shown, or allocated for,
//! before it is known to be within its bounds.

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{Header, Part},
    control::{
        Control, Kind, MAX_PHOTO_PIXELS, MAX_PHOTO_SIDE, MAX_PREVIEW_BYTES, MAX_PREVIEW_SIDE, Offer,
        RefusedItem,
    },
};

use super::{
    ended::{Ended, Ending},
    item::{Item, piece_root},
    line::{Bulk, Current, Line, Violation},
    shelf::most_items,
};
use crate::{
    Time,
    io::{ChunkId, ConnectionId, Failure, Incoming, News, Output, PayloadId, TransferState},
    jpeg, name,
    outputs::Outputs,
};

/// Memory for unfinished items of one peer, in bytes: three of the largest photos.
pub(crate) const MAX_UNFINISHED_BYTES: u64 = 192 * 1024 * 1024;

/// Items on their way from one peer. They outlive the connection that they began on.
#[derive(Debug)]
pub(crate) struct Inbox {
    from: PeerId,
    items: LiteMap<ItemId, Item>,
    /// While a connection is confirmed.
    line: Option<Line>,
}

impl Inbox {
    pub(crate) fn new(from: PeerId) -> Self {
        Self { from, items: LiteMap::new(), line: None }
    }

    /// A connection is confirmed: the sender may begin.
    pub(crate) fn connect(&mut self, connection: ConnectionId, out: &mut Outputs) {
        for (_, item) in &mut self.items {
            item.is_offered = false;
        }
        self.line = Some(Line::open(connection, out));
    }

    /// The connection is gone. What came of its items stays for the next one.
    pub(crate) fn disconnect(&mut self, out: &mut Outputs) {
        let Some(line) = self.line.take() else { return };
        line.close(out);
        for (_, item) in &self.items {
            out.news(News::Incoming(view(self.from, &item.offer, item.checked(), item.state(false))));
        }
    }

    /// The sender, or the life of its page that sent all this, will not come back.
    pub(crate) fn forget(&mut self, ended: &mut Ended, out: &mut Outputs) {
        while let Some(item) = self.items.keys().next().copied() {
            self.end(item, TransferState::Failed(Failure::Lost), ended, out);
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Memory that its begun items take, in bytes.
    pub(crate) fn begun(&self) -> u64 {
        self.items.values().map(Item::begun).sum()
    }

    /// The peer offers an item. Photos need no question.
    pub(crate) fn offer(
        &mut self,
        offer: Offer,
        ended: &mut Ended,
        out: &mut Outputs,
    ) -> Result<(), Violation> {
        let (item, resumes) = (offer.item, offer.resumes);
        if let Some(ending) = ended.find(self.from, item) {
            self.say(&ending.told_again(item, resumes), out);
        } else if let Some(known) = self.items.get_mut(&item) {
            if resumes && known.goes_on_with(&offer) {
                known.is_offered = true;
                let accept = known.accept();
                let is_requested = known.offer.on_request && known.is_wanted;
                self.say(&accept, out);
                if is_requested {
                    self.say(&Control::Request { item }, out);
                }
            } else {
                self.say(&Control::Refused { item, reason: RefusedItem::Duplicate }, out);
            }
        } else if let Err(reason) = self.judge(&offer) {
            ended.insert(self.from, item, Ending::Refused(reason));
            self.say(&Control::Refused { item, reason }, out);
            let state = TransferState::Failed(Failure::Refused(reason));
            out.news(News::Incoming(view(self.from, &offer, 0, state)));
        } else {
            out.news(News::Incoming(view(self.from, &offer, 0, TransferState::Waiting)));
            if resumes {
                self.say(&Control::Accept { item, preview: 0, exact: 0 }, out);
            }
            self.items.insert(item, Item::new(offer));
        }
        self.resume(ended, out)
    }

    /// What the sender did not offer again, it took back while there was no connection.
    pub(crate) fn all_offered(&mut self, ended: &mut Ended, out: &mut Outputs) -> Result<(), Violation> {
        self.line.as_mut().ok_or(Violation)?.all_offered()?;
        let given_up = self.items.iter().filter(|(_, item)| !item.is_offered).map(|(id, _)| *id);
        for item in given_up.collect::<Vec<_>>() {
            self.end(item, TransferState::Cancelled, ended, out);
        }
        Ok(())
    }

    /// The person wants the exact part of an item that its sender keeps. Without a connection it is asked for over the
    /// next one.
    pub(crate) fn request(&mut self, item: ItemId, out: &mut Outputs) {
        let is_connected = self.line.is_some();
        let Some(known) = self.items.get_mut(&item).filter(|known| !known.is_wanted) else { return };
        known.is_wanted = true;
        out.news(News::Incoming(view(self.from, &known.offer, known.checked(), known.state(is_connected))));
        self.say(&Control::Request { item }, out);
    }

    /// As many items of its kind are unfinished as an honest sender has on its shelf. What was not offered again may have
    /// been taken back; it counts less, until the sender says so.
    fn is_full(&self, on_request: bool) -> bool {
        let alike = || self.items.values().filter(|item| item.offer.on_request == on_request);
        let most = most_items(on_request);
        alike().filter(|item| item.is_offered).count() >= most || alike().count() >= 2 * most
    }

    fn judge(&self, offer: &Offer) -> Result<(), RefusedItem> {
        if !name::is_file_name(&offer.name) {
            return Err(RefusedItem::Name);
        }
        let Kind::Photo { width, height, .. } = offer.kind;
        // Before anything is multiplied: two sides of 32 bits and 4 bytes a pixel do not fit into 64.
        if width.max(height) > MAX_PHOTO_SIDE || self.is_full(offer.on_request) {
            return Err(RefusedItem::TooBig);
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || offer.bytes != pixels * 4 {
            return Err(RefusedItem::Length);
        }
        if pixels > MAX_PHOTO_PIXELS {
            return Err(RefusedItem::TooBig);
        }
        match offer.preview {
            Some(preview) if preview.bytes == 0 || preview.bytes > MAX_PREVIEW_BYTES => {
                Err(RefusedItem::PreviewSize)
            }
            _ => Ok(()),
        }
    }

    /// The sender will not go on with an item.
    pub(crate) fn cancelled(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        self.end(item, TransferState::Cancelled, ended, out);
    }

    /// A message came over the bulk channel.
    pub(crate) fn bulk(
        &mut self,
        bulk: Bulk,
        now: Time,
        ended: &mut Ended,
        out: &mut Outputs,
    ) -> Result<(), Violation> {
        let must_wait = self.must_wait(&bulk, ended);
        let line = self.line.as_mut().ok_or(Violation)?;
        if let Bulk::Chunk(_, bytes) = bulk {
            line.receive(bytes)?;
        }
        if must_wait || line.is_stalled() { line.stall(bulk, now) } else { self.take(&bulk, ended, out) }
    }

    /// Goes on with what waited for an offer.
    fn resume(&mut self, ended: &mut Ended, out: &mut Outputs) -> Result<(), Violation> {
        while let Some(first) = self.line.as_ref().and_then(Line::first_stalled) {
            if self.must_wait(&first, ended) {
                break;
            }
            // What is not taken stays, to go with the rest when the connection ends.
            self.take(&first, ended, out)?;
            if let Some(line) = &mut self.line {
                line.unstall();
            }
        }
        Ok(())
    }

    fn must_wait(&self, bulk: &Bulk, ended: &Ended) -> bool {
        match bulk {
            Bulk::Header(Header::Piece { item, .. } | Header::End { item, .. }) => {
                !self.items.contains_key(item) && ended.find(self.from, *item).is_none()
            }
            Bulk::Chunk(..) => false,
        }
    }

    fn take(&mut self, bulk: &Bulk, ended: &mut Ended, out: &mut Outputs) -> Result<(), Violation> {
        match *bulk {
            Bulk::Header(Header::Piece { item, part, index, offset, length, sha256 }) => {
                self.now_come(Current::Ended);
                match self.announce(item, part, index, offset, length, sha256) {
                    None => {}
                    Some(Ok(())) => self.now_come(Current::Part(item, part)),
                    Some(Err(reason)) => self.refuse(item, reason, ended, out),
                }
            }
            Bulk::Header(Header::End { item, root }) => {
                self.now_come(Current::Nothing);
                if let Some(incoming) = self.items.get_mut(&item) {
                    if !incoming.is_complete() {
                        self.refuse(item, RefusedItem::TooFewBytes, ended, out);
                    } else if incoming.root.replace(root).is_some_and(|said| said != root) {
                        self.refuse(item, RefusedItem::Order, ended, out);
                    } else {
                        self.finish(item, ended, out);
                    }
                }
            }
            Bulk::Chunk(chunk, bytes) => match self.line.as_ref().ok_or(Violation)?.current {
                Current::Nothing => return Err(Violation),
                Current::Ended => self.discard(chunk, bytes, out),
                Current::Part(item, part) => self.place(item, part, chunk, bytes, ended, out),
            },
        }
        Ok(())
    }

    fn now_come(&mut self, current: Current) {
        if let Some(line) = &mut self.line {
            line.current = current;
        }
    }

    /// None where the item has ended.
    fn announce(
        &mut self,
        item: ItemId,
        part: Part,
        index: u32,
        offset: u32,
        length: u32,
        sha256: Digest,
    ) -> Option<Result<(), RefusedItem>> {
        let begun = self.begun();
        let incoming = self.items.get_mut(&item)?;
        let offered = incoming.offer.preview.filter(|_| part == Part::Preview);
        if offered.is_some_and(|preview| preview.sha256 != sha256) {
            return Some(Err(RefusedItem::Hash));
        }
        if part == Part::Exact && !incoming.is_wanted {
            return Some(Err(RefusedItem::Order));
        }
        let Some(stream) = incoming.stream_mut(part) else { return Some(Err(RefusedItem::Order)) };
        if stream.hashes.is_empty() && begun + stream.bytes > MAX_UNFINISHED_BYTES {
            return Some(Err(RefusedItem::TooBig));
        }
        Some(stream.announce(index, offset, length, sha256))
    }

    fn place(
        &mut self,
        item: ItemId,
        part: Part,
        chunk: ChunkId,
        bytes: u32,
        ended: &mut Ended,
        out: &mut Outputs,
    ) {
        let stream = self.items.get_mut(&item).and_then(|incoming| incoming.stream_mut(part));
        let Some(stream) = stream else { return self.discard(chunk, bytes, out) };
        let Some(offset) = stream.receive(bytes) else {
            self.discard(chunk, bytes, out);
            return self.refuse(item, RefusedItem::TooManyBytes, ended, out);
        };
        let of = stream.bytes;
        out.push(Output::Store { chunk, payload: self.payload(item, part), of, offset });
    }

    /// A chunk is where it belongs, whichever connection it came over: the sender may send as much again.
    pub(crate) fn stored(&mut self, payload: PayloadId, offset: u64, bytes: u32, out: &mut Outputs) {
        self.grant(bytes, out);
        let stream = self.items.get_mut(&payload.item).and_then(|incoming| incoming.stream_mut(payload.part));
        if let Some((offset, length)) = stream.and_then(|stream| stream.stored(offset, bytes)) {
            out.push(Output::Hash { payload, offset, length });
        }
    }

    /// A complete piece was hashed.
    pub(crate) fn hashed(
        &mut self,
        payload: PayloadId,
        offset: u64,
        digest: Digest,
        ended: &mut Ended,
        out: &mut Outputs,
    ) {
        let PayloadId { item, part, .. } = payload;
        let Some(incoming) = self.items.get_mut(&item) else { return };
        match incoming.stream_mut(part).and_then(|stream| stream.check(offset, digest)) {
            None => return,
            Some(false) => return self.refuse(item, RefusedItem::Hash, ended, out),
            Some(true) => {}
        }
        let bytes = incoming.checked();
        let state = incoming.state(self.line.is_some());
        out.news(News::Incoming(view(self.from, &incoming.offer, bytes, state)));
        self.say(&Control::Received { item, bytes }, out);
        match part {
            Part::Preview => out.push(Output::Read(payload)),
            Part::Exact => self.finish(item, ended, out),
        }
    }

    /// The preview's bytes are what was announced; now see whether they are a picture that may be decoded.
    pub(crate) fn preview_read(&mut self, item: ItemId, bytes: &[u8], ended: &mut Ended, out: &mut Outputs) {
        let Some(incoming) = self.items.get_mut(&item) else { return };
        let Kind::Photo { width, height, .. } = incoming.offer.kind;
        let fits = jpeg::size(bytes).is_some_and(|(w, h)| {
            w > 0 && h > 0 && w.max(h) <= MAX_PREVIEW_SIDE && w <= width && h <= height
        });
        if !fits {
            return self.refuse(item, RefusedItem::PreviewPicture, ended, out);
        }
        incoming.preview_shown = true;
        let is_released = incoming.is_preview_released();
        let payload = self.payload(item, Part::Preview);
        out.push(Output::Show(payload));
        if is_released {
            out.push(Output::Release(payload));
        }
        self.finish(item, ended, out);
    }

    /// The driver could not keep, hash or read a payload.
    pub(crate) fn payload_failed(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        self.refuse(item, RefusedItem::Storage, ended, out);
    }

    fn finish(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        let Some(incoming) = self.items.get(&item) else { return };
        let Some(root) = incoming.root else { return };
        let shown = incoming.preview.is_none() || incoming.preview_shown;
        if !shown || incoming.checked() < incoming.total() {
            return;
        }
        if root != piece_root(incoming.exact.hashes.iter()) {
            return self.refuse(item, RefusedItem::Hash, ended, out);
        }
        out.push(Output::Show(self.payload(item, Part::Exact)));
        self.say(&Control::Verified { item }, out);
        self.end(item, TransferState::Verified, ended, out);
    }

    fn refuse(&mut self, item: ItemId, reason: RefusedItem, ended: &mut Ended, out: &mut Outputs) {
        if self.items.contains_key(&item) {
            self.say(&Control::Refused { item, reason }, out);
            self.end(item, TransferState::Failed(Failure::Refused(reason)), ended, out);
        }
    }

    /// The one way in which an accepted item ends.
    fn end(&mut self, item: ItemId, state: TransferState, ended: &mut Ended, out: &mut Outputs) {
        let Some(incoming) = self.items.remove(&item) else { return };
        if let Some(line) = &mut self.line {
            line.ended(item);
        }
        // What was lost with its sender may come again, unless a late result would then count for other bytes.
        if state != TransferState::Failed(Failure::Lost) || incoming.is_in_work() {
            ended.insert(self.from, item, Ending::of(state));
        }
        for part in [Part::Preview, Part::Exact] {
            out.push(Output::Release(self.payload(item, part)));
        }
        out.news(News::Incoming(view(self.from, &incoming.offer, incoming.checked(), state)));
    }

    /// What waits for its offer waits as long again.
    pub(crate) fn wait_on(&mut self, now: Time) {
        if let Some(line) = &mut self.line {
            line.wait_on(now);
        }
    }

    /// When something that was sent before its offer has waited too long.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.line.as_ref()?.deadline()
    }

    fn payload(&self, item: ItemId, part: Part) -> PayloadId {
        PayloadId { owner: self.from, item, part }
    }

    fn discard(&mut self, chunk: ChunkId, bytes: u32, out: &mut Outputs) {
        out.push(Output::Discard(chunk));
        self.grant(bytes, out);
    }

    /// Bytes that an earlier connection brought widen no window.
    fn grant(&mut self, bytes: u32, out: &mut Outputs) {
        if let Some(line) = &mut self.line {
            line.grant(bytes, out);
        }
    }

    fn say(&self, message: &Control, out: &mut Outputs) {
        if let Some(line) = &self.line {
            out.control(line.connection, message);
        }
    }
}

fn view(from: PeerId, offer: &Offer, bytes: u64, state: TransferState) -> Incoming {
    let preview = offer.preview.map_or(0, |preview| u64::from(preview.bytes));
    Incoming {
        item: offer.item,
        from,
        name: if name::is_file_name(&offer.name) { offer.name.clone() } else { String::new() },
        kind: offer.kind,
        on_request: offer.on_request,
        bytes,
        total: offer.bytes.saturating_add(preview),
        state,
    }
}
