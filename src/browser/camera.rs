use std::{cell::RefCell, fmt};

use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack, PermissionState, PermissionStatus,
};

use super::{
    Error, Video,
    error::text,
    live::{Held, Listener},
    navigator, task,
};

/// A running camera. Dropping it stops its tracks, and with them the device's light.
pub struct Camera {
    _on_ended: Option<Listener>,
    stream: Stream,
    shown_in: RefCell<Option<Video>>,
}

/// What the camera should be like. The browser comes as near as it can, so none of these can fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// A `deviceId`.
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

/// Why there is no camera (W3C Media Capture and Streams, section 10.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraError {
    /// The page came over plain http, where browsers have no `navigator.mediaDevices`.
    Insecure,
    /// The person, the browser's settings or the system said no.
    Denied,
    /// No camera is connected.
    Missing,
    /// Something else uses it, or the system could not start it.
    Busy,
    /// No camera can do what this constraint asks.
    Impossible(String),
    /// Anything else that the browser throws.
    Other(Error),
}

impl Camera {
    /// Asks for the camera; the person may take as long as they like to answer. `on_ended` is called when it
    /// ends by itself: unplugged, or its permission taken away.
    ///
    /// When this future is dropped before the person answers, the camera is stopped as soon as it comes.
    pub async fn open(wish: &Wish, mut on_ended: impl FnMut() + 'static) -> Result<Self, CameraError> {
        let devices = navigator().media_devices().ok_or(CameraError::Insecure)?;
        let constraints = serde_wasm_bindgen::to_value(&Constraints::from(wish))
            .map_err(|error| CameraError::Other(Error::from_serde(error)))?;
        let stream = task::see_through(Stream::request(devices, constraints.unchecked_into())).await;
        let stream = stream
            .unwrap_or_else(|| Err(CameraError::Other(Error::new("AbortError", "the page is closing"))))?;

        // Only video was asked for, so there is one track.
        let on_ended =
            stream.tracks().next().map(|track| Listener::new(&track, "ended", move |_| on_ended()));
        Ok(Self { _on_ended: on_ended, stream, shown_in: RefCell::default() })
    }

    /// Shows it in `video` from now on, muted, and no longer where it was shown before.
    pub fn show_in(&self, video: &Video) {
        self.hide();
        video.show(&self.stream.0);
        *self.shown_in.borrow_mut() = Some(video.clone());
    }

    fn hide(&self) {
        if let Some(video) = self.shown_in.borrow_mut().take() {
            video.hide(&self.stream.0);
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.hide();
    }
}

/// Stops its tracks when nobody wants it any more, whether it became a [`Camera`] or not.
struct Stream(MediaStream, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl Stream {
    async fn request(
        devices: MediaDevices,
        constraints: MediaStreamConstraints,
    ) -> Result<Self, CameraError> {
        let stream: JsValue = devices
            .get_user_media_with_constraints(&constraints)
            .map_err(CameraError::from_js)?
            .await
            .map_err(CameraError::from_js)?;
        Ok(Self(stream.unchecked_into(), Held::new(|live| &mut live.cameras)))
    }

    fn tracks(&self) -> impl Iterator<Item = MediaStreamTrack> + use<> {
        self.0.get_tracks().into_iter().map(JsCast::unchecked_into)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.tracks().for_each(|track| track.stop());
    }
}

impl CameraError {
    fn from_js(thrown: JsValue) -> Self {
        let constraint = text(&thrown, "constraint");
        let error = Error::from_js(thrown);
        match error.name.as_str() {
            "NotAllowedError" | "SecurityError" => Self::Denied,
            "NotFoundError" => Self::Missing,
            "NotReadableError" | "AbortError" => Self::Busy,
            "OverconstrainedError" => Self::Impossible(constraint.unwrap_or_default()),
            _ => Self::Other(error),
        }
    }
}

impl fmt::Display for CameraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure => f.write_str("the page has no camera because it did not come over https"),
            Self::Denied => f.write_str("permission for the camera was refused"),
            Self::Missing => f.write_str("no camera was found"),
            Self::Busy => f.write_str("the camera is in use elsewhere"),
            Self::Impossible(constraint) => write!(f, "no camera has the {constraint} that was asked for"),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CameraError {}

/// Whether the browser would hand out the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// At once.
    Granted,
    /// After asking the person.
    Prompt,
    /// Never.
    Denied,
    /// The browser does not say.
    Unknown,
}

/// Asks the browser, not the person; takes at most a second.
pub async fn camera_permission() -> Permission {
    const PATIENCE_MS: u32 = 1_000;
    let query = async {
        let descriptor = serde_wasm_bindgen::to_value(&Descriptor { name: "camera" }).ok()?;
        let query = navigator().permissions()?.query(descriptor.unchecked_ref()).ok()?;
        let status: JsValue = query.await.ok()?;
        Some(status.unchecked_into::<PermissionStatus>().state())
    };
    match task::within(PATIENCE_MS, query).await.flatten() {
        Some(PermissionState::Granted) => Permission::Granted,
        Some(PermissionState::Prompt) => Permission::Prompt,
        Some(PermissionState::Denied) => Permission::Denied,
        _ => Permission::Unknown,
    }
}

/// `PermissionDescriptor`; web-sys's enum of names has no camera.
#[derive(Serialize)]
struct Descriptor {
    name: &'static str,
}

/// `MediaStreamConstraints`.
#[derive(Serialize)]
struct Constraints<'a> {
    audio: bool,
    video: VideoConstraints<'a>,
}

/// `MediaTrackConstraints`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VideoConstraints<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<Ideal<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<Ideal<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Ideal<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facing_mode: Option<Ideal<Facing>>,
}

#[derive(Serialize)]
struct Ideal<T> {
    ideal: T,
}

impl<'a> From<&'a Wish> for Constraints<'a> {
    fn from(wish: &'a Wish) -> Self {
        Self {
            audio: false,
            video: VideoConstraints {
                width: wish.width.map(|ideal| Ideal { ideal }),
                height: wish.height.map(|ideal| Ideal { ideal }),
                device_id: wish.device.as_deref().map(|ideal| Ideal { ideal }),
                facing_mode: wish.facing.map(|ideal| Ideal { ideal }),
            },
        }
    }
}
