//! What is said to the server, and what it says: the join, the seats of the others, and its refusals.

use litemap::LiteMap;
use rand_chacha::rand_core::Rng;
use snaproom_protocol::{
    Nonce, PeerId, VERSION,
    server::{FromServer, Refusal, ToServer, Welcome},
    signal::Hello,
};

use crate::{
    MAX_PEERS, Output, Session, Time,
    io::Status,
    peer::{Contact, Greeting, Pair, Peer, Seat},
    random, seal,
};

impl Session {
    pub(crate) fn join(&mut self) {
        // An answer to an earlier join is for a negotiation that its sender has given up since.
        self.join_nonce = Nonce(random(&mut self.rng));
        let hello = Hello { version: VERSION, tab: self.tab, nonce: self.join_nonce, answers: None };
        let nonce = random(&mut self.rng);
        if let Ok(hello) = seal::seal_hello(&self.keys, self.me, &hello, nonce) {
            let (room, token) = (self.keys.room(), self.token);
            self.out.push(Output::Send(ToServer::Join { version: VERSION, room, token, hello }));
        }
    }

    pub(crate) fn on_socket_lost(&mut self, now: Time) {
        self.signaling.lost(now, self.rng.next_u64());
    }

    pub(crate) fn on_server_text(&mut self, text: &str, now: Time) {
        let Ok(message) = serde_json::from_str::<FromServer>(text) else {
            // A newer server may say things that we do not know; the welcome tells whether we can talk.
            return;
        };
        match message {
            FromServer::Welcome(welcome) => self.on_welcome(welcome, now),
            FromServer::Joined { peer, hello } => {
                if let Some(peer) = self.seat(peer, Seat::Taken) {
                    self.on_join_hello(peer, &hello, now);
                }
            }
            FromServer::Relay { from, envelope } => {
                if let Some(peer) = self.seat(from, Seat::Taken) {
                    self.on_envelope(peer, &envelope, now);
                }
            }
            FromServer::Away { peer } => self.on_seat_lost(peer, Seat::Away, now),
            FromServer::Left { peer } => self.on_seat_lost(peer, Seat::Gone, now),
            FromServer::Full { capacity } => self.end(Status::Full { capacity }),
            FromServer::Replaced => self.end(Status::Replaced),
            FromServer::Refused { reason: Refusal::Version } => self.end(Status::Outdated),
            // The next try may find more room or a better connection.
            FromServer::Refused { reason: Refusal::Busy | Refusal::TooSlow | Refusal::Lagging } => {}
            FromServer::Refused { reason: Refusal::Malformed | Refusal::TooLarge } => {
                self.end(Status::Refused);
            }
        }
    }

    fn on_welcome(&mut self, welcome: Welcome, now: Time) {
        if welcome.peer != self.me {
            // Not the server of this protocol, or one that plays tricks.
            return self.end(Status::Refused);
        }
        // A second one would let the server have the join's nonce, and so the pair's keys, used twice.
        if !self.signaling.welcomed() {
            return;
        }
        self.ice_servers = welcome.ice_servers;
        let here: LiteMap<PeerId, bool> = welcome.peers.iter().map(|seat| (seat.peer, seat.away)).collect();
        let unknown: Vec<PeerId> = self.peers.keys().copied().filter(|id| !here.contains_key(id)).collect();
        for id in unknown {
            self.on_seat_lost(id, Seat::Gone, now);
        }
        let nonce = self.join_nonce;
        for (id, away) in here {
            let Some(id) = self.seat(id, if away { Seat::Away } else { Seat::Taken }) else { continue };
            let stays = |peer: &Peer| peer.refused.is_some() || peer.pair().is_some_and(Pair::is_open);
            if away || self.peers.get(&id).is_some_and(stays) {
                continue;
            }
            // Our hello went out with the join, and those who were here first answer it: whatever was under way
            // with them begins anew.
            self.drop_contact(id);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.contact = Contact::Greeting(Greeting { by_join: true, ..Greeting::new(nonce, 0, now) });
            }
        }
    }

    /// Notes what the server says of a peer's seat; none for ourselves and for more peers than we follow.
    fn seat(&mut self, id: PeerId, seat: Seat) -> Option<PeerId> {
        if id == self.me || (self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&id)) {
            return None;
        }
        self.peers.entry(id).or_insert_with(|| Peer::new(id, seat)).seat = seat;
        Some(id)
    }

    /// The server will not have us; the socket goes, connections stay.
    fn end(&mut self, status: Status) {
        self.signaling.end();
        self.refused = Some(status);
        self.out.push(Output::CloseSocket);
    }
}
