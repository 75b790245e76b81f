//! The whole app in a page without a server: it starts, takes a photo, and leaves nothing behind.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use leptos::{
    mount::mount_to,
    prelude::{ArcRwSignal, GetUntracked, Owner, Set, Update, view},
};
use snaproom_app::{
    App,
    browser::{live, page, storage, task},
    room::{
        self, Earlier, EarlierState, Entry, FileKind, FileView, Kind, Line, Pause, PhotoKey, Recipient,
        RoomView, Source, Status, TransferState, Written,
    },
    ui::RoomPage,
};
use snaproom_protocol::{ItemId, PeerId};
use snaproom_session::exif::Secrets;
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

#[wasm_bindgen_test]
async fn what_is_written_shows_in_its_order_as_text_and_is_read_where_it_shows() {
    let before = live();
    let _owner = Owner::new();
    let view = RoomView::new();
    let (room, driver) = room::open(view);
    let place = place();
    let page = mount_to(place.clone(), move || view! { <RoomPage room /> });
    // A visit begins with what it remembers of the room.
    until("the room", || find("#chatInput").is_some() && view.me.get_untracked().is_some()).await;
    let line = |number: u8, author: u8, text: &str, source: Source, to: &[bool]| {
        let (id, author) = (ItemId([number; 16]), PeerId([author; 16]));
        let to = to.iter().map(|has| (PeerId([9; 16]), *has)).collect();
        let (name, text) = (Some(String::from("<i>Anna")), text.to_owned());
        let written = Written { id, after: None, author, name, at: 0, text, source, to };
        Line { id, author, at: 0, view: ArcRwSignal::new(written) }
    };
    let lines = vec![
        line(1, 1, "<b>a</b> `c`", Source::Author, &[]),
        line(2, 1, "b", Source::PassedOn(PeerId([3; 16])), &[]),
        line(3, 2, "c", Source::Own, &[true, false]),
    ];
    let last = lines[2].view.clone();
    view.written.set(lines);
    until("three messages", || find(".message:nth-of-type(3)").is_some()).await;
    let text = |selector: &str| find(selector).unwrap().text_content().unwrap();
    assert_eq!(text(".message .said"), "<b>a</b> c");
    assert_eq!(text(".message .who"), "<i>Anna");
    assert!(find(".message b").is_none() && find(".message i").is_none() && find(".said code").is_some());
    assert!(find("[data-source=author]").is_some() && find(".together[data-source=passed-on]").is_some());
    assert_eq!(attribute(".own", "data-state").as_deref(), Some("partly"));
    assert_eq!(text(".own .mark"), "Delivered to 1 of 2");
    last.update(|written| written.to = vec![(PeerId([9; 16]), true)]);
    until("delivered", || attribute(".own", "data-state").as_deref() == Some("delivered")).await;

    // Folded it is counted, in the title as well; unfolded it is read.
    room.set_reads(false);
    view.unread.set(2);
    until("the title", || document().title() == "(2) Snaproom").await;
    assert!(find("#chatBody").unwrap().hidden());
    find("#chatFold").unwrap().click();
    until("read", || view.unread.get_untracked() == 0 && document().title() == "Snaproom").await;
    assert!(!find("#chatBody").unwrap().hidden());

    // Nothing is not sent.
    assert!(!is_enabled("#chatSend"));
    drop((page, driver));
    until("everything to be released", || live() == before).await;
    place.remove();
}

