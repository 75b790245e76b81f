//! Connections that are not: two ends find each other by what stands in their descriptions.

use std::fmt::Write as _;

use snaproom_protocol::{bulk::WINDOW_BYTES, signal::Candidate};
use snaproom_session::{
    ChunkId, ConnectionId, Event, Input,
    io::{Path, State},
};

use super::{Ix, Lane, Parcel, Room};

/// A browser notices within 5 to 7.5 s that nothing comes any more, and later gives up.
const SILENCE_NOTICED: u64 = 6_000;
const SILENCE_FAILS: u64 = 5_000;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireId(pub u64);

#[derive(Debug)]
pub struct Wire {
    pub tab: Ix,
    /// In which of the tab's lives.
    pub life: u32,
    pub connection: ConnectionId,
    /// Ours is set.
    local: bool,
    /// Theirs is set.
    pub remote: Option<WireId>,
    candidates: usize,
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

/// A description as far as a session reads it, and the id that pairs the two ends.
pub fn sdp(wire: WireId, fingerprint: [u8; 32]) -> String {
    let mut hex = String::new();
    for byte in fingerprint {
        write!(hex, ":{byte:02X}").unwrap();
    }
    format!(
        "v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=fingerprint:sha-256 {}\r\n",
        wire.0,
        &hex[1..]
    )
}

fn wire_of(sdp: &str) -> WireId {
    let line = sdp.lines().find_map(|line| line.strip_prefix("o=- ")).unwrap();
    WireId(line.split(' ').next().unwrap().parse().unwrap())
}

impl Room {
    pub fn make_wire(&mut self, tab: Ix, connection: ConnectionId) -> WireId {
        self.serial += 1;
        let id = WireId(self.serial);
        let max_message = self.tabs[tab].max_message;
        let wire = Wire {
            tab,
            life: self.tabs[tab].life,
            connection,
            local: false,
            remote: None,
            candidates: 0,
            is_connected: false,
            is_closed: false,
            max_message,
            sent: 0,
            taken: 0,
        };
        self.wires.insert(id, wire);
        id
    }

    fn report(&mut self, wire: WireId, event: Event) {
        self.post(Lane::Events(wire), Parcel::Event(event));
    }

    /// Sets our own description, tells it, and begins to gather candidates.
    pub fn describe(&mut self, wire: WireId) {
        self.report(wire, Event::Described(sdp(wire, fingerprint(wire))));
        for n in 0..3 {
            let candidate = Candidate {
                candidate: format!("candidate:{n} 1 udp 1 192.0.2.{n} 5{n}000 typ host"),
                sdp_mid: Some(String::from("0")),
                sdp_m_line_index: Some(0),
                username_fragment: None,
            };
            self.report(wire, Event::Candidate(candidate));
        }
    }

    pub fn set_remote(&mut self, wire: WireId, sdp: &str) {
        assert_eq!(self.wires[&wire].remote, None, "one description a side is set once");
        self.wires.get_mut(&wire).unwrap().remote = Some(wire_of(sdp));
        self.report(wire, Event::RemoteDescriptionSet);
    }

    pub fn add_candidate(&mut self, wire: WireId) {
        let end = self.wires.get_mut(&wire).unwrap();
        assert!(end.remote.is_some(), "a candidate before the description");
        end.candidates += 1;
        self.try_connect(wire);
    }

    /// A connection stands once both ends have both descriptions and one of them can reach the other.
    fn try_connect(&mut self, wire: WireId) {
        let Some(other) = self.wires[&wire].remote else { return };
        let is_ready = |end: &Wire, other| end.local && end.remote == Some(other) && !end.is_closed;
        let (Some(a), Some(b)) = (self.wires.get(&wire), self.wires.get(&other)) else { return };
        let ready = is_ready(a, other) && is_ready(b, wire) && a.candidates + b.candidates > 0;
        if !ready || a.is_connected {
            return;
        }
        let max_message = a.max_message.min(b.max_message);
        for wire in [wire, other] {
            let end = self.wires.get_mut(&wire).unwrap();
            end.is_connected = true;
            end.max_message = max_message;
            self.report(wire, Event::State(State::Connecting));
            self.report(wire, Event::State(State::Connected));
            self.report(wire, Event::Open { max_message });
        }
    }

    /// Sends text or bytes to the other end of a connection that stands.
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
        if matches!(event, Event::Described(_)) {
            end.local = true;
        }
        self.handle(tab, Input::Connection(connection, event));
        if self.wires.contains_key(&wire) {
            self.try_connect(wire);
        }
    }

    pub fn find_path(&mut self, wire: WireId) {
        self.report(wire, Event::Path(Path::Direct));
    }

    /// This end is closed; the other one hears of it.
    pub fn close_wire(&mut self, wire: WireId) {
        if let Some(other) = self.end_wire(wire) {
            self.report(other, Event::Closed);
        }
    }

    /// This end is gone; the other one hears nothing any more.
    pub fn crash_wire(&mut self, wire: WireId) {
        if let Some(other) = self.end_wire(wire) {
            let silence = |state| Parcel::Event(Event::State(state));
            self.post_after(Lane::Events(other), SILENCE_NOTICED, silence(State::Disconnected));
            self.post_after(Lane::Events(other), SILENCE_NOTICED + SILENCE_FAILS, silence(State::Failed));
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
