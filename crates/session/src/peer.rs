use snaproom_protocol::{DeviceKey, Nonce, PeerId, TabId, signal::Hello};

use crate::{
    Time,
    called::Called,
    calling::PeerCall,
    chatting::PeerChat,
    confirm::Role,
    io::{PeerState, PeerView, RefusedPeer, Signs, Trust},
    pair::Pair,
    time::{earlier, is_due},
    timing::{GREET_AGAIN, GREET_AGAIN_AT_MOST, HOLD_HELLO, KNOWN_PEER_PAUSE, OFFERER_WAITS},
    transfer::{Inbox, Outbox},
    trust::Devices,
};

/// After so many negotiations without a connection the person is told.
const FAILED_AFTER: u32 = 2;

/// Hellos of a peer that are remembered, so that they count once: those of some minutes in trouble.
const MAX_HEARD: usize = 64;

/// Somebody else in the room. Connections come and go; who it is and what is under way between us stays.
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(crate) seat: Seat,
    /// Until when its seat counts, where we or its transfers wait for its return and no server says when to stop.
    pub(crate) seat_until: Option<Time>,
    /// Our hello, while it waits for an answer.
    pub(crate) greeting: Option<Greeting>,
    /// When we say hello next.
    pub(crate) greet_at: Option<Time>,
    /// A hello that came while the connection was fine or another one had just begun, and until when it counts.
    pub(crate) held_hello: Option<(Heard, Time)>,
    /// The nonces of its last hellos.
    heard: Vec<Nonce>,
    pub(crate) pair: Option<Box<Pair>>,
    /// Which life of its page proved itself last: it has what we sent, and it alone goes on with what it sends.
    pub(crate) life: Option<TabId>,
    /// The key that signed its last connection's proof.
    pub(crate) device: Option<DeviceKey>,
    /// The signs that were shown last, and the device that they are for.
    pub(crate) compared: Option<(Signs, DeviceKey)>,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    /// Negotiations without a confirmed connection since the last one.
    pub(crate) failures: u32,
    pub(crate) refused: Option<RefusedPeer>,
    /// No new negotiation before this.
    pub(crate) not_before: Time,
    pub(crate) told: Option<PeerView>,
    pub(crate) called: Called,
    pub(crate) call: PeerCall,
    pub(crate) chat: PeerChat,
}

/// What is known of a peer's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    Taken,
    /// Its seat is kept.
    Away,
    /// Its seat was not kept any longer; it may come back.
    Gone,
    /// It said that it leaves.
    Left,
}

/// A hello of ours.
pub(crate) struct Greeting {
    pub(crate) nonce: Nonce,
    /// None: it went out with our join, for those who need it; we do not wait for an answer.
    pub(crate) again_at: Option<Time>,
    pub(crate) tries: u32,
    /// It went out with our join, so the others were there first and answer it.
    pub(crate) by_join: bool,
}

/// A hello of the peer's.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) hello: Hello,
    /// It came with the peer's join, for everybody.
    pub(crate) by_join: bool,
}

impl Peer {
    pub(crate) fn new(id: PeerId, seat: Seat, inbox: Inbox) -> Self {
        Self {
            id,
            seat,
            seat_until: None,
            greeting: None,
            greet_at: None,
            held_hello: None,
            heard: Vec::new(),
            pair: None,
            life: None,
            device: None,
            compared: None,
            inbox,
            outbox: Outbox::new(id),
            failures: 0,
            refused: None,
            not_before: Time(0),
            told: None,
            called: Called::default(),
            call: PeerCall::default(),
            chat: PeerChat::default(),
        }
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.inbox.is_connected()
    }

    /// The connection, once it is confirmed.
    pub(crate) fn confirmed(&self) -> Option<&Pair> {
        self.pair.as_deref().filter(|_| self.is_confirmed())
    }

    /// The same, to be changed.
    pub(crate) fn confirmed_mut(&mut self) -> Option<&mut Pair> {
        let is_confirmed = self.is_confirmed();
        self.pair.as_deref_mut().filter(|_| is_confirmed)
    }

    /// A confirmed connection over which both can be heard.
    pub(crate) fn is_fine(&self) -> bool {
        self.confirmed().is_some_and(Pair::is_fine)
    }

