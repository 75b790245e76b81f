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
    News, Session, Time, entry,
    fetching::Fetch,
    io::{Earlier, EarlierState, Source},
    lending::Loan,
    name,
    peer::Peer,
    timing::{FEW_SHOWN, SHOW_PAUSE},
    transfer::{About, Violation},
};

/// Items that came to us whole, of which we know whether they are what somebody tells of later.
const MAX_VERIFIED: usize = 512;

#[derive(Default)]
pub(crate) struct Library {
    /// In the order in which they came.
    pub(crate) shown: Vec<Shown>,
    verified: VecDeque<(PeerId, ItemId, Digest)>,
    /// What the person wants, oldest first.
    pub(crate) fetches: Vec<Fetch>,
    /// What others want of us, oldest first.
    pub(crate) loans: Vec<Loan>,
}

pub(crate) struct Shown {
    pub(crate) entry: Entry,
    /// Of our own ones: signed, as it is now.
    pub(crate) is_signed: bool,
    /// We can give it.
    pub(crate) is_held: bool,
    /// Who gave us the entry, where we do not know that its owner signed it.
    passed_on_by: Option<PeerId>,
    /// Who says that they hold it.
    pub(crate) holders: Vec<PeerId>,
    /// What the person was told of it, as of something from before.
    pub(crate) told: Option<Earlier>,
}

impl Library {
    pub(crate) fn place(&self, owner: PeerId, item: ItemId) -> Option<usize> {
        self.shown.iter().position(|shown| (shown.entry.owner, shown.entry.item) == (owner, item))
    }

    pub(crate) fn find_mut(&mut self, owner: PeerId, item: ItemId) -> Option<&mut Shown> {
        let place = self.place(owner, item)?;
        self.shown.get_mut(place)
    }

    pub(crate) fn has_verified(&self, entry: &Entry) -> bool {
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

    pub(crate) fn unshow(&mut self, place: usize) {
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
        let mut holders = vec![from];
        if let Some(place) = self.library.place(owner, item) {
            let known = &mut self.library.shown[place];
            holders.extend(known.holders.drain(..).filter(|holder| *holder != from));
            (known.entry, known.passed_on_by, known.holders) = (entry, passed_on_by, holders);
        } else {
            self.show(Shown { entry, is_signed: true, is_held: false, passed_on_by, holders, told: None });
        }
        if let Some(place) = self.library.place(owner, item) {
            self.see_whether_held(place);
        }
        self.tell_earlier(owner, item);
        Ok(())
    }

    /// Whether it came, comes, or is offered to us in this life of the page.
    fn has_met(&self, owner: PeerId, item: ItemId) -> bool {
        self.ended_items.is_met(owner, item)
            || self.peers.get(&owner).is_some_and(|peer| peer.inbox.has(item))
    }

    pub(crate) fn tell_earlier(&mut self, owner: PeerId, item: ItemId) {
        let Some(place) = self.library.place(owner, item) else { return };
        let Shown { is_held, holders, .. } = &self.library.shown[place];
        if *is_held || holders.is_empty() || self.has_met(owner, item) {
            return self.is_no_more_earlier(owner, item);
        }
        let state = self.fetch_state(owner, item);
        self.say_earlier(place, state);
    }

    pub(crate) fn say_earlier(&mut self, place: usize, state: EarlierState) {
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

    fn say_to_all(&mut self, entry: Entry) {
        let said = Control::Shared(Shared::Has(entry));
        for pair in self.peers.values().filter_map(Peer::confirmed) {
            self.out.control(pair.connection, &said);
        }
    }

    pub(crate) fn see_to_shared(&mut self, now: Time) {
        self.see_to_own();
        for (from, item, root) in self.ended_items.take_latest() {
            self.on_ended(from, item, root);
        }
        self.see_to_fetches(now);
        self.see_to_loans();
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
                let entry = entry.clone();
                self.say_to_all(entry);
            }
            // It was taken back before it had been sent.
            let Shown { entry, is_signed, .. } = &self.library.shown[place];
            if !*is_signed && !self.shelf.has(entry.item) {
                self.library.shown.remove(place);
            }
        }
    }

    /// What came whole is held from now on, and everybody may have it from us.
    fn on_ended(&mut self, from: PeerId, item: ItemId, root: Option<Digest>) {
        let Some((owner, item)) = self.is_fetched(from, item, root.is_some()) else { return };
        let Some(root) = root else {
            // Lost with who sent it: others may have it.
            return self.tell_earlier(owner, item);
        };
        if self.library.verified.len() == MAX_VERIFIED {
            self.library.verified.pop_front();
        }
        self.library.verified.push_back((owner, item, root));
        self.is_no_more_earlier(owner, item);
        if let Some(place) = self.library.place(owner, item) {
            self.see_whether_held(place);
        }
    }

    fn see_whether_held(&mut self, place: usize) {
        let is_held = self.library.has_verified(&self.library.shown[place].entry);
        let was_held = std::mem::replace(&mut self.library.shown[place].is_held, is_held);
        if is_held && !was_held {
            let entry = self.library.shown[place].entry.clone();
            self.say_to_all(entry);
        }
    }
}
