//! Anything may happen to anybody, in any order. Once the network is whole again everybody is connected and called as
//! they want to be, every photo and file of somebody who is still there is with everybody who is still there, once and exact,
//! who came later has what was shown before, or nobody has it, and when all have left nothing is left over.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use common::{Ix, Room, Tab, many_seeds, picture, test};
use snaproom_protocol::{ItemId, PeerId, control::RefusedItem};
use snaproom_session::{
    Command, Input, Link,
    io::{Comparison, EarlierState, Failure, Pause, TransferState},
};

/// After the network is whole again everybody must be connected within this.
const SETTLED_WITHIN: Duration = Duration::from_secs(45);

/// And have everything within this.
const DELIVERED_WITHIN: Duration = Duration::from_mins(2);

/// How many are in the room: seldom many, since a pair more costs as much time as a person more brings surprises.
const PEOPLE: [usize; 12] = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 8];

/// Rooms that are played. In the dev profile each takes three times as long as in the release profile, in which CI plays
/// them all.
const ROOMS: u64 = if cfg!(debug_assertions) { 500 } else { 10_000 };

/// A photo or a file that was sent, and to whom.
struct Sent {
    item: ItemId,
    bytes: usize,
    /// In which of its lives.
    from: (Ix, u32),
    to: Vec<PeerId>,
}

#[derive(Default)]
struct Soak {
    sent: Vec<Sent>,
    /// People who said that they leave, and people whose work failed for a while: what is under way with them may end
    /// in other ways.
    departed: Vec<PeerId>,
    failing: Vec<PeerId>,
}

impl Soak {
    fn send(&mut self, room: &mut Room, tab: Ix) {
        let sizes = [(1, 1), (40, 30), (64, 64), (160, 120), (321, 241), (640, 480)];
        let (width, height) = sizes[room.below(sizes.len() as u64) as usize];
        let preview = [None, Some(700), Some(5_000)][room.below(3) as usize];
        let before = room.tabs[tab].outgoing.len();
        let item = match preview {
            Some(preview) if room.below(2) == 0 => room.send_on_request(tab, width, height, preview),
            preview => room.send(tab, width, height, preview),
        };
        // To whom it sends is for the session to say.
        let views = room.tabs[tab].outgoing[before..].iter().filter(|view| view.item == item);
        let mut to: Vec<PeerId> = views.map(|view| view.to).collect();
        to.dedup();
        let from = (tab, room.tabs[tab].id.life);
        self.sent.push(Sent { item, bytes: (width * height * 4) as usize, from, to });
    }

    /// The same with a file, which everybody wants.
    fn give(&mut self, room: &mut Room, tab: Ix) {
        let bytes = [0, 100, 300_000, (1 << 20) + 5][room.below(4) as usize];
        let others: Vec<Ix> = (0..room.tabs.len()).filter(|&other| other != tab).collect();
        let before = room.tabs[tab].outgoing.len();
        let item = match room.below(2) {
            0 => room.offer_file(tab, bytes, &others),
            _ => room.share_file(tab, bytes),
        };
        let views = room.tabs[tab].outgoing[before..].iter().filter(|view| view.item == item);
        let mut to: Vec<PeerId> = views.map(|view| view.to).collect();
        to.dedup();
        let from = (tab, room.tabs[tab].id.life);
        self.sent.push(Sent { item, bytes, from, to });
    }

    /// Somebody wants what was shown before they came.
    fn fetch(room: &mut Room, tab: Ix) {
        for (owner, item) in room.tabs[tab].earlier.keys().copied().collect::<Vec<_>>() {
            room.handle(tab, Input::Command(Command::Fetch { owner, item }));
        }
    }

    /// Something happens to somebody who is there.
    fn disturb(&mut self, room: &mut Room, tab: Ix) {
        let other = room.below(room.tabs.len() as u64) as usize;
        match room.below(25) {
            0..=4 => self.send(room, tab),
            5 | 6 => self.give(room, tab),
            7 => {
                room.close(tab);
                room.reopen(tab);
            }
            8 => {
                room.crash(tab);
                room.reopen(tab);
            }
            9 => room.close(tab),
            10 => room.crash(tab),
            11 => {
                self.departed.push(room.me(tab));
                room.leave(tab);
            }
            12 => room.cut_socket(tab),
            13 => room.restart_server(),
            14 => {
                room.server.is_up = !room.server.is_up;
                room.restart_server();
            }
            15 if other != tab => room.cut_path(tab, other),
            16 => room.cut_from_server(tab),
            17 => room.cut_from_all(tab),
            18 => room.heal_all(),
            19 => room.freeze(tab),
            20 => room.move_to_another_address(tab),
            21 => room.handle(tab, Input::NetworkChanged),
            22 => room.tabs[tab].work = [1, 5, 50, 500][room.below(4) as usize],
            23 => Self::fetch(room, tab),
            _ => match room.below(7) {
                0 => {
                    self.failing.push(room.me(tab));
                    room.tabs[tab].failing = Some(|_| true);
                }
                1 => room.tabs[tab].failing = None,
                2 => room.handle(tab, Input::Command(Command::SetRelayOnly(false))),
                3 if other != tab => {
                    let peer = room.me(other);
                    room.handle(tab, Input::Command(Command::Compare(peer)));
                }
                4 if other != tab => {
                    let peer = room.me(other);
                    if let Some(Comparison::Signs(signs)) = room.tabs[tab].comparisons.get(&peer).copied() {
                        room.handle(tab, Input::Command(Command::Compared { peer, signs, same: true }));
                    }
                }
                5 => {
                    let link = Link::mint(room.random());
                    let with = (0..room.tabs.len()).map(|tab| room.me(tab)).collect();
                    room.handle(tab, Input::Command(Command::Move { link, with }));
                }
                _ => {
                    let name = ["", "Anna", "Zoë"][room.below(3) as usize];
                    room.set_name(tab, name);
                }
            },
        }
    }

