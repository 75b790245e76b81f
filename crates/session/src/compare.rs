//! Seven signs that two people read to each other, to know that nobody sits between them: not even somebody who has
//! the link and runs the server.
//!
//! ```text
//! commitment = SHA-256("snaproom/1/compare" | nonce of who asks)
//! signs      = the first 42 bits, as 7 numbers, of HKDF-Expand(PRK, "signs"
//!                  | transcript of the offerer | device of the offerer | device of the answerer
//!                  | nonce of who asks | nonce of who answers, 6)
//! ```
//! Who asks is bound before it learns the other's nonce, and who answers before it learns the asker's. So somebody in
//! between has one try for each time that two people compare, and 2^-42 to go unnoticed in it. And it cannot try alone:
//! both people have to ask for it.

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{DeviceKey, Digest, Nonce, PeerId, control::Control};

use crate::{
    News, Session, Time,
    confirm::{End, Role, transcript},
    io::{Comparison, RefusedPeer, Signs},
    keys::RoomKeys,
    peer::Peer,
    random,
    transfer::Violation,
};

/// How far a comparison has come on one connection. There is one on each: a second one would be a second try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparing {
    Nothing,
    /// We asked, bound to this nonce.
    Asked(Nonce),
    /// We were asked, by who is bound to this. Without our person's word it gets no try.
    Wanted(Digest),
    /// Our person agreed, and we said this nonce.
    Answered {
        nonce: Nonce,
        commitment: Digest,
    },
    Known(Signs),
}

