//! The key of a device in a room. It signs each connection's proof, so that a device that was compared once is known
//! again after a reload, and in the next visit.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::Sha256;
use snaproom_protocol::{DeviceKey, DeviceSecret, RoomId, Signature};

use crate::keys::expand;

/// An Ed25519 key (RFC 8032), another one in each room: nobody can tell from two of them that they are one device's.
///
/// ```text
/// seed = HKDF-Expand(HKDF-Extract(salt = "snaproom/1/device", the device's secret), "key" | room id, 32)
/// ```
pub struct Device {
    key: SigningKey,
}

impl Device {
    /// The key of the device that has `secret`.
    #[must_use]
    pub fn of(secret: &DeviceSecret, room: RoomId) -> Self {
        let prk = Hkdf::<Sha256>::new(Some(b"snaproom/1/device"), &secret.0);
        Self { key: SigningKey::from_bytes(&expand(&prk, &[b"key", &room.0])) }
    }

    /// Its public half.
    #[must_use]
    pub fn key(&self) -> DeviceKey {
        DeviceKey(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Signature {
        Signature(self.key.sign(text).to_bytes())
    }
}

/// Whether `device` signed `text`. Keys of small order, with which anybody can sign, are nobody's.
pub(crate) fn has_signed(device: &DeviceKey, text: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    VerifyingKey::from_bytes(&device.0).is_ok_and(|key| key.verify_strict(text, &signature).is_ok())
}
