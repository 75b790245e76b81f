//! What a device and a tab remember, and the room that reads it.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::prelude::{GetUntracked, Owner};
use snaproom_app::{
    browser::storage,
    room::{self, RoomView},
};
use support::until;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    const no = (name) => () => { throw new DOMException('as the test says', name); };
    const ways = {
        refused: no('SecurityError'),
        missing: () => null,
        full: () => ({
            getItem: () => null, setItem: no('QuotaExceededError'), removeItem: no('QuotaExceededError'),
        }),
    };
    export function blockStorage(way) {
        const own = Object.getOwnPropertyDescriptor(window, 'localStorage');
        Object.defineProperty(window, 'localStorage', { get: ways[way], configurable: true });
        return own;
    }
    export function unblockStorage(own) {
        delete window.localStorage;
        if (own) Object.defineProperty(window, 'localStorage', own);
    }
")]
extern "C" {
    #[wasm_bindgen(js_name = blockStorage)]
    fn block_storage(way: &str) -> JsValue;
    #[wasm_bindgen(js_name = unblockStorage)]
    fn unblock_storage(own: &JsValue);
}

/// Storage of which the browser says no in one of its ways, until this is dropped.
struct Blocked(JsValue);

impl Drop for Blocked {
    fn drop(&mut self) {
        unblock_storage(&self.0);
    }
}

fn local_storage() -> web_sys::Storage {
    web_sys::window().unwrap().local_storage().unwrap().unwrap()
}

#[wasm_bindgen_test]
fn a_name_is_kept_and_an_empty_one_leaves_nothing() {
    local_storage().clear().unwrap();
    assert_eq!(storage::name(), None);
    for name in ["Anna", "山田 太郎", "❤\u{FE0F}"] {
        storage::keep_name(name);
        assert_eq!(storage::name().as_deref(), Some(name));
    }
    storage::keep_name("");
    assert_eq!(storage::name(), None);
    assert_eq!(local_storage().length().unwrap(), 0);
}

#[wasm_bindgen_test]
fn the_wish_for_relays_alone_is_kept_and_leaves_nothing() {
    local_storage().clear().unwrap();
    assert!(!storage::relay_only());
    storage::keep_relay_only(true);
    assert!(storage::relay_only());
    storage::keep_relay_only(false);
    assert!(!storage::relay_only());
    assert_eq!(local_storage().length().unwrap(), 0);
}

#[wasm_bindgen_test]
fn whether_there_is_a_mirror_is_kept_once_somebody_chose() {
    local_storage().clear().unwrap();
    assert_eq!(storage::mirror(), None);
    for mirror in [false, true] {
        storage::keep_mirror(mirror);
        assert_eq!(storage::mirror(), Some(mirror));
    }
}

#[wasm_bindgen_test]
fn what_is_no_token_with_its_life_is_no_token() {
    let storage = web_sys::window().unwrap().session_storage().unwrap().unwrap();
    storage::keep_token("room", &[7; 32], 3);
    let kept = storage.get_item("snaproom:token:room").unwrap().unwrap();
    assert!(kept.ends_with(" 3"), "{kept}");
    let token = kept.trim_end_matches(" 3");
    for text in ["", " ", token, &format!("{token} "), &format!("{token} -1"), &format!("{token} x"), "x 3"] {
        storage.set_item("snaproom:token:room", text).unwrap();
        assert_eq!(storage::token("room"), None, "{text}");
    }
    storage.clear().unwrap();
}

#[wasm_bindgen_test]
async fn a_room_remembers_the_name_that_was_typed_in_another() {
    local_storage().clear().unwrap();
    let _owner = Owner::new();
    let first = RoomView::new();
    let (room, driver) = room::open(first);
    assert_eq!(first.my_name.get_untracked(), "");
    room.set_name(" Anna \u{202E} Bell\n".to_owned());
    until("the name", || first.my_name.get_untracked() == "Anna Bell").await;
    assert_eq!(storage::name().as_deref(), Some("Anna Bell"));
    room.new_room();
    let link = first.link.get_untracked();
    until("another room", || first.link.get_untracked() != link).await;
    assert_eq!(first.my_name.get_untracked(), "Anna Bell");
    drop(driver);

    let second = RoomView::new();
    let (room, _driver) = room::open(second);
    assert_eq!(second.my_name.get_untracked(), "Anna Bell", "at once");
    room.set_name("\u{200B}".to_owned());
    until("the friendly name", || second.my_name.get_untracked().is_empty()).await;
    assert_eq!(storage::name(), None);
}

#[wasm_bindgen_test]
fn what_somebody_else_left_there_becomes_a_name_first() {
    let _owner = Owner::new();
    for (kept, name) in [("\u{202E}annA \n x", "annA x"), (&"y".repeat(100_000), &"y".repeat(40))] {
        storage::keep_name(kept);
        let view = RoomView::new();
        let _room = room::open(view);
        assert_eq!(view.my_name.get_untracked(), name);
    }
    storage::keep_name("");
}

#[wasm_bindgen_test]
async fn without_storage_a_name_lasts_as_long_as_the_page() {
    let _owner = Owner::new();
    for way in ["refused", "missing", "full"] {
        let _blocked = Blocked(block_storage(way));
        assert_eq!(storage::name(), None);
        storage::keep_relay_only(true);
        assert!(!storage::relay_only());
        storage::keep_mirror(false);
        assert_eq!(storage::mirror(), None);
        let view = RoomView::new();
        let (room, _driver) = room::open(view);
        room.set_name("Anna".to_owned());
        until("the name", || view.my_name.get_untracked() == "Anna").await;
        let link = view.link.get_untracked();
        room.new_room();
        until("another room", || view.link.get_untracked() != link).await;
        assert_eq!(view.my_name.get_untracked(), "Anna");
        room.set_name(String::new());
        until("the friendly name", || view.my_name.get_untracked().is_empty()).await;
    }
}
