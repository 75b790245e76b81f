//! Before a photo is sent: the camera, the frame in `#photo`, and the preview.

use std::collections::VecDeque;

use leptos::prelude::{GetUntracked, Set, Update};
use snaproom_protocol::{
    ItemId, PeerId,
    control::{MAX_PHOTO_PIXELS, MAX_PHOTO_SIDE, MAX_PREVIEW_BYTES},
};

use super::{
    burst::Burst,
    countdown::Countdown,
    inbox::{Happened, Inbox},
    view::{CameraFailure, CameraView, Notice, RoomView, SnapView},
};
use crate::browser::{
    self, Camera, Canvas, CaptureError, Payload, Permission, Picture, Track, Video, Wish, camera_permission,
    chosen_or_any, devices, page, storage, take_still,
    task::{self, Task, random, unix_ms},
};

/// Longest side of a preview in pixels: sharp on a phone, about 100 kB, and 6 ms to encode.
const PREVIEW_SIDE: u32 = 1280;

/// The person's camera and the photo that they look at. Outlives a change of room.
pub(super) struct Studio {
    view: RoomView,
    inbox: Inbox,
    camera: Option<Camera>,
    /// Finding out how the camera is, on its way to one that is on or has failed.
    asking: Option<Task>,
    video: Option<Video>,
    /// The person's own picture in a call.
    self_view: Option<Video>,
    canvas: Option<Canvas>,
    countdown: Countdown,
    burst: Burst,
    snapped: Option<Snapped>,
    /// Those who are given a photo of the camera, one after another, the first of them just now.
    stills: VecDeque<PeerId>,
    still: Option<Task>,
}

/// A frame that was snapped.
#[derive(Clone)]
struct Snapped {
    /// An item is sent once; the same frame sent again is another item.
    item: ItemId,
    was_sent: bool,
    picture: Picture,
    at: u64,
}

/// A photo and its preview, ready to be sent.
pub(super) struct Taken {
    pub(super) item: ItemId,
    pub(super) picture: Picture,
    pub(super) preview: Option<Payload>,
    /// Milliseconds since 1970.
    pub(super) at: u64,
    /// One of several, of which nobody may want all the exact pixels.
    pub(super) of_burst: bool,
}

impl Studio {
    /// Starts the camera at once where the person allowed it before.
    pub(super) fn open(view: RoomView, inbox: Inbox) -> Self {
        let mut studio = Self {
            view,
            countdown: Countdown::new(view, inbox.clone()),
            burst: Burst::new(view, inbox.clone()),
            inbox,
            camera: None,
            asking: None,
            video: None,
            self_view: None,
            canvas: None,
            snapped: None,
            stills: VecDeque::new(),
            still: None,
        };
        studio.start_camera_if(|permission| permission == Permission::Granted);
        studio
    }

    /// Asks for the camera.
    pub(super) fn start_camera(&mut self) {
        self.view.camera.set(CameraView::Starting);
        self.start_camera_if(|_| true);
    }

    fn start_camera_if(&mut self, allowed: fn(Permission) -> bool) {
        let (inbox, view) = (self.inbox.clone(), self.view);
        self.burst.end();
        self.camera = None;
        self.asking = Some(task::spawn(async move {
            if !allowed(camera_permission().await) {
                return;
            }
            view.camera.set(CameraView::Starting);
            let camera = chosen_or_any(storage::camera(), |device| {
                let inbox = inbox.clone();
                let wish = Wish { device, ..Wish::default() };
                async move { Camera::open(&wish, move || inbox.push(Happened::CameraEnded)).await }
            })
            .await;
            inbox.push(Happened::Camera(camera));
        }));
    }

    /// Uses this camera from now on. The one before is stopped first: phones have one at a time.
    pub(super) fn choose_camera(&mut self, id: &str) {
        storage::keep_camera(id);
        if self.is_on_or_starting() {
            self.start_camera();
        }
    }

    pub(super) fn is_on_or_starting(&self) -> bool {
        matches!(self.view.camera.get_untracked(), CameraView::On | CameraView::Starting)
    }

    pub(super) fn stop_camera(&mut self) {
        self.asking = None;
        self.camera = None;
        self.countdown.end();
        self.burst.end();
        self.view.camera.set(CameraView::Off);
    }

    /// What a call may send of the camera.
    pub(super) fn track(&self) -> Option<Track> {
        self.camera.as_ref().and_then(Camera::track)
    }

