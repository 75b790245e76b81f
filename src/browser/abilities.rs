//! What this browser can do for this page.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

use super::{externs::Crypto, navigator, window};

/// Something that a browser may or may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ability {
    /// As standards call it.
    pub name: &'static str,
    /// Whether this one has it, for this page.
    pub is_there: bool,
    /// Whether a room is of no use without it.
    pub is_needed: bool,
}

/// Whether the page came over a connection that browsers trust (W3C Secure Contexts).
#[must_use]
pub fn is_secure() -> bool {
    window().is_secure_context()
}

/// What is needed first, then what is good to have.
#[must_use]
pub fn abilities() -> Vec<Ability> {
    let has = |object: &JsValue, name: &str| Reflect::has(object, &name.into()).unwrap_or(false);
    let (window, navigator) = (window(), navigator());
    let document = window.document().map(JsValue::from);
    let subtle = window.crypto().is_ok_and(|crypto| crypto.unchecked_into::<Crypto>().subtle().is_some());
    let needed = [
        ("WebSocket", has(&window, "WebSocket")),
        ("RTCPeerConnection", has(&window, "RTCPeerConnection")),
        ("RTCDataChannel", has(&window, "RTCDataChannel")),
    ];
    let good = [
        ("getUserMedia", navigator.media_devices().is_some()),
        (
            "getDisplayMedia",
            navigator.media_devices().is_some_and(|devices| has(&devices, "getDisplayMedia")),
        ),
        ("SubtleCrypto", subtle),
        ("Web Locks", navigator.locks().is_some()),
        ("localStorage", window.local_storage().is_ok_and(|storage| storage.is_some())),
        ("MediaRecorder", has(&window, "MediaRecorder")),
        ("ImageCapture", has(&window, "ImageCapture")),
        ("Wake Lock", navigator.wake_lock().is_some()),
        ("Picture-in-Picture", document.is_some_and(|document| has(&document, "pictureInPictureEnabled"))),
    ];
    let ability = |is_needed| move |(name, is_there)| Ability { name, is_there, is_needed };
    needed.into_iter().map(ability(true)).chain(good.into_iter().map(ability(false))).collect()
}

/// What the browser calls itself (`navigator.userAgent`).
#[must_use]
pub fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// Whether the device is touched with several fingers.
#[must_use]
pub fn is_touched() -> bool {
    window().navigator().max_touch_points() > 1
}
