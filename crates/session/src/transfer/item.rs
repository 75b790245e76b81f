//! An item as it comes together: its parts, their pieces, and the root over the pieces' hashes.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    Digest,
    bulk::{PIECE_BYTES, Part},
    control::{Control, Offer, RefusedItem},
};

use crate::io::TransferState;

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
}

/// One part of an item: pieces come in order, and are stored and hashed behind.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) bytes: u64,
    /// The hashes that were announced, in order.
    pub(super) hashes: Vec<Digest>,
    /// Announced pieces that are not checked; the last one may be incomplete.
    pieces: VecDeque<Piece>,
    checked: u64,
}

#[derive(Debug)]
struct Piece {
    index: u32,
    length: u32,
    received: u32,
    stored: u32,
}

impl Item {
    pub(super) fn new(offer: Offer) -> Self {
        let preview = offer.preview.map(|preview| Stream::new(u64::from(preview.bytes)));
        let exact = Stream::new(offer.bytes);
        let is_wanted = !offer.on_request;
        Self { offer, is_offered: true, preview, preview_shown: false, is_wanted, exact, root: None }
    }

    /// How it is, while there is a connection or while there is none.
    pub(super) fn state(&self, is_connected: bool) -> TransferState {
        let is_checked = |stream: &Stream| stream.checked == stream.bytes;
        if !self.is_wanted && self.preview.as_ref().is_none_or(is_checked) {
            TransferState::Held
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
        Control::Accept { item: self.offer.item, preview, exact: self.exact.received() }
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

    /// Memory that its begun parts take, without what was released already.
    pub(super) fn begun(&self) -> u64 {
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
        Self { bytes, hashes: Vec::new(), pieces: VecDeque::new(), checked: 0 }
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
        if index as usize != self.hashes.len() || offset != 0 || u64::from(length) != due {
            return Err(RefusedItem::Order);
        }
        self.hashes.push(sha256);
        self.pieces.push_back(Piece { index, length, received: 0, stored: 0 });
        Ok(())
    }

    /// Bytes that came, stored or not.
    fn received(&self) -> u64 {
        match self.pieces.back().filter(|piece| piece.received < piece.length) {
            Some(piece) => piece.start() + u64::from(piece.received),
            None => (self.hashes.len() as u64 * u64::from(PIECE_BYTES)).min(self.bytes),
        }
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
        let piece = self.pieces.iter_mut().find(|piece| piece.holds(offset))?;
        piece.stored += bytes;
        (piece.stored == piece.length).then_some((piece.start(), piece.length))
    }

    /// Whether the piece at `offset` is what was announced; none where no complete piece waits there, as with a
    /// hash that was asked for before a connection was lost.
    pub(super) fn check(&mut self, offset: u64, digest: Digest) -> Option<bool> {
        let complete = |piece: &Piece| piece.start() == offset && piece.stored == piece.length;
        let piece = self.pieces.iter().position(complete).and_then(|place| self.pieces.remove(place))?;
        let matches = self.hashes.get(piece.index as usize) == Some(&digest);
        if matches {
            self.checked += u64::from(piece.length);
        }
        Some(matches)
    }

    fn is_in_work(&self) -> bool {
        self.pieces.iter().any(|piece| piece.stored < piece.received || piece.stored == piece.length)
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
        assert_eq!(stream.check(0, sha256), None);
        assert_eq!(stream.receive(40), Some(60));
        assert_eq!(stream.stored(60, 40), Some((0, 100)));
        assert_eq!(stream.check(0, sha256), Some(true));
        assert_eq!(stream.check(0, sha256), None, "once");
        assert_eq!(stream.checked, 100);
    }
}
