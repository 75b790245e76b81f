//! `/check` in a page without a server: what it says then, and that it leaves nothing behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::mount::mount_to;
use snaproom_app::{browser::live, ui::check_page};
use support::{document, place, until};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn state(selector: &str) -> Option<String> {
    document().query_selector(selector).unwrap()?.get_attribute("data-state")
}

#[wasm_bindgen_test]
async fn without_a_server_that_line_is_red_and_the_rest_is_looked_at() {
    let before = live();
    let place = place();
    let page = mount_to(place.clone(), || check_page("/check"));
    until("a verdict", || state("#verdict").as_deref() == Some("bad")).await;
    assert_eq!(state("[data-check=server]").as_deref(), Some("bad"));
    assert_eq!(state("[data-check=stun]").as_deref(), Some("skipped"), "nobody said where it is");
    assert_eq!(state("[data-check=speed]").as_deref(), Some("good"));
    drop(page);
    place.remove();
    until("everything is released", || live() == before).await;
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_while_it_looks_stops() {
    let before = live();
    let place = place();
    let page = mount_to(place.clone(), || check_page("/check"));
    until("it has begun", || state("#verdict").as_deref() == Some("running")).await;
    drop(page);
    place.remove();
    until("everything is released", || live() == before).await;
}
