use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};

use super::{Chosen, Error, Permission, externs};

/// Where a file of the person's is. A [`Store`](super::Store) keeps it over a reload, and so does the browser what the
/// person said to it; a clone is cheap. In Chromium alone.
#[derive(Clone)]
pub struct FileHandle(pub(super) externs::FileHandle);

impl FileHandle {
    /// Whether the page may read the file; asks nobody.
    pub fn permission(&self) -> impl Future<Output = Permission> + 'static + use<> {
        said(self.0.query_permission().into())
    }

    /// Asks the person for it, in reply to a click, which browsers demand.
    pub fn ask(&self) -> impl Future<Output = Permission> + 'static + use<> {
        said(self.0.request_permission().into())
    }

    /// The file as it is now; fails where it is gone, or may not be read.
    pub fn file(&self) -> impl Future<Output = Result<Chosen, Error>> + 'static + use<> {
        let (asked, handle) = (JsFuture::from(self.0.file()), self.clone());
        async move {
            let file: JsValue = asked.await.map_err(Error::from_js)?;
            Ok(Chosen { handle: Some(handle), ..Chosen::new(file.unchecked_into(), None) })
        }
    }
}

async fn said(answer: JsFuture) -> Permission {
    let state: Option<JsValue> = answer.await.ok();
    match state.and_then(|state| state.as_string()).as_deref() {
        Some("granted") => Permission::Granted,
        Some("prompt") => Permission::Prompt,
        Some("denied") => Permission::Denied,
        _ => Permission::Unknown,
    }
}
