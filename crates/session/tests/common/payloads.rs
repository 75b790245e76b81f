//! Bytes in a tab's hands, and work on them that takes its time.

use std::collections::btree_map::Entry;

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{Digest, ItemId, PeerId, bulk::Part};
use snaproom_session::{ChunkId, Command, Input, PayloadId};

use super::{Ix, Lane, Parcel, Room, Tab};

/// Work that was asked for.
#[derive(Debug)]
pub enum Job {
    Store {
        payload: PayloadId,
        offset: u64,
        bytes: Vec<u8>,
    },
    Hash {
        payload: PayloadId,
        offset: u64,
        length: u32,
    },
    Read(PayloadId),
    /// A piece of a file of its own.
    Fetch {
        payload: PayloadId,
        offset: u64,
        length: u32,
    },
    Load(PayloadId),
    /// The person asks for the exact part.
    Ask(PayloadId),
    /// The page looks for what a peer wants.
    Lend {
        by: PeerId,
        owner: PeerId,
        item: ItemId,
        as_item: ItemId,
    },
}

impl Tab {
    /// Puts a photo into this tab's hands.
    pub fn take(&mut self, item: ItemId, width: u32, height: u32, preview: Option<u32>, on_request: bool) {
        let id = |part| PayloadId { owner: self.me, item, part };
        let exact = if on_request { &mut self.originals } else { &mut self.payloads };
        exact.insert(id(Part::Exact), picture(item, width as usize * height as usize * 4));
        if let Some(bytes) = preview {
            let (width, height) = (width.min(320) as u16, height.min(320) as u16);
            self.payloads.insert(id(Part::Preview), jpeg(width, height, bytes as usize));
        }
    }

    /// Has the exact bytes of a photo of its own at hand.
    pub fn load(&mut self, payload: PayloadId) {
        if let Some(bytes) = self.originals.get(&payload) {
            self.payloads.insert(payload, bytes.clone());
            self.most_loaded = self
                .most_loaded
                .max(self.payloads.keys().filter(|id| self.originals.contains_key(id)).count());
        }
    }
}

impl Room {
    pub fn work(&mut self, tab: Ix, job: Job) {
        let (work, life) = (self.tabs[tab].work, self.tabs[tab].id.life);
        let delay = self.below(work + 1);
        let on_disk = match &job {
            Job::Store { payload, .. } | Job::Hash { payload, .. } => self.tabs[tab].disk.has(payload),
            _ => false,
        };
        self.serial += 1;
        let lane = if on_disk { Lane::Disk(tab, life) } else { Lane::Work(self.serial) };
        self.post_after(lane, delay, Parcel::Work(tab, life, job));
    }

    /// Memory is taken when the work is given, as in a browser.
    pub fn store(&mut self, tab: Ix, chunk: ChunkId, payload: PayloadId, of: u64, offset: u64) {
        let me = self.me(tab);
        let here = &mut self.tabs[tab];
        let (wire, bytes) = here.chunks.remove(&chunk).expect("a chunk is stored or discarded once");
        assert_ne!(payload.owner, me, "a peer's bytes never touch our own");
        assert!(offset + bytes.len() as u64 <= of);
        if !here.disk.has(&payload) {
            match here.payloads.entry(payload) {
                Entry::Occupied(known) => assert_eq!(known.get().len() as u64, of),
                Entry::Vacant(new) => drop(new.insert(vec![0; of as usize])),
            }
        }
        let theirs = here.payloads.iter().filter(|(id, _)| id.owner == payload.owner);
        here.most_allocated = here.most_allocated.max(theirs.map(|(_, bytes)| bytes.len()).sum());
        here.received += bytes.len() as u64;
        self.wires.get_mut(&wire).unwrap().taken += bytes.len() as u64;
        self.work(tab, Job::Store { payload, offset, bytes });
    }

    /// Reports how a job ended. It may be that nobody waits for it any more.
    pub fn finish(&mut self, tab: Ix, job: Job) {
        if let Job::Ask(PayloadId { owner: from, item, .. }) = job {
            return self.handle(tab, Input::Command(Command::Request { from, item }));
        }
        if let Job::Lend { by, owner, item, as_item } = job {
            return self.lend(tab, by, owner, item, as_item);
        }
        let (Job::Store { payload, .. }
        | Job::Hash { payload, .. }
        | Job::Read(payload)
        | Job::Fetch { payload, .. }
        | Job::Load(payload)
        | Job::Ask(payload)) = job
        else {
            return;
        };
        let here = &mut self.tabs[tab];
        let failing = here.failing.is_some_and(|fails| fails(&job));
        if here.disk.has(&payload) || here.sources.contains_key(&payload) {
            for input in here.finish_on_disk(payload, job, failing) {
                self.handle(tab, input);
            }
            return;
        }
        if matches!(job, Job::Load(_)) && !failing {
            here.load(payload);
        }
        let stored = here.payloads.get_mut(&payload).filter(|_| !failing);
        let found = stored.is_some();
        if !found && !failing && here.originals.contains_key(&payload) {
            // Given back meanwhile: nobody waits for a hash of it.
            return;
        }
        let done = match (job, stored) {
            (Job::Store { offset, bytes, .. }, stored) => {
                if let Some(stored) = stored {
                    stored[offset as usize..][..bytes.len()].copy_from_slice(&bytes);
                }
                Some(Input::Stored { payload, offset, bytes: bytes.len() as u32 })
            }
            (_, None) | (Job::Ask(_) | Job::Fetch { .. } | Job::Lend { .. }, _) => None,
            (Job::Hash { offset, length, .. }, Some(stored)) => {
                let digest = digest(&stored[offset as usize..][..length as usize]);
                Some(Input::Hashed { payload, offset, digest })
            }
            (Job::Load(_), Some(_)) => Some(Input::Loaded(payload)),
            (Job::Read(_), Some(stored)) => Some(Input::ReadBack { payload, bytes: stored.clone() }),
        };
        if !found {
            self.handle(tab, Input::PayloadFailed(payload));
        }
        if let Some(done) = done {
            self.handle(tab, done);
        }
    }
}

/// Not SHA-256, which takes too long without optimisation: a session only compares. Any changed byte changes it.
pub fn digest(bytes: &[u8]) -> Digest {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word =
            u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        state = (state ^ word).wrapping_mul(0x2545_F491_4F6C_DD1D).rotate_left(29);
    }
    for &byte in words.remainder() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x2545_F491_4F6C_DD1D).rotate_left(29);
    }
    let mut digest = [0xD1; 32];
    digest[..8].copy_from_slice(&state.to_be_bytes());
    Digest(digest)
}

/// What the end of a transfer must say: SHA-256 over the hashes of the pieces, in order.
pub fn root(pieces: &[Digest]) -> Digest {
    let mut root = Sha256::new();
    for piece in pieces {
        root.update(piece.0);
    }
    Digest(root.finalize().into())
}

/// Bytes that are different for each item and at each place.
pub fn picture(item: ItemId, length: usize) -> Vec<u8> {
    let mut word = u64::from_le_bytes(item.0[..8].try_into().unwrap());
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        word = word.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A JPEG as far as its frame header.
pub fn jpeg(width: u16, height: u16, length: usize) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.resize(length, 0x55);
    bytes
}
