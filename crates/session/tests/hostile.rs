//! What fuzzing found, and random courses beside it: no stranger's words make the session panic, hang, hold more than
//! its bounds, or show what was not checked. [`World`] checks all that after every input.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;
mod stranger;

use std::time::Duration;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use common::{many_seeds, test};
use snaproom_protocol::{
    ItemId,
    bulk::Part,
    control::{Control, Kind, RefusedItem},
    server::FromServer,
    shared::Shared,
    wire,
};
use snaproom_session::{
    Event, Input, Link,
    io::{PeerState, RefusedPeer, State, TransferState},
};
use stranger::{
    Answers, Keeps, World,
    files::file_offer,
    members::{candidate, offer},
    page, script,
    shown::{Finds, root_of},
};

const ITEM: ItemId = ItemId([1; 16]);
const OWN: ItemId = ItemId([2; 16]);
const CONNECTED: Option<PeerState> = Some(PeerState::Connected);

/// Alone in a room, and somebody comes.
fn with_newcomer() -> World {
    let mut world = World::new();
    world.enter(&[]);
    world.befriend_newcomer(0);
    assert_eq!(world.sees(0), CONNECTED);
    world
}

/// In the room before us, who made the offer.
fn with_elder() -> World {
    let mut world = World::new();
    world.enter(&[(0, false)]);
    world.befriend_elder(0);
    assert_eq!(world.sees(0), CONNECTED);
    world
}

/// The page of member 0 is loaded anew, and connects.
fn reload(world: &mut World) {
    world.on_wire(0, Event::Closed);
    world.pass(Duration::from_secs(1));
    world.members[0].tab += 1;
    world.befriend_newcomer(0);
    assert_eq!(world.sees(0), CONNECTED);
}

#[test]
fn any_course_of_events_keeps_to_the_bounds() {
    many_seeds(2_000, |seed| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bytes = vec![0; 64 + rng.next_u64() as usize % 960];
        rng.fill_bytes(&mut bytes);
        script::play(&bytes);
    });
}

#[test]
fn whoever_keeps_to_the_rules_is_connected_and_heard() {
    for mut world in [with_newcomer(), with_elder()] {
        world.send_honestly(0, ITEM, 16, 16, Some(100));
        world.finish_all();
        let shown: Vec<Part> = world.page.shown.iter().map(|payload| payload.part).collect();
        assert_eq!(shown, [Part::Preview, Part::Exact]);
        world.send(OWN, 256, 256, Some(100));
        world.finish_all();
        world.control(0, &Control::Credit { until: 384 * 1024 });
        world.control(0, &Control::Verified { item: OWN });
        let to = world.members[0].id;
        assert_eq!(world.outgoing[&(OWN, to)], TransferState::Verified);
        world.end();
    }
}

/// The same with what was shown by somebody who is not here, and with what we show.
#[test]
fn whoever_keeps_to_the_rules_gives_what_was_shown_and_gets_it() {
    for kind in [Kind::Photo { width: 16, height: 16, taken: 0 }, Kind::File] {
        let mut world = with_newcomer();
        let owner = world.members[2].id;
        let root = if kind == Kind::File { root_of(1024) } else { page::root([page::hash_of(3)]) };
        let entry = world.entry((owner, 2), ITEM, (kind, 1024), Some(root));
        world.shared(0, Shared::Has(entry));
        world.fetch(owner, ITEM);
        let as_item = ItemId([9; 16]);
        world.shared(0, Shared::Gives { owner, item: ITEM, as_item: Some(as_item) });
        if kind == Kind::File {
            world.offer(0, file_offer(as_item, 1024));
            world.send_pieces(0, as_item, 0, 1024);
        } else {
            world.send_honestly(0, as_item, 16, 16, None);
        }
        world.finish_all();
        assert_eq!(world.states[&(world.members[0].id, as_item)], TransferState::Verified);
        assert!(world.earlier.is_empty() && world.page.shown.len() == 1);
        // Now it is ours to give.
        world.said.clear();
        world.befriend_newcomer(1);
        let entry = world.entry((owner, 2), ITEM, (kind, 1024), Some(root));
        let has = (1, wire::to_text(&Control::Shared(Shared::Has(entry))));
        assert!(world.said.contains(&has));
        for place in [0, 1, 1] {
            world.shared(place, Shared::Want { owner, item: ITEM });
        }
        assert_eq!(world.wants.len(), 2, "of each of them once");
        let lent = world.lend(1, Finds::Photo).unwrap();
        world.lend(0, Finds::Nothing);
        let gives = |place, as_item| {
            (place, wire::to_text(&Control::Shared(Shared::Gives { owner, item: ITEM, as_item })))
        };
        assert!(world.said.contains(&gives(1, Some(lent))) && world.said.contains(&gives(0, None)));
        assert!(world.outgoing.contains_key(&(lent, world.members[1].id)));
        world.end();
    }
}

