//! The first message on the control channel: proof of the link, over the very certificates of this connection, and
//! the mark of the device that speaks.
//!
//! ```text
//! transcript = label | offerer | answerer | nonce of the offerer | nonce of the answerer
//!                    | fingerprint of the offerer | fingerprint of the answerer
//! proof      = HMAC-SHA-256(confirm key, transcript | device key)
//! signature  = Ed25519(device, "snaproom/1/device" | transcript)
//! ```
//! The label, `offerer` or `answerer`, names the speaker's role, so a proof cannot be sent back to whoever made it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use snaproom_protocol::{DeviceKey, Digest, Nonce, PeerId, Signature, control::Control};

use crate::{
    device::{Device, has_signed},
    keys::RoomKeys,
    sdp::Fingerprint,
};

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

/// What both ends of a negotiation have seen, as the end in the role `speaker` says it.
pub(crate) fn transcript(speaker: Role, offerer: &End, answerer: &End) -> Vec<u8> {
    let label: &[u8] = match speaker {
        Role::Offerer => b"offerer",
        Role::Answerer => b"answerer",
    };
    [
        label,
        &offerer.peer.0,
        &answerer.peer.0,
        &offerer.nonce.0,
        &answerer.nonce.0,
        &offerer.fingerprint.0,
        &answerer.fingerprint.0,
    ]
    .concat()
}

/// What the end in the role `speaker` says.
#[must_use]
pub fn confirm(keys: &RoomKeys, device: &Device, speaker: Role, offerer: &End, answerer: &End) -> Control {
    #[cfg(feature = "insecure")]
    if keys.is_bare {
        return NO_PROOF;
    }
    let transcript = transcript(speaker, offerer, answerer);
    let proof = Digest(mac(keys, &transcript, &device.key()).finalize().into_bytes().into());
    Control::Confirm { proof, device: device.key(), signature: device.sign(&marked(&transcript)) }
}

/// Whether `proof` and `signature` are what `device` in the role `speaker` must say. Takes the same time wherever the
/// proofs differ.
#[must_use]
pub fn is_confirmed(
    keys: &RoomKeys,
    (speaker, offerer, answerer): (Role, &End, &End),
    proof: &Digest,
    device: &DeviceKey,
    signature: &Signature,
) -> bool {
    #[cfg(feature = "insecure")]
    if keys.confirm == crate::keys::NO_KEY {
        return true;
    }
    let transcript = transcript(speaker, offerer, answerer);
    mac(keys, &transcript, device).verify_slice(&proof.0).is_ok()
        && has_signed(device, &marked(&transcript), signature)
}

/// Takes no time, and holds where every proof does.
#[cfg(feature = "insecure")]
const NO_PROOF: Control =
    Control::Confirm { proof: Digest([0; 32]), device: DeviceKey([0; 32]), signature: Signature([0; 64]) };

fn mac(keys: &RoomKeys, transcript: &[u8], device: &DeviceKey) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    #[expect(clippy::expect_used)]
    let mac = Hmac::<Sha256>::new_from_slice(&keys.confirm).expect("HMAC takes any key");
    mac.chain_update(transcript).chain_update(device.0)
}

/// What a device signs is marked, so that a signature means nothing else anywhere.
fn marked(transcript: &[u8]) -> Vec<u8> {
    [b"snaproom/1/device", transcript].concat()
}

#[cfg(test)]
mod tests {
    use snaproom_protocol::{DeviceSecret, RoomId};

    use super::*;
    use crate::Link;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_proof_holds_for_its_speaker_its_device_and_its_transcript_only() {
        let keys = RoomKeys::derive(&Link::mint([1; 16]));
        let mine = Device::of(&DeviceSecret([1; 32]), keys.room());
        let end =
            |n: u8| End { peer: PeerId([n; 16]), nonce: Nonce([n; 32]), fingerprint: Fingerprint([n; 32]) };
        let (offerer, answerer) = (end(1), end(2));
        let said = |device: &Device| match confirm(&keys, device, Role::Offerer, &offerer, &answerer) {
            Control::Confirm { proof, device, signature } => (proof, device, signature),
            other => panic!("{other:?}"),
        };
        let (proof, device, signature) = said(&mine);
        let holds = |keys: &RoomKeys, role, offerer: &End, answerer: &End| {
            is_confirmed(keys, (role, offerer, answerer), &proof, &device, &signature)
        };
        assert!(holds(&keys, Role::Offerer, &offerer, &answerer));
        assert!(!holds(&keys, Role::Answerer, &offerer, &answerer), "reflected");
        assert!(!holds(&keys, Role::Offerer, &answerer, &offerer), "ends swapped");
        for changed in [
            End { peer: PeerId([9; 16]), ..offerer },
            End { nonce: Nonce([9; 32]), ..offerer },
            End { fingerprint: Fingerprint([9; 32]), ..offerer },
        ] {
            assert!(!holds(&keys, Role::Offerer, &changed, &answerer));
        }
        let other_room = RoomKeys::derive(&Link::mint([2; 16]));
        assert!(!holds(&other_room, Role::Offerer, &offerer, &answerer));

        // Another device's mark, or another device's key, under a proof that holds.
        let ends = (Role::Offerer, &offerer, &answerer);
        let (others_proof, other, others_signature) = said(&Device::of(&DeviceSecret([2; 32]), keys.room()));
        assert!(is_confirmed(&keys, ends, &others_proof, &other, &others_signature));
        assert!(!is_confirmed(&keys, ends, &proof, &device, &others_signature));
        assert!(!is_confirmed(&keys, ends, &proof, &other, &others_signature));
        assert!(!is_confirmed(&keys, ends, &others_proof, &other, &signature));
    }

    #[test]
    fn a_key_with_which_anybody_can_sign_is_refused() {
        // The neutral element: R = s·B holds for every text.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!has_signed(&DeviceKey(neutral), b"anything", &Signature(signature)));
    }

    #[test]
    fn a_device_has_another_key_in_each_room() {
        let secret = DeviceSecret([3; 32]);
        let key = |room| Device::of(&secret, RoomId([room; 16])).key();
        assert_eq!(key(1), key(1));
        assert_ne!(key(1), key(2));
    }
}
