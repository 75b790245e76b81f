//! What is said to the server, and what it says: the join, the seats of the others, and its refusals.

use std::time::Duration;

use chacha20::rand_core::Rng;
use litemap::LiteMap;
use snaproom_protocol::{
    Nonce, PeerId, VERSION,
    server::{FromServer, Ice, Refusal, ToServer, Welcome},
    signal::Hello,
    wire,
};

use crate::{
    MAX_PEERS, News, Output, Session, Time,
    io::Status,
    peer::{Greeting, Peer, Seat},
    random, seal,
    timing::{RENEW_ICE_AGAIN, RENEW_ICE_AT_PERCENT},
    transfer::Inbox,
};

/// Entries of a server's list that are used; browsers warn of five.
const MAX_ICE_SERVERS: usize = 8;

impl Session {
    pub(crate) fn join(&mut self) {
        // An answer to an earlier join is for a negotiation that its sender has given up since.
        self.join_nonce = Nonce(random(&mut self.rng));
        let hello =
            Hello { version: VERSION, tab: self.tab, nonce: self.join_nonce, answers: None, keeps: None };
        let nonce = random(&mut self.rng);
        if let Ok(hello) = seal::seal_hello(&self.keys, self.me, &hello, nonce) {
            let (room, token, turn) = (self.keys.room(), self.token, self.turn);
            self.turn.join = turn.join.saturating_add(1);
            self.out.push(Output::Send(ToServer::Join { version: VERSION, room, token, turn, hello }));
        }
    }

    pub(crate) fn on_socket_lost(&mut self, now: Time) {
        let is_in_need = self.is_in_need();
        self.signaling.lost(now, is_in_need, self.rng.next_u64());
    }

    /// What is due with the server.
    pub(crate) fn on_server_time(&mut self, now: Time) {
        if self.signaling.is_overdue(now) {
            self.out.push(Output::CloseSocket);
            self.on_socket_lost(now);
        }
        if self.signaling.is_due(now) {
            self.out.push(Output::OpenSocket);
        }
        if self.signaling.asks(now) {
            self.out.push(Output::Send(ToServer::Ping));
        }
        if self.signaling.is_in() && self.renew_ice_at.is_some_and(|at| at <= now) {
            self.renew_ice_at = Some(now + RENEW_ICE_AGAIN);
            self.out.push(Output::Send(ToServer::RenewIce));
        }
    }

    pub(crate) fn on_server_text(&mut self, text: &str, now: Time) {
        self.signaling.heard(now);
        let Ok(message) = wire::from_text::<FromServer>(text) else {
            // A newer server may say things that we do not know; the welcome tells whether we can talk.
            return;
        };
        match message {
            FromServer::Welcome(welcome) => self.on_welcome(welcome, now),
            FromServer::Full { capacity } => self.end(Status::Full { capacity }),
            FromServer::Replaced => self.end(Status::Replaced),
            FromServer::Stopping { back_in } => {
                self.signaling.put_off(now, Duration::from_millis(back_in.into()));
                self.out.push(Output::CloseSocket);
            }
            FromServer::Refused { reason: Refusal::Version } => self.end(Status::Outdated),
            FromServer::Refused { reason: Refusal::Malformed | Refusal::TooLarge } => {
                self.end(Status::Refused);
            }
            // It was heard, and that was all; or the next try may find more room or a better connection.
            FromServer::Pong
            | FromServer::Refused {
                reason:
                    Refusal::Busy | Refusal::TooSlow | Refusal::Lagging | Refusal::TooMany | Refusal::TooFast,
            } => {}
            // Of the room it can speak once we are in it.
            _ if !self.signaling.is_in() => {}
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
            FromServer::Left { peer, for_good } => {
                self.on_seat_lost(peer, if for_good { Seat::Left } else { Seat::Gone }, now);
            }
            FromServer::Ice(ice) => self.on_ice(ice, now),
        }
    }

