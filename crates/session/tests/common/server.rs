//! The signaling server as the protocol describes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use snaproom_protocol::{
    Envelope, PeerId, RoomId,
    server::{FromServer, Ice, Seat, ToServer, Turn, Welcome, Welcomed},
    wire,
};
use snaproom_session::{Input, Time, keys::peer_id};

use super::{Ix, Lane, Parcel, Room};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// From whom, to whom if it is not the hello of a join, and what becomes of it.
type Tamper = dyn FnMut(PeerId, Option<PeerId>, Envelope) -> Vec<Envelope>;

pub struct Server {
    /// Whether a socket can be opened at all.
    pub is_up: bool,
    /// A proxy in front that takes every message and never answers.
    pub is_mute: bool,
    pub capacity: usize,
    pub lease: Duration,
    /// What every join is answered with instead.
    pub refuse: Option<FromServer>,
    /// A server that does something to the envelopes.
    pub tamper: Option<Box<Tamper>>,
    /// Every envelope that passed.
    pub relayed: Vec<(PeerId, Envelope)>,
    pub joins: u32,
    /// What a tab gets to find its way.
    pub ice: Ice,
    /// Asked for new credentials, it says nothing.
    pub mute_ice: bool,
    pub renewals: u32,
    rooms: BTreeMap<RoomId, Vec<Member>>,
    seats: BTreeMap<SocketId, (RoomId, PeerId)>,
    /// Sockets that joined or broke: the first word of any other must be a join.
    known: BTreeSet<SocketId>,
    /// Whose they are.
    tabs: BTreeMap<SocketId, Ix>,
    /// How many of a hundred envelopes are relayed twice.
    pub repeats: u64,
}

struct Member {
    peer: PeerId,
    turn: Turn,
    socket: Result<SocketId, Time>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            is_up: true,
            is_mute: false,
            capacity: 8,
            lease: Duration::from_secs(30),
            refuse: None,
            tamper: None,
            relayed: Vec::new(),
            joins: 0,
            ice: Ice::default(),
            mute_ice: false,
            renewals: 0,
            rooms: BTreeMap::new(),
            seats: BTreeMap::new(),
            known: BTreeSet::new(),
            tabs: BTreeMap::new(),
            repeats: 0,
        }
    }
}

type Answers = Vec<(SocketId, FromServer)>;

impl Server {
    pub fn on_frame(&mut self, socket: SocketId, text: &str) -> Answers {
        if self.is_mute || !self.is_up {
            return Vec::new();
        }
        let is_first = self.known.insert(socket);
        match (wire::from_text(text).unwrap(), self.seats.get(&socket).copied()) {
            (ToServer::Join { room, token, turn, hello, .. }, None) if is_first => {
                self.joins += 1;
                match self.refuse.clone() {
                    Some(refusal) => vec![(socket, refusal)],
                    None => self.join(socket, room, (peer_id(&token), turn), hello),
                }
            }
            (ToServer::Relay { to, envelope }, Some((room, from))) => {
                let envelopes = self.pass(from, Some(to), envelope);
                let receiver = self.rooms[&room].iter().find(|member| member.peer == to);
                let Some(socket) = receiver.and_then(|member| member.socket.ok()) else { return Vec::new() };
                let relay = |envelope| (socket, FromServer::Relay { from, envelope });
                envelopes.into_iter().map(relay).collect()
            }
            (ToServer::Ping, Some(_)) => vec![(socket, FromServer::Pong)],
            (ToServer::RenewIce, Some(_)) => {
                self.renewals += 1;
                if self.mute_ice { Vec::new() } else { vec![(socket, FromServer::Ice(self.ice.clone()))] }
            }
            (ToServer::Leave, Some((room, peer))) => {
                self.seats.remove(&socket);
                self.free(room, peer, true)
            }
            (ToServer::Join { .. }, Some(_)) => panic!("joined twice with one socket"),
            (_, None) => {
                assert!(!is_first, "the first message is not a join");
                Vec::new()
            }
        }
    }

    fn pass(&mut self, from: PeerId, to: Option<PeerId>, envelope: Envelope) -> Vec<Envelope> {
        self.relayed.push((from, envelope.clone()));
        match &mut self.tamper {
            Some(tamper) => tamper(from, to, envelope),
            None => vec![envelope],
        }
    }

