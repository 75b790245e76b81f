use std::{collections::VecDeque, time::Duration};

use snaproom_protocol::{ItemId, chat::MAX_LOG};

use crate::{
    Time,
    time::earlier,
    timing::{
        FEW_GIVEN, FEW_HEARD, FEW_SAID, FLOOD_AGAIN, GIVE_PAUSE, HEAR_PAUSE, MAX_UNHEARD, SAY_PAUSE, WRITES,
    },
};

/// What is under way with a peer of what people write.
#[derive(Default)]
pub(crate) struct PeerChat {
    /// It writes.
    hears: Pace,
    /// We tell it what we wrote.
    says: Pace,
    /// It asked for what others wrote.
    gives: Pace,
    /// What we wrote and have yet to say, and what we said and it has yet to hear.
    unsaid: VecDeque<ItemId>,
    unheard: Vec<ItemId>,
    pub(crate) once: Once,
    /// What it has, in its order, as long as we lack some of that.
    has: Vec<ItemId>,
    lacks: VecDeque<ItemId>,
    /// What we wait for, and for how long.
    asked: Vec<ItemId>,
    asked_until: Option<Time>,
    /// All that we asked for and it has not given, late as it may be.
    owes: Vec<ItemId>,
    writes_until: Option<Time>,
    told_writes: bool,
    flood_told_until: Time,
}

/// What is said once over a connection, and was.
#[derive(Default)]
pub(crate) struct Once {
    pub(crate) got_log: bool,
    pub(crate) got_has: bool,
    pub(crate) said_has: bool,
}

/// How often something may be, where the first few times may come at once.
#[derive(Default)]
struct Pace {
    /// When all of it would have been, had each time waited for the one before.
    busy_until: Time,
}

impl Pace {
    fn free_at(&self, pause: Duration, few: u32) -> Time {
        Time(self.busy_until.0.saturating_sub((pause * (few - 1)).as_millis() as u64))
    }

    /// Whether it may be now; then it is.
    fn takes(&mut self, pause: Duration, few: u32, now: Time) -> bool {
        let is_free = self.free_at(pause, few) <= now;
        if is_free {
            self.busy_until = self.busy_until.max(now) + pause;
        }
        is_free
    }
}

impl PeerChat {
    /// Whether what it writes unasked is not too much.
    pub(crate) fn may_write(&mut self, now: Time) -> bool {
        self.hears.takes(HEAR_PAUSE, FEW_HEARD, now)
    }

    /// Whether the person is told that something was too much.
    pub(crate) fn floods(&mut self, now: Time) -> bool {
        let is_new = self.flood_told_until <= now;
        self.flood_told_until = now + FLOOD_AGAIN;
        is_new
    }

    pub(crate) fn may_be_given(&mut self, now: Time) -> bool {
        self.gives.takes(GIVE_PAUSE, FEW_GIVEN, now)
    }

    /// We wrote this.
    pub(crate) fn add(&mut self, id: ItemId) {
        if self.unsaid.len() == MAX_LOG {
            self.unsaid.pop_front();
        }
        self.unsaid.push_back(id);
    }

    /// What is to be said now, in its turn.
    pub(crate) fn next_to_say(&mut self, now: Time) -> Option<ItemId> {
        let &id = self.unsaid.front().filter(|_| self.unheard.len() < MAX_UNHEARD)?;
        if !self.says.takes(SAY_PAUSE, FEW_SAID, now) {
            return None;
        }
        self.unsaid.pop_front();
        self.unheard.push(id);
        Some(id)
    }

    /// It has this, or asked for it: no need to say it.
    pub(crate) fn heard(&mut self, id: ItemId) {
        self.unheard.retain(|unheard| *unheard != id);
        self.unsaid.retain(|unsaid| *unsaid != id);
    }

    /// It has all these, of which we lack some.
    pub(crate) fn offers(&mut self, has: Vec<ItemId>, lacks: VecDeque<ItemId>) {
        self.has = has;
        self.lacks = lacks;
    }

    /// Whether it gives what we asked for. Nobody asks twice for what came.
    pub(crate) fn gives(&mut self, id: ItemId) -> bool {
        self.asked.retain(|asked| *asked != id);
        let owed = self.owes.len();
        self.owes.retain(|owed| *owed != id);
        self.owes.len() < owed
    }

    pub(crate) fn is_asked(&self) -> &[ItemId] {
        &self.asked
    }

    /// Whether it can be asked for more.
    pub(crate) fn can_be_asked(&self) -> bool {
        self.asked.is_empty() && !self.lacks.is_empty()
    }

    pub(crate) fn lacks(&mut self) -> &mut VecDeque<ItemId> {
        &mut self.lacks
    }

    pub(crate) fn ask(&mut self, ids: &[ItemId], until: Time) {
        self.asked = ids.to_vec();
        self.owes.extend_from_slice(ids);
        self.asked_until = Some(until);
    }

    /// Others may be asked for what did not come.
    pub(crate) fn look_at_time(&mut self, now: Time) {
        if self.asked_until.is_some_and(|until| until <= now) {
            self.asked.clear();
        }
        if self.asked.is_empty() {
            self.asked_until = None;
        }
        if self.writes_until.is_some_and(|until| until <= now) {
            self.writes_until = None;
        }
    }

    /// What stands before `id` in its order, the nearest first, and what behind.
    pub(crate) fn around(&self, id: ItemId) -> (&[ItemId], &[ItemId]) {
        let place = self.has.iter().position(|has| *has == id);
        place.map_or((&[], &[]), |place| (&self.has[..place], &self.has[place + 1..]))
    }

    pub(crate) fn writes(&mut self, now: Time) {
        self.writes_until = Some(now + WRITES);
    }

    pub(crate) fn wrote(&mut self) {
        self.writes_until = None;
    }

    /// Whether its person writes, where that is new.
    pub(crate) fn writing_news(&mut self) -> Option<bool> {
        let writes = self.writes_until.is_some();
        (std::mem::replace(&mut self.told_writes, writes) != writes).then_some(writes)
    }

    /// The person forgot the peer.
    pub(crate) fn forget(&mut self) {
        self.writes_until = None;
        self.told_writes = false;
    }

    /// What is under way ends with the connection. The next one begins with what each side has.
    pub(crate) fn disconnect(&mut self) {
        let Self { hears, says, gives, told_writes, flood_told_until, .. } = std::mem::take(self);
        *self = Self { hears, says, gives, told_writes, flood_told_until, ..Self::default() };
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let waits = !self.unsaid.is_empty() && self.unheard.len() < MAX_UNHEARD;
        let says = waits.then(|| self.says.free_at(SAY_PAUSE, FEW_SAID));
        [self.asked_until, self.writes_until].into_iter().fold(says, earlier)
    }
}
