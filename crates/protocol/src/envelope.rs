use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Largest sealed envelope in bytes: the largest padding size and the room its header and tag take.
pub const MAX_ENVELOPE_BYTES: usize = 65_536 + 128;

/// Sealed bytes that the server relays and cannot read. On the wire base64url without padding.
///
/// What is inside is `snaproom-session`'s business (its module `seal`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope(pub Vec<u8>);

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        if text.len() > MAX_ENVELOPE_BYTES.div_ceil(3) * 4 {
            return Err(de::Error::custom("envelope too large"));
        }
        let bytes = Base64UrlUnpadded::decode_vec(&text)
            .map_err(|_| de::Error::custom("envelope is not base64url"))?;
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(de::Error::custom("envelope too large"));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_survives_json_up_to_its_bound() {
        for length in [0, 1, 255, MAX_ENVELOPE_BYTES] {
            let envelope = Envelope(vec![0xA5; length]);
            let json = serde_json::to_string(&envelope).unwrap();
            assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
        }
    }

    #[test]
    fn one_byte_more_is_refused() {
        let json = serde_json::to_string(&Envelope(vec![0; MAX_ENVELOPE_BYTES + 1])).unwrap();
        assert!(serde_json::from_str::<Envelope>(&json).is_err());
    }
}
