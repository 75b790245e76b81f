//! Anything may happen to anybody, in any order. Once it is quiet again everybody is connected and called as they
//! want to be, every photo that nothing interrupted is there once and exact, and when all have left nothing is left
//! over.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{Room, picture, seeds, test};
use snaproom_protocol::ItemId;
use snaproom_session::io::{Failure, TransferState};

/// A photo on its way to one recipient.
struct Sent {
    item: ItemId,
    bytes: usize,
    /// Which tabs, and in which of their lives.
    from: (usize, u32),
    to: (usize, u32),
}

#[derive(Default)]
struct Soak {
    sent: Vec<Sent>,
    delivered: usize,
}

impl Soak {
    fn send(&mut self, room: &mut Room, from: usize) {
        let sizes = [(1, 1), (40, 30), (64, 64), (160, 120), (321, 241), (640, 480)];
        let (width, height) = sizes[room.below(sizes.len() as u64) as usize];
        let preview = [None, Some(700), Some(5_000)][room.below(3) as usize];
        let item = room.send(from, width, height, preview);
        let bytes = (width * height * 4) as usize;
        let from = (from, room.tabs[from].life);
        for wire in room.tabs[from.0].connections.values() {
            // Who is at the other end may be gone already, and its next life somewhere else.
            let to = room.wires[wire].remote.map(|other| &room.wires[&other]);
            let Some(to) = to.map(|other| (other.tab, other.life)) else { continue };
            // Whom it sends to is for the session to judge.
            if room.tabs[from.0].last_outgoing(item, room.me(to.0)).is_some() {
                self.sent.push(Sent { item, bytes, from, to });
            }
        }
    }

    fn disturb(&mut self, room: &mut Room) {
        let tab = room.below(room.tabs.len() as u64) as usize;
        let is_alive = room.tabs[tab].is_alive();
        match room.below(13) {
            0..=4 if is_alive => self.send(room, tab),
            5 if is_alive => {
                room.close(tab);
                room.reopen(tab);
            }
            6 if is_alive => {
                room.crash(tab);
                room.reopen(tab);
            }
            7 if is_alive => room.close(tab),
            8 if is_alive => room.crash(tab),
            9 => room.cut_socket(tab),
            10 => room.restart_server(),
            11 => room.tabs[tab].work = [1, 5, 50, 500][room.below(4) as usize],
            12 if is_alive => {
                let name = ["", "Anna", "Zoë"][room.below(3) as usize];
                room.set_name(tab, name);
            }
            _ if !is_alive => room.reopen(tab),
            _ => {}
        }
    }

    fn check(&mut self, room: &Room) {
        for Sent { item, bytes, from, to } in &self.sent {
            let same_life =
                |(tab, life): (usize, u32)| room.tabs[tab].life == life && room.tabs[tab].is_alive();
            if !same_life(*from) {
                continue;
            }
            let state = room.tabs[from.0].last_outgoing(*item, room.me(to.0)).unwrap().state;
            match state {
                TransferState::Verified => {}
                TransferState::Failed(Failure::Lost) => {
                    assert!(!same_life(*to), "a transfer that nothing interrupted was lost");
                }
                _ => panic!("a transfer ended as {state:?}"),
            }
            if same_life(*to) {
                // `exact` asserts that it was shown once.
                let shown = room.tabs[to.0].exact(*item).expect("verified is shown");
                assert!(shown.bytes == picture(*item, *bytes), "not what was sent");
                self.delivered += 1;
            }
        }
    }
}

#[test]
fn once_it_is_quiet_everything_is_as_it_should_be() {
    let delivered = std::cell::Cell::new(0);
    seeds(500, |seed| {
        let mut room = Room::new(seed);
        let mut soak = Soak::default();
        room.latency = [5, 40, 300][room.below(3) as usize];
        let people = 2 + room.below(4);
        for _ in 0..people {
            room.open();
            let pause = room.below(400);
            room.run_for(Duration::from_millis(pause));
        }
        for _ in 0..15 {
            soak.disturb(&mut room);
            let pause = [20, 200, 4_000][room.below(3) as usize];
            let pause = room.below(pause);
            room.run_for(Duration::from_millis(pause));
        }
        room.settle();
        // A crashed peer is noticed, and whatever was on its way has come or is lost.
        room.run_for(Duration::from_mins(1));
        room.settle();
        soak.check(&room);
        assert!(room.knows_names());
        delivered.set(delivered.get() + soak.delivered);

        let alive: Vec<usize> = (0..room.tabs.len()).filter(|&tab| room.tabs[tab].is_alive()).collect();
        for &tab in &alive {
            room.tabs[tab].assert_no_bytes();
            assert_eq!(room.tabs[tab].connections.len(), alive.len() - 1, "one connection a pair");
        }
        // `leave` asserts that every connection is closed, every payload released, every chunk gone.
        for tab in alive {
            room.leave(tab);
        }
        room.run_for(Duration::from_mins(1));
        assert!(room.server.is_empty());
    });
    assert!(delivered.get() > 0, "the soak delivered nothing");
}
