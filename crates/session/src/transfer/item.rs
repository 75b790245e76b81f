//! An item as it comes together: its parts, their pieces, and the root over the pieces' hashes.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    Digest,
    bulk::{PIECE_BYTES, Part, WINDOW_BYTES},
    control::{Control, Offer, RefusedItem},
    wire,
};

use crate::io::{Kept, Pause, TransferState};

/// Pieces of one file that may be bad before it is given up.
const MAX_REPEATS: u32 = 3;

/// Bytes of a file that came and are not checked, beyond which no more are asked for: a reload of the page then loses
/// at most a piece, since the sender has a window more under way.
const MAX_UNCHECKED: u64 = 2 * PIECE_BYTES as u64 - WINDOW_BYTES as u64;

/// Bytes of a file that came and are not stored, beyond which no more are asked for: with the window that is under way
/// they are a piece, which a reload of the page loses.
const MAX_UNSTORED: u64 = PIECE_BYTES as u64 - WINDOW_BYTES as u64;

/// An accepted item on its way.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) offer: Offer,
    /// Over the present connection.
    pub(super) is_offered: bool,
    pub(super) preview: Option<Stream>,
    pub(super) preview_shown: bool,
    /// The person wants the exact part, whether or not the sender keeps it until then.
    pub(super) is_wanted: bool,
    pub(super) exact: Stream,
    pub(super) root: Option<Digest>,
    /// Why we want no more of a file just now.
    pub(super) pause: Option<Pause>,
    /// Why its sender sends no more just now.
    pub(super) held: Option<Pause>,
    /// Pieces that were bad.
    repeats: u32,
}

/// One part of an item: pieces come in order, and are stored and hashed behind.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) bytes: u64,
    /// The hashes that were announced, in order.
    pub(super) hashes: Vec<Digest>,
    /// Announced pieces from the first that is not checked; the last one may be incomplete.
    pieces: VecDeque<Piece>,
    /// Bytes of the pieces before.
    checked: u64,
    /// Bytes of the piece that is announced next, which an earlier life of this page received.
    begun: u32,
    /// Pieces that are to come again.
    rewound: Option<Rewound>,
    /// Credit that waits for the disk, or for a check.
    pub(super) owed: u32,
}

/// What came from some piece on counts for nothing.
#[derive(Debug, Default)]
struct Rewound {
    /// Pieces that are still being stored or hashed: what comes of that is not to count for what comes next.
    stale: VecDeque<Piece>,
    /// The sender was told.
    is_said: bool,
}

/// How a hash compares with what was announced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// No complete piece waits for it, as with a hash that was asked for before a connection was lost.
    Nothing,
    Bad,
    /// These pieces, in order, are known to be good now.
    Good(Vec<(u32, Digest)>),
}

#[derive(Debug)]
struct Piece {
    index: u32,
    length: u32,
    received: u32,
    stored: u32,
    /// Its hash was asked for.
    is_hashed: bool,
    is_checked: bool,
}

impl Item {
    pub(super) fn new(offer: Offer) -> Self {
        let preview = offer.preview.map(|preview| Stream::new(u64::from(preview.bytes)));
        let exact = Stream::new(offer.bytes);
        let is_wanted = !offer.on_request;
        Self {
            offer,
            is_offered: true,
            preview,
            preview_shown: false,
            is_wanted,
            exact,
            root: None,
            pause: None,
            held: None,
            repeats: 0,
        }
    }

    /// What an earlier life of this page has received of it, and its sender; none for a record that is none. True where
    /// all of it was verified then.
    pub(super) fn kept(kept: &Kept) -> Option<(Self, bool)> {
        let offer: Offer = wire::from_bytes(&kept.record).ok()?;
        if offer.kind.is_photo() {
            return None;
        }
        let pieces = offer.bytes.div_ceil(u64::from(PIECE_BYTES));
        let is_all_there = kept.bytes >= offer.bytes;
        let is_verified = is_all_there && kept.hashes.len() as u64 > pieces;
        // A disk may have lost what was written last.
        let whole = if is_all_there { pieces } else { kept.bytes / u64::from(PIECE_BYTES) };
        let mut item = Self::new(offer);
        item.is_wanted = true;
        item.is_offered = false;
        item.exact.restore(&kept.hashes[..kept.hashes.len().min(whole as usize)], kept.bytes);
        Some((item, is_verified))
    }

    /// To be kept with it on the disk.
    pub(super) fn record(&self) -> Vec<u8> {
        wire::to_bytes(&self.offer)
    }

