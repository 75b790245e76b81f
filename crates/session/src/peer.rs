use std::time::Duration;

use snaproom_protocol::{
    Nonce, PeerId, TabId,
    signal::{Candidate, Hello},
};

use crate::{
    Time,
    confirm::{End, Role},
    incoming::Inbox,
    io::{ConnectionId, Path, PeerState, PeerView, RefusedPeer},
    name,
    outgoing::Outbox,
    sdp::Fingerprint,
    seal::Seal,
    time::earlier,
};

/// A hello that nobody answered is said again after this, and then after twice as long each time up to the second.
const GREET_AGAIN: Duration = Duration::from_secs(3);
const GREET_AGAIN_AT_MOST: Duration = Duration::from_secs(24);

/// From the hellos to a confirmed channel. ICE itself gives up after about 15 s of silence.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// From open channels to the peer's proof.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Who made the offers of a lost connection waits this long for the other to greet before it does so itself:
/// usually the other is the one that reloaded or noticed.
const OFFERER_WAITS: Duration = Duration::from_secs(2);

/// A hello that comes while a connection is fine is kept this long: a crashed tab is noticed after 5 to 7.5 s.
const HOLD_HELLO: Duration = Duration::from_secs(15);

/// New negotiations with one peer are at least this far apart.
pub(crate) const NEGOTIATION_PAUSE: Duration = Duration::from_secs(1);

/// A peer whose socket is gone must answer over its data channel within this, or it is shown as away.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(800);

/// The person is told of a new name of one peer at most this often.
const NAME_PAUSE: Duration = Duration::from_secs(1);

/// After so many negotiations without a connection the person is told.
const FAILED_AFTER: u32 = 3;

/// Candidates kept for a description that is not set yet. A tab gathers about ten.
pub(crate) const MAX_HELD_CANDIDATES: usize = 64;

/// Somebody else in the room.
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(crate) seat: Seat,
    pub(crate) contact: Contact,
    /// A hello that came while the connection was fine, and until when it counts.
    pub(crate) held_hello: Option<(Hello, Time)>,
    /// Negotiations without a confirmed connection since the last one.
    pub(crate) failures: u32,
    /// Whether there ever was a confirmed connection.
    pub(crate) was_connected: bool,
    pub(crate) refused: Option<RefusedPeer>,
    /// No new negotiation before this.
    pub(crate) not_before: Time,
    pub(crate) told: Option<PeerView>,
    pub(crate) called: Called,
}

/// What a peer wants to be called. However many names it sends, the last one counts, once in a [`NAME_PAUSE`].
#[derive(Default)]
pub(crate) struct Called {
    /// None: it has not said yet. Empty: the friendly name.
    name: Option<String>,
    told: Option<String>,
    not_before: Time,
}

/// What the server says of a peer's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    Taken,
    Away,
    /// Left, or never heard of again; the data channel may still live.
    Gone,
}

/// How far we are with a peer.
pub(crate) enum Contact {
    /// Nothing under way; say hello then, if a time is set.
    None { greet_at: Option<Time> },
    /// We said hello and wait for the answer.
    Greeting(Greeting),
    /// Both hellos are known.
    Paired(Box<Pair>),
}

pub(crate) struct Greeting {
    pub(crate) nonce: Nonce,
    pub(crate) again_at: Time,
    pub(crate) tries: u32,
    /// The hello went out with our join, so the others were there first and answer it.
    pub(crate) by_join: bool,
}

/// One negotiation and the connection that comes of it.
pub(crate) struct Pair {
    pub(crate) connection: ConnectionId,
    pub(crate) role: Role,
    /// Which life of the peer's page.
    pub(crate) tab: TabId,
    pub(crate) seal: Seal,
    pub(crate) my_nonce: Nonce,
    pub(crate) their_nonce: Nonce,
    pub(crate) my_fingerprint: Option<Fingerprint>,
    pub(crate) their_fingerprint: Option<Fingerprint>,
    pub(crate) remote_set: bool,
    /// Candidates that came before their description was set.
    pub(crate) held: Vec<Candidate>,
    /// How many candidates came in all.
    pub(crate) candidates: usize,
    /// Confirmed by then, or given up.
    pub(crate) deadline: Option<Time>,
    /// The peer's proof, where it came before our channels were open.
    pub(crate) early: Option<String>,
    pub(crate) channel: Option<Channel>,
    pub(crate) path: Option<Path>,
    /// Nothing was heard for some seconds.
    pub(crate) silent: bool,
    /// An answer over the data channel is due then.
    pub(crate) answer_by: Option<Time>,
}

/// The two data channels, open.
pub(crate) struct Channel {
    pub(crate) outbox: Outbox,
    /// Since the peer's proof was checked: from then on its messages count.
    pub(crate) inbox: Option<Inbox>,
}

impl Peer {
    pub(crate) fn new(id: PeerId, seat: Seat) -> Self {
        Self {
            id,
            seat,
            contact: Contact::None { greet_at: None },
            held_hello: None,
            failures: 0,
            was_connected: false,
            refused: None,
            not_before: Time(0),
            told: None,
            called: Called::default(),
        }
    }

    pub(crate) fn pair(&self) -> Option<&Pair> {
        match &self.contact {
            Contact::Paired(pair) => Some(pair),
            _ => None,
        }
    }