    fn on_welcome(&mut self, welcome: Welcome, now: Time) {
        if welcome.peer != self.me {
            // Not the server of this protocol, or one that plays tricks.
            return self.end(Status::Refused);
        }
        // A second one would let the server have the join's nonce, and so the pair's keys, used twice.
        if !self.signaling.welcomed(now) {
            return;
        }
        self.on_ice(welcome.ice, now);
        // Not collected: that would sort, which is 1 kB of what a first visit loads.
        let mut here: LiteMap<PeerId, bool> = LiteMap::new();
        for seat in welcome.peers {
            here.insert(seat.peer, seat.away);
        }
        let missing = self.peers.values().filter(|peer| peer.is_here() && !here.contains_key(&peer.id));
        let missing: Vec<PeerId> = missing.map(|peer| peer.id).collect();
        for id in missing {
            // The server may have been started anew, and the peer not be back yet: we keep its seat for the lease.
            self.on_seat_lost(id, Seat::Away, now);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.seat_until = Some(now + Duration::from_secs(welcome.lease.into()));
            }
        }
        for (id, away) in here {
            let Some(id) = self.seat(id, if away { Seat::Away } else { Seat::Taken }) else { continue };
            if away {
                self.on_seat_lost(id, Seat::Away, now);
            } else {
                self.on_seated(id, now);
            }
        }
    }

    /// Somebody was here before we joined. Our hello went out with the join, and who was here first answers it.
    fn on_seated(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let is_confirmed = peer.is_confirmed();
        if peer.refused.is_some() || (peer.pair.as_ref().is_some_and(|pair| pair.is_open()) && !is_confirmed)
        {
            return;
        }
        if !is_confirmed {
            // What was under way begins anew.
            self.drop_connection(id);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if let Some(pair) = peer.pair.as_mut() {
            pair.mending.break_off(now);
        }
        peer.greet_at = None;
        peer.greeting = Some(Greeting::by_join(self.join_nonce, !peer.is_fine(), now));
    }

    fn on_ice(&mut self, mut ice: Ice, now: Time) {
        let offers_relay = |url: &String| url.starts_with("turn:") || url.starts_with("turns:");
        // One entry that a browser does not take, and it takes none of them.
        ice.servers.retain(|server| {
            let has_credentials = server.username.is_some() && server.credential.is_some();
            let is_stun = |url: &String| url.starts_with("stun:") || url.starts_with("stuns:");
            server.urls.iter().all(|url| is_stun(url) || (has_credentials && offers_relay(url)))
        });
        ice.servers.truncate(MAX_ICE_SERVERS);
        let relays = ice.servers.iter().any(|server| server.urls.iter().any(offers_relay));
        self.renew_ice_at = ice.expires_in.map(|seconds| {
            let wait = Duration::from_millis(u64::from(seconds) * 10 * RENEW_ICE_AT_PERCENT);
            now + wait.max(RENEW_ICE_AGAIN)
        });
        self.ice.servers = ice.servers;
        if self.relays != Some(relays) {
            self.relays = Some(relays);
            self.out.news(News::Relays(relays));
        }
    }

    /// Notes what the server says of a peer's seat; none for ourselves and for more peers than we follow.
    fn seat(&mut self, id: PeerId, seat: Seat) -> Option<PeerId> {
        if id == self.me {
            return None;
        }
        if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(&id) {
            let absent = self.absent_peer()?;
            self.remove(absent);
        }
        let Self { peers, absent, .. } = self;
        let peer = peers.entry(id).or_insert_with(|| {
            let inbox = absent.remove(&id).unwrap_or_else(|| Inbox::new(id));
            Peer::new(id, seat, inbox)
        });
        peer.seat = seat;
        peer.seat_until = None;
        Some(id)
    }

    /// The server will not have us; the socket goes, connections stay.
    fn end(&mut self, status: Status) {
        self.signaling.end();
        self.refused = Some(status);
        self.out.push(Output::CloseSocket);
    }
}
