//! The page around the session: it does what it is told, and checks that it may be told so.

use std::collections::{BTreeMap, BTreeSet};

use super::disk::Disk;

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{PIECE_BYTES, Part},
};
use snaproom_session::{ChunkId, ConnectionId, Input, PayloadId};

/// What one peer's unfinished items may take, in bytes.
pub const MAX_ALLOCATED: u64 = 192 << 20;

/// Pieces of files of ours that are read at a time. Each is in memory before it is at hand.
const MAX_READING: usize = 16;

/// Chunks of one connection that wait for their offer.
const MAX_HELD_CHUNKS: usize = 256;

/// Bytes, chunks, and work on them. Bytes are not kept: each chunk is filled with one label.
#[derive(Default)]
pub struct Page {
    payloads: BTreeMap<PayloadId, Held>,
    /// Photos of ours that are somewhere else until they are wanted, and their lengths.
    originals: BTreeMap<PayloadId, u64>,
    /// Files of others.
    pub disk: Disk,
    /// Files of ours: their lengths, and the pieces of them that are at hand.
    sources: BTreeMap<PayloadId, u64>,
    pub at_hand: BTreeSet<(PayloadId, u64)>,
    /// How often a payload of this name was released.
    released: BTreeMap<PayloadId, u32>,
    /// What was never placed yet: over which connection it came, its length, its label.
    chunks: BTreeMap<ChunkId, (ConnectionId, u32, u8)>,
    next_chunk: u64,
    pub jobs: Vec<Job>,
    /// What peers have promised: hashes of pieces, and roots of items.
    pub announced: BTreeSet<(PayloadId, u64, Digest)>,
    pub roots: BTreeSet<(PeerId, ItemId, Digest)>,
    pub shown: Vec<PayloadId>,
}

/// A payload in the page's memory.
#[derive(Default)]
struct Held {
    of: u64,
    /// Where, how many, and which bytes.
    written: Vec<(u64, u32, u8)>,
    /// What the session was told.
    hashed: BTreeMap<u64, Digest>,
    is_read: bool,
}

/// Work that was asked for, on a payload in one of its lives.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub payload: PayloadId,
    life: u32,
    pub what: Work,
    /// Of a file on the disk: what the range hashed to when that was asked for. What is written later changes nothing.
    hash: Option<Digest>,
}

#[derive(Clone, Copy, Debug)]
pub enum Work {
    Store {
        offset: u64,
        bytes: u32,
    },
    Hash {
        offset: u64,
        length: u32,
    },
    Read,
    Load,
    /// A piece of a file of ours.
    Fetch {
        offset: u64,
    },
}

/// What each piece of a file of ours hashes to.
pub const OURS: Digest = hash_of(9);

/// What all bytes of one label hash to. Nobody can announce the hash of [`MIXED`].
pub const fn hash_of(label: u8) -> Digest {
    Digest([label; 32])
}

pub const MIXED: u8 = 0xFF;

/// What an [`Header::End`](snaproom_protocol::bulk::Header::End) must say.
pub fn root(pieces: impl IntoIterator<Item = Digest>) -> Digest {
    let mut root = Sha256::new();
    pieces.into_iter().for_each(|piece| root.update(piece.0));
    Digest(root.finalize().into())
}

impl Page {
    /// A chunk comes in.
    pub fn receive(&mut self, over: ConnectionId, bytes: u32, label: u8) -> ChunkId {
        let chunk = ChunkId(self.next_chunk);
        self.next_chunk += 1;
        self.chunks.insert(chunk, (over, bytes, label));
        chunk
    }

    pub fn put(&mut self, payload: PayloadId, of: u64) {
        self.payloads.insert(payload, Held { of, ..Held::default() });
    }

    pub fn put_source(&mut self, payload: PayloadId, of: u64) {
        self.sources.insert(payload, of);
    }

    /// The person chose a file of ours again: what was being read of the other one is of no use.
    pub fn supply(&mut self, payload: PayloadId) {
        self.jobs.retain(|job| job.payload != payload);
    }

    /// The length of a file of ours.
    pub fn source(&self, payload: PayloadId) -> Option<u64> {
        self.sources.get(&payload).copied()
    }

    pub fn fetch(&mut self, payload: PayloadId, offset: u64, length: u32) {
        let of = self.source(payload).expect("a file of ours");
        assert!(
            length > 0 && length <= PIECE_BYTES && offset.is_multiple_of(u64::from(PIECE_BYTES)),
            "a piece"
        );
        assert!(offset + u64::from(length) <= of, "within the file");
        let is_it = |job: &Job| {
            job.payload == payload && matches!(job.what, Work::Fetch { offset: at } if at == offset)
        };
        assert!(!self.at_hand.contains(&(payload, offset)), "it is at hand");
        assert!(!self.jobs.iter().any(is_it), "it is being fetched");
        self.ask(payload, Work::Fetch { offset });
    }

