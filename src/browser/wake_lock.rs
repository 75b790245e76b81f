use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};

use super::{externs::WakeLockSentinel, live::Held, navigator, task};

/// As long as it is there, the screen does not go dark by itself (W3C Screen Wake Lock). A browser takes it away when
/// the page is hidden.
pub struct WakeLock(WakeLockSentinel, #[expect(dead_code, reason = "counts until it is dropped")] Held);

impl WakeLock {
    /// None where the browser has no such thing, or will not just now.
    pub async fn request() -> Option<Self> {
        // Nobody may want it any more when it comes: it is let go then.
        task::see_through(Self::of(navigator().wake_lock()?.request("screen"))).await?
    }

    async fn of(promise: Promise) -> Option<Self> {
        let sentinel: JsValue = promise.await.ok()?;
        Some(Self(sentinel.unchecked_into(), Held::new(|live| &mut live.locks)))
    }
}

impl Drop for WakeLock {
    fn drop(&mut self) {
        // It is let go, whenever the promise says so.
        drop(js_sys::futures::JsFuture::from(self.0.release()));
    }
}