    pub(super) fn is_file(&self) -> bool {
        !self.offer.kind.is_photo()
    }

    /// How it is, while there is a connection or while there is none.
    pub(super) fn state(&self, is_connected: bool) -> TransferState {
        let is_checked = |stream: &Stream| stream.checked == stream.bytes;
        if !self.is_wanted && self.is_file() {
            TransferState::Offered
        } else if !self.is_wanted && self.preview.as_ref().is_none_or(is_checked) {
            TransferState::Held
        } else if let Some(pause) = self.pause.or(self.held) {
            TransferState::Paused(pause)
        } else if is_connected {
            TransferState::Active
        } else {
            TransferState::Waiting
        }
    }

    /// Whether an offer over another connection is of the same item.
    pub(super) fn goes_on_with(&self, offer: &Offer) -> bool {
        Offer { resumes: self.offer.resumes, ..offer.clone() } == self.offer
    }

    /// Where the sender is to go on.
    pub(super) fn accept(&self) -> Control {
        let preview = self.preview.as_ref().map_or(0, |stream| stream.received() as u32);
        let (pieces, root) = self.exact.checked_root();
        Control::Accept { item: self.offer.item, preview, exact: self.exact.received(), pieces, root }
    }

    /// Goes back to a bad piece. False where there were too many of them.
    pub(super) fn repeat(&mut self, offset: u64) -> bool {
        self.repeats += 1;
        self.exact.rewind(offset);
        self.repeats <= MAX_REPEATS
    }

    /// A new connection: its sender hears where to go on, and sends nothing before. While the disk takes nothing,
    /// nothing counts.
    pub(super) fn reconnect(&mut self) {
        let is_full = self.pause == Some(Pause::Storage);
        self.exact.owed = 0;
        self.exact.rewound.take_if(|rewound| rewound.stale.is_empty() && !is_full);
    }

    /// What its sender is to be told of pieces that are to come again, once nothing is in work of what they were.
    pub(super) fn see_to_repeat(&mut self) -> Option<u64> {
        if self.pause.is_some() { None } else { self.exact.see_to_repeat() }
    }

    pub(super) fn stream_mut(&mut self, part: Part) -> Option<&mut Stream> {
        match part {
            Part::Preview => self.preview.as_mut(),
            Part::Exact => Some(&mut self.exact),
        }
    }

    fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.preview.iter().chain([&self.exact])
    }

    pub(super) fn total(&self) -> u64 {
        self.streams().map(|stream| stream.bytes).sum()
    }

    pub(super) fn checked(&self) -> u64 {
        self.streams().map(|stream| stream.checked).sum()
    }

    /// Bytes that came, checked or not.
    pub(super) fn received(&self) -> u64 {
        self.streams().map(Stream::received).sum()
    }

    /// None of them counts any more.
    pub(super) fn drop_bytes(&mut self) {
        self.exact = Stream::new(self.exact.bytes);
    }

    /// Memory that its begun parts take, without what was released already.
    pub(super) fn begun(&self) -> u64 {
        if self.is_file() {
            // On the disk.
            return 0;
        }
        let preview = self.preview.as_ref().filter(|_| !self.is_preview_released());
        let streams = preview.into_iter().chain([&self.exact]);
        streams.filter(|stream| !stream.hashes.is_empty()).map(|stream| stream.bytes).sum()
    }

    /// What shows may show for long: the driver alone keeps it.
    pub(super) fn is_preview_released(&self) -> bool {
        self.offer.on_request && self.preview_shown
    }

    pub(super) fn is_complete(&self) -> bool {
        self.streams().all(Stream::is_complete)
    }

    /// Whether bytes of it are being stored, hashed or read.
    pub(super) fn is_in_work(&self) -> bool {
        let is_checked = |stream: &Stream| stream.checked == stream.bytes;
        let is_read = !self.preview_shown && self.preview.as_ref().is_some_and(is_checked);
        is_read || self.streams().any(Stream::is_in_work)
    }
}

