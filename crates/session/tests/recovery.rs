//! What a bad network, a sleeping page and a lost server cost: some seconds, and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Room, picture, seeds, test};
use snaproom_protocol::{
    ItemId,
    server::{FromServer, Ice, IceServer},
    wire,
};
use snaproom_session::{
    Command, Input, Time,
    io::{Failure, PeerState, RefusedPeer, Status, TransferState},
    seal::is_hello,
};

const AWAY_WITHIN: Duration = Duration::from_secs(10);
const USABLE_AFTER_A_SHORT_CUT: Duration = Duration::from_secs(3);
const USABLE_AFTER_A_LONG_CUT: Duration = Duration::from_secs(5);

#[track_caller]
fn assert_arrives(room: &mut Room, to: usize, item: ItemId) {
    room.tabs[to].work = 5;
    room.run_until("the photo arrives", |room| room.has(to, item));
    assert!(room.tabs[to].exact(item).unwrap().bytes == picture(item, 640 * 480 * 4), "exact");
}

fn connections(room: &Room) -> Vec<u32> {
    room.tabs.iter().map(|tab| tab.did("Connect")).collect()
}

#[test]
fn a_cut_of_8_seconds_heals_by_itself() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.cut_path(0, 1);
        room.run_for(Duration::from_secs(8));
        assert_eq!(room.sees(0, 1), Some(PeerState::Away));
        room.heal_path(0, 1);
        room.run_until_within("usable", USABLE_AFTER_A_SHORT_CUT, Room::is_settled);
        assert_arrives(&mut room, 1, item);
        assert_eq!((room.tabs[0].did("RestartIce"), room.tabs[1].did("RestartIce")), (0, 0));
        assert_eq!(connections(&room), [1, 1]);
    });
}

/// Only the path between the two, or one of them from everybody.
#[test]
fn longer_cuts_are_mended_within_seconds_and_nothing_is_lost() {
    for seconds in [20, 60, 150, 600] {
        seeds(20, |seed| {
            for (name, cut) in [
                ("the path", Room::cut_path as fn(&mut Room, usize, usize)),
                ("everything", |room, a, _| room.cut_from_all(a)),
            ] {
                let mut room = Room::of(seed, 3);
                let item = room.send_slowly(0, 1);
                let back = room.send_slowly(1, 0);
                let others = room.send(2, 640, 480, Some(500));
                cut(&mut room, 0, 1);
                room.run_for(Duration::from_secs(seconds));
                assert!(!room.has(1, item), "it was cut in time");
                room.heal_all();
                let usable = |room: &Room| {
                    room.sees(0, 1) == Some(PeerState::Connected)
                        && room.sees(1, 0) == Some(PeerState::Connected)
                };
                room.run_until_within(name, USABLE_AFTER_A_LONG_CUT, usable);
                assert_arrives(&mut room, 1, item);
                assert_arrives(&mut room, 0, back);
                assert_arrives(&mut room, 0, others);
                assert_arrives(&mut room, 1, others);
                room.settle();
            }
        });
    }
}

#[test]
fn another_address_is_found_by_a_restart() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        let item = room.send_slowly(0, 1);
        room.move_to_another_address(1);
        if seed % 2 == 0 {
            // Where the browser tells, it takes no patience.
            room.handle(1, Input::NetworkChanged);
            room.run_until_within("restarted", Duration::from_secs(1), |room| {
                room.tabs[0].did("RestartIce") + room.tabs[1].did("RestartIce") > 0
            });
        }
        assert_arrives(&mut room, 1, item);
        room.settle();
        assert_eq!(connections(&room), [2, 2, 2], "the same connections");
    });
}

