//! Sealed envelopes: what two tabs say to each other through a server that must not be able to read,
//! change, repeat or redirect it.
//!
//! ```text
//! hello     version | 1 | random nonce (24) | XChaCha20-Poly1305(hello key, …)
//!           associated data: version | 1 | room | from
//! signal    version | 2 | counter (8, big endian) | XChaCha20-Poly1305(pair key, nonce = counter, …)
//!           associated data: version | 2 | room | from | to | counter
//! plaintext length (4, big endian) | message | zeros up to 256, 1024, 4096, 16384, 32768 or 65536 bytes
//! ```

use std::fmt;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use serde::{Serialize, de::DeserializeOwned};
use snaproom_protocol::{
    Envelope, Nonce, PeerId, RoomId, VERSION,
    signal::{Hello, Signal},
    wire,
};

#[cfg(feature = "insecure")]
use crate::keys::NO_KEY;
use crate::keys::RoomKeys;

/// Sizes that a plaintext is padded to, so that its length says little. 4 bytes of each hold the real length.
const PADDED_BYTES: [usize; 6] = [256, 1024, 4096, 16_384, 32_768, 65_536];

const HELLO: u8 = 1;
const SIGNAL: u8 = 2;
/// Another version’s first byte differs, and so does its associated data.
const VERSION_BYTE: u8 = VERSION as u8;

/// Of Poly1305, behind the ciphertext.
#[cfg(feature = "insecure")]
const TAG_BYTES: usize = 16;

/// Why an envelope was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// Not sealed with the key that was tried: another room's, an older negotiation's, changed, or not sealed.
    Foreign,
    /// A counter that came before.
    Repeated,
    /// Genuine, but others sent before it never came.
    Gap,
    /// Genuine, but not a message of this protocol.
    Malformed,
    /// Too large to seal.
    TooLarge,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "sealed with another key",
            Self::Repeated => "came before",
            Self::Gap => "earlier ones are missing",
            Self::Malformed => "not a message of this protocol",
            Self::TooLarge => "too large to seal",
        })
    }
}

impl std::error::Error for SealError {}

/// Seals a hello from `from` to whoever is in the room. `nonce` must be random and never used twice.
///
/// # Panics
/// Never: a hello is far smaller than the largest padding.
pub fn seal_hello(
    keys: &RoomKeys,
    from: PeerId,
    hello: &Hello,
    nonce: [u8; 24],
) -> Result<Envelope, SealError> {
    let mut sealed = vec![VERSION_BYTE, HELLO];
    sealed.extend(nonce);
    sealed.extend(encrypt(&keys.hello, nonce, &hello_data(keys.room(), from), hello)?);
    Ok(Envelope(sealed))
}

/// Opens a hello that claims to come from `from`.
pub fn open_hello(keys: &RoomKeys, from: PeerId, envelope: &Envelope) -> Result<Hello, SealError> {
    let [VERSION_BYTE, HELLO, rest @ ..] = envelope.0.as_slice() else {
        return Err(SealError::Foreign);
    };
    let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or(SealError::Foreign)?;
    decrypt(&keys.hello, *nonce, &hello_data(keys.room(), from), sealed)
}

/// Whether an envelope is to be opened with [`open_hello`] rather than [`Seal::open`].
#[must_use]
pub fn is_hello(envelope: &Envelope) -> bool {
    envelope.0.get(1) == Some(&HELLO)
}

/// Whether a page of our version sealed it, as far as it says itself.
pub(crate) fn is_of_our_version(envelope: &Envelope) -> bool {
    envelope.0.first() == Some(&VERSION_BYTE)
}

/// Both directions of one pair's signaling for one negotiation.
pub struct Seal {
    room: RoomId,
    me: PeerId,
    peer: PeerId,
    sending: Direction,
    receiving: Direction,
}

struct Direction {
    key: [u8; 32],
    next: u64,
}

