//! What people write to each other. It goes from its author to everybody in the room, over the connection of each pair;
//! whoever comes later, or comes back, is given what was written meanwhile by those who have it.
//!
//! After each proof both sides say, by one hash, what they have. Where that differs each tells its ids, and asks for
//! what it lacks, some at a time, and of one peer at a time. What is passed on carries its author's signature: who passes
//! it on can neither change it nor sign for somebody whose device we know. They can invent somebody whom we never met,
//! which is why the person is told who passed it on ([`Source::PassedOn`]).

use std::collections::VecDeque;

use sha2::Digest as _;
use snaproom_protocol::{
    DeviceKey, Digest, ItemId, PeerId,
    chat::{Chat, Ids, LAST_MOMENT, MAX_LOG, MAX_TEXT_BYTES, MAX_WANTED, Message},
    control::Control,
    wire,
};

use crate::{
    News, Session, Time,
    io::{Source, Written},
    message, name,
    time::earlier,
    timing::{GIVE_TIMEOUT, WRITES_AGAIN},
    transfer::Violation,
};

/// Bytes of all that a page keeps of what was written.
const MAX_LOG_BYTES: usize = 256 * 1024;

/// What a message takes beside its name and text, about.
const ENTRY_BYTES: usize = 256;

/// Ids of messages that were kept, or refused, and are not any more.
const MAX_GONE: usize = 512;

/// Whose device is remembered: more than a room has seats.
const MAX_KNOWN: usize = 64;

/// Longest text in which a page keeps all that was written, over a reload.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// All that was written, as far as it is kept.
#[derive(Default)]
pub(crate) struct Log {
    /// In the order in which it is shown.
    entries: Vec<Entry>,
    gone: VecDeque<ItemId>,
    /// The devices of everybody who was connected in this visit.
    known: Vec<(PeerId, DeviceKey)>,
    /// When we wrote last, by our own clock.
    wrote_at: u64,
    /// Nobody is told before that we write.
    says_writing_at: Time,
}

/// What a clock may be behind, in milliseconds, for what was written in one moment.
const SAME_MOMENT: u64 = 1_000;

struct Entry {
    id: ItemId,
    message: Message,
    /// Who gave it to us, where we do not know that its author wrote it.
    passed_on_by: Option<PeerId>,
    /// To whom it was said, and whether they have it: of our own ones.
    to: Vec<(PeerId, bool)>,
}

/// An entry as it is kept over a reload.
type Kept = (Message, Option<PeerId>, Vec<(PeerId, bool)>);

impl Entry {
    fn bytes(&self) -> usize {
        self.message.name.len() + self.message.text.len() + ENTRY_BYTES
    }

    /// At whose expense it is kept. A signature is the author's, whoever passed it on.
    fn giver(&self) -> PeerId {
        self.passed_on_by.unwrap_or(self.message.author)
    }
}

