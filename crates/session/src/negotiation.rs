//! From two tabs that know of each other to a confirmed connection, and back.
//!
//! The newcomer's hello comes with its join; who was there first answers it and makes the offer (the codelab's
//! Peer A). Later either side may greet, and whoever answers makes the offer. When both greet at once, a join
//! wins over a later greeting, and between two greetings the lower id answers.

use snaproom_protocol::{
    Envelope, Nonce, PeerId, VERSION,
    control::Control,
    server::ToServer,
    signal::{Candidate, Hello, MAX_CANDIDATE_BYTES, Signal},
};

use crate::{
    Session, Time, confirm,
    confirm::Role,
    incoming::{Bulk, Inbox, Violation},
    io::{ConnectionId, Event, News, Output, RefusedPeer, State},
    outgoing::Outbox,
    parse_control,
    peer::{
        ANSWER_TIMEOUT, CONFIRM_TIMEOUT, CONNECT_TIMEOUT, Channel, Contact, Greeting, MAX_HELD_CANDIDATES,
        NEGOTIATION_PAUSE, Pair, Peer, Seat,
    },
    random, sdp,
    seal::{self, Seal, SealError},
};

impl Session {
    /// A peer's hello that came with its join.
    pub(crate) fn on_join_hello(&mut self, id: PeerId, envelope: &Envelope, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.refused = None;
        // It cannot know of a greeting that we sent before it joined: its own counts.
        if matches!(peer.contact, Contact::Greeting(_)) {
            peer.contact = Contact::None { greet_at: None };
        }
        self.on_envelope(id, envelope, now);
    }

