//! Items of ours that somebody still waits for.

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{PIECE_BYTES, Part},
    control::{Kind, Offer, Preview},
};

use super::{
    at_hand::{AtHand, Reads},
    item::piece_root,
};
use crate::{
    io::{File, Output, PayloadId, Photo},
    outputs::Outputs,
};

/// Items that are not yet with all their recipients. Each may hold 64 MiB.
pub(crate) const MAX_SHELF_ITEMS: usize = 32;

/// Items of which the exact part is kept until somebody asks for it: two long bursts. A preview of each is in memory.
pub(crate) const MAX_HELD_ITEMS: usize = 100;

/// Files and folders. Of each the bytes are on the disk, and its hashes in memory.
pub(crate) const MAX_FILES: usize = 256;

/// Pieces of one file that are hashed at a time without being sent, for what was sent before.
const MAX_HASHING: usize = 2;

/// Items that somebody still waits for, and the hashes of their pieces, which all recipients share.
#[derive(Debug)]
pub(crate) struct Shelf {
    me: PeerId,
    /// In the order in which they were put here.
    order: Vec<ItemId>,
    items: LiteMap<ItemId, Shelved>,
    /// A piece of a file waits until others are read.
    is_short_of_reads: bool,
}

#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) about: About,
    pub(super) exact: PayloadId,
    pub(super) preview_hash: Option<Digest>,
    /// Hashes of the exact part's pieces, as far as they are known: a driver may answer in any order.
    hashes: Vec<Option<Digest>>,
    /// So many of the first ones are.
    known: u32,
    /// Pieces whose hashes were asked for.
    asked: u32,
    original: Original,
    /// Pieces of a file.
    at_hand: AtHand,
    /// Pieces of a file that are hashed, and not kept at hand.
    hashing: Vec<u32>,
    /// Our person wants none of it to go just now.
    pub(super) holds: bool,
}

/// What an item of ours is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(super) item: ItemId,
    name: String,
    kind: Kind,
    pub(super) bytes: u64,
    /// The preview's length.
    pub(super) preview: Option<u32>,
    pub(super) on_request: bool,
}

/// Items that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Photo,
    /// Whose exact part is sent on request.
    Held,
    File,
}

/// Where the exact bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Original {
    /// At hand, always so for what is not sent on request. Of a file: they can be read.
    Here,
    /// On their way to where they are at hand.
    Coming,
    /// Wherever the driver keeps them.
    Kept,
    /// Of a file: they cannot be read, until the person chooses it again.
    Missing,
}

/// The file is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changed;

impl About {
    /// All bytes, the preview's included.
    pub(super) fn total(&self) -> u64 {
        self.bytes + u64::from(self.preview.unwrap_or(0))
    }

    pub(crate) fn class(&self) -> Class {
        Class::of(self.kind, self.on_request)
    }
}

impl Class {
    pub(super) fn of(kind: Kind, on_request: bool) -> Self {
        match kind {
            Kind::File | Kind::Folder { .. } => Self::File,
            Kind::Photo { .. } if on_request => Self::Held,
            Kind::Photo { .. } => Self::Photo,
        }
    }

    /// How many of them there may be.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Photo => MAX_SHELF_ITEMS,
            Self::Held => MAX_HELD_ITEMS,
            Self::File => MAX_FILES,
        }
    }
}

impl From<Photo> for About {
    fn from(photo: Photo) -> Self {
        let bytes = photo.bytes();
        let Photo { item, name, width, height, taken, preview, on_request } = photo;
        Self { item, name, kind: Kind::Photo { width, height, taken }, bytes, preview, on_request }
    }
}

impl From<&File> for About {
    fn from(file: &File) -> Self {
        let &File { item, ref name, kind, bytes, .. } = file;
        Self { item, name: name.clone(), kind, bytes, preview: None, on_request: true }
    }
}

impl Shelf {
    pub(crate) fn new(me: PeerId) -> Self {
        Self { me, order: Vec::new(), items: LiteMap::new(), is_short_of_reads: false }
    }

