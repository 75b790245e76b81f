//! A sentence of the system's, for somebody who looks at something else.

use web_sys::{NotificationOptions, NotificationPermission};

use super::{
    live::{Held, Listener},
    task, window,
};

/// Whether the system shows what the page has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayNotify {
    /// It does.
    Yes,
    /// The person has to be asked.
    Ask,
    /// The person said no, or the browser cannot.
    No,
}

/// A notification, until it is dropped or the person takes it away.
pub struct Notification {
    shown: web_sys::Notification,
    _on_click: Listener,
    _held: Held,
}

impl Notification {
    /// Whether one may be shown.
    #[must_use]
    pub fn may_be_shown() -> MayNotify {
        // Missing in pages over plain http, and in iPhones' browsers.
        if !super::has("Notification") {
            return MayNotify::No;
        }
        match web_sys::Notification::permission() {
            NotificationPermission::Granted => MayNotify::Yes,
            NotificationPermission::Default => MayNotify::Ask,
            _ => MayNotify::No,
        }
    }

    /// Asks the person, in reply to a click; takes at most a minute.
    pub async fn ask() -> MayNotify {
        const PATIENCE_MS: u32 = 60_000;
        if let Ok(asking) = web_sys::Notification::request_permission() {
            let asking = async move { drop(asking.await) };
            // What the person said, the browser knows.
            let _ = task::within(PATIENCE_MS, asking).await;
        }
        Self::may_be_shown()
    }

    /// Shows one, in the place of the one before. A click on it brings the page back. None where the browser does not want
    /// to, as on Android, where it takes a service worker.
    #[must_use]
    pub fn show(title: &str, body: &str) -> Option<Self> {
        let options = NotificationOptions::new();
        options.set_body(body);
        options.set_tag("snaproom");
        let shown = web_sys::Notification::new_with_options(title, &options).ok()?;
        let on_click = Listener::new(&shown, "click", |_| {
            // A window that may not come to the front stays where it is.
            let _ = window().focus();
        });
        Some(Self { shown, _on_click: on_click, _held: Held::new(|live| &mut live.notifications) })
    }
}

impl Drop for Notification {
    fn drop(&mut self) {
        self.shown.close();
    }
}