/// What is not taken keeps the page's memory, and its places for what the person sends.
#[test]
fn nobody_has_more_got_ready_for_them_than_they_take() {
    let mut world = with_newcomer();
    world.befriend_newcomer(1);
    let item = |n| ItemId([n; 16]);
    (0..9).for_each(|n| world.give(item(n), 1024, &[0, 1], false, true));
    let want = |world: &mut World, place, n| {
        world.shared(place, Shared::Want { owner: world.me, item: item(n) });
    };
    (0..6).for_each(|n| want(&mut world, 0, n));
    assert_eq!(world.wants.len(), 4, "that are not found yet");
    let lent = [0; 4].map(|_| world.lend(0, Finds::File).unwrap());
    (4..9).for_each(|n| want(&mut world, 0, n));
    assert_eq!(world.wants, [], "that are not taken yet");
    want(&mut world, 1, 0);
    assert_eq!(world.wants.len(), 1, "nobody else's business");
    world.control(0, &Control::Refused { item: lent[0], reason: RefusedItem::Cancelled });
    world.control(0, &Control::Refused { item: lent[1], reason: RefusedItem::Cancelled });
    (4..9).for_each(|n| want(&mut world, 0, n));
    assert_eq!(world.wants.len(), 3);
    world.end();
}

// Found.

/// Two things of one peer are due at the same moment: its seat's lease, and an ICE restart that it asked for.
#[test]
fn what_is_due_together_is_done_together() {
    let mut world = with_elder();
    // Nothing more is heard of it, and the server forgets it.
    world.pass(Duration::from_secs(30));
    assert_eq!(world.sees(0), Some(PeerState::Away));
    world.enter(&[]);
    // It joins anew and so asks for a restart; then the server forgets it again, and our page sleeps.
    world.join(0, Answers::Nothing, Keeps::Nothing);
    world.handle(Input::SocketClosed);
    world.pass(Duration::from_secs(3));
    world.enter(&[]);
    world.sleep(Duration::from_secs(30));
    world.end();
}

/// Both browsers bound a message by what the other one's description says (`a=max-message-size`, RFC 8841).
#[test]
fn nobody_makes_us_send_a_byte_at_a_time() {
    for (max_message, sees) in [
        (0, PeerState::Refused(RefusedPeer::Protocol)),
        (1, PeerState::Refused(RefusedPeer::Protocol)),
        (16 * 1024 - 1, PeerState::Refused(RefusedPeer::Protocol)),
        (16 * 1024, PeerState::Connected),
        (u32::MAX, PeerState::Connected),
    ] {
        let mut world = World::new();
        world.enter(&[]);
        world.join(0, Answers::Nothing, Keeps::Nothing);
        let connection = world.wire_of(0).unwrap();
        world.describe(connection);
        world.offer_or_answer(0, false, false);
        world.describe(connection);
        world.event(connection, Event::State(State::Connected));
        world.open(connection, max_message);
        world.prove(0, true);
        world.send(OWN, 512, 600, None);
        world.finish_all();
        world.control(0, &Control::Credit { until: 384 * 1024 });
        assert_eq!(world.sees(0), Some(sees), "{max_message}");
        world.end();
    }
}

/// A room's name that is too long is cut. Whoever gets the shorter link must come into the same room.
#[test]
fn a_long_name_that_is_cut_behind_a_blank_reads_back() {
    let link = Link::from_fragment(&format!("#{} and more", "x".repeat(511))).unwrap();
    let again = Link::from_fragment(&format!("#{}", link.fragment())).unwrap();
    assert!(again == link, "another room");
}

/// The first life's preview was read; the second one's, of the same name, is another picture.
#[test]
fn a_preview_that_was_read_for_an_earlier_life_shows_nothing_of_a_later_one() {
    let mut world = with_newcomer();
    world.offer(0, offer(ITEM, 16, 16, Some(100), 1));
    world.piece(0, ITEM, Part::Preview, 0, 100, 1);
    world.chunk(0, 100, 1);
    world.finish(0, false);
    world.finish(0, false);
    assert_eq!(world.page.jobs.len(), 1, "the preview is being read");
    reload(&mut world);
    world.offer(0, offer(ITEM, 16, 16, Some(100), 2));
    world.piece(0, ITEM, Part::Preview, 0, 100, 2);
    world.finish(0, false);
    assert_eq!(world.page.shown, []);
    world.end();
}