    /// Takes a photo and asks for its first hashes. False when the shelf is full or has this item already.
    pub(crate) fn put_photo(&mut self, photo: Photo, out: &mut Outputs) -> bool {
        let original = if photo.on_request { Original::Kept } else { Original::Here };
        self.put(About::from(photo), original, out)
    }

    /// Takes a file, of which nothing is read before somebody wants it.
    pub(crate) fn put_file(&mut self, file: &File, out: &mut Outputs) -> bool {
        let original = if file.is_here { Original::Here } else { Original::Missing };
        self.put(About::from(file), original, out)
    }

    fn put(&mut self, about: About, original: Original, out: &mut Outputs) -> bool {
        let (item, class) = (about.item, about.class());
        if self.items.contains_key(&item) {
            return false;
        }
        if self.is_full(class) {
            self.release(item, out);
            return false;
        }
        if let Some(length) = about.preview {
            let payload = PayloadId { owner: self.me, item, part: Part::Preview };
            out.push(Output::Hash { payload, offset: 0, length });
        }
        let mut new = Shelved {
            about,
            exact: PayloadId { owner: self.me, item, part: Part::Exact },
            preview_hash: None,
            hashes: Vec::new(),
            known: 0,
            asked: 0,
            original,
            at_hand: AtHand::default(),
            hashing: Vec::new(),
            holds: false,
        };
        if class != Class::File {
            new.ask_up_to(1, out);
        }
        self.items.insert(item, new);
        self.order.push(item);
        true
    }

    /// Whether there is no room for one more of its class.
    pub(crate) fn is_full(&self, class: Class) -> bool {
        self.items(class).len() >= class.most()
    }

    pub(crate) fn has_originals(&self) -> bool {
        self.items.values().any(|item| item.about.class() != Class::Photo)
    }

    /// Has those originals at hand that are `needed`, and no others; and of files those pieces.
    pub(crate) fn settle(&mut self, needed: &[(ItemId, u32)], out: &mut Outputs) {
        let is_needed = |id: ItemId| needed.iter().any(|(item, _)| *item == id);
        for (id, item) in &mut self.items {
            match (item.about.class(), item.original) {
                (Class::Held, Original::Kept) if is_needed(*id) => {
                    item.original = Original::Coming;
                    out.push(Output::Load(item.exact));
                }
                (Class::Held, Original::Here) if !is_needed(*id) => item.unload(out),
                (Class::File, _) => {
                    let goes = |index: u32| {
                        needed.iter().any(|(item, first)| item == id && (*first..=first + 1).contains(&index))
                    };
                    let idle = item.at_hand.let_go(goes);
                    item.let_go(idle, out);
                }
                _ => {}
            }
        }
    }

    /// How many more pieces of files may be read.
    pub(super) fn reads(&self) -> Reads {
        Reads::beside(self.items.values().map(Shelved::reading).sum())
    }

    /// What was to be read, and is not, waits.
    pub(super) fn note(&mut self, reads: &Reads) {
        self.is_short_of_reads |= reads.is_short;
    }

    /// Whether something waited to be read, and may be now.
    pub(crate) fn may_read_again(&mut self) -> bool {
        self.is_short_of_reads && self.reads().are_free() && std::mem::take(&mut self.is_short_of_reads)
    }

    /// An original is at hand.
    pub(crate) fn loaded(&mut self, payload: PayloadId) {
        if let Some(item) = self.items.get_mut(&payload.item).filter(|item| item.original == Original::Coming)
        {
            item.original = Original::Here;
        }
    }

    /// A hash that was asked for.
    pub(crate) fn hashed(&mut self, payload: PayloadId, offset: u64, digest: Digest) -> Result<(), Changed> {
        let Some(item) = self.items.get_mut(&payload.item) else { return Ok(()) };
        match payload.part {
            Part::Preview => item.preview_hash = Some(digest),
            Part::Exact => {
                let index = (offset / u64::from(PIECE_BYTES)) as u32;
                item.hashing.retain(|hashing| *hashing != index);
                return item.learn(index, digest);
            }
        }
        Ok(())
    }

