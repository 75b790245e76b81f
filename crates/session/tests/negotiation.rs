//! Who offers, and that a pair whom anything has torn apart comes together again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Room, seeds, test};
use snaproom_session::io::{PeerState, Status, TransferState};

/// A photo of each goes to each.
#[track_caller]
fn assert_photos_pass(room: &mut Room) {
    room.settle();
    let alive: Vec<usize> = (0..room.tabs.len()).filter(|&tab| room.tabs[tab].is_alive()).collect();
    for &from in &alive {
        let item = room.send(from, 40, 30, Some(500));
        room.run_until("a photo passes", |room| alive.iter().all(|&to| to == from || room.has(to, item)));
    }
}

#[test]
fn a_quiet_join_takes_one_connection_and_one_offer() {
    seeds(100, |seed| {
        let mut room = Room::of(seed, 3);
        for tab in 0..3 {
            assert_eq!(room.tabs[tab].did("Connect"), 2);
            assert_eq!(room.tabs[tab].did("Close"), 0);
            // Whoever was there first offers.
            assert_eq!(room.tabs[tab].did("MakeOffer"), [2, 1, 0][tab]);
            assert_eq!(room.tabs[tab].did("AcceptAnswer"), [2, 1, 0][tab]);
            assert_eq!(room.tabs[tab].did("AcceptOffer"), [0, 1, 2][tab]);
        }
        // Candidates before the description are held: the harness refuses them otherwise, and all come.
        room.run_for(Duration::from_mins(1));
        for tab in 0..3 {
            assert_eq!(room.tabs[tab].did("AddCandidate"), 2 * 3);
            assert_eq!(room.tabs[tab].did("Connect"), 2, "and then it stays so");
        }
        assert!(room.is_settled());
    });
}

#[test]
fn people_who_come_at_once_make_one_connection_a_pair() {
    seeds(100, |seed| {
        let mut room = Room::new(seed);
        room.open_all(4);
        room.settle();
        let connects: u32 = room.tabs.iter().map(|tab| tab.did("Connect")).sum();
        let offers: u32 = room.tabs.iter().map(|tab| tab.did("MakeOffer")).sum();
        assert_eq!((connects, offers), (12, 6));
    });
}

/// Both lose the connection at the same moment, and both may greet.
#[test]
fn greetings_that_cross_lead_to_one_connection() {
    seeds(200, |seed| {
        let mut room = Room::of(seed, 2);
        room.latency = 3_000;
        room.fail_connection();
        room.run_until("both know", |room| room.tabs.iter().all(|tab| tab.did("Close") == 1));
        room.latency = 40 + seed % 2_000;
        assert_photos_pass(&mut room);
        assert_eq!(room.tabs[0].connections.len(), 1);
        assert_eq!(room.tabs[1].connections.len(), 1);
    });
}

#[test]
fn a_peer_that_leaves_is_gone_at_once() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        room.leave(1);
        let within = Duration::from_secs(1);
        room.run_until_within("gone", within, |room| [0, 2].iter().all(|&tab| room.sees(tab, 1).is_none()));
        assert_photos_pass(&mut room);
        room.leave(2);
        room.run_until_within("alone", within, |room| room.tabs[0].status() == Some(Status::Alone));
    });
}

#[test]
fn a_closed_or_crashed_tab_is_shown_as_away_within_a_second() {
    seeds(50, |seed| {
        for end in [Room::close, Room::crash] {
            let mut room = Room::of(seed, 3);
            end(&mut room, 2);
            room.run_until_within("away", Duration::from_secs(1), |room| {
                [0, 1].iter().all(|&tab| room.sees(tab, 2) == Some(PeerState::Away))
            });
            assert_photos_pass(&mut room);
            room.run_for(room.server.lease);
            assert_eq!((room.sees(0, 2), room.sees(1, 2)), (None, None), "the lease is over");
        }
    });
}

#[test]
fn a_tab_that_comes_back_is_connected_again() {
    seeds(100, |seed| {
        // A crash shows as silence within 0.8 s of the server's word, and the new life's hello is answered then.
        for (end, soon) in [(Room::close as fn(&mut Room, usize), 8), (Room::crash, 8)] {
            let mut room = Room::of(seed, 2);
            end(&mut room, 1);
            let away = room.below(70_000);
            room.run_for(Duration::from_millis(away));
            room.reopen(1);
            room.run_until_within("connected again", Duration::from_secs(soon), Room::is_settled);
            assert_photos_pass(&mut room);
        }
    });
}

