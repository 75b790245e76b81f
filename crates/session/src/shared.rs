//! What was shown to everybody in the room, for those who come later.
//!
//! Whoever holds a photo or a file says so to everybody who comes, with what its owner signed; and gives it to who asks,
//! as an item like any other. Who asks gets what the owner signed or nothing: the bytes and their root are compared. As
//! with what is written (module `chat`), who passes it on can invent somebody whom we never met, which is why the person
//! is told who passed it on.

use std::collections::VecDeque;

use snaproom_protocol::{
    DeviceKey, Digest, ItemId, PeerId, Signature,
    control::Control,
    shared::{Entry, MAX_SHARED, Shared},
};

use crate::{
    ConnectionId, News, Photo, Session, Time, entry,
    io::{Earlier, EarlierState, File, Source},
    name,
    peer::Peer,
    time::earlier,
    timing::{FEW_SHOWN, GIVE_TIMEOUT, SHOW_PAUSE},
    transfer::{About, Expected, Violation},
};

/// Items that came to us whole, of which we know whether they are what somebody tells of later.
const MAX_VERIFIED: usize = 512;

/// What the person wants of all that comes so many at a time.
const FETCHED_AT_ONCE: usize = 2;

/// What one peer wants of us, and the driver has yet to find, or it has yet to take.
const MAX_WANTED: usize = 2 * FETCHED_AT_ONCE;

#[derive(Default)]
pub(crate) struct Library {
    /// In the order in which they came.
    shown: Vec<Shown>,
    verified: VecDeque<(PeerId, ItemId, Digest)>,
    /// What the person wants, oldest first.
    fetches: Vec<Fetch>,
    /// What others want of us, until the driver gives it.
    wanted: Vec<(PeerId, PeerId, ItemId)>,
    /// What is on its way to them since, by whom and by the ids under which it goes.
    lent: Vec<(PeerId, ItemId)>,
}

struct Shown {
    entry: Entry,
    /// Of our own ones: signed, as it is now.
    is_signed: bool,
    /// We can give it.
    is_held: bool,
    /// Who gave us the entry, where we do not know that its owner signed it.
    passed_on_by: Option<PeerId>,
    /// Who says that they hold it.
    holders: Vec<PeerId>,
    /// What the person was told of it, as of something from before.
    told: Option<Earlier>,
}

/// An item on its way to us from somebody who holds it.
struct Fetch {
    owner: PeerId,
    item: ItemId,
    /// Who was asked, as which of their items it comes, and by when it has to.
    asked: Option<(PeerId, Option<ItemId>, Time)>,
    tried: Vec<PeerId>,
}

/// What the driver found of an item that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lent {
    /// A photo.
    Photo(Photo),
    /// A file or a folder; its `to` is who wants it.
    File(File),
}

impl Fetch {
    fn is(&self, owner: PeerId, item: ItemId) -> bool {
        (self.owner, self.item) == (owner, item)
    }

    /// Whoever was asked does not give it.
    fn turn_away(&mut self) {
        self.tried.extend(self.asked.take().map(|(peer, ..)| peer));
    }
}

impl Library {
    fn place(&self, owner: PeerId, item: ItemId) -> Option<usize> {
        self.shown.iter().position(|shown| (shown.entry.owner, shown.entry.item) == (owner, item))
    }

    fn find_mut(&mut self, owner: PeerId, item: ItemId) -> Option<&mut Shown> {
        let place = self.place(owner, item)?;
        self.shown.get_mut(place)
    }

    fn has_verified(&self, entry: &Entry) -> bool {
        let is_it = |(owner, item, root): &(PeerId, ItemId, Digest)| {
            (*owner, *item) == (entry.owner, entry.item) && entry.root.is_some_and(|signed| signed == *root)
        };
        self.verified.iter().any(is_it)
    }

    /// What makes way for one more: the first of whoever gave us most.
    fn excess(&self) -> Option<usize> {
        let giver = |shown: &Shown| shown.passed_on_by.unwrap_or(shown.entry.owner);
        let count = |of: &Shown| self.shown.iter().filter(|other| giver(other) == giver(of)).count();
        let most = self.shown.iter().map(count).max().filter(|_| self.shown.len() > MAX_SHARED)?;
        self.shown.iter().position(|shown| count(shown) == most)
    }

    fn fetch_mut(&mut self, owner: PeerId, item: ItemId) -> Option<&mut Fetch> {
        self.fetches.iter_mut().find(|fetch| fetch.is(owner, item))
    }
}

