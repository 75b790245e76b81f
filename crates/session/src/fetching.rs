//! What the person wants of what was shown before they came: of whom it is asked, and what is waited for.

use std::time::Duration;

use snaproom_protocol::{
    ItemId, PeerId,
    control::Control,
    shared::{Entry, Shared},
};

use crate::{
    News, Session, Time,
    io::EarlierState,
    peer::Peer,
    time::earlier,
    timing::{GIVE_TIMEOUT, STALLED, STALLED_ALONE},
    transfer::Expected,
};

/// So much comes at a time.
const FETCHED_AT_ONCE: usize = 2;

/// An item that the person wants.
pub(crate) struct Fetch {
    owner: PeerId,
    item: ItemId,
    /// Who was asked.
    asked: Option<Asked>,
    tried: Vec<PeerId>,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    by: PeerId,
    /// As which of theirs it comes.
    as_item: Option<ItemId>,
    /// What came of it, and when the last of that did.
    bytes: u64,
    since: Time,
}

/// Of whom an item can be asked.
enum Next {
    Ask(PeerId),
    /// Of nobody just now: who may have it is not heard.
    Wait,
    Nobody,
}

/// What becomes of an item that is asked for.
#[derive(Clone, Copy)]
enum Course {
    Comes,
    /// Its own person stops it.
    Rests,
    Stands,
}

impl Fetch {
    fn is(&self, owner: PeerId, item: ItemId) -> bool {
        (self.owner, self.item) == (owner, item)
    }

    fn comes_as(&self, from: PeerId, as_item: ItemId) -> bool {
        self.asked.is_some_and(|asked| (asked.by, asked.as_item) == (from, Some(as_item)))
    }
}

/// How long nothing may come of whoever was asked.
fn patience(asked: Asked, has_others: bool) -> Duration {
    match asked.as_item {
        None => GIVE_TIMEOUT,
        Some(_) if has_others => STALLED,
        Some(_) => STALLED_ALONE,
    }
}

impl Session {
    /// The person wants something that was shown before they came.
    pub(crate) fn fetch(&mut self, owner: PeerId, item: ItemId) {
        let is_known = self.library.find_mut(owner, item).is_some_and(|shown| shown.told.is_some());
        if is_known && !self.library.fetches.iter().any(|fetch| fetch.is(owner, item)) {
            self.library.fetches.push(Fetch { owner, item, asked: None, tried: Vec::new() });
            self.tell_earlier(owner, item);
        }
    }

    /// The person does without it.
    pub(crate) fn stop_fetch(&mut self, owner: PeerId, item: ItemId) {
        let Some(place) = self.library.fetches.iter().position(|fetch| fetch.is(owner, item)) else { return };
        self.turn_away(place, false);
        self.library.fetches.remove(place);
        self.tell_earlier(owner, item);
    }

    /// The same, said of the item as which it came.
    pub(crate) fn forget_fetch(&mut self, from: PeerId, as_item: ItemId) {
        let is_coming = self.peers.get(&from).is_some_and(|peer| peer.inbox.has(as_item));
        let place = self.library.fetches.iter().position(|fetch| fetch.comes_as(from, as_item));
        if let Some(place) = place.filter(|_| !is_coming) {
            let Fetch { owner, item, .. } = self.library.fetches.remove(place);
            self.tell_earlier(owner, item);
        }
    }

    pub(crate) fn fetch_state(&self, owner: PeerId, item: ItemId) -> EarlierState {
        let fetch = self.library.fetches.iter().find(|fetch| fetch.is(owner, item));
        match fetch.map(|fetch| fetch.asked) {
            None => EarlierState::There,
            Some(None) => EarlierState::Waiting,
            Some(Some(_)) => EarlierState::Coming,
        }
    }

    /// What is known, or comes too late, does not come as what was asked for, and not as if it had been offered to us either.
    /// Who has said that it comes may still find that it does not.
    pub(crate) fn on_gives(
        &mut self,
        by: PeerId,
        (owner, item): (PeerId, ItemId),
        as_item: Option<ItemId>,
        now: Time,
    ) {
        let is_asked = |fetch: &Fetch| {
            let is_awaited = |asked: Asked| asked.by == by && (asked.as_item.is_none() || as_item.is_none());
            fetch.is(owner, item) && fetch.asked.is_some_and(is_awaited)
        };
        let place = self.library.fetches.iter().position(is_asked);
        if let (Some(place), Some(as_item)) = (place, as_item)
            && self.expect(by, (owner, item), as_item)
        {
            self.library.fetches[place].asked =
                Some(Asked { by, as_item: Some(as_item), bytes: 0, since: now });
            return self.out.news(News::Fetched { by, as_item, owner, item });
        }
        if let Some(place) = place {
            self.turn_away(place, true);
        }
        if let (Some(as_item), Some(peer)) = (as_item, self.peers.get_mut(&by)) {
            peer.inbox.turn_down(as_item, &mut self.ended_items);
        }
    }

    fn expect(&mut self, by: PeerId, (owner, item): (PeerId, ItemId), as_item: ItemId) -> bool {
        let Some(shown) = self.library.find_mut(owner, item) else { return false };
        let Entry { kind, bytes, root, ref name, .. } = shown.entry;
        // Each page gives a photo a name of its own.
        let name = (!kind.is_photo()).then(|| name.clone());
        let expected = Expected { kind, bytes, root, name };
        let Some(peer) = self.peers.get_mut(&by) else { return false };
        peer.inbox.expect(as_item, expected, &self.ended_items)
    }

