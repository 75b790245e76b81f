//! What a server could do to a room that recovers, and moments in which two things happen at once: each of these
//! once cost a connection, a photo or a promise.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Room, seeds, test};
use snaproom_protocol::{Envelope, PeerId, server::FromServer, wire};
use snaproom_session::{
    Command, Input, Output, Time,
    io::{PeerState, TransferState},
    seal::is_hello,
};

fn say(room: &mut Room, tab: usize, message: &FromServer) {
    room.handle(tab, Input::Server(wire::to_text(message)));
}

type Kept = Rc<RefCell<Vec<(PeerId, Option<PeerId>, Envelope)>>>;

/// The server keeps back the hello of a join and one that means to mend, and says them in the other order.
#[test]
fn hellos_that_were_held_back_disturb_no_connection_that_is_heard() {
    for (victim, other) in [(0, 1), (1, 0)] {
        let mut room = Room::of(1, 2);
        let him = room.me(other);
        let kept = Kept::default();
        let keeps_back = kept.clone();
        room.server.tamper = Some(Box::new(move |from, to, envelope| {
            keeps_back.borrow_mut().push((from, to, envelope));
            if to.is_some() { Vec::new() } else { vec![Envelope(vec![1, 1])] }
        }));
        room.cut_socket(other);
        room.run_for(Duration::from_secs(2));
        room.handle(other, Input::NetworkChanged);
        room.run_for(Duration::from_millis(1_500));
        let find = |for_all: bool| {
            let kept = kept.borrow();
            let found =
                kept.iter().find(|(from, to, e)| *from == him && to.is_none() == for_all && is_hello(e));
            found.unwrap().2.clone()
        };
        let (join, mends) = (find(true), find(false));
        for envelope in [mends, join] {
            say(&mut room, victim, &FromServer::Relay { from: him, envelope });
            room.run_for(Duration::from_millis(1_100));
        }
        assert_eq!(room.tabs[victim].did("Close"), 0);
        room.run_for(Duration::from_mins(1));
        assert!(room.is_settled());
        assert_eq!(room.tabs[victim].did("Close"), 0);
    }
}

/// Two bytes that need no key, while a new connection is made.
#[test]
fn a_forged_version_ends_nothing() {
    let mut room = Room::of(1, 2);
    let item = room.send_slowly(0, 1);
    room.fail_connection();
    room.run_until("connecting", |room| room.tabs[0].did("Connect") == 2);
    let from = room.me(1);
    say(&mut room, 0, &FromServer::Relay { from, envelope: Envelope(vec![9, 1]) });
    assert_eq!(room.tabs[0].last_outgoing(item, from).unwrap().state, TransferState::Waiting);
    room.tabs[1].work = 5;
    room.run_until("the photo arrives", |room| room.has(1, item));
}

#[test]
fn an_old_join_said_again_stops_nobody_who_greets() {
    let mut room = Room::of(1, 2);
    let old = |room: &Room, from, n| {
        let hellos = room.server.relayed.iter().filter(|(sender, e)| *sender == from && is_hello(e));
        hellos.map(|(_, envelope)| envelope.clone()).nth(n).unwrap()
    };
    room.server.tamper = Some(Box::new(|_, to, e| if to.is_some() { Vec::new() } else { vec![e] }));
    room.fail_connection();
    room.run_for(Duration::from_millis(2_500));
    for (tab, other, n) in [(0, 1, 0), (1, 0, 1)] {
        let peer = room.me(other);
        let hello = old(&room, peer, n);
        say(&mut room, tab, &FromServer::Joined { peer, hello });
    }
    room.server.tamper = None;
    room.run_until_within("connected again", Duration::from_mins(1), Room::is_settled);
}

/// The rule for paths changes while a restart is under way, or while there is no server and the path heals by itself.
#[test]
fn relays_alone_is_never_forgotten() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.handle(1, Input::NetworkChanged);
        room.run_until("a restart", |room| room.tabs[0].did("Configure") > 0);
        room.handle(0, Input::Command(Command::SetRelayOnly(true)));
        room.run_until_within("configured", Duration::from_secs(30), |room| room.tabs[0].relay_only);
    });
    let mut room = Room::of(3, 2);
    room.server.is_up = false;
    room.restart_server();
    room.cut_path(0, 1);
    room.run_for(Duration::from_secs(8));
    room.handle(0, Input::Command(Command::SetRelayOnly(true)));
    room.heal_path(0, 1);
    room.run_for(Duration::from_secs(3));
    assert!(!room.tabs[0].relay_only, "nobody could be told");
    room.server.is_up = true;
    room.run_until_within("configured", Duration::from_secs(30), |room| room.tabs[0].relay_only);
}

#[test]
fn a_reload_while_the_other_has_no_socket_costs_a_moment() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        room.cut_socket(0);
        room.crash(1);
        room.reopen(1);
        let is_new = |room: &Room| room.tabs[1].did("Connect") > 0 && room.is_settled();
        room.run_until_within("connected", Duration::from_secs(3), is_new);
    });
}

/// As many as fit are taken back while there is no connection, and others are sent in their place.
#[test]
fn what_was_taken_back_leaves_its_place_to_others() {
    let mut room = Room::of(1, 2);
    room.tabs[1].work = 1_000_000;
    let old: Vec<_> = (0..32).map(|_| room.send(0, 40, 30, None)).collect();
    room.run_for(Duration::from_secs(2));
    room.cut_path(0, 1);
    room.run_for(Duration::from_secs(9));
    for item in &old[..5] {
        room.handle(0, Input::Command(Command::Cancel(*item)));
    }
    let new: Vec<_> = (0..5).map(|_| room.send(0, 40, 30, None)).collect();
    room.fail_connection();
    room.run_for(Duration::from_millis(100));
    room.heal_all();
    room.tabs[1].work = 5;
    room.run_until("the new ones arrive", |room| new.iter().all(|item| room.has(1, *item)));
}

/// A hidden page's timers come once a minute, each of them late; whoever is waited for answers nothing.
#[test]
fn late_timers_put_off_a_deadline_once() {
    let mut room = Room::of(1, 1);
    let me = room.me(0);
    room.server.tamper =
        Some(Box::new(move |from, to, e| if to.is_some() && from != me { Vec::new() } else { vec![e] }));
    room.open();
    room.run_until("begun", |room| room.tabs[0].did("Connect") > 0);
    let now = room.now;
    let session = room.tabs[0].session.as_mut().unwrap();
    let mut closed = 0;
    for minute in 1..=3 {
        session.handle(Input::Tick, Time(now.0 + minute * 60_000));
        while let Some(output) = session.poll() {
            closed += u32::from(matches!(output, Output::Close(_)));
        }
    }
    assert_eq!(closed, 1);
}

/// One entry that no browser takes would end every connection that is told of it.
#[test]
fn addresses_that_are_none_never_reach_the_browser() {
    let mut room = Room::new(1);
    let urls = |urls: &[&str], name: Option<&str>| snaproom_protocol::server::IceServer {
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        username: name.map(str::to_owned),
        credential: name.map(str::to_owned),
    };
    let good = [urls(&["stun:a"], None), urls(&["turn:b", "turns:c"], Some("x"))];
    room.server.ice.servers = vec![
        good[0].clone(),
        urls(&["nonsense"], None),
        urls(&["turn:b"], None),
        good[1].clone(),
        urls(&["stun:a", "http:b"], None),
    ];
    room.open();
    room.open();
    room.settle();
    assert!(room.tabs.iter().all(|tab| tab.configured.as_deref() == Some(&good)));
    assert_eq!(room.sees(0, 1), Some(PeerState::Connected));
}