    pub(crate) fn pair_mut(&mut self) -> Option<&mut Pair> {
        match &mut self.contact {
            Contact::Paired(pair) => Some(pair),
            _ => None,
        }
    }

    pub(crate) fn inbox_mut(&mut self) -> Option<&mut Inbox> {
        self.pair_mut()?.channel.as_mut()?.inbox.as_mut()
    }

    /// The outbox of a confirmed connection.
    pub(crate) fn outbox_mut(&mut self) -> Option<&mut Outbox> {
        self.pair_mut()?
            .channel
            .as_mut()
            .filter(|channel| channel.inbox.is_some())
            .map(|channel| &mut channel.outbox)
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.pair().is_some_and(Pair::is_confirmed)
    }

    /// Keeps a hello for when the present connection turns out to be dead.
    pub(crate) fn hold(&mut self, hello: Hello, now: Time) {
        self.held_hello = Some((hello, now + HOLD_HELLO));
    }

    /// Nothing is under way any more. Says who greets next, and when.
    pub(crate) fn plan_greeting(&mut self, now: Time, was: Option<Role>) {
        let greet_at = match (self.seat, self.refused) {
            (Seat::Taken, None) => {
                let wait = if was == Some(Role::Offerer) { OFFERER_WAITS } else { Duration::ZERO };
                let back_off = GREET_AGAIN * self.failures.saturating_sub(1).min(8);
                Some((now + wait + back_off).max(self.not_before))
            }
            _ => None,
        };
        self.contact = Contact::None { greet_at };
    }

    pub(crate) fn state(&self) -> PeerState {
        if let Some(reason) = self.refused {
            return PeerState::Refused(reason);
        }
        match self.pair() {
            Some(pair) if pair.is_confirmed() => {
                if pair.silent {
                    PeerState::Away
                } else {
                    PeerState::Connected
                }
            }
            _ if self.seat != Seat::Taken => PeerState::Away,
            _ if self.failures >= FAILED_AFTER => PeerState::Failed,
            _ => PeerState::Connecting,
        }
    }

    pub(crate) fn view(&self) -> PeerView {
        PeerView { peer: self.id, state: self.state(), path: self.pair().and_then(|pair| pair.path) }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let contact = match &self.contact {
            Contact::None { greet_at } => *greet_at,
            Contact::Greeting(greeting) => Some(greeting.again_at),
            Contact::Paired(pair) => {
                let stalled = pair.channel.as_ref().and_then(|channel| channel.inbox.as_ref()?.deadline());
                earlier(earlier(pair.deadline, pair.answer_by), stalled)
            }
        };
        let held = self.answers_held_hello().then_some(self.not_before);
        earlier(earlier(contact, held), self.called.deadline())
    }

    /// Whether a hello that was put off is due as soon as [`Peer::not_before`] allows. While we greet, our own
    /// hello comes first.
    pub(crate) fn answers_held_hello(&self) -> bool {
        match (&self.contact, &self.held_hello) {
            (_, None) | (Contact::Greeting(_), _) => false,
            (Contact::None { .. }, Some(_)) => true,
            (Contact::Paired(pair), Some((hello, _))) => pair.yields_to(hello),
        }
    }
}

impl Called {
    /// A name that may not be shown is as good as none: the one before is not the peer's any more.
    pub(crate) fn says(&mut self, name: String) {
        self.name = Some(if name::is_display_name(&name) { name } else { String::new() });
    }

    /// What the person is to be told now, if anything.
    pub(crate) fn news(&mut self, now: Time) -> Option<String> {
        if self.deadline()? > now {
            return None;
        }
        self.told.clone_from(&self.name);
        self.not_before = now + NAME_PAUSE;
        self.told.clone()
    }

    fn deadline(&self) -> Option<Time> {
        (self.name != self.told).then_some(self.not_before)
    }
}

impl Greeting {
    pub(crate) fn new(nonce: Nonce, tries: u32, now: Time) -> Self {
        let wait = (GREET_AGAIN * 2u32.saturating_pow(tries)).min(GREET_AGAIN_AT_MOST);
        Self { nonce, again_at: now + wait, tries, by_join: false }
    }
}

impl Pair {
    /// Whether a hello begins something new. While the channels are open only the hello of another life of the
    /// page does, and only when this one has gone silent: a crashed tab that was opened again. No server can make
    /// a living connection silent.
    pub(crate) fn yields_to(&self, hello: &Hello) -> bool {
        !self.is_open() || (self.silent && self.tab != hello.tab)
    }

    /// Both channels are open: from here on the two need no server, and nothing that it says or forgets ends them.
    pub(crate) fn is_open(&self) -> bool {
        self.channel.is_some()
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.inbox.is_some())
    }

    /// Offerer and answerer as both sides see them, once both descriptions are known.
    pub(crate) fn ends(&self, me: PeerId, peer: PeerId) -> Option<(End, End)> {
        let mine = End { peer: me, nonce: self.my_nonce, fingerprint: self.my_fingerprint? };
        let theirs = End { peer, nonce: self.their_nonce, fingerprint: self.their_fingerprint? };
        Some(match self.role {
            Role::Offerer => (mine, theirs),
            Role::Answerer => (theirs, mine),
        })
    }
}