impl Log {
    fn place(&self, id: ItemId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    fn find(&self, id: ItemId) -> Option<&Entry> {
        self.place(id).map(|place| &self.entries[place])
    }

    /// Whether it came before.
    fn has_met(&self, id: ItemId) -> bool {
        self.place(id).is_some() || self.gone.contains(&id)
    }

    fn ids(&self) -> Vec<ItemId> {
        self.entries.iter().map(|entry| entry.id).collect()
    }

    fn digest(&self) -> Digest {
        let mut ids = self.ids();
        ids.sort_unstable();
        let mut sha256 = sha2::Sha256::new();
        for id in ids {
            sha256.update(id.0);
        }
        Digest(sha256.finalize().into())
    }

    fn leaves(&mut self, id: ItemId) {
        if self.gone.len() == MAX_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back(id);
    }

    /// What makes way: the first of whoever gave us most. Nobody pushes out what others wrote by writing much.
    fn excess(&self) -> Option<usize> {
        let bytes: usize = self.entries.iter().map(Entry::bytes).sum();
        let weigh: fn(&Entry) -> usize = match (self.entries.len() > MAX_LOG, bytes > MAX_LOG_BYTES) {
            (true, _) => |_| 1,
            (_, true) => Entry::bytes,
            _ => return None,
        };
        let mut givers: Vec<(PeerId, usize)> = Vec::new();
        for entry in &self.entries {
            let giver = entry.giver();
            match givers.iter_mut().find(|(known, _)| *known == giver) {
                Some((_, weight)) => *weight += weigh(entry),
                None => givers.push((giver, weigh(entry))),
            }
        }
        let (most, _) = givers.into_iter().max_by_key(|(_, weight)| *weight)?;
        self.entries.iter().position(|entry| entry.giver() == most)
    }

    /// Whether we know that this device is the author's; none where we never met the author.
    pub(crate) fn is_authors(&self, author: PeerId, device: &DeviceKey) -> Option<bool> {
        let mut devices = self.known.iter().filter(|(peer, _)| *peer == author).peekable();
        devices.peek()?;
        Some(devices.any(|(_, known)| known == device))
    }

    fn meets(&mut self, peer: PeerId, device: DeviceKey) {
        if !self.known.contains(&(peer, device)) {
            if self.known.len() == MAX_KNOWN {
                self.known.remove(0);
            }
            self.known.push((peer, device));
        }
    }
}

impl Session {
    /// The person writes something to everybody who is here, also to those who do not answer just now. `at` is in
    /// milliseconds since 1970. What is empty, or too long, is not written.
    pub(crate) fn say(&mut self, typed: &str, at: u64, now: Time) {
        let text = message::text(typed);
        if text.is_empty() || text.len() > MAX_TEXT_BYTES {
            return;
        }
        // Of two in one moment the second one is later: else the same text would be the same message.
        let is_same_moment = self.chat.wrote_at.checked_sub(at).is_some_and(|ahead| ahead < SAME_MOMENT);
        let at = if is_same_moment { self.chat.wrote_at + 1 } else { at }.min(LAST_MOMENT);
        self.chat.wrote_at = at;
        self.chat.says_writing_at = now;
        let room = self.keys.room();
        let message = message::write(&self.device, room, self.me, &self.name, at, text);
        let id = message::id(&message, room);
        if self.chat.has_met(id) {
            return;
        }
        let mut to = Vec::new();
        for (peer, other) in self.peers.iter_mut().filter(|(_, peer)| peer.may_receive()) {
            to.push((*peer, false));
            if other.is_confirmed() {
                other.chat.add(id);
            }
        }
        let place = self.chat.entries.len();
        self.keep(place, Entry { id, message, passed_on_by: None, to });
    }

    /// The person writes.
    pub(crate) fn say_writing(&mut self, now: Time) {
        if now < self.chat.says_writing_at {
            return;
        }
        self.chat.says_writing_at = now + WRITES_AGAIN;
        for peer in self.peers.values() {
            if let Some(pair) = peer.confirmed() {
                self.out.control(pair.connection, &Control::Chat(Chat::Writes));
            }
        }
    }

    /// Everything that was written, for [`Command::Recall`](crate::Command::Recall) in the page's next life.
    #[must_use]
    pub fn written(&self) -> String {
        let keep = |entry: &Entry| -> Kept { (entry.message.clone(), entry.passed_on_by, entry.to.clone()) };
        wire::to_text(&self.chat.entries.iter().map(keep).collect::<Vec<_>>())
    }

    /// What an earlier life of the page kept. Anything else is none.
    pub(crate) fn recall(&mut self, kept: &str) {
        if kept.len() > MAX_KEPT_BYTES {
            return;
        }
        let kept: Vec<Kept> = wire::from_text(kept).unwrap_or_default();
        for (message, passed_on_by, to) in kept {
            let id = message::id(&message, self.keys.room());
            if !message::is_fit(&message) || self.chat.has_met(id) {
                continue;
            }
            if message.author == self.me {
                self.chat.wrote_at = message.at;
            }
            let place = self.chat.entries.len();
            self.keep(place, Entry { id, message, passed_on_by, to });
        }
    }

    /// A peer has proved itself. What it wrote, and others passed on, was its own or was not.
    pub(crate) fn greet_chat(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let (Some(device), Some(pair)) = (peer.device, peer.pair.as_ref()) else { return };
        if !self.chat.entries.is_empty() {
            let digest = self.chat.digest();
            self.out.control(pair.connection, &Control::Chat(Chat::Log { digest }));
        }
        self.chat.meets(id, device);
        for place in (0..self.chat.entries.len()).rev() {
            let entry = &mut self.chat.entries[place];
            if entry.message.author != id || entry.passed_on_by.is_none() {
                continue;
            }
            match self.chat.is_authors(id, &self.chat.entries[place].message.device) {
                Some(true) => {
                    self.chat.entries[place].passed_on_by = None;
                    self.tell_written(place);
                }
                Some(false) => self.drop_entry(place),
                None => {}
            }
        }
    }

