//! Files among strangers, by hand: [`World`] checks after every input that what is on the disk was announced and checked,
//! that what was checked stays as it is, and that no more is in memory than its bounds.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;
mod stranger;

use std::time::Duration;

use common::test;
use snaproom_protocol::{
    ItemId,
    bulk::Part,
    control::{Control, Offer, RefusedItem},
    server::FromServer,
    wire,
};
use snaproom_session::{
    Command, Event, Input, PayloadId,
    io::{Failure, Pause, PeerState, TransferState},
};
use stranger::{World, files::file_offer};

const ITEM: ItemId = ItemId([1; 16]);
const OWN: ItemId = ItemId([2; 16]);
const CONNECTED: Option<PeerState> = Some(PeerState::Connected);
const PIECE: u32 = 1 << 20;
const MIB: u64 = 1 << 20;
const ALL: u64 = u64::MAX;

fn with_newcomer() -> World {
    let mut world = World::new();
    world.enter(&[]);
    world.befriend_newcomer(0);
    assert_eq!(world.sees(0), CONNECTED);
    world
}

/// The same, and a file of theirs is wanted.
fn with_file(bytes: u64) -> World {
    let mut world = with_newcomer();
    world.offer(0, file_offer(ITEM, bytes));
    world.want(0, ITEM);
    world
}

fn reconnect(world: &mut World) {
    world.on_wire(0, Event::Closed);
    world.pass(Duration::from_secs(1));
    world.befriend_newcomer(0);
    assert_eq!(world.sees(0), CONNECTED);
}

fn theirs(world: &World) -> PayloadId {
    PayloadId { owner: world.members[0].id, item: ITEM, part: Part::Exact }
}

fn ours(world: &World) -> PayloadId {
    PayloadId { owner: world.me, item: OWN, part: Part::Exact }
}

fn state(world: &World) -> Option<TransferState> {
    world.states.get(&(world.members[0].id, ITEM)).copied()
}

fn is_said(world: &World, message: &Control) -> bool {
    world.said.contains(&(0, wire::to_text(message)))
}

#[test]
fn whoever_keeps_to_the_rules_has_a_file_verified_and_one_sent() {
    for bytes in [0, 1, MIB, MIB + 1, 3 * MIB + 5] {
        let mut world = with_file(bytes);
        world.send_pieces(0, ITEM, 0, bytes);
        assert_eq!(world.page.shown, [theirs(&world)], "{bytes}");
        world.give(OWN, bytes, &[0], false, true);
        world.control(0, &Control::Request { item: OWN });
        for window in 1..20 {
            world.control(0, &Control::Credit { until: window * 0x6_0000 });
            world.finish_all();
        }
        assert_eq!(world.sent, bytes);
        world.control(0, &Control::Verified { item: OWN });
        assert_eq!(world.outgoing[&(OWN, world.members[0].id)], TransferState::Verified);
        world.end();
    }
}

