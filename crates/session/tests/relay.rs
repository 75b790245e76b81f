//! A relay that does whatever it likes with envelopes and seats, in two rooms at once. Nothing that it made up is
//! accepted, and once it behaves everybody is connected.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use common::{Room, many_seeds, picture, test};
use snaproom_protocol::{Envelope, PeerId, server::FromServer, wire};
use snaproom_session::{Input, Link, io::PeerState};

/// Policies that are played: in the dev profile, which takes three times as long, a part of them.
const POLICIES: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };

const STALE: usize = 10_000;

/// Once the relay behaves, everybody is connected within this.
const REFORMED_WITHIN: Duration = Duration::from_mins(1);

/// Envelopes that a relay did something to.
static DEEDS: AtomicUsize = AtomicUsize::new(0);

/// Every envelope that any tab gave to the relay.
type Seen = Rc<RefCell<Vec<Envelope>>>;

/// A generator of its own: what a relay does must not depend on what a room draws.
struct Luck(u64);

impl Luck {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        ((self.0 >> 33) as usize) % n
    }
}

/// Passes on one of `honesty` envelopes as it is.
fn relay(
    seed: u64,
    honesty: usize,
    seen: Seen,
) -> impl FnMut(PeerId, Option<PeerId>, Envelope) -> Vec<Envelope> {
    let mut luck = Luck(seed);
    let mut held = None;
    move |_, to, envelope| {
        seen.borrow_mut().push(envelope.clone());
        let old = {
            let seen = seen.borrow();
            seen[luck.below(seen.len())].clone()
        };
        let mut changed = envelope.clone();
        let asked = envelope.clone();
        let passed = match luck.below(7 * honesty) {
            0 => Vec::new(),
            1 => vec![envelope.clone(), envelope],
            2 => vec![old, envelope],
            3 => vec![old],
            4 => {
                changed.0.truncate(luck.below(changed.0.len()));
                vec![changed]
            }
            5 => {
                let bit = luck.below(changed.0.len() * 8);
                changed.0[bit / 8] ^= 1 << (bit % 8);
                vec![changed, envelope]
            }
            6 => held.replace(envelope).into_iter().collect(),
            _ => vec![envelope],
        };
        DEEDS.fetch_add(usize::from(passed != [asked]), Ordering::Relaxed);
        // A join is passed on with some hello, or it would be none.
        if to.is_none() { vec![passed.into_iter().next().unwrap_or(Envelope(vec![1, 2, 3]))] } else { passed }
    }
}

fn say(room: &mut Room, tab: usize, message: &FromServer) {
    room.handle(tab, Input::Server(wire::to_text(message)));
}

/// The relay makes something up: who says something, who is in the room, who is not.
fn make_up(room: &mut Room, luck: &mut Luck, seen: &Seen) {
    let tab = luck.below(room.tabs.len());
    let somebody = room.me(luck.below(room.tabs.len()));
    let nobody = PeerId([luck.below(256) as u8; 16]);
    let peer = if luck.below(8) == 0 { nobody } else { somebody };
    let envelope = {
        let seen = seen.borrow();
        if seen.is_empty() { Envelope(Vec::new()) } else { seen[luck.below(seen.len())].clone() }
    };
    let message = match luck.below(6) {
        0 | 1 => FromServer::Relay { from: peer, envelope },
        2 => FromServer::Joined { peer, hello: envelope },
        3 => FromServer::Away { peer },
        n => FromServer::Left { peer, for_good: n == 4 },
    };
    say(room, tab, &message);
}

fn assert_nothing_was_made_up(room: &Room) {
    for tab in &room.tabs {
        for view in tab.peers.values().filter(|view| view.state == PeerState::Connected) {
            let peer = room.tabs.iter().find(|other| other.me == view.peer).expect("connected with nobody");
            assert!(peer.link == tab.link, "connected across rooms");
        }
    }
}