/// Both sides at the same moment, again and again.
#[test]
fn restarts_that_cross_lead_to_one_restart() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        for round in 1..=50_u32 {
            for tab in [0, 1] {
                room.handle(tab, Input::NetworkChanged);
            }
            room.run_for(Duration::from_secs(2));
            let restarts = room.tabs[0].did("RestartIce") + room.tabs[1].did("RestartIce");
            assert!(restarts >= round && restarts <= 2 * round, "{restarts} restarts in {round} rounds");
            let item = room.send(0, 40, 30, None);
            room.run_until("a photo passes", |room| room.has(1, item));
        }
        assert_eq!(connections(&room), [1, 1]);
        let states = room.tabs.iter().flat_map(|tab| &tab.peer_news).map(|(_, view)| view.state);
        assert!(states.clone().all(|state| matches!(state, PeerState::Connecting | PeerState::Connected)));
    });
}

#[test]
fn after_three_restarts_in_vain_a_new_connection_goes_on_where_the_old_one_ended() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.cut_path(0, 1);
        room.run_until("a new connection", |room| room.tabs[0].did("Connect") == 2);
        let restarts = room.tabs[0].did("RestartIce") + room.tabs[1].did("RestartIce");
        // Each side counts for itself, and one may begin the next before the other has given up the last.
        assert!((3..=6).contains(&restarts), "{restarts}");
        let gone = room.tabs[0].did("PeerGone");
        room.heal_path(0, 1);
        assert_arrives(&mut room, 1, item);
        assert_eq!(gone, 0);
    });
}

/// What the receiver has is not sent again: not one byte.
#[test]
fn a_photo_goes_on_at_the_byte_where_it_stopped() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        let wire = *room.tabs[0].connections.values().next().unwrap();
        room.fail_connection();
        room.run_until("closed", |room| room.tabs.iter().all(|tab| tab.did("Close") == 1));
        let waits = room.tabs[0].last_outgoing(item, room.me(1)).unwrap();
        assert_eq!(waits.state, TransferState::Waiting);
        // What had come to the receiver's session by then; it sits in its payloads.
        let before = room.wires[&wire].sent;
        let came = room.tabs[1].received;
        assert!(came > 0 && came <= before);
        assert_arrives(&mut room, 1, item);
        let again = *room.tabs[0].connections.values().next().unwrap();
        assert_ne!(wire, again);
        assert_eq!(room.wires[&again].sent, 640 * 480 * 4 + 3_000 - came);
    });
}

#[test]
fn a_receiver_that_reloads_gets_all_of_it_and_its_place_again() {
    seeds(50, |seed| {
        for end in [Room::close as fn(&mut Room, usize), Room::crash] {
            let mut room = Room::of(seed, 3);
            let item = room.send_slowly(0, 1);
            end(&mut room, 1);
            let pause = room.below(25_000);
            room.run_for(Duration::from_millis(pause));
            room.reopen(1);
            assert_arrives(&mut room, 1, item);
            assert_arrives(&mut room, 2, item);
            assert!(room.tabs[0].peer_news.iter().all(|(_, view)| view.state != PeerState::Failed));
            assert_eq!(room.tabs[0].did("PeerGone"), 0, "away, not left");
            let verified = |room: &Room| {
                room.tabs[0].last_outgoing(item, room.me(1)).unwrap().state == TransferState::Verified
            };
            room.run_until("the sender knows", verified);
        }
    });
}

#[test]
fn what_a_reloaded_sender_was_sending_has_failed_and_what_it_sends_then_arrives() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.close(0);
        room.reopen(0);
        room.settle();
        let lost = TransferState::Failed(Failure::Lost);
        room.run_until("told", |room| room.tabs[1].last_incoming(item).unwrap().state == lost);
        let next = room.send(0, 640, 480, Some(500));
        assert_arrives(&mut room, 1, next);
        room.tabs[1].assert_no_bytes();
    });
}

#[test]
fn what_is_sent_to_somebody_who_is_away_arrives_when_they_are_back() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 3);
        room.close(1);
        room.run_until("away", |room| room.sees(0, 1) == Some(PeerState::Away));
        let item = room.send(0, 640, 480, Some(500));
        assert_arrives(&mut room, 2, item);
        // Longer than the lease: it is not shown any more, and yet waited for.
        let pause = room.below(120_000);
        room.run_for(Duration::from_millis(pause));
        room.reopen(1);
        assert_arrives(&mut room, 1, item);
    });
}

