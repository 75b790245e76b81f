//! What one peer brings us: offers are judged, pieces are placed and hashed, and nothing is shown, or allocated for,
//! before it is known to be within its bounds.

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{Header, Part},
    control::{
        Control, Kind, MAX_FILE_BYTES, MAX_FOLDER_FILES, MAX_LISTING_BYTES, MAX_PHOTO_PIXELS, MAX_PHOTO_SIDE,
        MAX_PREVIEW_BYTES, MAX_PREVIEW_SIDE, Offer, RefusedItem,
    },
};

use super::{
    ended::{Ended, Ending},
    item::{Check, Item, piece_root},
    line::{Bulk, Current, Line, Violation},
    shelf::Class,
};
use crate::{
    Time,
    io::{ChunkId, ConnectionId, Failure, Incoming, Kept, News, Output, Pause, PayloadId, TransferState},
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
    /// The person wants all files of theirs.
    accepts_all: bool,
    /// Items of others that this peer gives us, by the ids under which they come.
    expected: LiteMap<ItemId, Expected>,
}

/// What an item has to be that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) kind: Kind,
    pub(crate) bytes: u64,
    pub(crate) root: Option<Digest>,
    /// Of what is no photo.
    pub(crate) name: Option<String>,
}

impl Expected {
    fn is(&self, offer: &Offer) -> bool {
        let is_named_so = self.name.as_ref().is_none_or(|name| *name == offer.name);
        // Nobody signed a preview. A photo comes at once, since it was asked for.
        let is_plain = offer.preview.is_none() && offer.on_request != offer.kind.is_photo();
        (self.kind, self.bytes) == (offer.kind, offer.bytes) && is_named_so && is_plain
    }
}

impl Inbox {
    pub(crate) fn new(from: PeerId) -> Self {
        Self { from, items: LiteMap::new(), line: None, accepts_all: false, expected: LiteMap::new() }
    }

