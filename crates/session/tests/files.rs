//! Files of any size go from one page to others: wanted before they come, checked piece by piece, kept on the disk, and
//! resumed whatever happens in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Ix, Job, Room, picture, seeds, test};
use snaproom_protocol::{ItemId, PeerId, bulk::WINDOW_BYTES, control::Control, wire};
use snaproom_session::{
    Command, Input,
    io::{Failure, Pause, PeerState, TransferState},
};

const MIB: usize = 1 << 20;
/// Three pieces and a bit.
const SIZE: usize = 3 * MIB + 12_345;

fn want(room: &mut Room, tab: Ix, item: ItemId, from: PeerId) {
    room.handle(tab, Input::Command(Command::Request { from, item }));
}

fn pause(room: &mut Room, tab: Ix, item: ItemId, from: PeerId, pauses: bool) {
    room.handle(tab, Input::Command(Command::Pause { from, item, pauses }));
}

fn theirs(room: &Room, tab: Ix, item: ItemId) -> Option<TransferState> {
    room.tabs[tab].last_incoming(item).map(|view| view.state)
}

fn ours(room: &Room, from: Ix, item: ItemId, to: Ix) -> Option<TransferState> {
    room.tabs[from].last_outgoing(item, room.me(to)).map(|view| view.state)
}

/// Both say that it is there, and it is.
fn is_there(room: &Room, from: Ix, item: ItemId, to: Ix) -> bool {
    let verified = Some(TransferState::Verified);
    theirs(room, to, item) == verified && ours(room, from, item, to) == verified
}

#[track_caller]
fn until_there(room: &mut Room, from: Ix, item: ItemId, to: Ix) {
    room.run_until("it is there", |room| is_there(room, from, item, to));
}

#[track_caller]
fn assert_whole(room: &Room, tab: Ix, item: ItemId, bytes: usize) {
    let file = room.tabs[tab].disk.get(item).expect("it is on the disk");
    assert_eq!(file.bytes.len(), bytes);
    assert!(file.bytes == picture(item, bytes), "not what was sent");
    assert_eq!(file.hashes.len(), bytes.div_ceil(MIB) + 1, "each piece was checked, and the root");
}

/// Bytes that went onto the wire from this tab.
fn sent(room: &Room, tab: Ix) -> u64 {
    room.wires.values().filter(|wire| wire.tab == tab).map(|wire| wire.sent).sum()
}

fn at_hand(room: &Room, tab: Ix) -> usize {
    room.tabs[tab].most_at_hand
}

#[test]
fn nothing_of_a_file_comes_before_it_is_wanted_and_then_all_of_it() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        for bytes in [0, 1, MIB - 1, MIB, MIB + 1, SIZE] {
            let item = room.offer_file(0, bytes, &[1]);
            room.run_until("offered", |room| theirs(room, 1, item) == Some(TransferState::Offered));
            room.run_for(Duration::from_secs(30));
            assert_eq!(ours(&room, 0, item, 1), Some(TransferState::Offered));
            assert!(room.tabs[1].disk.get(item).is_none(), "nothing is kept");
            assert_eq!(room.tabs[0].at_hand.len(), 0, "nor read");
            want(&mut room, 1, item, from);
            want(&mut room, 1, item, from);
            until_there(&mut room, 0, item, 1);
            assert_whole(&room, 1, item, bytes);
            room.handle(1, Input::Command(Command::Saved { from, item }));
            room.run_until("saved", |room| room.tabs[0].saved.contains(&(room.me(1), item)));
        }
        assert!(at_hand(&room, 0) <= 2, "the piece that goes, and the next");
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn what_is_declined_or_cancelled_stops_at_any_point_on_either_side() {
    seeds(25, |seed| {
        let mut room = Room::of(seed, 3);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1, 2]);
        room.run_until("offered", |room| (1..3).all(|tab| theirs(room, tab, item).is_some()));
        let (asks, by_sender) = (room.below(4) > 0, room.below(2) == 0);
        if asks {
            want(&mut room, 1, item, from);
        }
        want(&mut room, 2, item, from);
        let moment = room.below(250);
        room.run_for(Duration::from_millis(moment));
        let was_there = theirs(&room, 1, item) == Some(TransferState::Verified);
        if by_sender {
            room.handle(0, Input::Command(Command::Cancel(item)));
            room.run_for(Duration::from_secs(5));
            for tab in [1, 2] {
                assert!(matches!(
                    theirs(&room, tab, item),
                    Some(TransferState::Cancelled | TransferState::Verified)
                ));
            }
        } else {
            room.handle(1, Input::Command(Command::Decline { from, item }));
            until_there(&mut room, 0, item, 2);
            assert_whole(&room, 2, item, SIZE);
            room.run_for(Duration::from_secs(5));
            let end = match (was_there, asks) {
                (true, _) => TransferState::Verified,
                (false, true) => TransferState::Cancelled,
                (false, false) => TransferState::Declined,
            };
            assert_eq!(theirs(&room, 1, item), Some(end));
            assert_eq!(room.tabs[1].disk.is_empty(), !was_there, "what came of it is gone");
            let told = ours(&room, 0, item, 1);
            assert!(told == Some(end) || told == Some(TransferState::Verified), "{told:?}, {end:?}");
        }
        assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn whoever_accepts_all_of_somebody_is_not_asked_again() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 3);
        let from = room.me(0);
        let first = room.offer_file(0, 100, &[1, 2]);
        room.run_until("offered", |room| theirs(room, 1, first) == Some(TransferState::Offered));
        room.handle(1, Input::Command(Command::AcceptAll { from, accepts: true }));
        until_there(&mut room, 0, first, 1);
        let second = room.offer_file(0, 2 * MIB, &[1, 2]);
        until_there(&mut room, 0, second, 1);
        assert_eq!(theirs(&room, 2, second), Some(TransferState::Offered), "another person was not asked");
        room.handle(1, Input::Command(Command::AcceptAll { from, accepts: false }));
        let third = room.offer_file(0, 100, &[1]);
        room.run_for(Duration::from_secs(5));
        assert_eq!(theirs(&room, 1, third), Some(TransferState::Offered));
    });
}

