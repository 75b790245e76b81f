//! A room in memory: real sessions; a server, connections and payloads that are not.
//!
//! Everything on its way stands in a lane. A lane keeps its order, between lanes anything may overtake anything,
//! and the seed decides what does. When nothing can be delivered the clock jumps to the next thing that is due.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod disk;
pub mod liar;
mod net;
mod payloads;
mod seeds;
mod server;
pub mod shown;
mod tab;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use snaproom_protocol::{DeviceSecret, ItemId, PeerId, Token, control::Kind};
use snaproom_session::{
    Command, Event, Input, Link, Me, Photo, Session, Time,
    io::{PeerState, State, Status},
};

#[cfg(not(target_arch = "wasm32"))]
pub use core::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen_test::wasm_bindgen_test as test;

pub use net::{Wire, WireId, fingerprint, sdp};
pub use payloads::{Job, digest, jpeg, picture, root};
pub use seeds::{many_seeds, seeds};
pub use server::{Server, SocketId};
pub use tab::{Shown, Tab};

/// Without a sign of life the server gives a socket up after this.
const SERVER_PATIENCE_MS: u64 = 35_000;

/// Where a tab stands in [`Room::tabs`].
pub type Ix = usize;

pub struct Room {
    pub now: Time,
    pub server: Server,
    pub tabs: Vec<Tab>,
    pub wires: BTreeMap<WireId, Wire>,
    /// The longest that anything is on its way, in milliseconds.
    pub latency: u64,
    /// How many of a hundred things are lost, and come late because they have to be sent again.
    pub loss: u64,
    /// Whether everybody asks for what is on request.
    pub asks: bool,
    /// Tabs between which no packet goes.
    cut: BTreeSet<(Ix, Ix)>,
    /// Tabs that the server does not hear, and that do not hear it.
    offline: BTreeSet<Ix>,
    is_traced: bool,
    lanes: BTreeMap<Lane, VecDeque<(Time, Parcel)>>,
    rng: ChaCha20Rng,
    serial: u64,
}

/// What keeps its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// From a tab to the server.
    Up(SocketId),
    /// From the server to a tab.
    Down(SocketId),
    /// A connection's events for its own tab.
    Events(WireId),
    /// Messages on their way to this end.
    Control(WireId),
    Bulk(WireId),
    /// One piece of work on a payload: every one has its own lane, so they end in any order.
    Work(u64),
    /// A tab's disk does one thing after another.
    Disk(Ix, u32),
    /// Something that happens at its time.
    Timer(u64),
}

#[derive(Debug)]
pub enum Parcel {
    Frame(String),
    HangUp,
    Socket(Input),
    Event(Event),
    Bytes(Vec<u8>),
    /// An end's ICE changes its state, if its plan is still this one.
    Ice(WireId, u64, State),
    /// The server has heard nothing of a socket for too long.
    GiveUp(SocketId),
    /// Of the tab's so manieth life.
    Work(Ix, u32, payloads::Job),
}

impl Room {
    pub fn new(seed: u64) -> Self {
        Self {
            now: Time(1000),
            server: Server::default(),
            tabs: Vec::new(),
            wires: BTreeMap::new(),
            latency: 40,
            loss: 0,
            asks: false,
            cut: BTreeSet::new(),
            offline: BTreeSet::new(),
            is_traced: std::env::var_os("SNAPROOM_SEED").is_some(),
            lanes: BTreeMap::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
            serial: 0,
        }
    }

    /// A room into which so many people came one after the other, all of them connected with each other.
    pub fn of(seed: u64, people: usize) -> Self {
        let mut room = Self::new(seed);
        for _ in 0..people {
            room.open();
            room.settle();
        }
        room
    }

    /// So many people open the link at once.
    pub fn open_all(&mut self, people: usize) {
        for _ in 0..people {
            self.open();
        }
    }

    /// Somebody opens the link.
    pub fn open(&mut self) -> Ix {
        self.open_link(&Link::mint([7; 16]))
    }

    pub fn open_link(&mut self, link: &Link) -> Ix {
        let token = Token(self.random());
        self.open_as(link, token)
    }

