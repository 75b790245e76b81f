//! Photos of others: what has come of each, and the canvas that shows it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use leptos::prelude::{ArcRwSignal, GetUntracked, Set, Update};
use snaproom_protocol::{ItemId, bulk::Part, control::Kind};
use snaproom_session::io::Incoming;

use super::{
    handle::{Entry, Failure, Notice, PhotoKey, PhotoView, RoomView, Shows, TransferState},
    inbox::{Happened, Inbox},
};
use crate::browser::{
    Blob, Canvas, Error, Payload, Picture, page, save,
    task::{self, Task},
};

/// Photos that keep their exact pixels in memory: more than a screen shows. An older one is stored as a PNG,
/// and its canvas shows a thumbnail.
const FULL_SIZE_PHOTOS: usize = 8;

/// Longest side of a canvas that shows a preview, in pixels, whatever size the photo is said to have: a canvas
/// takes four bytes a pixel, and a sender may never send the rest.
const PREVIEW_SIDE: u32 = 960;

/// Longest side of a thumbnail in pixels, and most bytes of its JPEG.
const THUMBNAIL_SIDE: u32 = 480;
const THUMBNAIL_BYTES: u32 = 64 * 1024;

/// Photos in the trail; the oldest goes when one more comes.
const MAX_PHOTOS: usize = 300;

/// The trail.
pub(super) struct Gallery {
    view: RoomView,
    inbox: Inbox,
    photos: BTreeMap<PhotoKey, Photo>,
    /// Exact pixels in memory, oldest first.
    full_size: VecDeque<PhotoKey>,
}

struct Photo {
    view: ArcRwSignal<PhotoView>,
    canvas: Option<Canvas>,
    kept: Rc<RefCell<Kept>>,
    /// Decodes a preview, or stores the pixels.
    working: Option<Task>,
}

/// What there is of a photo.
#[derive(Default)]
struct Kept {
    preview: Option<Payload>,
    exact: Option<Picture>,
    stored: Option<Blob>,
}

impl Gallery {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self { view, inbox, photos: BTreeMap::new(), full_size: VecDeque::new() }
    }

    /// A photo comes, or comes on.
    pub(super) fn on_incoming(&mut self, incoming: &Incoming) {
        let key = PhotoKey { owner: incoming.from, item: incoming.item };
        let Kind::Photo { width, height, taken } = incoming.kind;
        if let Some(photo) = self.photos.get_mut(&key) {
            photo.view.update(|view| {
                let &Incoming { bytes, total, state, .. } = incoming;
                *view = PhotoView { width, height, taken, bytes, total, state, shows: view.shows };
            });
            if incoming.state.is_in_vain() {
                photo.paint_preview(key.item, THUMBNAIL_SIDE);
            }
            return;
        }
        if let TransferState::Failed(Failure::Refused(reason)) = incoming.state {
            // Refused before anything of it came: nothing of it is shown, not even its size.
            return self.view.notice.set(Some(Notice::PhotoRefused { from: incoming.from, reason }));
        }
        let view = ArcRwSignal::new(PhotoView {
            width,
            height,
            taken,
            bytes: incoming.bytes,
            total: incoming.total,
            state: incoming.state,
            shows: Shows::Nothing,
        });
        let photo = Photo { view: view.clone(), canvas: None, kept: Rc::default(), working: None };
        self.photos.insert(key, photo);
        let mut oldest = None;
        self.view.trail.update(|trail| {
            trail.insert(0, Entry { key, view });
            if trail.len() > MAX_PHOTOS {
                oldest = trail.pop().map(|entry| entry.key);
            }
        });
        if let Some(oldest) = oldest {
            self.photos.remove(&oldest);
            self.full_size.retain(|key| *key != oldest);
        }
    }

    /// Checked bytes may be shown.
    pub(super) fn show(&mut self, key: PhotoKey, part: Part, payload: Payload) {
        let Some(photo) = self.photos.get_mut(&key) else { return };
        match part {
            Part::Preview => photo.kept.borrow_mut().preview = Some(payload),
            Part::Exact => {
                let PhotoView { width, height, .. } = photo.view.get_untracked();
                let mut kept = photo.kept.borrow_mut();
                kept.exact = Some(Picture { width, height, pixels: payload });
                kept.preview = None;
                self.full_size.push_back(key);
            }
        }
        photo.paint(key.item);
        if self.full_size.len() > FULL_SIZE_PHOTOS
            && let Some(oldest) = self.full_size.pop_front()
            && let Some(photo) = self.photos.get_mut(&oldest)
        {
            photo.store();
        }
    }

    /// The photo's canvas came into the page or left it.
    pub(super) fn attach(&mut self, key: PhotoKey, canvas: Option<Canvas>) {
        if let Some(photo) = self.photos.get_mut(&key) {
            photo.canvas = canvas;
            photo.view.update(|view| view.shows = Shows::Nothing);
            photo.paint(key.item);
        }
    }

    /// Gives a photo to the person as a PNG.
    pub(super) fn save(&self, key: PhotoKey) -> Option<Task> {
        let photo = self.photos.get(&key)?;
        // Not by the name that the sender gave it: what is saved is our PNG, whatever that name ends in.
        let name = file_name(photo.view.get_untracked().taken);
        let (kept, inbox) = (photo.kept.clone(), self.inbox.clone());
        Some(task::spawn(async move {
            if let Err(error) = save_as_png(&kept, &name).await {
                inbox.push(Happened::Notice(Notice::SaveFailed(error.to_string())));
            }
        }))
    }

    /// The room was left.
    pub(super) fn clear(&mut self) {
        self.photos.clear();
        self.full_size.clear();
    }
}