    /// A connection is confirmed: the sender may begin.
    pub(crate) fn connect(&mut self, connection: ConnectionId, out: &mut Outputs) {
        for (_, item) in &mut self.items {
            item.is_offered = false;
            item.held = None;
            item.reconnect();
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

    /// The sender will not come back.
    pub(crate) fn forget(&mut self, ended: &mut Ended, out: &mut Outputs) {
        self.lose(|_| true, ended, out);
    }

    /// The life of the sender's page that sent all this will not come back. The next one may go on with files.
    pub(crate) fn forget_photos(&mut self, ended: &mut Ended, out: &mut Outputs) {
        self.lose(|item| !item.is_file(), ended, out);
    }

    /// Our page goes, perhaps to come back: its next life goes on with the files that are wanted.
    pub(crate) fn put_aside(&mut self, out: &mut Outputs) {
        let wanted = self.items.iter().filter(|(_, item)| item.is_file() && item.is_wanted);
        for item in wanted.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(known) = self.items.remove(&item) else { continue };
            let state = TransferState::Failed(Failure::Lost);
            out.news(News::Incoming(view(self.from, &known.offer, known.checked(), state)));
        }
    }

    fn lose(&mut self, is_lost: fn(&Item) -> bool, ended: &mut Ended, out: &mut Outputs) {
        let lost = self.items.iter().filter(|(_, item)| is_lost(item)).map(|(id, _)| *id);
        for item in lost.collect::<Vec<_>>() {
            self.end(item, TransferState::Failed(Failure::Lost), ended, out);
        }
    }

    /// What an earlier life of this page received of a file. Of one that is all there nothing else is to come.
    pub(crate) fn restore(&mut self, kept: &Kept, ended: &mut Ended, out: &mut Outputs) {
        let Some((item, is_verified)) = Item::kept(kept) else { return };
        let id = item.offer.item;
        let (bytes, state) = if is_verified {
            ended.insert(self.from, id, Ending::Verified);
            ended.tell(self.from, id, kept.hashes.last().copied());
            (item.total(), TransferState::Verified)
        } else {
            (item.checked(), item.state(false))
        };
        out.news(News::Incoming(view(self.from, &item.offer, bytes, state)));
        if !is_verified {
            self.items.insert(id, item);
        }
    }

    /// The person asked for something that comes as this item. Whether it can: one that is known is something else.
    pub(crate) fn expect(&mut self, item: ItemId, expected: Expected, ended: &Ended) -> bool {
        let is_new = !self.knows(item, ended);
        if is_new {
            self.expected.insert(item, expected);
        }
        is_new
    }

    /// What would come as this item is not wanted, or not any more: its offer will be refused.
    pub(crate) fn turn_down(&mut self, item: ItemId, ended: &mut Ended) {
        self.expected.remove(&item);
        if !self.knows(item, ended) {
            ended.keep(self.from, item, Ending::Cancelled);
        }
    }

    fn knows(&self, item: ItemId, ended: &Ended) -> bool {
        self.has(item) || self.expected.contains_key(&item) || ended.has(self.from, item)
    }

    /// It is not wanted from them any more; what came of it goes.
    pub(crate) fn give_up(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        if self.has(item) {
            self.say(&Control::Refused { item, reason: RefusedItem::Cancelled }, out);
            self.end_without(item, TransferState::Cancelled, ended, out);
        } else {
            self.turn_down(item, ended);
        }
    }

    /// Bytes that came of it, checked or not, and whether our person, or the disk, stops it.
    pub(crate) fn progress(&self, item: ItemId) -> Option<(u64, bool)> {
        self.items.get(&item).map(|item| (item.received(), item.pause.is_some()))
    }

    /// Whether it is on its way.
    pub(crate) fn has(&self, item: ItemId) -> bool {
        self.items.contains_key(&item)
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

    /// The peer offers an item. Photos need no question, and files none where the person wants all of them.
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
                let pauses = known.pause.is_some();
                self.say(&accept, out);
                if pauses {
                    self.say(&Control::Pause { item, pauses }, out);
                }
                if is_requested {
                    self.say(&Control::Request { item }, out);
                }
                self.tell(item, out);
            } else {
                self.say(&Control::Refused { item, reason: RefusedItem::Duplicate }, out);
            }
        } else if let Err(reason) = self.judge(&offer) {
            ended.insert(self.from, item, Ending::Refused(reason));
            if self.expected.remove(&item).is_some() {
                ended.keep(self.from, item, Ending::Refused(reason));
                ended.tell(self.from, item, None);
            }
            self.say(&Control::Refused { item, reason }, out);
            let state = TransferState::Failed(Failure::Refused(reason));
            out.news(News::Incoming(view(self.from, &offer, 0, state)));
        } else {
            let new = Item::new(offer);
            let (accept, is_file) = (new.accept(), new.is_file());
            let state = if is_file { TransferState::Offered } else { TransferState::Waiting };
            out.news(News::Incoming(view(self.from, &new.offer, 0, state)));
            if resumes {
                self.say(&accept, out);
            }
            if !is_file {
                // A part of a file of this id may be left from when its sender went.
                out.push(Output::Release(self.payload(item, Part::Exact)));
            }
            self.items.insert(item, new);
            if is_file && (self.accepts_all || self.expected.contains_key(&item)) {
                self.request(item, out);
            }
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
        if known.is_file() {
            let (payload, record) = (PayloadId { owner: self.from, item, part: Part::Exact }, known.record());
            // A part of it may be left from when its sender went.
            out.push(Output::Release(payload));
            out.push(Output::Prepare { payload, record });
        }
        self.say(&Control::Request { item }, out);
    }