    /// A piece of a file is at hand.
    pub(crate) fn fetched(
        &mut self,
        payload: PayloadId,
        offset: u64,
        digest: Digest,
        out: &mut Outputs,
    ) -> Result<(), Changed> {
        let index = (offset / u64::from(PIECE_BYTES)) as u32;
        if let Some(item) = self.items.get_mut(&payload.item)
            && item.at_hand.read(index)
        {
            return item.learn(index, digest);
        }
        out.push(Output::LetGo { payload, offset });
        Ok(())
    }

    /// A file's bytes cannot be read any more, until [`Shelf::supply`]. False for what is no file, or known already.
    pub(crate) fn lose(&mut self, item: ItemId, out: &mut Outputs) -> bool {
        let Some(item) = self.items.get_mut(&item).filter(|item| item.original == Original::Here) else {
            return false;
        };
        if item.about.class() != Class::File {
            return false;
        }
        item.original = Original::Missing;
        item.hashing.clear();
        let read = item.at_hand.clear();
        item.let_go(read, out);
        true
    }

    /// They can be read again, and may be others: no hash of before counts.
    pub(crate) fn supply(&mut self, item: ItemId) -> bool {
        let missing = self.items.get_mut(&item).filter(|item| item.original == Original::Missing);
        let Some(item) = missing else { return false };
        item.original = Original::Here;
        item.hashes.clear();
        item.known = 0;
        true
    }

    /// Our person stops a file, or lets it go on. False where that changes nothing.
    pub(crate) fn hold(&mut self, item: ItemId, holds: bool) -> bool {
        let Some(item) = self.items.get_mut(&item).filter(|item| item.about.class() == Class::File) else {
            return false;
        };
        std::mem::replace(&mut item.holds, holds) != holds
    }

    pub(crate) fn is_file(&self, item: ItemId) -> bool {
        self.items.get(&item).is_some_and(|item| item.about.class() == Class::File)
    }

    /// Nobody waits for it any more.
    pub(crate) fn remove(&mut self, item: ItemId, out: &mut Outputs) {
        if self.items.remove(&item).is_some() {
            self.order.retain(|known| *known != item);
            self.release(item, out);
        }
    }

    pub(crate) fn release(&self, item: ItemId, out: &mut Outputs) {
        for part in [Part::Preview, Part::Exact] {
            out.push(Output::Release(PayloadId { owner: self.me, item, part }));
        }
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<ItemId> {
        self.order.clone()
    }

    /// Those of one class; oldest first.
    pub(crate) fn items(&self, class: Class) -> Vec<ItemId> {
        let is_such = |id: &&ItemId| self.get(**id).is_some_and(|item| item.about.class() == class);
        self.order.iter().filter(is_such).copied().collect()
    }

    pub(super) fn get(&self, item: ItemId) -> Option<&Shelved> {
        self.items.get(&item)
    }

    pub(super) fn get_mut(&mut self, item: ItemId) -> Option<&mut Shelved> {
        self.items.get_mut(&item)
    }
}

impl Shelved {
    pub(super) fn pieces(&self) -> u32 {
        self.about.bytes.div_ceil(u64::from(PIECE_BYTES)) as u32
    }

    /// Pieces of it that are being read.
    fn reading(&self) -> usize {
        self.at_hand.reading() + self.hashing.len()
    }

    pub(super) fn piece_length(&self, index: u32) -> u32 {
        let start = u64::from(index) * u64::from(PIECE_BYTES);
        self.about.bytes.saturating_sub(start).min(u64::from(PIECE_BYTES)) as u32
    }

    pub(super) fn is_file(&self) -> bool {
        self.about.class() == Class::File
    }

    /// Gives the bytes back. Hashes that were asked for may never come.
    fn unload(&mut self, out: &mut Outputs) {
        self.original = Original::Kept;
        self.asked = self.known;
        out.push(Output::Unload(self.exact));
    }

    fn let_go(&self, pieces: Vec<u32>, out: &mut Outputs) {
        for index in pieces {
            out.push(Output::LetGo { payload: self.exact, offset: start_of(index) });
        }
    }

    /// Whether the exact bytes are at hand, or can be read.
    pub(super) fn is_here(&self) -> bool {
        self.original == Original::Here
    }

    /// Whether the person has to choose the file again.
    pub(super) fn is_missing(&self) -> bool {
        self.original == Original::Missing
    }

