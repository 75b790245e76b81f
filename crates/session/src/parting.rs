//! How connections and peers end, and which of them is waited for.

use snaproom_protocol::PeerId;

use crate::{
    Session, Time,
    confirm::Role,
    io::{News, Output, RefusedPeer},
    peer::{Peer, Seat},
    timing::{KEEP_TRANSFERS, NEGOTIATION_PAUSE},
    transfer::MAX_UNFINISHED_BYTES,
};

impl Session {
    /// The server says that a peer's socket is gone. That alone never ends a connection that lives.
    pub(crate) fn on_seat_lost(&mut self, id: PeerId, seat: Seat, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.seat = seat;
        peer.seat_until = None;
        peer.held_hello = None;
        peer.greeting = None;
        peer.greet_at = None;
        let is_over = matches!(seat, Seat::Gone | Seat::Left);
        match &peer.pair {
            Some(pair) if pair.is_open() && is_over && pair.is_broken() => {
                return self.on_connection_lost(id, None, now);
            }
            // Without the peer's proof its time runs out anyway.
            Some(pair) if pair.is_open() => return self.doubt(id, now),
            _ => {}
        }
        self.drop_connection(id);
        self.on_parted(id, None, now);
    }

    /// The one way in which a connection, or the try to make one, ends. `refused` says that the peer may not
    /// come again as it is.
    pub(crate) fn on_connection_lost(&mut self, id: PeerId, refused: Option<RefusedPeer>, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let was = peer.pair.as_ref().map(|pair| pair.transcript.role);
        if !peer.is_confirmed() {
            peer.failures = peer.failures.saturating_add(1);
        }
        peer.refused = refused;
        peer.greeting = None;
        peer.not_before = now + NEGOTIATION_PAUSE;
        self.drop_connection(id);
        if refused.is_some() {
            self.end_transfers(id);
            self.leave_call(id);
        }
        self.on_parted(id, was, now);
    }

    /// Ends the connection with a peer. Transfers wait for the next one.
    pub(crate) fn drop_connection(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(pair) = peer.pair.take() else { return };
        self.connections.remove(&pair.connection);
        self.out.push(Output::Close(pair.connection));
        peer.outbox.disconnect(&mut self.out);
        peer.inbox.disconnect(&mut self.out);
        peer.call.disconnect();
        peer.chat.disconnect();
        self.end_comparison(id, pair.comparing);
    }

    /// There is no connection with a peer: whether it is waited for, and for how long.
    pub(crate) fn on_parted(&mut self, id: PeerId, was: Option<Role>, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        match peer.seat {
            Seat::Taken => peer.plan_greeting(now, was),
            Seat::Away => {}
            Seat::Gone if peer.has_transfers() => {
                peer.seat_until.get_or_insert(now + KEEP_TRANSFERS);
                self.hide(id);
            }
            Seat::Gone | Seat::Left => self.remove(id),
        }
    }

    /// For the person it is gone; what is under way waits for its return.
    fn hide(&mut self, id: PeerId) {
        let absent = self.peers.values().filter(|peer| peer.pair.is_none() && peer.seat == Seat::Gone);
        let is_too_much = absent.map(|peer| peer.inbox.begun()).sum::<u64>() > MAX_UNFINISHED_BYTES;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if is_too_much {
            peer.inbox.forget(&mut self.ended_items, &mut self.out);
        }
        peer.called.forget();
        peer.call.forget();
        peer.chat.forget();
        if peer.told.take().is_some() {
            self.out.news(News::PeerGone(id));
        }
    }

    /// It is not waited for.
    pub(crate) fn remove(&mut self, id: PeerId) {
        self.end_transfers(id);
        self.leave_call(id);
        if let Some(peer) = self.peers.remove(&id)
            && peer.told.is_some()
        {
            self.out.news(News::PeerGone(id));
        }
    }

    fn end_transfers(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.inbox.forget(&mut self.ended_items, &mut self.out);
        peer.outbox.abandon(&mut self.out);
        self.clear_shelf();
    }

    /// A peer that makes way for a new one: nobody waits for it.
    pub(crate) fn absent_peer(&self) -> Option<PeerId> {
        self.peers.values().find(|peer: &&Peer| !peer.is_here() && !peer.has_transfers()).map(|peer| peer.id)
    }
}