#[test]
fn what_was_taken_back_meanwhile_does_not_come() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.cut_from_all(0);
        room.run_for(Duration::from_secs(seed % 2 * 90));
        room.handle(0, Input::Command(Command::Cancel(item)));
        let other = room.send(0, 640, 480, None);
        room.heal_all();
        assert_arrives(&mut room, 1, other);
        assert_eq!(room.tabs[1].last_incoming(item).unwrap().state, TransferState::Cancelled);
        room.run_for(Duration::from_secs(5));
        (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
    });
}

/// How it ended is said again where the word was lost with its connection, and nothing is shown twice.
#[test]
fn a_lost_verdict_is_told_again() {
    seeds(30, |seed| {
        for failing in [false, true] {
            let mut room = Room::of(seed, 2);
            let item = room.send_slowly(0, 1);
            if failing {
                room.tabs[1].failing = Some(|_| true);
            }
            // The sender hears nothing from now on.
            room.freeze(0);
            room.run_for(Duration::from_mins(1));
            let incoming = room.tabs[1].last_incoming(item).unwrap().state;
            room.fail_connection();
            room.thaw(0);
            room.tabs[1].failing = None;
            room.tabs[1].work = 5;
            let end = |room: &Room| room.tabs[0].last_outgoing(item, room.me(1)).unwrap().state;
            let is_over = |room: &Room| !matches!(end(room), TransferState::Waiting | TransferState::Active);
            room.run_until("the sender knows", is_over);
            if failing {
                assert_eq!(end(&room), incoming, "refused for want of storage");
            } else {
                assert_arrives(&mut room, 1, item);
                assert_eq!(end(&room), TransferState::Verified);
            }
            (0..2).for_each(|tab| room.tabs[tab].assert_no_bytes());
        }
    });
}

#[test]
fn a_page_that_sleeps_is_away_within_ten_seconds_and_never_gone() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 3);
        let pause = room.below(5_000);
        room.run_for(Duration::from_millis(pause));
        room.freeze(1);
        let away = |room: &Room| [0, 2].iter().all(|&tab| room.sees(tab, 1) == Some(PeerState::Away));
        room.run_until_within("away", AWAY_WITHIN, away);
        let item = room.send(0, 640, 480, Some(500));
        room.run_for(Duration::from_secs(30));
        assert_eq!(room.tabs[0].status(), Some(Status::Connected), "with the third");
        room.thaw(1);
        // It slept, the others did not: nobody is to blame.
        room.run_until_within("back", Duration::from_secs(3), Room::is_settled);
        assert_arrives(&mut room, 1, item);
        assert_eq!(connections(&room), [2, 2, 2]);
        assert!(room.tabs[1].peer_news.iter().all(|(_, view)| view.state != PeerState::Away));
        assert_eq!(room.tabs.iter().map(|tab| tab.did("PeerGone")).sum::<u32>(), 0);
    });
}

/// However slow everything is: while bytes come, nobody is away.
#[test]
fn nobody_is_away_while_data_flows() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        room.latency = 2_000;
        room.tabs[1].work = 3_000;
        let item = room.send(0, 640, 480, Some(500));
        room.run_until_within("arrived", Duration::from_mins(10), |room| room.has(1, item));
        for tab in &room.tabs {
            assert!(tab.peer_news.iter().all(|(_, view)| view.state != PeerState::Away));
        }
    });
}

#[test]
fn a_quiet_room_says_little() {
    let mut room = Room::of(1, 2);
    room.run_for(Duration::from_secs(10));
    let said = |room: &Room| room.tabs[0].said.len() + room.tabs[1].said.len();
    let before = said(&room);
    room.run_for(Duration::from_mins(1));
    let in_a_minute = said(&room) - before;
    assert!((20..=80).contains(&in_a_minute), "{in_a_minute} heartbeats and answers");
}