    pub fn let_go(&mut self, payload: PayloadId, offset: u64) {
        assert!(self.at_hand.remove(&(payload, offset)), "a piece is let go once");
    }

    pub fn keep(&mut self, payload: PayloadId, of: u64) {
        self.originals.insert(payload, of);
    }

    pub fn is_kept(&self, payload: PayloadId) -> bool {
        self.originals.contains_key(&payload)
    }

    pub fn unload(&mut self, payload: PayloadId) {
        self.payloads.remove(&payload).expect("it was loaded");
        *self.released.entry(payload).or_default() += 1;
    }

    pub fn store(&mut self, chunk: ChunkId, payload: PayloadId, of: u64, offset: u64) {
        let (_, bytes, label) = self.chunks.remove(&chunk).expect("a chunk is stored or discarded once");
        assert!(offset + u64::from(bytes) <= of, "past the payload's end");
        if self.disk.has(payload) {
            self.disk.store(payload, of, offset, bytes, label);
            return self.ask(payload, Work::Store { offset, bytes });
        }
        let held = self.payloads.entry(payload).or_insert_with(|| Held { of, ..Held::default() });
        assert_eq!(held.of, of, "another length than before");
        held.written.push((offset, bytes, label));
        assert!(self.allocated(payload.owner) <= MAX_ALLOCATED, "memory for one peer");
        self.ask(payload, Work::Store { offset, bytes });
    }

    pub fn discard(&mut self, chunk: ChunkId) {
        self.chunks.remove(&chunk).expect("a chunk is stored or discarded once");
    }

    /// Work is asked for, and ends whenever the script says so.
    pub fn ask(&mut self, payload: PayloadId, what: Work) {
        if let Work::Hash { length, .. } = what {
            assert!(length <= PIECE_BYTES, "more than a piece");
        }
        let hash = match what {
            Work::Hash { offset, length } => self.disk.hash(payload, offset, length),
            _ => None,
        };
        let life = self.life(payload);
        self.jobs.push(Job { payload, life, what, hash });
        let reading = self.jobs.iter().filter(|job| self.sources.contains_key(&job.payload));
        assert!(reading.count() <= MAX_READING, "pieces in memory");
    }

    fn life(&self, payload: PayloadId) -> u32 {
        self.released.get(&payload).copied().unwrap_or(0)
    }

    pub fn release(&mut self, payload: PayloadId) {
        self.payloads.remove(&payload);
        self.originals.remove(&payload);
        self.sources.remove(&payload);
        self.at_hand.retain(|(id, _)| *id != payload);
        self.disk.remove(payload);
        *self.released.entry(payload).or_default() += 1;
    }

    /// Work ends, whichever; but a disk writes one chunk of a file after the other.
    pub fn next_job(&mut self, which: usize) -> Option<Job> {
        let mut which = which.checked_rem(self.jobs.len())?;
        let Job { payload, what, .. } = self.jobs[which];
        if matches!(what, Work::Store { .. }) {
            which = self.jobs.iter().position(|job| job.payload == payload && job.is_store())?;
        }
        Some(self.jobs.remove(which))
    }

    pub fn is_of_file(&self, payload: PayloadId) -> bool {
        self.disk.has(payload) || self.sources.contains_key(&payload)
    }

    /// Whether bytes from there on are still to be written into a file.
    pub fn is_storing(&self, payload: PayloadId, from: u64) -> bool {
        let stores =
            |job: &Job| matches!(job.what, Work::Store { offset, bytes } if offset + u64::from(bytes) > from);
        self.jobs.iter().any(|job| job.payload == payload && job.life == self.life(payload) && stores(job))
    }

    /// Work on a file fails, and with it all that was to be done with it: what was to be written is told to be gone.
    pub fn fail_on_disk(&mut self, payload: PayloadId) -> Vec<Input> {
        let mut told = vec![Input::PayloadFailed(payload)];
        for job in self.jobs.extract_if(.., |job| job.payload == payload) {
            if let Work::Store { offset, bytes } = job.what {
                self.disk.spoil(payload, offset, bytes);
                told.push(Input::Stored { payload, offset, bytes });
            }
        }
        told
    }

