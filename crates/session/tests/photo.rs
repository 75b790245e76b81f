//! A photo goes from one tab to the others: exact, its preview first, within the window.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use common::{Job, Room, jpeg, picture, seeds, test};
use snaproom_protocol::{
    ItemId,
    bulk::{Part, WINDOW_BYTES},
    control::RefusedItem,
};
use snaproom_session::{
    Command, Input,
    io::{Failure, Outgoing, PeerState, TransferState},
};

const SIZES: [(u32, u32); 5] = [(640, 480), (1280, 720), (1920, 1080), (321, 241), (1, 1)];

/// Asserts that `tab` shows exactly what was sent, and shows it after its preview.
#[track_caller]
fn assert_arrived(room: &Room, tab: usize, item: ItemId, (width, height): (u32, u32), preview: Option<u32>) {
    let exact = room.tabs[tab].exact(item).expect("shown");
    assert!(exact.bytes == picture(item, width as usize * height as usize * 4), "not what was sent");
    let shown = room.tabs[tab].shown(item, Part::Preview);
    assert_eq!(shown.is_some(), preview.is_some());
    if let (Some(shown), Some(bytes)) = (shown, preview) {
        assert_eq!(shown.bytes, jpeg(width.min(320) as u16, height.min(320) as u16, bytes as usize));
        assert!(shown.at <= exact.at, "the preview comes first");
    }
    assert_eq!(room.tabs[tab].last_incoming(item).unwrap().state, TransferState::Verified);
}

fn views(room: &Room, from: usize, item: ItemId, to: usize) -> Vec<&Outgoing> {
    let to = room.me(to);
    room.tabs[from].outgoing.iter().filter(|view| view.item == item && view.to == to).collect()
}

fn state(room: &Room, from: usize, item: ItemId, to: usize) -> Option<TransferState> {
    room.tabs[from].last_outgoing(item, room.me(to)).map(|view| view.state)
}

fn is_verified(room: &Room, from: usize, item: ItemId, to: usize) -> bool {
    state(room, from, item, to) == Some(TransferState::Verified)
}

#[test]
fn every_size_arrives_exact_with_and_without_a_preview() {
    seeds(2, |seed| {
        let mut room = Room::of(seed, 2);
        for (width, height) in SIZES {
            for preview in [None, Some(9_000)] {
                let item = room.send(0, width, height, preview);
                room.run_until("verified", |room| is_verified(room, 0, item, 1));
                assert_arrived(&room, 1, item, (width, height), preview);
            }
        }
        room.tabs[0].assert_no_bytes();
        room.tabs[1].assert_no_bytes();
    });
}

#[test]
fn the_senders_progress_is_the_receivers() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send(0, 1280, 720, Some(9_000));
        let total = 1280 * 720 * 4 + 9_000;
        while !is_verified(&room, 0, item, 1) {
            assert!(room.step());
            let said = views(&room, 0, item, 1).last().map_or(0, |view| view.bytes);
            let checked = room.tabs[1].last_incoming(item).map_or(0, |incoming| incoming.bytes);
            assert!(said <= checked, "the sender says {said} of {checked} checked bytes");
        }
        let views = views(&room, 0, item, 1);
        assert!(views.iter().all(|view| view.total == total));
        assert!(views.is_sorted_by_key(|view| view.bytes));
        // The preview, and each of the four pieces.
        assert!(views.iter().filter(|view| view.state == TransferState::Active).count() >= 5);
        assert_eq!(views.last().unwrap().bytes, total);
    });
}

/// The harness checks the window at every chunk; here the receiver stores slowly, so that it fills.
#[test]
fn a_slow_receiver_fills_the_window_and_no_more() {
    seeds(3, |seed| {
        let mut room = Room::of(seed, 2);
        room.tabs[1].work = 400;
        let item = room.send(0, 640, 480, None);
        let mut most = 0;
        while !is_verified(&room, 0, item, 1) {
            assert!(room.step());
            let under_way = room.wires.values().filter(|wire| wire.tab == 0).map(|wire| {
                let other = wire.remote.and_then(|other| room.wires.get(&other));
                other.map_or(0, |other| wire.sent - other.taken)
            });
            most = most.max(under_way.max().unwrap_or(0));
        }
        assert!(most > u64::from(WINDOW_BYTES) / 2, "the window was used: {most}");
        assert_arrived(&room, 1, item, (640, 480), None);
    });
}

#[test]
fn chunks_fit_what_was_negotiated() {
    let mut room = Room::new(1);
    room.open();
    room.open();
    room.tabs[1].max_message = 16 * 1024;
    room.settle();
    // A longer message than `max_message` is refused by the harness.
    let item = room.send(0, 321, 241, Some(20_000));
    room.run_until("verified", |room| is_verified(room, 0, item, 1));
    assert_arrived(&room, 1, item, (321, 241), Some(20_000));
    assert!(room.tabs[0].did("SendBytes") >= (321 * 241 * 4_u32).div_ceil(16 * 1024));
}

