//! Photos whose preview comes at once, and whose exact pixels stay with their sender until somebody asks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Job, Room,
    liar::{FRIEND, LIAR, OTHER, Script, VICTIM, assert_harmless, tell},
    picture, seeds, test,
};
use snaproom_protocol::{
    ItemId,
    bulk::Part,
    control::{Control, Offer, RefusedItem},
};
use snaproom_session::{
    Command, Input,
    io::{Failure, PeerState, TransferState},
};

const PREVIEW: u32 = 9_000;

fn send(room: &mut Room, from: usize) -> ItemId {
    room.send_on_request(from, 640, 480, PREVIEW)
}

fn ask(room: &mut Room, tab: usize, item: ItemId, from: usize) {
    let from = room.me(from);
    room.handle(tab, Input::Command(Command::Request { from, item }));
}

fn reload(room: &mut Room, tab: usize) {
    room.close(tab);
    room.reopen(tab);
}

/// How the receiver sees it.
fn theirs(room: &Room, tab: usize, item: ItemId) -> Option<TransferState> {
    room.tabs[tab].last_incoming(item).map(|view| view.state)
}

/// How the sender sees it.
fn ours(room: &Room, from: usize, item: ItemId, to: usize) -> Option<TransferState> {
    room.tabs[from].last_outgoing(item, room.me(to)).map(|view| view.state)
}

fn is_held(room: &Room, from: usize, item: ItemId, to: usize) -> bool {
    theirs(room, to, item) == Some(TransferState::Held)
        && ours(room, from, item, to) == Some(TransferState::Held)
}

fn until_held(room: &mut Room, from: usize, item: ItemId, to: usize) {
    room.run_until("the preview is there", |room| is_held(room, from, item, to));
}

#[track_caller]
fn assert_exact(room: &mut Room, from: usize, item: ItemId, to: usize) {
    room.run_until("it is there", |room| ours(room, from, item, to) == Some(TransferState::Verified));
    let exact = &room.tabs[to].exact(item).unwrap().bytes;
    assert!(*exact == picture(item, 640 * 480 * 4), "not what was taken");
}

#[test]
fn the_preview_comes_at_once_and_the_rest_when_it_is_wanted() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let item = send(&mut room, 0);
        until_held(&mut room, 0, item, 1);
        assert!(room.tabs[1].shown(item, Part::Preview).is_some());
        let sent = room.tabs[0].did("SendBytes");
        room.run_for(Duration::from_mins(1));
        assert!(is_held(&room, 0, item, 1));
        assert_eq!(room.tabs[0].did("SendBytes"), sent, "nothing else goes");
        assert_eq!(room.tabs[0].did("Load"), 0);
        assert_eq!(room.tabs[0].did("Hash"), 1, "nobody may ever want the rest");
        assert_eq!(room.tabs[1].payloads.len(), 0, "what is shown is the page's alone");

        ask(&mut room, 1, item, 0);
        ask(&mut room, 1, item, 0);
        assert_exact(&mut room, 0, item, 1);
        assert_eq!(room.tabs[0].did("Load"), 1);
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn each_recipient_gets_it_when_it_asks() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 3);
        let item = send(&mut room, 0);
        (1..3).for_each(|to| until_held(&mut room, 0, item, to));
        ask(&mut room, 1, item, 0);
        assert_exact(&mut room, 0, item, 1);
        assert!(is_held(&room, 0, item, 2) && !room.has(2, item), "the other one did not ask");
        assert!(room.tabs[0].payloads.keys().all(|id| id.part == Part::Preview), "not at hand any more");
        ask(&mut room, 2, item, 0);
        assert_exact(&mut room, 0, item, 2);
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn whoever_asks_for_all_gets_one_after_another() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let items: Vec<ItemId> = (0..20).map(|_| send(&mut room, 0)).collect();
        for &item in &items {
            until_held(&mut room, 0, item, 1);
        }
        for &item in &items {
            ask(&mut room, 1, item, 0);
        }
        // And what is sent as ever goes on meanwhile.
        let photo = room.send(0, 640, 480, Some(PREVIEW));
        for &item in &items {
            assert_exact(&mut room, 0, item, 1);
        }
        room.run_until("the photo", |room| room.has(1, photo));
        assert_eq!(room.tabs[0].most_loaded, 1, "originals at hand");
        room.run_until("nothing is held", |room| room.tabs[0].payloads.is_empty());
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn who_asks_and_then_sleeps_keeps_nobody_else_waiting() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 3);
        let items = [send(&mut room, 0), send(&mut room, 0)];
        for item in items {
            (1..3).for_each(|to| until_held(&mut room, 0, item, to));
        }
        room.tabs[1].work = 1_000_000_000;
        ask(&mut room, 1, items[0], 0);
        room.run_for(Duration::from_secs(2));
        ask(&mut room, 2, items[1], 0);
        assert_exact(&mut room, 0, items[1], 2);
        assert!(!room.has(1, items[0]));
    });
}

#[test]
fn the_oldest_that_nobody_asked_for_makes_way() {
    let mut room = Room::of(1, 2);
    let first = send(&mut room, 0);
    until_held(&mut room, 0, first, 1);
    room.tabs[1].work = 60_000;
    ask(&mut room, 1, first, 0);
    room.run_for(Duration::from_secs(1));
    let items: Vec<ItemId> = (0..109).map(|_| room.send_on_request(0, 16, 16, 100)).collect();
    room.tabs[1].work = 5;
    assert_exact(&mut room, 0, first, 1);
    room.run_for(Duration::from_mins(3));
    let (gone, kept) = items.split_at(10);
    for &item in gone {
        assert_eq!(ours(&room, 0, item, 1), Some(TransferState::Cancelled));
        // It may have been taken back before it was offered.
        assert!(matches!(theirs(&room, 1, item), None | Some(TransferState::Cancelled)));
    }
    assert!(kept.iter().all(|&item| is_held(&room, 0, item, 1)));
    assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
    room.leave(0);
    room.tabs[0].assert_no_bytes();
}