    /// How work ends: as it should, or with `wrong` bytes. Work on a payload that was released meanwhile has its old
    /// result, which counts for nothing.
    pub fn finish(&mut self, job: Job, wrong: bool) -> Input {
        let is_late = self.life(job.payload) != job.life;
        let held = self.payloads.get_mut(&job.payload).filter(|_| !is_late);
        let payload = job.payload;
        match job.what {
            Work::Store { offset, bytes } => Input::Stored { payload, offset, bytes },
            Work::Hash { offset, length } => {
                let is_ours = self.sources.contains_key(&payload);
                let digest = match &held {
                    _ if wrong => hash_of(MIXED),
                    _ if is_ours => OURS,
                    None if job.hash.is_some() => job.hash.unwrap_or(OURS),
                    Some(held) => hash_of(held.label(offset, length)),
                    None => hash_of(1),
                };
                if let Some(held) = held {
                    held.hashed.insert(offset, digest);
                }
                Input::Hashed { payload, offset, digest }
            }
            Work::Fetch { offset } => {
                assert!(self.at_hand.insert((payload, offset)), "fetched once");
                Input::Fetched { payload, offset, digest: if wrong { hash_of(MIXED) } else { OURS } }
            }
            Work::Load => {
                if let Some(&of) = self.originals.get(&payload) {
                    self.put(payload, of);
                }
                Input::Loaded(payload)
            }
            Work::Read => {
                let is_jpeg = !wrong && held.as_ref().is_none_or(|held| held.label(0, 1) != 2);
                if let Some(held) = held {
                    held.is_read = is_jpeg;
                }
                // One pixel, as far as its frame header.
                let jpeg = [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0, 1, 0, 1];
                Input::ReadBack { payload, bytes: if is_jpeg { jpeg.to_vec() } else { vec![0x89; 11] } }
            }
        }
    }

    /// Only what was hashed as announced may be shown, and a photo once.
    pub fn show(&mut self, payload: PayloadId) {
        if self.disk.has(payload) {
            self.disk.assert_verified(payload);
            assert!(!self.shown.contains(&payload), "shown twice");
            return self.shown.push(payload);
        }
        let held = self.payloads.get(&payload).expect("what is shown is there");
        let pieces = (0..held.of).step_by(PIECE_BYTES as usize);
        for offset in pieces {
            let digest = held.hashed.get(&offset).expect("what is shown was hashed");
            assert!(self.announced.contains(&(payload, offset, *digest)), "the hash is what was announced");
        }
        match payload.part {
            Part::Preview => assert!(held.is_read, "a preview was looked at"),
            Part::Exact => {
                let root = root(held.hashed.values().copied());
                assert!(self.roots.contains(&(payload.owner, payload.item, root)), "the root was announced");
                assert!(!self.shown.contains(&payload), "shown twice");
            }
        }
        self.shown.push(payload);
    }

    /// Bytes that one peer's payloads take.
    pub fn allocated(&self, owner: PeerId) -> u64 {
        self.payloads.iter().filter(|(id, _)| id.owner == owner).map(|(_, held)| held.of).sum()
    }

    /// The length of a payload that is there.
    pub fn length(&self, payload: PayloadId) -> Option<u64> {
        self.payloads.get(&payload).map(|held| held.of)
    }

    pub fn held_by(&self, owner: PeerId) -> impl Iterator<Item = ItemId> {
        self.payloads.keys().filter(move |id| id.owner == owner).map(|id| id.item)
    }

    /// Chunks wait only on a connection that is there, and not many.
    pub fn check_chunks(&self, is_open: impl Fn(ConnectionId) -> bool) {
        let mut held: BTreeMap<ConnectionId, usize> = BTreeMap::new();
        for (over, ..) in self.chunks.values() {
            assert!(is_open(*over), "a chunk of a closed connection is neither stored nor discarded");
            let count = held.entry(*over).or_default();
            *count += 1;
            assert!(*count <= MAX_HELD_CHUNKS, "too many chunks wait");
        }
    }

    pub fn assert_empty(&self) {
        assert_eq!(self.payloads.len(), 0, "payloads that were not released");
        assert_eq!(self.originals.len(), 0, "originals that were not released");
        assert_eq!(self.sources.len(), 0, "files that were not released");
        assert_eq!(self.at_hand.len(), 0, "pieces that were not let go");
        assert_eq!(self.chunks.len(), 0, "chunks neither stored nor discarded");
    }
}

impl Job {
    pub fn is_store(&self) -> bool {
        matches!(self.what, Work::Store { .. })
    }
}

impl Held {
    /// The one label of a range that was written from end to end.
    fn label(&self, offset: u64, length: u32) -> u8 {
        let end = offset + u64::from(length);
        let inside =
            self.written.iter().filter(|(at, bytes, _)| *at < end && at + u64::from(*bytes) > offset);
        let labels: BTreeSet<u8> = inside.clone().map(|(.., label)| *label).collect();
        let covered: u64 = inside.map(|(_, bytes, _)| u64::from(*bytes)).sum();
        match labels.first() {
            Some(label) if labels.len() == 1 && covered >= u64::from(length) => *label,
            _ => MIXED,
        }
    }
}
