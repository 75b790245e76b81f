//! Who sits in which room, and who hears of it. Pure: time is an argument, every effect is a value.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    mem,
    num::NonZeroU16,
    time::{Duration, Instant},
};

use snaproom_protocol::{
    Envelope, PeerId, RoomId,
    server::{FromServer, Seat, Turn, Welcomed},
};

/// The table of all rooms. A room is there as long as somebody sits in it or has a seat kept.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    by_id: HashMap<RoomId, Room>,
    /// Where each live socket sits.
    places: HashMap<SocketId, Place>,
    /// The end of each away seat's lease, the earliest first.
    leases: BTreeSet<(Instant, Place)>,
    next_socket: u64,
}

/// What a table may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Seats in a room.
    pub capacity: NonZeroU16,
    /// Rooms in the table.
    pub rooms: usize,
    /// How long the seat of a lost socket is kept.
    pub lease: Duration,
}

/// A socket with a seat. Each join makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u64);

/// A seat was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Admission {
    /// The newcomer's socket from now on.
    pub socket: SocketId,
    /// Whether the join made the room.
    pub how: Welcomed,
    /// The others, in the order of their arrival.
    pub peers: Vec<Seat>,
    /// What the others are to hear.
    pub effects: Vec<Effect>,
}

/// No seat was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSeat {
    /// Every seat of the room is taken by somebody who is there.
    Full,
    /// The room would be new, and the table is full.
    Busy,
    /// The peer has a seat, which it took by a later join.
    Overtaken,
}

/// What is to be done to sockets, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send `message` to each of `to`.
    Send {
        /// Never empty.
        to: Vec<SocketId>,
        /// The same for all.
        message: FromServer,
    },
    /// Send `message` to `socket` and close it.
    Close {
        /// It has no seat any more.
        socket: SocketId,
        /// Its last words.
        message: FromServer,
    },
}

