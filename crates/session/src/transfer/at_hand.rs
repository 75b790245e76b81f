//! Pieces of a file of ours that are in memory: for each recipient the one that goes, and the next.

use litemap::LiteMap;

/// Pieces of all files that are read at a time: each is in memory, and a receiver may change its mind about what it wants
/// before any of them is there.
const MAX_READS: usize = 16;

/// How many more pieces may be read.
#[derive(Debug)]
pub(super) struct Reads {
    free: usize,
    /// There was one more to read.
    pub(super) is_short: bool,
}

/// By their index, and whether they were read already.
#[derive(Debug, Default)]
pub(super) struct AtHand(LiteMap<u32, bool>);

impl Reads {
    pub(super) fn beside(reading: usize) -> Self {
        Self { free: MAX_READS.saturating_sub(reading), is_short: false }
    }

    pub(super) fn one_more(&mut self) -> bool {
        self.is_short |= self.free == 0;
        let may = self.free > 0;
        self.free = self.free.saturating_sub(1);
        may
    }

    pub(super) fn are_free(&self) -> bool {
        self.free > 0
    }
}

impl AtHand {
    pub(super) fn has(&self, index: u32) -> bool {
        self.0.get(&index) == Some(&true)
    }

    /// Pieces that are being read.
    pub(super) fn reading(&self) -> usize {
        self.0.values().filter(|read| !**read).count()
    }

    /// Whether it is to be fetched, if one more may be read.
    pub(super) fn wants(&mut self, index: u32, reads: &mut Reads) -> bool {
        !self.0.contains_key(&index) && reads.one_more() && self.0.insert(index, false).is_none()
    }

    /// It was read. False where nobody wants it any more.
    pub(super) fn read(&mut self, index: u32) -> bool {
        self.0.get_mut(&index).map(|read| *read = true).is_some()
    }

    /// Those that were read, and are not needed any more.
    pub(super) fn let_go(&mut self, is_needed: impl Fn(u32) -> bool) -> Vec<u32> {
        let idle: Vec<u32> = self
            .0
            .iter()
            .filter(|(index, read)| **read && !is_needed(**index))
            .map(|(index, _)| *index)
            .collect();
        for index in &idle {
            self.0.remove(index);
        }
        idle
    }

    /// The file cannot be read any more: none of them is of use, and those that are still being read neither.
    pub(super) fn clear(&mut self) -> Vec<u32> {
        let read = self.0.iter().filter(|(_, read)| **read).map(|(index, _)| *index).collect();
        self.0.clear();
        read
    }
}
