//! The page, its storage and locks, tasks, and the socket.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::Cell, rc::Rc};

use snaproom_app::browser::{Dialog, focus, live, page, storage, storage::Lock, task};
use support::{Replaced, rejecting, soon, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export function recording(answer) {
        const call = (argument) => { call.argument = argument; call.selected = document.activeElement.value; return answer; };
        return call;
    }
    export function blockStorage() {
        Object.defineProperty(window, 'sessionStorage', {
            get() { throw new DOMException('as the test says', 'SecurityError'); }, configurable: true,
        });
        return Object.getOwnPropertyDescriptor(window, 'sessionStorage');
    }
    export function unblockStorage(own) { delete window.sessionStorage; if (own) Object.defineProperty(window, 'sessionStorage', own); }
    export function sessionStorageProperty() { return Object.getOwnPropertyDescriptor(window, 'sessionStorage'); }
    export function marks(name) { return performance.getEntriesByName(name, 'mark').length; }
    export function date(seconds) {
        const shifted = new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000);
        return shifted.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
    }
    export function clock(seconds) { return new Date(seconds * 1000).toTimeString().slice(0, 5); }
")]
extern "C" {
    /// A function that keeps its argument and what is selected in the page.
    type Recording;
    fn recording(answer: &JsValue) -> Recording;
    #[wasm_bindgen(method, getter)]
    fn argument(this: &Recording) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = argument)]
    fn shared(this: &Recording) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn selected(this: &Recording) -> Option<String>;
    #[wasm_bindgen(js_name = sessionStorageProperty)]
    fn session_storage_property() -> JsValue;
    #[wasm_bindgen(js_name = blockStorage)]
    fn block_storage();
    #[wasm_bindgen(js_name = unblockStorage)]
    fn unblock_storage(own: &JsValue);
    fn marks(name: &str) -> u32;
    fn clock(seconds: u32) -> String;
    fn date(seconds: u32) -> String;
}

fn location() -> web_sys::Location {
    web_sys::window().unwrap().location()
}

#[wasm_bindgen_test]
fn the_fragment_survives_the_address_bar() {
    let path = page::path();
    for fragment in ["kx3_-A", "", "한국 방", "50% & #1", "100%25"] {
        page::set_fragment(fragment).unwrap();
        assert_eq!(page::fragment(), fragment);
        assert_eq!(page::path(), path);
    }
    page::set_fragment("kx3_-A").unwrap();
    assert_eq!(page::link(), format!("{}{path}#kx3_-A", location().origin().unwrap()));
    // As a person may type it.
    location().set_hash("#50%").unwrap();
    assert_eq!(page::fragment(), "50%");
}

#[wasm_bindgen_test]
async fn listeners_hear_until_they_are_dropped() {
    let before = live();
    page::set_fragment("first").unwrap();
    let calls = Rc::new(Cell::new(0));
    let counting = calls.clone();
    let listener = page::on_fragment_change(move || counting.set(counting.get() + 1));
    assert_eq!(live().listeners, before.listeners + 1);
    location().set_hash("second").unwrap();
    until("the change", || calls.get() == 1).await;
    drop(listener);
    assert_eq!(live(), before);
    location().set_hash("third").unwrap();
    task::sleep(50).await;
    assert_eq!(calls.get(), 1);

    let window = web_sys::window().unwrap();
    for (event, listen) in
        [("pageshow", page::on_show as fn(Box<dyn FnMut()>) -> _), ("pagehide", page::on_hide)]
    {
        let calls = Rc::new(Cell::new(0));
        let counting = calls.clone();
        let listener = listen(Box::new(move || counting.set(counting.get() + 1)));
        window.dispatch_event(&web_sys::Event::new(event).unwrap()).unwrap();
        drop(listener);
        window.dispatch_event(&web_sys::Event::new(event).unwrap()).unwrap();
        assert_eq!(calls.get(), 1, "{event}");
    }
    assert_eq!(live(), before);
}

