//! Photos of others: the trail, the one that is open large, and what a person keeps of them.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use leptos::prelude::{ArcRwSignal, GetUntracked, RwSignal, Set, Update, WithUntracked};
use litemap::LiteMap;
use snaproom_protocol::{bulk::Part, control::Kind};
use snaproom_session::io::Incoming;

use super::{
    album,
    inbox::{Happened, Inbox},
    original::{Encoder, Original},
    photo::Photo,
    view::{Entry, Failure, Notice, PhotoKey, PhotoView, RoomView, Saving, Shows, TransferState},
};
use crate::browser::{
    Canvas, Listener, Payload, page, save,
    task::{self, Task, unix_ms},
};

/// Bytes of all canvases that show exact pixels, the newest photo's alone excepted: two photos of 1920×1080, as a
/// canvas costs a browser up to four times its pixels. Older photos show a thumbnail.
const EXACT_BYTES: u64 = 16 * 1024 * 1024;

/// Photos in the trail; one makes way when one more comes.
const MAX_PHOTOS: usize = 300;

/// How long a photo may be on its way before it is listed without anything to be seen of it, in milliseconds. Most
/// previews are there sooner, and to draw a page with an empty place for it would only make them wait.
const LISTED_WITHIN_MS: u32 = 100;

/// The trail.
pub(super) struct Gallery {
    view: RoomView,
    inbox: Inbox,
    /// Oldest first.
    photos: Vec<Photo>,
    /// Those that are not in the list yet, and when they come into it.
    unlisted: LiteMap<PhotoKey, Task>,
    /// Those whose canvases show exact pixels, oldest first.
    exact: VecDeque<PhotoKey>,
    encoder: Encoder,
    large: Option<Large>,
    zipping: Option<Task>,
    /// Photos that nobody had saved when they made way; some may still be coming.
    away: VecDeque<PhotoKey>,
    leaving: Leaving,
}

/// Asks before the page is left, as long as a photo would be lost.
type Leaving = Rc<RefCell<Option<Listener>>>;

/// The canvas that shows a photo large.
struct Large {
    key: PhotoKey,
    canvas: Canvas,
    painting: Option<Task>,
}

impl Gallery {
    pub(super) fn new(view: RoomView, inbox: Inbox) -> Self {
        Self {
            view,
            inbox,
            photos: Vec::new(),
            unlisted: LiteMap::new(),
            exact: VecDeque::new(),
            encoder: Encoder::default(),
            large: None,
            zipping: None,
            away: VecDeque::new(),
            leaving: Leaving::default(),
        }
    }

    /// A photo comes, or comes on.
    pub(super) fn on_incoming(&mut self, incoming: &Incoming) {
        let &Incoming { from, item, bytes, total, state, kind, on_request, .. } = incoming;
        let key = PhotoKey { owner: from, item };
        let Kind::Photo { width, height, taken } = kind else { return };
        if let Some(photo) = self.photo_mut(key) {
            photo.view.update(|view| {
                // Where the preview was saved, the original is not.
                let saved = view.saved && state != TransferState::Verified;
                *view = PhotoView { width, height, taken, bytes, total, state, saved, ..view.clone() };
            });
            if state.is_in_vain() {
                photo.give_up();
            }
            if has_ended(state) {
                self.list(key);
                ask_before_leaving(self.view.trail, &self.leaving);
            }
            return;
        }
        if let TransferState::Failed(Failure::Refused(reason)) = state {
            // Refused before anything of it came: nothing of it is shown, not even its size.
            return self.view.notice.set(Some(Notice::PhotoRefused { from, reason }));
        }
        if has_ended(state) || self.away.contains(&key) {
            // It was removed, or made way.
            return;
        }
        if self.photos.len() >= MAX_PHOTOS {
            self.make_way();
        }
        let shows = Shows::Nothing;
        let view = ArcRwSignal::new(PhotoView {
            width,
            height,
            taken,
            on_request,
            bytes,
            total,
            state,
            shows,
            saved: false,
        });
        self.photos.push(Photo::new(key, view));
        let inbox = self.inbox.clone();
        let waiting = task::spawn(async move {
            task::sleep(LISTED_WITHIN_MS).await;
            inbox.push(Happened::Listed(key));
        });
        self.unlisted.insert(key, waiting);
    }

