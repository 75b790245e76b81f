//! Bytes outside of wasm memory.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use sha2::{Digest, Sha256};
use snaproom_app::browser::{Blob, Chunk, Payload};
use support::{Replaced, bytes, noise_bytes, soon, throwing};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    const { postMessage } = MessagePort.prototype;
    export function counting() {
        const count = function (message, given) {
            count.lengths.push(...given.map((buffer) => buffer.byteLength));
            return postMessage.call(this, message, given);
        };
        count.lengths = [];
        return count;
    }
")]
extern "C" {
    /// `MessagePort.prototype.postMessage`, which keeps the lengths of what was given away with it.
    type Counting;
    fn counting() -> Counting;
    #[wasm_bindgen(method, getter)]
    fn lengths(this: &Counting) -> Vec<u32>;
}

fn chunk(bytes: &[u8]) -> Chunk {
    Chunk::from(bytes)
}

#[wasm_bindgen_test]
fn chunks_land_where_they_belong() {
    let payload = Payload::allocate(10).unwrap();
    assert_eq!(bytes(&payload), [0; 10]);
    payload.write(0, &chunk(&[1, 2, 3])).unwrap();
    payload.write(7, &chunk(&[7, 8, 255])).unwrap();
    payload.write(10, &chunk(&[])).unwrap();
    assert_eq!(bytes(&payload), [1, 2, 3, 0, 0, 0, 0, 7, 8, 255]);
}

#[wasm_bindgen_test]
async fn the_last_clone_gives_the_bytes_back_and_no_other() {
    let freed = counting();
    let _replaced = Replaced::with("MessagePort.prototype.postMessage", freed.as_ref());
    let payload = Payload::from([1, 2, 3].as_slice());
    let clone = payload.clone();
    let hashing = payload.sha256(0, 3);
    drop((payload, clone));
    assert!(freed.lengths().is_empty(), "it is still to be hashed");
    assert_eq!(soon("the hash", hashing).await.unwrap(), *Sha256::digest([1, 2, 3]));
    assert_eq!(freed.lengths(), [3]);
    drop(chunk(&[4, 5]));
    assert_eq!(freed.lengths(), [3, 2]);
}

#[wasm_bindgen_test]
fn a_browser_that_cannot_free_leaves_it_to_the_garbage_collector() {
    let _replaced = Replaced::with("MessagePort.prototype.postMessage", &JsValue::UNDEFINED);
    drop(Payload::from([1, 2, 3].as_slice()));
}

#[wasm_bindgen_test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let payload = Payload::allocate(10).unwrap();
    for (offset, length) in [(8, 3), (10, 1), (11, 0), (u32::MAX, 1), (u32::MAX, 0), (0, 11)] {
        let error = payload.write(offset, &chunk(&vec![9; length])).unwrap_err();
        assert_eq!(error.name, "RangeError", "{length} bytes at {offset}");
    }
    assert_eq!(bytes(&payload), [0; 10]);
    assert_eq!(payload.to_vec(9).unwrap_err().name, "RangeError");
    assert_eq!(payload.to_vec(10).unwrap().len(), 10);
}

#[wasm_bindgen_test]
fn too_much_is_an_error_and_no_panic() {
    let _replaced = Replaced::with("Uint8ClampedArray", &throwing("RangeError"));
    assert_eq!(Payload::allocate(u32::MAX).err().unwrap().name, "RangeError");
}

#[wasm_bindgen_test]
async fn clones_share_their_bytes_and_blobs_do_not() {
    let payload = Payload::from([1, 2, 3].as_slice());
    let clone = payload.clone();
    payload.write(1, &chunk(&[9])).unwrap();
    assert_eq!(bytes(&clone), [1, 9, 3]);

    let blob = Blob::new([4, 5, 6].as_slice());
    assert_eq!(bytes(&soon("the blob", Payload::from_blob(&blob)).await.unwrap()), [4, 5, 6]);
}

async fn hashes_are_right() {
    let abc = Payload::from(b"..abc..".as_slice());
    let expected = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0,
        0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
    ];
    assert_eq!(soon("the hash", abc.sha256(2, 3)).await, Ok(expected));

    let noise = noise_bytes(1024 * 1024 + 17);
    let payload = Payload::from(noise.as_slice());
    for (offset, length) in [(0, payload.len()), (5, 1024 * 1024), (0, 0), (payload.len(), 0)] {
        let expected: [u8; 32] = Sha256::digest(&noise[offset as usize..][..length as usize]).into();
        assert_eq!(soon("the hash", payload.sha256(offset, length)).await, Ok(expected));
    }
    for (offset, length) in [(0, payload.len() + 1), (payload.len(), 1), (u32::MAX, u32::MAX)] {
        assert_eq!(soon("the refusal", payload.sha256(offset, length)).await.unwrap_err().name, "RangeError");
    }
}

#[wasm_bindgen_test]
async fn hashes_of_subtle_crypto() {
    hashes_are_right().await;
}

#[wasm_bindgen_test]
async fn hashes_of_a_page_without_subtle_crypto() {
    let _replaced = Replaced::with("crypto.subtle", &JsValue::UNDEFINED);
    hashes_are_right().await;
}