    fn run(&mut self, room: &mut Room) {
        // Whatever is on request is asked for.
        room.asks = true;
        room.latency = [5, 40, 300][room.below(3) as usize];
        room.loss = [0, 5, 20][room.below(3) as usize];
        room.server.repeats = [0, 10][room.below(2) as usize];
        let people = PEOPLE[room.below(PEOPLE.len() as u64) as usize];
        for _ in 0..people {
            room.open();
            let pause = room.below(400);
            room.run_for(Duration::from_millis(pause));
        }
        for _ in 0..8 + room.below(16) {
            let tab = room.below(room.tabs.len() as u64) as usize;
            if !room.tabs[tab].is_alive() {
                room.reopen(tab);
            } else if room.tabs[tab].is_frozen {
                room.thaw(tab);
            } else {
                self.disturb(room, tab);
            }
            let pause = [20, 200, 4_000, 40_000][room.below(4) as usize];
            let pause = room.below(pause);
            room.run_for(Duration::from_millis(pause));
        }
    }

    /// People make room on their disks, and choose files again that could not be read.
    fn go_on(&self, room: &mut Room) {
        let paused = TransferState::Paused;
        for &Sent { item, bytes, from, ref to } in &self.sent {
            if !is_there(room, from) {
                continue;
            }
            let peer = room.me(from.0);
            for &to in to {
                let view = room.tabs[from.0].last_outgoing(item, to);
                if view.is_some_and(|view| view.state == paused(Pause::Source)) {
                    room.supply(from.0, item, picture(item, bytes));
                }
                let Some(tab) = tab_of(room, to) else { continue };
                let view = room.tabs[tab].last_incoming(item);
                if view.is_some_and(|view| view.state == paused(Pause::Storage)) {
                    room.handle(tab, Input::Command(Command::Pause { from: peer, item, pauses: false }));
                }
            }
        }
    }

    /// The same with what was shown before they came: what cannot be read any more is not given.
    fn go_on_with_earlier(&self, room: &mut Room) {
        let paused = TransferState::Paused;
        for tab in alive(room) {
            let here = &room.tabs[tab];
            let given = here.last_outgoing.values().map(|&place| &here.outgoing[place]);
            let lost: Vec<ItemId> = given
                .filter(|view| view.state == paused(Pause::Source))
                .map(|view| view.item)
                .filter(|item| !self.sent.iter().any(|sent| sent.item == *item))
                .collect();
            let is_full =
                |item| here.last_incoming(item).is_some_and(|view| view.state == paused(Pause::Storage));
            let full: Vec<_> = here.fetched.keys().copied().filter(|(_, item)| is_full(*item)).collect();
            for item in lost {
                room.handle(tab, Input::Command(Command::Cancel(item)));
            }
            for (from, item) in full {
                room.handle(tab, Input::Command(Command::Pause { from, item, pauses: false }));
            }
        }
    }

    /// Who came later wants all that was shown before. Gives how much of it came.
    fn catch_up(&self, room: &mut Room) -> usize {
        let is_done = |room: &Room| {
            let mut earlier = alive(room).into_iter().flat_map(|tab| room.tabs[tab].earlier.values());
            earlier.all(|earlier| earlier.state == EarlierState::Nowhere)
        };
        // Whoever gets something tells the others, who may have lost it with its sender.
        let until = room.now + DELIVERED_WITHIN;
        while !is_done(room) {
            assert!(room.now < until, "all have what there is");
            for tab in alive(room) {
                Self::fetch(room, tab);
            }
            room.run_for(Duration::from_secs(2));
        }
        let came = alive(room).into_iter().map(|tab| {
            let Tab { holds, fetched, .. } = &room.tabs[tab];
            // What a page of before asked for comes to the next one as somebody else's item.
            let known = |item: &ItemId| self.sent.iter().any(|sent| sent.item == *item);
            for ((_, item), (_, bytes)) in holds.iter().filter(|((_, item), _)| known(item)) {
                assert!(*bytes == picture(*item, bytes.len()), "not what was shown");
            }
            fetched.values().filter(|shown| holds.contains_key(shown)).count()
        });
        came.sum()
    }