    /// In the room as far as anybody can tell, or still connected.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self.seat, Seat::Taken | Seat::Away) || self.pair.is_some()
    }

    /// Whether what is sent now may be meant for it: it was here, and may be back.
    pub(crate) fn may_receive(&self) -> bool {
        self.refused.is_none() && self.is_here() && self.life.is_some()
    }

    pub(crate) fn has_transfers(&self) -> bool {
        !self.inbox.is_empty() || !self.outbox.is_empty()
    }

    /// Whether a hello is new. The server may say one again whenever it likes.
    pub(crate) fn hears(&mut self, nonce: Nonce) -> bool {
        if self.heard.contains(&nonce) {
            return false;
        }
        if self.heard.len() == MAX_HEARD {
            self.heard.remove(0);
        }
        self.heard.push(nonce);
        true
    }

    /// Keeps a hello for when it can be answered.
    pub(crate) fn hold(&mut self, heard: Heard, now: Time) {
        self.held_hello = Some((heard, now + HOLD_HELLO));
    }

    /// Nothing is under way any more. Says who greets next, and when.
    pub(crate) fn plan_greeting(&mut self, now: Time, was: Option<Role>) {
        self.greet_at = (self.seat == Seat::Taken && self.refused.is_none()).then(|| {
            let wait = if was == Some(Role::Offerer) { now + OFFERER_WAITS } else { now };
            let failures = self.failures.saturating_sub(1);
            let back_off = match self.life {
                Some(_) => KNOWN_PEER_PAUSE * failures.min(1),
                None => GREET_AGAIN * failures.min(8),
            };
            (wait + back_off).max(self.not_before)
        });
    }

    pub(crate) fn state(&self) -> PeerState {
        match (self.refused, self.confirmed()) {
            (Some(reason), _) => PeerState::Refused(reason),
            (None, Some(pair)) if pair.is_silent() => PeerState::Away,
            (None, Some(_)) => PeerState::Connected,
            #[cfg(feature = "insecure")]
            _ if self.pair.as_deref().is_some_and(Pair::needs_no_proof) => PeerState::Connected,
            _ if self.seat != Seat::Taken => PeerState::Away,
            _ if self.failures >= FAILED_AFTER => PeerState::Failed,
            _ => PeerState::Connecting,
        }
    }

    /// How the person sees it.
    pub(crate) fn view(&self, devices: &Devices) -> PeerView {
        let path = self.pair.as_ref().and_then(|pair| pair.path);
        // Who comes next under this id has yet to prove which device it is.
        let device = self.device.filter(|_| self.is_confirmed());
        let trust = device.map_or(Trust::Unknown, |device| devices.trust(self.id, &device));
        PeerView { peer: self.id, state: self.state(), path, trust }
    }

    pub(crate) fn deadline(&self, in_room: bool) -> Option<Time> {
        let held = self.answers_held_hello().then_some(self.not_before).filter(|_| in_room);
        let held_until = self.held_hello.as_ref().map(|(_, until)| *until);
        let restart = self.restart_at().filter(|_| in_room);
        [
            self.greet_at.filter(|_| in_room),
            self.greet_again_at(),
            held,
            held_until,
            restart,
            self.seat_until,
            self.inbox.deadline(),
            self.pair.as_ref().and_then(|pair| pair.deadline(self.is_confirmed())),
            self.called.deadline().filter(|_| self.is_here()),
        ]
        .into_iter()
        .fold(None, earlier)
    }

    /// Whether a hello that was put off is due as soon as [`Peer::not_before`] allows. While we wait for an answer,
    /// our own hello comes first.
    pub(crate) fn answers_held_hello(&self) -> bool {
        let Some((heard, _)) = &self.held_hello else { return false };
        !self.is_greeting() && self.yields_to(heard)
    }

    /// It is there, and nothing is under way between us, nor planned: a server may have held back what was.
    pub(crate) fn is_forgotten(&self) -> bool {
        let is_idle = self.pair.is_none() && self.greet_at.is_none() && self.held_hello.is_none();
        is_idle && self.seat == Seat::Taken && self.refused.is_none() && !self.is_greeting()
    }

    /// We said hello and wait for the answer.
    pub(crate) fn is_greeting(&self) -> bool {
        self.greet_again_at().is_some()
    }

    /// When our hello, if it waits for an answer, is said again.
    pub(crate) fn greet_again_at(&self) -> Option<Time> {
        self.greeting.as_ref()?.again_at
    }

    /// Whether a hello may begin something new. No server, and nobody who sends old hellos again, disturbs a
    /// connection over which both are heard.
    pub(crate) fn yields_to(&self, heard: &Heard) -> bool {
        match &self.pair {
            None => true,
            Some(pair) if !pair.is_open() => true,
            Some(_) if !self.is_confirmed() => false,
            Some(pair) => pair.is_meant_by(heard) || !pair.is_heard(),
        }
    }

    /// When the connection's ICE restart is due.
    fn restart_at(&self) -> Option<Time> {
        let due = self.confirmed()?.mending.restart_at()?;
        (self.seat == Seat::Taken && !self.is_greeting()).then_some(due.max(self.not_before))
    }

    pub(crate) fn restart_is_due(&self, now: Time) -> bool {
        is_due(self.restart_at(), now)
    }
}

impl Greeting {
    pub(crate) fn new(nonce: Nonce, tries: u32, now: Time) -> Self {
        let wait = (GREET_AGAIN * 2u32.saturating_pow(tries)).min(GREET_AGAIN_AT_MOST);
        Self { nonce, again_at: Some(now + wait), tries, by_join: false }
    }

    /// With a join; `waits` for those with whom a negotiation is to follow.
    pub(crate) fn by_join(nonce: Nonce, waits: bool, now: Time) -> Self {
        let again_at = waits.then_some(now + GREET_AGAIN);
        Self { nonce, again_at, tries: 0, by_join: true }
    }
}
