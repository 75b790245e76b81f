//! Which cameras, microphones and speakers there are.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::{externs::DeviceInfo, live::Listener, media::can_choose_speaker, navigator, task};

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `deviceId`: the same on every visit to this site.
    pub id: String,
    /// What the system calls it.
    pub label: String,
    /// Of a camera: whether it looks away from the person, where the browser says.
    pub faces_away: Option<bool>,
}

/// Those that can be chosen: browsers name none before the person let the page use one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Devices {
    /// `videoinput`.
    pub cameras: Vec<Device>,
    /// `audioinput`.
    pub microphones: Vec<Device>,
    /// Whether one of them can be left to the system, as browsers do that list it as one more.
    pub has_system_microphone: bool,
    /// `audiooutput`; none where the browser leaves that to the system.
    pub speakers: Vec<Device>,
}

/// Asks the browser; takes at most two seconds, and then there are none.
pub async fn devices() -> Devices {
    let (mut found, has_speakers) = (Devices::default(), can_choose_speaker());
    for info in list().await {
        let faces_away = faces_away(&info);
        let device = Device { id: info.device_id(), label: info.label(), faces_away };
        if device.id == "default" && info.kind() == "audioinput" {
            found.has_system_microphone = true;
        }
        let kind = match info.kind().as_str() {
            "videoinput" => &mut found.cameras,
            "audioinput" => &mut found.microphones,
            "audiooutput" if has_speakers => &mut found.speakers,
            _ => continue,
        };
        if !device.id.is_empty() && !is_double(&device.id) {
            kind.push(device);
        }
    }
    found
}

async fn list() -> Vec<DeviceInfo> {
    const PATIENCE_MS: u32 = 2_000;
    let list = async {
        let list: JsValue = navigator().media_devices()?.enumerate_devices().ok()?.await.ok()?;
        Some(list.unchecked_into::<Array>())
    };
    let list = task::within(PATIENCE_MS, list).await.flatten().unwrap_or_default();
    list.into_iter().map(JsCast::unchecked_into).collect()
}

/// Chromium lists the default one twice, once under names of its own.
fn is_double(id: &str) -> bool {
    matches!(id, "default" | "communications")
}

/// How many cameras and microphones there are, as far as the browser tells: before one of a kind was allowed, that there
/// is one at all.
pub async fn count_devices() -> [usize; 2] {
    let list = list().await;
    ["videoinput", "audioinput"]
        .map(|kind| list.iter().filter(|info| info.kind() == kind && !is_double(&info.device_id())).count())
}

/// By its `facingMode`s (Media Capture and Streams, section 9.4): a camera on a desk has none.
fn faces_away(info: &DeviceInfo) -> Option<bool> {
    info.capabilities_function()?;
    let modes = Reflect::get(&info.capabilities().ok()?, &"facingMode".into()).ok()?;
    let modes = modes.dyn_into::<Array>().ok()?.into_iter().filter_map(|mode| mode.as_string());
    modes.map(|mode| mode == "environment").next()
}

/// Calls back when a device comes or goes; none over plain http.
#[must_use]
pub fn on_device_change(mut callback: impl FnMut() + 'static) -> Option<Listener> {
    let devices = navigator().media_devices()?;
    Some(Listener::new(&devices, "devicechange", move |_| callback()))
}
