//! What this device's cameras, microphones and screens give.

use std::fmt;

use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaDevices, MediaStream, MediaStreamTrack};

use super::{
    Error,
    error::{number, text},
    live::{Held, Listener},
    navigator, task,
};

/// A stream with one track. Dropping it stops the track, and with it the device's light.
pub(super) struct Capture {
    _on_ended: Option<Listener>,
    /// Of the one kind that was asked for there is one.
    track: Option<Track>,
    stream: Stream,
}

/// What a connection may send, as long as the [`Camera`](super::Camera), [`Microphone`](super::Microphone) or
/// [`Screen`](super::Screen) that it is of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Track(pub(super) MediaStreamTrack);

impl Track {
    /// The `deviceId` of what it comes from.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        self.setting("deviceId")
    }

    /// What the system calls what it comes from.
    #[must_use]
    pub fn label(&self) -> String {
        self.0.label()
    }

    /// Of its pictures, in pixels, where the browser says.
    #[must_use]
    #[expect(clippy::cast_sign_loss, reason = "sides of a picture; float casts saturate")]
    pub fn size(&self) -> Option<(u32, u32)> {
        let settings = self.0.get_settings();
        let side = |name: &str| number(&settings, name).map(|side| side as u32);
        Some((side("width")?, side("height")?))
    }

    /// A stream of nothing else.
    pub(super) fn alone(&self) -> Result<MediaStream, Error> {
        let stream = MediaStream::new().map_err(Error::from_js)?;
        stream.add_track(&self.0);
        Ok(stream)
    }

    /// Of `MediaTrackSettings`.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        text(&self.0.get_settings(), name)
    }
}

/// Why there is none (W3C Media Capture and Streams, section 10.2.1; Screen Capture, section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureError {
    /// The page came over plain http, where browsers have no `navigator.mediaDevices`.
    Insecure,
    /// The person, the browser's settings or the system said no.
    Denied,
    /// No such device is connected.
    Missing,
    /// Something else uses it, or the system could not start it.
    Busy,
    /// No device can do what this constraint asks.
    Impossible(String),
    /// Anything else that the browser throws.
    Other(Error),
}

/// `ConstrainDOMString`, `ConstrainULong`, `ConstrainDouble` (Media Capture and Streams, section 11).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Constrain<T> {
    /// That or more; of numbers.
    Min(T),
    /// As near as can be.
    Ideal(T),
    /// That and nothing else.
    Exact(T),
    /// That or less; of numbers.
    Max(T),
}

impl Capture {
    /// Makes a stream by `request`, which is given the constraints. The person may take as long as they like to answer.
    /// `on_ended` is called when it ends by itself: unplugged, its permission taken away, or no longer shared.
    ///
    /// When this future is dropped before the person answers, the device is stopped as soon as it comes.
    pub(super) async fn open(
        request: fn(&MediaDevices, &JsValue) -> Result<Promise, JsValue>,
        constraints: &impl Serialize,
        mut on_ended: impl FnMut() + 'static,
    ) -> Result<Self, CaptureError> {
        let devices = navigator().media_devices().ok_or(CaptureError::Insecure)?;
        let constraints = serde_wasm_bindgen::to_value(constraints)
            .map_err(|error| CaptureError::Other(Error::from_serde(error)))?;
        let promise = request(&devices, &constraints).map_err(CaptureError::from_js)?;
        let stream = task::see_through(Stream::of(promise)).await;
        let stream = stream
            .unwrap_or_else(|| Err(CaptureError::Other(Error::new("AbortError", "the page is closing"))))?;
        let track = stream.tracks().next().map(Track);
        let on_ended = track.as_ref().map(|Track(track)| Listener::new(track, "ended", move |_| on_ended()));
        Ok(Self { _on_ended: on_ended, track, stream })
    }

    pub(super) fn stream(&self) -> &MediaStream {
        &self.stream.0
    }

    pub(super) fn track(&self) -> Option<Track> {
        self.track.clone()
    }
}

/// Opens the device that was chosen, or any where that one is not there any more.
pub async fn chosen_or_any<T, F>(
    chosen: Option<String>,
    open: impl Fn(Option<String>) -> F,
) -> Result<T, CaptureError>
where
    F: Future<Output = Result<T, CaptureError>>,
{
    let is_chosen = chosen.is_some();
    match open(chosen).await {
        Err(CaptureError::Impossible(_) | CaptureError::Missing) if is_chosen => open(None).await,
        opened => opened,
    }
}

/// `getUserMedia`.
pub(super) fn user_media(devices: &MediaDevices, constraints: &JsValue) -> Result<Promise, JsValue> {
    devices.get_user_media_with_constraints(constraints.unchecked_ref()).map(JsCast::unchecked_into)
}

/// Stops its tracks when nobody wants it any more, whether it became a [`Capture`] or not.
struct Stream(MediaStream, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl Stream {
    async fn of(promise: Promise) -> Result<Self, CaptureError> {
        let stream: JsValue = promise.await.map_err(CaptureError::from_js)?;
        Ok(Self(stream.unchecked_into(), Held::new(|live| &mut live.captures)))
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

impl CaptureError {
    pub(super) fn from_js(thrown: JsValue) -> Self {
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

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure => f.write_str("the page has no devices because it did not come over https"),
            Self::Denied => f.write_str("permission was refused"),
            Self::Missing => f.write_str("no device was found"),
            Self::Busy => f.write_str("the device is in use elsewhere"),
            Self::Impossible(constraint) => write!(f, "no device has the {constraint} that was asked for"),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CaptureError {}
