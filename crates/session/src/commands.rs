//! What the person wants.

use snaproom_protocol::{ItemId, PeerId, control::Control, server::ToServer};

use crate::{
    Command, Failure, MAX_PEERS, News, Output, Photo, Session, Time, TransferState,
    io::{File, Kept, Outgoing, PayloadId, Status},
    name,
    outputs::Outputs,
    peer::Peer,
    transfer::{About, Class, Ended, Inbox},
};

impl Session {
    pub(crate) fn on_command(&mut self, command: Command, now: Time) {
        match command {
            Command::SendPhoto(photo) => self.send_photo(photo, None, now),
            Command::Request { from, item } => {
                if let Some((inbox, _, out)) = self.inbox_of(from) {
                    inbox.request(item, out);
                }
            }
            Command::SendFile(file) => self.send_file(&file, now),
            Command::Fetch { owner, item } => self.fetch(owner, item),
            Command::StopFetch { owner, item } => self.stop_fetch(owner, item),
            Command::Lend { as_item, lent } => self.lend(as_item, lent, now),
            Command::Unshare { owner, item } => self.unshare(owner, item),
            Command::Supply(item) => {
                for (_, peer) in &mut self.peers {
                    peer.outbox.doubt(item, &self.shelf);
                }
                if self.shelf.supply(item) {
                    self.tell_hold(item, now);
                }
            }
            Command::Hold { item, holds } => {
                if self.shelf.hold(item, holds) {
                    self.tell_hold(item, now);
                }
            }
            Command::Restore(kept) => self.restore(&kept),
            Command::AcceptAll { from, accepts } => {
                if let Some((inbox, _, out)) = self.inbox_of(from) {
                    inbox.accept_all(accepts, out);
                }
            }
            Command::Decline { from, item } => {
                if let Some((inbox, ended, out)) = self.inbox_of(from) {
                    inbox.decline(item, ended, out);
                }
                self.forget_fetch(from, item);
            }
            Command::Pause { from, item, pauses } => {
                if let Some((inbox, _, out)) = self.inbox_of(from) {
                    inbox.pause(item, pauses, out);
                }
            }
            Command::Saved { from, item } => {
                if let Some((inbox, _, out)) = self.inbox_of(from) {
                    inbox.saved(item, out);
                }
            }
            Command::Cancel(item) => {
                self.unshare(self.me, item);
                self.cancel(item, TransferState::Cancelled);
            }
            Command::SetName(name) => self.set_name(&name),
            Command::SetRelayOnly(relay_only) => self.set_relay_only(relay_only, now),
            Command::Compare(peer) => self.compare(peer),
            Command::Compared { peer, signs, same } => self.compared(peer, signs, same, now),
            Command::Move { link, with } => self.move_with(&with, link, now),
            Command::Call(sends) => self.call(sends, now),
            Command::HangUp => self.hang_up(),
            Command::DeclineCall => self.decline_call(now),
            Command::AskStill(peer) => self.ask_still(peer, now),
            Command::AnswerStill(peer, photo) => self.answer_still(peer, photo, now),
            Command::Say { text, at } => self.say(&text, at, now),
            Command::SayWriting => self.say_writing(now),
            Command::Recall(written) => self.recall(&written),
            Command::Retry => self.retry(now),
            Command::Leave => {
                if self.signaling.is_in() {
                    self.out.push(Output::Send(ToServer::Leave));
                }
                self.stop();
            }
            Command::PutAside => {
                self.put_aside();
                self.stop();
            }
        }
    }

    /// For everybody who is here, also for those who do not answer just now; or for one of them.
    pub(crate) fn send_photo(&mut self, photo: Photo, only: Option<PeerId>, now: Time) {
        let item = photo.item;
        let total = photo.total();
        let class = if photo.on_request { Class::Held } else { Class::Photo };
        if self.shelf.is_full(class) {
            self.make_room(class);
        }
        let about = About::from(photo.clone());
        let fits = self.shelf.put_photo(photo, &mut self.out);
        if fits && only.is_none() {
            self.share(&about, about.on_request());
        }
        let is_meant = |peer: &Peer| peer.may_receive() && only.is_none_or(|only| only == peer.id);
        for (&to, peer) in self.peers.iter_mut().filter(|(_, peer)| is_meant(peer)) {
            if fits {
                peer.outbox.add(item, &mut self.shelf, now, &mut self.out);
            } else {
                let state = TransferState::Failed(Failure::TooMany);
                self.out.news(News::Outgoing(Outgoing { item, to, bytes: 0, total, state }));
            }
        }
        self.clear_shelf();
    }

