//! One offer and one answer, with their candidates: the first ones of a connection, or those of an ICE restart.
//!
//! Who offers is decided before, by the hellos, so that no two offers of one exchange cross. An exchange that a later
//! one replaces may have left an offer of ours in the browser: the other's takes its place, as the polite peer of
//! perfect negotiation lets it (W3C WebRTC, section 10.7), and what still comes of the earlier one is of another ICE
//! generation, sealed with other keys, and counts for nothing.

use snaproom_protocol::{
    PeerId,
    server::ToServer,
    signal::{Candidate, MAX_CANDIDATE_BYTES, Signal},
};

use crate::{
    Session,
    confirm::Role,
    io::{ConnectionId, Output, RefusedPeer},
    outputs::Outputs,
    pair::Pair,
    sdp,
    seal::Seal,
};

/// Candidates of one generation, and those kept for a description that is not set yet. A tab gathers about ten.
const MAX_CANDIDATES: usize = 64;

pub(crate) struct Exchange {
    /// Of the connection's exchanges.
    number: u32,
    pub(crate) role: Role,
    pub(crate) seal: Seal,
    step: Step,
    local: Generation,
    remote: Generation,
    /// The other's description is set.
    remote_set: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The offerer's offer is being made.
    Offering,
    /// The offerer waits for the answer.
    Offered,
    /// The answerer waits for the offer.
    Waiting,
    /// What came is being set, and answered if it was an offer.
    Setting,
    Done,
}

/// One side's ICE generation, and its candidates that wait.
#[derive(Debug, Default)]
struct Generation {
    /// Its `ice-ufrag`, once the description is known.
    fragment: Option<String>,
    held: Vec<Candidate>,
    /// How many candidates there were in all.
    count: usize,
}

/// Actions on a connection's descriptions, one at a time: a second one would begin in the middle of the first.
#[derive(Debug, Default)]
pub(crate) struct Descriptions {
    /// For which exchange, and whether it ends with the other's description.
    running: Option<(u32, bool)>,
    next: Option<(u32, Action)>,
}

#[derive(Debug)]
enum Action {
    Offer,
    Restart,
    AcceptOffer(String),
    AcceptAnswer(String),
}

impl Exchange {
    pub(crate) fn new(number: u32, role: Role, seal: Seal) -> Self {
        let step = match role {
            Role::Offerer => Step::Offering,
            Role::Answerer => Step::Waiting,
        };
        let (local, remote) = (Generation::default(), Generation::default());
        Self { number, role, seal, step, local, remote, remote_set: false }
    }

    /// Of the exchange that takes this one's place.
    pub(crate) fn next_number(&self) -> u32 {
        self.number.wrapping_add(1)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.step == Step::Done
    }
}

impl Generation {
    /// One more candidate; false when there are too many, or it is too large.
    fn count(&mut self, candidate: &Candidate) -> bool {
        self.count += 1;
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let names = length(&candidate.sdp_mid) + length(&candidate.username_fragment);
        self.count <= MAX_CANDIDATES && candidate.candidate.len() + names <= MAX_CANDIDATE_BYTES
    }

    /// Browsers that tag no candidates have them taken as they are.
    fn has(&self, candidate: &Candidate) -> bool {
        match (&candidate.username_fragment, &self.fragment) {
            (Some(tag), Some(fragment)) => tag == fragment,
            _ => true,
        }
    }

    /// What waited, as far as it is of this generation.
    fn release(&mut self) -> Vec<Candidate> {
        let mut held = std::mem::take(&mut self.held);
        held.retain(|candidate| self.has(candidate));
        held
    }
}

impl Descriptions {
    fn act(&mut self, connection: ConnectionId, exchange: u32, action: Action, out: &mut Outputs) {
        if self.running.is_some() {
            // What waited was for an exchange that is over.
            self.next = Some((exchange, action));
            return;
        }
        self.running = Some((exchange, matches!(action, Action::AcceptAnswer(_))));
        out.push(match action {
            Action::Offer => Output::MakeOffer(connection),
            Action::Restart => Output::RestartIce(connection),
            Action::AcceptOffer(sdp) => Output::AcceptOffer(connection, sdp::with_start_bitrate(&sdp)),
            Action::AcceptAnswer(sdp) => Output::AcceptAnswer(connection, sdp::with_start_bitrate(&sdp)),
        });
    }

    fn goes_on(&mut self, connection: ConnectionId, out: &mut Outputs) {
        self.running = None;
        if let Some((exchange, action)) = self.next.take() {
            self.act(connection, exchange, action, out);
        }
    }
}

