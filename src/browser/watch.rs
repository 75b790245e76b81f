use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::live::Held;

/// A look at one element, whether it is on the screen; ended on `Drop`.
pub struct Watch {
    /// None in a browser that has no `IntersectionObserver`: then nothing is told.
    observer: Option<IntersectionObserver>,
    _callback: Closure<dyn FnMut(Array)>,
    _held: Held,
}

impl Watch {
    pub(super) fn new(element: &Element, mut callback: impl FnMut(bool) + 'static) -> Self {
        let callback = Closure::<dyn FnMut(Array)>::new(move |changes: Array| {
            // Never empty, and the newest comes last.
            callback(changes.pop().unchecked_into::<IntersectionObserverEntry>().is_intersecting());
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin("50%");
        let function = callback.as_ref().unchecked_ref();
        let observer = IntersectionObserver::new_with_options(function, &options).ok();
        if let Some(observer) = &observer {
            observer.observe(element);
        }
        Self { observer, _callback: callback, _held: Held::new(|live| &mut live.listeners) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}
