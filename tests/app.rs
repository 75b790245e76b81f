//! The whole app in a page without a server: it starts, takes a photo, and leaves nothing behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::{
    mount::mount_to,
    prelude::{GetUntracked, Owner, Set, view},
};
use snaproom_app::{
    App,
    browser::{live, page, storage},
    room::{self, RoomView, Status},
    ui::RoomPage,
};
use support::{document, place, until};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

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
    assert_eq!(during.captures, before.captures + 1);
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

#[wasm_bindgen_test]
async fn the_network_address_is_hidden_by_a_switch_that_the_device_remembers() {
    storage::keep_relay_only(false);
    let _owner = Owner::new();
    let view = RoomView::new();
    let (room, driver) = room::open(view);
    let place = place();
    let page = mount_to(place.clone(), move || view! { <RoomPage room /> });
    let is_offered = || find(".hideAddress").is_some_and(|switch| !switch.hidden());
    assert!(!is_offered(), "a server without relays");

    view.relays.set(true);
    until("the switch", is_offered).await;
    find("#relayOnly").unwrap().click();
    until("relays alone", || view.relay_only.get_untracked() && storage::relay_only()).await;

    // A server without relays: it can be switched off, here and where it is said.
    view.relays.set(false);
    until("the way on", || {
        // There is no server at all here, which the driver may find out meanwhile.
        view.status.set(Status::Alone);
        find("#showAddress").is_some()
    })
    .await;
    assert!(is_offered());
    assert!(find("#status").unwrap().inner_text().contains("nobody can be reached"));
    find("#showAddress").unwrap().click();
    until("all paths", || !view.relay_only.get_untracked() && !storage::relay_only()).await;
    until("no switch", || !is_offered()).await;
    assert_eq!(attribute("#relayOnly", "aria-checked").as_deref(), Some("false"));

    drop((page, driver));
    place.remove();

    // The next visit begins with it.
    storage::keep_relay_only(true);
    let next = RoomView::new();
    let (_room, _driver) = room::open(next);
    assert!(next.relay_only.get_untracked());
    storage::keep_relay_only(false);
}
