//! Between a tab and the server: text frames on the WebSocket at `/ws`.

use serde::{Deserialize, Serialize};

use crate::{Envelope, PeerId, RoomId, Token};

/// Largest text frame either side sends, in bytes: one [`Envelope`] and what is around it, in base64url.
/// The server closes a socket that sends more.
pub const MAX_FRAME_BYTES: usize = 96 * 1024;

/// Tab → server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToServer {
    /// The first message: make the room or take a seat in it.
    Join {
        /// [`crate::VERSION`] of the page. Read by itself first ([`Greeting`]), whatever else has changed.
        version: u16,
        /// Which room.
        room: RoomId,
        /// The preimage of the sender's peer id: whoever shows it owns the id.
        token: Token,
        /// Which join of this token it is: an earlier one that comes late takes nothing from a later one.
        turn: Turn,
        /// A sealed hello that the server hands to everybody who is there, with [`FromServer::Joined`].
        hello: Envelope,
    },
    /// Hand `envelope` to `to`, if that peer sits in the same room.
    Relay {
        /// The receiver.
        to: PeerId,
        /// Sealed for it.
        envelope: Envelope,
    },
    /// Asks for new [`Ice`] before the credentials of the present one end; answered by [`FromServer::Ice`].
    RenewIce,
    /// Is there still a server behind this socket? A page hears nothing of the pings below its WebSocket. Answered
    /// by [`FromServer::Pong`].
    Ping,
    /// The person leaves the room for good; the seat is free at once.
    Leave,
}

/// The order of the joins with one token, which may overtake each other: each has a socket of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Turn {
    /// How many times the page was loaded with the token before.
    pub life: u32,
    /// How many times this life of the page joined before.
    pub join: u32,
}

/// How the first message begins in every version, whatever comes behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Greeting {
    /// A [`ToServer::Join`].
    Join {
        /// The version of the page.
        version: u16,
    },
}

/// Server → tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromServer {
    /// The server will not serve this socket, and closes it.
    /// It stands first, and so does [`Refusal::Version`]: a page of any version can read that.
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// The tab has a seat. The first message that proves that there is a server behind the socket.
    Welcome(Welcome),
    /// `peer` took a seat after the receiver did, or took its own seat again.
    Joined {
        /// Who.
        peer: PeerId,
        /// The hello that came with its join.
        hello: Envelope,
    },
    /// `from` sends an envelope. The server stamps `from` itself.
    Relay {
        /// The sender.
        from: PeerId,
        /// Sealed for the receiver.
        envelope: Envelope,
    },
    /// The socket of `peer` is gone; its seat is kept for the lease.
    Away {
        /// Who.
        peer: PeerId,
    },
    /// `peer` has no seat any more.
    Left {
        /// Who.
        peer: PeerId,
        /// It said so itself. Otherwise its lease ended or a newcomer got its seat, and it may come back.
        for_good: bool,
    },
    /// The answer to [`ToServer::RenewIce`].
    Ice(Ice),
    /// The answer to [`ToServer::Ping`].
    Pong,
    /// Every seat is taken. The server closes the socket after it.
    Full {
        /// How many people the room holds.
        capacity: u16,
    },
    /// Another socket showed the same token. Terminal: the server closes the socket after it.
    Replaced,
    /// The server stops, perhaps to be started anew, and closes the socket after it. Each tab gets another time, so
    /// that they do not come back all at once.
    Stopping {
        /// Milliseconds.
        back_in: u32,
    },
}

/// What a tab learns when it gets its seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Whether this join made the room.
    pub how: Welcomed,
    /// The receiver's own id, as the server derived it from its token.
    pub peer: PeerId,
    /// Who is there already, in the order of their arrival; never the receiver.
    pub peers: Vec<Seat>,
    /// How many people the room holds.
    pub capacity: u16,
    /// Seconds for which the seat of a lost socket is kept.
    pub lease: u32,
    /// STUN and TURN servers for this tab.
    pub ice: Ice,
}

/// STUN and TURN servers, and how long they can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ice {
    /// What `RTCConfiguration.iceServers` gets.
    pub servers: Vec<IceServer>,
    /// Seconds until the credentials in `servers` end; none where there are no credentials.
    pub expires_in: Option<u32>,
}

/// The codelab's two answers to *create or join*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Welcomed {
    /// The room is new.
    Created,
    /// The room was there.
    Joined,
}

/// Somebody who is in the room already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who.
    pub peer: PeerId,
    /// The seat is kept, its socket is gone.
    pub away: bool,
}

/// An entry of `RTCConfiguration.iceServers` (W3C WebRTC, section 4.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` and `turns:` addresses.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN.
    pub credential: Option<String>,
}

/// Why the server will not serve a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// Page and server speak different versions.
    Version,
    /// A frame that is no message of this protocol, or the first one is not a join.
    Malformed,
    /// A frame larger than [`MAX_FRAME_BYTES`].
    TooLarge,
    /// No join within the server's time.
    TooSlow,
    /// The receiver of the server's messages did not keep up.
    Lagging,
    /// The server holds as many rooms or sockets as it may.
    Busy,
    /// Too many sockets come from this address.
    TooMany,
    /// Too much comes in too short a time, over this socket or from this address.
    TooFast,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    fn join() -> ToServer {
        ToServer::Join {
            version: 9,
            room: RoomId([4; 16]),
            token: Token([5; 32]),
            turn: Turn { life: 1, join: 300 },
            hello: Envelope(vec![1, 2, 3]),
        }
    }

    #[test]
    fn a_join_reads_as_documented() {
        // The variant, the version, the room and the token with their lengths, the turn in LEB128, the hello.
        let bytes = [&[0, 9, 16][..], &[4; 16], &[32], &[5; 32], &[1, 0xAC, 2, 3, 1, 2, 3]].concat();
        assert_eq!(wire::to_bytes(&join()), bytes);
        assert_eq!(wire::from_bytes(&bytes), Ok(join()));
    }

    #[test]
    fn the_version_of_an_unknown_join_can_be_read() {
        let text = wire::to_text(&join());
        assert_eq!(wire::from_beginning(&text), Ok(Greeting::Join { version: 9 }));
        let news = wire::to_text(&(Greeting::Join { version: 10 }, "news"));
        assert_eq!(wire::from_beginning(&news), Ok(Greeting::Join { version: 10 }));
    }

    #[test]
    fn a_page_of_any_version_can_read_that_its_version_is_refused() {
        assert_eq!(wire::to_bytes(&FromServer::Refused { reason: Refusal::Version }), [0, 0]);
    }

    #[test]
    fn the_largest_envelope_fits_a_frame() {
        let relay =
            ToServer::Relay { to: PeerId([255; 16]), envelope: Envelope(vec![0; crate::MAX_ENVELOPE_BYTES]) };
        assert!(wire::to_text(&relay).len() <= MAX_FRAME_BYTES);
    }
}