    /// The person wants all files of theirs, or does not any more.
    pub(crate) fn accept_all(&mut self, accepts: bool, out: &mut Outputs) {
        self.accepts_all = accepts;
        let offered = self.items.iter().filter(|(_, item)| accepts && item.is_file() && !item.is_wanted);
        for item in offered.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.request(item, out);
        }
    }

    /// The person does not want a file, or not any more.
    pub(crate) fn decline(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        let Some(known) = self.items.get(&item).filter(|known| known.is_file()) else { return };
        let (reason, state) = if known.is_wanted {
            (RefusedItem::Cancelled, TransferState::Cancelled)
        } else {
            (RefusedItem::Declined, TransferState::Declined)
        };
        self.say(&Control::Refused { item, reason }, out);
        self.end_without(item, state, ended, out);
    }

    /// Nothing of what came is kept, nor said to be.
    fn end_without(&mut self, item: ItemId, state: TransferState, ended: &mut Ended, out: &mut Outputs) {
        self.pay(item, out);
        if let Some(known) = self.items.get_mut(&item) {
            known.drop_bytes();
        }
        self.end(item, state, ended, out);
    }

    /// The person wants no more of a file for now, or goes on with it; also after the disk took no more.
    pub(crate) fn pause(&mut self, item: ItemId, pauses: bool, out: &mut Outputs) {
        let Some(known) = self.items.get_mut(&item).filter(|known| known.is_file() && known.is_wanted) else {
            return;
        };
        if pauses == known.pause.is_some() {
            return;
        }
        if known.pause == Some(Pause::Storage) {
            known.exact.begin_anew();
        }
        known.pause = pauses.then_some(Pause::Us);
        self.see_to_repeat(item, out);
        self.say(&Control::Pause { item, pauses }, out);
        self.tell(item, out);
    }

    /// Its sender stops a file, or goes on with it.
    pub(crate) fn held(&mut self, item: ItemId, holds: bool, out: &mut Outputs) {
        if let Some(known) = self.items.get_mut(&item).filter(|known| known.is_file()) {
            known.held = holds.then_some(Pause::Them);
            self.tell(item, out);
        }
    }

    /// As many items of its class are unfinished as an honest sender has on its shelf. What was not offered again may
    /// have been taken back; it counts less, until the sender says so.
    fn is_full(&self, class: Class) -> bool {
        let is_alike = |item: &&Item| Class::of(item.offer.kind, item.offer.on_request) == class;
        let alike = || self.items.values().filter(is_alike);
        let most = class.most();
        alike().filter(|item| item.is_offered).count() >= most || alike().count() >= 2 * most
    }

    fn judge(&self, offer: &Offer) -> Result<(), RefusedItem> {
        if !name::is_file_name(&offer.name) {
            return Err(RefusedItem::Name);
        }
        if self.is_full(Class::of(offer.kind, offer.on_request)) {
            return Err(RefusedItem::TooBig);
        }
        judge_kind(offer.kind, offer.bytes)?;
        if self.expected.get(&offer.item).is_some_and(|expected| !expected.is(offer)) {
            return Err(RefusedItem::Hash);
        }
        match (offer.kind.is_photo(), offer.preview) {
            (true, Some(preview)) if preview.bytes == 0 || preview.bytes > MAX_PREVIEW_BYTES => {
                Err(RefusedItem::PreviewSize)
            }
            (false, Some(_)) => Err(RefusedItem::PreviewSize),
            // Nothing of a file comes before it is asked for.
            (false, None) if !offer.on_request => Err(RefusedItem::Order),
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
                if let Some(incoming) = self.items.get_mut(&item)
                    && !incoming.exact.is_rewound()
                {
                    if !incoming.is_wanted {
                        // Of an empty file it would be all there is.
                        self.refuse(item, RefusedItem::Order, ended, out);
                    } else if !incoming.is_complete() {
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
        let is_photo = !incoming.is_file();
        let Some(stream) = incoming.stream_mut(part) else { return Some(Err(RefusedItem::Order)) };
        if stream.is_stale(index, offset) {
            return None;
        }
        if is_photo && stream.hashes.is_empty() && begun + stream.bytes > MAX_UNFINISHED_BYTES {
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
        let Some(incoming) = self.items.get_mut(&item) else { return self.discard(chunk, bytes, out) };
        let is_file = incoming.is_file();
        let Some(stream) = incoming.stream_mut(part) else { return self.discard(chunk, bytes, out) };
        let Some(offset) = stream.receive(bytes) else {
            self.discard(chunk, bytes, out);
            return self.refuse(item, RefusedItem::TooManyBytes, ended, out);
        };
        let of = stream.bytes;
        out.push(Output::Store { chunk, payload: self.payload(item, part), of, offset });
        if is_file {
            // The disk takes its time: the sender goes on meanwhile.
            self.owe(item, bytes, out);
        }
    }

    /// A chunk is where it belongs, whichever connection it came over. Of a photo the sender may send as much again; of a
    /// file it may already, unless it is far ahead of the disk and the checks.
    pub(crate) fn stored(&mut self, payload: PayloadId, offset: u64, bytes: u32, out: &mut Outputs) {
        let PayloadId { item, part, .. } = payload;
        let Some(incoming) = self.items.get_mut(&item) else { return self.grant(bytes, out) };
        let is_file = incoming.is_file();
        let Some(stream) = incoming.stream_mut(part) else { return self.grant(bytes, out) };
        if let Some((offset, length)) = stream.stored(offset, bytes) {
            out.push(Output::Hash { payload, offset, length });
        }
        if is_file {
            self.owe(item, 0, out);
        } else {
            self.grant(bytes, out);
        }
        self.see_to_repeat(item, out);
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
        let is_file = incoming.is_file();
        match incoming.stream_mut(part).map_or(Check::Nothing, |stream| stream.check(offset, digest)) {
            Check::Nothing => return self.see_to_repeat(item, out),
            Check::Bad if is_file && incoming.repeat(offset) => {
                self.now_come_no_more_of(item);
                self.pay(item, out);
                return self.see_to_repeat(item, out);
            }
            Check::Bad => return self.refuse(item, RefusedItem::Hash, ended, out),
            Check::Good(pieces) if is_file => {
                for (index, digest) in pieces {
                    out.push(Output::Checked { payload, index, digest });
                }
            }
            Check::Good(_) => {}
        }
        let bytes = incoming.checked();
        self.tell(item, out);
        self.owe(item, 0, out);
        self.say(&Control::Received { item, bytes }, out);
        match part {
            Part::Preview => out.push(Output::Read(payload)),
            Part::Exact => self.finish(item, ended, out),
        }
    }

    /// Gives credit for bytes of a file, and what waited, as soon as it is not far ahead.
    fn owe(&mut self, item: ItemId, bytes: u32, out: &mut Outputs) {
        let Some(incoming) = self.items.get_mut(&item) else { return };
        incoming.exact.owed = incoming.exact.owed.saturating_add(bytes);
        if !incoming.exact.is_ahead() {
            self.pay(item, out);
        }
    }

    /// Gives credit that waited.
    fn pay(&mut self, item: ItemId, out: &mut Outputs) {
        let owed = self.items.get_mut(&item).map_or(0, |incoming| std::mem::take(&mut incoming.exact.owed));
        if owed > 0 {
            self.grant(owed, out);
        }
    }

    /// Asks for pieces again that were bad, or could not be kept.
    fn see_to_repeat(&mut self, item: ItemId, out: &mut Outputs) {
        if self.line.is_none() {
            return;
        }
        if let Some(exact) = self.items.get_mut(&item).and_then(Item::see_to_repeat) {
            out.push(Output::Truncate { payload: self.payload(item, Part::Exact), bytes: exact });
            self.say(&Control::Repeat { item, exact }, out);
        }
    }

    fn now_come_no_more_of(&mut self, item: ItemId) {
        if let Some(line) = &mut self.line {
            line.ended(item);
        }
    }

    /// Tells the person how an item is.
    fn tell(&self, item: ItemId, out: &mut Outputs) {
        if let Some(known) = self.items.get(&item) {
            let state = known.state(self.line.is_some());
            out.news(News::Incoming(view(self.from, &known.offer, known.checked(), state)));
        }
    }

    /// The preview's bytes are what was announced; now see whether they are a picture that may be decoded.
    pub(crate) fn preview_read(&mut self, item: ItemId, bytes: &[u8], ended: &mut Ended, out: &mut Outputs) {
        let Some(incoming) = self.items.get_mut(&item) else { return };
        let Kind::Photo { width, height, .. } = incoming.offer.kind else { return };
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

    /// The driver could not keep, hash or read a payload. A file waits until the person has made room for it.
    pub(crate) fn payload_failed(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        let Some(known) = self.items.get_mut(&item).filter(|known| known.is_file()) else {
            return self.refuse(item, RefusedItem::Storage, ended, out);
        };
        known.exact.rewind_to_stored();
        let was_paused = known.pause.replace(Pause::Storage);
        self.now_come_no_more_of(item);
        self.pay(item, out);
        if was_paused.is_none() {
            self.say(&Control::Pause { item, pauses: true }, out);
        }
        self.tell(item, out);
    }

    fn finish(&mut self, item: ItemId, ended: &mut Ended, out: &mut Outputs) {
        let Some(incoming) = self.items.get(&item) else { return };
        let Some(root) = incoming.root else { return };
        let shown = incoming.preview.is_none() || incoming.preview_shown;
        if !shown || incoming.checked() < incoming.total() {
            return;
        }
        let is_another = self
            .expected
            .get(&item)
            .and_then(|expected| expected.root)
            .is_some_and(|expected| expected != root);
        if is_another || root != piece_root(incoming.exact.hashes.iter()) {
            return self.refuse(item, RefusedItem::Hash, ended, out);
        }
        let payload = self.payload(item, Part::Exact);
        if incoming.is_file() {
            out.push(Output::Checked { payload, index: incoming.exact.hashes.len() as u32, digest: root });
        }
        out.push(Output::Show(payload));
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
        self.pay(item, out);
        let Some(incoming) = self.items.remove(&item) else { return };
        self.now_come_no_more_of(item);
        if self.expected.remove(&item).is_some() {
            ended.keep(self.from, item, Ending::of(state));
        }
        ended.tell(self.from, item, incoming.root.filter(|_| state == TransferState::Verified));
        // What was lost with its sender may come again, unless a late result would then count for other bytes.
        if state != TransferState::Failed(Failure::Lost) || incoming.is_in_work() {
            ended.insert(self.from, item, Ending::of(state));
        }
        // What is kept of a file may be of use to the person.
        if !incoming.is_file() || incoming.checked() == 0 && state != TransferState::Verified {
            self.release(item, out);
        }
        out.news(News::Incoming(view(self.from, &incoming.offer, incoming.checked(), state)));
    }

    fn release(&self, item: ItemId, out: &mut Outputs) {
        for part in [Part::Preview, Part::Exact] {
            out.push(Output::Release(self.payload(item, part)));
        }
    }

    /// The person has saved a file of theirs.
    pub(crate) fn saved(&self, item: ItemId, out: &mut Outputs) {
        self.say(&Control::Saved { item }, out);
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

/// Whether an item may be such a one, and so long.
pub(crate) fn judge_kind(kind: Kind, bytes: u64) -> Result<(), RefusedItem> {
    match kind {
        Kind::Photo { width, height, .. } => judge_photo(width, height, bytes),
        Kind::Folder { files, listing } => {
            let is_one =
                (1..=MAX_FOLDER_FILES).contains(&files) && (1..=MAX_LISTING_BYTES).contains(&listing);
            if !is_one || u64::from(listing) > bytes {
                return Err(RefusedItem::Length);
            }
            judge_kind(Kind::File, bytes)
        }
        Kind::File if bytes > MAX_FILE_BYTES => Err(RefusedItem::TooBig),
        Kind::File => Ok(()),
    }
}

fn judge_photo(width: u32, height: u32, bytes: u64) -> Result<(), RefusedItem> {
    // Before anything is multiplied: two sides of 32 bits and 4 bytes a pixel do not fit into 64.
    if width.max(height) > MAX_PHOTO_SIDE {
        return Err(RefusedItem::TooBig);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || bytes != pixels * 4 {
        return Err(RefusedItem::Length);
    }
    if pixels > MAX_PHOTO_PIXELS { Err(RefusedItem::TooBig) } else { Ok(()) }
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
