//! What people write to each other, as part of [`Control`](crate::control::Control).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{DeviceKey, Digest, ItemId, PeerId, Signature};

/// Longest text of a message in bytes of UTF-8: with all else that a message says it fits into
/// [`MAX_MESSAGE_BYTES`](crate::control::MAX_MESSAGE_BYTES). A JavaScript string of a third as many units always does.
pub const MAX_TEXT_BYTES: usize = 11_700;

/// Messages that a page keeps for those who come later.
pub const MAX_LOG: usize = 200;

/// Most messages that are asked for at once.
pub const MAX_WANTED: usize = 8;

/// The last moment that a date of JavaScript can tell, in milliseconds since 1970 (ECMA-262, section 21.4.1.1).
pub const LAST_MOMENT: u64 = 8_640_000_000_000_000;

/// Either peer → the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chat {
    /// The author → everybody who is connected. Who asked with [`Chat::Want`] gets it from anybody.
    Say(Message),
    /// The hearer wrote this, and the speaker has it.
    Heard {
        /// Which.
        id: ItemId,
    },
    /// The speaker's person writes.
    Writes,
    /// The speaker has messages. Said once, after the proof of a new connection.
    Log {
        /// SHA-256 over their ids, sorted.
        digest: Digest,
    },
    /// The same one by one, in the speaker's order. Said once, where [`Chat::Log`] showed that the two do not have the
    /// same, or as the answer to the hearer's.
    Has {
        /// Which.
        ids: Ids,
    },
    /// The speaker lacks these, of those that the hearer has.
    Want {
        /// Which, at most [`MAX_WANTED`].
        ids: Ids,
    },
}

/// What somebody wrote. Its id is made of all but the signature (`snaproom-session`, module `message`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub author: PeerId,
    /// The author's device in this room.
    pub device: DeviceKey,
    /// What the author wanted to be called then, at most
    /// [`MAX_DISPLAY_NAME_BYTES`](crate::control::MAX_DISPLAY_NAME_BYTES); empty for the friendly name.
    pub name: String,
    /// When it was written, in milliseconds since 1970 by the author's clock; at most [`LAST_MOMENT`]. Another one for
    /// each of an author's messages.
    pub at: u64,
    /// At most [`MAX_TEXT_BYTES`].
    pub text: String,
    /// The device's over all that, and over the room.
    pub signature: Signature,
}

/// The ids of at most [`MAX_LOG`] messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ids(pub Vec<ItemId>);

impl Serialize for Ids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|id| id.0).collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (ids, rest) = <&[u8]>::deserialize(deserializer)?.as_chunks();
        if ids.len() > MAX_LOG || !rest.is_empty() {
            return Err(de::Error::custom("no ids, or too many"));
        }
        Ok(Self(ids.iter().copied().map(ItemId).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::{Control, MAX_DISPLAY_NAME_BYTES, MAX_MESSAGE_BYTES},
        wire::{self, Malformed},
    };

    #[test]
    fn the_largest_message_fits_into_one_of_the_channel() {
        let largest = Message {
            author: PeerId([255; 16]),
            device: DeviceKey([255; 32]),
            name: "x".repeat(MAX_DISPLAY_NAME_BYTES),
            at: LAST_MOMENT,
            text: "x".repeat(MAX_TEXT_BYTES),
            signature: Signature([255; 64]),
        };
        assert!(wire::to_text(&Control::Chat(Chat::Say(largest))).len() <= MAX_MESSAGE_BYTES);
        let has = Chat::Has { ids: Ids(vec![ItemId([255; 16]); MAX_LOG]) };
        assert!(wire::to_text(&Control::Chat(has)).len() <= MAX_MESSAGE_BYTES);
    }

    #[test]
    fn more_ids_than_a_page_keeps_and_pieces_of_one_are_refused() {
        let read = |bytes: usize| wire::from_bytes::<Ids>(&wire::to_bytes(&vec![7u8; bytes]));
        assert_eq!(read(0), Ok(Ids::default()));
        assert_eq!(read(16 * MAX_LOG).unwrap().0.len(), MAX_LOG);
        for bytes in [1, 15, 17, 16 * MAX_LOG + 16] {
            assert_eq!(read(bytes), Err(Malformed));
        }
    }
}
