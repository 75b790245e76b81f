//! The whole app in a page without a server: it starts, takes a photo, and leaves nothing behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::mount::mount_to;
use snaproom_app::{
    App,
    browser::{live, page},
};
use support::until;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Document, HtmlElement};

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

fn place() -> HtmlElement {
    let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
    document().body().unwrap().append_child(&place).unwrap();
    place
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

fn attribute(selector: &str, name: &str) -> Option<String> {
    find(selector)?.get_attribute(name)
}

fn is_enabled(selector: &str) -> bool {
    find(selector).is_some_and(|element| element.get_attribute("aria-disabled").as_deref() == Some("false"))
}

#[wasm_bindgen_test]
async fn unmounting_the_page_releases_everything_that_it_held() {
    let before = live();
    let place = place();
    let page = mount_to(place.clone(), App);

    until("the room's link", || find("#url").is_some_and(|url| url.inner_text().contains('#'))).await;
    // Where the browser has not granted the camera yet, the page waits for the click.
    if let Some(start) = find("#startCamera") {
        start.click();
    }
    until("the camera", || is_enabled("#snap")).await;
    until("a photo", || {
        find("#snap").unwrap().click();
        attribute("#photo", "width").as_deref() == Some("1280")
    })
    .await;
    // There is no server here, so the page says so and keeps trying.
    until("the missing server", || attribute("#status", "data-state").as_deref() == Some("offline")).await;

    let during = live();
    assert_eq!(during.cameras, before.cameras + 1);
    assert!(
        during.listeners > before.listeners && during.tasks > before.tasks && during.locks > before.locks
    );

    drop(page);
    until("everything to be released", || live() == before).await;
    place.remove();
}

#[wasm_bindgen_test]
async fn a_visit_without_a_link_makes_a_room_and_another_link_is_another_room() {
    page::set_fragment("").unwrap();
    let place = place();
    let mounted = mount_to(place.clone(), App);
    until("the room's link", || page::fragment().len() == 22).await;
    let own = page::fragment();
    assert!(find("#roomName .typedName").is_none(), "a minted room is private");

    web_sys::window().unwrap().location().set_hash("kitchen").unwrap();
    until("the typed room", || {
        find("#roomName .typedName").is_some_and(|name| name.inner_text() == "kitchen")
    })
    .await;
    find("#newRoom").unwrap().click();
    until("a new room", || page::fragment().len() == 22 && page::fragment() != own).await;

    drop(mounted);
    place.remove();
}
