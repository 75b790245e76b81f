//! One photo of somebody else: what there is of it, and the canvases that show it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::channel::oneshot;
use leptos::prelude::{ArcRwSignal, GetUntracked, Update};

use super::{
    original::{Keepsake, Kept, Original},
    view::{PhotoKey, PhotoView, Shows},
};
use crate::browser::{
    Bitmap, Blob, Canvas, Payload, Picture, Watch, page,
    task::{self, Task},
};

/// Longest side of a canvas that shows a preview, in pixels, whatever size the photo is said to have: a canvas
/// takes four bytes a pixel, and a sender may never send the rest.
const PREVIEW_SIDE: u32 = 960;

/// Longest side of a thumbnail in pixels.
const THUMBNAIL_SIDE: u32 = 384;

pub(super) struct Photo {
    pub(super) key: PhotoKey,
    pub(super) view: ArcRwSignal<PhotoView>,
    pub(super) original: Original,
    /// A JPEG, until the exact pixels are there.
    preview: Option<Payload>,
    canvas: Option<Canvas>,
    watch: Option<Watch>,
    /// Whether the canvas is on the screen, or near.
    is_seen: Rc<Cell<bool>>,
    /// Whether the canvas is to hold the exact pixels, and not a thumbnail.
    is_exact: bool,
    /// A JPEG of what the canvas shows when it does not show exact pixels.
    thumbnail: Rc<RefCell<Option<Blob>>>,
    encoding: Option<Task>,
    /// Decodes for the canvas.
    painting: Option<Task>,
    /// Where that waits for the canvas to come into the page.
    awaited: Option<oneshot::Sender<Canvas>>,
}

impl Photo {
    pub(super) fn new(key: PhotoKey, view: ArcRwSignal<PhotoView>) -> Self {
        Self {
            key,
            view,
            original: Original::default(),
            preview: None,
            canvas: None,
            watch: None,
            is_seen: Rc::new(Cell::new(true)),
            is_exact: false,
            thumbnail: Rc::default(),
            encoding: None,
            painting: None,
            awaited: None,
        }
    }

    /// Its JPEG came.
    pub(super) fn show_preview(&mut self, preview: Payload) {
        self.preview = Some(preview);
        self.paint();
    }

    /// Its pixels came.
    pub(super) fn show_exact(&mut self, pixels: Payload) {
        let PhotoView { width, height, .. } = self.view.get_untracked();
        self.original.keep(Kept::Pixels(Picture { width, height, pixels }));
        self.preview = None;
        self.is_exact = true;
        self.paint();
    }

    /// The rest will not come: what shows is small enough to stay.
    pub(super) fn give_up(&mut self) {
        self.paint_preview(THUMBNAIL_SIDE);
    }

    /// Others are newer: the canvas gives most of its memory back.
    pub(super) fn shrink(&mut self) {
        self.is_exact = false;
        self.painting = None;
        let (width, height) = self.size(THUMBNAIL_SIDE);
        match self.canvas.as_ref().map(|canvas| canvas.shrink(width, height)) {
            Some(Ok(encoding)) if self.shows() == Shows::Exact => {
                self.view.update(|view| view.shows = Shows::Preview);
                let thumbnail = self.thumbnail.clone();
                self.encoding = Some(task::spawn(async move {
                    // Without one it is made of the original each time.
                    *thumbnail.borrow_mut() = encoding.await.ok();
                }));
                self.on_seen(self.is_seen.get());
            }
            _ => self.paint(),
        }
    }

    /// Its canvas came into the page or left it.
    pub(super) fn attach(&mut self, canvas: Option<Canvas>, on_seen: impl FnMut(bool) + 'static) {
        self.watch = canvas.as_ref().map(|canvas| canvas.watch(on_seen));
        self.canvas.clone_from(&canvas);
        self.is_seen.set(true);
        self.view.update(|view| view.shows = Shows::Nothing);
        let awaited = self.awaited.take();
        let Some(canvas) = canvas else { return };
        let is_awaited = awaited.is_some_and(|awaited| awaited.send(canvas).is_ok());
        if !is_awaited {
            self.paint();
        }
    }

    /// A thumbnail takes memory as long as it is on the screen.
    pub(super) fn on_seen(&mut self, seen: bool) {
        let was_seen = self.is_seen.replace(seen);
        if self.is_exact || self.original.kept().is_none() && !self.is_on_request() {
            return;
        }
        if !seen && let Some(canvas) = &self.canvas {
            // A preview that is being painted for the first time came: that is told, wherever the canvas is.
            let is_first = self.shows() == Shows::Nothing && self.original.kept().is_none();
            if !is_first {
                self.painting = None;
                canvas.clear();
            }
        } else if seen && !was_seen {
            self.paint();
        }
    }