#[test]
fn an_offer_of_as_much_as_can_be_offered_costs_nothing() {
    let mut world = with_newcomer();
    world.accept_all(0, true);
    for n in 0..300_u16 {
        let mut id = [7; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        world.offer(0, file_offer(ItemId(id), 256 << 30));
    }
    let too_many = |(_, text): &&(usize, String)| {
        matches!(wire::from_text(text), Ok(Control::Refused { reason: RefusedItem::TooBig, .. }))
    };
    assert_eq!(world.said.iter().filter(too_many).count(), 300 - 256);
    // They come again over another connection, with as many others before.
    reconnect(&mut world);
    for n in 300..900_u16 {
        let mut id = [7; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        world.offer(0, file_offer(ItemId(id), 256 << 30));
    }
    world.control(0, &Control::AllOffered);
    world.end();
}

/// Of an empty file the end is all there is.
#[test]
fn an_empty_file_that_nobody_asked_for_does_not_come() {
    let mut world = with_newcomer();
    world.offer(0, file_offer(ITEM, 0));
    world.end_of(0, ITEM);
    assert_eq!(state(&world), Some(TransferState::Failed(Failure::Refused(RefusedItem::Order))));
    assert_eq!(world.page.shown, []);
    world.end();
}

/// The disk fails when all that was to come is checked, and only the end is not there: nothing has to come again.
#[test]
fn a_disk_that_fails_before_the_end_changes_nothing_of_what_was_checked() {
    for bytes in [0, 100, MIB, MIB + 100] {
        let mut world = with_file(bytes);
        for index in 0..bytes.div_ceil(MIB) {
            world.send_piece(0, ITEM, index as u32, 0, (bytes - index * MIB).min(MIB) as u32);
        }
        world.handle(Input::PayloadFailed(theirs(&world)));
        assert_eq!(state(&world), Some(TransferState::Paused(Pause::Storage)));
        world.pause(0, ITEM, false);
        world.end_of(0, ITEM);
        assert_eq!(world.page.shown, [theirs(&world)], "{bytes}");
        world.end();
    }
}

/// The same while the last pieces are being hashed.
#[test]
fn a_disk_that_fails_while_the_last_piece_is_hashed_has_it_sent_again() {
    let mut world = with_file(MIB + 100);
    world.send_piece(0, ITEM, 0, 0, PIECE);
    world.piece(0, ITEM, Part::Exact, 1, 100, 2);
    world.chunk(0, 100, 2);
    world.finish(0, false);
    world.end_of(0, ITEM);
    world.fail(0);
    assert_eq!(state(&world), Some(TransferState::Paused(Pause::Storage)));
    world.pause(0, ITEM, false);
    assert!(is_said(&world, &Control::Repeat { item: ITEM, exact: MIB }));
    world.send_pieces(0, ITEM, 1, MIB + 100);
    assert_eq!(world.page.shown, [theirs(&world)]);
    world.end();
}

/// Whoever goes on over another connection while our disk takes nothing, whatever we say, is not listened to: what was
/// stored and hashed of that would count for what comes when the person goes on.
#[test]
fn while_the_disk_takes_nothing_nothing_is_taken_over_another_connection_either() {
    let mut world = with_file(MIB);
    world.piece(0, ITEM, Part::Exact, 0, PIECE, 1);
    world.chunk(0, 0x1_0000, 1);
    world.fail(0);
    assert_eq!(state(&world), Some(TransferState::Paused(Pause::Storage)));
    reconnect(&mut world);
    world.offer(0, Offer { resumes: true, ..file_offer(ITEM, MIB) });
    assert!(is_said(&world, &Control::Pause { item: ITEM, pauses: true }));
    world.piece(0, ITEM, Part::Exact, 0, PIECE, 1);
    (0..6).for_each(|_| world.chunk(0, 0x1_0000, 1));
    assert_eq!(world.page.jobs.len(), 0, "nothing is stored");
    world.pause(0, ITEM, false);
    assert_eq!(world.sees(0), CONNECTED);
    world.send_pieces(0, ITEM, 0, MIB);
    assert_eq!(world.page.shown, [theirs(&world)]);
    world.end();
}

/// A piece that was bad is announced again with a hash that is on its way for other bytes.
#[test]
fn a_hash_of_what_was_there_before_vouches_for_nothing_that_comes_again() {
    let mut world = with_file(2 * MIB);
    let send = |world: &mut World, index, announced, label| {
        world.piece(0, ITEM, Part::Exact, index, PIECE, announced);
        for _ in 0..16 {
            world.chunk(0, 0x1_0000, label);
            let stores = world.page.jobs.iter().filter(|job| job.is_store()).count();
            (0..stores).for_each(|_| {
                let store = world.page.jobs.iter().position(stranger::page::Job::is_store).unwrap();
                world.finish(store, false);
            });
        }
    };
    // The first one is bad, the second is as announced, and both are being hashed.
    send(&mut world, 0, 1, 2);
    send(&mut world, 1, 1, 1);
    world.finish(0, false);
    assert!(
        !is_said(&world, &Control::Repeat { item: ITEM, exact: 0 }),
        "the second's hash is still to come"
    );
    // What is announced before that is said counts for nothing.
    send(&mut world, 0, 1, 3);
    world.finish_all();
    assert!(is_said(&world, &Control::Repeat { item: ITEM, exact: 0 }));
    send(&mut world, 0, 1, 1);
    send(&mut world, 1, 1, 2);
    world.finish_all();
    assert_eq!(world.page.shown, []);
    world.send_piece(0, ITEM, 1, 0, PIECE);
    world.end_of(0, ITEM);
    assert_eq!(world.page.shown, [theirs(&world)]);
    world.end();
}

#[test]
fn the_fourth_bad_piece_is_one_too_many() {
    for bad in 0..5 {
        let mut world = with_file(100);
        for _ in 0..bad {
            world.piece(0, ITEM, Part::Exact, 0, 100, 1);
            world.chunk(0, 100, 2);
            world.finish_all();
        }
        world.send_pieces(0, ITEM, 0, 100);
        if bad < 4 {
            assert_eq!(world.page.shown, [theirs(&world)], "{bad}");
        } else {
            assert_eq!(state(&world), Some(TransferState::Failed(Failure::Refused(RefusedItem::Hash))));
        }
        assert_eq!(world.sees(0), CONNECTED);
        world.end();
    }
}

/// The part that came stayed when its sender went. It offers the same again, and other bytes come.
#[test]
fn what_is_left_of_a_lost_file_is_no_part_of_the_next_one() {
    let mut world = with_file(2 * MIB);
    world.send_piece(0, ITEM, 0, 0, PIECE);
    let peer = world.members[0].id;
    world.server(&FromServer::Left { peer, for_good: true });
    world.on_wire(0, Event::Closed);
    assert_eq!(state(&world), Some(TransferState::Failed(Failure::Lost)));
    assert!(world.page.disk.has(theirs(&world)), "the part is kept");
    world.pass(Duration::from_secs(2));
    world.members[0].tab += 1;
    world.befriend_newcomer(0);
    world.offer(0, Offer { resumes: true, ..file_offer(ITEM, 2 * MIB) });
    world.want(0, ITEM);
    world.send_pieces(0, ITEM, 0, 2 * MIB);
    assert_eq!(world.page.shown, [theirs(&world)]);
    world.end();
}

/// A receiver that wants one piece after the other again, before any of them was read, has no more than 16 read; and the
/// file goes on when they are.
#[test]
fn nobody_makes_us_read_more_pieces_than_fit_into_memory() {
    let mut world = with_newcomer();
    world.befriend_newcomer(1);
    world.give(OWN, 300 * MIB, &[0, 1], false, true);
    world.control(0, &Control::Request { item: OWN });
    world.finish_all();
    reconnect(&mut world);
    let digest = snaproom_protocol::Digest([0; 32]);
    world.control(0, &Control::Accept { item: OWN, preview: 0, exact: ALL, pieces: 0, root: digest });
    world.control(0, &Control::Request { item: OWN });
    for piece in (0..300).rev() {
        world.control(0, &Control::Repeat { item: OWN, exact: piece * MIB });
    }
    assert_eq!(world.page.jobs.len(), 16);
    // Another recipient's turn comes.
    world.control(1, &Control::Request { item: OWN });
    world.control(1, &Control::Credit { until: 0x6_0000 });
    let sent = world.sent;
    world.finish_all();
    assert!(world.page.at_hand.contains(&(ours(&world), 0)));
    assert_eq!(world.sent - sent, 0x6_0000);
    world.end();
}

/// The same with claims of what is there already, of each of many files.
#[test]
fn nobody_makes_us_hash_more_pieces_than_fit_into_memory() {
    let mut world = with_newcomer();
    let id = |n| ItemId([n; 16]);
    for n in 10..110 {
        world.give(id(n), 5 * MIB, &[0], false, true);
    }
    reconnect(&mut world);
    for n in 10..110 {
        world.claim(0, id(n), 3, true);
        world.control(0, &Control::Request { item: id(n) });
    }
    world.control(0, &Control::Credit { until: 0x6_0000 });
    let sent = world.sent;
    world.finish_all();
    assert_eq!(world.sent - sent, 0x6_0000);
    world.end();
}

/// What waits until others are read does not wait for ever, also where those are of no use any more.
#[test]
fn what_waits_to_be_read_is_read_when_what_was_read_before_it_is_taken_back() {
    let mut world = with_newcomer();
    world.befriend_newcomer(1);
    world.give(OWN, 300 * MIB, &[0], false, true);
    world.control(0, &Control::Request { item: OWN });
    reconnect(&mut world);
    let digest = snaproom_protocol::Digest([0; 32]);
    world.control(0, &Control::Accept { item: OWN, preview: 0, exact: ALL, pieces: 0, root: digest });
    world.control(0, &Control::Request { item: OWN });
    for piece in (0..100).rev() {
        world.control(0, &Control::Repeat { item: OWN, exact: piece * MIB });
    }
    let other = ItemId([3; 16]);
    world.give(other, 100, &[1], false, true);
    world.control(1, &Control::Request { item: other });
    world.control(1, &Control::Credit { until: 0x6_0000 });
    world.command(Command::Cancel(OWN));
    world.finish_all();
    assert_eq!(world.sent, 100);
    world.end();
}

/// Whatever was begun is there for the page's next life, also where no piece of it is whole.
#[test]
fn what_is_wanted_stays_on_the_disk_when_the_page_is_put_aside() {
    for bytes in [0, 100, 2 * MIB] {
        let mut world = with_file(bytes);
        if bytes > 0 {
            world.piece(0, ITEM, Part::Exact, 0, bytes.min(MIB) as u32, 1);
            world.chunk(0, 50, 1);
        }
        world.finish_all();
        world.command(Command::PutAside);
        assert!(world.page.disk.has(theirs(&world)));
        world.end();
    }
}