    pub fn open_as(&mut self, link: &Link, token: Token) -> Ix {
        let me = Me { token, life: 0, device: DeviceSecret(self.random()), verified: Vec::new() };
        let session = Session::new(link, me.clone(), self.random(), self.now);
        self.tabs.push(Tab::new(link.clone(), me, session));
        let tab = self.tabs.len() - 1;
        self.handle(tab, Input::Tick);
        tab
    }

    /// The page is loaded anew: the same token, nothing else is the same. Whether what was there before ends with
    /// a goodbye or with a crash is for [`Room::close`] and [`Room::crash`] to say.
    pub fn reopen(&mut self, tab: Ix) {
        let Tab { link, id: me, .. } = &self.tabs[tab];
        let (link, me) = (link.clone(), Me { life: me.life + 1, ..me.clone() });
        let session = Session::new(&link, me.clone(), self.random(), self.now);
        let disk = std::mem::take(&mut self.tabs[tab].disk);
        let kept = disk.kept();
        self.tabs[tab] = Tab { disk, ..Tab::new(link, me, session) };
        for kept in kept {
            self.handle(tab, Input::Command(Command::Restore(kept)));
        }
        self.handle(tab, Input::Tick);
    }

    /// The browser closes the tab: connections and socket say so, the session hears nothing.
    pub fn close(&mut self, tab: Ix) {
        for wire in std::mem::take(&mut self.tabs[tab].connections).into_values() {
            self.close_wire(wire);
        }
        self.die(tab);
    }

    /// The browser is gone: the system closes the socket, and of the connections nothing is ever heard again.
    pub fn crash(&mut self, tab: Ix) {
        for wire in std::mem::take(&mut self.tabs[tab].connections).into_values() {
            self.crash_wire(wire);
        }
        self.die(tab);
    }

    fn die(&mut self, tab: Ix) {
        self.drop_socket(tab);
        self.tabs[tab].session = None;
        self.tabs[tab].is_frozen = false;
    }

    /// The page does nothing any more, while its connections and sockets stay as they are.
    pub fn freeze(&mut self, tab: Ix) {
        self.tabs[tab].is_frozen = true;
    }

    pub fn thaw(&mut self, tab: Ix) {
        self.tabs[tab].is_frozen = false;
        for job in std::mem::take(&mut self.tabs[tab].unfinished) {
            self.finish(tab, job);
        }
    }

    /// The server and this tab do not hear each other. The server notices after a while.
    pub fn cut_from_server(&mut self, tab: Ix) {
        if self.offline.insert(tab)
            && let Some(socket) = self.tabs[tab].socket
        {
            self.serial += 1;
            self.post_after(Lane::Timer(self.serial), SERVER_PATIENCE_MS, Parcel::GiveUp(socket));
        }
    }

    pub fn heal_server(&mut self, tab: Ix) {
        self.offline.remove(&tab);
    }

    /// The tab's device has no network at all.
    pub fn cut_from_all(&mut self, tab: Ix) {
        self.cut_from_server(tab);
        for other in (0..self.tabs.len()).filter(|&other| other != tab) {
            self.cut_path(tab, other);
        }
    }

    /// Everything that was cut is whole again.
    pub fn heal_all(&mut self) {
        self.offline.clear();
        for (a, b) in self.cut.clone() {
            self.heal_path(a, b);
        }
        for tab in 0..self.tabs.len() {
            self.thaw(tab);
        }
    }

    /// The person leaves. Afterwards nothing may be left over.
    pub fn leave(&mut self, tab: Ix) {
        self.handle(tab, Input::Command(Command::Leave));
        self.tabs[tab].assert_clean();
        assert_eq!(self.tabs[tab].socket, None);
        let left = self.tabs[tab].session.as_mut().unwrap();
        assert_eq!(left.next_deadline(), None);
        for input in [Input::Tick, Input::SocketOpened, Input::Command(Command::Retry)] {
            left.handle(input, self.now);
            assert_eq!(left.poll(), None, "silent afterwards");
        }
        self.tabs[tab].session = None;
    }

    pub fn me(&self, tab: Ix) -> PeerId {
        self.tabs[tab].me
    }

