//! The room's one call: who takes part, who is asked to, and to whom media goes.
//!
//! Nothing is negotiated for it, since the first offer made a place for sound, camera and screen: whoever takes part
//! says so to everybody, and the others send to whoever said so. A connection that comes anew hears it again, so that a
//! lost path, or a server that was started anew, ends no call.

use snaproom_protocol::{
    PeerId,
    control::{Control, InCall, MAX_CALL, Sends},
};

use crate::{
    News, Output, Session, Time,
    io::{CallEnd, CallView},
    peer::{Peer, Seat},
    time::{earlier, is_due},
    timing::{ASK_AGAIN, RING},
};

/// Our part in the call.
#[derive(Default)]
pub(crate) struct Call {
    mine: Option<Mine>,
    /// Since when we are asked, and nobody answered.
    asked_since: Option<Time>,
    /// When somebody asks who may not before.
    asked_at: Option<Time>,
    /// We answered, or did not for too long: until nobody is in the call, and until then at least, nobody asks.
    quiet_until: Option<Time>,
    told: CallView,
}

/// We take part.
struct Mine {
    in_call: InCall,
    /// Nobody else takes part since then.
    alone_since: Option<Time>,
    /// Somebody else took part meanwhile.
    had_company: bool,
}

impl Call {
    /// The others may go on, and need not ask whoever was there already.
    fn was_left(&mut self) {
        self.quiet_until = Some(Time(0));
    }
}

impl Session {
    /// The person calls, joins, or sends something else than before.
    pub(crate) fn call(&mut self, sends: Sends, now: Time) {
        if let Some(mine) = &mut self.call.mine {
            if mine.in_call.sends != sends {
                mine.in_call.sends = sends;
                self.say_our_part();
            }
            return;
        }
        let turns = self.ranked();
        if turns.len() >= MAX_CALL {
            return self.out.news(News::CallEnded(CallEnd::Full));
        }
        let turn = turns.last().map_or(0, |(turn, _)| turn.saturating_add(1));
        let alone_since = turns.is_empty().then_some(now);
        self.call.mine = Some(Mine { in_call: InCall { turn, sends }, alone_since, had_company: false });
        self.call.asked_since = None;
        for (_, peer) in &mut self.peers {
            peer.call.is_answered();
        }
        self.say_our_part();
    }

    /// The person leaves the call; the room stays.
    pub(crate) fn hang_up(&mut self) {
        if self.call.mine.take().is_some() {
            self.call.was_left();
            self.say_our_part();
        }
    }

    /// The person was asked, and does not want to.
    pub(crate) fn decline_call(&mut self, now: Time) {
        if self.call.mine.is_some() {
            return;
        }
        self.call.asked_since = None;
        self.call.quiet_until = Some(now + ASK_AGAIN);
        for (_, peer) in self.peers.iter().filter(|(_, peer)| peer.call.in_call.is_some()) {
            if let Some(pair) = peer.confirmed() {
                self.out.control(pair.connection, &Control::Decline);
            }
        }
    }