    /// The browser's answer.
    pub(super) fn on_camera(&mut self, camera: Result<Camera, CaptureError>) {
        match camera {
            Ok(camera) => {
                // One knows one's own face from mirrors alone. What lies before one should be seen as it is.
                self.view.mirrors.set(storage::mirror().unwrap_or(!camera.faces_away));
                self.camera = Some(camera);
                self.view.camera.set(CameraView::On);
                self.show_camera();
                self.inbox.push(Happened::DevicesChanged);
            }
            Err(error) => self.view.camera.set(CameraView::Failed(error.into())),
        }
    }

    /// The camera went away by itself: somebody pulled its cable, or took its permission away. Another one takes its
    /// place, if there is one.
    pub(super) fn on_camera_ended(&mut self) {
        let Some(ended) = self.camera.take() else { return };
        self.countdown.end();
        self.burst.end();
        let ended = ended.track().and_then(|track| track.device());
        let (view, inbox) = (self.view, self.inbox.clone());
        self.asking = Some(task::spawn(async move {
            let failure = match camera_permission().await {
                Permission::Denied => CameraFailure::Denied,
                _ => CameraFailure::Unplugged,
            };
            let others = devices().await.cameras;
            let other = others.into_iter().find(|camera| Some(&camera.id) != ended.as_ref());
            match other.filter(|_| failure == CameraFailure::Unplugged) {
                Some(camera) => inbox.push(Happened::CameraReplaced(camera.id)),
                None => view.camera.set(CameraView::Failed(failure)),
            }
        }));
    }

    pub(super) fn on_camera_replaced(&mut self, id: &str) {
        self.view.notice.set(Some(Notice::CameraEnded));
        storage::keep_camera(id);
        self.start_camera();
    }

    pub(super) fn set_mirror(&mut self, mirrors: bool) {
        storage::keep_mirror(mirrors);
        self.view.mirrors.set(mirrors);
    }

    pub(super) fn attach_camera(&mut self, video: Option<Video>) {
        self.video = video;
        self.show_camera();
    }

    pub(super) fn attach_self_view(&mut self, video: Option<Video>) {
        self.self_view = video;
        self.show_camera();
    }

    pub(super) fn attach_photo(&mut self, canvas: Option<Canvas>) {
        self.canvas = canvas;
    }

    fn show_camera(&self) {
        if let Some(camera) = &self.camera {
            [&self.video, &self.self_view].into_iter().flatten().for_each(|video| camera.show_in(video));
        }
    }

    /// The button was pressed: takes a photo now or `after` so many seconds, or none while these are counted.
    pub(super) fn press(&mut self, after: u8, sends: bool) {
        if self.stop_counting() {
            return;
        }
        if after == 0 {
            self.take(sends);
        } else if self.camera.is_some() {
            self.countdown.start(after, sends);
        }
    }

    pub(super) fn on_due(&mut self) {
        if let Some(sends) = self.countdown.end() {
            self.take(sends);
        }
    }

    /// False when nothing was counted.
    pub(super) fn stop_counting(&mut self) -> bool {
        let stopped = self.countdown.end().is_some();
        if stopped {
            self.view.notice.set(Some(Notice::Stopped));
        }
        stopped
    }

    fn take(&mut self, sends: bool) {
        let Some(video) = self.video.clone().filter(|_| self.camera.is_some()) else { return };
        if self.snap(&video) && sends {
            self.prepare(false);
        }
    }

    /// Takes photos and sends them, one after another, until that ends.
    pub(super) fn begin_burst(&mut self) {
        if self.camera.is_some() && !self.countdown.is_running() {
            self.burst.begin();
        }
    }

    pub(super) fn end_burst(&mut self) {
        self.burst.end();
    }

    pub(super) fn on_frame(&mut self) {
        if !self.burst.is_running() {
            return;
        }
        let video = self.video.clone().filter(|_| self.camera.is_some());
        if video.is_some_and(|video| self.snap(&video)) {
            self.burst.took();
            self.prepare(true);
        } else {
            self.burst.end();
        }
    }

    /// What became of a photo: whether it was sent, or everybody had left while its preview was made.
    pub(super) fn on_sent(&mut self, item: ItemId, of_burst: bool, is_sent: bool) {
        if !is_sent {
            self.view.mark_sent(item, false);
        }
        if of_burst {
            if !is_sent {
                self.burst.end();
            }
            self.burst.settle(is_sent);
        }
    }

    /// A photo of what is seen of somebody else.
    pub(super) fn snap_other(&mut self, video: &Video) {
        self.snap(video);
    }

    /// A photo of the camera in its full size, for who asked for it; [`Happened::Still`] follows.
    pub(super) fn give_still(&mut self, asking: PeerId) {
        if !self.stills.contains(&asking) {
            self.stills.push_back(asking);
            if self.stills.len() == 1 {
                self.take_still(asking);
            }
        }
    }

