//! Exact pixels of photos of ours: those that wait until somebody asks for them, and those that all who were here have, for
//! who comes later.

use std::collections::VecDeque;

use litemap::LiteMap;
use snaproom_protocol::ItemId;
use snaproom_session::PayloadId;

use super::{
    inbox::{Happened, Inbox},
    original::{Encoder, Kept, Original},
};
use crate::browser::{
    Payload, Picture,
    task::{self, Task},
};

/// Photos that nobody here waits for any more.
const MAX_SHOWN: usize = 50;

/// They take no memory of the page, but for those that are on their way into it.
pub(super) struct Originals {
    inbox: Inbox,
    kept: LiteMap<ItemId, Mine>,
    /// Of those the ones that nobody waits for, oldest first.
    shown: VecDeque<ItemId>,
    encoder: Encoder,
    loading: LiteMap<PayloadId, Task>,
}

struct Mine {
    width: u32,
    height: u32,
    original: Original,
}

impl Originals {
    pub(super) fn new(inbox: Inbox) -> Self {
        Self {
            inbox,
            kept: LiteMap::new(),
            shown: VecDeque::new(),
            encoder: Encoder::default(),
            loading: LiteMap::new(),
        }
    }

    pub(super) fn keep(&mut self, item: ItemId, picture: Picture) {
        self.expect(item, picture.width, picture.height);
        self.put_away(item, picture.pixels);
    }

    /// The pixels of a photo for everybody are elsewhere for now, and are put away later.
    pub(super) fn expect(&mut self, item: ItemId, width: u32, height: u32) {
        self.kept.insert(item, Mine { width, height, original: Original::default() });
    }

    fn put_away(&mut self, item: ItemId, pixels: Payload) {
        let Some(Mine { width, height, original }) = self.kept.get(&item) else { return };
        original.keep(Kept::Pixels(Picture { width: *width, height: *height, pixels }));
        self.encoder.encode(original.clone());
    }

    /// Where the pixels are.
    pub(super) fn original(&self, item: ItemId) -> Option<Original> {
        self.kept.get(&item).map(|mine| mine.original.clone())
    }

    /// Brings the pixels back into memory; [`Happened::Loaded`] follows.
    pub(super) fn load(&mut self, payload: PayloadId) {
        let inbox = self.inbox.clone();
        let Some(Mine { width, height, original }) = self.kept.get(&payload.item) else { return };
        let (width, height, original) = (*width, *height, original.clone());
        let loading = task::spawn(async move {
            let picture = original.picture(width, height).await.ok().flatten();
            inbox.push(Happened::Loaded(payload, picture.map(|picture| picture.pixels)));
        });
        self.loading.insert(payload, loading);
    }

    /// It came into memory, or cannot. False when nobody wants it there any more.
    pub(super) fn has_loaded(&mut self, payload: PayloadId) -> bool {
        self.loading.remove(&payload).is_some()
    }

    /// Nobody who is here waits for it any more; `pixels` where they are in memory. Somebody who comes later may want it.
    pub(super) fn release(&mut self, payload: PayloadId, pixels: Option<Payload>) {
        let item = payload.item;
        self.loading.remove(&payload);
        let Some(mine) = self.kept.get(&item) else { return };
        if let Some(pixels) = pixels.filter(|_| mine.original.kept().is_none()) {
            self.put_away(item, pixels);
        }
        self.shown.push_back(item);
        if self.shown.len() > MAX_SHOWN {
            let oldest = self.shown.pop_front();
            oldest.map(|oldest| self.kept.remove(&oldest));
        }
    }

    /// It was taken back.
    pub(super) fn forget(&mut self, item: ItemId) {
        self.kept.remove(&item);
        self.shown.retain(|shown| *shown != item);
    }
}
