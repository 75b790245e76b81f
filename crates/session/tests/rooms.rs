//! The way into a room and out of it: what the person reads meanwhile, and when the server is tried again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Room, seeds, test};
use snaproom_protocol::{
    PeerId,
    server::{FromServer, Ice, Refusal, Welcome, Welcomed},
    wire,
};
use snaproom_session::{
    Command, Input, Link, Output,
    io::{PeerState, Status},
};

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn the_first_is_alone_and_the_second_makes_them_connected() {
    seeds(50, |seed| {
        let room = Room::of(seed, 2);
        let all = [Status::Connecting, Status::Alone, Status::Connecting, Status::Connected];
        assert_eq!(room.tabs[0].status_words(), all);
        assert_eq!(room.tabs[1].status_words(), [Status::Connecting, Status::Connected]);
    });
}

#[test]
fn two_rooms_see_nothing_of_each_other() {
    seeds(20, |seed| {
        let mut room = Room::new(seed);
        for n in [1, 2, 1, 2] {
            room.open_link(&Link::mint([n; 16]));
        }
        room.settle();
        let item = room.send(0, 40, 30, None);
        room.run_until("the photo arrives", |room| room.has(2, item));
        room.run_for(MINUTE);
        assert!(!room.has(1, item) && !room.has(3, item));
        for tab in 0..4_usize {
            let other = room.me((tab + 2) % 4);
            assert_eq!(room.tabs[tab].peers.keys().collect::<Vec<_>>(), [&other]);
        }
    });
}

#[test]
fn a_server_that_cannot_be_reached_is_tried_with_growing_pauses() {
    let mut pauses = Vec::new();
    seeds(30, |seed| {
        let mut room = Room::new(seed);
        room.server.is_up = false;
        room.open();
        room.run_for(5 * MINUTE);
        assert_eq!(room.tabs[0].status_words(), [Status::Connecting, Status::Offline]);
        let opened = &room.tabs[0].sockets_opened;
        assert!(opened.len() >= 20, "at least every 15 s: {}", opened.len());
        for (n, pair) in opened.windows(2).enumerate() {
            let most = (250_u64 << n.min(10)).min(15_000) + room.latency;
            assert!(pair[1].0 - pair[0].0 <= most, "pause {n} is {} ms", pair[1].0 - pair[0].0);
        }
        room.server.is_up = true;
        let within = Duration::from_secs(16);
        room.run_until_within("found", within, |room| room.tabs[0].status() == Some(Status::Alone));
    });
    // Full jitter: not everybody comes back at the same moment.
    let mut room = Room::new(1);
    room.open_all(8);
    room.settle();
    room.server.is_up = false;
    room.restart_server();
    room.run_for(MINUTE);
    pauses.extend(room.tabs.iter().map(|tab| tab.sockets_opened.last().copied()));
    pauses.sort();
    pauses.dedup();
    assert!(pauses.len() >= 6);
}

#[test]
fn a_socket_behind_which_nobody_answers_is_given_up_after_ten_seconds() {
    seeds(10, |seed| {
        let mut room = Room::new(seed);
        room.server.is_mute = true;
        room.open();
        room.run_for(Duration::from_millis(9_900));
        assert_eq!(room.tabs[0].did("CloseSocket"), 0);
        room.run_for(Duration::from_millis(200));
        assert_eq!(room.tabs[0].did("CloseSocket"), 1);
        room.server.is_mute = false;
        room.run_until("in", |room| room.tabs[0].status() == Some(Status::Alone));
    });
}

#[test]
fn a_lost_server_is_shown_and_found_again() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 1);
        room.server.is_up = false;
        room.restart_server();
        room.run_for(MINUTE);
        room.server.is_up = true;
        room.settle();
        let all = [Status::Connecting, Status::Alone, Status::Reconnecting, Status::Offline, Status::Alone];
        assert_eq!(room.tabs[0].status_words(), all);
    });
}

#[test]
fn a_full_room_says_so_and_lets_in_whoever_tries_again_later() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.server.capacity = 2;
        let third = room.open();
        let full = Some(Status::Full { capacity: 2 });
        room.run_until("full", |room| room.tabs[third].status() == full);
        room.run_for(MINUTE);
        assert_eq!(room.tabs[third].did("OpenSocket"), 1, "it does not knock by itself");
        assert_eq!(room.tabs[0].peers.len(), 1, "those inside hear nothing");

        room.leave(1);
        room.run_until("a seat is free", |room| room.sees(0, 1).is_none());
        room.handle(third, Input::Command(Command::Retry));
        room.settle();
        assert_eq!(room.sees(0, third), Some(PeerState::Connected));
    });
}

#[test]
fn a_seat_whose_tab_is_gone_yields_to_a_newcomer() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.server.capacity = 2;
        room.crash(1);
        room.run_for(Duration::from_secs(1));
        room.open();
        room.settle();
        assert_eq!(room.sees(0, 1), Some(PeerState::Away), "until its connection is known to be dead");
        room.run_for(Duration::from_secs(15));
        assert_eq!(room.tabs[0].peers.keys().collect::<Vec<_>>(), [&room.me(2)]);
    });
}

