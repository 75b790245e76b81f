//! What is heard and felt of a call that comes.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

use snaproom_app::browser::{Ring, live};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    const contexts = [];
    const felt = [];
    const { createOscillator } = BaseAudioContext.prototype;
    export function watch() {
        BaseAudioContext.prototype.createOscillator = function () {
            contexts.push(this);
            return createOscillator.call(this);
        };
        Navigator.prototype.vibrate = (pattern) => void felt.push([...pattern]);
    }
    export function silence() {
        BaseAudioContext.prototype.createOscillator = function () {
            contexts.push(this);
            throw new TypeError('no sound');
        };
        delete Navigator.prototype.vibrate;
    }
    export function heard() {
        return contexts.filter(({ state }) => state !== 'closed').length;
    }
    export async function closed() {
        while (heard() > 0) await new Promise((later) => setTimeout(later, 10));
    }
    export function last() {
        return felt.at(-1).reduce((sum, ms) => sum + ms, 0);
    }
")]
extern "C" {
    fn watch();
    fn silence();
    fn heard() -> u32;
    async fn closed();
    /// Milliseconds of what was felt last.
    fn last() -> u32;
}

#[wasm_bindgen_test]
async fn it_rings_until_it_is_dropped() {
    watch();
    let ring = Ring::start();
    assert_eq!((heard(), last(), live().rings), (1, 45_000, 1));
    drop(ring);
    assert_eq!((last(), live().rings), (0, 0));
    closed().await;
    silence();
    // Nothing is heard or felt, nothing fails, and nothing is left.
    let ring = Ring::start();
    closed().await;
    drop(ring);
    assert!(live().is_zero());
}
