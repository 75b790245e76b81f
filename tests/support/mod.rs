//! What the browser tests share: deadlines, elements, and the page's own objects replaced for a while.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

use snaproom_app::browser::{Canvas, Payload, Picture, Video, task};
use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlCanvasElement, HtmlElement, HtmlVideoElement};

/// Nothing here takes longer on a slow machine.
pub const DEADLINE_MS: u32 = 20_000;

/// The output of `future`, or a failed test that says what it waited for.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let output = task::within(DEADLINE_MS, future).await;
    output.unwrap_or_else(|| panic!("still waiting: {what}"))
}

/// Waits until `condition` holds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    soon(what, async {
        while !condition() {
            task::sleep(5).await;
        }
    })
    .await;
}

pub fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

/// Where a test mounts what it looks at; whoever asked for it takes it out of the page again.
pub fn place() -> HtmlElement {
    element("div").unchecked_into()
}

pub fn video() -> (HtmlVideoElement, Video) {
    let element: HtmlVideoElement = element("video").unchecked_into();
    (element.clone(), element.into())
}

pub fn canvas() -> (HtmlCanvasElement, Canvas) {
    let element: HtmlCanvasElement = element("canvas").unchecked_into();
    (element.clone(), element.into())
}

fn element(name: &str) -> web_sys::Element {
    let element = document().create_element(name).unwrap();
    document().body().unwrap().append_child(&element).unwrap();
    element
}

/// Random opaque pixels: nothing that a codec or a colour profile would leave as it is by chance.
pub fn noise(width: u32, height: u32) -> Picture {
    let mut pixels = noise_bytes(width * height * 4);
    pixels.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    Picture { width, height, pixels: Payload::from(pixels.as_slice()) }
}

/// Bytes of a xorshift generator: the same in every run.
pub fn noise_bytes(length: u32) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[7]
    };
    (0..length).map(|_| next()).collect()
}

pub fn bytes(payload: &Payload) -> Vec<u8> {
    payload.to_vec(usize::MAX).unwrap()
}

#[wasm_bindgen(inline_js = "
    const kept = [];
    export function replace(path, value) {
        const names = path.split('.');
        const name = names.pop();
        const owner = names.reduce((object, name) => object[name], globalThis);
        const own = Object.getOwnPropertyDescriptor(owner, name);
        Object.defineProperty(owner, name, { value, configurable: true, writable: true });
        kept.push(() => own ? Object.defineProperty(owner, name, own) : delete owner[name]);
    }
    export function restore() { kept.pop()(); }
    export function rejecting(name, constraint) {
        const error = constraint === undefined
            ? new DOMException('as the test says', name)
            : new OverconstrainedError(constraint, 'as the test says');
        return () => Promise.reject(error);
    }
    export function throwing(name) {
        return function () { throw new DOMException('as the test says', name); };
    }
    export function resolving(value) { return () => Promise.resolve(value); }
    export function hanging() { return () => new Promise(() => {}); }
")]
extern "C" {
    fn replace(path: &str, value: &JsValue);
    fn restore();
    /// A function that rejects with a `DOMException`, or with an `OverconstrainedError` where a constraint is given.
    pub fn rejecting(name: &str, constraint: Option<&str>) -> JsValue;
    /// A function, or a constructor, that throws a `DOMException`.
    pub fn throwing(name: &str) -> JsValue;
    /// A function that returns a promise of `value`.
    pub fn resolving(value: &JsValue) -> JsValue;
    /// A function that returns a promise which never settles.
    pub fn hanging() -> JsValue;
}

/// A member of the page's global object that has another value until this is dropped. The last one made is the
/// first to be dropped.
pub struct Replaced;

impl Replaced {
    /// `path` as in `navigator.mediaDevices.getUserMedia`.
    pub fn with(path: &str, value: &JsValue) -> Self {
        replace(path, value);
        Self
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        restore();
    }
}
