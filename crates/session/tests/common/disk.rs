//! Files: of a tab's own the bytes, of others' what came of them, which outlives the page.

use std::collections::BTreeMap;

use snaproom_protocol::{Digest, ItemId, PeerId, bulk::Part, control::Kind};
use snaproom_session::{
    Command, Input, PayloadId, Photo,
    io::{File, Kept, Lent},
};

use super::{Ix, Job, Room, Tab, digest, picture};

#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<PayloadId, OnDisk>,
    /// Bytes that fit.
    pub room: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub struct OnDisk {
    pub record: Vec<u8>,
    pub bytes: Vec<u8>,
    pub hashes: Vec<Digest>,
}

impl Disk {
    pub fn has(&self, payload: &PayloadId) -> bool {
        self.files.contains_key(payload)
    }

    pub fn get(&self, item: ItemId) -> Option<&OnDisk> {
        self.files.iter().find(|(id, _)| id.item == item).map(|(_, file)| file)
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn prepare(&mut self, payload: PayloadId, record: Vec<u8>) {
        let before = self.files.insert(payload, OnDisk { record, ..OnDisk::default() });
        assert!(before.is_none(), "prepared once");
    }

    pub fn checked(&mut self, payload: PayloadId, index: u32, digest: Digest) {
        let file = self.files.get_mut(&payload).expect("it was prepared");
        assert_eq!(file.hashes.len(), index as usize, "hashes come in order");
        file.hashes.push(digest);
    }

    pub fn truncate(&mut self, payload: PayloadId, bytes: u64) {
        let file = self.files.get_mut(&payload).expect("it was prepared");
        assert_eq!(bytes % (1 << 20), 0);
        file.bytes.truncate(bytes as usize);
        file.hashes.truncate((bytes >> 20) as usize);
    }

    pub fn remove(&mut self, payload: PayloadId) {
        self.files.remove(&payload);
    }

    /// Turns a bit of a piece that is whole and not checked, if there is one.
    pub fn spoil_unchecked(&mut self, item: ItemId) -> bool {
        let Some(file) = self.files.iter_mut().find(|(id, _)| id.item == item).map(|(_, file)| file) else {
            return false;
        };
        let start = file.hashes.len() << 20;
        let is_whole = file.bytes.len() >= start + (1 << 20);
        if is_whole {
            file.bytes[start] ^= 0x40;
        }
        is_whole
    }

    fn used(&self) -> u64 {
        self.files.values().map(|file| file.bytes.len() as u64).sum()
    }

    pub fn kept(&self) -> Vec<Kept> {
        let kept = |(id, file): (&PayloadId, &OnDisk)| Kept {
            from: id.owner,
            record: file.record.clone(),
            hashes: file.hashes.clone(),
            bytes: file.bytes.len() as u64,
        };
        self.files.iter().map(kept).collect()
    }
}

impl Tab {
    pub fn finish_on_disk(&mut self, payload: PayloadId, job: Job, failing: bool) -> Vec<Input> {
        let failed = Input::PayloadFailed(payload);
        let range = |bytes: &[u8], offset: u64, length: u32| {
            bytes.get(offset as usize..offset as usize + length as usize).map(digest)
        };
        match job {
            Job::Store { offset, bytes, .. } => {
                let stored = Input::Stored { payload, offset, bytes: bytes.len() as u32 };
                let end = offset as usize + bytes.len();
                let used = self.disk.used();
                let (room, Some(file)) = (self.disk.room, self.disk.files.get_mut(&payload)) else {
                    return vec![stored];
                };
                let more = end.saturating_sub(file.bytes.len()) as u64;
                if failing || room.is_some_and(|room| used + more > room) {
                    return vec![failed, stored];
                }
                assert!(offset as usize <= file.bytes.len(), "written in order");
                file.bytes.resize(file.bytes.len().max(end), 0);
                file.bytes[offset as usize..end].copy_from_slice(&bytes);
                vec![stored]
            }
            Job::Hash { offset, length, .. } if self.disk.has(&payload) => {
                let bytes = &self.disk.files[&payload].bytes;
                match range(bytes, offset, length).filter(|_| !failing) {
                    Some(digest) => vec![Input::Hashed { payload, offset, digest }],
                    None => vec![failed],
                }
            }
            Job::Hash { offset, length, .. } => {
                match self.source(payload, offset, length).filter(|_| !failing) {
                    Some(bytes) => vec![Input::Hashed { payload, offset, digest: digest(&bytes) }],
                    None => vec![failed],
                }
            }
            Job::Fetch { offset, length, .. } => {
                let Some(bytes) = self.source(payload, offset, length).filter(|_| !failing) else {
                    return vec![failed];
                };
                let digest = digest(&bytes);
                assert!(self.at_hand.insert((payload, offset), bytes).is_none(), "fetched once");
                self.most_at_hand = self.most_at_hand.max(self.at_hand.len());
                vec![Input::Fetched { payload, offset, digest }]
            }
            Job::Read(_) | Job::Load(_) | Job::Ask(_) | Job::Lend { .. } => unreachable!("no work on a file"),
        }
    }