    pub(crate) fn on_chat(&mut self, id: PeerId, chat: Chat, now: Time) -> Result<(), Violation> {
        match chat {
            Chat::Say(message) => return self.on_message(id, message, now),
            Chat::Heard { id: heard } => self.on_heard(id, heard),
            Chat::Writes => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.chat.writes(now);
                }
            }
            Chat::Log { digest } => self.on_log(id, &digest),
            Chat::Has { ids } => self.on_has(id, ids.0),
            Chat::Want { ids } => return self.on_want(id, &ids.0, now),
        }
        Ok(())
    }

    fn on_message(&mut self, from: PeerId, message: Message, now: Time) -> Result<(), Violation> {
        if !message::is_fit(&message) {
            return Err(Violation);
        }
        let room = self.keys.room();
        let id = message::id(&message, room);
        let Some(peer) = self.peers.get_mut(&from) else { return Ok(()) };
        let author = message.author;
        let is_own = author == from;
        if !peer.chat.gives(id) {
            // Nobody speaks for somebody else unasked, and nobody as another device than the one that proved itself.
            if !is_own || peer.device != Some(message.device) {
                return Err(Violation);
            }
            if !peer.chat.may_write(now) {
                if peer.chat.floods(now) {
                    self.out.news(News::TooMuch(from));
                }
                return Ok(());
            }
        }
        if is_own {
            peer.chat.wrote();
        }
        if !self.chat.has_met(id) {
            if !message::is_signed(&message, room) {
                return Err(Violation);
            }
            self.take(from, id, message);
        }
        // Also where somebody else was faster.
        self.say_to(author, Chat::Heard { id });
        Ok(())
    }

    /// Whether we know that this device is somebody's; none where we never met them.
    pub(crate) fn is_device_of(&self, peer: PeerId, device: &DeviceKey) -> Option<bool> {
        if peer == self.me {
            return Some(*device == self.device.key());
        }
        // However many came and went since.
        let here = self.peers.get(&peer).filter(|peer| peer.is_confirmed()).and_then(|peer| peer.device);
        match self.chat.is_authors(peer, device) {
            Some(true) => Some(true),
            known => here.map(|here| here == *device).or(known),
        }
    }

    /// What is new, and signed.
    fn take(&mut self, from: PeerId, id: ItemId, message: Message) {
        let Message { author, device, .. } = &message;
        let is_authors = self.is_device_of(*author, device);
        if is_authors == Some(false) {
            return self.chat.leaves(id);
        }
        let passed_on_by = is_authors.is_none().then_some(from);
        let place = self.place_in_order_of(from, id);
        self.keep(place, Entry { id, message, passed_on_by, to: Vec::new() });
    }

    /// Behind what stands before it in the giver's order, as far as we have that. What is said now comes last.
    fn place_in_order_of(&self, giver: PeerId, id: ItemId) -> usize {
        let last = self.chat.entries.len();
        let Some(peer) = self.peers.get(&giver) else { return last };
        let (before, behind) = peer.chat.around(id);
        let place = |id: &ItemId| self.chat.place(*id);
        let after = before.iter().rev().find_map(place).map(|place| place + 1);
        after.or_else(|| behind.iter().find_map(place)).unwrap_or(last)
    }

    fn keep(&mut self, place: usize, entry: Entry) {
        self.chat.entries.insert(place, entry);
        self.tell_written(place);
        while let Some(place) = self.chat.excess() {
            self.drop_entry(place);
        }
    }

    fn drop_entry(&mut self, place: usize) {
        let Entry { id, .. } = self.chat.entries.remove(place);
        self.chat.leaves(id);
        self.out.news(News::WrittenGone(id));
    }

    fn tell_written(&mut self, place: usize) {
        let after = place.checked_sub(1).map(|before| self.chat.entries[before].id);
        let Entry { id, message, passed_on_by, to } = &self.chat.entries[place];
        let Message { author, name, at, text, .. } = message;
        let source = match passed_on_by {
            _ if *author == self.me => Source::Own,
            None => Source::Author,
            Some(by) => Source::PassedOn(*by),
        };
        let name = Some(name.clone()).filter(|name| !name.is_empty() && name::is_display_name(name));
        let (id, author, at, text, to) = (*id, *author, *at, text.clone(), to.clone());
        self.out.news(News::Written(Written { id, after, author, name, at, text, source, to }));
    }

    fn say_to(&mut self, id: PeerId, chat: Chat) {
        if let Some(pair) = self.peers.get(&id).and_then(|peer| peer.confirmed()) {
            self.out.control(pair.connection, &Control::Chat(chat));
        }
    }

    fn on_heard(&mut self, by: PeerId, id: ItemId) {
        if let Some(peer) = self.peers.get_mut(&by) {
            peer.chat.heard(id);
        }
        if let Some(place) = self.chat.place(id) {
            self.mark_heard(place, by);
        }
    }

    /// They have what we wrote.
    fn mark_heard(&mut self, place: usize, by: PeerId) {
        let entry = &mut self.chat.entries[place];
        if entry.message.author != self.me {
            return;
        }
        match entry.to.iter().position(|(peer, _)| *peer == by) {
            Some(meant) if entry.to[meant].1 => return,
            Some(meant) => entry.to[meant].1 = true,
            None if entry.to.len() < MAX_KNOWN => entry.to.push((by, true)),
            None => return,
        }
        self.tell_written(place);
    }

    fn on_log(&mut self, id: PeerId, digest: &Digest) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if std::mem::replace(&mut peer.chat.once.got_log, true) {
            return;
        }
        if *digest == self.chat.digest() {
            for place in 0..self.chat.entries.len() {
                self.mark_heard(place, id);
            }
        } else {
            self.say_what_we_have(id);
        }
    }

    fn say_what_we_have(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if !std::mem::replace(&mut peer.chat.once.said_has, true) {
            let ids = Ids(self.chat.ids());
            self.say_to(id, Chat::Has { ids });
        }
    }

    fn on_has(&mut self, id: PeerId, ids: Vec<ItemId>) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if std::mem::replace(&mut peer.chat.once.got_has, true) {
            return;
        }
        self.say_what_we_have(id);
        for id_of_ours in &ids {
            self.on_heard(id, *id_of_ours);
        }
        let lacks: VecDeque<ItemId> = ids.iter().copied().filter(|id| !self.chat.has_met(*id)).collect();
        if let Some(peer) = self.peers.get_mut(&id).filter(|_| !lacks.is_empty()) {
            peer.chat.offers(ids, lacks);
        }
    }

    fn on_want(&mut self, by: PeerId, ids: &[ItemId], now: Time) -> Result<(), Violation> {
        if ids.len() > MAX_WANTED {
            return Err(Violation);
        }
        let Some(peer) = self.peers.get_mut(&by) else { return Ok(()) };
        let Some(connection) = peer.pair.as_ref().map(|pair| pair.connection) else { return Ok(()) };
        for id in ids {
            let Some(entry) = self.chat.find(*id).filter(|_| peer.chat.may_be_given(now)) else { continue };
            peer.chat.heard(*id);
            self.out.control(connection, &Control::Chat(Chat::Say(entry.message.clone())));
        }
        Ok(())
    }

    /// What is due of all that.
    pub(crate) fn see_to_chat(&mut self, now: Time) {
        for (id, peer) in &mut self.peers {
            peer.chat.look_at_time(now);
            if let Some(writes) = peer.chat.writing_news().filter(|_| peer.told.is_some()) {
                self.out.news(News::Writes { peer: *id, writes });
            }
            let Some(connection) = peer.confirmed().map(|pair| pair.connection) else { continue };
            while let Some(id) = peer.chat.next_to_say(now) {
                match self.chat.find(id) {
                    Some(entry) => {
                        self.out.control(connection, &Control::Chat(Chat::Say(entry.message.clone())));
                    }
                    None => peer.chat.heard(id),
                }
            }
        }
        self.ask_for_what_we_lack(now);
    }

    /// Of each peer some at a time, and nothing of two at once.
    fn ask_for_what_we_lack(&mut self, now: Time) {
        let asking: Vec<PeerId> = self
            .peers
            .values()
            .filter(|peer| peer.is_confirmed() && peer.chat.can_be_asked())
            .map(|peer| peer.id)
            .collect();
        for id in asking {
            let asked: Vec<ItemId> =
                self.peers.values().flat_map(|peer| peer.chat.is_asked()).copied().collect();
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            let log = &self.chat;
            let lacks = peer.chat.lacks();
            lacks.retain(|id| !log.has_met(*id));
            let ids: Vec<ItemId> =
                lacks.iter().filter(|id| !asked.contains(id)).take(MAX_WANTED).copied().collect();
            lacks.retain(|id| !ids.contains(id));
            if !ids.is_empty() {
                peer.chat.ask(&ids, now + GIVE_TIMEOUT);
                self.say_to(id, Chat::Want { ids: Ids(ids) });
            }
        }
    }

    pub(crate) fn chat_deadline(&self) -> Option<Time> {
        self.peers.values().map(|peer| peer.chat.deadline()).fold(None, earlier)
    }
}