impl Session {
    /// The person wants to see the signs.
    pub(crate) fn compare(&mut self, id: PeerId) {
        let nonce = Nonce(random(&mut self.rng));
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.confirmed_mut()) else { return };
        let comparison = match pair.comparing {
            Comparing::Nothing => {
                pair.comparing = Comparing::Asked(nonce);
                self.out.control(pair.connection, &Control::Compare { commitment: commitment(&nonce) });
                Comparison::Waiting
            }
            Comparing::Wanted(commitment) => {
                pair.comparing = Comparing::Answered { nonce, commitment };
                self.out.control(pair.connection, &Control::CompareNonce { nonce });
                Comparison::Waiting
            }
            Comparing::Asked(_) | Comparing::Answered { .. } => Comparison::Waiting,
            Comparing::Known(signs) => Comparison::Signs(signs),
        };
        self.out.news(News::Comparison { peer: id, comparison: Some(comparison) });
    }

    /// The person read the signs to the other, who saw the same, or did not.
    pub(crate) fn compared(&mut self, id: PeerId, signs: Signs, same: bool, now: Time) {
        // Also when the connection has ended since: whoever is between two people would end it just then.
        let Some((shown, device)) = self.peers.get(&id).and_then(|peer| peer.compared) else { return };
        if signs != shown {
            return;
        }
        if same {
            if self.devices.verify(id, device) {
                self.out.news(News::Verified(device));
            }
            if self.peers.get(&id).is_some_and(|peer| !peer.is_confirmed()) {
                self.forget_signs(id, |_| true);
            }
        } else {
            if self.devices.differ(id, device) {
                self.out.news(News::NotVerified(device));
            }
            self.refuse_who_differs(id, device, now);
        }
    }

    /// The peer whose signs differed, and every other tab of its device.
    fn refuse_who_differs(&mut self, id: PeerId, device: DeviceKey, now: Time) {
        for other in self.peers.keys().copied().collect::<Vec<_>>() {
            self.forget_signs(other, |compared| *compared == device);
            let is_its = |peer: &Peer| peer.is_confirmed() && peer.device == Some(device);
            if other == id || self.peers.get(&other).is_some_and(is_its) {
                self.on_connection_lost(other, Some(RefusedPeer::Compared), now);
            }
        }
    }

    /// A question ends with its connection, and so do signs that were the same. Others say also later who was at its
    /// other end.
    pub(crate) fn end_comparison(&mut self, id: PeerId, comparing: Comparing) {
        if !matches!(comparing, Comparing::Nothing | Comparing::Known(_)) {
            self.out.news(News::Comparison { peer: id, comparison: None });
        }
        let device = self.peers.get(&id).and_then(|peer| peer.compared).map(|(_, device)| device);
        if device.is_some_and(|device| self.devices.has_verified(&device)) {
            self.forget_signs(id, |_| true);
        }
    }

    /// Signs of such devices would be looked at in vain.
    pub(crate) fn forget_signs(&mut self, id: PeerId, of: impl Fn(&DeviceKey) -> bool) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.compared.take_if(|(_, device)| of(device)).is_some() {
            self.out.news(News::Comparison { peer: id, comparison: None });
        }
    }

    pub(crate) fn on_compare(&mut self, id: PeerId, commitment: Digest) -> Result<(), Violation> {
        let me = self.me;
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.confirmed_mut()) else { return Ok(()) };
        match pair.comparing {
            // Both asked: one question stands.
            Comparing::Asked(_) if me < id => Ok(()),
            Comparing::Asked(_) => {
                pair.comparing = Comparing::Wanted(commitment);
                self.compare(id);
                Ok(())
            }
            Comparing::Nothing => {
                pair.comparing = Comparing::Wanted(commitment);
                self.out.news(News::Comparison { peer: id, comparison: Some(Comparison::Wanted) });
                Ok(())
            }
            Comparing::Wanted(_) | Comparing::Answered { .. } | Comparing::Known(_) => Err(Violation),
        }
    }

    pub(crate) fn on_compare_nonce(&mut self, id: PeerId, theirs: Nonce) -> Result<(), Violation> {
        let Some(pair) = self.peers.get_mut(&id).and_then(|peer| peer.confirmed_mut()) else { return Ok(()) };
        let Comparing::Asked(nonce) = pair.comparing else { return Err(Violation) };
        self.out.control(pair.connection, &Control::CompareReveal { nonce });
        self.on_compared(id, nonce, theirs);
        Ok(())
    }

    pub(crate) fn on_compare_reveal(&mut self, id: PeerId, theirs: Nonce) -> Result<(), Violation> {
        let Some(pair) = self.peers.get(&id).and_then(|peer| peer.confirmed()) else { return Ok(()) };
        match pair.comparing {
            Comparing::Answered { nonce, commitment: bound } if bound == commitment(&theirs) => {
                self.on_compared(id, theirs, nonce);
                Ok(())
            }
            _ => Err(Violation),
        }
    }

    /// Both nonces are known.
    fn on_compared(&mut self, id: PeerId, asked: Nonce, answered: Nonce) {
        let (me, mine) = (self.me, self.device.key());
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some((theirs, pair)) = peer.device.zip(peer.pair.as_mut()) else { return };
        let Some((offerer, answerer)) = pair.transcript.ends(me, id) else { return };
        let devices: [DeviceKey; 2] = match pair.transcript.role {
            Role::Offerer => [mine, theirs],
            Role::Answerer => [theirs, mine],
        };
        let signs = signs(&self.keys, &(offerer, answerer), devices, asked, answered);
        pair.comparing = Comparing::Known(signs);
        peer.compared = Some((signs, theirs));
        self.out.news(News::Comparison { peer: id, comparison: Some(Comparison::Signs(signs)) });
    }
}

pub(crate) fn commitment(nonce: &Nonce) -> Digest {
    Digest(Sha256::new_with_prefix(b"snaproom/1/compare").chain_update(nonce.0).finalize().into())
}

/// What both see: `ends` and `devices` are the offerer's, then the answerer's.
pub(crate) fn signs(
    keys: &RoomKeys,
    (offerer, answerer): &(End, End),
    devices: [DeviceKey; 2],
    asked: Nonce,
    answered: Nonce,
) -> Signs {
    let seen = transcript(Role::Offerer, offerer, answerer);
    split(keys.signs(&[&seen, &devices[0].0, &devices[1].0, &asked.0, &answered.0]))
}

/// The first 42 of 48 bits, 6 at a time.
fn split(bytes: [u8; 6]) -> Signs {
    let bits = bytes.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|n| (bits >> (42 - 6 * n) & 63) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn seven_times_six_bits_from_the_front() {
        assert_eq!(split([0; 6]), [0; 7]);
        assert_eq!(split([0xFF; 6]), [63; 7]);
        assert_eq!(split([0b0000_0100, 0b0010_0000, 0b1100_0100, 0, 0, 0b0011_1111]), [1, 2, 3, 4, 0, 0, 0]);
    }
}