#[test]
fn somebody_new_takes_the_place_of_a_crashed_tab() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        room.crash(1);
        let away = room.below(20_000);
        room.run_for(Duration::from_millis(away));
        room.open();
        assert_photos_pass(&mut room);
    });
}

/// A join, a reload, a cut socket or a new server in the middle of whatever is under way.
#[test]
fn anything_during_anything() {
    seeds(300, |seed| {
        let mut room = Room::new(seed);
        room.open_all(3);
        for _ in 0..6 {
            let pause = room.below(1_500);
            room.run_for(Duration::from_millis(pause));
            let tab = room.below(3) as usize;
            match room.below(5) {
                0 if room.tabs.len() < 5 => drop(room.open()),
                1 => {
                    room.close(tab);
                    room.reopen(tab);
                }
                2 => {
                    room.crash(tab);
                    room.reopen(tab);
                }
                3 => room.cut_socket(tab),
                _ => room.restart_server(),
            }
        }
        assert_photos_pass(&mut room);
    });
}

#[test]
fn a_socket_cut_during_a_negotiation_costs_seconds() {
    seeds(100, |seed| {
        let mut room = Room::of(seed, 1);
        room.open();
        let moment = room.below(300);
        room.run_for(Duration::from_millis(moment));
        let tab = room.below(2) as usize;
        room.cut_socket(tab);
        room.run_until_within("connected", Duration::from_secs(6), Room::is_settled);
    });
}

/// One side has the other's proof, the other not yet: a server that goes and comes back just then changes nothing.
#[test]
fn open_channels_need_no_server() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 1);
        // So slow that the proof is still on its way while its receiver loses and finds the server.
        room.latency = 1_500;
        room.open();
        let connected = |room: &Room, tab, other| room.sees(tab, other) == Some(PeerState::Connected);
        room.run_until("one is connected", |room| connected(room, 0, 1) || connected(room, 1, 0));
        let sender = usize::from(connected(&room, 1, 0));
        let closed = |room: &Room| room.tabs[0].did("Close") + room.tabs[1].did("Close");
        let before = closed(&room);
        room.latency = 10;
        room.restart_server();
        let item = room.send(sender, 40, 30, None);
        room.run_until("the photo arrives", |room| room.has(1 - sender, item));
        room.settle();
        assert_eq!(closed(&room), before);
    });
}

#[test]
fn a_connection_outlives_its_server() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        let item = room.send(0, 640, 480, None);
        room.server.is_up = false;
        room.restart_server();
        room.run_until("the photo arrives", |room| room.has(1, item) && room.has(2, item));
        room.run_for(Duration::from_secs(90));
        assert!((0..3).all(|tab| room.tabs[tab].status() == Some(Status::Connected)));
        room.server.is_up = true;
        room.run_for(Duration::from_secs(30));
        assert_photos_pass(&mut room);
        assert!(room.tabs.iter().all(|tab| tab.did("Connect") == 2 && tab.did("Close") == 0));
    });
}

#[test]
fn what_was_under_way_to_somebody_who_does_not_come_back_fails_in_the_end() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let item = room.send(0, 1280, 720, Some(2_000));
        let moment = room.below(60);
        room.run_for(Duration::from_millis(moment));
        room.close(1);
        room.run_for(Duration::from_mins(14));
        assert_eq!(room.sees(0, 1), None, "it is not in the room any more");
        let state = room.tabs[0].last_outgoing(item, room.me(1)).map(|view| view.state);
        assert!(matches!(state, Some(TransferState::Waiting | TransferState::Verified)), "{state:?}");
        let ended = |room: &Room, to: usize| {
            room.tabs[0]
                .last_outgoing(item, room.me(to))
                .map(|view| view.state)
                .filter(|state| !matches!(state, TransferState::Waiting | TransferState::Active))
        };
        room.run_until("both have ended", |room| ended(room, 1).is_some() && ended(room, 2).is_some());
        let lost = TransferState::Failed(snaproom_session::io::Failure::Lost);
        assert!(matches!(ended(&room, 1), Some(state) if state == lost || state == TransferState::Verified));
        assert_eq!(ended(&room, 2), Some(TransferState::Verified));
        room.tabs[0].assert_no_bytes();
        room.tabs[2].assert_no_bytes();
    });
}