impl Rooms {
    /// An empty table.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_id: HashMap::new(),
            places: HashMap::new(),
            leases: BTreeSet::new(),
            next_socket: 0,
        }
    }

    /// `peer` takes a seat in `room`: its own if it has one, else a free one, else that of the peer who has been
    /// away longest. Whoever is there hears `hello`.
    ///
    /// Each join comes over a socket of its own: an earlier one that comes after a later one takes nothing.
    pub fn join(
        &mut self,
        room: RoomId,
        peer: PeerId,
        turn: Turn,
        hello: Envelope,
    ) -> Result<Admission, NoSeat> {
        let place = Place { room, peer };
        let room_count = self.by_id.len();
        let (room, how) = match self.by_id.entry(room) {
            Entry::Occupied(room) => (room.into_mut(), Welcomed::Joined),
            Entry::Vacant(_) if room_count >= self.limits.rooms => return Err(NoSeat::Busy),
            Entry::Vacant(room) => (room.insert(Room::default()), Welcomed::Created),
        };
        let socket = SocketId(self.next_socket);
        let mut effects = Vec::new();

        if let Some(own) = room.members.iter_mut().find(|member| member.peer == peer) {
            if turn < own.turn {
                return Err(NoSeat::Overtaken);
            }
            own.turn = turn;
            match mem::replace(&mut own.presence, Presence::Here(socket)) {
                Presence::Here(old) => {
                    self.places.remove(&old);
                    effects.push(Effect::Close { socket: old, message: FromServer::Replaced });
                }
                Presence::Away { until } => {
                    self.leases.remove(&(until, place));
                }
            }
        } else {
            if room.members.len() >= usize::from(self.limits.capacity.get()) {
                let (until, evicted) = room.longest_away().ok_or(NoSeat::Full)?;
                self.leases.remove(&(until, Place { peer: evicted, ..place }));
                room.members.retain(|member| member.peer != evicted);
                effects.extend(room.tell(None, FromServer::Left { peer: evicted, for_good: false }));
            }
            room.members.push(Member { peer, turn, presence: Presence::Here(socket) });
        }

        effects.extend(room.tell(Some(peer), FromServer::Joined { peer, hello }));
        let peers = room.others(peer);
        self.next_socket += 1;
        self.places.insert(socket, place);
        Ok(Admission { socket, how, peers, effects })
    }

    /// Hands `envelope` to `to`, if it is in the sender's room; otherwise nobody hears of it.
    #[must_use]
    pub fn relay(&self, from: SocketId, to: PeerId, envelope: Envelope) -> Option<Effect> {
        let place = self.places.get(&from)?;
        let receiver = self.by_id.get(&place.room)?.members.iter().find(|member| member.peer == to)?;
        let Presence::Here(socket) = receiver.presence else { return None };
        let message = FromServer::Relay { from: place.peer, envelope };
        Some(Effect::Send { to: vec![socket], message })
    }

    /// The person behind `socket` leaves for good. Nothing happens if the socket has no seat.
    pub fn leave(&mut self, socket: SocketId) -> Option<Effect> {
        let place = self.places.remove(&socket)?;
        self.free(place, true)
    }

    /// `socket` broke: its seat is kept for the lease. Nothing happens if the socket has no seat.
    pub fn lost(&mut self, socket: SocketId, now: Instant) -> Option<Effect> {
        let place = self.places.remove(&socket)?;
        let room = self.by_id.get_mut(&place.room)?;
        let member = room.members.iter_mut().find(|member| member.peer == place.peer)?;
        let until = now + self.limits.lease;
        member.presence = Presence::Away { until };
        self.leases.insert((until, place));
        room.tell(None, FromServer::Away { peer: place.peer })
    }

    /// When [`Rooms::expire`] next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.leases.first().map(|(until, _)| *until)
    }

    /// Frees the seats whose lease has ended.
    pub fn expire(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(&lease) = self.leases.first()
            && lease.0 <= now
        {
            self.leases.remove(&lease);
            effects.extend(self.free(lease.1, false));
        }
        effects
    }

    /// How many rooms there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_id.len()
    }

    /// Nobody sits anywhere and no seat is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.places.is_empty() && self.leases.is_empty()
    }

    fn free(&mut self, place: Place, for_good: bool) -> Option<Effect> {
        let room = self.by_id.get_mut(&place.room)?;
        room.members.retain(|member| member.peer != place.peer);
        let effect = room.tell(None, FromServer::Left { peer: place.peer, for_good });
        if room.members.is_empty() {
            self.by_id.remove(&place.room);
        }
        effect
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    room: RoomId,
    peer: PeerId,
}

#[derive(Debug, Default)]
struct Room {
    /// In the order of their arrival; never more than the capacity.
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    peer: PeerId,
    turn: Turn,
    presence: Presence,
}

#[derive(Debug, Clone, Copy)]
enum Presence {
    Here(SocketId),
    Away { until: Instant },
}

impl Room {
    /// `message` for everybody who is here, except for `except`.
    fn tell(&self, except: Option<PeerId>, message: FromServer) -> Option<Effect> {
        let listeners = self.members.iter().filter(|member| Some(member.peer) != except);
        let to: Vec<_> = listeners
            .filter_map(|member| match member.presence {
                Presence::Here(socket) => Some(socket),
                Presence::Away { .. } => None,
            })
            .collect();
        (!to.is_empty()).then_some(Effect::Send { to, message })
    }

    fn others(&self, peer: PeerId) -> Vec<Seat> {
        let others = self.members.iter().filter(|member| member.peer != peer);
        others
            .map(|member| Seat { peer: member.peer, away: matches!(member.presence, Presence::Away { .. }) })
            .collect()
    }

    /// All leases are equally long, so the one that ends first began first.
    fn longest_away(&self) -> Option<(Instant, PeerId)> {
        let away = self.members.iter().filter_map(|member| match member.presence {
            Presence::Away { until } => Some((until, member.peer)),
            Presence::Here(_) => None,
        });
        away.min_by_key(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests;
