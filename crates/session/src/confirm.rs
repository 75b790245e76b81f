//! The first message on the control channel: proof of the link, over the very certificates of this connection.
//!
//! ```text
//! proof = HMAC-SHA-256(confirm key, label | offerer | answerer | nonce of the offerer | nonce of the answerer
//!                                   | fingerprint of the offerer | fingerprint of the answerer)
//! ```
//! The label names the speaker's role, so a proof cannot be sent back to whoever made it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use snaproom_protocol::{Digest, Nonce, PeerId};

use crate::{keys::RoomKeys, sdp::Fingerprint};

/// Which end of a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Makes the first offer and adds the transceivers.
    Offerer,
    /// Answers it.
    Answerer,
}

impl Role {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Offerer => Self::Answerer,
            Self::Answerer => Self::Offerer,
        }
    }
}

/// One end of a negotiation, as both sides see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Who.
    pub peer: PeerId,
    /// From its hello.
    pub nonce: Nonce,
    /// From its session description.
    pub fingerprint: Fingerprint,
}

/// What the end in the role `speaker` says.
#[must_use]
pub fn proof(keys: &RoomKeys, speaker: Role, offerer: &End, answerer: &End) -> Digest {
    Digest(mac(keys, speaker, offerer, answerer).finalize().into_bytes().into())
}

/// Whether `said` is what the end in the role `speaker` must say. Takes the same time wherever they differ.
#[must_use]
pub fn verify(keys: &RoomKeys, speaker: Role, offerer: &End, answerer: &End, said: &Digest) -> bool {
    mac(keys, speaker, offerer, answerer).verify_slice(&said.0).is_ok()
}

fn mac(keys: &RoomKeys, speaker: Role, offerer: &End, answerer: &End) -> Hmac<Sha256> {
    let label: &[u8] = match speaker {
        Role::Offerer => b"offerer",
        Role::Answerer => b"answerer",
    };
    // HMAC takes a key of any length.
    #[expect(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.confirm).expect("HMAC takes any key");
    for part in [
        label,
        &offerer.peer.0,
        &answerer.peer.0,
        &offerer.nonce.0,
        &answerer.nonce.0,
        &offerer.fingerprint.0,
        &answerer.fingerprint.0,
    ] {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_proof_holds_for_its_speaker_and_its_transcript_only() {
        let keys = RoomKeys::derive(&Link::mint([1; 16]));
        let end =
            |n: u8| End { peer: PeerId([n; 16]), nonce: Nonce([n; 32]), fingerprint: Fingerprint([n; 32]) };
        let (offerer, answerer) = (end(1), end(2));
        let said = proof(&keys, Role::Offerer, &offerer, &answerer);

        assert!(verify(&keys, Role::Offerer, &offerer, &answerer, &said));
        assert!(!verify(&keys, Role::Answerer, &offerer, &answerer, &said), "reflected");
        assert!(!verify(&keys, Role::Offerer, &answerer, &offerer, &said), "ends swapped");
        for changed in [
            End { peer: PeerId([9; 16]), ..offerer },
            End { nonce: Nonce([9; 32]), ..offerer },
            End { fingerprint: Fingerprint([9; 32]), ..offerer },
        ] {
            assert!(!verify(&keys, Role::Offerer, &changed, &answerer, &said));
        }
        let other_room = RoomKeys::derive(&Link::mint([2; 16]));
        assert!(!verify(&other_room, Role::Offerer, &offerer, &answerer, &said));
    }
}
