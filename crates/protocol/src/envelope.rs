use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Largest sealed envelope in bytes: the largest padding size and the room its header and tag take.
pub const MAX_ENVELOPE_BYTES: usize = 65_536 + 128;

/// Sealed bytes that the server relays and cannot read.
///
/// What is inside is `snaproom-session`'s business (its module `seal`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope(pub Vec<u8>);

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(de::Error::custom("envelope too large"));
        }
        Ok(Self(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{self, Malformed};

    #[test]
    fn an_envelope_survives_the_wire_up_to_its_bound() {
        for length in [0, 1, 255, MAX_ENVELOPE_BYTES] {
            let envelope = Envelope(vec![0xA5; length]);
            assert_eq!(wire::from_bytes(&wire::to_bytes(&envelope)), Ok(envelope));
        }
    }

    #[test]
    fn one_byte_more_is_refused() {
        let bytes = wire::to_bytes(&Envelope(vec![0; MAX_ENVELOPE_BYTES + 1]));
        assert_eq!(wire::from_bytes::<Envelope>(&bytes), Err(Malformed));
    }
}
