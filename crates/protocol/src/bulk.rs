//! Between two tabs: the bytes of items, on the data channel with id 1, ordered and reliable.
//!
//! A text message is a [`Header`]; the binary messages after it are the bytes it announces. As in the codelab
//! the length goes first as text; unlike there the bytes have an owner, a place and a hash.

use serde::{Deserialize, Serialize};

use crate::{Digest, ItemId};

/// Stream id of the negotiated data channel.
pub const CHANNEL_ID: u16 = 1;

/// Largest header in bytes; a larger one ends the connection.
pub const MAX_HEADER_BYTES: usize = 512;

/// Bytes of a piece: the unit that is hashed, and kept or thrown away as a whole. The last one may be shorter.
pub const PIECE_BYTES: u32 = 1024 * 1024;

/// Bytes of a binary message, where both browsers allow it (`RTCSctpTransport.maxMessageSize`).
pub const CHUNK_BYTES: u32 = 64 * 1024;

/// Bytes that a receiver lets a sender have under way on one connection.
///
/// Chromium reaches its best and steadiest rate with 384 KiB; with much more its socket drops packets and SCTP
/// falls into timeouts of 400 ms and longer.
pub const WINDOW_BYTES: u32 = 384 * 1024;

/// Sender → receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Header {
    /// The binary messages that follow, up to the next header, are bytes of this piece from `offset` on.
    /// A sender may break a piece off for another item's and go on later where it stopped.
    Piece {
        /// Whose.
        item: ItemId,
        /// Of what.
        part: Part,
        /// Which piece of the part, from 0.
        index: u32,
        /// First byte within the piece that follows; not zero only when a piece goes on.
        offset: u32,
        /// Bytes of the whole piece.
        length: u32,
        /// Of the whole piece.
        sha256: Digest,
    },
    /// All bytes of the item were sent.
    End {
        /// Whose.
        item: ItemId,
        /// SHA-256 over the hashes of the exact part's pieces, in order.
        root: Digest,
    },
}

/// What a photo's bytes are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// The JPEG that is shown first.
    Preview,
    /// The exact RGBA bytes.
    Exact,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    #[test]
    fn every_header_fits_its_bound() {
        let item = ItemId([255; 16]);
        let largest = u32::MAX;
        let sha256 = Digest([255; 32]);
        for header in [
            Header::Piece {
                item,
                part: Part::Preview,
                index: largest,
                offset: largest,
                length: largest,
                sha256,
            },
            Header::End { item, root: sha256 },
        ] {
            let text = wire::to_text(&header);
            assert!(text.len() <= MAX_HEADER_BYTES);
            assert_eq!(wire::from_text(&text), Ok(header));
        }
    }
}