impl Session {
    /// An item of ours is offered to everybody who is here.
    pub(crate) fn share(&mut self, about: &About, is_fetchable: bool) {
        let &About { item, ref name, kind, bytes, .. } = about;
        let entry = Entry {
            owner: self.me,
            device: DeviceKey([0; 32]),
            called: self.name.clone(),
            item,
            name: name.clone(),
            bytes,
            kind,
            root: None,
            signature: Signature([0; 64]),
        };
        let entry = if is_fetchable { entry::sign(entry, &self.device, self.keys.room()) } else { entry };
        self.show(Shown {
            entry,
            is_signed: is_fetchable,
            is_held: true,
            passed_on_by: None,
            holders: Vec::new(),
            told: None,
        });
    }

    fn show(&mut self, shown: Shown) {
        self.library.shown.push(shown);
        while let Some(place) = self.library.excess() {
            self.unshow(place);
        }
    }

    fn unshow(&mut self, place: usize) {
        let Shown { entry, told, .. } = self.library.shown.remove(place);
        if told.is_some() {
            self.out.news(News::EarlierGone { owner: entry.owner, item: entry.item });
        }
    }

    /// A peer has proved itself, and hears what we hold. What it showed, as others told, was its own or was not.
    pub(crate) fn greet_shared(&mut self, id: PeerId) {
        for place in (0..self.library.shown.len()).rev() {
            let Shown { entry, passed_on_by, told, .. } = &mut self.library.shown[place];
            if entry.owner != id || passed_on_by.is_none() {
                continue;
            }
            if self.chat.is_authors(id, &entry.device) == Some(false) {
                self.unshow(place);
            } else {
                *passed_on_by = None;
                if let Some(Earlier { state, .. }) = *told {
                    self.say_earlier(place, state);
                }
            }
        }
        let Some(peer) = self.peers.get(&id) else { return };
        let Some(pair) = peer.confirmed() else { return };
        for shown in &self.library.shown {
            if shown.is_held && shown.is_signed {
                self.out.control(pair.connection, &Control::Shared(Shared::Has(shown.entry.clone())));
            }
        }
    }

    pub(crate) fn on_shared(&mut self, id: PeerId, shared: Shared, now: Time) -> Result<(), Violation> {
        match shared {
            Shared::Has(entry) => return self.on_has_shared(id, entry, now),
            Shared::Want { owner, item } => self.on_want_shared(id, owner, item),
            Shared::Gives { owner, item, as_item } => self.on_gives(id, (owner, item), as_item, now),
        }
        Ok(())
    }

    fn on_has_shared(&mut self, from: PeerId, entry: Entry, now: Time) -> Result<(), Violation> {
        if !entry::is_fit(&entry) {
            return Err(Violation);
        }
        let Some(peer) = self.peers.get_mut(&from) else { return Ok(()) };
        if !peer.shows.takes(SHOW_PAUSE, FEW_SHOWN, now) {
            return Ok(());
        }
        let (owner, item) = (entry.owner, entry.item);
        // Whether it is what the owner showed nobody could tell.
        if entry.root.is_none() && owner != from {
            return Ok(());
        }
        if let Some(known) = self.library.find_mut(owner, item) {
            let is_same = known.entry == entry;
            let is_news = known.entry.root.is_none() && entry.root.is_some();
            let knows_better = known.entry.device != entry.device && known.passed_on_by.is_none();
            if is_same && !known.holders.contains(&from) {
                known.holders.push(from);
                // Also where nobody had it any more.
                self.tell_earlier(owner, item);
                return Ok(());
            }
            if is_same || !is_news || owner == self.me || knows_better {
                return Ok(());
            }
        }
        if !entry::is_signed(&entry, self.keys.room()) {
            return Err(Violation);
        }
        let is_owners = self.is_device_of(owner, &entry.device);
        if is_owners == Some(false) || owner == from && is_owners.is_none() {
            return Ok(());
        }
        let passed_on_by = is_owners.is_none().then_some(from);
        let is_held = self.library.has_verified(&entry);
        let mut holders = vec![from];
        if let Some(place) = self.library.place(owner, item) {
            let known = &mut self.library.shown[place];
            holders.append(&mut known.holders);
            holders.dedup();
            known.entry = entry;
            (known.passed_on_by, known.holders, known.is_held) = (passed_on_by, holders, is_held);
        } else {
            self.show(Shown { entry, is_signed: true, is_held, passed_on_by, holders, told: None });
        }
        self.tell_earlier(owner, item);
        Ok(())
    }