/// A phone tells of another network, a desk of another guess of the speed, and Firefox of neither.
#[wasm_bindgen_test]
fn another_network_is_heard_of_where_the_browser_knows() {
    let before = live();
    let window = web_sys::window().unwrap();
    let changed = |target: &web_sys::EventTarget, event: &str| {
        target.dispatch_event(&web_sys::Event::new(event).unwrap()).unwrap();
    };
    let (phone, desk) = (web_sys::EventTarget::new().unwrap(), web_sys::EventTarget::new().unwrap());
    js_sys::Reflect::set(&phone, &"type".into(), &"wifi".into()).unwrap();
    for (network, heard) in [(Some(&phone), 2), (Some(&desk), 1), (None, 1)] {
        let connection = network.map_or(JsValue::UNDEFINED, JsValue::from);
        let _replaced = Replaced::with("navigator.connection", &connection);
        let calls = Rc::new(Cell::new(0));
        let counting = calls.clone();
        let listeners = page::on_network_change(move || counting.set(counting.get() + 1));
        changed(&window, "online");
        if let Some(network) = network {
            changed(network, "change");
        }
        assert_eq!(calls.get(), heard);
        drop(listeners);
        changed(&window, "online");
        changed(&phone, "change");
        assert_eq!(calls.get(), heard, "after the end");
    }
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
fn addresses_marks_and_clocks() {
    assert_eq!(page::websocket_url("/ws"), format!("ws://{}/ws", location().host().unwrap()));
    page::mark("photo:1:snapped");
    assert_eq!(marks("photo:1:snapped"), 1);
    for seconds in [0, 1_700_000_000, 4_000_000_000] {
        assert_eq!(page::time_of_day(u64::from(seconds) * 1000), clock(seconds));
        assert_eq!(page::date_and_time(u64::from(seconds) * 1000), date(seconds));
        let [year, month, day, hour, minute, second] = page::calendar(u64::from(seconds) * 1000);
        let parts = format!("{year}-{month:02}-{day:02}-{hour:02}{minute:02}{second:02}");
        assert_eq!(parts, date(seconds));
    }
    // A peer says when it took a photo, and may say anything.
    for anything in [u64::MAX, 1 << 60] {
        assert_eq!(page::time_of_day(anything), "00:00");
        assert!(page::date_and_time(anything).len() < 30);
    }
    let before = task::now_ms();
    assert!(task::now_ms() >= before && before > 0.0);
    assert!(task::unix_ms() > 1_700_000_000_000);
}

#[wasm_bindgen_test]
async fn copying_uses_the_clipboard_and_else_a_selection() {
    let document = web_sys::window().unwrap().document().unwrap();
    let left = || document.query_selector("textarea").unwrap();
    {
        let clipboard = recording(&js_sys::Promise::resolve(&JsValue::UNDEFINED));
        let _replaced = Replaced::with("navigator.clipboard.writeText", clipboard.as_ref());
        soon("the copy", page::copy("the link")).await.unwrap();
        assert_eq!(clipboard.argument().as_deref(), Some("the link"));
    }
    {
        let _refusing = Replaced::with("navigator.clipboard.writeText", &rejecting("NotAllowedError", None));
        let copy = recording(&true.into());
        let _replaced = Replaced::with("document.execCommand", copy.as_ref());
        soon("the copy", page::copy("the second link")).await.unwrap();
        assert_eq!(copy.selected().as_deref(), Some("the second link"));
    }
    let _insecure = Replaced::with("navigator.clipboard", &JsValue::UNDEFINED);
    let copy = recording(&true.into());
    {
        let _replaced = Replaced::with("document.execCommand", copy.as_ref());
        soon("the copy", page::copy("the third link")).await.unwrap();
    }
    assert_eq!(copy.argument().as_deref(), Some("copy"));
    assert_eq!(copy.selected().as_deref(), Some("the third link"));
    let _replaced = Replaced::with("document.execCommand", recording(&false.into()).as_ref());
    assert_eq!(soon("the refusal", page::copy("no")).await.unwrap_err().name, "NotAllowedError");
    assert_eq!(left(), None, "no field is left in the page");
}

#[wasm_bindgen_test]
async fn copying_works_in_a_modal_dialog_and_gives_the_focus_back() {
    let document = web_sys::window().unwrap().document().unwrap();
    let element: web_sys::HtmlDialogElement = document.create_element("dialog").unwrap().unchecked_into();
    element.set_inner_html("<button></button><button id='copy'></button>");
    document.body().unwrap().append_child(&element).unwrap();
    element.show_modal().unwrap();
    focus::set("copy");

    let _insecure = Replaced::with("navigator.clipboard", &JsValue::UNDEFINED);
    for answer in [true, false] {
        let copy = recording(&answer.into());
        let _replaced = Replaced::with("document.execCommand", copy.as_ref());
        assert_eq!(soon("the copy", page::copy("the link")).await.is_ok(), answer);
        assert_eq!(copy.selected().as_deref(), Some("the link"));
        assert!(focus::is_on("copy") && document.query_selector("textarea").unwrap().is_none());
    }

    // Here the field cannot have the focus: something else would be copied.
    element.set_attribute("inert", "").unwrap();
    let copy = recording(&true.into());
    {
        let _replaced = Replaced::with("document.execCommand", copy.as_ref());
        assert_eq!(soon("the refusal", page::copy("no")).await.unwrap_err().name, "NotAllowedError");
    }
    assert_eq!(copy.argument(), None, "nothing was selected");
    element.remove();
}

#[wasm_bindgen_test]
fn the_browser_asks_before_the_page_is_left_as_long_as_it_is_told() {
    let window = web_sys::window().unwrap();
    let answer = || {
        let event = window.document().unwrap().create_event("BeforeUnloadEvent").unwrap();
        event.init_event_with_bubbles_and_cancelable("beforeunload", false, true);
        window.dispatch_event(&event).unwrap();
        event.unchecked_into::<web_sys::BeforeUnloadEvent>().return_value()
    };
    let before = live();
    assert_eq!(answer(), "");
    let listener = page::ask_before_leaving();
    assert_ne!(answer(), "");
    drop(listener);
    assert_eq!((answer().as_str(), live()), ("", before));
}

#[wasm_bindgen_test]
async fn sharing_opens_the_share_sheet_where_there_is_one() {
    let _missing = Replaced::with("navigator.share", &JsValue::UNDEFINED);
    assert!(!page::can_share());
    assert_eq!(soon("the refusal", page::share("Snaproom", "the link")).await.unwrap_err().name, "TypeError");

    let sheet = recording(&js_sys::Promise::resolve(&JsValue::UNDEFINED));
    {
        let _replaced = Replaced::with("navigator.share", sheet.as_ref());
        assert!(page::can_share());
        soon("the sheet", page::share("Snaproom", "https://host/#secret")).await.unwrap();
        let shared = String::from(js_sys::JSON::stringify(&sheet.shared()).unwrap());
        assert_eq!(shared, r#"{"title":"Snaproom","url":"https://host/#secret"}"#);
    }
    let _closed = Replaced::with("navigator.share", &rejecting("AbortError", None));
    assert_eq!(soon("the end", page::share("", "")).await.unwrap_err().name, "AbortError");
}

#[wasm_bindgen_test]
fn a_dialog_opens_above_the_page_once_it_is_in_it() {
    let document = web_sys::window().unwrap().document().unwrap();
    let element: web_sys::HtmlDialogElement = document.create_element("dialog").unwrap().unchecked_into();
    let dialog = Dialog::from(element.clone());
    dialog.show_modal();
    assert!(!element.open(), "it is not in the page yet");

    document.body().unwrap().append_child(&element).unwrap();
    for _ in 0..2 {
        dialog.show_modal();
        assert!(element.open() && element.matches(":modal").unwrap());
    }
    for _ in 0..2 {
        dialog.close();
        assert!(!element.open());
    }
    element.remove();
}

#[wasm_bindgen_test]
fn a_token_is_kept_for_its_room_alone() {
    let (token, room) = (task::random().unwrap(), "kept for its room");
    assert_eq!(storage::token(room), None);
    storage::keep_token(room, &token, 0);
    assert_eq!(storage::token(room), Some((token, 0)));
    storage::keep_token(room, &token, u32::MAX);
    assert_eq!(storage::token(room), Some((token, u32::MAX)));
    assert_eq!(storage::token("another"), None);

    let store = web_sys::window().unwrap().session_storage().unwrap().unwrap();
    let key = (0..store.length().unwrap())
        .find_map(|index| store.key(index).unwrap().filter(|key| key.contains(room)));
    store.set_item(&key.unwrap(), "not a token").unwrap();
    assert_eq!(storage::token(room), None);

    storage::keep_token(room, &token, 0);
    storage::forget_token(room);
    assert_eq!(storage::token(room), None);
}

#[wasm_bindgen_test]
fn a_blocked_storage_is_none() {
    let own = session_storage_property();
    block_storage();
    storage::keep_token("blocked", &[1; 32], 0);
    let token = storage::token("blocked");
    storage::forget_token("blocked");
    unblock_storage(&own);
    assert_eq!(token, None);
}

#[wasm_bindgen_test]
async fn a_lock_has_one_holder() {
    let before = live();
    let lock = soon("the lock", Lock::claim("one holder")).await.unwrap();
    assert_eq!(live().locks, before.locks + 1);
    assert!(soon("the refusal", Lock::claim("one holder")).await.is_none());
    let other = soon("another name", Lock::claim("another holder")).await.unwrap();
    drop(lock);
    let again = soon("the lock", Lock::claim("one holder")).await.unwrap();
    drop((other, again));
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn a_claim_outlives_the_page_that_is_going() {
    let lock = soon("the lock", Lock::claim("before the reload")).await.unwrap();
    let letting_go = task::spawn(async move {
        task::sleep(60).await;
        drop(lock);
    });
    assert!(soon("the lock", Lock::claim("before the reload")).await.is_some());
    assert!(letting_go.is_finished());
}

#[wasm_bindgen_test]
async fn a_claim_that_nobody_waits_for_holds_nothing() {
    let before = live();
    let claiming = task::spawn(async {
        let _lock = Lock::claim("abandoned").await;
        unreachable!("the task was dropped before the answer");
    });
    // Turns of the microtask queue alone: the browser's answer takes longer.
    for _ in 0..5 {
        js_sys::Promise::resolve(&JsValue::NULL).await.unwrap();
    }
    assert_eq!(live().tasks, before.tasks + 2, "the claim and its request");
    drop(claiming);
    until("the request's end", || live() == before).await;
    assert!(soon("the lock", Lock::claim("abandoned")).await.is_some());
}

#[wasm_bindgen_test]
async fn without_locks_there_is_none() {
    let before = live();
    {
        let _replaced = Replaced::with("navigator.locks", &JsValue::UNDEFINED);
        assert!(soon("the refusal", Lock::claim("missing")).await.is_none());
    }
    let _replaced = Replaced::with("navigator.locks.request", &rejecting("SecurityError", None));
    assert!(soon("the refusal", Lock::claim("refused")).await.is_none());
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn a_dropped_task_drops_its_future() {
    let before = live();
    let held = Rc::new(());
    let holding = held.clone();
    let task = task::spawn(async move {
        task::sleep(u32::MAX).await;
        drop(holding);
    });
    task::sleep(0).await;
    assert!(!task.is_finished());
    assert_eq!((live().tasks, Rc::strong_count(&held)), (before.tasks + 1, 2));
    drop(task);
    // One turn of the microtask queue, no timer.
    soon("a microtask", async { js_sys::Promise::resolve(&JsValue::NULL).await }).await.unwrap();
    assert_eq!(Rc::strong_count(&held), 1);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn tasks_end_and_time_passes() {
    let before = live();
    let task = task::spawn(async {});
    until("the end of the task", || task.is_finished()).await;
    assert_eq!(live(), before);

    assert_eq!(task::within(10_000, async { 7 }).await, Some(7));
    assert_eq!(task::within(20, task::sleep(u32::MAX)).await, None);
    assert_ne!(task::random::<32>().unwrap(), task::random::<32>().unwrap());
}
