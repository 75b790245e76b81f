//! Items of ours that somebody still waits for.

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{PIECE_BYTES, Part},
    control::{Kind, Offer, Preview},
};

use super::item::piece_root;
use crate::{
    io::{Output, PayloadId, Photo},
    outputs::Outputs,
};

/// Items that are not yet with all their recipients. Each may hold 64 MiB.
pub(crate) const MAX_SHELF_ITEMS: usize = 32;

/// Items of which the exact part is kept until somebody asks for it: two long bursts. A preview of each is in memory.
pub(crate) const MAX_HELD_ITEMS: usize = 100;

/// Items that somebody still waits for, and the hashes of their pieces, which all recipients share.
#[derive(Debug)]
pub(crate) struct Shelf {
    me: PeerId,
    /// In the order in which they were put here.
    order: Vec<ItemId>,
    items: LiteMap<ItemId, Shelved>,
}

#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) photo: Photo,
    pub(super) exact: PayloadId,
    pub(super) preview_hash: Option<Digest>,
    /// Hashes of the exact part's pieces, as far as they are known: a driver may answer in any order.
    hashes: Vec<Option<Digest>>,
    /// Pieces whose hashes were asked for.
    asked: u32,
    original: Original,
}

/// Where the exact bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Original {
    /// At hand, always so for what is not sent on request.
    Here,
    /// On their way to where they are at hand.
    Coming,
    /// Wherever the driver keeps them.
    Kept,
}

impl Shelf {
    pub(crate) fn new(me: PeerId) -> Self {
        Self { me, order: Vec::new(), items: LiteMap::new() }
    }

    /// Takes a photo and asks for its first hashes. False when the shelf is full or has this item already.
    pub(crate) fn put(&mut self, photo: Photo, out: &mut Outputs) -> bool {
        let item = photo.item;
        if self.items.contains_key(&item) {
            return false;
        }
        if self.is_full(photo.on_request) {
            self.release(item, out);
            return false;
        }
        if let Some(length) = photo.preview {
            let payload = PayloadId { owner: self.me, item, part: Part::Preview };
            out.push(Output::Hash { payload, offset: 0, length });
        }
        let exact = PayloadId { owner: self.me, item, part: Part::Exact };
        let original = if photo.on_request { Original::Kept } else { Original::Here };
        let mut new = Shelved { photo, exact, preview_hash: None, hashes: Vec::new(), asked: 0, original };
        new.hashes = vec![None; new.pieces() as usize];
        new.ask_up_to(1, out);
        self.items.insert(item, new);
        self.order.push(item);
        true
    }

    /// Whether there is no room for one more of its kind.
    pub(crate) fn is_full(&self, on_request: bool) -> bool {
        self.items(on_request).len() >= most_items(on_request)
    }

    pub(crate) fn has_originals(&self) -> bool {
        self.items.values().any(|item| item.photo.on_request)
    }

    /// Has those originals at hand that are `needed`, and no others.
    pub(crate) fn settle(&mut self, needed: &[ItemId], out: &mut Outputs) {
        for (id, item) in self.items.iter_mut().filter(|(_, item)| item.photo.on_request) {
            match (needed.contains(id), item.original) {
                (true, Original::Kept) => {
                    item.original = Original::Coming;
                    out.push(Output::Load(item.exact));
                }
                (false, Original::Here) => item.unload(out),
                _ => {}
            }
        }
    }

    /// An original is at hand.
    pub(crate) fn loaded(&mut self, payload: PayloadId) {
        if let Some(item) = self.items.get_mut(&payload.item).filter(|item| item.original == Original::Coming)
        {
            item.original = Original::Here;
        }
    }

    /// A hash that was asked for.
    pub(crate) fn hashed(&mut self, payload: PayloadId, offset: u64, digest: Digest) {
        let Some(item) = self.items.get_mut(&payload.item) else { return };
        match payload.part {
            Part::Preview => item.preview_hash = Some(digest),
            Part::Exact => {
                let index = (offset / u64::from(PIECE_BYTES)) as usize;
                if let Some(hash) = item.hashes.get_mut(index) {
                    *hash = Some(digest);
                }
            }
        }
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

    /// Those that are sent on request, or those that are not; oldest first.
    pub(crate) fn items(&self, on_request: bool) -> Vec<ItemId> {
        let is_such = |id: &&ItemId| self.get(**id).is_some_and(|item| item.photo.on_request == on_request);
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
    fn pieces(&self) -> u32 {
        self.photo.bytes().div_ceil(u64::from(PIECE_BYTES)) as u32
    }

    pub(super) fn piece_length(&self, index: u32) -> u32 {
        let start = u64::from(index) * u64::from(PIECE_BYTES);
        (self.photo.bytes() - start).min(u64::from(PIECE_BYTES)) as u32
    }

    /// Gives the bytes back. Hashes that were asked for may never come.
    fn unload(&mut self, out: &mut Outputs) {
        self.original = Original::Kept;
        self.asked = self.hashes.iter().take_while(|hash| hash.is_some()).count() as u32;
        out.push(Output::Unload(self.exact));
    }

    /// Whether the exact bytes are at hand.
    pub(super) fn is_here(&self) -> bool {
        self.original == Original::Here
    }

    /// The hash of a piece, once it is known. Asks for it, and for the next one's.
    pub(super) fn hash(&mut self, index: u32, out: &mut Outputs) -> Option<Digest> {
        self.ask_up_to(index.saturating_add(2), out);
        self.hashes.get(index as usize).copied().flatten()
    }

    /// The root over all pieces, once all their hashes are known. Asks for those that are missing.
    pub(super) fn root(&mut self, out: &mut Outputs) -> Option<Digest> {
        self.ask_up_to(u32::MAX, out);
        let hashes: Option<Vec<Digest>> = self.hashes.iter().copied().collect();
        Some(piece_root(hashes?.iter()))
    }

    fn ask_up_to(&mut self, pieces: u32, out: &mut Outputs) {
        if self.original != Original::Here {
            return;
        }
        while self.asked < pieces.min(self.pieces()) {
            let index = self.asked;
            out.push(Output::Hash {
                payload: self.exact,
                offset: u64::from(index) * u64::from(PIECE_BYTES),
                length: self.piece_length(index),
            });
            self.asked += 1;
        }
    }

    /// The offer, once the preview's hash is known.
    pub(super) fn offer(&self, resumes: bool) -> Option<Offer> {
        let preview = match self.photo.preview {
            None => None,
            Some(bytes) => Some(Preview { bytes, sha256: self.preview_hash? }),
        };
        let Photo { item, ref name, width, height, taken, on_request, .. } = self.photo;
        let kind = Kind::Photo { width, height, taken };
        Some(Offer {
            item,
            name: name.clone(),
            bytes: self.photo.bytes(),
            kind,
            preview,
            resumes,
            on_request,
        })
    }
}

/// How many items there may be that are sent on request, or that are not.
pub(super) const fn most_items(on_request: bool) -> usize {
    if on_request { MAX_HELD_ITEMS } else { MAX_SHELF_ITEMS }
}