impl Stream {
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            bytes,
            hashes: Vec::new(),
            pieces: VecDeque::new(),
            checked: 0,
            begun: 0,
            rewound: None,
            owed: 0,
        }
    }

    /// Pieces that were checked, and bytes that were stored.
    fn restore(&mut self, hashes: &[Digest], stored: u64) {
        self.hashes = hashes.to_vec();
        self.checked = (hashes.len() as u64 * u64::from(PIECE_BYTES)).min(self.bytes);
        // A byte of the piece has to come, and with it its hash.
        let due = (self.bytes - self.checked).min(u64::from(PIECE_BYTES));
        self.begun = stored.saturating_sub(self.checked).min(due.saturating_sub(1)) as u32;
    }

    /// The pieces that were checked, and the root over their hashes.
    fn checked_root(&self) -> (u32, Digest) {
        let pieces = self.checked_pieces() as usize;
        (pieces as u32, piece_root(self.hashes[..pieces.min(self.hashes.len())].iter()))
    }

    /// What came from the piece at `offset` on counts for nothing.
    pub(super) fn rewind(&mut self, offset: u64) {
        self.rewind_to(offset / u64::from(PIECE_BYTES));
    }

    /// What came from a piece on counts for nothing, but for what was checked.
    fn rewind_to(&mut self, first: u64) {
        let first = first.max(self.checked_pieces());
        if first * u64::from(PIECE_BYTES) >= self.bytes {
            return;
        }
        let first = first as usize;
        let kept = self.pieces.iter().take_while(|piece| (piece.index as usize) < first).count();
        let mut stale = self.rewound.take().map_or_else(VecDeque::new, |rewound| rewound.stale);
        stale.extend(self.pieces.drain(kept..).filter(Piece::is_in_work));
        self.hashes.truncate(first);
        self.begun = 0;
        self.rewound = Some(Rewound { stale, is_said: false });
    }

    /// The disk failed: the same from the first piece on that is not stored as a whole.
    pub(super) fn rewind_to_stored(&mut self) {
        let stored = self.pieces.iter().take_while(|piece| piece.is_hashed).count();
        self.rewind_to(self.checked_pieces() + stored as u64);
    }

    /// The person wants it to go on after that: what was stored is told, and hashes that did not come never will.
    pub(super) fn begin_anew(&mut self) {
        self.rewind_to(0);
        if let Some(rewound) = &mut self.rewound {
            rewound.stale.retain(|piece| piece.stored < piece.received);
        }
    }

    fn checked_pieces(&self) -> u64 {
        self.checked.div_ceil(u64::from(PIECE_BYTES))
    }

    fn see_to_repeat(&mut self) -> Option<u64> {
        let rewound = self.rewound.as_mut().filter(|rewound| !rewound.is_said && rewound.stale.is_empty())?;
        rewound.is_said = true;
        Some((self.hashes.len() as u64 * u64::from(PIECE_BYTES)).min(self.bytes))
    }

    /// Whether credit for what came has to wait: much of it is not stored, or not checked.
    pub(super) fn is_ahead(&self) -> bool {
        let unstored: u64 = self.pieces.iter().map(|piece| u64::from(piece.received - piece.stored)).sum();
        unstored > MAX_UNSTORED || self.received() - self.checked > MAX_UNCHECKED
    }

    pub(super) fn is_rewound(&self) -> bool {
        self.rewound.is_some()
    }

    /// Whether a piece that is announced belongs to what counts for nothing.
    pub(super) fn is_stale(&mut self, index: u32, offset: u32) -> bool {
        let Some(rewound) = &self.rewound else { return false };
        if rewound.is_said && index as usize == self.hashes.len() && offset == 0 {
            self.rewound = None;
            return false;
        }
        true
    }

    pub(super) fn announce(
        &mut self,
        index: u32,
        offset: u32,
        length: u32,
        sha256: Digest,
    ) -> Result<(), RefusedItem> {
        if let Some(piece) = self.pieces.back().filter(|piece| piece.received < piece.length) {
            let goes_on = index == piece.index
                && offset == piece.received
                && length == piece.length
                && self.hashes.last() == Some(&sha256);
            return if goes_on { Ok(()) } else { Err(RefusedItem::Order) };
        }
        let start = self.hashes.len() as u64 * u64::from(PIECE_BYTES);
        let due = self.bytes.saturating_sub(start).min(u64::from(PIECE_BYTES));
        if due == 0 {
            return Err(RefusedItem::TooManyBytes);
        }
        let begun = std::mem::take(&mut self.begun);
        if index as usize != self.hashes.len() || offset != begun || u64::from(length) != due {
            return Err(RefusedItem::Order);
        }
        self.hashes.push(sha256);
        self.pieces.push_back(Piece {
            index,
            length,
            received: begun,
            stored: begun,
            is_hashed: false,
            is_checked: false,
        });
        Ok(())
    }

    /// Bytes that came, stored or not.
    fn received(&self) -> u64 {
        if let Some(piece) = self.pieces.back().filter(|piece| piece.received < piece.length) {
            return piece.start() + u64::from(piece.received);
        }
        (self.hashes.len() as u64 * u64::from(PIECE_BYTES)).min(self.bytes) + u64::from(self.begun)
    }

    /// Where in the payload the next `bytes` belong, if they belong anywhere.
    pub(super) fn receive(&mut self, bytes: u32) -> Option<u64> {
        let piece = self.pieces.back_mut()?;
        let received = piece.received.checked_add(bytes).filter(|&received| received <= piece.length)?;
        let offset = piece.start() + u64::from(piece.received);
        piece.received = received;
        Some(offset)
    }

    /// The range of the piece that is complete with these bytes.
    pub(super) fn stored(&mut self, offset: u64, bytes: u32) -> Option<(u64, u32)> {
        if let Some(rewound) = &mut self.rewound
            && let Some(stale) = rewound.stale.iter_mut().find(|piece| piece.holds(offset))
        {
            stale.stored += bytes;
            // Nobody hashes it.
            rewound.stale.retain(|piece| piece.stored < piece.received || piece.is_hashed);
            return None;
        }
        let piece = self.pieces.iter_mut().find(|piece| piece.holds(offset))?;
        piece.stored += bytes;
        piece.is_hashed = piece.stored == piece.length;
        piece.is_hashed.then_some((piece.start(), piece.length))
    }

    /// Whether the piece at `offset` is what was announced.
    pub(super) fn check(&mut self, offset: u64, digest: Digest) -> Check {
        if let Some(rewound) = &mut self.rewound
            && let Some(stale) =
                rewound.stale.iter().position(|piece| piece.is_hashed && piece.start() == offset)
        {
            rewound.stale.remove(stale);
            return Check::Nothing;
        }
        let waits = |piece: &&mut Piece| piece.start() == offset && piece.is_hashed && !piece.is_checked;
        let Some(piece) = self.pieces.iter_mut().find(waits) else { return Check::Nothing };
        if self.hashes.get(piece.index as usize) != Some(&digest) {
            piece.is_hashed = false;
            return Check::Bad;
        }
        piece.is_checked = true;
        let mut good = Vec::new();
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.is_checked) {
            self.checked += u64::from(piece.length);
            good.extend(self.hashes.get(piece.index as usize).map(|hash| (piece.index, *hash)));
        }
        Check::Good(good)
    }

    fn is_in_work(&self) -> bool {
        let is_rewound = self.rewound.as_ref().is_some_and(|rewound| !rewound.stale.is_empty());
        is_rewound || self.pieces.iter().any(Piece::is_in_work)
    }

    pub(super) fn is_complete(&self) -> bool {
        let announced = self.hashes.len() as u64 * u64::from(PIECE_BYTES);
        announced >= self.bytes && self.pieces.back().is_none_or(|piece| piece.received == piece.length)
    }
}