impl Pair {
    /// The exchange's first action, which is the offerer's.
    pub(crate) fn begin_exchange(&mut self, out: &mut Outputs) {
        if self.exchange.role == Role::Offerer {
            let action = if self.exchange.number == 0 { Action::Offer } else { Action::Restart };
            self.descriptions.act(self.connection, self.exchange.number, action, out);
        }
    }

    /// What the peer says in the present exchange.
    pub(crate) fn on_signal(&mut self, signal: Signal, out: &mut Outputs) -> Result<(), RefusedPeer> {
        let exchange = &mut self.exchange;
        match (signal, exchange.step) {
            (Signal::Offer { sdp }, Step::Waiting) => self.take_description(sdp, Action::AcceptOffer, out),
            (Signal::Answer { sdp }, Step::Offered) => self.take_description(sdp, Action::AcceptAnswer, out),
            (Signal::Offer { .. } | Signal::Answer { .. }, _) => Err(RefusedPeer::Protocol),
            (Signal::Candidate(candidate), _) => {
                if !exchange.remote.count(&candidate) {
                    return Err(RefusedPeer::Protocol);
                }
                if !exchange.remote_set {
                    exchange.remote.held.push(candidate);
                } else if exchange.remote.has(&candidate) {
                    out.push(Output::AddCandidate(self.connection, candidate));
                }
                Ok(())
            }
        }
    }

    fn take_description(
        &mut self,
        sdp: String,
        action: fn(String) -> Action,
        out: &mut Outputs,
    ) -> Result<(), RefusedPeer> {
        let fingerprint = sdp::check(&sdp).map_err(|_| RefusedPeer::Protocol)?;
        // A connection has one certificate from its first to its last description.
        if *self.transcript.their_fingerprint.get_or_insert(fingerprint) != fingerprint {
            return Err(RefusedPeer::Proof);
        }
        self.exchange.step = Step::Setting;
        self.exchange.remote.fragment = sdp::ice_generation(&sdp).map(str::to_owned);
        self.descriptions.act(self.connection, self.exchange.number, action(sdp), out);
        Ok(())
    }

    /// The browser has set the peer's description. Of an earlier exchange that means nothing any more.
    pub(crate) fn on_remote_set(&mut self, out: &mut Outputs) {
        let Some((number, is_last)) = self.descriptions.running else { return };
        if number == self.exchange.number {
            self.exchange.remote_set = true;
            for candidate in self.exchange.remote.release() {
                out.push(Output::AddCandidate(self.connection, candidate));
            }
        }
        if is_last {
            if number == self.exchange.number {
                self.exchange.step = Step::Done;
            }
            self.descriptions.goes_on(self.connection, out);
        }
    }

    /// The browser has made and set our description. Gives what the peer is to hear.
    pub(crate) fn on_described(&mut self, sdp: String, out: &mut Outputs) -> Vec<Signal> {
        let Some((number, _)) = self.descriptions.running.take() else { return Vec::new() };
        let mut signals = Vec::new();
        if number == self.exchange.number {
            // Without a fingerprint no proof can be made, and the time runs out.
            let fingerprint = sdp::check(&sdp).ok();
            self.transcript.my_fingerprint = self.transcript.my_fingerprint.or(fingerprint);
            let exchange = &mut self.exchange;
            exchange.local.fragment = sdp::ice_generation(&sdp).map(str::to_owned);
            let (step, signal) = match exchange.role {
                Role::Offerer => (Step::Offered, Signal::Offer { sdp }),
                Role::Answerer => (Step::Done, Signal::Answer { sdp }),
            };
            exchange.step = step;
            signals.push(signal);
            signals.extend(exchange.local.release().into_iter().map(Signal::Candidate));
        }
        self.descriptions.goes_on(self.connection, out);
        signals
    }

    /// A candidate of ours, if it is of the present generation and that is known already.
    pub(crate) fn on_own_candidate(&mut self, candidate: Candidate) -> Option<Signal> {
        let local = &mut self.exchange.local;
        if !local.count(&candidate) {
            return None;
        }
        if local.fragment.is_none() {
            local.held.push(candidate);
            return None;
        }
        local.has(&candidate).then_some(Signal::Candidate(candidate))
    }
}

impl Session {
    pub(crate) fn send_signal(&mut self, id: PeerId, signal: &Signal) {
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.pair.as_mut()) else { return };
        // Only a description that is larger than any envelope cannot be sealed; then the time runs out. What is
        // sealed while no server listens is missing in the peer's count, so that it does not wait for it in vain.
        if let Ok(envelope) = pair.exchange.seal.seal(signal)
            && self.signaling.is_in()
        {
            self.out.push(Output::Send(ToServer::Relay { to: id, envelope }));
        }
    }
}