    /// A peer takes part, or sends something else than before.
    pub(crate) fn on_call(&mut self, id: PeerId, in_call: InCall) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.call.says(in_call);
        }
    }

    pub(crate) fn on_hang_up(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.call.quits() {
            self.end_if_alone();
        }
    }

    pub(crate) fn on_decline(&mut self, id: PeerId) {
        let Some(mine) = &self.call.mine else { return };
        let is_alone = mine.alone_since.is_some();
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.call.declined = peer.call.in_call.is_none();
        }
        let mut connected = self.peers.values().filter(|peer| peer.is_confirmed());
        if is_alone && connected.all(|peer| peer.call.declined) {
            self.end_call(CallEnd::Declined);
        }
    }

    /// For a new connection: what was said over the one before it may have been lost. Also that we take no part, since
    /// the peer may have missed how we left, and we who it is.
    pub(crate) fn our_part(&self) -> Control {
        self.call.mine.as_ref().map_or(Control::HangUp, |mine| Control::Call(mine.in_call))
    }

    fn say_our_part(&mut self) {
        let message = self.our_part();
        for pair in self.peers.values().filter_map(Peer::confirmed) {
            self.out.control(pair.connection, &message);
        }
    }

    /// A peer is not waited for any more. Where its person left the room this is as good as hanging up.
    pub(crate) fn leave_call(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let wanted = peer.seat == Seat::Left;
        if peer.call.quits() && wanted {
            self.end_if_alone();
        }
    }

    /// Whoever hung up last ends it for the one who is left.
    fn end_if_alone(&mut self) {
        if self.call.mine.is_some() && self.ranked().is_empty() {
            self.end_call(CallEnd::Over);
        }
    }

    fn end_call(&mut self, end: CallEnd) {
        if self.call.mine.take().is_some() {
            self.call.was_left();
            self.say_our_part();
            self.out.news(News::CallEnded(end));
        }
    }

    /// The others who take part, in the order of their turns.
    fn ranked(&self) -> Vec<(u32, PeerId)> {
        let mut ranked: Vec<(u32, PeerId)> = Vec::new();
        for peer in self.peers.values() {
            if let Some(in_call) = peer.call.in_call {
                let rank = (in_call.turn, peer.id);
                let place = ranked.partition_point(|other| *other < rank);
                ranked.insert(place, rank);
            }
        }
        ranked
    }

    /// What follows from all that: who has to go, who is asked, where media goes, and what the person is told.
    pub(crate) fn see_to_call(&mut self, now: Time) {
        for (_, peer) in &mut self.peers {
            peer.call.catch_up(now);
        }
        let ranked = self.ranked();
        let me = self.me;
        if let Some(mine) = &mut self.call.mine {
            let before = ranked.iter().filter(|other| **other < (mine.in_call.turn, me)).count();
            mine.had_company |= !ranked.is_empty();
            mine.alone_since = if ranked.is_empty() { Some(mine.alone_since.unwrap_or(now)) } else { None };
            if before >= MAX_CALL {
                self.end_call(CallEnd::Full);
            } else if is_due(mine.alone_since.map(|since| since + RING), now) {
                let end = if mine.had_company { CallEnd::Over } else { CallEnd::NobodyAnswered };
                self.end_call(end);
            }
        }
        self.see_who_asks(ranked.len(), now);
        self.let_media_flow(&ranked, now);
        self.see_to_stills(now);
        self.tell_of_call(&ranked);
    }

    /// What is heard and seen of us, while we take part.
    pub(crate) fn own_sends(&self) -> Option<Sends> {
        self.call.mine.as_ref().map(|mine| mine.in_call.sends)
    }

    /// With everybody else, as the session stops.
    pub(crate) fn stop_call(&mut self) {
        self.call.mine = None;
    }

    /// Nobody asks to join what is full.
    fn see_who_asks(&mut self, others: usize, now: Time) {
        let Self { call, peers, .. } = self;
        if others == 0 && call.quiet_until.is_some_and(|until| until <= now) {
            call.quiet_until = None;
        }
        let may_ask = call.mine.is_none() && call.quiet_until.is_none() && (1..MAX_CALL).contains(&others);
        let asking = peers.values().filter(|peer| may_ask && peer.call.in_call.is_some());
        call.asked_at = asking.map(|peer| peer.call.rings_after).min();
        if call.asked_since.is_some() || is_due(call.asked_at, now) {
            call.asked_since = call.asked_at.map(|_| call.asked_since.unwrap_or(now));
            call.asked_at = None;
        }
        if is_due(call.asked_since.map(|since| since + RING), now) {
            // Whoever comes back to the page still sees that there is a call.
            call.asked_since = None;
            call.quiet_until = Some(Time(0));
        }
        for (_, peer) in peers {
            match call.asked_since {
                Some(_) => peer.call.rings(),
                None => peer.call.rang_in_vain(now),
            }
        }
    }

    /// Media goes to those who take part as we do, and to nobody else; never to more than the call holds.
    fn let_media_flow(&mut self, ranked: &[(u32, PeerId)], now: Time) {
        let takes_part = self.call.mine.is_some();
        for (id, peer) in &mut self.peers {
            // Whoever is in the call has one path to all of the others.
            peer.outbox.yields(takes_part || peer.call.in_call.is_some(), now);
            let rank = ranked.iter().position(|(_, ranked)| ranked == id);
            let flows = takes_part && peer.is_confirmed() && rank.is_some_and(|rank| rank < MAX_CALL - 1);
            let Some(pair) = peer.pair.as_ref().filter(|_| flows != peer.call.flows) else { continue };
            peer.call.flows = flows;
            let media = if flows { Output::StartMedia } else { Output::StopMedia };
            self.out.push(media(pair.connection, *id));
        }
    }

    fn tell_of_call(&mut self, ranked: &[(u32, PeerId)]) {
        let others = ranked.iter().filter_map(|(_, id)| self.peers.get(id)?.call.view(*id));
        let declined = self.peers.values().filter(|peer| peer.call.declined).map(|peer| peer.id);
        let view = CallView {
            sends: self.own_sends(),
            others: others.collect(),
            is_asked: self.call.asked_since.is_some(),
            declined: declined.filter(|_| self.call.mine.is_some()).collect(),
            want_still: self.want_still(),
        };
        if self.call.told != view {
            self.call.told = view.clone();
            self.out.news(News::Call(view));
        }
    }

    pub(crate) fn call_deadline(&self) -> Option<Time> {
        let Call { mine, asked_since, asked_at, quiet_until, .. } = &self.call;
        let alone = mine.as_ref().and_then(|mine| mine.alone_since).map(|since| since + RING);
        // Somebody else's call lasts as long as it wants.
        let quiet = quiet_until.filter(|_| !self.peers.values().any(|peer| peer.call.in_call.is_some()));
        let asked = asked_since.map(|since| since + RING);
        let says = self.peers.values().filter_map(|peer| peer.call.deadline()).min();
        [asked, *asked_at, quiet, says, self.still_deadline()].into_iter().fold(alone, earlier)
    }
}