#[wasm_bindgen_test]
async fn of_a_file_that_moves_only_its_state_is_said_aloud() {
    let _owner = Owner::new();
    let view = RoomView::new();
    let (room, driver) = room::open(view);
    let place = place();
    let page = mount_to(place.clone(), move || view! { <RoomPage room /> });
    until("the room", || find("#fileList").is_some() && view.me.get_untracked().is_some()).await;
    let entry = |number: u8, is_ours: bool| {
        let file = FileView {
            name: format!("{number}.bin"),
            kind: FileKind::File,
            is_ours,
            bytes: 0,
            total: 10_000_000,
            state: TransferState::Active,
            recipients: Vec::new(),
            speed: None,
            removed: Secrets::default(),
            needs_leave: false,
            saved: false,
        };
        let key = PhotoKey { owner: PeerId([number; 16]), item: ItemId([number; 16]) };
        Entry { key, view: ArcRwSignal::new(file) }
    };
    let (got, given) = (entry(1, false), entry(2, true));
    let (theirs, ours) = (got.view.clone(), given.view.clone());
    view.files.set(vec![got, given]);
    until("two files", || find(".file:nth-of-type(2) .how").is_some()).await;
    let live_regions = "[aria-live], [role=status], [role=alert], [role=log]";
    assert!(find(".file .how").unwrap().closest(live_regions).unwrap().is_none());
    let said = || find("#filesAloud[aria-live=polite]").unwrap().text_content().unwrap();

    for step in 1..5 {
        theirs.update(|file| (file.bytes, file.speed) = (step * 1_000_000, Some(step * 300_000)));
        ours.update(|file| {
            let peer = PeerId([3; 16]);
            let (total, state) = (file.total, TransferState::Offered);
            file.recipients = vec![Recipient { peer, bytes: 0, total, state, saved: false }];
        });
        task::sleep(250).await;
        assert_eq!(said(), "");
    }
    assert!(find("[data-direction=in] .how").unwrap().inner_text().contains("1.2 MB/s"));
    let (pause, again) = (TransferState::Paused(Pause::Them), TransferState::Active);
    // All that changed within a moment is said at once, and once.
    for state in [pause, again, pause] {
        theirs.update(|file| file.state = state);
        task::sleep(20).await;
    }
    ours.update(|file| file.recipients[0].state = again);
    until("both are said", || said().contains("has stopped it") && said().contains("is getting it")).await;
    assert_eq!(said().matches("has stopped it").count(), 1);
    ours.update(|file| file.recipients[0].bytes = 5_000_000);
    theirs.update(|file| file.state = TransferState::Verified);
    until("it is complete", || said() == "\u{2068}1.bin\u{2069}: Complete, and every byte checked.").await;
    find("[data-direction=in] .remove").unwrap().focus().unwrap();
    view.files.update(|files| drop(files.remove(0)));
    until("the title has the focus", || {
        let focused = document().active_element();
        focused.is_some_and(|focused| focused.id() == "filesTitle")
    })
    .await;

    drop((page, driver));
    place.remove();
}

#[wasm_bindgen_test]
async fn of_what_was_shown_before_only_what_changes_is_said_and_the_keyboard_loses_its_place_to_nothing() {
    let _owner = Owner::new();
    let view = RoomView::new();
    let (room, driver) = room::open(view);
    let place = place();
    let page = mount_to(place.clone(), move || view! { <RoomPage room /> });
    until("the room", || find("#earlierAloud").is_some() && view.me.get_untracked().is_some()).await;
    let file = |number: u8| Earlier {
        owner: PeerId([9; 16]),
        item: ItemId([number; 16]),
        name: format!("{number}.bin"),
        kind: Kind::File,
        bytes: 1_000,
        called: Some("Noa".into()),
        source: Source::Author,
        state: EarlierState::There,
    };
    let said = || find("#earlierAloud[aria-live=polite]").unwrap().text_content().unwrap();
    let has_focus = |selector: &str| {
        let focused = document().active_element();
        focused.is_some() && focused == document().query_selector(selector).unwrap()
    };
    view.earlier.set((1..=3).map(file).collect());
    until("three are there", || said() == "3 photos and files are here from before you came").await;
    assert!(find("#earlier :is([role=status], [aria-live])").is_none());

    find("#earlier li:nth-child(2) .get").unwrap().focus().unwrap();
    view.earlier.update(|all| all[1].state = EarlierState::Waiting);
    until("that it waits", || said().contains("2.bin") && said().contains("Comes after the others")).await;
    assert!(has_focus("#earlier li:nth-child(2) .stop"), "the pressed button lost it");
    assert_eq!(find("#earlier .stop").unwrap().inner_text(), "Cancel");
    assert!(is_enabled("#getEarlier"));

    view.earlier.update(|all| drop(all.remove(1)));
    until("it came", || has_focus("#earlierTitle")).await;
    assert!(!said().contains("photos and files"), "there are not more of them: {}", said());
    find("#getEarlier").unwrap().focus().unwrap();
    assert!(has_focus("#getEarlier"));
    view.earlier.update(|all| drop(all.remove(0)));
    until("one is left", || has_focus("#earlierTitle")).await;
    find("#earlier .get").unwrap().focus().unwrap();
    view.earlier.update(Vec::clear);
    until("the trail has it", || has_focus("#incomingTitle")).await;

    drop((page, driver));
    place.remove();
}
