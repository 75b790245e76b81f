//! The page's disk: files of others, as far as they came. Nothing is allocated for what is merely announced.

use std::collections::{BTreeMap, BTreeSet};

use snaproom_protocol::{Digest, PeerId, bulk::PIECE_BYTES, control::Offer, wire};
use snaproom_session::{PayloadId, io::Kept};

use super::page::{self, MIXED, hash_of};

const PIECE: u64 = PIECE_BYTES as u64;

#[derive(Default)]
pub struct Disk {
    files: BTreeMap<PayloadId, OnDisk>,
    /// The page is put aside: all that is here is for its next life.
    pub is_for_later: bool,
}

#[derive(Default)]
struct OnDisk {
    of: u64,
    /// From where to where, and which bytes; in order, and none over another.
    written: Vec<(u64, u64, u8)>,
    /// Of its checked pieces.
    hashes: Vec<Digest>,
    root: Option<Digest>,
}

impl Disk {
    pub fn has(&self, payload: PayloadId) -> bool {
        self.files.contains_key(&payload)
    }

    pub fn prepare(&mut self, payload: PayloadId, record: &[u8]) {
        let offer: Offer = wire::from_bytes(record).expect("the record of a file");
        assert!(!offer.kind.is_photo() && offer.item == payload.item);
        let file = OnDisk { of: offer.bytes, ..OnDisk::default() };
        assert!(self.files.insert(payload, file).is_none(), "prepared once");
    }

    /// What an earlier life of the page left: checked pieces, and bytes behind them.
    pub fn restore(
        &mut self,
        payload: PayloadId,
        offer: &Offer,
        pieces: u64,
        behind: u64,
        is_whole: bool,
    ) -> Kept {
        let bytes = (pieces * PIECE + behind).min(offer.bytes);
        let mut file = OnDisk { of: offer.bytes, ..OnDisk::default() };
        for index in 0..pieces.min(offer.bytes.div_ceil(PIECE)) {
            file.hashes.push(hash_of(1));
            file.write(index * PIECE, ((index + 1) * PIECE).min(bytes), 1);
        }
        file.write(file.hashes.len() as u64 * PIECE, bytes, 1);
        let mut hashes = file.hashes.clone();
        if is_whole && bytes == offer.bytes {
            file.root = Some(page::root(hashes.iter().copied()));
            hashes.extend(file.root);
        }
        self.files.insert(payload, file);
        Kept { from: payload.owner, record: wire::to_bytes(offer), hashes, bytes }
    }

    fn file(&mut self, payload: PayloadId) -> &mut OnDisk {
        self.files.get_mut(&payload).expect("it was prepared")
    }

    pub fn store(&mut self, payload: PayloadId, of: u64, offset: u64, bytes: u32, label: u8) {
        let file = self.file(payload);
        assert_eq!(of, file.of, "the length that was offered");
        assert!(file.root.is_none() && offset >= file.checked(), "what was checked stays as it is");
        assert!(offset <= file.end(), "written in order");
        file.write(offset, offset + u64::from(bytes), label);
    }

    /// Nobody knows what is there now.
    pub fn spoil(&mut self, payload: PayloadId, offset: u64, bytes: u32) {
        if let Some(file) = self.files.get_mut(&payload) {
            file.write(offset, offset + u64::from(bytes), MIXED);
        }
    }

    /// What a range hashes to, behind all that is to be written before.
    pub fn hash(&self, payload: PayloadId, offset: u64, length: u32) -> Option<Digest> {
        self.files.get(&payload).map(|file| hash_of(file.label(offset, offset + u64::from(length))))
    }

    pub fn checked(
        &mut self,
        payload: PayloadId,
        index: u32,
        digest: Digest,
        announced: &BTreeSet<(PayloadId, u64, Digest)>,
    ) {
        let file = self.file(payload);
        assert!(file.root.is_none(), "verified once");
        assert_eq!(file.hashes.len(), index as usize, "hashes come in order");
        if u64::from(index) < file.pieces() {
            let (start, end) = file.piece(u64::from(index));
            assert_eq!(digest, hash_of(file.label(start, end)), "what is there hashes to it");
            assert!(announced.contains(&(payload, start, digest)), "and that was announced");
            file.hashes.push(digest);
        } else {
            assert_eq!(digest, page::root(file.hashes.iter().copied()), "the root over all pieces");
            file.root = Some(digest);
        }
    }

    pub fn truncate(&mut self, payload: PayloadId, bytes: u64) {
        let file = self.file(payload);
        assert!(bytes.is_multiple_of(PIECE) && bytes <= file.of && file.root.is_none(), "whole pieces");
        assert!(bytes >= file.checked(), "what was checked stays");
        file.write(bytes, u64::MAX, MIXED);
        file.written.retain(|(start, ..)| *start < bytes);
    }

    /// All is there, and as it was announced.
    pub fn assert_verified(&self, payload: PayloadId) {
        let file = &self.files[&payload];
        assert!(file.root.is_some() && file.hashes.len() as u64 == file.pieces(), "all of it was checked");
        for (index, hash) in file.hashes.iter().enumerate() {
            let (start, end) = file.piece(index as u64);
            assert_eq!(*hash, hash_of(file.label(start, end)), "what was checked is what is there");
        }
    }

    pub fn root_of(&self, payload: PayloadId) -> Option<Digest> {
        self.files.get(&payload)?.root
    }

    pub fn remove(&mut self, payload: PayloadId) {
        self.files.remove(&payload);
    }

    pub fn count_of(&self, owner: PeerId) -> usize {
        self.files.keys().filter(|payload| payload.owner == owner).count()
    }

    /// What stays after the end is of use to somebody.
    pub fn assert_of_use(&self) {
        for (payload, file) in &self.files {
            let is_of_use = self.is_for_later || file.root.is_some() || !file.hashes.is_empty();
            assert!(is_of_use, "nothing of {payload:?} is whole");
        }
    }
}

impl OnDisk {
    fn pieces(&self) -> u64 {
        self.of.div_ceil(PIECE)
    }

    fn piece(&self, index: u64) -> (u64, u64) {
        (index * PIECE, ((index + 1) * PIECE).min(self.of))
    }

    fn checked(&self) -> u64 {
        (self.hashes.len() as u64 * PIECE).min(self.of)
    }

    fn end(&self) -> u64 {
        self.written.last().map_or(0, |(_, end, _)| *end)
    }

    fn write(&mut self, start: u64, end: u64, label: u8) {
        let mut written = Vec::new();
        for &(from, to, before) in &self.written {
            written.extend([(from, to.min(start), before), (from.max(end), to, before)]);
        }
        written.push((start, end, label));
        written.retain(|(from, to, _)| from < to);
        written.sort_unstable();
        self.written = written;
    }

    /// The one label of a range that was written from end to end.
    fn label(&self, start: u64, end: u64) -> u8 {
        let inside = self.written.iter().filter(|(from, to, _)| *from < end && *to > start);
        let labels: BTreeSet<u8> = inside.clone().map(|(.., label)| *label).collect();
        let covered: u64 = inside.map(|(from, to, _)| *to.min(&end) - *from.max(&start)).sum();
        match labels.first() {
            Some(label) if labels.len() == 1 && covered == end - start => *label,
            _ => MIXED,
        }
    }
}