#[test]
fn what_was_asked_for_without_a_connection_comes_with_the_next_one() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let (wanted, other) = (send(&mut room, 0), send(&mut room, 0));
        for item in [wanted, other] {
            until_held(&mut room, 0, item, 1);
        }
        room.fail_connection();
        room.run_for(Duration::from_millis(seed % 50));
        ask(&mut room, 1, wanted, 0);
        assert_exact(&mut room, 0, wanted, 1);
        room.run_until("the other one is held", |room| is_held(room, 0, other, 1));
        ask(&mut room, 1, other, 0);
        room.run_for(Duration::from_millis(seed % 7 * 10));
        room.fail_connection();
        assert_exact(&mut room, 0, other, 1);
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

/// The next life of a receiver's page has the preview again, and asks for itself.
#[test]
fn a_reload_asks_for_nothing() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let item = send(&mut room, 0);
        until_held(&mut room, 0, item, 1);
        room.tabs[1].work = 1_000;
        ask(&mut room, 1, item, 0);
        room.run_until("some of it is there", |room| room.tabs[1].did("Store") > 3);
        reload(&mut room, 1);
        room.tabs[1].work = 5;
        room.run_until("the preview again", |room| is_held(room, 0, item, 1));
        room.run_for(Duration::from_mins(1));
        assert!(is_held(&room, 0, item, 1) && !room.has(1, item));
        ask(&mut room, 1, item, 0);
        assert_exact(&mut room, 0, item, 1);
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn with_its_sender_the_original_is_gone() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let item = send(&mut room, 0);
        until_held(&mut room, 0, item, 1);
        if seed % 2 == 0 {
            room.leave(0);
        } else {
            reload(&mut room, 0);
        }
        let lost = Some(TransferState::Failed(Failure::Lost));
        room.run_until("it is known", |room| theirs(room, 1, item) == lost);
        ask(&mut room, 1, item, 0);
        room.run_for(Duration::from_secs(5));
        assert_eq!(theirs(&room, 1, item), lost);
        room.tabs[1].assert_no_bytes();
    });
}

#[test]
fn an_original_that_cannot_be_read_is_given_up() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 3);
        room.tabs[0].failing = Some(|job| matches!(job, Job::Load(_)));
        let item = send(&mut room, 0);
        (1..3).for_each(|to| until_held(&mut room, 0, item, to));
        ask(&mut room, 1, item, 0);
        room.run_until("they know", |room| {
            (1..3).all(|to| theirs(room, to, item) == Some(TransferState::Cancelled))
        });
        assert_eq!(ours(&room, 0, item, 1), Some(TransferState::Failed(Failure::Unreadable)));
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

// Lies.

#[test]
fn what_nobody_asked_for_is_refused() {
    let room =
        tell("unasked", common::liar::Item(RefusedItem::Order), |script| script.offer.on_request = true);
    // Its preview, and the photo of the friend that the harness sends afterwards.
    assert_eq!(room.tabs[VICTIM].did("Store"), 1 + 2, "nothing is allocated for it");
}

#[test]
fn requests_for_what_was_not_offered_are_ignored() {
    let (mut room, wire) = Room::with_liar();
    let photo = room.send(VICTIM, 640, 480, Some(PREVIEW));
    let item = send(&mut room, VICTIM);
    for _ in 0..1_000 {
        for item in [OTHER, photo] {
            room.say(wire, &Control::Request { item });
        }
    }
    room.run_until("the friend has both", |room| {
        room.has(FRIEND, photo) && is_held(room, VICTIM, item, FRIEND)
    });
    assert_eq!(room.tabs[VICTIM].did("Load"), 0);
    for _ in 0..1_000 {
        room.say(wire, &Control::Request { item });
    }
    room.run_for(Duration::from_secs(5));
    assert_eq!(room.tabs[VICTIM].did("Load"), 1, "once");
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected));
    room.leave(VICTIM);
}

#[test]
fn a_flood_of_offers_on_request() {
    let (mut room, wire) = Room::with_liar();
    let offer = Offer { on_request: true, ..Script::honest().offer };
    for n in 0..5_000_u32 {
        let mut id = [0xBA; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        room.say(wire, &Control::Offer(Offer { item: ItemId(id), ..offer.clone() }));
    }
    room.run_for(Duration::from_secs(5));
    let liar = room.me(LIAR);
    let waiting = room.tabs[VICTIM].incoming.iter().filter(|view| view.state == TransferState::Waiting);
    assert_eq!(waiting.filter(|view| view.from == liar).count(), 100, "more are not kept");
    assert_eq!(room.tabs[VICTIM].did("Store"), 0, "nothing is allocated for an offer");
    // What is not on request has its own share.
    room.say(wire, &Control::Offer(Script::honest().offer));
    room.run_for(Duration::from_secs(1));
    assert_eq!(theirs(&room, VICTIM, common::liar::ITEM), Some(TransferState::Waiting));
    room.leave(LIAR);
    room.run_for(Duration::from_secs(1));
    assert_harmless("a flood", &mut room);
}