impl Seal {
    /// The keys of a negotiation in which each side showed its nonce in a hello.
    #[must_use]
    pub fn new(keys: &RoomKeys, me: (PeerId, Nonce), peer: (PeerId, Nonce)) -> Self {
        Self {
            room: keys.room(),
            me: me.0,
            peer: peer.0,
            sending: Direction { key: keys.pair(me, peer), next: 0 },
            receiving: Direction { key: keys.pair(peer, me), next: 0 },
        }
    }

    /// Seals the next signal.
    pub fn seal(&mut self, signal: &Signal) -> Result<Envelope, SealError> {
        let counter = self.sending.next;
        let data = signal_data(self.room, self.me, self.peer, counter);
        let ciphertext = encrypt(&self.sending.key, counter_nonce(counter), &data, signal)?;
        self.sending.next += 1;
        let mut sealed = vec![VERSION_BYTE, SIGNAL];
        sealed.extend(counter.to_be_bytes());
        sealed.extend(ciphertext);
        Ok(Envelope(sealed))
    }

    /// Opens the next signal. Whatever the result, the state moves on only with the one expected next.
    pub fn open(&mut self, envelope: &Envelope) -> Result<Signal, SealError> {
        let [VERSION_BYTE, SIGNAL, rest @ ..] = envelope.0.as_slice() else {
            return Err(SealError::Foreign);
        };
        let (counter, sealed) = rest.split_first_chunk::<8>().ok_or(SealError::Foreign)?;
        let counter = u64::from_be_bytes(*counter);
        if counter < self.receiving.next {
            return Err(SealError::Repeated);
        }
        let data = signal_data(self.room, self.peer, self.me, counter);
        let opened = decrypt(&self.receiving.key, counter_nonce(counter), &data, sealed);
        match opened {
            Err(SealError::Foreign) => Err(SealError::Foreign),
            _ if counter > self.receiving.next => Err(SealError::Gap),
            opened => {
                self.receiving.next += 1;
                opened
            }
        }
    }
}

fn hello_data(room: RoomId, from: PeerId) -> Vec<u8> {
    [&[VERSION_BYTE, HELLO][..], &room.0, &from.0].concat()
}

fn signal_data(room: RoomId, from: PeerId, to: PeerId, counter: u64) -> Vec<u8> {
    [&[VERSION_BYTE, SIGNAL][..], &room.0, &from.0, &to.0, &counter.to_be_bytes()].concat()
}

fn counter_nonce(counter: u64) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[16..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

fn encrypt(
    key: &[u8; 32],
    nonce: [u8; 24],
    data: &[u8],
    message: &impl Serialize,
) -> Result<Vec<u8>, SealError> {
    let content = wire::to_bytes(message);
    let padded =
        PADDED_BYTES.into_iter().find(|&size| content.len() + 4 <= size).ok_or(SealError::TooLarge)?;
    let mut plaintext = Vec::with_capacity(padded);
    plaintext.extend((content.len() as u32).to_be_bytes());
    plaintext.extend(content);
    plaintext.resize(padded, 0);
    #[cfg(feature = "insecure")]
    if *key == NO_KEY {
        return Ok([plaintext.as_slice(), &[0; TAG_BYTES]].concat());
    }
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: &plaintext, aad: data })
        .map_err(|_| SealError::TooLarge)
}

fn decrypt<T: DeserializeOwned>(
    key: &[u8; 32],
    nonce: [u8; 24],
    data: &[u8],
    sealed: &[u8],
) -> Result<T, SealError> {
    #[cfg(feature = "insecure")]
    if *key == NO_KEY {
        return read(sealed);
    }
    let opened =
        XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: data });
    read(&opened.map_err(|_| SealError::Foreign)?)
}

/// What stands in a padded plaintext.
fn read<T: DeserializeOwned>(plaintext: &[u8]) -> Result<T, SealError> {
    let (length, rest) = plaintext.split_first_chunk::<4>().ok_or(SealError::Malformed)?;
    let content = rest.get(..u32::from_be_bytes(*length) as usize).ok_or(SealError::Malformed)?;
    wire::from_bytes(content).map_err(|_| SealError::Malformed)
}