#[test]
fn a_pause_on_either_side_stops_it_at_once_and_loses_nothing() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        for _ in 0..=room.below(3) {
            let moment = room.below(80);
            room.run_for(Duration::from_millis(moment));
            let by_sender = room.below(2) == 0;
            let says = |room: &mut Room, stops: bool| {
                if by_sender {
                    room.handle(0, Input::Command(Command::Hold { item, holds: stops }));
                } else {
                    pause(room, 1, item, from, stops);
                }
            };
            says(&mut room, true);
            room.run_for(Duration::from_millis(500));
            if theirs(&room, 1, item) == Some(TransferState::Verified) {
                break;
            }
            let (mine, other) =
                (Some(TransferState::Paused(Pause::Us)), Some(TransferState::Paused(Pause::Them)));
            let (receiver, sender) = if by_sender { (other, mine) } else { (mine, other) };
            assert_eq!((theirs(&room, 1, item), ours(&room, 0, item, 1)), (receiver, sender));
            let before = sent(&room, 0);
            room.run_for(Duration::from_secs(20));
            assert_eq!(sent(&room, 0), before, "nothing goes");
            if room.below(3) == 0 {
                // Also over another connection.
                room.fail_connection();
                room.run_for(Duration::from_secs(20));
                assert_eq!((theirs(&room, 1, item), ours(&room, 0, item, 1)), (receiver, sender));
                assert_eq!(sent(&room, 0), before, "nor then");
            }
            says(&mut room, false);
        }
        until_there(&mut room, 0, item, 1);
        assert_whole(&room, 1, item, SIZE);
        assert!(
            sent(&room, 0) <= SIZE as u64 + 3 * 384 * 1024,
            "what was on its way when the connection broke"
        );
    });
}

/// A reload of the receiver at each of many points: what its disk has is not sent again, but for one piece.
#[test]
fn a_receiver_that_is_loaded_anew_goes_on_from_its_disk() {
    seeds(25, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        let mut reloads = 0;
        for _ in 0..3 {
            let moment = room.below(150);
            room.run_for(Duration::from_millis(moment));
            if is_there(&room, 0, item, 1) {
                break;
            }
            if room.below(2) == 0 {
                room.close(1);
            } else {
                room.crash(1);
            }
            room.reopen(1);
            reloads += 1;
            room.settle();
        }
        until_there(&mut room, 0, item, 1);
        assert_whole(&room, 1, item, SIZE);
        let again = sent(&room, 0) - SIZE as u64;
        assert!(again <= reloads * MIB as u64, "{again} bytes twice, for {reloads} reloads");
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
        // And once more, when all of it is there.
        room.close(1);
        room.reopen(1);
        room.run_for(Duration::from_secs(5));
        assert_eq!(theirs(&room, 1, item), Some(TransferState::Verified), "it is remembered");
    });
}

