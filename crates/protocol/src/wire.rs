//! How a message becomes bytes, and text where a channel carries text: postcard, and base64url of it.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are no message of the type that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// The message in postcard's format.
#[must_use]
pub fn to_bytes(message: &impl Serialize) -> Vec<u8> {
    // postcard fails for sequences of unknown length and for buffers that are full; here is neither.
    let Ok(bytes) = postcard::to_allocvec(message) else { unreachable!("a message has a form in bytes") };
    bytes
}

/// A message that takes all of `bytes`.
///
/// # Errors
///
/// [`Malformed`] for anything else, also for a message with more behind it.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        _ => Err(Malformed),
    }
}

/// The message as base64url without padding.
#[must_use]
pub fn to_text(message: &impl Serialize) -> String {
    Base64UrlUnpadded::encode_string(&to_bytes(message))
}

/// A message that takes all of `text`. The caller bounds its length.
///
/// # Errors
///
/// [`Malformed`] for anything else.
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    from_bytes(&decode(text)?)
}

/// A message at the beginning of `text`, whatever is behind it.
///
/// # Errors
///
/// [`Malformed`] for a text that begins otherwise.
pub fn from_beginning<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    postcard::from_bytes(&decode(text)?).map_err(|_| Malformed)
}

fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Control;

    const ASK: Control = Control::Credit { until: 300 };

    #[test]
    fn a_message_survives_its_text() {
        assert_eq!(to_bytes(&ASK), [1, 0xAC, 2]);
        assert_eq!(to_text(&ASK), "AawC");
        assert_eq!(from_text(&to_text(&ASK)), Ok(ASK));
    }

    #[test]
    fn more_less_and_anything_else_are_refused() {
        for bytes in [
            &[][..],
            &[1],
            &[1, 0xAC],
            &[1, 0xAC, 2, 0],
            &[200, 1],
            &[1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        ] {
            assert_eq!(from_bytes::<Control>(bytes), Err(Malformed), "{bytes:?}");
        }
        for text in ["", "A", "AawC=", "AawC ", "A\u{301}awC", "{}"] {
            assert_eq!(from_text::<Control>(text), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_message_allocates_nothing_and_is_refused() {
        let name = [&[2, 255, 255, 255, 127][..], &[b'a'; 8]].concat();
        assert_eq!(from_bytes::<Control>(&name), Err(Malformed));
    }
}