    /// A sealed message of a peer, as the server relayed it.
    pub(crate) fn on_envelope(&mut self, id: PeerId, envelope: &Envelope, now: Time) {
        if seal::is_hello(envelope) {
            // A hello that does not open is not from anybody who holds the link.
            if let Ok(hello) = seal::open_hello(&self.keys, id, envelope) {
                self.on_hello(id, hello, now);
            }
            return;
        }
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::pair_mut) else { return };
        match pair.seal.open(envelope) {
            Ok(signal) => {
                if self.on_signal(id, signal).is_err() {
                    self.on_connection_lost(id, Some(RefusedPeer::Protocol), now);
                }
            }
            // Repeated, from an earlier negotiation, or nobody's: nothing that a genuine peer waits for.
            Err(SealError::Foreign | SealError::Repeated | SealError::TooLarge) => {}
            // What is missing will not come again: start over, unless nothing was lost by it.
            Err(SealError::Gap | SealError::Malformed) if pair.is_open() => {}
            Err(SealError::Gap | SealError::Malformed) => self.on_connection_lost(id, None, now),
        }
    }

    fn on_hello(&mut self, id: PeerId, hello: Hello, now: Time) {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.refused.is_some() {
            return;
        }
        if hello.version != VERSION {
            if !peer.is_confirmed() {
                self.on_connection_lost(id, Some(RefusedPeer::Version), now);
            }
            return;
        }
        if let Some(answered) = hello.answers {
            if matches!(&peer.contact, Contact::Greeting(greeting) if greeting.nonce == answered) {
                self.pair(id, Role::Answerer, answered, &hello, now);
            }
            return;
        }
        let answer_now = match &peer.contact {
            Contact::Greeting(greeting) => !greeting.by_join && me < id,
            Contact::Paired(pair) if pair.is_open() => false,
            Contact::Paired(pair) if pair.their_nonce == hello.nonce => return,
            Contact::None { .. } | Contact::Paired(_) => true,
        };
        if answer_now && now >= peer.not_before {
            self.answer(id, &hello, now);
        } else {
            peer.hold(hello, now);
        }
    }

    /// Answers a hello, and makes the offer.
    fn answer(&mut self, id: PeerId, hello: &Hello, now: Time) {
        let nonce = Nonce(random(&mut self.rng));
        self.drop_contact(id);
        self.say_hello(id, nonce, Some(hello.nonce));
        self.pair(id, Role::Offerer, nonce, hello, now);
    }

    fn greet(&mut self, id: PeerId, tries: u32, now: Time) {
        let nonce = Nonce(random(&mut self.rng));
        self.say_hello(id, nonce, None);
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.contact = Contact::Greeting(Greeting::new(nonce, tries, now));
        }
    }

    fn say_hello(&mut self, to: PeerId, nonce: Nonce, answers: Option<Nonce>) {
        let hello = Hello { version: VERSION, tab: self.tab, nonce, answers };
        let random_nonce = random(&mut self.rng);
        if let Ok(envelope) = seal::seal_hello(&self.keys, self.me, &hello, random_nonce) {
            self.out.push(Output::Send(ToServer::Relay { to, envelope }));
        }
    }

    /// Both hellos are known: from here on envelopes are sealed for this pair alone.
    fn pair(&mut self, id: PeerId, role: Role, my_nonce: Nonce, hello: &Hello, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(connection, id);
        peer.held_hello = None;
        peer.not_before = now + NEGOTIATION_PAUSE;
        peer.contact = Contact::Paired(Box::new(Pair {
            connection,
            role,
            tab: hello.tab,
            seal: Seal::new(&self.keys, (self.me, my_nonce), (id, hello.nonce)),
            my_nonce,
            their_nonce: hello.nonce,
            my_fingerprint: None,
            their_fingerprint: None,
            remote_set: false,
            held: Vec::new(),
            candidates: 0,
            deadline: Some(now + CONNECT_TIMEOUT),
            early: None,
            channel: None,
            path: None,
            silent: false,
            answer_by: None,
        }));
        self.out.push(Output::Connect { connection, role, ice_servers: self.ice_servers.clone() });
        if role == Role::Offerer {
            self.out.push(Output::MakeOffer(connection));
        }
    }

    fn send_signal(&mut self, id: PeerId, signal: &Signal) {
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::pair_mut) else { return };
        // Only a description that is larger than any envelope cannot be sealed; then the time runs out. What is
        // sealed while no server listens is missing in the peer's count, so that it does not wait for it in vain.
        if let Ok(envelope) = pair.seal.seal(signal)
            && self.signaling.is_in()
        {
            self.out.push(Output::Send(ToServer::Relay { to: id, envelope }));
        }
    }

    fn on_signal(&mut self, id: PeerId, signal: Signal) -> Result<(), Violation> {
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::pair_mut) else { return Ok(()) };
        let connection = pair.connection;
        match (signal, pair.role) {
            (Signal::Offer { sdp }, Role::Answerer) if pair.their_fingerprint.is_none() => {
                pair.their_fingerprint = Some(sdp::check(&sdp).map_err(|_| Violation)?);
                self.out.push(Output::AcceptOffer(connection, sdp));
            }
            (Signal::Answer { sdp }, Role::Offerer)
                if pair.their_fingerprint.is_none() && pair.my_fingerprint.is_some() =>
            {
                pair.their_fingerprint = Some(sdp::check(&sdp).map_err(|_| Violation)?);
                self.out.push(Output::AcceptAnswer(connection, sdp));
            }
            (Signal::Offer { .. } | Signal::Answer { .. }, _) => return Err(Violation),
            (Signal::Candidate(candidate), _) => {
                pair.candidates += 1;
                if pair.candidates > MAX_HELD_CANDIDATES || candidate.candidate.len() > MAX_CANDIDATE_BYTES {
                    return Err(Violation);
                }
                if pair.remote_set {
                    self.out.push(Output::AddCandidate(connection, candidate));
                } else {
                    pair.held.push(candidate);
                }
            }
        }
        Ok(())
    }

    /// What a connection reports. One that is not the peer's present one has nothing to say.
    pub(crate) fn on_event(&mut self, connection: ConnectionId, event: Event, now: Time) {
        let Some(&id) = self.connections.get(&connection) else {
            if let Event::Chunk(chunk, _) = event {
                self.out.push(Output::Discard(chunk));
            }
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let seat = peer.seat;
        let Some(pair) = peer.pair_mut() else { return };
        if matches!(event, Event::Control(_) | Event::Header(_) | Event::Chunk(..)) {
            pair.silent = false;
            // It may have been under way when the peer went: only the answer itself will do.
            pair.answer_by = pair.answer_by.map(|_| now + ANSWER_TIMEOUT);
        }
        let done = match event {
            Event::Described(sdp) => {
                self.on_described(id, sdp);
                Ok(())
            }
            Event::RemoteDescriptionSet => {
                pair.remote_set = true;
                for candidate in std::mem::take(&mut pair.held) {
                    self.out.push(Output::AddCandidate(connection, candidate));
                }
                Ok(())
            }
            Event::Candidate(candidate) => {
                self.on_own_candidate(id, candidate);
                Ok(())
            }
            Event::State(State::Connected | State::Connecting) => {
                pair.silent = false;
                Ok(())
            }
            // A server that was started anew says of everybody that they left: only with this is it true.
            Event::State(State::Disconnected) if seat == Seat::Gone => {
                return self.on_connection_lost(id, None, now);
            }
            Event::State(State::Disconnected) => {
                pair.silent = true;
                Ok(())
            }
            Event::State(State::Failed) | Event::Closed | Event::ActionFailed(_) => {
                return self.on_connection_lost(id, None, now);
            }
            Event::Open { max_message } => self.on_open(id, max_message, now),
            Event::Control(text) => self.on_control_text(id, text),
            Event::Header(text) => match serde_json::from_str(&text) {
                Ok(header) => self.on_bulk(id, Bulk::Header(header), now).map_err(RefusedPeer::from),
                Err(_) => Err(RefusedPeer::Protocol),
            },
            Event::Chunk(chunk, bytes) => {
                let taken = self.on_bulk(id, Bulk::Chunk(chunk, bytes), now);
                if taken.is_err() {
                    self.out.push(Output::Discard(chunk));
                }
                taken.map_err(RefusedPeer::from)
            }
            Event::Overrun => Err(RefusedPeer::Protocol),
            Event::Path(path) => {
                pair.path = Some(path);
                Ok(())
            }
        };
        if let Err(reason) = done {
            self.on_connection_lost(id, Some(reason), now);
        }
    }

    fn on_described(&mut self, id: PeerId, sdp: String) {
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::pair_mut) else { return };
        // The browser's own description; without a fingerprint no proof can be made, and the time runs out.
        pair.my_fingerprint = sdp::check(&sdp).ok();
        let signal = match pair.role {
            Role::Offerer => Signal::Offer { sdp },
            Role::Answerer => Signal::Answer { sdp },
        };
        self.send_signal(id, &signal);
    }

    fn on_own_candidate(&mut self, id: PeerId, candidate: Candidate) {
        if candidate.candidate.len() <= MAX_CANDIDATE_BYTES {
            self.send_signal(id, &Signal::Candidate(candidate));
        }
    }

    /// Both channels are open: each side proves itself before anything else is said.
    fn on_open(&mut self, id: PeerId, max_message: u32, now: Time) -> Result<(), RefusedPeer> {
        let me = self.me;
        let Some(pair) = self.peers.get_mut(&id).and_then(Peer::pair_mut) else { return Ok(()) };
        let (offerer, answerer) = pair.ends(me, id).ok_or(RefusedPeer::Proof)?;
        let proof = confirm::proof(&self.keys, pair.role, &offerer, &answerer);
        self.out.control(pair.connection, &Control::Confirm { proof });
        pair.deadline = pair.deadline.map(|deadline| deadline.min(now + CONFIRM_TIMEOUT));
        let outbox = Outbox::new(pair.connection, id, max_message);
        pair.channel = Some(Channel { outbox, inbox: None });
        match pair.early.take() {
            Some(text) => self.on_control_text(id, text),
            None => Ok(()),
        }
    }

    fn on_control_text(&mut self, id: PeerId, text: String) -> Result<(), RefusedPeer> {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(&id) else { return Ok(()) };
        let Some(pair) = peer.pair_mut() else { return Ok(()) };
        if pair.channel.is_none() {
            // The peer's channels may open a moment before ours; it can have said no more than its proof.
            return if pair.early.replace(text).is_none() { Ok(()) } else { Err(RefusedPeer::Protocol) };
        }
        let message = parse_control(&text)?;
        if pair.is_confirmed() {
            return self.on_control(id, message).map_err(RefusedPeer::from);
        }
        let (Control::Confirm { proof }, Some((offerer, answerer))) = (message, pair.ends(me, id)) else {
            return Err(RefusedPeer::Proof);
        };
        if !confirm::verify(&self.keys, pair.role.other(), &offerer, &answerer, &proof) {
            return Err(RefusedPeer::Proof);
        }
        pair.deadline = None;
        let inbox = Inbox::open(pair.connection, id, &mut self.out);
        if let Some(channel) = pair.channel.as_mut() {
            channel.inbox = Some(inbox);
        }
        // Also an empty name: this may be the next life of a page that had another.
        self.out.control(pair.connection, &Control::Name { name: self.name.clone() });
        self.out.push(Output::FindPath(pair.connection));
        peer.failures = 0;
        peer.was_connected = true;
        Ok(())
    }

    /// The one way in which a connection, or the try to make one, ends. `refused` says that the peer may not
    /// come again as it is.
    pub(crate) fn on_connection_lost(&mut self, id: PeerId, refused: Option<RefusedPeer>, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let was = peer.pair().map(|pair| pair.role);
        if !peer.is_confirmed() {
            peer.failures = peer.failures.saturating_add(1);
        }
        peer.refused = refused;
        peer.not_before = now + NEGOTIATION_PAUSE;
        self.drop_contact(id);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.seat == Seat::Gone {
            self.peers.remove(&id);
            self.out.news(News::PeerGone(id));
        } else {
            peer.plan_greeting(now, was);
        }
    }

    /// Ends whatever is under way with a peer, and what depends on it.
    pub(crate) fn drop_contact(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Contact::Paired(pair) = std::mem::replace(&mut peer.contact, Contact::None { greet_at: None })
        else {
            return;
        };
        self.connections.remove(&pair.connection);
        self.out.push(Output::Close(pair.connection));
        if let Some(channel) = pair.channel {
            channel.outbox.close(&mut self.out);
            if let Some(inbox) = channel.inbox {
                inbox.close(&mut self.ended_items, &mut self.out);
            }
        }
        self.clear_shelf();
    }

    /// The server says that a peer's socket is gone. That alone never ends a connection that lives.
    pub(crate) fn on_seat_lost(&mut self, id: PeerId, seat: Seat, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.seat = seat;
        peer.held_hello = None;
        if let Some(pair) = peer.pair_mut().filter(|pair| pair.is_open()) {
            // Without the peer's proof its time runs out anyway.
            if pair.is_confirmed() {
                pair.answer_by.get_or_insert(now + ANSWER_TIMEOUT);
                self.out.control(pair.connection, &Control::Ping);
            }
            return;
        }
        self.drop_contact(id);
        if seat == Seat::Gone {
            self.peers.remove(&id);
            self.out.news(News::PeerGone(id));
        }
    }

    pub(crate) fn on_peer_time(&mut self, id: PeerId, now: Time) {
        let in_room = self.signaling.is_in();
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.held_hello.as_ref().is_some_and(|(_, until)| *until <= now) {
            peer.held_hello = None;
        }
        let due = |time: Option<Time>| time.is_some_and(|time| time <= now);
        if let Some(pair) = peer.pair_mut().filter(|pair| due(pair.answer_by)) {
            pair.answer_by = None;
            pair.silent = true;
        }
        if now >= peer.not_before
            && peer.answers_held_hello()
            && let Some((hello, _)) = peer.held_hello.take()
        {
            // Without a server there is nobody to carry the answer; the next welcome starts over.
            if in_room {
                return self.answer(id, &hello, now);
            }
        }
        match &mut peer.contact {
            Contact::None { greet_at } => {
                if due(*greet_at) {
                    *greet_at = None;
                    if in_room {
                        self.greet(id, 0, now);
                    }
                }
            }
            Contact::Greeting(greeting) if greeting.again_at <= now => {
                let tries = greeting.tries + 1;
                peer.failures = peer.failures.saturating_add(1);
                // Late as it is, the lower id answers and the other asks again: if both answered, both would offer.
                let held = peer.held_hello.take().filter(|_| in_room && self.me < id);
                if let Some((hello, _)) = held {
                    self.answer(id, &hello, now);
                } else if in_room && peer.seat == Seat::Taken {
                    self.greet(id, tries, now);
                } else {
                    peer.contact = Contact::None { greet_at: None };
                }
            }
            Contact::Greeting(_) => {}
            Contact::Paired(pair) => {
                let stalled = pair.channel.as_ref().and_then(|channel| channel.inbox.as_ref()?.deadline());
                if due(stalled) {
                    self.on_connection_lost(id, Some(RefusedPeer::Protocol), now);
                } else if due(pair.deadline) {
                    self.on_connection_lost(id, None, now);
                }
            }
        }
    }
}
