//! Envelopes with any content under the right keys: what `keys` and `seal` do, written down a second time.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use snaproom_protocol::{Envelope, Nonce, PeerId, RoomId, VERSION};
use snaproom_session::{Link, keys::RoomKeys};

const VERSION_BYTE: u8 = VERSION as u8;

/// Somebody who holds the link, and keeps to no rule.
pub struct Forge {
    prk: Hkdf<Sha256>,
    room: RoomId,
}

impl Forge {
    pub fn new(secret: [u8; 16]) -> Self {
        let prk = Hkdf::new(Some(b"snaproom/1"), &secret);
        Self { prk, room: RoomKeys::derive(&Link::mint(secret)).room() }
    }

    /// What a hello of `from` looks like with this plaintext.
    pub fn hello(&self, from: PeerId, plaintext: &[u8], nonce: [u8; 24]) -> Envelope {
        let data = [&[VERSION_BYTE, 1][..], &self.room.0, &from.0].concat();
        let sealed = encrypt(&self.expand(&[b"hello"]), nonce, &data, plaintext);
        Envelope([&[VERSION_BYTE, 1][..], &nonce, &sealed].concat())
    }

    /// The same for a signal. Both ends with their nonces.
    pub fn signal(
        &self,
        from: (PeerId, Nonce),
        to: (PeerId, Nonce),
        counter: u64,
        plaintext: &[u8],
    ) -> Envelope {
        let counter = counter.to_be_bytes();
        let data = [&[VERSION_BYTE, 2][..], &self.room.0, &from.0.0, &to.0.0, &counter].concat();
        let key = self.expand(&[b"sig", &from.0.0, &to.0.0, &from.1.0, &to.1.0]);
        let mut nonce = [0; 24];
        nonce[16..].copy_from_slice(&counter);
        let sealed = encrypt(&key, nonce, &data, plaintext);
        Envelope([&[VERSION_BYTE, 2][..], &counter, &sealed].concat())
    }

    fn expand(&self, info: &[&[u8]]) -> [u8; 32] {
        let mut key = [0; 32];
        self.prk.expand_multi_info(info, &mut key).expect("32 bytes are few");
        key
    }
}

/// A plaintext that says its length right, padded as the smallest is.
pub fn padded(content: &[u8]) -> Vec<u8> {
    let mut plaintext = (content.len() as u32).to_be_bytes().to_vec();
    plaintext.extend(content);
    plaintext.resize(plaintext.len().next_multiple_of(256), 0);
    plaintext
}

fn encrypt(key: &[u8; 32], nonce: [u8; 24], data: &[u8], plaintext: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: data })
        .expect("it is small")
}
