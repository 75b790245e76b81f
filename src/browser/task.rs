//! Futures with an owner, and what else a driver needs from outside: time and randomness.

use std::{
    pin::{Pin, pin},
    rc::{Rc, Weak},
};

use futures::{
    channel::oneshot,
    future::{AbortHandle, Abortable, Either, select},
};
use gloo_timers::future::TimeoutFuture;

use super::{Error, live::Held, window};

/// A spawned future. Dropping this cancels it: the future and all it holds are dropped in the next microtask.
#[must_use = "dropping a task cancels it"]
pub struct Task {
    abort: AbortHandle,
    running: Weak<Held>,
}

/// Starts `future` in the page's event loop.
pub fn spawn(future: impl Future<Output = ()> + 'static) -> Task {
    // What follows is there once for all futures: 2 kB of what a first visit loads.
    spawn_boxed(Box::pin(future))
}

fn spawn_boxed(future: Pin<Box<dyn Future<Output = ()>>>) -> Task {
    let (abort, registration) = AbortHandle::new_pair();
    let held = Rc::new(Held::new(|live| &mut live.tasks));
    let running = Rc::downgrade(&held);
    start(Box::pin(async move {
        let _held = held;
        // Ends early, with an error that says just that, once the task is dropped.
        let _ = Abortable::new(future, registration).await;
    }));
    Task { abort, running }
}

impl Task {
    /// Whether the future has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.running.strong_count() == 0
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Runs `future` to its end even if nobody waits any more: for promises of the browser that hand out something
/// which must then be given back. A result that comes too late is dropped, and so released.
pub(super) async fn see_through<T: 'static>(future: impl Future<Output = T> + 'static) -> Option<T> {
    let (hand_over, result) = oneshot::channel();
    let held = Held::new(|live| &mut live.tasks);
    start(Box::pin(async move {
        let _held = held;
        // The receiver is gone when the caller is; the value then ends here.
        drop(hand_over.send(future.await));
    }));
    result.await.ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that starts futures: each is counted, and has an owner or an end of its own"
)]
fn start(future: Pin<Box<dyn Future<Output = ()>>>) {
    wasm_bindgen_futures::spawn_local(future);
}

/// Waits for `ms` milliseconds; hidden tabs round up to a second, later to a minute.
pub async fn sleep(ms: u32) {
    // setTimeout takes a signed number and treats a negative one as now.
    TimeoutFuture::new(ms.min(i32::MAX.unsigned_abs())).await;
}

/// The output of `future`, or none after `ms` milliseconds, when it is dropped.
pub async fn within<T>(ms: u32, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(sleep(ms))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// Milliseconds since the page began; never goes back.
#[must_use]
pub fn now_ms() -> f64 {
    // Every browser that runs wasm has it; a page without is one where no time passes.
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Milliseconds since 1970 by this device's clock.
#[must_use]
#[expect(clippy::cast_sign_loss, reason = "a clock before 1970 reads 0: float casts saturate")]
pub fn unix_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// `N` bytes of the browser's cryptographic generator.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::new("OperationError", error.to_string()))?;
    Ok(bytes)
}
