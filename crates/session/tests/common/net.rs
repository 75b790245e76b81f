//! Connections that are not: two ends find each other by what stands in their descriptions, and lose each other when
//! the path between their tabs is cut. Each end keeps the rules of a browser: one action on a description at a time,
//! an answer only to an offer, candidates only of the generation that is set.

use std::fmt::Write as _;

use snaproom_protocol::{bulk::WINDOW_BYTES, signal::Candidate};
use snaproom_session::{
    ChunkId, ConnectionId, Event, Input,
    io::{Path, State},
};

use super::{Ix, Lane, Parcel, Room};

/// A browser notices within 5 to 7.5 s that nothing comes any more, and gives up some 15 s later.
const SILENCE_NOTICED: u64 = 5_000;
const SILENCE_NOTICED_LATER: u64 = 2_500;
const SILENCE_FAILS: u64 = 15_000;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireId(pub u64);

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about this end")]
pub struct Wire {
    pub tab: Ix,
    /// In which of the tab's lives.
    pub life: u32,
    pub connection: ConnectionId,
    /// The other end, once a description of it was set.
    pub remote: Option<WireId>,
    /// ICE generations that were made here; the offer's, while no answer to it is set; those in force at both ends.
    generations: u32,
    offered: Option<u32>,
    local: u32,
    theirs: u32,
    /// Candidates of the generation in force.
    candidates: usize,
    /// An action on a description that has not ended.
    is_busy: bool,
    /// The generations on which packets go.
    pub nominated: Option<(u32, u32)>,
    checking: Option<(u32, u32)>,
    ice: State,
    /// What was planned for this end's ICE counts as long as this has not changed.
    plan: u64,
    /// The address on which packets came is not there any more.
    is_stale: bool,
    pub is_connected: bool,
    is_closed: bool,
    pub max_message: u32,
    /// Bytes given to the bulk channel, and bytes that this end took off it and stored or threw away.
    pub sent: u64,
    pub taken: u64,
}

/// What a browser would call the certificate of this end.
pub fn fingerprint(wire: WireId) -> [u8; 32] {
    let mut bytes = [0xC0; 32];
    bytes[..8].copy_from_slice(&wire.0.to_be_bytes());
    bytes
}

/// A first description as far as a session reads it, and the id that pairs the two ends.
pub fn sdp(wire: WireId, fingerprint: [u8; 32]) -> String {
    sdp_of(wire, fingerprint, 1)
}

fn sdp_of(wire: WireId, fingerprint: [u8; 32], generation: u32) -> String {
    let mut hex = String::new();
    for byte in fingerprint {
        write!(hex, ":{byte:02X}").unwrap();
    }
    format!(
        "v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=ice-ufrag:{generation}\r\na=fingerprint:sha-256 {}\r\n",
        wire.0,
        &hex[1..]
    )
}

fn wire_and_generation(sdp: &str) -> (WireId, u32) {
    let field = |prefix| sdp.lines().find_map(|line| line.strip_prefix(prefix)).unwrap();
    let wire = field("o=- ").split(' ').next().unwrap();
    (WireId(wire.parse().unwrap()), field("a=ice-ufrag:").parse().unwrap())
}

impl Room {
    /// This tab's end of its connection with another.
    pub fn wire_between(&self, tab: Ix, other: Ix) -> WireId {
        let mut ends = self.tabs[tab].connections.values();
        *ends.find(|end| self.wires[&self.wires[end].remote.unwrap()].tab == other).unwrap()
    }

    pub fn make_wire(&mut self, tab: Ix, connection: ConnectionId) -> WireId {
        self.serial += 1;
        let id = WireId(self.serial);
        let max_message = self.tabs[tab].max_message;
        let wire = Wire {
            tab,
            life: self.tabs[tab].id.life,
            connection,
            remote: None,
            generations: 0,
            offered: None,
            local: 0,
            theirs: 0,
            candidates: 0,
            is_busy: false,
            nominated: None,
            checking: None,
            ice: State::Connecting,
            plan: 0,
            is_stale: false,
            is_connected: false,
            is_closed: false,
            max_message,
            sent: 0,
            taken: 0,
        };
        self.wires.insert(id, wire);
        id
    }