    /// Lists a photo, if it is not listed yet: there is something to be seen of it, or it has been coming for a while.
    pub(super) fn list(&mut self, key: PhotoKey) {
        if self.unlisted.remove(&key).is_none() {
            return;
        }
        let is_listed = |photo: &&Photo| !self.unlisted.contains_key(&photo.key);
        let newer = self.photos.iter().rev().take_while(|photo| photo.key != key).filter(is_listed).count();
        if let Some(view) = self.photo(key).map(|photo| photo.view.clone()) {
            self.view.trail.update(|trail| trail.insert(newer, Entry { key, view }));
        }
    }

    /// One photo less: the oldest that did not arrive, else the oldest that was saved, else the oldest.
    fn make_way(&mut self) {
        let oldest = |of: fn(&PhotoView) -> bool| {
            self.photos.iter().find(|photo| of(&photo.view.get_untracked())).map(|photo| photo.key)
        };
        if let Some(key) = oldest(|view| view.state.is_in_vain() && !view.can_be_saved())
            .or_else(|| oldest(|view| view.saved))
        {
            return self.forget(key);
        }
        let Some(key) = oldest(|_| true) else { return };
        if self.away.is_empty() {
            // Said once in a room.
            self.view.notice.set(Some(Notice::PhotoMadeWay));
        }
        if self.away.len() == MAX_PHOTOS {
            self.away.pop_front();
        }
        self.away.push_back(key);
        self.forget(key);
    }

    /// Checked bytes may be shown.
    pub(super) fn show(&mut self, key: PhotoKey, part: Part, payload: Payload) {
        let Some(photo) = self.photo_mut(key) else { return };
        match part {
            Part::Preview => photo.show_preview(payload),
            Part::Exact => {
                photo.show_exact(payload);
                let original = photo.original.clone();
                self.encoder.encode(original);
                self.exact.push_back(key);
                self.shrink_older();
            }
        }
        // Last: the browser decodes what the page makes room for.
        self.list(key);
        self.paint_large(key);
    }

    /// Its exact pixels, wherever they are.
    pub(super) fn original(&self, key: PhotoKey) -> Option<Original> {
        let photo = self.photo(key)?;
        photo.original.kept()?;
        Some(photo.original.clone())
    }

    /// A photo's canvas came into the page or left it.
    pub(super) fn attach(&mut self, key: PhotoKey, canvas: Option<Canvas>) {
        let inbox = self.inbox.clone();
        if let Some(photo) = self.photo_mut(key) {
            photo.attach(canvas, move |seen| inbox.push(Happened::Seen(key, seen)));
        }
    }

    /// A photo came onto the screen, or left it.
    pub(super) fn on_seen(&mut self, key: PhotoKey, seen: bool) {
        if let Some(photo) = self.photo_mut(key) {
            photo.on_seen(seen);
        }
    }

    /// The one canvas for a photo at its full size came into the page, shows another one, or left it.
    pub(super) fn attach_large(&mut self, key: PhotoKey, canvas: Option<Canvas>) {
        if let Some(canvas) = canvas {
            self.large = Some(Large { key, canvas, painting: None });
            self.paint_large(key);
        } else {
            self.clear_large(key);
        }
    }

    /// Takes a photo that has ended out of the trail.
    pub(super) fn remove(&mut self, key: PhotoKey) {
        if self.photo(key).is_some_and(|photo| has_ended(photo.view.get_untracked().state)) {
            self.forget(key);
        }
    }

    /// Gives a photo to the person as a PNG; as a JPEG where its sender keeps the original.
    pub(super) fn save(&self, key: PhotoKey) -> Option<Task> {
        let photo = self.photo(key)?;
        let (keepsake, view, inbox) = (photo.keepsake(), photo.view.clone(), self.inbox.clone());
        let (trail, leaving) = (self.view.trail, self.leaving.clone());
        Some(task::spawn(async move {
            // Not by the name that the sender gave it: what is saved is our PNG, whatever that name ends in.
            let taken = view.get_untracked().taken;
            let saved = keepsake.file().await.and_then(|file| {
                file.map(|(file, extension)| save(&file, &name_of_file(taken, extension))).transpose()
            });
            match saved {
                Ok(None) => {}
                Ok(Some(())) => {
                    view.update(|view| view.saved = true);
                    ask_before_leaving(trail, &leaving);
                }
                Err(error) => inbox.push(Happened::Notice(Notice::SaveFailed(error.to_string()))),
            }
        }))
    }

