//! Whether the browser would hand out a camera or a microphone, which it tells without asking anybody.

use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{PermissionState, PermissionStatus};

use super::{live::Listener, navigator, task};

/// Whether the browser would hand out a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// At once.
    Granted,
    /// After asking the person.
    Prompt,
    /// Never.
    Denied,
    /// The browser does not say.
    Unknown,
}

/// Asks the browser, not the person; takes at most a second.
pub async fn camera_permission() -> Permission {
    Permission::of(status("camera").await.as_ref())
}

/// The same for the microphone.
pub async fn microphone_permission() -> Permission {
    Permission::of(status("microphone").await.as_ref())
}

/// What the browser says of it from now on.
pub struct PermissionWatch {
    status: PermissionStatus,
    _on_change: Listener,
}

impl PermissionWatch {
    /// Of the camera; none where the browser does not say. Takes at most a second.
    pub async fn camera(on_change: impl FnMut() + 'static) -> Option<Self> {
        Self::of("camera", on_change).await
    }

    /// Of the microphone, likewise.
    pub async fn microphone(on_change: impl FnMut() + 'static) -> Option<Self> {
        Self::of("microphone", on_change).await
    }

    /// What it says now.
    #[must_use]
    pub fn permission(&self) -> Permission {
        Permission::of(Some(&self.status))
    }

    async fn of(name: &'static str, mut on_change: impl FnMut() + 'static) -> Option<Self> {
        let status = status(name).await?;
        let listener = Listener::new(&status, "change", move |_| on_change());
        Some(Self { status, _on_change: listener })
    }
}

impl Permission {
    fn of(status: Option<&PermissionStatus>) -> Self {
        match status.map(PermissionStatus::state) {
            Some(PermissionState::Granted) => Self::Granted,
            Some(PermissionState::Prompt) => Self::Prompt,
            Some(PermissionState::Denied) => Self::Denied,
            _ => Self::Unknown,
        }
    }
}

async fn status(name: &'static str) -> Option<PermissionStatus> {
    const PATIENCE_MS: u32 = 1_000;
    let query = async {
        let descriptor = serde_wasm_bindgen::to_value(&Descriptor { name }).ok()?;
        let query = navigator().permissions()?.query(descriptor.unchecked_ref()).ok()?;
        let status: JsValue = query.await.ok()?;
        Some(status.unchecked_into())
    };
    task::within(PATIENCE_MS, query).await.flatten()
}

/// `PermissionDescriptor`; web-sys's enum of names has neither of them.
#[derive(Serialize)]
struct Descriptor {
    name: &'static str,
}
