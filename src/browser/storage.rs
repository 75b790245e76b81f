//! What a tab remembers over a reload, and how it makes sure that it is the only one with that memory; and what
//! the device remembers for all tabs.

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::{Function, Promise, futures::JsFuture};
use serde::Serialize;
use snaproom_protocol::{DeviceKey, DeviceSecret, Token};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::Storage;

use super::{live::Held, navigator, task, window};

/// The token that this tab used in `room` before, and its life; none also where the browser blocks storage.
#[must_use]
pub fn token(room: &str) -> Option<([u8; 32], u32)> {
    let text = session_storage()?.get_item(&key(room)).ok()??;
    let (token, life) = text.split_once(' ')?;
    let Token(bytes) = token.parse().ok()?;
    Some((bytes, life.parse().ok()?))
}

/// Remembers the token as long as the tab lives, where the browser lets it; and how many times the page was loaded
/// with it, which is its life.
pub fn keep_token(room: &str, token: &[u8; 32], life: u32) {
    if let Some(storage) = session_storage() {
        // Full or blocked: the tab is then a new member after a reload.
        let _ = storage.set_item(&key(room), &format!("{} {life}", Token(*token)));
    }
}

/// Forgets it.
pub fn forget_token(room: &str) {
    if let Some(storage) = session_storage() {
        // Only a blocked storage fails, and that one holds nothing.
        let _ = storage.remove_item(&key(room));
    }
}

/// What this tab remembers of files in `room`, as whoever keeps it writes it; none also where the browser blocks storage.
#[must_use]
pub fn files(room: &str) -> Option<String> {
    session_storage()?.get_item(&files_key(room)).ok()?
}

/// Remembers it as long as the tab lives, where the browser lets it; none: nothing.
pub fn keep_files(room: &str, text: Option<&str>) {
    if let Some(storage) = session_storage() {
        // Full or blocked: a reload then begins anew.
        let _ = match text {
            Some(text) => storage.set_item(&files_key(room), text),
            None => storage.remove_item(&files_key(room)),
        };
    }
}

fn files_key(room: &str) -> String {
    format!("snaproom:files:{room}")
}

/// What was written in `room` before this tab was loaded anew; none also where the browser blocks storage.
#[must_use]
pub fn written(room: &str) -> Option<String> {
    session_storage()?.get_item(&written_key(room)).ok()?
}

/// Remembers it as long as the tab lives, where the browser lets it.
pub fn keep_written(room: &str, written: &str) {
    if let Some(storage) = session_storage() {
        // Full or blocked: it then lasts as long as the page.
        let _ = storage.set_item(&written_key(room), written);
    }
}

/// Forgets it.
pub fn forget_written(room: &str) {
    if let Some(storage) = session_storage() {
        // Only a blocked storage fails, and that one holds nothing.
        let _ = storage.remove_item(&written_key(room));
    }
}

fn written_key(room: &str) -> String {
    format!("snaproom:written:{room}")
}

fn key(room: &str) -> String {
    format!("snaproom:token:{room}")
}

fn session_storage() -> Option<Storage> {
    window().session_storage().ok()?
}

/// The name that somebody typed on this device, in whatever room; none also where the browser blocks storage.
#[must_use]
pub fn name() -> Option<String> {
    local_storage()?.get_item(NAME).ok()?
}

/// Remembers the name over visits, where the browser lets it. Of an empty one nothing is left.
pub fn keep_name(name: &str) {
    keep(NAME, name);
}

/// Whether somebody asked on this device to connect over relays alone; no also where the browser blocks storage.
#[must_use]
pub fn relay_only() -> bool {
    local_storage().is_some_and(|storage| matches!(storage.get_item(RELAY_ONLY), Ok(Some(_))))
}

/// Remembers it over visits, where the browser lets it.
pub fn keep_relay_only(relay_only: bool) {
    keep(RELAY_ONLY, if relay_only { "yes" } else { "" });
}

/// The `deviceId` of the camera that somebody chose on this device; none also where the browser blocks storage.
#[must_use]
pub fn camera() -> Option<String> {
    local_storage()?.get_item(CAMERA).ok()?
}

/// Remembers it over visits, where the browser lets it; nothing: any will do.
pub fn keep_camera(id: &str) {
    keep(CAMERA, id);
}

/// The same of the microphone.
#[must_use]
pub fn microphone() -> Option<String> {
    local_storage()?.get_item(MICROPHONE).ok()?.filter(|id| !id.is_empty())
}

/// The same of the microphone.
pub fn keep_microphone(id: &str) {
    keep(MICROPHONE, id);
}

/// The same of the speaker.
#[must_use]
pub fn speaker() -> Option<String> {
    local_storage()?.get_item(SPEAKER).ok()?
}

/// The same of the speaker.
pub fn keep_speaker(id: &str) {
    keep(SPEAKER, id);
}

/// Whether somebody chose on this device to see the camera's picture mirrored, or not; none where nobody chose, or the
/// browser blocks storage.
#[must_use]
pub fn mirror() -> Option<bool> {
    Some(local_storage()?.get_item(MIRROR).ok()?? == "yes")
}

/// Remembers it over visits, where the browser lets it.
pub fn keep_mirror(mirror: bool) {
    keep(MIRROR, if mirror { "yes" } else { "no" });
}

