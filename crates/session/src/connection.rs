//! What a connection reports, and what comes over it.

use snaproom_protocol::{
    PeerId,
    control::{Control, MAX_MESSAGE_BYTES},
    wire,
};

use crate::{
    Session, Time, confirm,
    io::{ConnectionId, Event, News, Output, RefusedPeer, State, TransferState},
    peer::{Peer, Seat},
    timing::CONFIRM_TIMEOUT,
    transfer::{Bulk, Violation},
};

impl Session {
    /// What a connection reports. One that is not the peer's present one has nothing to say.
    pub(crate) fn on_event(&mut self, connection: ConnectionId, event: Event, now: Time) {
        let Some(&id) = self.connections.get(&connection) else {
            if let Event::Chunk(chunk, _) = event {
                self.out.push(Output::Discard(chunk));
            }
            return;
        };
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(pair) = peer.pair.as_mut() else { return };
        if matches!(event, Event::Control(_) | Event::Header(_) | Event::Chunk(..)) {
            pair.hears(now);
        }
        let done = match event {
            Event::Described(sdp) => {
                for signal in pair.on_described(sdp, &mut self.out) {
                    self.send_signal(id, &signal);
                }
                self.see_whether_mended(id);
                Ok(())
            }
            Event::RemoteDescriptionSet => {
                pair.on_remote_set(&mut self.out);
                self.see_whether_mended(id);
                Ok(())
            }
            Event::Candidate(candidate) => {
                let hides = self.ice.relay_only && !candidate.candidate.contains(" typ relay");
                if let Some(signal) = pair.on_own_candidate(candidate).filter(|_| !hides) {
                    self.send_signal(id, &signal);
                }
                Ok(())
            }
            Event::State(state) => return self.on_state(id, state, now),
            Event::Closed | Event::ActionFailed(_) => return self.on_connection_lost(id, None, now),
            Event::Open { max_message } => self.on_open(id, max_message, now),
            Event::Control(text) => self.on_control_text(id, text, now),
            Event::Header(text) => match wire::from_text(&text) {
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

    fn on_state(&mut self, id: PeerId, state: State, now: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let (seat, is_confirmed) = (peer.seat, peer.is_confirmed());
        let Some(pair) = peer.pair.as_mut() else { return };
        pair.ice = state;
        match state {
            State::Connected if pair.mending.is_restarting() => self.see_whether_mended(id),
            State::Connected => pair.mending.done(),
            // A server that was started anew says of everybody that they left: only with this is it true.
            State::Disconnected | State::Failed if matches!(seat, Seat::Gone | Seat::Left) => {
                self.on_connection_lost(id, None, now);
            }
            State::Disconnected if is_confirmed => pair.mending.wait_and_see(now),
            State::Connecting | State::Disconnected => {}
            State::Failed if is_confirmed => pair.mending.at_once(now),
            State::Failed => self.on_connection_lost(id, None, now),
        }
    }

    /// A restart has ended well when both descriptions are set and there is a path.
    fn see_whether_mended(&mut self, id: PeerId) {
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.pair.as_mut()) else { return };
        if pair.mending.is_restarting() && pair.exchange.is_done() && pair.ice == State::Connected {
            pair.mending.done();
            self.out.push(Output::FindPath(pair.connection));
        }
    }

    /// Both channels are open: each side proves itself before anything else is said.
    fn on_open(&mut self, id: PeerId, max_message: u32, now: Time) -> Result<(), RefusedPeer> {
        let me = self.me;
        // The other side's description has a part in it (RFC 8841, section 6): nobody makes us send single bytes, and
        // every control message must fit.
        if (max_message as usize) < MAX_MESSAGE_BYTES {
            return Err(RefusedPeer::Protocol);
        }
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.pair.as_mut()) else { return Ok(()) };
        let (offerer, answerer) = pair.transcript.ends(me, id).ok_or(RefusedPeer::Proof)?;
        let confirm = confirm::confirm(&self.keys, &self.device, pair.transcript.role, &offerer, &answerer);
        self.out.control(pair.connection, &confirm);
        pair.confirm_by = pair.confirm_by.map(|deadline| deadline.min(now + CONFIRM_TIMEOUT));
        pair.max_message = Some(max_message);
        match pair.early.take() {
            Some(text) => self.on_control_text(id, text, now),
            None => Ok(()),
        }
    }

    fn on_control_text(&mut self, id: PeerId, text: String, now: Time) -> Result<(), RefusedPeer> {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(&id) else { return Ok(()) };
        let is_confirmed = peer.is_confirmed();
        let Some(pair) = peer.pair.as_mut() else { return Ok(()) };
        if !pair.is_open() {
            // The peer's channels may open a moment before ours; it can have said no more than its proof.
            return if pair.early.replace(text).is_none() { Ok(()) } else { Err(RefusedPeer::Protocol) };
        }
        let message = parse_control(&text)?;
        if is_confirmed {
            return self.on_control(id, message, now).map_err(RefusedPeer::from);
        }
        let (Control::Confirm { proof, device, signature }, Some((offerer, answerer))) =
            (message, pair.transcript.ends(me, id))
        else {
            return Err(RefusedPeer::Proof);
        };
        let said = (pair.transcript.role.other(), &offerer, &answerer);
        if !confirm::is_confirmed(&self.keys, said, &proof, &device, &signature) {
            return Err(RefusedPeer::Proof);
        }
        peer.device = Some(device);
        if self.devices.differs(id, &device) {
            return Err(RefusedPeer::Compared);
        }
        self.devices.sees(id, device);
        self.forget_signs(id, |compared| *compared != device);
        self.on_confirmed(id, now);
        Ok(())
    }

    /// The peer holds the link, and nobody sits in between: what was under way goes on.
    fn on_confirmed(&mut self, id: PeerId, now: Time) {
        let our_part = self.our_part();
        let returning = self.returning.remove(&id).unwrap_or_default();
        let life = self.peers.get(&id).and_then(|peer| Some((peer.life?, peer.pair.as_ref()?.tab)));
        if life.is_some_and(|(before, now)| before != now) {
            self.forget_loans(id);
        }
        let Self { peers, shelf, ended_items, out, name, .. } = self;
        let Some(peer) = peers.get_mut(&id) else { return };
        let Some(pair) = peer.pair.as_mut() else { return };
        pair.confirm_by = None;
        // The proof may have waited for our channels to open.
        pair.hears(now);
        peer.failures = 0;
        if peer.life.replace(pair.tab).is_some_and(|life| life != pair.tab) {
            // What the earlier life of its page was sending is gone with it.
            peer.inbox.forget_photos(ended_items, out);
            peer.call.forget();
        }
        peer.inbox.connect(pair.connection, out);
        // Also an empty name: this may be the next life of a page that had another.
        out.control(pair.connection, &Control::Name { name: name.clone() });
        for item in returning {
            peer.outbox.restore(item, shelf, out);
        }
        peer.outbox.connect(pair.connection, pair.max_message.unwrap_or(1), shelf, now, out);
        out.push(Output::FindPath(pair.connection));
        out.control(pair.connection, &our_part);
        self.greet_chat(id);
        self.greet_shared(id);
    }

    /// A message on the control channel of a confirmed connection.
    fn on_control(&mut self, id: PeerId, message: Control, now: Time) -> Result<(), Violation> {
        let Self { peers, shelf, ended_items, out, .. } = self;
        let Some(peer) = peers.get_mut(&id) else { return Ok(()) };
        let Some(pair) = peer.pair.as_mut() else { return Ok(()) };
        let Peer { inbox, outbox, .. } = peer;
        match message {
            Control::Confirm { .. } => return Err(Violation),
            Control::Credit { until } => outbox.credit(until, shelf, now, out),
            Control::Name { name } => peer.called.says(name),
            Control::Offer(offer) => {
                let item = offer.item;
                inbox.offer(offer, ended_items, out)?;
                self.is_no_more_earlier(id, item);
            }
            Control::AllOffered => inbox.all_offered(ended_items, out)?,
            Control::Accept { item, preview, exact, pieces, root } => {
                outbox.accept(item, (preview, exact), (pieces, root), shelf, now, out);
            }
            Control::Cancel { item } => inbox.cancelled(item, ended_items, out),
            Control::Received { item, bytes } => outbox.received(item, bytes, out),
            Control::Verified { item } => outbox.end(item, TransferState::Verified, out),
            Control::Refused { item, reason } => {
                outbox.refused(item, reason, out);
                outbox.pump(shelf, now, out);
            }
            Control::Ping => out.control(pair.connection, &Control::Pong),
            Control::Pong => pair.pulse.answered(),
            Control::Compare { commitment } => return self.on_compare(id, commitment),
            Control::CompareNonce { nonce } => return self.on_compare_nonce(id, nonce),
            Control::CompareReveal { nonce } => return self.on_compare_reveal(id, nonce),
            Control::Move { link } => return self.on_move(id, &link),
            Control::MoveRead => self.on_move_read(id),
            Control::Call(in_call) => self.on_call(id, in_call),
            Control::HangUp => self.on_hang_up(id),
            Control::Decline => self.on_decline(id),
            Control::AskStill => self.on_ask_still(id, now),
            Control::AnswerStill { comes } => self.on_answer_still(id, comes),
            Control::Request { item } => outbox.requested(item, shelf, now, out),
            Control::Pause { item, pauses } => outbox.paused(item, pauses, shelf, now, out),
            Control::Hold { item, holds } => inbox.held(item, holds, out),
            Control::Repeat { item, exact } => outbox.repeat(item, exact, shelf, now, out),
            Control::Saved { item } => out.news(News::Saved { by: id, item }),
            Control::Chat(chat) => return self.on_chat(id, chat, now),
            Control::Shared(shared) => return self.on_shared(id, shared, now),
        }
        self.clear_shelf();
        Ok(())
    }

    fn on_bulk(&mut self, id: PeerId, bulk: Bulk, now: Time) -> Result<(), Violation> {
        let inbox = self.peers.get_mut(&id).map(|peer| &mut peer.inbox).ok_or(Violation)?;
        inbox.bulk(bulk, now, &mut self.ended_items, &mut self.out)
    }
}

fn parse_control(text: &str) -> Result<Control, Violation> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(Violation);
    }
    wire::from_text(text).map_err(|_| Violation)
}

impl From<Violation> for RefusedPeer {
    fn from(_: Violation) -> Self {
        Self::Protocol
    }
}