    fn end(&mut self, wire: WireId) -> &mut Wire {
        self.wires.get_mut(&wire).unwrap()
    }

    fn report(&mut self, wire: WireId, event: Event) {
        self.post(Lane::Events(wire), Parcel::Event(event));
    }

    /// An action on a description begins: one at a time.
    fn begin(&mut self, wire: WireId) -> u32 {
        let end = self.end(wire);
        assert!(!std::mem::replace(&mut end.is_busy, true), "an action in the middle of another one");
        end.generations += 1;
        end.generations
    }

    /// Makes an offer and sets it, in the place of one that nobody answered.
    pub fn make_offer(&mut self, wire: WireId) {
        let generation = self.begin(wire);
        self.end(wire).offered = Some(generation);
        self.describe(wire, generation);
    }

    /// Sets an offer, rolling back our own, and answers it.
    pub fn take_offer(&mut self, wire: WireId, sdp: &str) {
        let generation = self.begin(wire);
        let end = self.end(wire);
        end.offered = None;
        end.local = generation;
        self.set_remote(wire, sdp);
        self.describe(wire, generation);
    }

    pub fn take_answer(&mut self, wire: WireId, sdp: &str) {
        self.begin(wire);
        let end = self.end(wire);
        end.local = end.offered.take().expect("an answer without an offer");
        self.set_remote(wire, sdp);
    }

    /// Tells our own description, and begins to gather candidates.
    fn describe(&mut self, wire: WireId, generation: u32) {
        self.report(wire, Event::Described(sdp_of(wire, fingerprint(wire), generation)));
        for n in 0..3 {
            let candidate = Candidate {
                candidate: format!("candidate:{n} 1 udp 1 192.0.2.{n} 5{n}000 typ host"),
                sdp_mid: Some(String::from("0")),
                sdp_m_line_index: Some(0),
                username_fragment: Some(generation.to_string()),
            };
            self.report(wire, Event::Candidate(candidate));
        }
    }

    fn set_remote(&mut self, wire: WireId, sdp: &str) {
        let (other, generation) = wire_and_generation(sdp);
        let end = self.end(wire);
        assert!(end.remote.is_none_or(|known| known == other), "another certificate on one connection");
        end.remote = Some(other);
        end.theirs = generation;
        end.candidates = 0;
        self.report(wire, Event::RemoteDescriptionSet);
        self.try_connect(wire);
    }

    pub fn add_candidate(&mut self, wire: WireId, candidate: &Candidate) {
        let end = self.end(wire);
        assert!(end.remote.is_some(), "a candidate before the description");
        let tag = candidate.username_fragment.as_deref().unwrap();
        assert_eq!(tag, end.theirs.to_string(), "a candidate of another generation");
        end.candidates += 1;
        self.try_connect(wire);
    }

    /// A connection stands once both ends have both descriptions and one of them can reach the other.
    fn try_connect(&mut self, wire: WireId) {
        let Some(other) = self.wires[&wire].remote else { return };
        let (Some(a), Some(b)) = (self.wires.get(&wire), self.wires.get(&other)) else { return };
        let knows = |a: &Wire, b: &Wire| a.local > 0 && a.local == b.theirs;
        let is_agreed = b.remote == Some(wire) && knows(a, b) && knows(b, a) && !a.is_closed && !b.is_closed;
        let (generations, reachable) = ((a.local, b.local), a.candidates + b.candidates > 0);
        if !is_agreed || a.nominated == Some(generations) || !reachable {
            return;
        }
        let is_first = !a.is_connected;
        let max_message = a.max_message.min(b.max_message);
        let is_open = self.is_path_open(a.tab, b.tab);
        let is_new = a.checking != Some(generations);
        for (wire, generations) in [(wire, generations), (other, (generations.1, generations.0))] {
            if is_new {
                self.end(wire).checking = Some(generations);
                self.turn(wire, 0, State::Connecting);
            }
            if is_open {
                let end = self.end(wire);
                end.nominated = Some(generations);
                end.is_stale = false;
                end.is_connected = true;
                end.max_message = max_message;
                self.turn(wire, 0, State::Connected);
                if is_first {
                    self.report(wire, Event::Open { max_message });
                }
            } else if is_new {
                self.plan(wire, SILENCE_FAILS, State::Failed);
            }
        }
    }