    /// The first of them was given theirs, or there was none.
    pub(super) fn take_next_still(&mut self) {
        self.stills.pop_front();
        if let Some(&asking) = self.stills.front() {
            self.take_still(asking);
        }
    }

    fn take_still(&mut self, asking: PeerId) {
        let (inbox, view) = (self.inbox.clone(), self.view);
        let (Some(track), Some(video)) = (self.track(), self.video.clone()) else {
            return inbox.push(Happened::Still(asking, None));
        };
        self.still = Some(task::spawn(async move {
            let taken = async {
                let item = random().map(ItemId)?;
                let picture = take_still(track, video, fit).await?;
                let preview = picture.preview(PREVIEW_SIDE, MAX_PREVIEW_BYTES).ok();
                Ok(Taken { item, picture, preview, at: unix_ms(), of_burst: false })
            };
            let taken: Result<_, browser::Error> = taken.await;
            if let Err(error) = &taken {
                view.notice.set(Some(Notice::SnapFailed(error.to_string())));
            }
            inbox.push(Happened::Still(asking, taken.ok()));
        }));
    }

    /// Draws the video's frame to `#photo` and keeps its exact pixels. False when there was none to take.
    fn snap(&mut self, video: &Video) -> bool {
        let Some(canvas) = &self.canvas else { return false };
        if video.size().is_none() {
            self.view.notice.set(Some(Notice::NoPictureYet));
            return false;
        }
        let snapped = random().map(ItemId).and_then(|item| {
            page::mark(&format!("photo:{item}:snapped"));
            canvas.draw_video(video)?;
            Ok(Snapped { item, was_sent: false, picture: canvas.pixels()?, at: unix_ms() })
        });
        match snapped {
            Ok(snapped) => {
                let Picture { width, height, .. } = snapped.picture;
                self.view.notice.set(None);
                self.view.snapped.set(Some(SnapView { item: snapped.item, width, height, sent: false }));
                self.snapped = Some(snapped);
                true
            }
            Err(error) => {
                self.view.notice.set(Some(Notice::SnapFailed(error.to_string())));
                false
            }
        }
    }

    /// Makes the preview of the photo in `#photo`; [`Happened::Taken`] follows.
    pub(super) fn prepare(&mut self, of_burst: bool) {
        if self.view.snapped.get_untracked().is_none_or(|snapped| snapped.sent) {
            return;
        }
        let Some(snapped) = &mut self.snapped else { return };
        if snapped.was_sent
            && let Ok(item) = random().map(ItemId)
        {
            snapped.item = item;
            self.view.snapped.update(|view| {
                if let Some(view) = view {
                    view.item = item;
                }
            });
        }
        snapped.was_sent = true;
        let Snapped { item, picture, at, .. } = snapped.clone();
        self.view.mark_sent(item, true);
        // A browser that cannot encode a JPEG sends the exact pixels alone.
        let preview = match &self.canvas {
            Some(canvas) if canvas.size() == (picture.width, picture.height) => {
                canvas.preview(PREVIEW_SIDE, MAX_PREVIEW_BYTES)
            }
            _ => picture.preview(PREVIEW_SIDE, MAX_PREVIEW_BYTES),
        }
        .ok();
        self.inbox.push(Happened::Taken(Taken { item, picture, preview, at, of_burst }));
    }

    /// Photos that were on their way into the room that is left stay here; the last one can be sent in the next.
    pub(super) fn leave_room(&mut self) {
        self.countdown.end();
        self.burst.abandon();
        self.still = None;
        self.stills.clear();
        if let Some(Snapped { item, .. }) = self.snapped {
            self.view.mark_sent(item, false);
        }
    }
}

/// As many pixels of a photo as may be sent.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height);
    let most = MAX_PHOTO_SIDE.min(longer);
    let [width, height] =
        [width, height].map(|side| (u64::from(side) * u64::from(most) / u64::from(longer)).max(1));
    if width * height <= MAX_PHOTO_PIXELS {
        return (width as u32, height as u32);
    }
    let side = |side: u64, other: u64| (MAX_PHOTO_PIXELS * side / other).isqrt().max(1) as u32;
    (side(width, height), side(height, width))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_photo_of_any_camera_fits_what_may_be_sent() {
        assert_eq!(fit(4032, 3024), (4032, 3024));
        for (width, height) in
            [(9248, 6936), (12_000, 9_000), (20_000, 100), (1, 30_000), (1, 1), (8192, 8192)]
        {
            let (fits, high) = fit(width, height);
            assert!(fits >= 1 && high >= 1 && fits.max(high) <= MAX_PHOTO_SIDE, "{width} × {height}");
            assert!(u64::from(fits) * u64::from(high) <= MAX_PHOTO_PIXELS, "{width} × {height}");
        }
    }
}
