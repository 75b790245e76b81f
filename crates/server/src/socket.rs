//! One WebSocket, one task: its opening, its conversation, its end.

use std::{net::IpAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State,
        ws::{
            CloseCode, CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use snaproom_protocol::{
    PeerId, Token, VERSION,
    server::{FromServer, Greeting, Ice, MAX_FRAME_BYTES, Refusal, ToServer},
    wire,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Origin, Settings,
    address::Client,
    hub::{Hub, Seated, to_text},
    outbox::Next,
    patient::Received,
    quotas::{Account, Quotas},
    telemetry,
};

/// Tabs that are being told at the same time that the server is busy; more get a plain 503.
const MAX_TURNED_AWAY: usize = 256;

/// Small, because it is there for every socket and most are idle.
const READ_BUFFER_BYTES: usize = 1024;

/// One frame that is being written, and the last words after it.
const WRITE_BUFFER_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// What one message may take on the wire. Its pieces may be as small as their sender likes, and as many as fit.
const MAX_MESSAGE_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// When tabs come back to a server that stops, in milliseconds: after it can be there again, and not all at once.
const BACK_IN: RangeInclusive<u32> = 500..=5_000;

/// What a tab may still send before it hears that its socket ends.
const MAX_UNREAD_BYTES: usize = 4 * MAX_FRAME_BYTES;

/// What all sockets share.
#[derive(Debug)]
pub(crate) struct Sockets {
    settings: Settings,
    hub: Arc<Hub>,
    quotas: Arc<Quotas>,
    seats: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sockets {
    pub(crate) fn new(
        settings: Settings,
        hub: Arc<Hub>,
        quotas: Arc<Quotas>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(settings.max_sockets)),
            turned_away: Arc::new(Semaphore::new(MAX_TURNED_AWAY)),
            settings,
            hub,
            quotas,
            stop,
            tasks,
        }
    }

    /// For one more socket as long as it lives, be it only to be told why it may not stay.
    fn place_for(&self, client: Client) -> Option<(Result<Account, Refusal>, OwnedSemaphorePermit)> {
        let account = self.quotas.open(client).ok_or(Refusal::TooMany);
        if account.is_ok()
            && let Ok(permit) = Arc::clone(&self.seats).try_acquire_owned()
        {
            return Some((account, permit));
        }
        let permit = Arc::clone(&self.turned_away).try_acquire_owned().ok()?;
        Some((account.and(Err(Refusal::Busy)), permit))
    }
}

/// The connection over which a request came.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Who is at its other end.
    pub(crate) address: IpAddr,
    pub(crate) received: Received,
}

/// What is known of whoever opened a socket.
#[derive(Debug)]
struct Visitor {
    /// Where its page is.
    host: Option<String>,
    /// What a TURN server calls it: a name for this socket alone.
    user: String,
    received: Received,
}

impl Visitor {
    fn of(headers: &HeaderMap, peer: &Peer) -> Self {
        let host = Origin::of(headers).map(|origin| origin.host().to_owned());
        Self { host, user: format!("{:016x}", rand::random::<u64>()), received: peer.received.clone() }
    }

    /// The STUN and TURN servers that it is told of.
    fn ice(&self, sockets: &Sockets) -> Ice {
        sockets.settings.ice.for_tab(self.host.as_deref(), &self.user)
    }
}

/// Answers `GET /ws`.
pub(crate) async fn open(
    State(sockets): State<Arc<Sockets>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !Origin::is_allowed(&headers, &sockets.settings.origins) {
        telemetry::refused("origin");
        return (StatusCode::FORBIDDEN, "This origin may not use this server; see its flag --origin.\n")
            .into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let visitor = Visitor::of(&headers, &peer);
    let client = Client::behind(peer.address, &headers, &sockets.settings.proxies);
    let Some((account, permit)) = sockets.place_for(client) else {
        telemetry::refused("crowd");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let task = sockets.tasks.token();
    bounded(upgrade)
        .on_failed_upgrade(|error| tracing::debug!("a WebSocket did not open: {error}"))
        .on_upgrade(async move |mut socket| {
            let end = match &account {
                Ok(account) => attend(&mut socket, account, &visitor, &sockets).await,
                Err(reason) => refuse(*reason),
            };
            if let Some(reason) = end.refusal() {
                telemetry::refused(reason);
            }
            close(socket, end, &visitor.received, sockets.settings.timeouts.linger).await;
            drop((account, permit, task));
        })
}

/// With what the server takes, and what it holds for it.
fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES)
}

