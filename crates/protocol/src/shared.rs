//! What was shown to everybody in the room, for those who come later, as part of [`Control`](crate::control::Control).

use serde::{Deserialize, Serialize};

use crate::{DeviceKey, Digest, ItemId, PeerId, Signature, control::Kind};

/// Photos and files of which a page tells those who come later.
pub const MAX_SHARED: usize = 100;

/// Either peer → the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shared {
    /// The speaker holds this. Said after the proof of a new connection, for each such item; and by its owner to everybody
    /// once all its hashes are known.
    Has(Entry),
    /// The speaker wants it.
    Want {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
    },
    /// The answer to [`Shared::Want`].
    Gives {
        /// Whose.
        owner: PeerId,
        /// Which.
        item: ItemId,
        /// As which item of the speaker's it comes: its [`Offer`](crate::control::Offer) follows. None: the speaker does not
        /// hold it any more.
        as_item: Option<ItemId>,
    },
}

/// A photo, a file or a folder that was offered to everybody, as its owner signs it (`snaproom-session`, module `entry`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Who showed it.
    pub owner: PeerId,
    /// The owner's device in this room.
    pub device: DeviceKey,
    /// What the owner wanted to be called then, at most
    /// [`MAX_DISPLAY_NAME_BYTES`](crate::control::MAX_DISPLAY_NAME_BYTES); empty for the friendly name.
    pub called: String,
    /// Which of the owner's items.
    pub item: ItemId,
    /// As in the item's [`Offer`](crate::control::Offer), and so are the next two.
    pub name: String,
    /// Length of the exact bytes.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
    /// SHA-256 over the hashes of its pieces; none as long as nobody wanted it.
    pub root: Option<Digest>,
    /// The device's over all that, and over the room.
    pub signature: Signature,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        control::{Control, MAX_DISPLAY_NAME_BYTES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES},
        wire,
    };

    #[test]
    fn the_largest_entry_fits_into_a_message_of_the_channel() {
        let kinds = [
            Kind::Photo { width: u32::MAX, height: u32::MAX, taken: u64::MAX },
            Kind::File,
            Kind::Folder { files: u32::MAX, listing: u32::MAX },
        ];
        for kind in kinds {
            let largest = Entry {
                owner: PeerId([255; 16]),
                device: DeviceKey([255; 32]),
                called: "x".repeat(MAX_DISPLAY_NAME_BYTES),
                item: ItemId([255; 16]),
                name: "x".repeat(MAX_NAME_BYTES),
                bytes: u64::MAX,
                kind,
                root: Some(Digest([255; 32])),
                signature: Signature([255; 64]),
            };
            assert!(wire::to_text(&Control::Shared(Shared::Has(largest))).len() <= MAX_MESSAGE_BYTES);
        }
    }
}