    /// Whether nothing of it goes to anybody.
    pub(super) fn is_held_up(&self) -> bool {
        self.holds || self.is_missing()
    }

    fn learn(&mut self, index: u32, digest: Digest) -> Result<(), Changed> {
        let place = index as usize;
        if index >= self.pieces() {
            return Ok(());
        }
        if self.hashes.len() <= place {
            self.hashes.resize(place + 1, None);
        }
        match self.hashes[place].replace(digest) {
            Some(before) if before != digest => {
                self.hashes[place] = Some(before);
                Err(Changed)
            }
            _ => {
                while self.is_known(self.known) {
                    self.known += 1;
                }
                Ok(())
            }
        }
    }

    fn is_known(&self, index: u32) -> bool {
        self.hashes.get(index as usize).is_some_and(Option::is_some)
    }

    /// The hash of a piece that can be sent now. If it cannot, it is asked for, and so is the next one.
    pub(super) fn piece(&mut self, index: u32, reads: &mut Reads, out: &mut Outputs) -> Option<Digest> {
        if self.is_file() {
            for next in index..self.pieces().min(index.saturating_add(2)) {
                if self.at_hand.wants(next, reads) {
                    let length = self.piece_length(next);
                    out.push(Output::Fetch { payload: self.exact, offset: start_of(next), length });
                }
            }
            if !self.at_hand.has(index) {
                return None;
            }
        } else {
            self.ask_up_to(index.saturating_add(2), out);
        }
        self.hashes.get(index as usize).copied().flatten()
    }

    /// The root over all pieces, once all their hashes are known. Asks for those that are missing.
    pub(super) fn root(&mut self, reads: &mut Reads, out: &mut Outputs) -> Option<Digest> {
        self.root_of(self.pieces(), reads, out)
    }

    /// The root over the first of its pieces.
    pub(super) fn root_of(&mut self, pieces: u32, reads: &mut Reads, out: &mut Outputs) -> Option<Digest> {
        let pieces = pieces.min(self.pieces());
        if self.is_file() {
            self.hash_up_to(pieces, reads, out);
        } else {
            self.ask_up_to(pieces, out);
        }
        self.known_root(pieces)
    }

    /// The same, if they are all known.
    pub(super) fn known_root(&self, pieces: u32) -> Option<Digest> {
        let known = self.hashes.get(..pieces as usize).filter(|_| self.known >= pieces)?;
        Some(piece_root(known.iter().flatten()))
    }

    fn ask_up_to(&mut self, pieces: u32, out: &mut Outputs) {
        if self.original != Original::Here {
            return;
        }
        while self.asked < pieces.min(self.pieces()) {
            let index = self.asked;
            let (offset, length) = (start_of(index), self.piece_length(index));
            out.push(Output::Hash { payload: self.exact, offset, length });
            self.asked += 1;
        }
    }

    /// The same of a file: a few at a time, since each is read for it.
    fn hash_up_to(&mut self, pieces: u32, reads: &mut Reads, out: &mut Outputs) {
        if self.original != Original::Here {
            return;
        }
        let free = MAX_HASHING.saturating_sub(self.hashing.len());
        let unknown =
            (self.known..pieces).filter(|index| !self.is_known(*index) && !self.hashing.contains(index));
        for index in unknown.take(free).take_while(|_| reads.one_more()).collect::<Vec<_>>() {
            self.hashing.push(index);
            let (offset, length) = (start_of(index), self.piece_length(index));
            out.push(Output::Hash { payload: self.exact, offset, length });
        }
    }

    /// The offer, once the preview's hash is known.
    pub(super) fn offer(&self, resumes: bool) -> Option<Offer> {
        let preview = match self.about.preview {
            None => None,
            Some(bytes) => Some(Preview { bytes, sha256: self.preview_hash? }),
        };
        let About { item, ref name, kind, bytes, on_request, .. } = self.about;
        Some(Offer { item, name: name.clone(), bytes, kind, preview, resumes, on_request })
    }
}

fn start_of(piece: u32) -> u64 {
    u64::from(piece) * u64::from(PIECE_BYTES)
}