/// Why a socket ends, and so what it still has to be told.
#[derive(Debug)]
enum End {
    /// The tab closed it, or it broke.
    Gone,
    /// The tab left its room.
    Left,
    /// The server says this and closes it.
    Told(FromServer),
    /// What came is none of a WebSocket's, or too large; with the close code that says so (RFC 6455, section 7.4.1).
    Broken(Refusal, CloseCode),
    /// The server stops.
    Stopped,
}

impl End {
    /// Why the server ended it, if it was for that.
    fn refusal(&self) -> Option<&'static str> {
        Some(match self {
            Self::Told(FromServer::Refused { reason }) | Self::Broken(reason, _) => match reason {
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
            Self::Gone | Self::Left | Self::Stopped => return None,
        })
    }
}

fn refuse(reason: Refusal) -> End {
    End::Told(FromServer::Refused { reason })
}

/// From the opening to the end; the seat is given up on the way out.
async fn attend(socket: &mut WebSocket, account: &Account, visitor: &Visitor, sockets: &Sockets) -> End {
    visitor.received.take();
    let joined = tokio::select! {
        joined = timeout(sockets.settings.timeouts.join, join(socket, account, visitor, sockets)) => joined,
        () = visitor.received.exceed(MAX_MESSAGE_BYTES) => return refuse(Refusal::TooLarge),
        () = sockets.stop.cancelled() => return End::Stopped,
    };
    match joined {
        Ok(Ok(seated)) => converse(socket, seated, account, visitor, sockets).await,
        Ok(Err(end)) => end,
        Err(_) => refuse(Refusal::TooSlow),
    }
}

/// Reads the first message and takes the seat.
async fn join<'a>(
    socket: &mut WebSocket,
    account: &Account,
    visitor: &Visitor,
    sockets: &'a Sockets,
) -> Result<Seated<'a>, End> {
    let text = loop {
        if let Some(text) = text_of(socket.recv().await)? {
            break text;
        }
    };
    let Greeting::Join { version } = wire::from_beginning(&text).map_err(|_| refuse(Refusal::Malformed))?;
    if version != VERSION {
        return Err(refuse(Refusal::Version));
    }
    let Ok(ToServer::Join { room, token, turn, hello, .. }) = wire::from_text(&text) else {
        return Err(refuse(Refusal::Malformed));
    };
    if !account.may_join() {
        return Err(refuse(Refusal::TooFast));
    }
    let seated = sockets.hub.join(room, peer_id(&token), turn, hello, visitor.ice(sockets));
    tracing::debug!(%room, seated = seated.is_ok(), "a join");
    seated.map_err(End::Told)
}

/// The id that a token claims. The token itself goes no further.
fn peer_id(token: &Token) -> PeerId {
    let digest: [u8; 32] = Sha256::digest(token.0).into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    PeerId(id)
}

