//! The bytes of photos on their way: outside of wasm memory, under the names that the session gives them.

use litemap::LiteMap;
use snaproom_protocol::{Digest, control::MAX_PREVIEW_BYTES};
use snaproom_session::{ChunkId, Input, PayloadId};

use super::inbox::{Happened, Inbox};
use crate::browser::{
    Chunk, Error, Payload,
    task::{self, Task},
};

/// Payloads, and chunks that the session has not placed yet.
pub(super) struct Vault {
    inbox: Inbox,
    payloads: LiteMap<PayloadId, Payload>,
    chunks: LiteMap<ChunkId, Chunk>,
    next_chunk: u64,
    hashing: Vec<(PayloadId, Task)>,
}

impl Vault {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self { inbox, payloads: LiteMap::new(), chunks: LiteMap::new(), next_chunk: 0, hashing: Vec::new() }
    }

    /// Keeps a photo of ours until it is released.
    pub(super) fn put(&mut self, id: PayloadId, payload: Payload) {
        self.payloads.insert(id, payload);
    }

    pub(super) fn payload(&self, id: PayloadId) -> Option<&Payload> {
        self.payloads.get(&id)
    }

    /// Drops the bytes, and hashes of them that are under way.
    pub(super) fn release(&mut self, id: PayloadId) {
        self.payloads.remove(&id);
        self.hashing.retain(|(payload, _)| *payload != id);
    }

    /// Keeps a chunk until the session has said where it goes.
    pub(super) fn receive(&mut self, chunk: Chunk) -> ChunkId {
        let id = ChunkId(self.next_chunk);
        self.next_chunk += 1;
        self.chunks.insert(id, chunk);
        id
    }

    /// Hands a chunk to whoever keeps it elsewhere.
    pub(super) fn take(&mut self, chunk: ChunkId) -> Option<Chunk> {
        self.chunks.remove(&chunk)
    }

    pub(super) fn discard(&mut self, chunk: ChunkId) {
        self.chunks.remove(&chunk);
    }

    /// Puts a chunk into its payload of `of` bytes, which is made with the first one. Gives what the session is
    /// to be told.
    pub(super) fn store(&mut self, chunk: ChunkId, payload: PayloadId, of: u64, offset: u64) -> Vec<Input> {
        let Some(chunk) = self.chunks.remove(&chunk) else { return Vec::new() };
        let stored = Input::Stored { payload, offset, bytes: chunk.len() };
        match self.write(&chunk, payload, of, offset) {
            Ok(()) => vec![stored],
            Err(_) => vec![Input::PayloadFailed(payload), stored],
        }
    }

    fn write(&mut self, chunk: &Chunk, payload: PayloadId, of: u64, offset: u64) -> Result<(), Error> {
        let allocate = |_: &PayloadId| Payload::allocate(u32::try_from(of).unwrap_or(u32::MAX));
        let (_, place) = self.payloads.try_get_or_insert(payload, allocate)?;
        place.write(u32::try_from(offset).unwrap_or(u32::MAX), chunk)
    }

    /// Hashes off the main thread; the end goes to the inbox. Gives what is to be told at once, if it cannot.
    pub(super) fn hash(&mut self, payload: PayloadId, offset: u64, length: u32) -> Option<Input> {
        let Some(bytes) = self.payloads.get(&payload) else { return Some(Input::PayloadFailed(payload)) };
        let hash = bytes.sha256(u32::try_from(offset).unwrap_or(u32::MAX), length);
        let inbox = self.inbox.clone();
        self.hashing.retain(|(_, task)| !task.is_finished());
        let task = task::spawn(async move {
            inbox.push(Happened::Done(match hash.await {
                Ok(digest) => Input::Hashed { payload, offset, digest: Digest(digest) },
                Err(_) => Input::PayloadFailed(payload),
            }));
        });
        self.hashing.push((payload, task));
        None
    }

    /// Copies a preview into wasm memory, where the session looks at it.
    pub(super) fn read(&self, payload: PayloadId) -> Input {
        let bytes = self.payloads.get(&payload).map(|bytes| bytes.to_vec(MAX_PREVIEW_BYTES as usize));
        match bytes {
            Some(Ok(bytes)) => Input::ReadBack { payload, bytes },
            _ => Input::PayloadFailed(payload),
        }
    }
}
