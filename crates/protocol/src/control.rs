//! Between two tabs: text on the data channel with id 0, ordered and reliable.

use serde::{Deserialize, Serialize};

use crate::{DeviceKey, Digest, ItemId, Nonce, Signature, chat::Chat};

/// Stream id of the negotiated data channel.
pub const CHANNEL_ID: u16 = 0;

/// Largest message in bytes; a larger one ends the connection.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// Largest preview in bytes.
pub const MAX_PREVIEW_BYTES: u32 = 256 * 1024;

/// Largest side of a preview in pixels, read from its JPEG header before the browser decodes it.
pub const MAX_PREVIEW_SIDE: u32 = 2048;

/// Largest side of a photo in pixels.
pub const MAX_PHOTO_SIDE: u32 = 8192;

/// Most pixels of a photo: 64 MiB as RGBA.
pub const MAX_PHOTO_PIXELS: u64 = 16 * 1024 * 1024;

/// Longest file name in bytes.
pub const MAX_NAME_BYTES: usize = 255;

/// Largest file, or folder with all that is in it, in bytes: 262,144 pieces, whose hashes take 8 MiB on each side.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024 * 1024;

/// Most files in a folder.
pub const MAX_FOLDER_FILES: u32 = 20_000;

/// Longest list of a folder's files in bytes.
pub const MAX_LISTING_BYTES: u32 = 4 * 1024 * 1024;

/// Longest display name in Unicode scalar values.
pub const MAX_DISPLAY_NAME_CHARS: usize = 40;

/// The same in bytes of UTF-8.
pub const MAX_DISPLAY_NAME_BYTES: usize = 4 * MAX_DISPLAY_NAME_CHARS;

/// Most people in a call: each of them sends to each of the others, which is three encoders and three uplinks of
/// 2.5 Mbit/s for each of four.
pub const MAX_CALL: usize = 4;

/// Either peer → the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// The first message of each side, before which nothing else is accepted: proof that the speaker holds
    /// the link and sees the same two certificates.
    Confirm {
        /// HMAC-SHA-256 over the negotiation's transcript (`snaproom-session`, module `confirm`).
        proof: Digest,
        /// The speaker's device.
        device: DeviceKey,
        /// The device's signature over the same transcript.
        signature: Signature,
    },
    /// Receiver → sender of bulk bytes: up to `until` bytes in all may be sent on this connection's bulk
    /// channel. Grows only. The receiver refuses a connection that sends more.
    Credit {
        /// Bytes since the channel opened.
        until: u64,
    },
    /// What the speaker wants to be called. Said once the other's proof was checked, and again when it changes.
    Name {
        /// As the person typed it, at most [`MAX_DISPLAY_NAME_CHARS`]. Empty: the friendly name that everybody
        /// makes of the peer id.
        name: String,
    },
    /// Sender → receiver: here is a photo, a file, a folder.
    Offer(Offer),
    /// Receiver → sender: the answer to an offer that [`resumes`](Offer::resumes). The sender goes on from there, if what
    /// it has begins with the same pieces.
    Accept {
        /// Which.
        item: ItemId,
        /// Bytes of the preview that came.
        preview: u32,
        /// Bytes of the exact part that came.
        exact: u64,
        /// Pieces of the exact part that came and matched their hashes, from its beginning on.
        pieces: u32,
        /// SHA-256 over their hashes, in order.
        root: Digest,
    },
    /// Sender → receiver, once on each connection: what of the sender's is under way was offered. What else the
    /// receiver still waits for will not come.
    AllOffered,
    /// Receiver → sender: so many bytes of the item came and matched their hashes.
    Received {
        /// Which.
        item: ItemId,
        /// Checked bytes, of preview and picture together.
        bytes: u64,
    },
    /// Receiver → sender: all of it came and the root matched.
    Verified {
        /// Which.
        item: ItemId,
    },
    /// Receiver → sender: it will not take the item.
    Refused {
        /// Which.
        item: ItemId,
        /// Why.
        reason: RefusedItem,
    },
    /// Sender → receiver: no more of it will come.
    Cancel {
        /// Which.
        item: ItemId,
    },
    /// Are you there? Asked after some silence, and when the server says that a peer's socket is gone.
    Ping,
    /// Yes.
    Pong,
    /// Two people want to know whether somebody sits between them (`snaproom-session`, module `compare`). Who asks is
    /// bound to a nonce before it knows the other's.
    Compare {
        /// SHA-256 over the nonce.
        commitment: Digest,
    },
    /// The answer to [`Control::Compare`].
    CompareNonce {
        /// Random.
        nonce: Nonce,
    },
    /// Who asked shows what it was bound to. Both now know the signs.
    CompareReveal {
        /// That the commitment was made from.
        nonce: Nonce,
    },
    /// Whoever hears it is asked to come along to another room.
    Move {
        /// What stands behind the `#` of its link: 16 or 32 random bytes in base64url.
        link: String,
    },
    /// It was read; who asked may go.
    MoveRead,
    /// The speaker takes part in the room's call. Said when it joins, when what it sends changes, and after the proof of
    /// every new connection. Whoever hears it and takes part as well sends its media to the speaker, and nobody else.
    Call(InCall),
    /// The speaker does not take part in the call, or not any more. Said when it leaves, and after the proof of every new
    /// connection.
    HangUp,
    /// The speaker was asked by a [`Control::Call`], and does not join.
    Decline,
    /// The speaker, who takes part in the call as the hearer does, wants a photo of the hearer's camera in its full
    /// size, and not the picture of the call.
    AskStill,
    /// The answer to [`Control::AskStill`].
    AnswerStill {
        /// Whether it comes, as a photo like any other. If not, the hearer's person does not want to, or took too long.
        comes: bool,
    },
    /// Receiver → sender: the exact part of an item that was offered [`on_request`](Offer::on_request) is wanted now. Of a
    /// file that is the yes of the receiver's person.
    Request {
        /// Which.
        item: ItemId,
    },
    /// Receiver → sender: no more bytes of a file are wanted for now, or they are again. Said anew after each
    /// [`Control::Accept`].
    Pause {
        /// Which.
        item: ItemId,
        /// Whether it stops.
        pauses: bool,
    },
    /// Sender → receiver: no more bytes of a file come for now, or they do again. Said anew after each [`Control::Offer`].
    Hold {
        /// Which.
        item: ItemId,
        /// Whether it stops.
        holds: bool,
    },
    /// Receiver → sender: a piece of a file did not match its hash, or could not be kept. The sender goes on from the
    /// beginning of that piece; what comes until then counts for nothing.
    Repeat {
        /// Which.
        item: ItemId,
        /// Bytes of the exact part that stay: whole pieces.
        exact: u64,
    },
    /// Receiver → sender: its person has put the file where they keep such things.
    Saved {
        /// Which.
        item: ItemId,
    },
    /// What people write to each other.
    Chat(Chat),
}