impl Photo {
    /// Shows the best there is.
    fn paint(&mut self, item: ItemId) {
        let Some(canvas) = &self.canvas else { return };
        let kept = self.kept.borrow();
        if let Some(exact) = &kept.exact {
            // A preview that is still being decoded comes too late.
            self.working = None;
            if canvas.paint(exact).is_ok() {
                page::mark(&format!("photo:{item}:exact"));
                self.view.update(|view| view.shows = Shows::Exact);
            }
        } else if self.view.get_untracked().shows == Shows::Nothing {
            drop(kept);
            self.paint_preview(item, PREVIEW_SIDE);
        }
    }

    /// Shows the preview, with `side` pixels on its longer side, unless there is something better.
    fn paint_preview(&mut self, item: ItemId, side: u32) {
        let kept = self.kept.borrow();
        let (Some(canvas), Some(preview), None) = (&self.canvas, &kept.preview, &kept.exact) else { return };
        let (preview, canvas, view) = (preview.clone(), canvas.clone(), self.view.clone());
        let PhotoView { width, height, .. } = view.get_untracked();
        let (width, height) = scaled((width, height), side);
        self.working = Some(task::spawn(async move {
            // What the browser cannot decode it does not show; the exact pixels follow.
            if canvas.paint_jpeg(&preview, width, height).await.is_err() {
                return;
            }
            if view.get_untracked().shows == Shows::Nothing {
                page::mark(&format!("photo:{item}:preview"));
                view.update(|view| view.shows = Shows::Preview);
            }
        }));
    }

    /// Turns exact pixels in memory into a PNG that the browser keeps, and a thumbnail.
    fn store(&mut self) {
        let Some(picture) = self.kept.borrow().exact.clone() else { return };
        let (kept, canvas, view) = (self.kept.clone(), self.canvas.clone(), self.view.clone());
        self.working = Some(task::spawn(async move {
            // Without room for a PNG or a thumbnail the pixels stay in memory: nothing is lost.
            let (Ok(png), Ok(thumbnail)) =
                (picture.png().await, picture.jpeg(THUMBNAIL_SIDE, THUMBNAIL_BYTES).await)
            else {
                return;
            };
            if let Some(canvas) = canvas {
                let (width, height) = scaled((picture.width, picture.height), THUMBNAIL_SIDE);
                if canvas.paint_jpeg(&thumbnail, width, height).await.is_err() {
                    return;
                }
            }
            *kept.borrow_mut() = Kept { preview: Some(thumbnail), exact: None, stored: Some(png) };
            view.update(|view| view.shows = Shows::Preview);
        }));
    }
}

async fn save_as_png(kept: &RefCell<Kept>, name: &str) -> Result<(), Error> {
    let (stored, exact) = {
        let kept = kept.borrow();
        (kept.stored.clone(), kept.exact.clone())
    };
    match (stored, exact) {
        (Some(png), _) => save(&png, name),
        (None, Some(picture)) => save(&picture.png().await?, name),
        (None, None) => Ok(()),
    }
}

/// A size with the same proportions and at most `side` pixels on its longer side.
fn scaled((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    let scale = |length: u32| u64::from(length) * u64::from(side.min(longer)) / u64::from(longer);
    (scale(width).max(1) as u32, scale(height).max(1) as u32)
}

/// A file name for a photo: when it was taken, by the person's clock.
pub(super) fn file_name(taken: u64) -> String {
    format!("snaproom-{}.png", page::date_and_time(taken))
}