    /// What comes, or came, of somebody, and what works on it.
    fn inbox_of(&mut self, from: PeerId) -> Option<(&mut Inbox, &mut Ended, &mut Outputs)> {
        let Self { peers, absent, ended_items, out, .. } = self;
        let inbox = match peers.get_mut(&from) {
            Some(peer) => &mut peer.inbox,
            None => absent.get_mut(&from)?,
        };
        Some((inbox, ended_items, out))
    }

    fn restore(&mut self, kept: &Kept) {
        let from = kept.from;
        if !self.peers.contains_key(&from) && !self.absent.contains_key(&from) {
            if self.absent.len() >= MAX_PEERS {
                return;
            }
            self.absent.insert(from, Inbox::new(from));
        }
        if let Some((inbox, ended, out)) = self.inbox_of(from) {
            inbox.restore(kept, ended, out);
        }
    }

    /// Offers a file to its recipients. Who was offered it by an earlier life of this page hears of it with the next
    /// connection.
    pub(crate) fn send_file(&mut self, file: &File, now: Time) {
        let File { item, bytes, goes_on, .. } = *file;
        let fits = self.shelf.put_file(file, &mut self.out);
        if fits && file.for_all {
            self.share(&About::from(file), true);
        }
        for &to in &file.to {
            if fits && goes_on {
                self.returning.entry(to).or_default().push(item);
                continue;
            }
            let Some(peer) = self.peers.get_mut(&to).filter(|peer| peer.may_receive()) else { continue };
            if fits {
                peer.outbox.add(item, &mut self.shelf, now, &mut self.out);
            } else {
                let state = TransferState::Failed(Failure::TooMany);
                self.out.news(News::Outgoing(Outgoing { item, to, bytes: 0, total: bytes, state }));
            }
        }
        self.clear_shelf();
    }

    /// A file of ours is held up, or not any more.
    fn tell_hold(&mut self, item: ItemId, now: Time) {
        for (_, peer) in &mut self.peers {
            peer.outbox.hold(item, &mut self.shelf, now, &mut self.out);
        }
    }

    /// Takes the oldest item off the shelf that only people wait for who cannot get it now. Of those that are kept until
    /// they are asked for, the oldest that nobody has asked for, or else the oldest, makes way.
    fn make_room(&mut self, class: Class) {
        let items = self.shelf.items(class);
        let all_who_wait = |item: &ItemId, are: fn(&Peer, ItemId) -> bool| {
            let mut waiting = self.peers.values().filter(|peer| peer.outbox.holds(*item));
            waiting.all(|peer| are(peer, *item))
        };
        let oldest =
            |are: fn(&Peer, ItemId) -> bool| items.iter().find(|item| all_who_wait(item, are)).copied();
        if class == Class::Held {
            let unwanted = oldest(|peer, item| peer.outbox.keeps(item)).or_else(|| items.first().copied());
            if let Some(item) = unwanted {
                self.cancel(item, TransferState::Cancelled);
            }
        } else if let Some(stuck) = oldest(|peer, _| !peer.is_fine()) {
            self.cancel(stuck, TransferState::Failed(Failure::TooMany));
        }
    }

    /// Ends an item of ours for whoever has not got it yet.
    pub(crate) fn cancel(&mut self, item: ItemId, state: TransferState) {
        for (_, items) in &mut self.returning {
            items.retain(|returning| *returning != item);
        }
        for (_, peer) in &mut self.peers {
            peer.outbox.cancel(item, state, &mut self.out);
        }
        self.clear_shelf();
    }

