//! Files of ours that are sent: where their bytes are, and the pieces of them that are in memory just now.

use litemap::LiteMap;
use snaproom_protocol::{Digest, ItemId, bulk::PIECE_BYTES};
use snaproom_session::{Input, PayloadId};

use super::inbox::{Happened, Inbox};
use crate::browser::{
    Payload, Source,
    task::{self, Task},
};

pub(super) struct Sources {
    inbox: Inbox,
    files: LiteMap<ItemId, Source>,
    /// By the piece's offset.
    at_hand: LiteMap<(PayloadId, u64), Payload>,
    reading: Vec<(ItemId, Task)>,
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

    /// What is read of another source for this item has not ended counts for nothing.
    pub(super) fn put(&mut self, item: ItemId, source: Source) {
        self.reading.retain(|(reading, _)| *reading != item);
        self.files.insert(item, source);
    }

    pub(super) fn has(&self, payload: PayloadId) -> bool {
        self.files.contains_key(&payload.item)
    }

    /// Reads a piece and hashes it; [`Happened::Read`] follows. It is kept at hand, or not.
    pub(super) fn read(&mut self, payload: PayloadId, offset: u64, length: u32, keeps: bool) {
        let Some(source) = self.files.get(&payload.item).cloned() else { return };
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
        self.reading.push((payload.item, task));
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
        self.files.remove(&payload.item);
        self.reading.retain(|(reading, _)| *reading != payload.item);
        self.at_hand.retain(|(id, _), _| *id != payload);
    }
}
