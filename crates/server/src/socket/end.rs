//! How a socket ends: what it still has to be told, and how much is waited for.

use std::{io, ops::RangeInclusive, time::Duration};

use snaproom_protocol::server::{FromServer, MAX_FRAME_BYTES, Refusal};
use tokio::time::timeout;

use super::Socket;
use crate::{decoder::Broken, hub::to_text, patient::Received, websocket::Outgoing};

/// When tabs come back to a server that stops, in milliseconds: after it can be there again, and not all at once.
const BACK_IN: RangeInclusive<u32> = 500..=5_000;

/// What a tab may still send before it hears that its socket ends.
const MAX_UNREAD_BYTES: usize = 4 * MAX_FRAME_BYTES;

/// Why a socket ends, and so what it still has to be told.
#[derive(Debug)]
pub(super) enum End {
    /// It broke.
    Gone,
    /// The tab closed it, perhaps with a code.
    Closed(Option<u16>),
    /// The tab left its room.
    Left,
    /// The server says this and closes it.
    Told(FromServer),
    /// What came is none of a WebSocket's, or too large.
    Broken(Broken),
    /// The server stops.
    Stopped,
}

impl End {
    /// Why the server ended it, if it was for that.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        Some(match self {
            Self::Broken(Broken::Size) => "too_large",
            Self::Broken(Broken::Protocol | Broken::Text) => "malformed",
            Self::Told(FromServer::Refused { reason }) => match reason {
                Refusal::Version => "version",
                Refusal::Malformed => "malformed",
                Refusal::TooLarge => "too_large",
                Refusal::TooSlow => "too_slow",
                Refusal::Lagging => "lagging",
                Refusal::Busy => "busy",
                Refusal::TooMany => "too_many",
                Refusal::TooFast => "too_fast",
            },
            Self::Told(FromServer::Full { .. }) => "full",
            Self::Told(_) => "replaced",
            Self::Gone | Self::Closed(_) | Self::Left | Self::Stopped => return None,
        })
    }
}

pub(super) fn refuse(reason: Refusal) -> End {
    End::Told(FromServer::Refused { reason })
}

/// Close codes (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;
const AWAY: u16 = 1001;
pub(super) const PROTOCOL: u16 = 1002;
pub(super) const NO_TEXT: u16 = 1007;
const POLICY: u16 = 1008;
pub(super) const TOO_LARGE: u16 = 1009;

/// Says what there is to say, and closes.
pub(super) async fn close(socket: Socket, end: End, received: &Received, linger: Duration) {
    let refused = |reason| Some(FromServer::Refused { reason });
    let (last, code) = match end {
        End::Gone => return,
        End::Closed(code) => (None, code),
        End::Left => (None, Some(NORMAL)),
        End::Stopped => (Some(FromServer::Stopping { back_in: rand::random_range(BACK_IN) }), Some(AWAY)),
        End::Told(last @ FromServer::Refused { .. }) => (Some(last), Some(POLICY)),
        End::Told(last) => (Some(last), Some(NORMAL)),
        End::Broken(Broken::Protocol) => (refused(Refusal::Malformed), Some(PROTOCOL)),
        End::Broken(Broken::Text) => (refused(Refusal::Malformed), Some(NO_TEXT)),
        End::Broken(Broken::Size) => (refused(Refusal::TooLarge), Some(TOO_LARGE)),
    };
    received.take();
    tokio::select! {
        said = timeout(linger, farewell(socket, last.as_ref(), code)) => {
            if let Ok(Err(error)) = said {
                tracing::debug!("a WebSocket did not take its last words: {error}");
            }
        }
        // Whoever goes on like that does not listen either.
        () = received.exceed(MAX_UNREAD_BYTES) => {}
    }
}

/// Goes on reading after the last words: closing TCP with unread bytes would reset the connection and could destroy
/// them on their way.
pub(super) async fn farewell(
    mut socket: Socket,
    last: Option<&FromServer>,
    code: Option<u16>,
) -> io::Result<()> {
    if let Some(last) = last {
        socket.send(Outgoing::Text(&to_text(last))).await?;
    }
    socket.send(Outgoing::Close(code)).await?;
    socket.finish().await;
    Ok(())
}
