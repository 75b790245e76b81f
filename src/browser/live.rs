use std::cell::Cell;

use gloo_events::{EventListener, EventListenerOptions};
use web_sys::EventTarget;

/// How many handles of each kind are held now. A test takes it before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// Streams of cameras, microphones and screens whose tracks run, and recordings.
    pub captures: u32,
    /// What comes over connections and may be shown.
    pub received: u32,
    /// `RTCPeerConnection`s that are not closed.
    pub connections: u32,
    /// Sockets that are not closed.
    pub sockets: u32,
    /// Event listeners, those inside of the other handles included.
    pub listeners: u32,
    /// Spawned futures that have not ended.
    pub tasks: u32,
    /// Rings that are not over, and sounds that are measured.
    pub rings: u32,
    /// Web Locks and wake locks.
    pub locks: u32,
    /// Object URLs.
    pub object_urls: u32,
    /// Workers that are not ended.
    pub workers: u32,
    /// Notifications that are shown.
    pub notifications: u32,
}

impl Live {
    /// Whether nothing at all is held.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

thread_local! {
    static LIVE: Cell<Live> = Cell::default();
}

/// What is held now.
#[must_use]
pub fn live() -> Live {
    LIVE.get()
}

/// Counts one handle for as long as it lives.
pub(super) struct Held(fn(&mut Live) -> &mut u32);

impl Held {
    pub(super) fn new(kind: fn(&mut Live) -> &mut u32) -> Self {
        let mut live = LIVE.get();
        *kind(&mut live) += 1;
        LIVE.set(live);
        Self(kind)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut live = LIVE.get();
        *(self.0)(&mut live) -= 1;
        LIVE.set(live);
    }
}

/// A callback on an event of the browser, removed on `Drop`.
pub struct Listener {
    _listener: EventListener,
    _held: Held,
}

impl Listener {
    pub(super) fn new(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(&web_sys::Event) + 'static,
    ) -> Self {
        Self::boxed(target, event, EventListenerOptions::default(), Box::new(callback))
    }

    /// One that may keep the browser from what it does by default.
    pub(super) fn preventing(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(&web_sys::Event) + 'static,
    ) -> Self {
        Self::boxed(target, event, EventListenerOptions::enable_prevent_default(), Box::new(callback))
    }

    /// There once for all callbacks: what a listener is made of is large.
    fn boxed(
        target: &EventTarget,
        event: &'static str,
        options: EventListenerOptions,
        callback: Box<dyn FnMut(&web_sys::Event)>,
    ) -> Self {
        Self {
            _listener: EventListener::new_with_options(target, event, options, callback),
            _held: Held::new(|live| &mut live.listeners),
        }
    }
}
