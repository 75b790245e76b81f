use std::collections::VecDeque;

use litemap::LiteMap;
use snaproom_protocol::{ItemId, PeerId};

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
}

#[derive(Debug, Default)]
struct Items {
    /// Whether they were verified.
    verified: LiteMap<ItemId, bool>,
    order: VecDeque<ItemId>,
}

impl Ended {
    pub(super) fn insert(&mut self, from: PeerId, item: ItemId, verified: bool) {
        if !self.senders.contains_key(&from) {
            self.order.push_back(from);
            if self.order.len() > MAX_SENDERS
                && let Some(oldest) = self.order.pop_front()
            {
                self.senders.remove(&oldest);
            }
        }
        let items = self.senders.entry(from).or_default();
        if items.verified.insert(item, verified).is_none() {
            items.order.push_back(item);
            if items.order.len() > MAX_ITEMS
                && let Some(oldest) = items.order.pop_front()
            {
                items.verified.remove(&oldest);
            }
        }
    }

    /// Whether the item was verified, if it has ended.
    pub(super) fn find(&self, from: PeerId, item: ItemId) -> Option<bool> {
        self.senders.get(&from)?.verified.get(&item).copied()
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
        ended.insert(honest, item(7), true);
        (0..10 * MAX_ITEMS).for_each(|n| ended.insert(flooder, item(n), false));
        assert_eq!(ended.find(honest, item(7)), Some(true));
        assert_eq!(ended.find(flooder, item(0)), None, "the oldest went");
        assert_eq!(ended.senders[&flooder].verified.len(), MAX_ITEMS);
        assert_eq!(ended.senders[&flooder].order.len(), MAX_ITEMS);
    }
}