async fn converse(
    socket: &mut WebSocket,
    seated: Seated<'_>,
    account: &Account,
    visitor: &Visitor,
    sockets: &Sockets,
) -> End {
    let timeouts = sockets.settings.timeouts;
    let mut heard = Instant::now();
    let mut pinged = heard;
    loop {
        let written = tokio::select! {
            frame = socket.recv() => {
                heard = Instant::now();
                match text_of(frame) {
                    // All that came counts, a ping and the pieces of a message included.
                    Ok(_) if !account.may_send(visitor.received.take()) => Err(refuse(Refusal::TooFast)),
                    Ok(None) => Ok(()),
                    Ok(Some(text)) => match wire::from_text(&text) {
                        Ok(ToServer::Relay { to, envelope }) => {
                            seated.relay(to, envelope);
                            Ok(())
                        }
                        Ok(ToServer::Ping) => {
                            seated.answer(&FromServer::Pong);
                            Ok(())
                        }
                        Ok(ToServer::RenewIce) => {
                            seated.answer(&FromServer::Ice(visitor.ice(sockets)));
                            Ok(())
                        }
                        Ok(ToServer::Leave) => {
                            seated.leave();
                            return End::Left;
                        }
                        Ok(ToServer::Join { .. }) | Err(_) => Err(refuse(Refusal::Malformed)),
                    },
                    Err(end) => Err(end),
                }
            }
            () = visitor.received.exceed(MAX_MESSAGE_BYTES) => Err(refuse(Refusal::TooLarge)),
            next = seated.outbox().next() => match next {
                Next::Message(text) => write(socket, Message::Text(text), &seated, sockets).await,
                Next::Last(message) => Err(End::Told(message)),
            },
            () = sleep_until((pinged + timeouts.ping).min(heard + timeouts.silence)) => {
                pinged = Instant::now();
                if pinged >= heard + timeouts.silence {
                    Err(End::Gone)
                } else {
                    write(socket, Message::Ping(Vec::new().into()), &seated, sockets).await
                }
            }
            () = sockets.stop.cancelled() => Err(End::Stopped),
        };
        if let Err(end) = written {
            return end;
        }
    }
}

/// Writes one message, unless the socket's end comes first.
async fn write(
    socket: &mut WebSocket,
    message: Message,
    seated: &Seated<'_>,
    sockets: &Sockets,
) -> Result<(), End> {
    tokio::select! {
        sent = timeout(sockets.settings.timeouts.write, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(refuse(Refusal::Lagging)),
        },
        last = seated.outbox().ended() => Err(End::Told(last)),
        () = sockets.stop.cancelled() => Err(End::Stopped),
    }
}

/// The text of a frame; none where the frame is only a sign of life.
fn text_of(frame: Option<Result<Message, axum::Error>>) -> Result<Option<Utf8Bytes>, End> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Binary(_))) => Err(refuse(Refusal::Malformed)),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => End::Broken(Refusal::TooLarge, close_code::SIZE),
            Some(tungstenite::Error::Utf8(_)) => End::Broken(Refusal::Malformed, close_code::INVALID),
            Some(tungstenite::Error::Protocol(error))
                if *error != tungstenite::error::ProtocolError::ResetWithoutClosingHandshake =>
            {
                End::Broken(Refusal::Malformed, close_code::PROTOCOL)
            }
            _ => End::Gone,
        }),
    }
}

/// Says what there is to say, and closes.
async fn close(socket: WebSocket, end: End, received: &Received, linger: Duration) {
    // After what is none of a WebSocket's the library reads no further.
    let is_readable = !matches!(end, End::Broken(..));
    let (last, code) = match end {
        End::Gone => (None, None),
        End::Left => (None, Some(close_code::NORMAL)),
        End::Stopped => {
            (Some(FromServer::Stopping { back_in: rand::random_range(BACK_IN) }), Some(close_code::AWAY))
        }
        End::Told(last @ FromServer::Refused { .. }) => (Some(last), Some(close_code::POLICY)),
        End::Told(last) => (Some(last), Some(close_code::NORMAL)),
        End::Broken(reason, code) => (Some(FromServer::Refused { reason }), Some(code)),
    };
    received.take();
    tokio::select! {
        said = timeout(linger, farewell(socket, last.as_ref(), code, is_readable)) => match said {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => tracing::debug!("a WebSocket did not take its last words: {error}"),
        },
        // Whoever goes on like that does not listen either.
        () = received.exceed(MAX_UNREAD_BYTES) => {}
    }
}

/// Goes on reading after the last words: closing TCP with unread bytes would reset the connection and could destroy
/// them on their way. Where nothing can be read any more only waiting is left.
async fn farewell(
    mut socket: WebSocket,
    last: Option<&FromServer>,
    code: Option<CloseCode>,
    is_readable: bool,
) -> Result<(), axum::Error> {
    if let Some(last) = last {
        socket.send(Message::Text(to_text(last))).await?;
    }
    if let Some(code) = code {
        socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await?;
    }
    while let Some(Ok(_)) = socket.recv().await {}
    if !is_readable {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[cfg(test)]
mod echo;
