//! The keys of a room, all derived from its link.

use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use snaproom_protocol::{Nonce, PeerId, RoomId, Token};

use crate::Link;

/// Everything that follows from a room's link (HKDF-SHA-256, RFC 5869).
///
/// ```text
/// PRK       = HKDF-Extract(salt = "snaproom/1" or, for a typed name, "snaproom/1/name", link)
/// room      = HKDF-Expand(PRK, "room-id", 16)      all that the server learns
/// hello     = HKDF-Expand(PRK, "hello", 32)        seals the first message of each tab
/// confirm   = HKDF-Expand(PRK, "confirm", 32)      proves the link over the data channel
/// pair a→b  = HKDF-Expand(PRK, "sig" | a | b | nonce of a | nonce of b, 32)
/// signs     = HKDF-Expand(PRK, "signs" | …, 6)     what two people compare (module `compare`)
/// ```
/// Known answers: `tests/vectors`, which `docs/WIRE.md` explains.
#[derive(Clone)]
pub struct RoomKeys {
    prk: Hkdf<Sha256>,
    room: RoomId,
    pub(crate) hello: [u8; 32],
    pub(crate) confirm: [u8; 32],
    /// Whether the room does without everything that protects it: also without what only takes time.
    #[cfg(feature = "insecure")]
    pub(crate) is_bare: bool,
}

impl RoomKeys {
    /// Derives a room's keys.
    #[must_use]
    pub fn derive(link: &Link) -> Self {
        let prk = match link {
            Link::Secret(secret) => Hkdf::new(Some(b"snaproom/1"), secret),
            Link::Name(name) => Hkdf::new(Some(b"snaproom/1/name"), name.as_bytes()),
        };
        let keys = Self {
            room: RoomId(expand(&prk, &[b"room-id"])),
            hello: expand(&prk, &[b"hello"]),
            confirm: expand(&prk, &[b"confirm"]),
            prk,
            #[cfg(feature = "insecure")]
            is_bare: false,
        };
        #[cfg(feature = "insecure")]
        let keys = keys.weakened_by(link);
        keys
    }

    /// The room's name at the server.
    #[must_use]
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// The key of what `from` says to `to` in one negotiation.
    pub(crate) fn pair(&self, from: (PeerId, Nonce), to: (PeerId, Nonce)) -> [u8; 32] {
        #[cfg(feature = "insecure")]
        if self.hello == NO_KEY {
            return NO_KEY;
        }
        expand(&self.prk, &[b"sig", &from.0.0, &to.0.0, &from.1.0, &to.1.0])
    }

    /// 42 bits that two people compare: see [`crate::compare`].
    pub(crate) fn signs(&self, parts: &[&[u8]]) -> [u8; 6] {
        expand(&self.prk, &[&[b"signs".as_slice()], parts].concat())
    }
}

/// The id that showing `token` claims: the first 16 bytes of its SHA-256.
#[must_use]
pub fn peer_id(token: &Token) -> PeerId {
    let digest: [u8; 32] = Sha256::digest(token.0).into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    PeerId(id)
}

pub(crate) fn expand<const N: usize>(prk: &Hkdf<Sha256>, info: &[&[u8]]) -> [u8; N] {
    let mut key = [0; N];
    // HKDF can give 255 · 32 bytes; the largest asked for here is 32.
    #[expect(clippy::expect_used)]
    prk.expand_multi_info(info, &mut key).expect("at most 32 bytes are asked for");
    key
}

/// Seals nothing, and every proof holds under it.
#[cfg(feature = "insecure")]
pub(crate) const NO_KEY: [u8; 32] = [0; 32];

#[cfg(feature = "insecure")]
impl RoomKeys {
    /// What a room's name switches off, so that one test build has rooms of every strength.
    fn weakened_by(self, link: &Link) -> Self {
        let Link::Name(name) = link else { return self };
        let is_bare = name.starts_with("bare-");
        let is_unproven = is_bare || name.starts_with("unproven-");
        let is_unsealed = is_unproven || name.starts_with("unsealed-");
        Self {
            hello: if is_unsealed { NO_KEY } else { self.hello },
            confirm: if is_unproven { NO_KEY } else { self.confirm },
            is_bare,
            ..self
        }
    }
}

#[cfg(all(feature = "insecure", not(debug_assertions)))]
const _: () = assert!(
    option_env!("SNAPROOM_INSECURE").is_some(),
    "`insecure` takes the protection out of rooms: for test builds alone, and never for people"
);

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_direction_has_its_own_key() {
        let keys = RoomKeys::derive(&Link::mint([7; 16]));
        let (a, b) = ((PeerId([1; 16]), Nonce([3; 32])), (PeerId([2; 16]), Nonce([4; 32])));
        assert_ne!(keys.pair(a, b), keys.pair(b, a));
    }
}