    fn source(&self, payload: PayloadId, offset: u64, length: u32) -> Option<Vec<u8>> {
        let source = self.sources.get(&payload)?.as_ref()?;
        source.get(offset as usize..offset as usize + length as usize).map(<[u8]>::to_vec)
    }
}

impl Room {
    /// Somebody offers a file to these people.
    pub fn offer_file(&mut self, tab: Ix, bytes: usize, to: &[Ix]) -> ItemId {
        let item = ItemId(self.random());
        let to = to.iter().map(|&to| self.me(to)).collect();
        self.offer_item(tab, item, bytes, to, false, false);
        item
    }

    /// Somebody offers a file to everybody, also to who comes later.
    pub fn share_file(&mut self, tab: Ix, bytes: usize) -> ItemId {
        let item = ItemId(self.random());
        let to = self.tabs[tab].peers.keys().copied().collect();
        let me = self.me(tab);
        self.tabs[tab].holds.insert((me, item), (Kind::File, picture(item, bytes)));
        self.offer_item(tab, item, bytes, to, false, true);
        item
    }

    /// Gives a peer what it wants, if it is there.
    pub fn lend(&mut self, tab: Ix, to: PeerId, owner: PeerId, item: ItemId, new: ItemId) {
        let held = self.tabs[tab].holds.get(&(owner, item)).filter(|_| self.tabs[tab].is_alive()).cloned();
        let payload = self.own(tab, new);
        let lent = held.map(|(kind, bytes)| match kind {
            Kind::Photo { width, height, taken } => {
                self.tabs[tab].payloads.insert(payload, bytes);
                let name = String::from("photo.png");
                Lent::Photo(Photo { item: new, name, width, height, taken, preview: None, on_request: false })
            }
            kind => {
                let length = bytes.len() as u64;
                self.tabs[tab].sources.insert(payload, Some(bytes));
                Lent::File(File {
                    item: new,
                    name: String::from("film.mp4"),
                    kind,
                    bytes: length,
                    to: vec![to],
                    goes_on: false,
                    is_here: true,
                    for_all: false,
                })
            }
        });
        self.handle(tab, Input::Command(Command::Lend { as_item: new, lent }));
    }

    /// The next life of a page remembers what it offered, and has lost the file.
    pub fn offer_again(&mut self, tab: Ix, item: ItemId, bytes: usize, to: &[PeerId]) {
        self.offer_item(tab, item, bytes, to.to_vec(), true, false);
    }

    fn offer_item(
        &mut self,
        tab: Ix,
        item: ItemId,
        bytes: usize,
        to: Vec<PeerId>,
        goes_on: bool,
        for_all: bool,
    ) {
        let payload = self.own(tab, item);
        let source = (!goes_on).then(|| picture(item, bytes));
        self.tabs[tab].sources.insert(payload, source);
        let name = String::from("film.mp4");
        let (kind, bytes) = (Kind::File, bytes as u64);
        let file = File { item, name, kind, bytes, to, goes_on, is_here: !goes_on, for_all };
        self.handle(tab, Input::Command(Command::SendFile(file)));
    }

    /// The person chooses a file again: these bytes.
    pub fn supply(&mut self, tab: Ix, item: ItemId, bytes: Vec<u8>) {
        let payload = self.own(tab, item);
        self.tabs[tab].sources.insert(payload, Some(bytes));
        self.handle(tab, Input::Command(Command::Supply(item)));
    }

    fn own(&self, tab: Ix, item: ItemId) -> PayloadId {
        PayloadId { owner: self.me(tab), item, part: Part::Exact }
    }
}