    pub(crate) fn pump_outboxes(&mut self, now: Time) {
        for (_, peer) in &mut self.peers {
            peer.outbox.pump(&mut self.shelf, now, &mut self.out);
        }
    }

    /// Has those originals at hand that are being sent, and no others: one for each recipient. What waited until other
    /// pieces were read is read.
    pub(crate) fn settle_originals(&mut self, now: Time) {
        if self.shelf.has_originals() {
            let needed: Vec<_> = self.peers.values().flat_map(|peer| peer.outbox.needs()).collect();
            self.shelf.settle(&needed, &mut self.out);
        }
        if self.shelf.may_read_again() {
            self.pump_outboxes(now);
        }
    }

    /// Takes items that nobody waits for off the shelf.
    pub(crate) fn clear_shelf(&mut self) {
        for item in self.shelf.all() {
            let is_promised = self.returning.values().any(|items| items.contains(&item));
            if !is_promised && !self.peers.values().any(|peer| peer.outbox.holds(item)) {
                self.shelf.remove(item, &mut self.out);
            }
        }
    }

    pub(crate) fn on_payload_failed(&mut self, payload: PayloadId, now: Time) {
        if payload.owner == self.me && self.shelf.is_file(payload.item) && !self.is_lent(payload.item) {
            self.on_source_lost(payload.item, now);
        } else if payload.owner == self.me {
            self.cancel(payload.item, TransferState::Failed(Failure::Unreadable));
        } else if let Some(peer) = self.peers.get_mut(&payload.owner) {
            peer.inbox.payload_failed(payload.item, &mut self.ended_items, &mut self.out);
        }
    }

    /// A file of ours cannot be read, or is not what it was: its person may choose it again.
    pub(crate) fn on_source_lost(&mut self, item: ItemId, now: Time) {
        if self.shelf.lose(item, &mut self.out) {
            self.tell_hold(item, now);
        }
    }

    fn set_name(&mut self, typed: &str) {
        let name = name::display_name(typed);
        if name == self.name {
            return;
        }
        self.name = name;
        for pair in self.peers.values().filter_map(Peer::confirmed) {
            self.out.control(pair.connection, &Control::Name { name: self.name.clone() });
        }
    }

    /// Whoever hides the address begins anew with everybody: a browser stays on the direct path that it has, whatever
    /// an ICE restart offers it. Whoever shows it again only looks for a better way.
    fn set_relay_only(&mut self, relay_only: bool, now: Time) {
        if std::mem::replace(&mut self.ice.relay_only, relay_only) == relay_only {
            return;
        }
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            if let Some(pair) = peer.confirmed_mut().filter(|_| !relay_only) {
                pair.mending.look_anew(now);
                continue;
            }
            if peer.pair.is_some() {
                self.on_connection_lost(id, None, now);
            }
            // What failed by one rule says nothing of the other.
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.failures = 0;
                peer.plan_greeting(now, None);
            }
        }
    }

    /// Joins anew at once, unless another tab is us now: two that replace each other would never rest.
    fn retry(&mut self, now: Time) {
        if self.refused == Some(Status::Replaced) {
            return;
        }
        self.refused = None;
        self.out.push(Output::CloseSocket);
        self.signaling.retry(now);
        for (_, peer) in &mut self.peers {
            peer.failures = 0;
        }
    }

    /// What is on the disk is for the page's next life.
    fn put_aside(&mut self) {
        let Self { peers, absent, out, .. } = self;
        for (_, peer) in peers {
            peer.inbox.put_aside(out);
        }
        for (_, inbox) in absent {
            inbox.put_aside(out);
        }
    }

    /// Ends everything, and says so of everything.
    fn stop(&mut self) {
        self.out.push(Output::CloseSocket);
        self.stop_call();
        self.returning.clear();
        for (_, mut inbox) in std::mem::take(&mut self.absent) {
            inbox.forget(&mut self.ended_items, &mut self.out);
        }
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.drop_connection(id);
            self.remove(id);
        }
        self.clear_shelf();
        self.left = true;
    }
}