/// Nothing comes and nothing says so: neither a close nor a reset.
#[test]
fn a_socket_that_died_in_silence_is_noticed_and_replaced() {
    seeds(50, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.cut_from_server(0);
        let sockets = room.tabs[0].sockets_opened.len();
        room.run_until_within("noticed", Duration::from_secs(20), |room| {
            room.tabs[0].sockets_opened.len() > sockets
        });
        // The two need no server.
        assert_arrives(&mut room, 1, item);
        let pause = room.below(100_000);
        room.run_for(Duration::from_millis(pause));
        assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
        room.heal_server(0);
        room.run_for(Duration::from_secs(20));
        let newcomer = room.open();
        room.settle();
        assert_eq!(room.sees(0, newcomer), Some(PeerState::Connected));
        assert_eq!(connections(&room), [2, 2, 2], "the old connection is the same");
    });
}

#[test]
fn a_server_that_forgot_everybody_is_told_and_nobody_offers_anew() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 4);
        let offers: u32 = room.tabs.iter().map(|tab| tab.did("MakeOffer") + tab.did("RestartIce")).sum();
        room.restart_server();
        room.run_for(Duration::from_secs(40));
        assert!(room.is_settled());
        let after: u32 = room.tabs.iter().map(|tab| tab.did("MakeOffer") + tab.did("RestartIce")).sum();
        assert_eq!(offers, after);
        // It knows them: a newcomer finds all.
        room.open();
        room.settle();
    });
}

/// Somebody who was cut off while the server was started anew is missing in the welcome, and not gone.
#[test]
fn a_peer_that_the_new_server_does_not_know_yet_is_waited_for() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        room.cut_from_all(1);
        room.run_for(Duration::from_secs(20));
        room.restart_server();
        room.run_for(Duration::from_secs(25));
        assert_eq!(room.sees(0, 1), Some(PeerState::Away));
        room.run_for(Duration::from_secs(40));
        assert_eq!(room.sees(0, 1), None, "after the lease");
        room.heal_all();
        assert_arrives(&mut room, 1, item);
    });
}

fn turn(expires_in: u32) -> Ice {
    let urls = vec![String::from("turn:turn.example.org")];
    let server = IceServer { urls, username: Some("1".into()), credential: Some("2".into()) };
    Ice { servers: vec![server], expires_in: Some(expires_in) }
}

#[test]
fn turn_credentials_are_renewed_before_they_end() {
    let mut room = Room::new(1);
    room.server.ice = turn(600);
    room.open();
    room.open();
    room.settle();
    room.run_for(Duration::from_secs(450));
    assert_eq!(room.server.renewals, 0, "not sooner than needed");
    room.server.ice = turn(900);
    room.run_for(Duration::from_mins(1));
    assert_eq!(room.server.renewals, 2, "one each");
    // A restart has the new ones.
    room.handle(0, Input::NetworkChanged);
    room.run_for(Duration::from_secs(2));
    assert!(room.tabs.iter().all(|tab| tab.configured == Some(turn(900).servers)));
    // And so it goes on, also where the server does not answer at once.
    room.server.mute_ice = true;
    room.run_for(Duration::from_mins(15));
    assert!(room.server.renewals >= 2 + 2 * 4, "{} renewals", room.server.renewals);
}

#[test]
fn who_finds_nobody_over_relays_alone_finds_them_at_once_without() {
    seeds(30, |seed| {
        let mut room = Room::new(seed);
        room.open();
        room.handle(0, Input::Command(Command::SetRelayOnly(true)));
        room.open();
        room.cut_path(0, 1);
        room.run_for(Duration::from_mins(2));
        assert_eq!(room.sees(0, 1), Some(PeerState::Failed));
        room.heal_all();
        room.handle(0, Input::Command(Command::SetRelayOnly(false)));
        room.run_until_within("connected", Duration::from_secs(3), Room::is_settled);
    });
}

/// A browser does not leave a direct path for a relay's, whatever an ICE restart offers it.
#[test]
fn whoever_hides_the_address_begins_anew_and_loses_nothing() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let item = room.send_slowly(0, 1);
        let before = connections(&room);
        let hidden = usize::from(seed % 2 == 1);
        room.handle(hidden, Input::Command(Command::SetRelayOnly(true)));
        let is_new = |room: &Room| connections(room)[hidden] > before[hidden] && room.tabs[hidden].relay_only;
        room.run_until_within("a new connection", Duration::from_secs(3), is_new);
        assert!(!room.has(1, item), "it was sent before that");
        // The net of the test has no relay.
        room.handle(hidden, Input::Command(Command::SetRelayOnly(false)));
        room.run_until("the photo", |room| room.has(1, item));
    });
}

