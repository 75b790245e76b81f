//! One WebSocket, one task: its opening, its conversation, its end.

#[cfg(test)]
mod echo;
mod end;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use end::{End, close, refuse};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
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
    decoder::Incoming,
    hub::{Hub, Seated},
    outbox::Next,
    patient::Received,
    quotas::{Account, Quotas},
    telemetry,
    upgrade::upgrade,
    websocket::{Outgoing, Silence, WebSocket},
};

/// Tabs that are being told at the same time that the server is busy; more get a plain 503.
const MAX_TURNED_AWAY: usize = 256;

/// What one message may take on the wire. Its pieces may be as small as their sender likes, and as many as fit.
const MAX_MESSAGE_BYTES: usize = 2 * MAX_FRAME_BYTES;

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
    request: Request,
) -> Response {
    if !Origin::is_allowed(request.headers(), &sockets.settings.origins) {
        telemetry::refused("origin");
        return (StatusCode::FORBIDDEN, "This origin may not use this server; see its flag --origin.\n")
            .into_response();
    }
    let visitor = Visitor::of(request.headers(), &peer);
    let client = Client::behind(peer.address, request.headers(), &sockets.settings.proxies);
    let Some((account, permit)) = sockets.place_for(client) else {
        telemetry::refused("crowd");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let task = sockets.tasks.token();
    upgrade(request, async move |line| {
        let mut socket = Socket::new(line, MAX_FRAME_BYTES);
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

/// What a page talks over.
type Socket = WebSocket<TokioIo<Upgraded>>;

/// From the opening to the end; the seat is given up on the way out.
async fn attend(socket: &mut Socket, account: &Account, visitor: &Visitor, sockets: &Sockets) -> End {
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
    socket: &mut Socket,
    account: &Account,
    visitor: &Visitor,
    sockets: &'a Sockets,
) -> Result<Seated<'a>, End> {
    let text = loop {
        if let Some(text) = text_of(socket.receive().await)? {
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
    socket: &mut Socket,
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
            frame = socket.receive() => {
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
                Next::Message(text) => write(socket, Outgoing::Text(&text), &seated, sockets).await,
                Next::Last(message) => Err(End::Told(message)),
            },
            () = sleep_until((pinged + timeouts.ping).min(heard + timeouts.silence)) => {
                pinged = Instant::now();
                if pinged >= heard + timeouts.silence {
                    Err(End::Gone)
                } else {
                    write(socket, Outgoing::Ping, &seated, sockets).await
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
    socket: &mut Socket,
    message: Outgoing<'_>,
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

/// The text of a message; none where what came is only a sign of life.
fn text_of(incoming: Result<Incoming, Silence>) -> Result<Option<String>, End> {
    match incoming {
        Ok(Incoming::Text(text)) => Ok(Some(text)),
        Ok(Incoming::Ping(_) | Incoming::Pong) => Ok(None),
        Ok(Incoming::Binary) => Err(refuse(Refusal::Malformed)),
        Ok(Incoming::Close(code)) => Err(End::Closed(code)),
        Err(Silence::Broken(broken)) => Err(End::Broken(broken)),
        Err(Silence::Gone) => Err(End::Gone),
    }
}
