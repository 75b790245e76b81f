use std::cell::RefCell;

use serde::Serialize;

use super::{
    CaptureError, Track, Video,
    capture::{Capture, Constrain, user_media},
};

/// A running camera. Dropping it stops its track, and with it the device's light.
pub struct Camera {
    pub(super) capture: Capture,
    /// Whether it looks away from the person, as far as the browser says.
    pub faces_away: bool,
    shown_in: RefCell<Vec<Video>>,
}

/// What the camera should be like. The browser comes as near as it can, so that only `device` can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// A `deviceId`: this camera, and no other.
    pub device: Option<String>,
    /// On a phone.
    pub facing: Option<Facing>,
}

impl Default for Wish {
    /// 1280×720, any camera.
    fn default() -> Self {
        Self { width: Some(1280), height: Some(720), device: None, facing: None }
    }
}

/// Which way a phone's camera looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Facing {
    /// At the person.
    User,
    /// Away from the person.
    Environment,
}

impl Camera {
    /// Asks for the camera; the person may take as long as they like to answer. `on_ended` is called when it
    /// ends by itself: unplugged, or its permission taken away.
    ///
    /// When this future is dropped before the person answers, the camera is stopped as soon as it comes.
    pub async fn open(wish: &Wish, on_ended: impl FnMut() + 'static) -> Result<Self, CaptureError> {
        Capture::open(user_media, &Constraints::from(wish), on_ended).await.map(Self::of)
    }

    pub(super) fn of(capture: Capture) -> Self {
        let facing = capture.track().and_then(|track| track.setting("facingMode"));
        let faces_away = facing.is_some_and(|facing| facing == "environment");
        Self { capture, faces_away, shown_in: RefCell::default() }
    }

    /// What a connection may send of it.
    #[must_use]
    pub fn track(&self) -> Option<Track> {
        self.capture.track()
    }

    /// Shows it in `video` from now on, muted.
    pub fn show_in(&self, video: &Video) {
        video.show(self.capture.stream());
        let mut shown_in = self.shown_in.borrow_mut();
        if !shown_in.contains(video) {
            shown_in.push(video.clone());
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        for video in self.shown_in.borrow().iter() {
            video.hide(self.capture.stream());
        }
    }
}

/// `MediaStreamConstraints`.
#[derive(Serialize)]
struct Constraints<'a> {
    video: VideoConstraints<'a>,
}

/// `MediaTrackConstraints`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VideoConstraints<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<Constrain<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<Constrain<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Constrain<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facing_mode: Option<Constrain<Facing>>,
}

impl<'a> From<&'a Wish> for Constraints<'a> {
    fn from(wish: &'a Wish) -> Self {
        Self {
            video: VideoConstraints {
                width: wish.width.map(Constrain::Ideal),
                height: wish.height.map(Constrain::Ideal),
                device_id: wish.device.as_deref().map(Constrain::Exact),
                facing_mode: wish.facing.map(Constrain::Ideal),
            },
        }
    }
}