/// How somebody takes part in the room's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InCall {
    /// Higher than everybody's who took part when the speaker joined. More than [`MAX_CALL`] cannot take part: who has
    /// the highest turns, and of the same ones the highest peer ids, leaves.
    pub turn: u32,
    /// What comes from the speaker just now.
    pub sends: Sends,
}

/// What somebody in a call sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sends {
    /// The microphone, on the connection's audio section, and it is not muted.
    pub sound: bool,
    /// The camera, on its first video section.
    pub camera: bool,
    /// The screen, on its second one.
    pub screen: bool,
    /// What the speaker keeps of the call, as it says.
    pub records: Records,
}

/// What somebody in a call records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Records {
    /// Nothing.
    #[default]
    Nothing,
    /// Their own sound and picture.
    Own,
    /// Everybody's.
    Call,
}

/// What a receiver learns of an item before any byte of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Random, the sender's choice.
    pub item: ItemId,
    /// A file name, at most [`MAX_NAME_BYTES`].
    pub name: String,
    /// Length of the exact bytes.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
    /// A small picture that comes first.
    pub preview: Option<Preview>,
    /// It was offered before, over an earlier connection: the sender waits for [`Control::Accept`], which says what
    /// came of it then.
    pub resumes: bool,
    /// The exact part comes once the receiver asks for it with [`Control::Request`], over this connection.
    pub on_request: bool,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The RGBA bytes of an `ImageData`: `width · height · 4`, rows from the top.
    Photo {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// When it was taken, in milliseconds since 1970 by the sender's clock.
        taken: u64,
    },
    /// Any bytes, at most [`MAX_FILE_BYTES`], on request and without a preview.
    File,
    /// Files with their places in a folder: a list of them (`snaproom-session`, module `listing`), and then their bytes
    /// one after the other. As a [`Kind::File`] else.
    Folder {
        /// How many, at least one and at most [`MAX_FOLDER_FILES`].
        files: u32,
        /// Length of the list in bytes, at most [`MAX_LISTING_BYTES`].
        listing: u32,
    },
}

impl Kind {
    /// Whether a receiver's person is asked before any byte of it comes.
    #[must_use]
    pub fn is_photo(self) -> bool {
        matches!(self, Self::Photo { .. })
    }
}

/// A JPEG of at most [`MAX_PREVIEW_BYTES`] and [`MAX_PREVIEW_SIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Its length.
    pub bytes: u32,
    /// Its hash.
    pub sha256: Digest,
}

/// Why a receiver will not take an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RefusedItem {
    /// The name is empty, too long, or has control characters or path separators.
    Name,
    /// The length is not `width · height · 4`, or is zero.
    Length,
    /// More than this receiver takes at once or in one item.
    TooBig,
    /// The preview's length is out of bounds.
    PreviewSize,
    /// The preview is no JPEG, or would decode to something else than a smaller copy of the photo.
    PreviewPicture,
    /// An item with this id is known already.
    Duplicate,
    /// Pieces out of order, of the wrong length, or of an item never offered.
    Order,
    /// More bytes than announced.
    TooManyBytes,
    /// The end came before all bytes did.
    TooFewBytes,
    /// A piece or the root does not match its hash.
    Hash,
    /// The receiver could not keep the bytes.
    Storage,
    /// The receiver's person does not want it.
    Declined,
    /// The receiver's person wanted it, and does not any more.
    Cancelled,
}