#[test]
fn whatever_a_relay_does_nothing_forged_is_accepted_and_rooms_form_again() {
    many_seeds(POLICIES, |seed| {
        let mut room = Room::new(seed);
        room.latency = [5, 40, 300][seed as usize % 3];
        let (seen, mut luck) = (Seen::default(), Luck(seed ^ 0xFACE));
        let (honesty, makes_up) = (1 + luck.below(4), luck.below(2) == 0);
        room.server.tamper = Some(Box::new(relay(seed, honesty, Rc::clone(&seen))));
        let links = [Link::mint([1; 16]), Link::mint([2; 16])];
        for n in 0..2 + luck.below(4) {
            room.open_link(&links[usize::from(n % 3 == 2)]);
        }
        for _ in 0..10 + luck.below(20) {
            if makes_up {
                make_up(&mut room, &mut luck, &seen);
            }
            room.run_for(Duration::from_millis(luck.below(1_500) as u64));
            assert_nothing_was_made_up(&room);
        }
        room.server.tamper = None;
        if makes_up {
            // Of who is there and who is not the truth comes with the next join.
            room.restart_server();
        }
        room.run_until_within("formed again", REFORMED_WITHIN, Room::is_settled);
        assert_nothing_was_made_up(&room);
        let item = room.send(0, 64, 64, Some(700));
        let others: Vec<usize> =
            (1..room.tabs.len()).filter(|&tab| room.tabs[tab].link == links[0]).collect();
        room.run_until("delivered", |room| others.iter().all(|&tab| room.has(tab, item)));
        for (number, tab) in room.tabs.iter().enumerate() {
            assert!(tab.incoming.iter().all(|incoming| incoming.item == item && others.contains(&number)));
            assert!(tab.exact(item).is_none_or(|shown| shown.bytes == picture(item, 64 * 64 * 4)));
        }
    });
    let deeds = DEEDS.load(Ordering::Relaxed);
    println!("{deeds} envelopes were lost, repeated, mixed up, cut, changed or held back");
    assert!(deeds > 0);
}

#[test]
fn ten_thousand_stale_envelopes_cost_nothing() {
    let mut room = Room::new(1);
    // Of many negotiations, so that there is something of each kind.
    let seen = Seen::default();
    let record = Rc::clone(&seen);
    room.server.tamper = Some(Box::new(move |_, _, envelope| {
        record.borrow_mut().push(envelope.clone());
        vec![envelope]
    }));
    for _ in 0..3 {
        room.open();
    }
    room.settle();
    for _ in 0..3 {
        room.close(2);
        room.reopen(2);
        room.settle();
        room.cut_from_server(1);
        room.cut_socket(0);
        room.run_for(Duration::from_secs(5));
        room.heal_all();
        room.run_for(Duration::from_secs(30));
    }
    room.settle();
    let work = |room: &Room| -> Vec<u32> {
        let of = |name| room.tabs.iter().map(move |tab| tab.did(name));
        ["Connect", "Close", "RestartIce", "MakeOffer", "AcceptOffer", "AddCandidate", "Send"]
            .into_iter()
            .flat_map(of)
            .collect()
    };
    let before = work(&room);
    let mut luck = Luck(7);
    for _ in 0..STALE {
        let envelope = {
            let seen = seen.borrow();
            seen[luck.below(seen.len())].clone()
        };
        let tab = luck.below(3);
        let peer = room.me((tab + 1 + luck.below(2)) % 3);
        let message = match luck.below(4) {
            0 => FromServer::Joined { peer, hello: envelope },
            _ => FromServer::Relay { from: peer, envelope },
        };
        say(&mut room, tab, &message);
    }
    assert_eq!(work(&room), before);
    assert!(room.is_settled());
    room.run_for(Duration::from_mins(1));
    assert!(room.is_settled());
    // What is said to the server now and then comes last.
    assert_eq!(work(&room)[..18], before[..18]);
}