    /// Gives all photos that can be saved to the person as a zip, oldest first; one zip at a time.
    pub(super) fn save_all(&mut self) {
        if self.zipping.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (mut photos, mut views) = (Vec::new(), Vec::new());
        for photo in &self.photos {
            let view = photo.view.get_untracked();
            if view.can_be_saved() {
                photos.push((view.taken, photo.keepsake()));
                views.push(photo.view.clone());
            }
        }
        let total = photos.len();
        if total == 0 {
            return;
        }
        let (RoomView { saving, trail, .. }, inbox) = (self.view, self.inbox.clone());
        let leaving = self.leaving.clone();
        saving.set(Some(Saving { done: 0, total }));
        self.zipping = Some(task::spawn(async move {
            let zip = album::zip(&photos, |done| saving.set(Some(Saving { done, total }))).await;
            saving.set(None);
            let name = format!("snaproom-{}.zip", page::date_and_time(unix_ms()));
            let notice = match zip.and_then(|(zip, added)| save(&zip, &name).map(|()| added)) {
                Ok(added) => {
                    for &index in &added {
                        views[index].update(|view| view.saved = true);
                    }
                    ask_before_leaving(trail, &leaving);
                    Notice::AllSaved(added.len())
                }
                Err(error) => Notice::SaveFailed(error.to_string()),
            };
            inbox.push(Happened::Notice(notice));
        }));
    }

    /// The room was left.
    pub(super) fn clear(&mut self) {
        if let Some(large) = &self.large {
            large.canvas.clear();
        }
        self.view.saving.set(None);
        *self = Self::new(self.view, self.inbox.clone());
    }

    /// The newest canvases show exact pixels as long as they fit.
    fn shrink_older(&mut self) {
        let bytes = |photo: &Photo| {
            let PhotoView { width, height, .. } = photo.view.get_untracked();
            4 * u64::from(width) * u64::from(height)
        };
        let mut sum: u64 = self.exact.iter().filter_map(|key| self.photo(*key)).map(bytes).sum();
        while sum > EXACT_BYTES && self.exact.len() > 1 {
            let Some(oldest) = self.exact.pop_front() else { return };
            if let Some(photo) = self.photo_mut(oldest) {
                sum -= bytes(photo);
                photo.shrink();
            }
        }
    }

    fn paint_large(&mut self, key: PhotoKey) {
        let photo = self.photos.iter().find(|photo| photo.key == key);
        if let Some(large) = self.large.as_mut().filter(|large| large.key == key) {
            large.painting = photo.and_then(|photo| photo.paint_large(&large.canvas));
        }
    }

    fn clear_large(&mut self, key: PhotoKey) {
        if let Some(large) = self.large.take_if(|large| large.key == key) {
            large.canvas.clear();
        }
    }

    fn photo(&self, key: PhotoKey) -> Option<&Photo> {
        self.photos.iter().find(|photo| photo.key == key)
    }

    fn photo_mut(&mut self, key: PhotoKey) -> Option<&mut Photo> {
        self.photos.iter_mut().find(|photo| photo.key == key)
    }

    /// Releases all that there is of a photo.
    fn forget(&mut self, key: PhotoKey) {
        self.clear_large(key);
        self.photos.retain(|photo| photo.key != key);
        drop(self.unlisted.remove(&key));
        self.exact.retain(|exact| *exact != key);
        self.view.trail.update(|trail| trail.retain(|entry| entry.key != key));
        ask_before_leaving(self.view.trail, &self.leaving);
    }
}

fn ask_before_leaving(trail: RwSignal<Vec<Entry<PhotoView>>>, leaving: &RefCell<Option<Listener>>) {
    let is_unsaved = |entry: &Entry<PhotoView>| entry.view.with_untracked(PhotoView::is_unsaved);
    let would_be_lost = trail.with_untracked(|trail| trail.iter().any(is_unsaved));
    let mut leaving = leaving.borrow_mut();
    *leaving = would_be_lost.then(|| leaving.take().unwrap_or_else(page::ask_before_leaving));
}

/// Whether nothing comes by itself any more.
fn has_ended(state: TransferState) -> bool {
    matches!(state, TransferState::Verified | TransferState::Held) || state.is_in_vain()
}

/// A file name for a photo.
pub(super) fn file_name(taken: u64) -> String {
    name_of_file(taken, "png")
}

/// A file name: when it was taken or begun, by the person's clock.
pub(super) fn name_of_file(since: u64, ending: &str) -> String {
    format!("snaproom-{}.{ending}", page::date_and_time(since))
}

#[cfg(test)]
mod tests;