#[test]
fn previews_of_a_burst_overtake_its_exact_parts() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let items: Vec<ItemId> = (0..10).map(|_| room.send(0, 640, 480, Some(20_000))).collect();
        room.run_until("all are verified", |room| items.iter().all(|&item| is_verified(room, 0, item, 1)));
        for &item in &items {
            assert_arrived(&room, 1, item, (640, 480), Some(20_000));
        }
        let shown = |part| room.tabs[1].shown.iter().filter(move |shown| shown.payload.part == part);
        let last_preview = shown(Part::Preview).map(|shown| shown.at).max().unwrap();
        let exact_before = shown(Part::Exact).filter(|shown| shown.at < last_preview).count();
        assert!(exact_before <= 1, "{exact_before} photos were complete before the last preview");
        room.tabs[0].assert_no_bytes();
        room.tabs[1].assert_no_bytes();
    });
}

#[test]
fn more_tiny_photos_than_the_shelf_holds() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        // Control lags behind bulk, so that headers come long before their offers.
        room.latency = 400;
        let items: Vec<ItemId> = (0..40).map(|_| room.send(0, 1, 1, Some(100))).collect();
        room.run_until("all have ended", |room| {
            items.iter().all(|&item| {
                !matches!(state(room, 0, item, 1), Some(TransferState::Waiting | TransferState::Active))
            })
        });
        let verified = items.iter().filter(|&&item| is_verified(&room, 0, item, 1)).count();
        assert_eq!(verified, 32, "what does not fit is refused at once, by us");
        room.tabs[0].assert_no_bytes();
        room.tabs[1].assert_no_bytes();
    });
}

#[test]
fn a_slow_recipient_does_not_hold_up_a_fast_one() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 3);
        room.tabs[2].work = 3_000;
        let item = room.send(0, 1280, 720, Some(9_000));
        room.run_until("the fast one has it", |room| is_verified(room, 0, item, 1));
        assert!(!room.has(2, item), "the slow one is slow");
        room.run_until("the slow one has it", |room| is_verified(room, 0, item, 2));
        for tab in [1, 2] {
            assert_arrived(&room, tab, item, (1280, 720), Some(9_000));
        }
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

/// Of three people one cannot keep, hash or read what comes; that harms nobody else and no other photo.
#[test]
fn a_receiver_without_storage_refuses_and_stays() {
    let storing: fn(&Job) -> bool = |job| matches!(job, Job::Store { .. });
    let hashing: fn(&Job) -> bool = |job| matches!(job, Job::Hash { .. });
    let reading: fn(&Job) -> bool = |job| matches!(job, Job::Read(_));
    for failing in [storing, hashing, reading] {
        seeds(5, |seed| {
            let mut room = Room::of(seed, 3);
            room.tabs[1].failing = Some(failing);
            let item = room.send(0, 640, 480, Some(2_000));
            let refused = TransferState::Failed(Failure::Refused(RefusedItem::Storage));
            room.run_until("refused", |room| state(room, 0, item, 1) == Some(refused));
            room.run_until("the other has it", |room| is_verified(room, 0, item, 2));
            assert!(!room.has(1, item));
            assert_eq!(room.sees(1, 0), Some(PeerState::Connected));

            room.tabs[1].failing = None;
            let next = room.send(0, 640, 480, Some(2_000));
            room.run_until("the next one arrives", |room| {
                is_verified(room, 0, next, 1) && is_verified(room, 0, next, 2)
            });
            assert_arrived(&room, 1, next, (640, 480), Some(2_000));
            (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
        });
    }
}

#[test]
fn a_sender_that_cannot_read_its_photo_says_so() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        room.tabs[0].failing = Some(|job| matches!(job, Job::Hash { offset, .. } if *offset > 0));
        let item = room.send(0, 640, 480, None);
        let unreadable = TransferState::Failed(Failure::Unreadable);
        room.run_until("unreadable", |room| state(room, 0, item, 1) == Some(unreadable));
        room.run_until("the other knows", |room| {
            room.tabs[1].last_incoming(item).is_some_and(|view| view.state == TransferState::Cancelled)
        });
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn a_cancelled_photo_makes_way_for_the_next() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let first = room.send(0, 1280, 720, Some(2_000));
        let second = room.send(0, 640, 480, Some(2_000));
        let moment = room.below(200);
        room.run_for(std::time::Duration::from_millis(moment));
        room.handle(0, Input::Command(Command::Cancel(first)));
        room.run_until("the second arrives", |room| {
            [1, 2].iter().all(|&to| is_verified(room, 0, second, to))
        });
        for to in [1, 2] {
            assert_eq!(state(&room, 0, first, to), Some(TransferState::Cancelled));
            // It may have been taken back before it was offered.
            let seen = room.tabs[to].last_incoming(first).map(|view| view.state);
            assert!(matches!(seen, None | Some(TransferState::Cancelled)));
            assert_arrived(&room, to, second, (640, 480), Some(2_000));
        }
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn each_piece_is_hashed_once_in_whatever_order_the_hashes_end() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        room.tabs[0].work = 200;
        let item = room.send(0, 1920, 1080, Some(9_000));
        room.run_until("verified", |room| (1..3).all(|to| is_verified(room, 0, item, to)));
        let pieces = (1920_u32 * 1080 * 4).div_ceil(1024 * 1024);
        assert_eq!(room.tabs[0].did("Hash"), pieces + 1, "the pieces and the preview, for both recipients");
    });
}
