use std::{fmt, str::FromStr};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names and secrets of a fixed length. As text each is base64url without padding.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                decode(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = <&[u8]>::deserialize(deserializer)?;
                bytes.try_into().map(Self).map_err(|_| de::Error::custom("another length"))
            }
        }
    };
}

macro_rules! shown_in_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )*};
}

fixed_bytes!(
    /// A room as the server knows it: 16 bytes derived from the link's secret.
    RoomId, 16
);
fixed_bytes!(
    /// A member of a room: the first 16 bytes of SHA-256 of its [`Token`].
    PeerId, 16
);
fixed_bytes!(
    /// What a tab shows to the server to claim its [`PeerId`]: 32 random bytes. Secret, so `Debug` hides it.
    Token, 32
);
fixed_bytes!(
    /// One life of one page: 16 random bytes, new with every load. Tells a reload from a dropped socket.
    TabId, 16
);
fixed_bytes!(
    /// One photo, file or message: 16 random bytes, so that nobody can guess another's.
    ItemId, 16
);
fixed_bytes!(
    /// 32 random bytes, new for every negotiation.
    Nonce, 32
);
fixed_bytes!(
    /// A SHA-256 digest or an HMAC-SHA-256 tag.
    Digest, 32
);
fixed_bytes!(
    /// What a device remembers, to be known again: 32 random bytes, never on the wire. Secret, so `Debug` hides it.
    DeviceSecret, 32
);
fixed_bytes!(
    /// A device in one room: an Ed25519 public key (RFC 8032).
    DeviceKey, 32
);
fixed_bytes!(
    /// An Ed25519 signature (RFC 8032).
    Signature, 64
);

shown_in_debug!(RoomId, PeerId, TabId, ItemId, Nonce, Digest, DeviceKey, Signature);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(…)")
    }
}

/// A text that is not base64url of the expected number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not base64url of the expected length")
    }
}

impl std::error::Error for ParseIdError {}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], ParseIdError> {
    let mut bytes = [0; N];
    match Base64UrlUnpadded::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == N => Ok(bytes),
        _ => Err(ParseIdError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = PeerId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 22);
    }

    #[test]
    fn other_lengths_and_alphabets_are_refused() {
        for text in ["", "AAAA", "++++++++++++++++++++++", &"A".repeat(23), &"A".repeat(1_000_000)] {
            assert_eq!(text.parse::<PeerId>(), Err(ParseIdError));
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", Token([9; 32])), "Token(…)");
    }
}