/// The same with a hash that comes late: it is of other bytes.
#[test]
fn a_hash_of_an_earlier_life_vouches_for_nothing_of_a_later_one() {
    let mut world = with_newcomer();
    let send = |world: &mut World, label| {
        world.offer(0, offer(ITEM, 16, 16, None, 0));
        // Announced as bytes of label 1 each time.
        world.piece(0, ITEM, Part::Exact, 0, 1024, 1);
        world.chunk(0, 1024, label);
    };
    send(&mut world, 1);
    world.finish(0, false);
    assert_eq!(world.page.jobs.len(), 1, "it is being hashed");
    reload(&mut world);
    send(&mut world, 2);
    world.end_of(0, ITEM);
    world.finish(1, false);
    // The late hash comes first.
    world.finish_all();
    assert_eq!(world.page.shown, []);
    world.end();
}

// Not found to be wrong, and worth keeping.

/// The server makes up more people than are followed, joins them all, and lets them go again.
#[test]
fn a_crowd_that_the_server_makes_up_is_not_followed() {
    let mut world = with_newcomer();
    let crowd: Vec<_> = (1..80).map(|place| (place, false)).collect();
    world.handle(Input::SocketClosed);
    world.pass(Duration::from_secs(3));
    world.enter(&crowd);
    for place in 1..80 {
        world.join(place, Answers::Nothing, Keeps::Nothing);
    }
    assert!((1..80).any(|place| world.wire_of(place).is_none()), "all of them are followed");
    assert_eq!(world.sees(0), CONNECTED, "who is connected stays");
    world.pass(Duration::from_mins(2));
    for place in 1..80 {
        let peer = world.members[place].id;
        world.server(&FromServer::Left { peer, for_good: true });
    }
    world.end();
}

/// Each of 32 items begins with a piece of a photo of 64 MiB; the bound on memory lets three of them.
#[test]
fn what_one_peer_may_begin_is_bounded_across_its_lives() {
    let mut world = with_newcomer();
    for n in 0..40 {
        let item = ItemId([n; 16]);
        world.offer(0, offer(item, 4096, 4096, None, 0));
        world.piece(0, item, Part::Exact, 0, 1 << 20, 1);
        world.chunk(0, 1024, 1);
        world.finish_all();
        if n % 10 == 9 {
            reload(&mut world);
        }
    }
    world.end();
}

/// Everything of an item comes before its offer, and then the offer is one that is refused.
#[test]
fn bytes_that_waited_for_an_offer_that_is_refused_are_thrown_away() {
    let mut world = with_newcomer();
    world.piece(0, ITEM, Part::Exact, 0, 1024, 1);
    for _ in 0..8 {
        world.chunk(0, 128, 1);
    }
    let mut bad = offer(ITEM, 16, 16, None, 0);
    bad.bytes += 1;
    world.offer(0, bad);
    assert_eq!(world.sees(0), CONNECTED, "the item is refused, and not its sender");
    let refused = Control::Refused { item: ITEM, reason: RefusedItem::Length };
    assert!(world.said.contains(&(0, wire::to_text(&refused))));
    world.end();
}

/// 64 candidates wait for a description; one more ends it.
#[test]
fn candidates_before_the_description_are_counted() {
    for (count, stays) in [(64, true), (65, false)] {
        let mut world = World::new();
        world.enter(&[]);
        world.join(0, Answers::Nothing, Keeps::Nothing);
        for _ in 0..count {
            world.signal(0, &snaproom_protocol::signal::Signal::Candidate(candidate(Some("m1"), 1021)));
        }
        assert_eq!(world.wire_of(0).is_some(), stays, "{count}");
        world.end();
    }
}

/// The line, and the names of its section (a byte) and of its generation.
#[test]
fn a_candidate_is_bounded_with_its_names() {
    for (line, generation, stays) in [(1021, 2, true), (1022, 2, false), (40, 983, true), (40, 60_000, false)]
    {
        let mut world = World::new();
        world.enter(&[]);
        world.join(0, Answers::Nothing, Keeps::Nothing);
        let candidate = candidate(Some(&"m".repeat(generation)), line);
        world.signal(0, &snaproom_protocol::signal::Signal::Candidate(candidate));
        assert_eq!(world.wire_of(0).is_some(), stays, "{line} and {generation}");
        world.end();
    }
}

/// What a connection still says when the session has given it up concerns nobody.
#[test]
fn a_connection_that_is_gone_has_nothing_to_say() {
    let mut world = with_newcomer();
    let old = world.wire_of(0).unwrap();
    reload(&mut world);
    assert_ne!(world.wire_of(0), Some(old));
    for event in [
        Event::Closed,
        Event::Overrun,
        Event::State(State::Failed),
        Event::Control(String::from("{")),
        Event::ActionFailed(String::from("late")),
    ] {
        world.event(old, event);
    }
    let chunk = world.page.receive(old, 9, 1);
    world.event(old, Event::Chunk(chunk, 9));
    assert_eq!(world.sees(0), CONNECTED);
    world.end();
}
