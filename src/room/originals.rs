//! Photos of ours whose exact pixels wait until somebody asks for them.

use litemap::LiteMap;
use snaproom_protocol::ItemId;
use snaproom_session::PayloadId;

use super::{
    inbox::{Happened, Inbox},
    original::{Encoder, Kept, Original},
};
use crate::browser::{
    Picture,
    task::{self, Task},
};

/// They take no memory of the page, but for those that are on their way into it.
pub(super) struct Originals {
    inbox: Inbox,
    kept: LiteMap<ItemId, Mine>,
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
        Self { inbox, kept: LiteMap::new(), encoder: Encoder::default(), loading: LiteMap::new() }
    }

    pub(super) fn keep(&mut self, item: ItemId, picture: Picture) {
        let Picture { width, height, .. } = picture;
        let original = Original::default();
        original.keep(Kept::Pixels(picture));
        self.encoder.encode(original.clone());
        self.kept.insert(item, Mine { width, height, original });
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

    /// Nobody asks for it any more.
    pub(super) fn forget(&mut self, payload: PayloadId) {
        self.loading.remove(&payload);
        self.kept.remove(&payload.item);
    }
}