/// Nobody waits for each write, and nobody gets further ahead of the disk than a reload may lose.
#[test]
fn a_slow_disk_is_behind_the_sender_by_more_than_a_window_and_by_a_piece_at_most() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        room.tabs[1].work = 1_000;
        want(&mut room, 1, item, from);
        let mut most = 0;
        while !is_there(&room, 0, item, 1) {
            room.run_for(Duration::from_millis(10));
            let stored = room.tabs[1].disk.get(item).map_or(0, |file| file.bytes.len() as u64);
            most = most.max(sent(&room, 0) - stored);
        }
        assert!(most > u64::from(WINDOW_BYTES) && most <= MIB as u64, "{most} bytes ahead of the disk");
        assert_whole(&room, 1, item, SIZE);
    });
}

/// A browser that tells the page in time, when nothing of it is whole yet, or not even begun: the person need not be asked
/// again.
#[test]
fn what_is_wanted_is_still_wanted_when_the_page_was_put_aside() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let items: Vec<ItemId> = (0..6).map(|_| room.offer_file(0, SIZE, &[1])).collect();
        room.run_until("offered", |room| items.iter().all(|&item| theirs(room, 1, item).is_some()));
        for &item in &items {
            want(&mut room, 1, item, from);
        }
        let moment = room.below(150);
        room.run_for(Duration::from_millis(moment));
        room.handle(1, Input::Command(Command::PutAside));
        room.close(1);
        room.reopen(1);
        for item in items {
            until_there(&mut room, 0, item, 1);
            assert_whole(&room, 1, item, SIZE);
        }
    });
}