    /// This end's ICE is in another state, and nothing that was planned for it counts any more.
    fn turn(&mut self, wire: WireId, delay: u64, state: State) {
        self.end(wire).plan += 1;
        if delay == 0 {
            self.end(wire).ice = state;
            self.report(wire, Event::State(state));
        } else {
            self.plan(wire, delay, state);
        }
    }

    fn plan(&mut self, wire: WireId, delay: u64, state: State) {
        self.serial += 1;
        let plan = self.wires[&wire].plan;
        self.post_after(Lane::Timer(self.serial), delay, Parcel::Ice(wire, plan, state));
    }

    /// What was planned comes to pass.
    pub fn on_ice(&mut self, wire: WireId, plan: u64, state: State) {
        let end = self.end(wire);
        if end.plan == plan && !end.is_closed {
            end.ice = state;
            self.report(wire, Event::State(state));
        }
    }

    /// Nothing comes to this end any more: it notices, and then gives up.
    fn silence(&mut self, wire: WireId) {
        let noticed = SILENCE_NOTICED + self.below(SILENCE_NOTICED_LATER);
        match self.wires[&wire].ice {
            State::Connected => {
                self.end(wire).plan += 1;
                self.plan(wire, noticed, State::Disconnected);
                self.plan(wire, noticed + SILENCE_FAILS, State::Failed);
            }
            State::Disconnected => {
                self.end(wire).plan += 1;
                self.plan(wire, SILENCE_FAILS, State::Failed);
            }
            State::Connecting | State::Failed => {}
        }
    }

    /// Packets come to this end again.
    fn sound(&mut self, wire: WireId) {
        match self.wires[&wire].ice {
            // It had not noticed.
            State::Connected => self.end(wire).plan += 1,
            State::Disconnected => {
                let delay = 1 + self.below(500);
                self.turn(wire, delay, State::Connected);
            }
            State::Connecting => self.try_connect(wire),
            State::Failed => {}
        }
    }

    /// Both ends of every connection between two tabs.
    fn wires_between(&self, a: Ix, b: Ix) -> Vec<WireId> {
        let is_between = |wire: &Wire| {
            let other = wire.remote.and_then(|other| self.wires.get(&other)).map(|other| other.tab);
            !wire.is_closed && ((wire.tab, other) == (a, Some(b)) || (wire.tab, other) == (b, Some(a)))
        };
        self.wires.iter().filter(|(_, wire)| is_between(wire)).map(|(id, _)| *id).collect()
    }

    pub fn is_path_open(&self, a: Ix, b: Ix) -> bool {
        !self.cut.contains(&(a.min(b), a.max(b)))
    }

    /// No packet goes between two tabs.
    pub fn cut_path(&mut self, a: Ix, b: Ix) {
        if self.cut.insert((a.min(b), a.max(b))) {
            for wire in self.wires_between(a, b) {
                self.silence(wire);
            }
        }
    }

    pub fn heal_path(&mut self, a: Ix, b: Ix) {
        if self.cut.remove(&(a.min(b), a.max(b))) {
            for wire in self.wires_between(a, b) {
                if !self.wires[&wire].is_stale {
                    self.sound(wire);
                }
            }
        }
    }

    /// The tab's device has another address: only a new ICE generation finds it.
    pub fn move_to_another_address(&mut self, tab: Ix) {
        for other in (0..self.tabs.len()).filter(|&other| other != tab) {
            for wire in self.wires_between(tab, other) {
                self.silence(wire);
                self.end(wire).is_stale = true;
            }
        }
    }