#[test]
fn whoever_was_replaced_stays_away() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let (link, token) = (room.tabs[1].link.clone(), room.tabs[1].id.token);
        let twin = room.open_as(&link, token);
        room.run_until("replaced", |room| room.tabs[1].status() == Some(Status::Replaced));
        room.run_for(MINUTE);
        // Neither the person nor a network that comes back makes the two replace each other in turn.
        room.handle(1, Input::Command(Command::Retry));
        room.run_for(MINUTE);
        assert_eq!(room.tabs[1].did("OpenSocket"), 1);
        room.leave(1);
        room.run_until("the twin takes its place", |room| {
            [room.sees(twin, 0), room.sees(0, twin)] == [Some(PeerState::Connected); 2]
        });
    });
}

#[test]
fn a_refusal_is_final_or_passes() {
    let refused = |reason| FromServer::Refused { reason };
    for (refusal, status) in [
        (refused(Refusal::Version), Some(Status::Outdated)),
        (refused(Refusal::Malformed), Some(Status::Refused)),
        (refused(Refusal::TooLarge), Some(Status::Refused)),
        (refused(Refusal::Busy), None),
        (refused(Refusal::TooSlow), None),
        (refused(Refusal::Lagging), None),
    ] {
        let mut room = Room::new(1);
        room.server.refuse = Some(refusal);
        room.open();
        room.run_for(MINUTE);
        match status {
            Some(status) => {
                assert_eq!(room.tabs[0].status_words(), [Status::Connecting, status]);
                assert_eq!(room.server.joins, 1, "it does not knock by itself");
                assert_eq!(room.tabs[0].session.as_ref().unwrap().next_deadline(), None);
            }
            None => assert!((4..40).contains(&room.server.joins), "{} joins", room.server.joins),
        }
        room.server.refuse = None;
        room.handle(0, Input::Command(Command::Retry));
        room.settle();
    }
}

#[test]
fn a_server_that_stops_says_when_to_come_back_within_bounds() {
    for (said, expected) in [(2_000, 2_000), (0, 0), (u32::MAX, 15_000)] {
        let mut room = Room::of(1, 2);
        let at = room.now;
        room.handle(0, Input::Server(wire::to_text(&FromServer::Stopping { back_in: said })));
        assert_eq!(room.tabs[0].did("CloseSocket"), 1);
        assert_eq!(room.tabs[0].status(), Some(Status::Connected), "who is connected stays so");
        room.run_for(MINUTE);
        assert_eq!(room.tabs[0].sockets_opened.len(), 2);
        assert_eq!(*room.tabs[0].sockets_opened.last().unwrap(), at + Duration::from_millis(expected));
        room.settle();
    }
    // Nor does it bring back who is not to come.
    let mut room = Room::of(1, 1);
    for last in [FromServer::Replaced, FromServer::Stopping { back_in: 0 }] {
        room.handle(0, Input::Server(wire::to_text(&last)));
    }
    room.run_for(MINUTE);
    assert_eq!(room.tabs[0].sockets_opened.len(), 1);
}

#[test]
fn a_server_that_gives_us_another_name_is_refused() {
    let mut room = Room::new(1);
    room.open();
    let welcome = Welcome {
        how: Welcomed::Created,
        peer: PeerId([0; 16]),
        peers: Vec::new(),
        capacity: 2,
        lease: 30,
        ice: Ice::default(),
    };
    room.handle(0, Input::Server(wire::to_text(&FromServer::Welcome(welcome))));
    assert_eq!(room.tabs[0].status(), Some(Status::Refused));
}

#[test]
fn words_that_are_none_change_nothing() {
    let mut room = Room::of(1, 2);
    let before = room.tabs[0].did.clone();
    // Nothing, no base64url, an unknown type, a `Joined` without anybody, one whose id is short, and a `Pong` with more
    // behind it.
    for text in ["", "{", "_w", "AQ", "AQIDBA", "BgA", "\0"] {
        room.handle(0, Input::Server(text.to_owned()));
    }
    room.handle(0, Input::Server("A".repeat(100_000)));
    assert_eq!(room.tabs[0].did, before);
    assert!(room.is_settled());
}

/// A server may name any number of people; we follow 64.
#[test]
fn invented_people_are_bounded() {
    let mut room = Room::of(1, 1);
    for n in 0..1_000_u32 {
        let mut id = [0xEE; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        let peer = snaproom_protocol::PeerId(id);
        let joined = FromServer::Joined { peer, hello: snaproom_protocol::Envelope(vec![1, 1, 2, 3]) };
        room.handle(0, Input::Server(wire::to_text(&joined)));
    }
    assert_eq!(room.tabs[0].peers.len(), 64);
    assert_eq!(room.tabs[0].did("Connect"), 0);
}

#[test]
fn leaving_in_the_middle_of_anything_leaves_nothing_behind() {
    seeds(50, |seed| {
        let mut room = Room::new(seed);
        room.open_all(3);
        let moment = room.below(800);
        room.run_for(Duration::from_millis(moment));
        for from in 0..3 {
            room.send(from, 321, 241, Some(3_000));
        }
        let moment = room.below(200);
        room.run_for(Duration::from_millis(moment));
        // `leave` asserts that nothing is held and nothing more is said.
        (0..3).for_each(|tab| room.leave(tab));
        room.run_for(MINUTE);
        assert!(room.server.is_empty());
    });
}

#[test]
fn before_a_welcome_there_is_nothing_to_leave() {
    let mut room = Room::new(1);
    room.open();
    let session = room.tabs[0].session.as_mut().unwrap();
    session.handle(Input::Command(Command::Leave), room.now);
    assert_eq!(session.poll(), Some(Output::CloseSocket));
    assert_eq!(session.poll(), None);
}