/// A reload of the sender: the file is offered again at once, and goes on when the person has chosen it again.
#[test]
fn a_sender_that_is_loaded_anew_goes_on_with_the_same_file_alone() {
    seeds(25, |seed| {
        let mut room = Room::of(seed, 2);
        let (from, to) = (room.me(0), room.me(1));
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        let moment = room.below(200);
        room.run_for(Duration::from_millis(moment));
        if is_there(&room, 0, item, 1) {
            return;
        }
        if room.below(2) == 0 {
            room.close(0);
        } else {
            room.crash(0);
        }
        room.reopen(0);
        room.offer_again(0, item, SIZE, &[to]);
        if theirs(&room, 1, item) != Some(TransferState::Verified) {
            let missing = Some(TransferState::Paused(Pause::Source));
            room.run_until("the person is asked", |room| {
                ours(room, 0, item, 1) == missing
                    && theirs(room, 1, item) == Some(TransferState::Paused(Pause::Them))
                    || ours(room, 0, item, 1) == Some(TransferState::Verified)
            });
        }
        if ours(&room, 0, item, 1) == Some(TransferState::Verified) {
            return;
        }
        let has = room.tabs[1].disk.get(item).map_or(0, |file| file.hashes.len());
        let sent_before = sent(&room, 0);
        let is_wrong = room.below(3) == 0 && (1..4).contains(&has);
        let mut bytes = picture(item, SIZE);
        if is_wrong {
            bytes[(has - 1) * MIB] ^= 1;
        }
        room.supply(0, item, bytes);
        if is_wrong {
            let changed = Some(TransferState::Failed(Failure::Changed));
            room.run_until("it is another file", |room| ours(room, 0, item, 1) == changed);
            room.run_until("told", |room| theirs(room, 1, item) == Some(TransferState::Cancelled));
            assert_eq!(sent(&room, 0), sent_before, "none of it went");
            assert_eq!(room.tabs[1].disk.get(item).unwrap().hashes.len(), has, "the part is kept");
        } else {
            until_there(&mut room, 0, item, 1);
            assert_whole(&room, 1, item, SIZE);
        }
        room.run_for(Duration::from_secs(2));
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn bad_networks_and_lost_connections_lose_and_repeat_nothing_but_a_window() {
    seeds(25, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        room.loss = room.below(10);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        let mut breaks = 0;
        for _ in 0..4 {
            let moment = room.below(120);
            room.run_for(Duration::from_millis(moment));
            if is_there(&room, 0, item, 1) {
                break;
            }
            room.settle();
            match room.below(3) {
                0 => {
                    room.cut_path(0, 1);
                    let outage = 1_000 + room.below(60_000);
                    room.run_for(Duration::from_millis(outage));
                    room.heal_path(0, 1);
                }
                1 => room.move_to_another_address(1),
                _ => room.fail_connection(),
            }
            breaks += 1;
            room.settle();
        }
        until_there(&mut room, 0, item, 1);
        assert_whole(&room, 1, item, SIZE);
        let again = sent(&room, 0) - SIZE as u64;
        // An outage may cost a connection for each of its tries.
        assert!(again <= 3 * (breaks + 1) * 384 * 1024, "{again} bytes twice");
    });
}

/// A disk, or a sender's memory, that turns a bit now and then.
#[test]
fn a_bad_piece_is_asked_for_again_and_three_of_them_are_enough() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        let times = 1 + room.below(5);
        for _ in 0..times {
            while theirs(&room, 1, item).is_some_and(|state| !state.is_in_vain())
                && theirs(&room, 1, item) != Some(TransferState::Verified)
                && !room.tabs[1].disk.spoil_unchecked(item)
            {
                assert!(room.step());
            }
            // Its hash is asked for, and may have been taken before.
            room.run_for(Duration::from_millis(20));
        }
        let hash = snaproom_protocol::control::RefusedItem::Hash;
        room.run_until("an end", |room| {
            let end = theirs(room, 1, item).unwrap();
            end == TransferState::Verified || end == TransferState::Failed(Failure::Refused(hash))
        });
        let repeats = room.tabs[1]
            .said
            .iter()
            .filter(|text| matches!(wire::from_text(text), Ok(Control::Repeat { .. })));
        let repeats = repeats.count() as u64;
        if theirs(&room, 1, item) == Some(TransferState::Verified) {
            assert_whole(&room, 1, item, SIZE);
            assert!(repeats >= 1, "the fault happened");
        } else {
            assert_eq!(repeats, 3);
        }
        room.run_for(Duration::from_secs(2));
        assert_eq!(room.sees(1, 0), Some(PeerState::Connected));
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn a_disk_that_is_full_keeps_the_part_and_goes_on_when_there_is_room() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let fits = room.below(SIZE as u64 - 1);
        room.tabs[1].disk.room = Some(fits);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        let full = Some(TransferState::Paused(Pause::Storage));
        room.run_until("full", |room| theirs(room, 1, item) == full);
        room.run_for(Duration::from_secs(10));
        assert_eq!(theirs(&room, 1, item), full);
        assert_eq!(ours(&room, 0, item, 1), Some(TransferState::Paused(Pause::Them)));
        let has = room.tabs[1].disk.get(item).unwrap().hashes.len() as u64;
        assert_eq!(has, fits / MIB as u64, "all that fits is checked");
        let before = sent(&room, 0);
        // In vain, for a start.
        pause(&mut room, 1, item, from, false);
        room.run_until("full again", |room| theirs(room, 1, item) == full);
        room.run_for(Duration::from_secs(2));
        assert!(sent(&room, 0) - before <= 2 * MIB as u64);
        room.tabs[1].disk.room = None;
        pause(&mut room, 1, item, from, false);
        until_there(&mut room, 0, item, 1);
        assert_whole(&room, 1, item, SIZE);
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn a_file_that_cannot_be_read_any_more_is_asked_for() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let from = room.me(0);
        room.tabs[0].failing = Some(|job| matches!(job, Job::Fetch { offset, .. } if *offset == 1 << 20));
        let item = room.offer_file(0, SIZE, &[1, 2]);
        for tab in [1, 2] {
            room.run_until("offered", |room| theirs(room, tab, item).is_some());
            want(&mut room, tab, item, from);
        }
        for tab in [1, 2] {
            let missing = Some(TransferState::Paused(Pause::Source));
            room.run_until("missing", |room| ours(room, 0, item, tab) == missing);
        }
        room.run_for(Duration::from_secs(5));
        room.tabs[0].failing = None;
        let mut bytes = picture(item, SIZE);
        let is_another = room.below(2) == 0;
        if is_another {
            // In what went already.
            bytes[100] ^= 1;
        }
        let has = [1, 2].map(|tab| (tab, room.tabs[tab].disk.get(item).map_or(0, |file| file.bytes.len())));
        room.supply(0, item, bytes.clone());
        for (tab, has) in has {
            if is_another {
                // Whoever had a piece of the other one, or had begun one, gets no mixture of both.
                let changed = Some(TransferState::Failed(Failure::Changed));
                if has > 0 {
                    room.run_until("it is another file", |room| ours(room, 0, item, tab) == changed);
                    room.run_until("told", |room| theirs(room, tab, item) == Some(TransferState::Cancelled));
                } else {
                    until_there(&mut room, 0, item, tab);
                    assert_eq!(room.tabs[tab].disk.get(item).unwrap().bytes, bytes, "the new one");
                }
            } else {
                until_there(&mut room, 0, item, tab);
                assert_whole(&room, tab, item, SIZE);
            }
        }
        (0..3).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

#[test]
fn several_files_share_and_a_small_one_waits_behind_no_big_one() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        room.handle(1, Input::Command(Command::AcceptAll { from, accepts: true }));
        let big: Vec<ItemId> = (0..6).map(|_| room.offer_file(0, 6 * MIB, &[1])).collect();
        room.run_until("some of them go", |room| sent(room, 0) > 2 * MIB as u64);
        let small = room.offer_file(0, 1_000, &[1]);
        until_there(&mut room, 0, small, 1);
        assert!(!big.iter().any(|&item| is_there(&room, 0, item, 1)), "it came before all the big ones");
        let photo = room.send(0, 320, 240, Some(3_000));
        room.run_until("the photo", |room| room.has(1, photo));
        let shares: Vec<u64> =
            big.iter().map(|&item| room.tabs[1].last_incoming(item).map_or(0, |view| view.bytes)).collect();
        let going: Vec<u64> = shares.iter().copied().filter(|&bytes| bytes > 0).collect();
        assert!(going.len() >= 3, "{shares:?}");
        assert!(going.iter().max().unwrap() - going.iter().min().unwrap() <= 2 * MIB as u64, "{shares:?}");
        for &item in &big {
            until_there(&mut room, 0, item, 1);
            assert_whole(&room, 1, item, 6 * MIB);
        }
        assert!(at_hand(&room, 0) <= 8, "two pieces of each of four: {}", at_hand(&room, 0));
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

/// Those that the person has not decided on are in nobody's way, however many and however small.
#[test]
fn a_file_that_is_wanted_waits_for_none_that_is_merely_offered() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let big = room.offer_file(0, SIZE, &[1]);
        let offered: Vec<ItemId> = (0..10).map(|_| room.offer_file(0, 1_000, &[1])).collect();
        room.run_until("offered", |room| offered.iter().all(|&item| theirs(room, 1, item).is_some()));
        want(&mut room, 1, big, from);
        until_there(&mut room, 0, big, 1);
        assert_whole(&room, 1, big, SIZE);
        assert_eq!(at_hand(&room, 0), 2, "nothing of the others is read");
    });
}