    /// Whether what was sent to this end arrives now. What does not is sent again, until it does.
    pub fn flows_to(&self, wire: WireId) -> bool {
        let end = &self.wires[&wire];
        let Some(other) = end.remote.and_then(|other| self.wires.get(&other)) else { return true };
        let is_dead = |end: &Wire| end.is_stale || end.ice == State::Failed;
        end.is_closed || (self.is_path_open(end.tab, other.tab) && !is_dead(end) && !is_dead(other))
    }

    /// Sends text or bytes to the other end of a connection that stood once.
    pub fn transmit(&mut self, wire: WireId, lane: fn(WireId) -> Lane, parcel: Parcel) {
        let end = self.wires.get_mut(&wire).unwrap();
        assert!(end.is_connected, "sent before the channels were open");
        let (other, end_tab) = (end.remote.unwrap(), end.tab);
        if let Parcel::Bytes(bytes) = &parcel {
            assert!(bytes.len() <= end.max_message as usize);
            end.sent += bytes.len() as u64;
            let (sent, receiver) = (end.sent, &self.wires[&other]);
            if ![end_tab, receiver.tab].iter().any(|&tab| self.tabs[tab].is_liar) {
                assert!(sent - receiver.taken <= u64::from(WINDOW_BYTES), "more under way than the window");
            }
        }
        if self.wires.get(&other).is_some_and(|end| !end.is_closed) {
            self.post(lane(other), parcel);
        }
    }

    pub fn deliver_on(&mut self, wire: WireId, parcel: Parcel) {
        let Some(end) = self.wires.get_mut(&wire).filter(|end| !end.is_closed) else { return };
        let (tab, connection) = (end.tab, end.connection);
        let event = match parcel {
            Parcel::Event(event) => event,
            Parcel::Bytes(bytes) => {
                self.serial += 1;
                let chunk = ChunkId(self.serial);
                let length = bytes.len() as u32;
                self.tabs[tab].chunks.insert(chunk, (wire, bytes));
                Event::Chunk(chunk, length)
            }
            _ => unreachable!("a connection carries nothing else"),
        };
        match &event {
            // The last event of every action, except that an offer which is being answered is set before.
            Event::Described(_) => end.is_busy = false,
            Event::RemoteDescriptionSet => end.is_busy &= end.is_answering(),
            _ => {}
        }
        self.handle(tab, Input::Connection(connection, event));
    }

    pub fn find_path(&mut self, wire: WireId) {
        self.report(wire, Event::Path(Path::Direct));
    }

    /// Both ends of the one connection between the first two say that it has failed.
    pub fn fail_connection(&mut self) {
        for tab in [0, 1] {
            let wire = *self.tabs[tab].connections.values().next().unwrap();
            let failed = Parcel::Event(Event::ActionFailed(String::from("test")));
            self.post_after(Lane::Events(wire), 0, failed);
        }
    }

    /// This end is closed; the other one hears of it, once packets pass.
    pub fn close_wire(&mut self, wire: WireId) {
        if let Some(other) = self.end_wire(wire) {
            let ends = [&self.wires[&wire], &self.wires[&other]];
            if self.is_path_open(ends[0].tab, ends[1].tab) && !ends.iter().any(|end| end.is_stale) {
                self.report(other, Event::Closed);
            } else {
                self.silence(other);
                self.end(other).is_stale = true;
            }
        }
    }

    /// This end is gone; the other one hears nothing any more.
    pub fn crash_wire(&mut self, wire: WireId) {
        if let Some(other) = self.end_wire(wire) {
            self.silence(other);
            self.end(other).is_stale = true;
        }
    }

    /// The other end, where there is one that would notice.
    fn end_wire(&mut self, wire: WireId) -> Option<WireId> {
        for lane in [Lane::Events(wire), Lane::Control(wire), Lane::Bulk(wire)] {
            self.lanes.remove(&lane);
        }
        let end = self.wires.get_mut(&wire)?;
        end.is_closed = true;
        let other = end.remote.filter(|_| end.is_connected)?;
        self.wires.get(&other).filter(|other| !other.is_closed).map(|_| other)
    }
}

impl Wire {
    /// An offer was set, and its answer was not told yet.
    fn is_answering(&self) -> bool {
        self.local == self.generations
    }
}
