use std::{cell::RefCell, collections::VecDeque};

use gloo_file::ObjectUrl;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BlobPropertyBag, HtmlAnchorElement};

use super::{
    Blob, Error,
    live::Held,
    task::{Task, sleep, spawn},
    window,
};

/// How long a download may take to begin: a browser may ask the person first.
const REVOKE_AFTER_MS: u32 = 40_000;

/// Downloads whose URL lives at the same time; one more revokes the oldest.
const MAX_URLS: usize = 8;

thread_local! {
    /// Each task holds one object URL and ends with it.
    static URLS: RefCell<VecDeque<Task>> = RefCell::default();
}

/// One file of several, put together by the browser: the page does not read them.
pub fn join(parts: &[Blob], mime: &str) -> Result<Blob, Error> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts: Array = parts.iter().map(AsRef::<JsValue>::as_ref).collect();
    web_sys::Blob::new_with_blob_sequence_and_options(&parts, &options)
        .map(Blob::from)
        .map_err(Error::from_js)
}

/// Gives `blob` to the person as a file called `name`, as the browser's downloads do.
pub fn save(blob: &Blob, name: &str) -> Result<(), Error> {
    let document = window().document().ok_or_else(|| Error::new("InvalidStateError", "the page is gone"))?;
    let link: HtmlAnchorElement = document.create_element("a").map_err(Error::from_js)?.unchecked_into();
    let url = ObjectUrl::from(blob.clone());
    let held = Held::new(|live| &mut live.object_urls);
    link.set_href(&url);
    link.set_download(name);
    link.click();

    let revoking = spawn(async move {
        let _held = held;
        let _url = url;
        sleep(REVOKE_AFTER_MS).await;
    });
    URLS.with_borrow_mut(|urls| {
        urls.retain(|task| !task.is_finished());
        if urls.len() == MAX_URLS {
            urls.pop_front();
        }
        urls.push_back(revoking);
    });
    Ok(())
}
