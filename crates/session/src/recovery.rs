//! What time and bad networks do to peers: broken paths are mended, silence is noticed, absence is waited out.

use snaproom_protocol::{PeerId, control::Control};

use crate::{
    Session, Time,
    io::RefusedPeer,
    peer::{Peer, Seat},
    time::is_due,
    timing::{ANSWER_TIMEOUT, BUSY_ANSWER_TIMEOUT, CONFIRM_TIMEOUT, GREET_AGAIN},
};

impl Session {
    /// The device has another network: every path may be broken, or a better one be there.
    pub(crate) fn on_network_changed(&mut self, now: Time) {
        self.signaling.probe(now);
        for (_, peer) in &mut self.peers {
            if let Some(pair) = peer.confirmed_mut() {
                pair.mending.look_anew(now);
            }
        }
    }

    /// The clock jumped: this page slept, and nobody else is to blame for the silence.
    pub(crate) fn on_slept(&mut self, now: Time) {
        self.signaling.probe(now);
        for (_, peer) in &mut self.peers {
            // Once until something is heard: a page whose timers come once a minute would wait for ever.
            if let Some(pair) = peer.pair.as_mut().filter(|pair| !pair.was_excused) {
                pair.was_excused = true;
                pair.pulse.we_slept(now);
                pair.confirm_by = pair.confirm_by.map(|by| by.max(now + CONFIRM_TIMEOUT));
                peer.inbox.wait_on(now);
            }
        }
    }

    /// Asks a peer whether it is still there, and wants to know soon.
    pub(crate) fn doubt(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let patience = if peer.has_transfers() { BUSY_ANSWER_TIMEOUT } else { ANSWER_TIMEOUT };
        if let Some(pair) = peer.confirmed_mut().filter(|pair| !pair.pulse.is_silent) {
            pair.pulse.doubt(now + patience, now);
            self.out.control(pair.connection, &Control::Ping);
        }
    }

    pub(crate) fn on_peer_time(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if is_due(peer.held_hello.as_ref().map(|(_, until)| *until), now) {
            peer.held_hello = None;
        }
        if is_due(peer.inbox.deadline(), now) {
            if peer.pair.as_ref().is_some_and(|pair| pair.is_heard()) {
                self.on_connection_lost(id, Some(RefusedPeer::Protocol), now);
            } else {
                // The offer may be on its way, and the way is broken.
                peer.inbox.wait_on(now);
            }
        }
        // Several things may be due at once, as after a sleep: whatever is left over would be due at once again.
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if is_due(peer.pair.as_ref().and_then(|pair| pair.confirm_by), now) {
            self.on_connection_lost(id, None, now);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if is_due(peer.seat_until, now) {
            peer.seat_until = None;
            match peer.seat {
                Seat::Away => self.on_seat_lost(id, Seat::Gone, now),
                _ if peer.pair.is_none() => self.remove(id),
                _ => {}
            }
        }
        self.feel_pulse(id, now);
        if self.signaling.is_in() {
            self.negotiate(id, now);
        } else {
            self.stop_waiting(id, now);
        }
    }

    fn feel_pulse(&mut self, id: PeerId, now: Time) {
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::confirmed_mut) else { return };
        let is_heard = pair.is_heard();
        pair.mending.tick(now, is_heard);
        pair.pulse.tick(now);
        if pair.pulse.asks(now) {
            self.out.control(pair.connection, &Control::Ping);
        }
    }

    /// Says and answers the hellos that are due.
    fn negotiate(&mut self, id: PeerId, now: Time) {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.answers_held_hello() && now >= peer.not_before {
            return self.answer_held_hello(id, now);
        }
        if is_due(peer.greet_again_at(), now) {
            let tries = peer.greeting.take().map_or(0, |greeting| greeting.tries + 1);
            if !peer.is_confirmed() {
                peer.failures = peer.failures.saturating_add(1);
            }
            // The path may have come back by itself meanwhile; then there is nothing more to ask for.
            let is_fine = peer.is_fine();
            // Late as it is, the lower id answers and the other asks again: if both answered, both would offer.
            if peer.answers_held_hello() && (is_fine || me < id) {
                self.answer_held_hello(id, now);
            } else if peer.seat == Seat::Taken && !is_fine {
                self.greet(id, tries, now);
            }
        } else if is_due(peer.greet_at, now) || peer.restart_is_due(now) {
            self.greet(id, 0, now);
        } else if peer.is_forgotten() {
            peer.greet_at = Some((now + GREET_AGAIN).max(peer.not_before));
        }
    }

    fn answer_held_hello(&mut self, id: PeerId, now: Time) {
        let held = self.peers.get_mut(&id).and_then(|peer| peer.held_hello.take());
        if let Some((heard, _)) = held {
            self.answer(id, &heard, now);
        }
    }

    /// Without a server there is nobody to carry a hello; the next welcome starts over.
    fn stop_waiting(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if is_due(peer.greet_again_at(), now) {
            peer.greeting = None;
        }
    }

    /// Whether somebody in the room can be reached through the server alone.
    pub(crate) fn is_in_need(&self) -> bool {
        self.peers.values().any(|peer| peer.is_here() && !peer.is_fine())
    }
}