    fn join(
        &mut self,
        socket: SocketId,
        room_id: RoomId,
        (peer, turn): (PeerId, Turn),
        hello: Envelope,
    ) -> Answers {
        let hello = self.pass(peer, None, hello).remove(0);
        let mut answers = Vec::new();
        let how = if self.rooms.contains_key(&room_id) { Welcomed::Joined } else { Welcomed::Created };
        let room = self.rooms.entry(room_id).or_default();
        if let Some(own) = room.iter_mut().find(|member| member.peer == peer) {
            if turn < own.turn {
                return vec![(socket, FromServer::Replaced)];
            }
            own.turn = turn;
            if let Ok(old) = std::mem::replace(&mut own.socket, Ok(socket)) {
                self.seats.remove(&old);
                answers.push((old, FromServer::Replaced));
            }
        } else {
            if room.len() >= self.capacity {
                let Some(away) = room.iter().position(|member| member.socket.is_err()) else {
                    let capacity = self.capacity as u16;
                    return vec![(socket, FromServer::Full { capacity })];
                };
                let evicted = room.remove(away).peer;
                answers.extend(tell(room, peer, &FromServer::Left { peer: evicted, for_good: false }));
            }
            room.push(Member { peer, turn, socket: Ok(socket) });
        }
        answers.extend(tell(room, peer, &FromServer::Joined { peer, hello }));
        let others = room.iter().filter(|member| member.peer != peer);
        let peers = others.map(|member| Seat { peer: member.peer, away: member.socket.is_err() }).collect();
        let capacity = self.capacity as u16;
        let welcome =
            Welcome { how, peer, peers, capacity, lease: self.lease.as_secs() as u32, ice: self.ice.clone() };
        answers.push((socket, FromServer::Welcome(welcome)));
        self.seats.insert(socket, (room_id, peer));
        answers
    }

    pub fn on_lost(&mut self, socket: SocketId, now: Time) -> Answers {
        self.known.insert(socket);
        let Some((room, peer)) = self.seats.remove(&socket) else { return Vec::new() };
        let room = self.rooms.get_mut(&room).unwrap();
        let until = now + self.lease;
        room.iter_mut().filter(|member| member.peer == peer).for_each(|member| member.socket = Err(until));
        tell(room, peer, &FromServer::Away { peer })
    }

    fn free(&mut self, room_id: RoomId, peer: PeerId, for_good: bool) -> Answers {
        let room = self.rooms.get_mut(&room_id).unwrap();
        room.retain(|member| member.peer != peer);
        let answers = tell(room, peer, &FromServer::Left { peer, for_good });
        if room.is_empty() {
            self.rooms.remove(&room_id);
        }
        answers
    }

    fn leases(&self) -> impl Iterator<Item = (Time, RoomId, PeerId)> {
        self.rooms.iter().flat_map(|(&room, members)| {
            members.iter().filter_map(move |member| Some((member.socket.err()?, room, member.peer)))
        })
    }

    pub fn next_deadline(&self) -> Option<Time> {
        self.leases().map(|(until, ..)| until).min()
    }

    pub fn expire(&mut self, now: Time) -> Answers {
        let over: Vec<_> = self.leases().filter(|(until, ..)| *until <= now).collect();
        over.into_iter().flat_map(|(_, room, peer)| self.free(room, peer, false)).collect()
    }

    pub fn tab_of(&self, socket: SocketId) -> Option<Ix> {
        self.tabs.get(&socket).copied()
    }

    pub fn forget(&mut self) {
        self.rooms.clear();
        self.seats.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.seats.is_empty()
    }
}

/// Everybody in the room who is there, except for `except`.
fn tell(room: &[Member], except: PeerId, message: &FromServer) -> Answers {
    let others = room.iter().filter(|member| member.peer != except);
    others.filter_map(|member| Some((member.socket.ok()?, message.clone()))).collect()
}

impl Room {
    /// What the server says. Its last words are followed by the end of the socket.
    pub fn answer(&mut self, socket: SocketId, message: &FromServer) {
        if matches!(message, FromServer::Relay { .. }) && self.below(100) < self.server.repeats {
            let text = wire::to_text(message);
            self.post(Lane::Down(socket), Parcel::Socket(Input::Server(text)));
        }
        let text = wire::to_text(message);
        self.post(Lane::Down(socket), Parcel::Socket(Input::Server(text)));
        if matches!(message, FromServer::Full { .. } | FromServer::Replaced | FromServer::Refused { .. }) {
            self.post(Lane::Down(socket), Parcel::Socket(Input::SocketClosed));
        }
    }

    pub fn open_socket(&mut self, tab: Ix) {
        self.drop_socket(tab);
        self.serial += 1;
        let socket = SocketId(self.serial);
        self.tabs[tab].socket = Some(socket);
        self.server.tabs.insert(socket, tab);
        let opened = if self.server.is_up { Input::SocketOpened } else { Input::SocketClosed };
        self.post(Lane::Down(socket), Parcel::Socket(opened));
    }

    /// The tab's end of its socket is gone; the server notices.
    pub fn drop_socket(&mut self, tab: Ix) {
        if let Some(socket) = self.tabs[tab].socket.take() {
            self.lanes.remove(&Lane::Down(socket));
            self.post(Lane::Up(socket), Parcel::HangUp);
        }
    }

    /// Something between the tab and the server cuts their socket; both notice.
    pub fn cut_socket(&mut self, tab: Ix) {
        if let Some(socket) = self.tabs[tab].socket {
            self.lanes.remove(&Lane::Up(socket));
            self.lanes.remove(&Lane::Down(socket));
            self.post(Lane::Up(socket), Parcel::HangUp);
            self.post(Lane::Down(socket), Parcel::Socket(Input::SocketClosed));
        }
    }

    /// The server starts anew and knows nobody.
    pub fn restart_server(&mut self) {
        for tab in 0..self.tabs.len() {
            self.cut_socket(tab);
        }
        self.server.forget();
    }
}