impl Piece {
    fn start(&self) -> u64 {
        u64::from(self.index) * u64::from(PIECE_BYTES)
    }

    /// Whether something is to come of it still: bytes are being stored, or it is being hashed.
    fn is_in_work(&self) -> bool {
        self.stored < self.received || self.is_hashed && !self.is_checked
    }

    fn holds(&self, offset: u64) -> bool {
        (self.start()..self.start() + u64::from(self.length)).contains(&offset)
    }
}

/// SHA-256 over the hashes of the pieces, in order.
pub(crate) fn piece_root<'a>(hashes: impl Iterator<Item = &'a Digest>) -> Digest {
    let mut root = Sha256::new();
    hashes.for_each(|hash| root.update(hash.0));
    Digest(root.finalize().into())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_hash_counts_only_for_a_piece_that_is_all_there() {
        let sha256 = Digest([7; 32]);
        let mut stream = Stream::new(100);
        stream.announce(0, 0, 100, sha256).unwrap();
        assert_eq!(stream.receive(60), Some(0));
        assert_eq!(stream.stored(0, 60), None);
        // Asked for by an earlier connection, and late.
        assert_eq!(stream.check(0, sha256), Check::Nothing);
        assert_eq!(stream.receive(40), Some(60));
        assert_eq!(stream.stored(60, 40), Some((0, 100)));
        assert_eq!(stream.check(0, sha256), Check::Good(vec![(0, sha256)]));
        assert_eq!(stream.check(0, sha256), Check::Nothing, "once");
        assert_eq!(stream.checked, 100);
    }
}