    /// Sends a photo to everybody who is connected.
    pub fn send(&mut self, tab: Ix, width: u32, height: u32, preview: Option<u32>) -> ItemId {
        let photo = self.take(tab, width, height, preview, false);
        self.send_taken(tab, photo)
    }

    /// The same, but what it is exactly stays with its sender until somebody asks.
    pub fn send_on_request(&mut self, tab: Ix, width: u32, height: u32, preview: u32) -> ItemId {
        let photo = self.take(tab, width, height, Some(preview), true);
        self.send_taken(tab, photo)
    }

    fn send_taken(&mut self, tab: Ix, photo: Photo) -> ItemId {
        let item = photo.item;
        self.handle(tab, Input::Command(Command::SendPhoto(photo)));
        item
    }

    /// Answers who asked for a photo of the camera with one.
    pub fn send_still(&mut self, tab: Ix, asking: PeerId, width: u32, height: u32) -> ItemId {
        let photo = self.take(tab, width, height, Some(3_000), false);
        let item = photo.item;
        self.handle(tab, Input::Command(Command::AnswerStill(asking, Some(photo))));
        item
    }

    fn take(&mut self, tab: Ix, width: u32, height: u32, preview: Option<u32>, on_request: bool) -> Photo {
        let item = ItemId(self.random());
        let (me, kind) = (self.me(tab), Kind::Photo { width, height, taken: self.now.0 });
        let bytes = picture(item, width as usize * height as usize * 4);
        self.tabs[tab].holds.insert((me, item), (kind, bytes));
        self.tabs[tab].take(item, width, height, preview, on_request);
        let name = String::from("photo.png");
        Photo { item, name, width, height, taken: self.now.0, preview, on_request }
    }

    /// The same with a receiver that stores each chunk slowly: the photo takes a while, and is under way.
    pub fn send_slowly(&mut self, from: Ix, to: Ix) -> ItemId {
        self.tabs[to].work = 800;
        let item = self.send(from, 640, 480, Some(3_000));
        self.run_until("under way", |room| room.tabs[to].did("Store") > 4);
        assert!(!self.has(to, item));
        item
    }

    /// The person wants to be called so. `name` is one as it is.
    pub fn set_name(&mut self, tab: Ix, name: &str) {
        name.clone_into(&mut self.tabs[tab].name);
        self.handle(tab, Input::Command(Command::SetName(name.to_owned())));
    }

    /// The person writes to the room.
    pub fn write(&mut self, tab: Ix, text: &str) {
        let (text, at) = (text.to_owned(), self.now.0);
        self.handle(tab, Input::Command(Command::Say { text, at }));
    }

    /// Whether everybody calls everybody else in the room as they want to be called.
    pub fn knows_names(&self) -> bool {
        let alive = || (0..self.tabs.len()).filter(|&tab| self.tabs[tab].is_alive());
        alive().all(|a| {
            let others = alive().filter(|&b| a != b && self.tabs[a].link == self.tabs[b].link);
            others.into_iter().all(|b| self.calls(a, b).unwrap_or("") == self.tabs[b].name)
        })
    }

    /// How one tab calls another; none for the friendly name.
    pub fn calls(&self, tab: Ix, other: Ix) -> Option<&str> {
        self.tabs[tab].names.get(&self.me(other)).map(String::as_str)
    }

    pub fn handle(&mut self, tab: Ix, input: Input) {
        if self.tabs[tab].is_alive() {
            self.trace(tab, "", &input);
        }
        let Some(session) = self.tabs[tab].session.as_mut() else { return };
        session.handle(input, self.now);
        while let Some(output) = self.tabs[tab].session.as_mut().and_then(Session::poll) {
            self.act(tab, output);
        }
        let deadline = self.tabs[tab].session.as_ref().and_then(Session::next_deadline);
        assert!(deadline.is_none_or(|at| at > self.now), "a deadline that has passed makes the driver spin");
    }

    /// Puts something on its way, behind everything else in its lane.
    pub fn post(&mut self, lane: Lane, parcel: Parcel) {
        let mut delay = self.below(self.latency + 1);
        if self.loss > 0 && self.below(100) < self.loss {
            delay += 200 + self.below(800);
        }
        self.post_after(lane, delay, parcel);
    }