#[test]
fn with_relays_alone_no_address_leaves() {
    seeds(10, |seed| {
        let mut room = Room::new(seed);
        room.server.ice = turn(3600);
        room.open();
        room.handle(0, Input::Command(Command::SetRelayOnly(true)));
        room.open();
        room.run_for(Duration::from_secs(5));
        assert_eq!(room.tabs[0].relays, Some(true));
        assert!(room.tabs[0].did("Connect") > 0);
        assert_eq!(room.tabs[1].did("AddCandidate"), 0, "the net of the test has no relay");
        assert!(room.tabs[0].did("AddCandidate") > 0, "the other hides nothing");
        assert!(room.tabs[0].relay_only && !room.tabs[1].relay_only);
        // Switched off, the connection that stands looks for its way anew.
        room.settle();
        room.handle(0, Input::Command(Command::SetRelayOnly(false)));
        room.run_for(Duration::from_secs(3));
        assert!(room.tabs[1].did("AddCandidate") > 0);
        assert!(!room.tabs[0].relay_only);
        assert_eq!(connections(&room), [1, 1]);
    });
}

#[test]
fn a_page_of_another_version_is_told_from_one_that_does_not_answer() {
    let mut room = Room::of(1, 1);
    let stranger = snaproom_protocol::PeerId([0xEE; 16]);
    // The first byte of every envelope is its version; the rest is for that version to know.
    for envelope in [vec![9, 1, 2, 3], vec![9], vec![0; 300]] {
        let joined = FromServer::Joined { peer: stranger, hello: snaproom_protocol::Envelope(envelope) };
        room.handle(0, Input::Server(wire::to_text(&joined)));
        let refused = PeerState::Refused(RefusedPeer::Version);
        assert_eq!(room.tabs[0].peers[&stranger].state, refused);
    }
    room.run_for(Duration::from_mins(1));
    assert_eq!(room.tabs[0].did("Connect"), 0);
}

/// A server that says every hello again, in every order, for ever.
#[test]
fn old_hellos_change_nothing() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        // Some that were meant to mend.
        for _ in 0..3 {
            room.handle(0, Input::NetworkChanged);
            room.run_for(Duration::from_secs(3));
        }
        let hellos = room.server.relayed.iter().filter(|(_, envelope)| is_hello(envelope));
        let hellos: Vec<_> = hellos.cloned().collect();
        assert!(hellos.len() >= 5);
        let before = (connections(&room), room.tabs[0].did("RestartIce") + room.tabs[1].did("RestartIce"));
        for round in 0..30 {
            for tab in [0, 1] {
                let others: Vec<_> = hellos.iter().filter(|(from, _)| *from != room.me(tab)).collect();
                let (from, envelope) = others[room.below(others.len() as u64) as usize].clone();
                let message = match round % 2 {
                    0 => FromServer::Relay { from, envelope },
                    _ => FromServer::Joined { peer: from, hello: envelope },
                };
                room.handle(tab, Input::Server(wire::to_text(&message)));
            }
            room.run_for(Duration::from_millis(700));
        }
        assert!(room.is_settled());
        let after = (connections(&room), room.tabs[0].did("RestartIce") + room.tabs[1].did("RestartIce"));
        assert_eq!(before, after);
        let item = room.send(0, 40, 30, None);
        room.run_until("a photo passes", |room| room.has(1, item));
    });
}

/// The clock of the page jumps: a laptop that was closed.
#[test]
fn whoever_slept_asks_before_judging() {
    let mut room = Room::of(1, 2);
    room.now = Time(room.now.0 + 600_000);
    room.handle(0, Input::Tick);
    assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
    room.settle();
    assert_eq!(connections(&room), [1, 1]);
}
