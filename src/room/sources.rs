//! Files of ours that are sent: where their bytes are, and the pieces of them that are in memory just now.

use litemap::LiteMap;
use snaproom_protocol::{Digest, bulk::PIECE_BYTES};
use snaproom_session::{Input, PayloadId};

use super::inbox::{Happened, Inbox};
use crate::browser::{
    Payload, Source,
    task::{self, Task},
};

pub(super) struct Sources {
    inbox: Inbox,
    files: LiteMap<PayloadId, Source>,
    /// By the piece's offset.
    at_hand: LiteMap<(PayloadId, u64), Payload>,
    reading: Vec<(PayloadId, Task)>,
}

/// A piece that was read, and its hash; none where that failed.
pub(super) struct Read {
    payload: PayloadId,
    offset: u64,
    keeps: bool,
    piece: Option<(Payload, [u8; 32])>,
}

impl Sources {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self { inbox, files: LiteMap::new(), at_hand: LiteMap::new(), reading: Vec::new() }
    }

    /// What is still being read of another source for this item counts for nothing.
    pub(super) fn put(&mut self, payload: PayloadId, source: Source) {
        self.reading.retain(|(reading, _)| *reading != payload);
        self.files.insert(payload, source);
    }

    /// Whether it is ours. Somebody else may use the same id for an item of theirs.
    pub(super) fn has(&self, payload: PayloadId) -> bool {
        self.files.contains_key(&payload)
    }

    /// Reads a piece and hashes it; [`Happened::Read`] follows. It is kept at hand, or not.
    pub(super) fn read(&mut self, payload: PayloadId, offset: u64, length: u32, keeps: bool) {
        let Some(source) = self.files.get(&payload).cloned() else { return };
        let inbox = self.inbox.clone();
        self.reading.retain(|(_, task)| !task.is_finished());
        let task = task::spawn(async move {
            let piece = async {
                let piece = source.read(offset, length).await.ok()?;
                let digest = piece.sha256(0, length).await.ok()?;
                Some((piece, digest))
            };
            let piece = piece.await;
            inbox.push(Happened::Read(Read { payload, offset, keeps, piece }));
        });
        self.reading.push((payload, task));
    }

    /// What the session is to be told.
    pub(super) fn on_read(&mut self, read: Read) -> Input {
        let Read { payload, offset, keeps, piece } = read;
        let Some((piece, digest)) = piece else { return Input::PayloadFailed(payload) };
        let digest = Digest(digest);
        if keeps {
            self.at_hand.insert((payload, offset), piece);
            Input::Fetched { payload, offset, digest }
        } else {
            Input::Hashed { payload, offset, digest }
        }
    }

    /// The piece at hand with the byte at `offset`, and where in it that is.
    pub(super) fn piece(&self, payload: PayloadId, offset: u64) -> Option<(&Payload, u64)> {
        let within = offset % u64::from(PIECE_BYTES);
        self.at_hand.get(&(payload, offset - within)).map(|piece| (piece, within))
    }

    pub(super) fn let_go(&mut self, payload: PayloadId, offset: u64) {
        self.at_hand.remove(&(payload, offset));
    }

    pub(super) fn release(&mut self, payload: PayloadId) {
        self.files.remove(&payload);
        self.reading.retain(|(reading, _)| *reading != payload);
        self.at_hand.retain(|(id, _), _| *id != payload);
    }
}

#[cfg(test)]
mod tests {
    use snaproom_protocol::{ItemId, PeerId, bulk::Part};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::browser::Blob;

    /// Else its pieces would be compared with the hashes of ours.
    #[wasm_bindgen_test]
    fn an_item_of_somebody_else_with_the_same_id_is_not_ours() {
        let of = |owner| PayloadId { owner: PeerId([owner; 16]), item: ItemId([7; 16]), part: Part::Exact };
        let mut sources = Sources::new(Inbox::default());
        sources.put(of(1), Source::from(Blob::new("ours".as_bytes())));
        assert!(sources.has(of(1)));
        assert!(!sources.has(of(2)));
        sources.release(of(2));
        assert!(sources.has(of(1)), "nor released with it");
    }
}
