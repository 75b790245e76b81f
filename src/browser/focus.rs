//! Which element the keyboard speaks to.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::window;

/// Gives the focus to the element with this id, if there is one that can have it.
pub fn set(id: &str) {
    let element = window().document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Fails for no element of a page that is shown.
        let _ = element.focus();
    }
}

/// Whether something in the element with this id, or the element itself, has the focus.
#[must_use]
pub fn is_on(id: &str) -> bool {
    let focused = window().document().and_then(|document| document.active_element());
    focused.is_some_and(|element| matches!(element.closest(&format!("#{id}")), Ok(Some(_))))
}

/// Gives the focus to the element with this id, if something in it has it that is hidden now.
pub fn rescue(id: &str) {
    let focused = window().document().and_then(|document| document.active_element());
    let is_hidden = |element: &Element| matches!(element.closest("[hidden]"), Ok(Some(_)));
    if is_on(id) && focused.as_ref().is_some_and(is_hidden) {
        set(id);
    }
}

/// Whether a letter that is pressed now is for what has the focus, and not for the page: for a field, a list, or the
/// dialog that is open.
pub(super) fn takes_letters() -> bool {
    let Some(document) = window().document() else { return false };
    let is_open = matches!(document.query_selector("dialog[open]"), Ok(Some(_)));
    let takes = |element: Element| element.matches("input, select, textarea, [contenteditable]");
    is_open || matches!(document.active_element().map(takes), Some(Ok(true)))
}