    /// Whoever was asked does not give it, or not now. What came of it goes.
    fn turn_away(&mut self, place: usize, is_tried: bool) {
        let Some(Asked { by, as_item, .. }) = self.library.fetches[place].asked.take() else { return };
        if is_tried {
            self.library.fetches[place].tried.push(by);
        }
        if let (Some(item), Some(peer)) = (as_item, self.peers.get_mut(&by)) {
            peer.inbox.give_up(item, &mut self.ended_items, &mut self.out);
        }
    }

    /// An item has ended. What it was, by who showed it; none where it was asked for and did not come.
    pub(crate) fn is_fetched(
        &mut self,
        from: PeerId,
        item: ItemId,
        is_whole: bool,
    ) -> Option<(PeerId, ItemId)> {
        let fetches = &mut self.library.fetches;
        let Some(place) = fetches.iter().position(|fetch| fetch.comes_as(from, item)) else {
            return Some((from, item));
        };
        if is_whole {
            let Fetch { owner, item, .. } = fetches.remove(place);
            return Some((owner, item));
        }
        fetches[place].asked = None;
        fetches[place].tried.push(from);
        None
    }

    /// Asks for what the person wants, one after another of those who may have it.
    pub(crate) fn see_to_fetches(&mut self, now: Time) {
        let mut busy = 0;
        for place in 0..self.library.fetches.len() {
            busy += usize::from(self.see_to_fetch(place, now));
        }
        let waiting = self.library.fetches.iter().filter(|fetch| fetch.asked.is_none());
        let waiting: Vec<_> = waiting.map(|fetch| (fetch.owner, fetch.item)).collect();
        for (owner, item) in waiting {
            if busy < FETCHED_AT_ONCE && self.ask_next(owner, item, now) {
                busy += 1;
            }
        }
    }

    /// Who was asked and says nothing, or of whom nothing comes, is not waited for where others may have it, and not for
    /// ever where nobody has. Whether it takes one of the places.
    fn see_to_fetch(&mut self, place: usize, now: Time) -> bool {
        let fetch = &self.library.fetches[place];
        let Some(asked) = fetch.asked else { return false };
        let peer = self.peers.get(&asked.by);
        let is_fine = peer.is_some_and(Peer::is_fine);
        let (bytes, course) = match asked.as_item.zip(peer).and_then(|(item, peer)| peer.inbox.progress(item))
        {
            Some((bytes, _)) if bytes > asked.bytes => (bytes, Course::Comes),
            Some((bytes, true)) => (bytes, Course::Rests),
            Some((bytes, false)) => (bytes, Course::Stands),
            None => (0, Course::Stands),
        };
        let has_others = self.has_others(fetch);
        let until = asked.since + patience(asked, has_others);
        let Some(asked) = self.library.fetches[place].asked.as_mut() else { return false };
        match course {
            Course::Comes | Course::Rests => {
                (asked.bytes, asked.since) = (bytes, now);
            }
            // Its path is being mended, and what came is not lost.
            Course::Stands if !is_fine && !has_others && peer.is_some() && bytes > 0 => asked.since = now,
            Course::Stands if now >= until => self.turn_away(place, is_fine),
            Course::Stands => {}
        }
        !matches!(course, Course::Rests) && self.library.fetches[place].asked.is_some()
    }

    /// Whether somebody else could be asked now.
    fn has_others(&self, fetch: &Fetch) -> bool {
        matches!(self.next_holder(fetch), Next::Ask(_))
    }

    /// Who says that they hold it, and was not asked in vain.
    fn next_holder(&self, fetch: &Fetch) -> Next {
        let Some(place) = self.library.place(fetch.owner, fetch.item) else { return Next::Nobody };
        let is_new = |holder: &&PeerId| {
            let is_asked = fetch.asked.is_some_and(|asked| asked.by == **holder);
            let may_come_back = self.peers.get(holder).is_some_and(Peer::may_receive);
            may_come_back && !is_asked && !fetch.tried.contains(holder)
        };
        let mut holders = self.library.shown[place].holders.iter().filter(is_new).peekable();
        if holders.peek().is_none() {
            return Next::Nobody;
        }
        let is_fine = |holder: &&PeerId| self.peers.get(holder).is_some_and(Peer::is_fine);
        holders.find(is_fine).map_or(Next::Wait, |holder| Next::Ask(*holder))
    }

    /// Whether somebody was asked. If nobody is left the person is told.
    fn ask_next(&mut self, owner: PeerId, item: ItemId, now: Time) -> bool {
        let Some(place) = self.library.fetches.iter().position(|fetch| fetch.is(owner, item)) else {
            return false;
        };
        let holder = match self.next_holder(&self.library.fetches[place]) {
            Next::Ask(holder) => holder,
            Next::Wait => {
                self.tell_earlier(owner, item);
                return false;
            }
            Next::Nobody => {
                self.library.fetches.remove(place);
                if let Some(place) = self.library.place(owner, item) {
                    self.say_earlier(place, EarlierState::Nowhere);
                }
                return false;
            }
        };
        self.library.fetches[place].asked = Some(Asked { by: holder, as_item: None, bytes: 0, since: now });
        if let Some(pair) = self.peers.get(&holder).and_then(Peer::confirmed) {
            self.out.control(pair.connection, &Control::Shared(Shared::Want { owner, item }));
        }
        self.tell_earlier(owner, item);
        true
    }

    pub(crate) fn shared_deadline(&self) -> Option<Time> {
        let due = self.library.fetches.iter().filter_map(|fetch| {
            let asked = fetch.asked?;
            Some(asked.since + patience(asked, self.has_others(fetch)))
        });
        due.map(Some).fold(None, earlier)
    }
}