/// Whether single keys do something in the page: nobody said no on this device.
#[must_use]
pub fn shortcuts() -> bool {
    !local_storage().is_some_and(|storage| matches!(storage.get_item(SHORTCUTS), Ok(Some(_))))
}

/// Remembers it over visits, where the browser lets it.
pub fn keep_shortcuts(shortcuts: bool) {
    keep(SHORTCUTS, if shortcuts { "" } else { "no" });
}

/// Whether somebody asked on this device to be told of messages while the page is hidden.
#[must_use]
pub fn notifies() -> bool {
    local_storage().is_some_and(|storage| matches!(storage.get_item(NOTIFIES), Ok(Some(_))))
}

/// Remembers it over visits, where the browser lets it.
pub fn keep_notifies(notifies: bool) {
    keep(NOTIFIES, if notifies { "yes" } else { "" });
}

/// What this device remembers, to be known again; none also where the browser blocks storage.
#[must_use]
pub fn device() -> Option<[u8; 32]> {
    let DeviceSecret(bytes) = local_storage()?.get_item(DEVICE).ok()??.parse().ok()?;
    Some(bytes)
}

/// Remembers it over visits, where the browser lets it.
pub fn keep_device(device: &[u8; 32]) {
    keep(DEVICE, &DeviceSecret(*device).to_string());
}

/// The keys of the devices that somebody on this one compared signs with, oldest first.
#[must_use]
pub fn verified() -> Vec<[u8; 32]> {
    let kept = local_storage().and_then(|storage| storage.get_item(VERIFIED).ok()?).unwrap_or_default();
    kept.split(' ').filter_map(|key| key.parse().ok()).map(|DeviceKey(key)| key).collect()
}

/// Remembers one more, where the browser lets it. Beyond [`MAX_VERIFIED`] the oldest is forgotten.
pub fn keep_verified(device: &[u8; 32]) {
    let mut kept = verified();
    kept.retain(|key| key != device);
    kept.push(*device);
    let first = kept.len().saturating_sub(MAX_VERIFIED);
    keep_keys(&kept[first..]);
}

/// Remembers one no more.
pub fn forget_verified(device: &[u8; 32]) {
    let mut kept = verified();
    kept.retain(|key| key != device);
    keep_keys(&kept);
}

fn keep_keys(keys: &[[u8; 32]]) {
    let words: Vec<String> = keys.iter().map(|key| DeviceKey(*key).to_string()).collect();
    keep(VERIFIED, &words.join(" "));
}

/// People whom one compared signs with, each in a room: some years of them.
pub const MAX_VERIFIED: usize = 256;

const DEVICE: &str = "snaproom:device";
const VERIFIED: &str = "snaproom:verified";
const NAME: &str = "snaproom:name";
const CAMERA: &str = "snaproom:camera";
const MICROPHONE: &str = "snaproom:microphone";
const SPEAKER: &str = "snaproom:speaker";
const RELAY_ONLY: &str = "snaproom:relay-only";
const MIRROR: &str = "snaproom:mirror";
const NOTIFIES: &str = "snaproom:notifies";
const SHORTCUTS: &str = "snaproom:shortcuts";

fn keep(key: &str, value: &str) {
    if let Some(storage) = local_storage() {
        // Full or blocked: it then lasts as long as the page.
        let _ = if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) };
    }
}

fn local_storage() -> Option<Storage> {
    window().local_storage().ok()?
}

/// A Web Lock: one holder per name among all tabs of the origin. Released on `Drop`, and by the browser when
/// the page goes.
pub struct Lock {
    release: Function,
    _held: Held,
}

impl Lock {
    /// The lock, or none when another tab holds it or the browser has no locks (over plain http).
    ///
    /// A duplicated tab holds on to its lock, the page before a reload lets go within moments: a few tries tell
    /// them apart.
    pub async fn claim(name: &str) -> Option<Self> {
        const TRIES: u32 = 4;
        const PAUSE_MS: u32 = 50;
        for again in 0..TRIES {
            if again > 0 {
                task::sleep(PAUSE_MS).await;
            }
            navigator().locks()?;
            if let Some(lock) = task::see_through(Self::request(name.to_owned())).await.flatten() {
                return Some(lock);
            }
        }
        None
    }

    /// The browser holds the lock until the promise that its callback returns is resolved.
    async fn request(name: String) -> Option<Self> {
        let mut release = None;
        let released = Promise::new(&mut |resolve, _| release = Some(resolve));
        let release = release?;
        let (answer, answered) = oneshot::channel();
        let callback = Closure::once(move |lock: JsValue| {
            let granted = !lock.is_null();
            // Nobody waits when the request was refused at the same time.
            let _ = answer.send(granted);
            if granted { released.into() } else { JsValue::UNDEFINED }
        });
        let options = serde_wasm_bindgen::to_value(&LockOptions { if_available: true }).ok()?;
        let request =
            navigator().locks()?.request(&name, options.unchecked_ref(), callback.as_ref().unchecked_ref());
        // The request itself ends only when it is refused, or long after, when the lock is released.
        match select(answered, JsFuture::from(request)).await {
            Either::Left((Ok(true), _)) => Some(Self { release, _held: Held::new(|live| &mut live.locks) }),
            _ => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A promise's resolve function does not throw.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LockOptions {
    if_available: bool,
}
