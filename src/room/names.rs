//! What the others want to be called. The captions of their photos say it after they have left, too.

use std::collections::VecDeque;

use leptos::prelude::{RwSignal, Update, WithUntracked};
use litemap::LiteMap;
use snaproom_protocol::PeerId;

/// Names that are known at once. The session follows fewer people, so that there is always one who left.
const MAX_NAMES: usize = 256;

pub(super) struct Names {
    shown: RwSignal<LiteMap<PeerId, String>>,
    /// Who has a name and left: first who left first.
    departed: VecDeque<PeerId>,
}

impl Names {
    /// At the beginning of a visit nobody is here, whose name is known from an earlier one or not.
    pub(super) fn new(shown: RwSignal<LiteMap<PeerId, String>>) -> Self {
        Self { shown, departed: shown.with_untracked(|names| names.keys().copied().collect()) }
    }

    /// A peer wants to be called so, or by the friendly name.
    pub(super) fn set(&mut self, peer: PeerId, name: Option<String>) {
        self.departed.retain(|departed| *departed != peer);
        if self.shown.with_untracked(|names| names.get(&peer) == name.as_ref()) {
            return;
        }
        self.shown.update(|names| {
            match name {
                Some(name) => names.insert(peer, name),
                None => names.remove(&peer),
            };
            if names.len() > MAX_NAMES
                && let Some(oldest) = self.departed.pop_front()
            {
                names.remove(&oldest);
            }
        });
    }

    /// A peer is gone; its name stays for now.
    pub(super) fn left(&mut self, peer: PeerId) {
        if self.shown.with_untracked(|names| names.contains_key(&peer)) && !self.departed.contains(&peer) {
            self.departed.push_back(peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{GetUntracked, Owner};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn peer(n: u16) -> PeerId {
        let mut id = [7; 16];
        // The order of the ids is not the order in which people come and go.
        id[..2].copy_from_slice(&n.reverse_bits().to_be_bytes());
        PeerId(id)
    }

    fn named(n: u16) -> String {
        format!("Anna {n}")
    }

    #[wasm_bindgen_test]
    fn a_name_outlives_its_peer_and_is_taken_back() {
        let _owner = Owner::new();
        let shown = RwSignal::default();
        let mut names = Names::new(shown);
        names.set(peer(1), Some(named(1)));
        names.left(peer(1));
        assert_eq!(shown.with_untracked(|names| names.get(&peer(1)).cloned()), Some(named(1)));
        // It comes back, first to another visit of ours.
        names = Names::new(shown);
        names.set(peer(1), None);
        assert_eq!(shown.get_untracked(), LiteMap::new());
    }

    #[wasm_bindgen_test]
    fn beyond_the_bound_the_first_who_left_is_forgotten_and_nobody_who_is_here() {
        let _owner = Owner::new();
        let shown = RwSignal::default();
        let mut names = Names::new(shown);
        for n in 0..1_000 {
            names.set(peer(n), Some(named(n)));
            // One of ten stays.
            if n % 10 != 0 || n >= 300 {
                names.left(peer(n));
            }
        }
        assert_eq!(shown.with_untracked(LiteMap::len), MAX_NAMES);
        for n in (0..300).step_by(10).chain(1_000 - 226..1_000) {
            assert_eq!(shown.with_untracked(|names| names.get(&peer(n)).cloned()), Some(named(n)));
        }
        assert_eq!(names.departed.len(), 226);
    }
}