#[test]
fn four_recipients_of_whom_one_declines_one_cancels_and_one_reloads() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 5);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1, 2, 3, 4]);
        room.run_until("offered", |room| (1..5).all(|tab| theirs(room, tab, item).is_some()));
        (2..5).for_each(|tab| want(&mut room, tab, item, from));
        room.handle(1, Input::Command(Command::Decline { from, item }));
        room.run_until("under way", |room| {
            (2..4).all(|tab| room.tabs[tab].last_incoming(item).is_some_and(|view| view.bytes > 0))
        });
        room.handle(2, Input::Command(Command::Decline { from, item }));
        room.close(3);
        room.reopen(3);
        for tab in [3, 4] {
            until_there(&mut room, 0, item, tab);
            assert_whole(&room, tab, item, SIZE);
        }
        assert_eq!(ours(&room, 0, item, 1), Some(TransferState::Declined));
        assert_eq!(ours(&room, 0, item, 2), Some(TransferState::Cancelled));
        (1..3).for_each(|tab| assert!(room.tabs[tab].disk.is_empty()));
        (0..5).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

/// What came is of use to its person, also where its sender goes or gives it up.
#[test]
fn the_part_that_came_is_kept_when_the_sender_leaves() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        let from = room.me(0);
        let item = room.offer_file(0, SIZE, &[1]);
        room.run_until("offered", |room| theirs(room, 1, item).is_some());
        want(&mut room, 1, item, from);
        room.run_until("a piece", |room| {
            room.tabs[1].disk.get(item).is_some_and(|file| !file.hashes.is_empty())
        });
        room.handle(0, Input::Command(Command::Leave));
        room.run_until("it ends", |room| {
            theirs(room, 1, item).is_some_and(|state| state.is_in_vain() || state == TransferState::Verified)
        });
        assert!(room.tabs[1].disk.get(item).is_some_and(|file| !file.hashes.is_empty()));
    });
}
