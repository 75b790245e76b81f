use js_sys::Promise;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MediaDevices;

use super::{
    CaptureError, Track,
    capture::Capture,
    externs::{HintedTrack, ScreenDevices},
    navigator,
};

/// The screen, a window or a tab, as the person chose. Dropping it ends the sharing.
pub struct Screen(Capture);

impl Screen {
    /// Whether this browser can share a screen: phones cannot.
    #[must_use]
    pub fn is_there() -> bool {
        let devices = navigator().media_devices();
        devices.is_some_and(|devices| {
            devices.unchecked_into::<ScreenDevices>().display_media_function().is_some()
        })
    }

    /// Lets the person choose; in reply to a click, which browsers demand. `on_ended` is called when they end it
    /// beside the page, or the window that was shared is gone.
    pub async fn share(on_ended: impl FnMut() + 'static) -> Result<Self, CaptureError> {
        let capture = Capture::open(display_media, &Constraints { video: true }, on_ended).await?;
        if let Some(Track(track)) = capture.track() {
            // Letters are to stay sharp; frames may be fewer.
            track.unchecked_ref::<HintedTrack>().set_content_hint("detail");
        }
        Ok(Self(capture))
    }

    /// What a connection may send of it.
    #[must_use]
    pub fn track(&self) -> Option<Track> {
        self.0.track()
    }
}

/// `getDisplayMedia`.
fn display_media(devices: &MediaDevices, constraints: &JsValue) -> Result<Promise, JsValue> {
    devices.unchecked_ref::<ScreenDevices>().get_display_media(constraints)
}

/// `DisplayMediaStreamOptions`.
#[derive(Serialize)]
struct Constraints {
    video: bool,
}
