//! Every message on Snaproom's wire. Types and bounds only: no IO, no clock, no cryptography.
//!
//! | module | from → to | carried by |
//! |---|---|---|
//! | [`server`] | tab ↔ server | text on the WebSocket at `/ws` |
//! | [`signal`] | tab → tab | bytes inside a sealed [`Envelope`], relayed by the server, which cannot read it |
//! | [`control`], [`chat`] | tab → tab | text on the data channel with id 0 |
//! | [`bulk`] | tab → tab | headers as text, raw bytes as binary, on the data channel with id 1 |
//!
//! [`wire`] makes text and bytes of them. For another implementation `docs/WIRE.md` says all of it, and has test
//! vectors.
//!
//! The words of the WebRTC codelab live on: *create or join* is [`server::ToServer::Join`], *created* and
//! *joined* are the two answers in [`server::Welcomed`], *ready* is [`server::FromServer::Joined`], *full* is
//! [`server::FromServer::Full`], *bye* is [`server::ToServer::Leave`].

pub mod bulk;
pub mod chat;
pub mod control;
mod envelope;
mod id;
pub mod server;
pub mod signal;
pub mod wire;

pub use envelope::{Envelope, MAX_ENVELOPE_BYTES};
pub use id::{
    DeviceKey, DeviceSecret, Digest, ItemId, Nonce, ParseIdError, PeerId, RoomId, Signature, TabId, Token,
};

/// Version of everything in this crate, shown in the first message of each conversation. A tab and a server,
/// or two tabs, with different versions refuse each other with a sentence instead of guessing.
pub const VERSION: u16 = 4;