    /// Whether it came, comes, or is offered to us in this life of the page.
    fn has_met(&self, owner: PeerId, item: ItemId) -> bool {
        self.ended_items.has(owner, item) || self.peers.get(&owner).is_some_and(|peer| peer.inbox.has(item))
    }

    fn tell_earlier(&mut self, owner: PeerId, item: ItemId) {
        let Some(place) = self.library.place(owner, item) else { return };
        if self.library.shown[place].is_held || self.has_met(owner, item) {
            return self.is_no_more_earlier(owner, item);
        }
        let fetch = self.library.fetches.iter().find(|fetch| fetch.is(owner, item));
        let state = match fetch.map(|fetch| fetch.asked) {
            None => EarlierState::There,
            Some(None) => EarlierState::Waiting,
            Some(Some(_)) => EarlierState::Coming,
        };
        self.say_earlier(place, state);
    }

    fn say_earlier(&mut self, place: usize, state: EarlierState) {
        let Shown { entry, passed_on_by, told, .. } = &mut self.library.shown[place];
        let Entry { owner, item, called, name, bytes, kind, .. } = entry.clone();
        let called = Some(called).filter(|called| !called.is_empty() && name::is_display_name(called));
        let source = match passed_on_by {
            _ if owner == self.me => Source::Own,
            None => Source::Author,
            Some(by) => Source::PassedOn(*by),
        };
        let earlier = Earlier { owner, item, called, name, kind, bytes, source, state };
        if told.as_ref() != Some(&earlier) {
            *told = Some(earlier.clone());
            self.out.news(News::Earlier(earlier));
        }
    }

    /// It is offered, or here.
    pub(crate) fn is_no_more_earlier(&mut self, owner: PeerId, item: ItemId) {
        if self.library.find_mut(owner, item).and_then(|shown| shown.told.take()).is_some() {
            self.out.news(News::EarlierGone { owner, item });
        }
    }

    /// The driver is to say whether it still has it, with [`Command::Lend`](crate::Command::Lend).
    fn on_want_shared(&mut self, by: PeerId, owner: PeerId, item: ItemId) {
        let held = self.library.find_mut(owner, item).filter(|shown| shown.is_held && shown.is_signed);
        let kind = held.map(|shown| shown.entry.kind);
        let Self { library, peers, .. } = self;
        library.lent.retain(|(to, item)| peers.get(to).is_some_and(|peer| peer.outbox.holds(*item)));
        let waiting = library.wanted.iter().filter(|(other, ..)| *other == by).count()
            + library.lent.iter().filter(|(other, _)| *other == by).count();
        let is_known = self.library.wanted.contains(&(by, owner, item));
        if let Some(kind) = kind
            && waiting < MAX_WANTED
            && !is_known
        {
            self.library.wanted.push((by, owner, item));
            self.out.news(News::Wanted { by, owner, item, kind });
        } else if !is_known {
            self.give(by, owner, item, None);
        }
    }

    fn give(&mut self, to: PeerId, owner: PeerId, item: ItemId, as_item: Option<ItemId>) {
        if let Some(pair) = self.peers.get(&to).and_then(|peer| peer.confirmed()) {
            let gives = Shared::Gives { owner, item, as_item };
            self.out.control(pair.connection, &Control::Shared(gives));
        }
    }

    /// The driver has found what a peer wants, or does not have it any more.
    pub(crate) fn lend(&mut self, to: PeerId, owner: PeerId, item: ItemId, lent: Option<Lent>, now: Time) {
        let before = self.library.wanted.len();
        self.library.wanted.retain(|wanted| *wanted != (to, owner, item));
        let is_wanted = self.library.wanted.len() < before
            && self.peers.get(&to).is_some_and(|peer| peer.may_receive() && peer.is_confirmed());
        match lent {
            None => {
                if let Some(shown) = self.library.find_mut(owner, item) {
                    shown.is_held = false;
                }
                self.give(to, owner, item, None);
            }
            Some(Lent::Photo(photo)) if is_wanted => {
                self.library.lent.push((to, photo.item));
                self.give(to, owner, item, Some(photo.item));
                self.send_photo(photo, Some(to), now);
            }
            Some(Lent::File(file)) if is_wanted => {
                self.library.lent.push((to, file.item));
                self.give(to, owner, item, Some(file.item));
                self.send_file(&file, now);
            }
            Some(Lent::Photo(Photo { item, .. }) | Lent::File(File { item, .. })) => {
                self.shelf.release(item, &mut self.out);
            }
        }
    }