    fn heal(room: &mut Room) {
        room.heal_all();
        room.server.is_up = true;
        for tab in &mut room.tabs {
            tab.failing = None;
            tab.work = 5;
        }
    }

    /// Whether nothing is under way any more between people who are there.
    fn is_delivered(&self, room: &Room) -> bool {
        self.sent.iter().filter(|sent| is_there(room, sent.from)).all(|sent| {
            let states = sent.to.iter().map(|&to| room.tabs[sent.from.0].last_outgoing(sent.item, to));
            states.zip(&sent.to).all(|(view, &to)| {
                use TransferState::{Active, Held, Offered, Paused, Waiting};
                !matches!(view.unwrap().state, Waiting | Active | Held | Offered | Paused(_))
                    || tab_of(room, to).is_none()
            })
        })
    }

    /// Gives how many photos arrived.
    fn check(&self, room: &Room) -> usize {
        let mut delivered = 0;
        for Sent { item, bytes, from, to } in self.sent.iter().filter(|sent| is_there(room, sent.from)) {
            for &to in to {
                let Some(receiver) = tab_of(room, to) else { continue };
                let state = room.tabs[from.0].last_outgoing(*item, to).unwrap().state;
                let is_with = |people: &[PeerId]| people.contains(&to) || people.contains(&room.me(from.0));
                match state {
                    TransferState::Verified => {}
                    TransferState::Failed(Failure::Lost) if is_with(&self.departed) => continue,
                    TransferState::Failed(Failure::Refused(RefusedItem::Storage) | Failure::Unreadable)
                        if is_with(&self.failing) =>
                    {
                        continue;
                    }
                    _ => panic!("{item:?} from {} to {receiver} ended as {state:?}", from.0),
                }
                // `exact` asserts that it was shown once. An earlier life of the page may be the one that has it.
                if let Some(shown) = room.tabs[receiver].exact(*item) {
                    assert!(shown.bytes == picture(*item, *bytes), "not what was sent");
                    delivered += 1;
                } else {
                    assert!(room.tabs[receiver].id.life > 0, "verified is shown");
                }
            }
        }
        delivered
    }
}

fn alive(room: &Room) -> Vec<Ix> {
    (0..room.tabs.len()).filter(|&tab| room.tabs[tab].is_alive()).collect()
}

fn is_there(room: &Room, (tab, life): (Ix, u32)) -> bool {
    room.tabs[tab].id.life == life && room.tabs[tab].is_alive()
}

fn tab_of(room: &Room, peer: PeerId) -> Option<Ix> {
    room.tabs.iter().position(|tab| tab.me == peer && tab.is_alive())
}

/// One room from its first person to its last.
fn one_room(seed: u64) -> [usize; 2] {
    let mut room = Room::new(seed);
    let mut soak = Soak::default();
    soak.run(&mut room);

    Soak::heal(&mut room);
    // What was being done as things failed has failed.
    room.run_for(Duration::from_secs(1));
    soak.go_on(&mut room);
    soak.go_on_with_earlier(&mut room);
    room.run_until_within("all are connected", SETTLED_WITHIN, Room::is_settled);
    // To look takes longer than a step does.
    let looked = Cell::new(None);
    room.run_until_within("all is delivered", DELIVERED_WITHIN, |room| {
        looked.replace(Some(room.now)) != Some(room.now) && soak.is_delivered(room)
    });
    room.run_for(Duration::from_mins(1));
    assert!(room.is_settled(), "and so it stays");
    let delivered = [soak.check(&room), soak.catch_up(&mut room)];
    assert!(room.knows_names());

    let alive = alive(&room);
    for &tab in &alive {
        assert_eq!(room.tabs[tab].connections.len(), alive.len() - 1, "one connection a pair");
        assert!(room.tabs[tab].session.as_ref().unwrap().next_deadline().is_some(), "nothing is due, ever");
    }
    // `leave` asserts that every connection is closed, every payload released, every chunk gone.
    for &tab in &alive {
        room.leave(tab);
    }
    room.run_for(Duration::from_mins(1));
    assert!(room.server.is_empty());
    delivered
}

#[test]
fn once_the_network_is_whole_again_everything_is_as_it_should_be() {
    let delivered = [AtomicUsize::new(0), AtomicUsize::new(0)];
    many_seeds(ROOMS, |seed| {
        for (all, of_one) in delivered.iter().zip(one_room(seed)) {
            all.fetch_add(of_one, Ordering::Relaxed);
        }
    });
    let [delivered, fetched] = delivered.map(AtomicUsize::into_inner);
    assert!(delivered > 0, "the soak delivered nothing");
    assert!(fetched > 0, "nobody got what was shown before");
}
