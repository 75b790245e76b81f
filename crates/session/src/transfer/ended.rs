use std::collections::VecDeque;

use litemap::LiteMap;
use snaproom_protocol::{
    Digest, ItemId, PeerId,
    control::{Control, RefusedItem},
};

use crate::io::{Failure, TransferState};

/// Ended items that are remembered of one sender, and senders whose items are. Each sender has its own share, so
/// that a flood from one makes nobody forget another's.
const MAX_ITEMS: usize = 1024;
const MAX_SENDERS: usize = 256;

/// Items that came to an end: each counts once in the life of a session, also when its sender comes back.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    senders: LiteMap<PeerId, Items>,
    /// In the order of their first item.
    order: VecDeque<PeerId>,
    /// What was asked for, and came, or did not: nobody else's flood makes these forgotten, and the person's own clicks are few.
    fetched: Vec<(PeerId, ItemId, Ending)>,
    /// What ended since the session looked at it last.
    latest: Vec<(PeerId, ItemId, Option<Digest>)>,
}

#[derive(Debug, Default)]
struct Items {
    endings: LiteMap<ItemId, Ending>,
    order: VecDeque<ItemId>,
}

/// How an item ended for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Verified,
    Refused(RefusedItem),
    /// By its sender.
    Cancelled,
    /// With its sender.
    Lost,
}

impl Ending {
    pub(super) fn of(state: TransferState) -> Self {
        match state {
            TransferState::Verified => Self::Verified,
            TransferState::Failed(Failure::Refused(reason)) => Self::Refused(reason),
            TransferState::Failed(Failure::Lost) => Self::Lost,
            _ => Self::Cancelled,
        }
    }

    /// What a sender hears that offers the item once more. One that `resumes` may have missed how it ended.
    pub(super) fn told_again(self, item: ItemId, resumes: bool) -> Control {
        match self {
            Self::Verified => Control::Verified { item },
            Self::Refused(reason) if resumes => Control::Refused { item, reason },
            Self::Refused(_) | Self::Cancelled | Self::Lost => {
                Control::Refused { item, reason: RefusedItem::Duplicate }
            }
        }
    }
}

impl Ended {
    pub(super) fn insert(&mut self, from: PeerId, item: ItemId, ending: Ending) {
        if !self.senders.contains_key(&from) {
            self.order.push_back(from);
            if self.order.len() > MAX_SENDERS
                && let Some(oldest) = self.order.pop_front()
            {
                self.senders.remove(&oldest);
            }
        }
        let items = self.senders.entry(from).or_default();
        if items.endings.insert(item, ending).is_none() {
            items.order.push_back(item);
            if items.order.len() > MAX_ITEMS
                && let Some(oldest) = items.order.pop_front()
            {
                items.endings.remove(&oldest);
            }
        }
    }

    /// An item has ended, whether or not it is remembered; `root` of one that is all there.
    pub(super) fn tell(&mut self, from: PeerId, item: ItemId, root: Option<Digest>) {
        self.latest.push((from, item, root));
    }

    pub(crate) fn take_latest(&mut self) -> Vec<(PeerId, ItemId, Option<Digest>)> {
        std::mem::take(&mut self.latest)
    }

    /// The same of what came, or would have come, as something that was asked for: under this id nothing else ever comes.
    pub(super) fn keep(&mut self, from: PeerId, item: ItemId, ending: Ending) {
        self.fetched.push((from, item, ending));
    }

    /// Whether it came, was refused, or was taken back. What was lost may come from others.
    pub(crate) fn is_met(&self, from: PeerId, item: ItemId) -> bool {
        self.find(from, item).is_some_and(|ending| ending != Ending::Lost)
    }

    /// Whether the item has ended.
    pub(crate) fn has(&self, from: PeerId, item: ItemId) -> bool {
        self.find(from, item).is_some()
    }

    /// How the item ended, if it has.
    pub(super) fn find(&self, from: PeerId, item: ItemId) -> Option<Ending> {
        let ended = self.senders.get(&from).and_then(|items| items.endings.get(&item));
        let fetched = || self.fetched.iter().find(|(by, id, _)| (*by, *id) == (from, item));
        ended.copied().or_else(|| fetched().map(|(.., ending)| *ending))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_flood_from_one_sender_makes_nobody_forget_anothers_items() {
        let (honest, flooder) = (PeerId([1; 16]), PeerId([2; 16]));
        let item = |n: usize| ItemId((n as u128).to_be_bytes());
        let mut ended = Ended::default();
        ended.insert(honest, item(7), Ending::Verified);
        (0..10 * MAX_ITEMS).for_each(|n| ended.insert(flooder, item(n), Ending::Cancelled));
        assert_eq!(ended.find(honest, item(7)), Some(Ending::Verified));
        assert_eq!(ended.find(flooder, item(0)), None, "the oldest went");
        assert_eq!(ended.senders[&flooder].endings.len(), MAX_ITEMS);
        assert_eq!(ended.senders[&flooder].order.len(), MAX_ITEMS);
    }
}