    /// The driver does not hold something of ours any more.
    pub(crate) fn unshare(&mut self, owner: PeerId, item: ItemId) {
        if let Some(shown) = self.library.find_mut(owner, item) {
            shown.is_held = false;
        }
    }

    /// The person does without what was on its way.
    pub(crate) fn forget_fetch(&mut self, from: PeerId, as_item: ItemId) {
        let is_coming = self.peers.get(&from).is_some_and(|peer| peer.inbox.has(as_item));
        let is_it = |fetch: &Fetch| {
            fetch.asked.is_some_and(|(by, came_as, _)| (by, came_as) == (from, Some(as_item)))
        };
        if let Some(place) = self.library.fetches.iter().position(is_it)
            && !is_coming
        {
            let Fetch { owner, item, .. } = self.library.fetches.remove(place);
            self.tell_earlier(owner, item);
        }
    }

    /// Whoever held something is gone.
    pub(crate) fn forget_holder(&mut self, id: PeerId) {
        for place in (0..self.library.shown.len()).rev() {
            let shown = &mut self.library.shown[place];
            shown.holders.retain(|holder| *holder != id);
            if shown.told.is_some() && shown.holders.is_empty() {
                self.unshow(place);
            }
        }
    }

    /// The person wants something that was shown before they came.
    pub(crate) fn fetch(&mut self, owner: PeerId, item: ItemId) {
        let is_known = self.library.find_mut(owner, item).is_some_and(|shown| shown.told.is_some());
        if is_known && self.library.fetch_mut(owner, item).is_none() {
            self.library.fetches.push(Fetch { owner, item, asked: None, tried: Vec::new() });
            self.tell_earlier(owner, item);
        }
    }

    /// What is known, or comes too late, does not come as what was asked for, and not as if it had been offered to us either.
    fn on_gives(&mut self, by: PeerId, (owner, item): (PeerId, ItemId), as_item: Option<ItemId>, now: Time) {
        let Self { library, peers, ended_items, out, .. } = self;
        let Some(peer) = peers.get_mut(&by) else { return };
        let expected = library.place(owner, item).map(|place| {
            let Entry { kind, bytes, root, .. } = library.shown[place].entry;
            Expected { kind, bytes, root }
        });
        let is_awaited = |fetch: &&mut Fetch| {
            fetch.is(owner, item) && matches!(fetch.asked, Some((asked, None, _)) if asked == by)
        };
        if let Some(fetch) = library.fetches.iter_mut().find(is_awaited) {
            if let (Some(as_item), Some(expected)) = (as_item, expected)
                && peer.inbox.expect(as_item, expected, ended_items)
            {
                fetch.asked = Some((by, Some(as_item), now + GIVE_TIMEOUT));
                return out.news(News::Fetched { by, as_item, owner, item });
            }
            fetch.turn_away();
        }
        if let Some(as_item) = as_item {
            peer.inbox.turn_down(as_item, ended_items);
        }
    }

    pub(crate) fn see_to_shared(&mut self, now: Time) {
        self.see_to_own();
        for (from, item, root) in self.ended_items.take_latest() {
            self.on_ended(from, item, root);
        }
        self.see_to_fetches(now);
    }

    /// What we show is signed anew with its root, and said to everybody, who may have to give it to others.
    fn see_to_own(&mut self) {
        for place in (0..self.library.shown.len()).rev() {
            let Shown { entry, is_signed, .. } = &mut self.library.shown[place];
            if entry.owner != self.me {
                continue;
            }
            if entry.root.is_none()
                && let Some(root) = self.shelf.known_root(entry.item)
            {
                *entry =
                    entry::sign(Entry { root: Some(root), ..entry.clone() }, &self.device, self.keys.room());
                *is_signed = true;
                for pair in self.peers.values().filter_map(|peer| peer.confirmed()) {
                    self.out.control(pair.connection, &Control::Shared(Shared::Has(entry.clone())));
                }
            }
            // It was taken back before it had been sent.
            if !*is_signed && !self.shelf.has(entry.item) {
                self.library.shown.remove(place);
            }
        }
    }

