//! One connection with a peer, from the hellos to its end.

use snaproom_protocol::{Nonce, PeerId, TabId};

use crate::{
    Time,
    compare::Comparing,
    confirm::{End, Role},
    exchange::{Descriptions, Exchange},
    io::{ConnectionId, Path, State},
    mending::Mending,
    peer::Heard,
    pulse::Pulse,
    sdp::Fingerprint,
    time::earlier,
};

pub(crate) struct Pair {
    pub(crate) connection: ConnectionId,
    /// Which life of the peer's page.
    pub(crate) tab: TabId,
    pub(crate) transcript: Transcript,
    /// The present negotiation: the first one, or an ICE restart's.
    pub(crate) exchange: Exchange,
    pub(crate) descriptions: Descriptions,
    /// Confirmed by then, or given up.
    pub(crate) confirm_by: Option<Time>,
    /// The peer's proof, where it came before our channels were open.
    pub(crate) early: Option<String>,
    /// Bytes of a message, once both channels are open.
    pub(crate) max_message: Option<u32>,
    pub(crate) comparing: Comparing,
    pub(crate) path: Option<Path>,
    /// What the browser said last of the path.
    pub(crate) ice: State,
    pub(crate) mending: Mending,
    /// We slept, and nothing was heard since.
    pub(crate) was_excused: bool,
    pub(crate) pulse: Pulse,
    /// Of a room without protection.
    #[cfg(feature = "insecure")]
    pub(crate) is_bare: bool,
}

/// What both sides prove to have seen: of the first negotiation, since neither the ends nor their certificates change
/// as long as the connection lives.
pub(crate) struct Transcript {
    pub(crate) role: Role,
    pub(crate) my_nonce: Nonce,
    pub(crate) their_nonce: Nonce,
    pub(crate) my_fingerprint: Option<Fingerprint>,
    pub(crate) their_fingerprint: Option<Fingerprint>,
}

impl Pair {
    /// Both channels are open: from here on the two need no server, and nothing that it says or forgets ends them.
    pub(crate) fn is_open(&self) -> bool {
        self.max_message.is_some()
    }

    /// Whether the person is told of it before the proofs, which are none.
    #[cfg(feature = "insecure")]
    pub(crate) fn needs_no_proof(&self) -> bool {
        self.is_bare && self.is_open()
    }

    /// Bytes pass, and the other page answers.
    pub(crate) fn is_heard(&self) -> bool {
        self.ice == State::Connected && !self.pulse.is_silent
    }

    /// The same, and nothing is to be mended.
    pub(crate) fn is_fine(&self) -> bool {
        self.is_heard() && !self.mending.is_under_way()
    }

    /// Nothing is heard of the peer just now.
    pub(crate) fn is_silent(&self) -> bool {
        self.pulse.is_silent || self.is_broken()
    }

    /// Something of the peer came. That says more than the browser, which looks after a path every few seconds.
    pub(crate) fn hears(&mut self, now: Time) {
        self.pulse.heard(now);
        self.was_excused = false;
        if self.ice == State::Disconnected {
            self.ice = State::Connected;
            self.mending.is_well_again();
        }
    }

    /// No packets come.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.ice, State::Disconnected | State::Failed)
    }

    /// The name by which both sides know this connection.
    pub(crate) fn name(&self) -> Nonce {
        match self.transcript.role {
            Role::Offerer => self.transcript.my_nonce,
            Role::Answerer => self.transcript.their_nonce,
        }
    }

    /// Whether a hello asks to mend this connection: by its name, or because its speaker, in the same life of its
    /// page, joined anew and we know that it is broken.
    pub(crate) fn is_meant_by(&self, heard: &Heard) -> bool {
        let by_name = heard.hello.keeps == Some(self.name());
        let by_life = heard.by_join && heard.hello.tab == self.tab && !self.is_fine();
        (by_name || by_life) && !self.mending.is_hopeless()
    }

    pub(crate) fn deadline(&self, is_confirmed: bool) -> Option<Time> {
        let pulse = if is_confirmed { self.pulse.deadline() } else { None };
        earlier(earlier(self.confirm_by, self.mending.deadline()), pulse)
    }
}

impl Transcript {
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
