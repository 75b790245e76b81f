//! Hellos: who makes the next offer, on which connection, and under which keys.
//!
//! The newcomer's hello comes with its join; who was there first answers it and makes the offer (the codelab's
//! Peer A). Later either side may greet, to mend a connection or to make a new one, and whoever answers makes the
//! offer. When both greet at once, a join wins over a later greeting, and between two greetings the lower id answers.

use snaproom_protocol::{Envelope, Nonce, PeerId, VERSION, server::ToServer, signal::Hello};

use crate::{
    Session, Time,
    compare::Comparing,
    confirm::Role,
    exchange::{Descriptions, Exchange},
    io::{ConnectionId, Output, RefusedPeer, State},
    mending::Mending,
    pair::{Pair, Transcript},
    peer::{Greeting, Heard},
    pulse::Pulse,
    random,
    seal::{self, Seal, SealError},
    timing::{CONNECT_TIMEOUT, NEGOTIATION_PAUSE},
};

impl Session {
    /// A peer's hello that came with its join.
    pub(crate) fn on_join_hello(&mut self, id: PeerId, envelope: &Envelope, now: Time) {
        self.open_hello(id, envelope, true, now);
    }

    /// A sealed message of a peer, as the server relayed it.
    pub(crate) fn on_envelope(&mut self, id: PeerId, envelope: &Envelope, now: Time) {
        if seal::is_hello(envelope) {
            return self.open_hello(id, envelope, false, now);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let is_confirmed = peer.is_confirmed();
        let Some(pair) = peer.pair.as_mut() else { return };
        match pair.exchange.seal.open(envelope) {
            Ok(signal) => {
                if let Err(reason) = pair.on_signal(signal, &mut self.out) {
                    self.on_connection_lost(id, Some(reason), now);
                }
            }
            // Repeated, from an earlier negotiation, or nobody's: nothing that a genuine peer waits for.
            Err(SealError::Foreign | SealError::Repeated | SealError::TooLarge) => {}
            // What is missing will not come again: start over, unless nothing is lost by it.
            Err(SealError::Gap | SealError::Malformed) if is_confirmed => pair.mending.break_off(now),
            Err(SealError::Gap | SealError::Malformed) if pair.is_open() => {}
            Err(SealError::Gap | SealError::Malformed) => self.on_connection_lost(id, None, now),
        }
    }

    fn open_hello(&mut self, id: PeerId, envelope: &Envelope, by_join: bool, now: Time) {
        if !seal::is_of_our_version(envelope) {
            return self.on_other_version(id);
        }
        // A hello that does not open is not from anybody who holds the link.
        if let Ok(hello) = seal::open_hello(&self.keys, id, envelope) {
            self.on_hello(id, Heard { hello, by_join }, now);
        }
    }

    fn on_other_version(&mut self, id: PeerId) {
        // Anybody may have written that: it is shown where there is nothing else to show, and ends nothing.
        if let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.pair.is_none() && peer.life.is_none())
        {
            peer.refused.get_or_insert(RefusedPeer::Version);
        }
    }

    fn on_hello(&mut self, id: PeerId, heard: Heard, now: Time) {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Hello { version, nonce, answers, .. } = heard.hello;
        if version != VERSION {
            return self.on_other_version(id);
        }
        if !peer.hears(nonce) {
            return;
        }
        // A version that could not be read may have been somebody else's word, and who joins anew may have mended
        // what it was refused for. What a person saw stays.
        peer.refused.take_if(|reason| match reason {
            RefusedPeer::Version => true,
            RefusedPeer::Proof | RefusedPeer::Protocol => heard.by_join,
            RefusedPeer::Compared => false,
        });
        if peer.refused.is_some() {
            return;
        }
        if heard.by_join {
            // It cannot know of a greeting that we sent before it joined: its own counts.
            peer.greeting = None;
            if let Some(pair) = &mut peer.pair {
                // What was said before the join may be lost.
                pair.mending.break_off(now);
            }
        }
        if let Some(answered) = answers {
            return self.on_answer(id, answered, &heard.hello, now);
        }
        // Of two greetings at once the lower id answers the other's; a join's is answered in any case.
        let has_precedence = match &peer.greeting {
            Some(greeting) if greeting.again_at.is_some() => !greeting.by_join && me < id,
            _ => true,
        };
        if has_precedence && peer.yields_to(&heard) && now >= peer.not_before {
            return self.answer(id, &heard, now);
        }
        let pair = peer.pair.as_mut().filter(|pair| pair.is_open());
        if let Some(pair) = pair {
            if heard.by_join && heard.hello.tab == pair.tab {
                // It joined anew, and our connection is fine: it has lost its socket, and nothing else.
                return;
            }
            // Another life of its page, or it knows nothing of our connection: see whether that still lives.
            self.doubt(id, now);
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.hold(heard, now);
        }
    }