    fn on_ended(&mut self, from: PeerId, item: ItemId, root: Option<Digest>) {
        let is_it =
            |fetch: &Fetch| fetch.asked.is_some_and(|(by, as_item, _)| (by, as_item) == (from, Some(item)));
        let fetched = self.library.fetches.iter().position(is_it);
        let (owner, item) = match fetched.map(|place| (place, &self.library.fetches[place])) {
            Some((place, _)) if root.is_none() => return self.library.fetches[place].turn_away(),
            Some((place, _)) => {
                let Fetch { owner, item, .. } = self.library.fetches.remove(place);
                (owner, item)
            }
            None => (from, item),
        };
        let Some(root) = root else { return };
        if self.library.verified.len() == MAX_VERIFIED {
            self.library.verified.pop_front();
        }
        self.library.verified.push_back((owner, item, root));
        if let Some(place) = self.library.place(owner, item) {
            self.library.shown[place].is_held = self.library.has_verified(&self.library.shown[place].entry);
            self.is_no_more_earlier(owner, item);
        }
    }

    /// Asks for what the person wants, one after another of those who may have it.
    fn see_to_fetches(&mut self, now: Time) {
        for place in 0..self.library.fetches.len() {
            self.see_to_fetch(place, now);
        }
        let is_asked = |fetch: &&Fetch| fetch.asked.is_some();
        let asked = self.library.fetches.iter().filter(is_asked).count();
        let waiting = self.library.fetches.iter().filter(|fetch| fetch.asked.is_none());
        let waiting: Vec<_> = waiting.map(|fetch| (fetch.owner, fetch.item)).collect();
        let mut free = FETCHED_AT_ONCE.saturating_sub(asked);
        for (owner, item) in waiting {
            if free > 0 && self.ask_next(owner, item, now) {
                free -= 1;
            }
        }
    }

    /// Who was asked and says nothing, or is not heard any more, is not waited for where others may have it. What came of
    /// it is waited for where nobody else has it.
    fn see_to_fetch(&mut self, place: usize, now: Time) {
        let fetch = &self.library.fetches[place];
        let Some((by, as_item, until)) = fetch.asked else { return };
        let is_fine = self.peers.get(&by).is_some_and(Peer::is_fine);
        let coming = as_item.filter(|item| self.peers.get(&by).is_some_and(|peer| peer.inbox.has(*item)));
        let has_others = self.next_holder(fetch).is_some();
        let Some(fetch) = self.library.fetches.get_mut(place) else { return };
        match coming {
            Some(_) if is_fine => fetch.asked = Some((by, as_item, now + GIVE_TIMEOUT)),
            Some(item) if until <= now && has_others => {
                fetch.turn_away();
                if let Some(peer) = self.peers.get_mut(&by) {
                    peer.inbox.give_up(item, &mut self.ended_items, &mut self.out);
                }
            }
            Some(_) if until <= now => fetch.asked = Some((by, as_item, now + GIVE_TIMEOUT)),
            None if until <= now || !is_fine && has_others => {
                fetch.turn_away();
                if let (Some(item), Some(peer)) = (as_item, self.peers.get_mut(&by)) {
                    peer.inbox.forget_expected(item, &mut self.ended_items);
                }
            }
            _ => {}
        }
    }

    /// Who says that they hold it, can be asked, and was not.
    fn next_holder(&self, fetch: &Fetch) -> Option<(PeerId, ConnectionId)> {
        let shown = &self.library.shown[self.library.place(fetch.owner, fetch.item)?];
        shown.holders.iter().find_map(|holder| {
            let is_new =
                !fetch.tried.contains(holder) && fetch.asked.is_none_or(|(asked, ..)| asked != *holder);
            let peer = self.peers.get(holder).filter(|peer| is_new && peer.is_fine())?;
            Some((*holder, peer.confirmed()?.connection))
        })
    }

    /// Whether somebody was asked. If nobody is left the person is told.
    fn ask_next(&mut self, owner: PeerId, item: ItemId, now: Time) -> bool {
        let fetch = self.library.fetches.iter().find(|fetch| fetch.is(owner, item));
        let Some((holder, connection)) = fetch.and_then(|fetch| self.next_holder(fetch)) else {
            self.library.fetches.retain(|fetch| !fetch.is(owner, item));
            if let Some(place) = self.library.place(owner, item) {
                self.say_earlier(place, EarlierState::Nowhere);
            }
            return false;
        };
        if let Some(fetch) = self.library.fetch_mut(owner, item) {
            fetch.asked = Some((holder, None, now + GIVE_TIMEOUT));
        }
        self.out.control(connection, &Control::Shared(Shared::Want { owner, item }));
        self.tell_earlier(owner, item);
        true
    }

    pub(crate) fn shared_deadline(&self) -> Option<Time> {
        let until = self.library.fetches.iter().map(|fetch| fetch.asked.map(|(.., until)| until));
        until.fold(None, earlier)
    }
}
