//! Too much of anything: bytes, credits, offers, items. It costs no more than its bound, and harms nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Room,
    liar::{EXACT_HEADER, FRIEND, LIAR, OTHER, Said, Script, VICTIM, assert_harmless},
    test,
};
use snaproom_protocol::{
    Digest, ItemId,
    bulk::{Header, Part, WINDOW_BYTES},
    control::{Control, Offer, RefusedItem},
};
use snaproom_session::io::{PeerState, RefusedPeer, TransferState};

#[test]
fn more_bytes_than_the_window() {
    for (chunks, ending) in [(6, PeerState::Connected), (7, PeerState::Refused(RefusedPeer::Protocol))] {
        assert_eq!(6 * 64 * 1024, WINDOW_BYTES);
        let (mut room, wire) = Room::with_liar();
        // Nothing is stored in time, so no more is allowed.
        room.tabs[VICTIM].work = 1_000_000;
        let mut script = Script::honest();
        script.size(640, 480, 640 * 480 * 4);
        *script.piece(EXACT_HEADER).length = 1 << 20;
        room.say(wire, &Control::Offer(script.offer));
        room.say_bulk(wire, script.bulk.swap_remove(EXACT_HEADER));
        for _ in 0..chunks {
            room.say_bulk(wire, Said::Chunk(vec![0; 64 * 1024]));
        }
        room.run_for(Duration::from_millis(500));
        assert_eq!(room.sees(VICTIM, LIAR), Some(ending), "{chunks} chunks");
        room.tabs[VICTIM].work = 5;
        room.leave(LIAR);
        room.run_for(Duration::from_secs(1));
        assert_harmless("more than the window", &mut room);
    }
}

/// An honest receiver never allows more than a window beyond what it took. A sender cannot know what was taken, but
/// it knows what it sent.
#[test]
fn one_huge_credit_opens_one_window() {
    let (mut room, wire) = Room::with_liar();
    room.tabs[LIAR].work = 1_000_000_000;
    room.send(VICTIM, 1920, 1080, None);
    room.run_for(Duration::from_secs(1));
    let sent = |room: &Room| room.wires[&room.wires[&wire].remote.unwrap()].sent;
    assert_eq!(sent(&room), u64::from(WINDOW_BYTES), "the window that it gave");
    room.say(wire, &Control::Credit { until: u64::MAX });
    room.run_for(Duration::from_secs(1));
    assert_eq!(sent(&room), 2 * u64::from(WINDOW_BYTES));
}

#[test]
fn answers_that_nobody_may_give() {
    let (mut room, wire) = Room::with_liar();
    let item = room.send(VICTIM, 1280, 720, Some(3_000));
    let total = 1280 * 720 * 4 + 3_000;
    for control in [
        Control::Received { item, bytes: u64::MAX },
        Control::Received { item, bytes: 0 },
        Control::Received { item: OTHER, bytes: 5 },
        Control::Verified { item: OTHER },
        Control::Refused { item: OTHER, reason: RefusedItem::Hash },
        Control::Cancel { item },
        Control::Credit { until: 0 },
        Control::Credit { until: u64::MAX },
        Control::Pong,
    ] {
        room.say(wire, &control);
    }
    room.run_until("the friend has it", |room| room.has(FRIEND, item));
    room.run_until("nothing is held", |room| room.tabs[VICTIM].payloads.is_empty());
    assert!(room.tabs[VICTIM].outgoing.iter().all(|view| view.bytes <= total && view.total == total));
    assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected));
    assert_harmless("answers", &mut room);
}

#[test]
fn a_flood_of_offers() {
    let count = if cfg!(target_arch = "wasm32") { 5_000_u32 } else { 100_000 };
    let (mut room, wire) = Room::with_liar();
    let photo = room.send(FRIEND, 640, 480, Some(3_000));
    let offer = Script::honest().offer;
    for n in 0..count {
        let mut id = [0xBA; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        room.say(wire, &Control::Offer(Offer { item: ItemId(id), ..offer.clone() }));
    }
    room.run_until("the friend's photo", |room| room.has(VICTIM, photo));
    room.run_for(Duration::from_mins(1));
    let waiting = room.tabs[VICTIM].incoming.iter().filter(|view| view.state == TransferState::Waiting);
    assert_eq!(waiting.filter(|view| view.from == room.me(LIAR)).count(), 32, "more are not kept");
    let chunks = 640_u32 * 480 * 4 / (64 * 1024) + 2;
    assert_eq!(room.tabs[VICTIM].did("Store"), chunks, "nothing is allocated for an offer");
    room.leave(LIAR);
    room.run_for(Duration::from_secs(1));
    assert_harmless("a flood", &mut room);
}

/// Each of 64 MiB, and a first chunk of each.
#[test]
fn more_begun_items_than_fit() {
    let (mut room, wire) = Room::with_liar();
    for n in 0..20_u8 {
        let mut script = Script::honest();
        script.size(4096, 4096, 64 << 20);
        let item = ItemId([n; 16]);
        room.say(wire, &Control::Offer(Offer { item, preview: None, ..script.offer }));
        let (part, sha256) = (Part::Exact, Digest([0; 32]));
        let piece = Header::Piece { item, part, index: 0, offset: 0, length: 1 << 20, sha256 };
        room.say_bulk(wire, Said::Header(piece));
        room.say_bulk(wire, Said::Chunk(vec![n; 100]));
    }
    room.run_for(Duration::from_secs(5));
    assert_eq!(room.tabs[VICTIM].most_allocated, 192 << 20, "three of the largest, and no more");
    room.leave(LIAR);
    room.run_for(Duration::from_secs(1));
    assert_harmless("many begun items", &mut room);
}