    pub fn post_after(&mut self, lane: Lane, delay: u64, parcel: Parcel) {
        let at = self.now + Duration::from_millis(delay);
        self.lanes.entry(lane).or_default().push_back((at, parcel));
    }

    /// Delivers one thing, or lets time pass until something is due. False when nothing ever will be.
    pub fn step(&mut self) -> bool {
        let due = |(lane, parcels): (&Lane, &VecDeque<(Time, Parcel)>)| {
            let is_due = parcels.front().is_some_and(|(at, _)| *at <= self.now);
            (is_due && !self.is_blocked(*lane)).then_some(*lane)
        };
        let due: Vec<Lane> = self.lanes.iter().filter_map(due).collect();
        if due.is_empty() {
            return self.wait();
        }
        let lane = due[self.below(due.len() as u64) as usize];
        let parcels = self.lanes.get_mut(&lane).unwrap();
        let (_, parcel) = parcels.pop_front().unwrap();
        if parcels.is_empty() {
            self.lanes.remove(&lane);
        }
        self.deliver(lane, parcel);
        true
    }

    /// What is in a lane does not arrive just now.
    fn is_blocked(&self, lane: Lane) -> bool {
        let is_frozen = |wire: &WireId| self.wires.get(wire).is_some_and(|end| self.tabs[end.tab].is_frozen);
        let has_socket = |socket| self.tabs.iter().position(|tab| tab.socket == Some(socket));
        match lane {
            Lane::Up(socket) => self.server.tab_of(socket).is_some_and(|tab| self.offline.contains(&tab)),
            Lane::Down(socket) => {
                has_socket(socket).is_some_and(|tab| self.offline.contains(&tab) || self.tabs[tab].is_frozen)
            }
            Lane::Events(wire) => is_frozen(&wire),
            Lane::Control(wire) | Lane::Bulk(wire) => {
                is_frozen(&wire) || (self.wires.contains_key(&wire) && !self.flows_to(wire))
            }
            Lane::Work(_) | Lane::Disk(..) | Lane::Timer(_) => false,
        }
    }

    fn wait(&mut self) -> bool {
        let awake = self.tabs.iter().filter(|tab| !tab.is_frozen);
        let deadlines = awake.filter_map(|tab| tab.session.as_ref()?.next_deadline());
        let open = self.lanes.iter().filter(|(lane, _)| !self.is_blocked(**lane));
        let parcels = open.filter_map(|(_, parcels)| Some(parcels.front()?.0));
        let Some(next) = deadlines.chain(parcels).chain(self.server.next_deadline()).min() else {
            return false;
        };
        // A deadline may have passed while its tab was frozen.
        self.now = next.max(self.now);
        for (socket, message) in self.server.expire(next) {
            self.answer(socket, &message);
        }
        for tab in 0..self.tabs.len() {
            let deadline = self.tabs[tab].session.as_ref().and_then(Session::next_deadline);
            if !self.tabs[tab].is_frozen && deadline.is_some_and(|at| at <= next) {
                self.handle(tab, Input::Tick);
            }
        }
        true
    }

    fn deliver(&mut self, lane: Lane, parcel: Parcel) {
        match (lane, parcel) {
            (Lane::Up(socket), Parcel::Frame(text)) => {
                for (socket, message) in self.server.on_frame(socket, &text) {
                    self.answer(socket, &message);
                }
            }
            (_, Parcel::GiveUp(socket)) => self.give_up(socket),
            (_, Parcel::Ice(wire, plan, state)) => self.on_ice(wire, plan, state),
            (Lane::Up(socket), _) => {
                for (socket, message) in self.server.on_lost(socket, self.now) {
                    self.answer(socket, &message);
                }
            }
            (Lane::Down(socket), Parcel::Socket(input)) => {
                if let Some(tab) = self.tabs.iter().position(|tab| tab.socket == Some(socket)) {
                    if input == Input::SocketClosed {
                        self.tabs[tab].socket = None;
                    }
                    self.handle(tab, input);
                }
            }
            (Lane::Events(wire) | Lane::Control(wire) | Lane::Bulk(wire), parcel) => {
                self.deliver_on(wire, parcel);
            }
            (_, Parcel::Work(tab, life, job)) if self.tabs[tab].id.life == life => {
                if self.tabs[tab].is_frozen {
                    self.tabs[tab].unfinished.push(job);
                } else {
                    self.finish(tab, job);
                }
            }
            _ => {}
        }
    }

