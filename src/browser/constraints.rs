//! What a camera is asked for, what the browser answers, and what it says is possible (Media Capture and Streams,
//! section 4.3).

use js_sys::{Array, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Camera, CaptureError, Constrain, Error, Facing, Track, Video,
    capture::{Capture, user_media},
    error::{number, text},
    externs::CapableTrack,
    page::Global,
    task,
};

/// For a camera that starts anew inside of the browser.
const PATIENCE_MS: u32 = 10_000;

/// `MediaTrackConstraints` of a camera. What is none is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraConstraints {
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<Constrain<f64>>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<Constrain<f64>>,
    /// In a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<Constrain<f64>>,
    /// Where it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facing_mode: Option<Constrain<Facing>>,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<Constrain<String>>,
}

/// `MediaTrackSettings` of a camera, as far as the browser says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CameraSettings {
    /// Pixels.
    pub width: Option<f64>,
    /// Pixels.
    pub height: Option<f64>,
    /// In a second.
    pub frame_rate: Option<f64>,
    /// `user`, `environment`, `left` or `right`.
    pub facing: Option<String>,
    /// `deviceId`.
    pub device: Option<String>,
}

/// `MediaTrackCapabilities` of a camera, as far as the browser says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CameraCapabilities {
    /// Pixels.
    pub width: Option<Range>,
    /// Pixels.
    pub height: Option<Range>,
    /// In a second.
    pub frame_rate: Option<Range>,
    /// Each as in [`CameraSettings::facing`].
    pub facing: Vec<String>,
}

/// From the smallest to the largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// A running camera for who wants to know all of it. Its stream is `window.stream` in the console. Dropping it stops its
/// track, and with it the device's light.
pub struct StudiedCamera {
    _stream: Global,
    camera: Camera,
}

impl StudiedCamera {
    /// Asks for a camera. The person may take as long as they like to answer; `on_ended` is called when it ends by
    /// itself: unplugged, or its permission taken away.
    ///
    /// When this future is dropped before the person answers, the camera is stopped as soon as it comes.
    pub async fn open(
        constraints: &CameraConstraints,
        on_ended: impl FnMut() + 'static,
    ) -> Result<Self, CaptureError> {
        let camera =
            Capture::open(user_media, &Request { video: constraints }, on_ended).await.map(Camera::of)?;
        Ok(Self { _stream: Global::set("stream", camera.capture.stream()), camera })
    }

    /// Asks it for something else while it runs; takes at most ten seconds. When it refuses it runs on as before.
    pub fn apply(
        &self,
        constraints: &CameraConstraints,
    ) -> impl Future<Output = Result<(), CaptureError>> + 'static + use<> {
        let applying = self.begin_to_apply(constraints);
        async move {
            let applied = task::within(PATIENCE_MS, async {
                let applied: Result<JsValue, JsValue> = applying?.await;
                applied.map(drop).map_err(CaptureError::from_js)
            });
            let late = || Err(CaptureError::Other(Error::new("TimeoutError", "the browser did not answer")));
            applied.await.unwrap_or_else(late)
        }
    }

    fn begin_to_apply(&self, constraints: &CameraConstraints) -> Result<Promise, CaptureError> {
        let Track(track) = self.camera.track().ok_or(CaptureError::Missing)?;
        let constraints = serde_wasm_bindgen::to_value(constraints)
            .map_err(|error| CaptureError::Other(Error::from_serde(error)))?;
        track.apply_constraints_with_constraints(constraints.unchecked_ref()).map_err(CaptureError::from_js)
    }

    /// How it runs.
    #[must_use]
    pub fn settings(&self) -> CameraSettings {
        let Some(Track(track)) = self.camera.track() else { return CameraSettings::default() };
        let settings = track.get_settings();
        CameraSettings {
            width: number(&settings, "width"),
            height: number(&settings, "height"),
            frame_rate: number(&settings, "frameRate"),
            facing: text(&settings, "facingMode"),
            device: text(&settings, "deviceId"),
        }
    }

    /// What it can do; nothing where the browser does not tell.
    #[must_use]
    pub fn capabilities(&self) -> CameraCapabilities {
        let track = self.camera.track().map(|Track(track)| track.unchecked_into::<CapableTrack>());
        let tells = track.filter(|track| track.capabilities_function().is_some());
        let Some(all) = tells.and_then(|track| track.capabilities().ok()) else {
            return CameraCapabilities::default();
        };
        let range = |name: &str| {
            let range = Reflect::get(&all, &name.into()).ok()?;
            Some(Range { min: number(&range, "min")?, max: number(&range, "max")? })
        };
        let facing =
            Reflect::get(&all, &"facingMode".into()).ok().and_then(|modes| modes.dyn_into::<Array>().ok());
        CameraCapabilities {
            width: range("width"),
            height: range("height"),
            frame_rate: range("frameRate"),
            facing: facing.into_iter().flatten().filter_map(|mode| mode.as_string()).collect(),
        }
    }

    /// What the system calls it.
    #[must_use]
    pub fn label(&self) -> String {
        self.camera.track().map(|track| track.label()).unwrap_or_default()
    }

    /// Whether the system gives no pictures of it just now, as when a laptop's switch is off.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.camera.track().is_some_and(|Track(track)| track.muted())
    }

    /// Shows it in `video` from now on, muted.
    pub fn show_in(&self, video: &Video) {
        self.camera.show_in(video);
    }
}

/// `MediaStreamConstraints`.
#[derive(Serialize)]
struct Request<'a> {
    video: &'a CameraConstraints,
}
