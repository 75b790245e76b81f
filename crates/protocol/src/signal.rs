//! Between two tabs before their connection stands: the bytes inside a sealed envelope.

use serde::{Deserialize, Serialize};

use crate::{Nonce, TabId};

/// Largest session description in bytes. Ours are about 5 kB; a larger one never reaches the browser.
pub const MAX_SDP_BYTES: usize = 24 * 1024;

/// Largest candidate in bytes: its line, with the names of its media section and of its generation.
pub const MAX_CANDIDATE_BYTES: usize = 1024;

/// The first message of each tab to another, sealed with the room's hello key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::VERSION`] of the page that speaks.
    pub version: u16,
    /// Which life of which page: the same tab after a dropped socket, another one after a reload.
    pub tab: TabId,
    /// The speaker's half of the negotiation.
    pub nonce: Nonce,
    /// The nonce that this hello answers; none when it opens a negotiation.
    /// Whoever answers a hello makes the offer.
    pub answers: Option<Nonce>,
    /// The connection that the speaker has with the listener and wants to mend by an ICE restart, named by the nonce
    /// of its first offerer. An answer that does not name it means a new connection.
    pub keeps: Option<Nonce>,
}

/// Everything after the hellos, sealed with the pair's own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// A session description of type offer.
    Offer {
        /// At most [`MAX_SDP_BYTES`].
        sdp: String,
    },
    /// A session description of type answer.
    Answer {
        /// At most [`MAX_SDP_BYTES`].
        sdp: String,
    },
    /// A trickled candidate.
    Candidate(Candidate),
}

/// `RTCIceCandidateInit` (W3C WebRTC, section 4.8.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The candidate line.
    pub candidate: String,
    /// The media section it belongs to, by name.
    pub sdp_mid: Option<String>,
    /// The media section it belongs to, by place.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation it belongs to.
    pub username_fragment: Option<String>,
}