    /// The server has heard nothing of a socket for too long, if it still hears nothing.
    fn give_up(&mut self, socket: SocketId) {
        let is_offline = self.server.tab_of(socket).is_some_and(|tab| self.offline.contains(&tab));
        if is_offline {
            for (socket, message) in self.server.on_lost(socket, self.now) {
                self.answer(socket, &message);
            }
            self.post(Lane::Down(socket), Parcel::Socket(Input::SocketClosed));
        }
    }

    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        // A parcel that marks the end, so that the clock stops there.
        self.serial += 1;
        let mark = Lane::Work(self.serial);
        self.lanes.insert(mark, VecDeque::from([(end, Parcel::HangUp)]));
        while self.lanes.contains_key(&mark) {
            assert!(self.step());
        }
    }

    #[track_caller]
    pub fn run_until(&mut self, what: &str, is_done: impl Fn(&Self) -> bool) {
        self.run_until_within(what, Duration::from_mins(2), is_done);
    }

    /// Goes on until something is so. That must be within `limit`, and nothing may be waited for in vain.
    #[track_caller]
    pub fn run_until_within(&mut self, what: &str, limit: Duration, is_done: impl Fn(&Self) -> bool) {
        let end = self.now + limit;
        while !is_done(self) {
            assert!(self.step(), "nothing is under way any more, and not yet: {what}");
            assert!(self.now <= end, "not within {limit:?}: {what}; {:?}", self.unsettled());
        }
    }

    /// Until everybody who is in a room is connected with everybody else there.
    #[track_caller]
    pub fn settle(&mut self) {
        self.run_until("all are connected", Room::is_settled);
    }

    /// Who is there and does not see whom as connected.
    fn unsettled(&self) -> Vec<(Ix, Option<Status>, Ix, Option<PeerState>)> {
        let alive = || (0..self.tabs.len()).filter(|&tab| self.tabs[tab].is_alive());
        let pairs = alive().flat_map(|a| alive().filter(move |&b| a != b).map(move |b| (a, b)));
        let views = pairs.map(|(a, b)| (a, self.tabs[a].status(), b, self.sees(a, b)));
        views.filter(|(.., sees)| *sees != Some(PeerState::Connected)).collect()
    }

    pub fn is_settled(&self) -> bool {
        (0..self.tabs.len()).all(|a| {
            let others = (0..self.tabs.len()).filter(|&b| a != b && self.tabs[b].is_alive());
            let mut others = others.filter(|&b| self.tabs[b].link == self.tabs[a].link).peekable();
            let alone = others.peek().is_none();
            !self.tabs[a].is_alive()
                || (self.tabs[a].status() == Some(if alone { Status::Alone } else { Status::Connected })
                    && others.all(|b| self.sees(a, b) == Some(PeerState::Connected)))
        })
    }

    /// How one tab shows another.
    pub fn sees(&self, tab: Ix, other: Ix) -> Option<PeerState> {
        self.tabs[tab].peers.get(&self.me(other)).map(|view| view.state)
    }

    /// Whether `tab` has shown the exact bytes of this item.
    pub fn has(&self, tab: Ix, item: ItemId) -> bool {
        self.tabs[tab].exact(item).is_some()
    }

    /// A seed that is run alone says what happens, in at most 200 bytes a line.
    pub fn trace(&self, tab: Ix, indent: &str, what: &impl std::fmt::Debug) {
        if self.is_traced {
            let line = format!("{what:?}");
            let end = (0..=line.len().min(200)).rev().find(|&end| line.is_char_boundary(end)).unwrap_or(0);
            eprintln!("{:>8} tab {tab} {indent}{}", self.now.0, &line[..end]);
        }
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.rng.next_u64() % end
    }

    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}