    /// The answer to a hello of ours. The other side makes the offer.
    fn on_answer(&mut self, id: PeerId, answered: Nonce, hello: &Hello, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(greeting) = peer.greeting.take_if(|greeting| greeting.nonce == answered) else { return };
        let is_reloaded = peer.pair.as_ref().is_none_or(|pair| pair.tab != hello.tab);
        let ours = peer.confirmed().map(Pair::name);
        match hello.keeps {
            Some(_) if hello.keeps == ours => self.mend(id, Role::Answerer, answered, hello, now),
            // It would mend what we do not have any more.
            Some(_) => peer.plan_greeting(now, None),
            // Another life of its page has no use for the old connection, however fine it looks.
            None if greeting.again_at.is_some() || is_reloaded => {
                self.connect(id, Role::Answerer, answered, hello, now);
            }
            // Nobody asked for a new connection.
            None => {}
        }
    }

    /// Answers a hello, and makes the offer.
    pub(crate) fn answer(&mut self, id: PeerId, heard: &Heard, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.greeting = None;
        let kept = peer.confirmed().filter(|pair| pair.is_meant_by(heard)).map(Pair::name);
        let nonce = Nonce(random(&mut self.rng));
        self.say_hello(id, nonce, Some(heard.hello.nonce), kept);
        match kept {
            Some(_) => self.mend(id, Role::Offerer, nonce, &heard.hello, now),
            None => self.connect(id, Role::Offerer, nonce, &heard.hello, now),
        }
    }

    /// Says hello: to mend the connection that there is, or to make one.
    pub(crate) fn greet(&mut self, id: PeerId, tries: u32, now: Time) {
        let nonce = Nonce(random(&mut self.rng));
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.greet_at = None;
        peer.greeting = Some(Greeting::new(nonce, tries, now));
        let kept = peer.confirmed().filter(|pair| !pair.mending.is_hopeless()).map(Pair::name);
        self.say_hello(id, nonce, None, kept);
    }

    fn say_hello(&mut self, to: PeerId, nonce: Nonce, answers: Option<Nonce>, keeps: Option<Nonce>) {
        let hello = Hello { version: VERSION, tab: self.tab, nonce, answers, keeps };
        let random_nonce = random(&mut self.rng);
        if let Ok(envelope) = seal::seal_hello(&self.keys, self.me, &hello, random_nonce) {
            self.out.push(Output::Send(ToServer::Relay { to, envelope }));
        }
    }

    /// Both hellos are known, and a new connection is to be made: from here on envelopes are sealed for this pair
    /// alone.
    fn connect(&mut self, id: PeerId, role: Role, my_nonce: Nonce, hello: &Hello, now: Time) {
        self.drop_connection(id);
        let seal = Seal::new(&self.keys, (self.me, my_nonce), (id, hello.nonce));
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(connection, id);
        peer.held_hello = None;
        peer.greet_at = None;
        peer.not_before = now + NEGOTIATION_PAUSE;
        self.out.push(Output::Connect { connection, role, ice: self.ice.clone() });
        let pair = peer.pair.insert(Box::new(Pair {
            connection,
            tab: hello.tab,
            transcript: Transcript {
                role,
                my_nonce,
                their_nonce: hello.nonce,
                my_fingerprint: None,
                their_fingerprint: None,
            },
            exchange: Exchange::new(0, role, seal),
            descriptions: Descriptions::default(),
            confirm_by: Some(now + CONNECT_TIMEOUT),
            early: None,
            comparing: Comparing::Nothing,
            max_message: None,
            path: None,
            ice: State::Connecting,
            mending: Mending::default(),
            was_excused: false,
            pulse: Pulse::new(now),
            #[cfg(feature = "insecure")]
            is_bare: self.keys.is_bare,
        }));
        pair.begin_exchange(&mut self.out);
    }

    /// Both hellos are known, and the connection that there is gets a new ICE generation, under new keys.
    fn mend(&mut self, id: PeerId, role: Role, my_nonce: Nonce, hello: &Hello, now: Time) {
        let seal = Seal::new(&self.keys, (self.me, my_nonce), (id, hello.nonce));
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(pair) = peer.pair.as_mut() else { return };
        peer.held_hello = None;
        peer.greet_at = None;
        peer.not_before = now + NEGOTIATION_PAUSE;
        self.out.push(Output::Configure(pair.connection, self.ice.clone()));
        pair.exchange = Exchange::new(pair.exchange.next_number(), role, seal);
        pair.mending.begin(now);
        pair.begin_exchange(&mut self.out);
    }
}