    /// Shows the best there is in another canvas: at once what the trail shows, and then all pixels, in a task.
    pub(super) fn paint_large(&self, large: &Canvas) -> Option<Task> {
        let shows = self.shows();
        let own =
            self.canvas.as_ref().filter(|_| shows != Shows::Nothing && (self.is_seen.get() || self.is_exact));
        let is_copied = own.is_some_and(|own| large.copy(own).is_ok());
        if !is_copied {
            // Nothing of the photo that was there before.
            large.clear();
        } else if shows == Shows::Exact {
            return None;
        }
        let large = large.clone();
        // What the browser cannot decode it does not show.
        if let Some(kept) = self.original.kept() {
            let (width, height) = self.size(u32::MAX);
            return Some(task::spawn(async move {
                let _ = kept.paint(&large, width, height).await;
            }));
        }
        let (preview, (width, height)) = (self.preview.clone()?, self.size(PREVIEW_SIDE));
        Some(task::spawn(async move {
            let _ = large.paint_jpeg(&preview, width, height).await;
        }))
    }

    /// Shows the best there is.
    fn paint(&mut self) {
        let Some(kept) = self.original.kept() else {
            let side = if self.is_on_request() { THUMBNAIL_SIDE } else { PREVIEW_SIDE };
            return self.paint_preview(side);
        };
        // A preview that is still being decoded, or waits for the canvas, comes too late.
        (self.painting, self.awaited) = (None, None);
        let Some(canvas) = self.canvas.clone() else { return };
        let (item, view, is_exact) = (self.key.item, self.view.clone(), self.is_exact);
        let shown = move || {
            if is_exact {
                page::mark(&format!("photo:{item}:exact"));
            }
            view.update(|view| view.shows = if is_exact { Shows::Exact } else { Shows::Preview });
        };
        match kept {
            Kept::Pixels(picture) if is_exact => {
                if canvas.paint(&picture).is_ok() {
                    shown();
                }
            }
            kept => {
                let (width, height) = self.size(if is_exact { u32::MAX } else { THUMBNAIL_SIDE });
                let thumbnail = self.thumbnail.borrow().clone().filter(|_| !is_exact);
                self.painting = Some(task::spawn(async move {
                    let kept = thumbnail.map_or(kept, Kept::Encoded);
                    if kept.paint(&canvas, width, height).await.is_ok() {
                        shown();
                    }
                }));
            }
        }
    }

    /// Shows the preview, with `side` pixels on its longer side, unless there is something better.
    fn paint_preview(&mut self, side: u32) {
        if self.original.kept().is_some() || self.shows() != Shows::Nothing && side == PREVIEW_SIDE {
            return;
        }
        let Some(preview) = self.preview.clone() else { return };
        // It is decoded while the page makes room for it.
        let (awaited, attached) = oneshot::channel();
        match self.canvas.clone() {
            Some(canvas) => drop(awaited.send(canvas)),
            None => self.awaited = Some(awaited),
        }
        let (item, view, (width, height)) = (self.key.item, self.view.clone(), self.size(side));
        let (is_seen, is_on_request) = (self.is_seen.clone(), self.is_on_request());
        self.painting = Some(task::spawn(async move {
            // What the browser cannot decode it does not show; the exact pixels follow.
            let bitmap = Bitmap::of_jpeg(&preview).await;
            let Ok(canvas) = attached.await else { return };
            let is_painted = bitmap.and_then(|bitmap| canvas.draw_bitmap(&bitmap, width, height)).is_ok();
            if is_painted && view.get_untracked().shows == Shows::Nothing {
                page::mark(&format!("photo:{item}:preview"));
                view.update(|view| view.shows = Shows::Preview);
            }
            if is_on_request && !is_seen.get() {
                canvas.clear();
            }
        }));
    }

    /// What a person gets who saves it.
    pub(super) fn keepsake(&self) -> Keepsake {
        Keepsake {
            original: self.original.clone(),
            jpeg: self.preview.clone().filter(|_| self.is_on_request()),
        }
    }

    /// Its preview may be all that ever comes: it stays as small as an old photo.
    fn is_on_request(&self) -> bool {
        self.view.get_untracked().on_request
    }

    fn shows(&self) -> Shows {
        self.view.get_untracked().shows
    }

    /// Its size, or one with the same proportions and at most `side` pixels on its longer side.
    fn size(&self, side: u32) -> (u32, u32) {
        let PhotoView { width, height, .. } = self.view.get_untracked();
        let longer = width.max(height).max(1);
        let scale = |length: u32| u64::from(length) * u64::from(side.min(longer)) / u64::from(longer);
        (scale(width).max(1) as u32, scale(height).max(1) as u32)
    }
}
