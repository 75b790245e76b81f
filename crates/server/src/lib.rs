//! The server of Snaproom: it hands out the app's files, seats tabs in rooms, and relays envelopes that it cannot
//! read within a room. The binary is `snaproom`.
//!
//! | module | what for |
//! |---|---|
//! | [`rooms`] | the table of rooms: pure, every rule of seats and leases is here |
//! | `hub` | the table and the outboxes of its sockets behind one lock |
//! | `socket` | one page's WebSocket, one task |
//! | `upgrade`, `websocket`, `decoder` | how a request becomes a WebSocket, and what goes over it |
//! | `outbox` | what waits to be written to one socket, bounded |
//! | `origin` | which pages may open a WebSocket |
//! | `address`, `quotas`, `share` | whose socket it is, also behind proxies; how much one client may ask |
//! | `slots`, `patient` | how many connections there may be besides, and how long one may read nothing |
//! | `files`, `embedded`, `policy` | the app's files, from the disk or the binary, and the headers of every response |
//! | `ice` | what tabs are told of STUN and TURN servers |
//! | [`turn`](TurnServer) | STUN and TURN |
//! | `tls` | HTTPS |
//! | `telemetry` | what the server counts of itself |
//!
//! What the server keeps of a person is a [peer id](snaproom_protocol::PeerId) for as long as it has a seat. Tokens,
//! hellos and envelopes pass through; none is kept or logged.

mod address;
mod decoder;
#[cfg(feature = "embedded-app")]
mod embedded;
mod files;
mod hub;
mod ice;
mod origin;
mod outbox;
mod patient;
mod policy;
mod quotas;
pub mod rooms;
mod settings;
mod share;
mod slots;
mod socket;
mod telemetry;
mod tls;
mod turn;
mod upgrade;
mod websocket;

use std::{net::IpAddr, pin::pin, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{Request, StatusCode},
    middleware,
    routing::get,
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{either::Either, sync::CancellationToken, task::TaskTracker};

pub use address::Proxy;
pub use files::App;
pub use ice::{IceServers, Own, StunUrl, TurnUrl};
pub use origin::Origin;
pub use quotas::Allowance;
pub use settings::{MAX_LEASE, MAX_ROOM_CAPACITY, MAX_ROOMS, MAX_SOCKETS, Settings, Timeouts};
pub use telemetry::metrics;
pub use tls::{Fingerprint, Tls};
pub use turn::{Relaying, TurnSecret, TurnServer};

use crate::{
    files::AppFiles,
    hub::Hub,
    patient::Patient,
    quotas::Quotas,
    rooms::Limits,
    slots::Slots,
    socket::{Peer, Sockets},
};

/// What a request's header may take in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The whole server as a service. Its sockets and its clock for leases run as tasks that `tasks` counts and that end
/// when `stop` is cancelled.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn app(settings: Settings, stop: &CancellationToken, tasks: &TaskTracker) -> Router {
    let hub = Arc::new(Hub::new(Limits {
        capacity: settings.room_capacity,
        rooms: settings.max_rooms,
        lease: settings.lease,
    }));
    tasks.spawn({
        let (hub, stop) = (Arc::clone(&hub), stop.clone());
        async move { stop.run_until_cancelled(hub.expire_leases()).await }
    });
    let quotas = Quotas::new(settings.allowance, settings.room_capacity);
    tasks.spawn({
        let (quotas, stop) = (Arc::clone(&quotas), stop.clone());
        async move { stop.run_until_cancelled(quotas.forget()).await }
    });
    let is_lasting = settings.tls.as_ref().is_some_and(|tls| tls.is_lasting());
    let files = settings.app.clone().map(|app| Arc::new(AppFiles::new(app)));
    let sockets = Sockets::new(settings, hub, quotas, stop.clone(), tasks.clone());
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(readiness).with_state(stop.clone()))
        .route("/ws", get(socket::open).with_state(Arc::new(sockets)));
    let router = match files {
        Some(files) => router.fallback_service(axum::handler::Handler::with_state(files::serve, files)),
        None => router.fallback(files::no_app),
    };
    let router = router.layer(middleware::map_response(policy::secure));
    if is_lasting { router.layer(middleware::map_response(policy::https_only)) } else { router }
}

/// Whether whoever comes now will be served for a while.
async fn readiness(State(stop): State<CancellationToken>) -> (StatusCode, &'static str) {
    if stop.is_cancelled() { (StatusCode::SERVICE_UNAVAILABLE, "stopping") } else { (StatusCode::OK, "ok") }
}

/// Serves on `listener` until `shutdown`. Then it tells every tab when to come back, closes its socket, and waits for
/// all of them, at most [`Timeouts::drain`]; whoever comes meanwhile is told the same.
pub async fn serve(listener: TcpListener, settings: Settings, shutdown: impl Future<Output = ()>) {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let (timeouts, tls) = (settings.timeouts, settings.tls.clone());
    if let Some(tls) = tls.clone() {
        let stop = stop.clone();
        tasks.spawn(async move { stop.run_until_cancelled(tls.keep_fresh(timeouts.certificate)).await });
    }
    let server = Connections {
        tls,
        slots: Slots::new(settings.max_http, &settings.proxies),
        app: app(settings, &stop, &tasks),
        timeouts,
        tasks,
    };
    server.accept_until(&listener, &stop, shutdown).await;
    tracing::info!("telling everybody when to come back");
    stop.cancel();
    server.tasks.close();
    let ended = timeout(timeouts.drain, async {
        // Nothing interrupts them, so that they can be answered.
        server.accept_until(&listener, &CancellationToken::new(), server.tasks.wait()).await;
    });
    if ended.await.is_err() {
        tracing::warn!("{} connections did not end in time and are cut off", server.tasks.len());
    }
}

/// What all connections share.
#[derive(Clone)]
struct Connections {
    app: Router,
    tls: Option<Arc<Tls>>,
    slots: Slots,
    timeouts: Timeouts,
    tasks: TaskTracker,
}

impl Connections {
    /// Serves whoever comes, each until `stop` is cancelled.
    async fn accept_until(
        &self,
        listener: &TcpListener,
        stop: &CancellationToken,
        end: impl Future<Output = ()>,
    ) {
        let mut end = pin!(end);
        loop {
            let (slot, stream, peer) = tokio::select! {
                connection = self.slots.accept(listener) => connection,
                () = &mut end => return,
            };
            let (server, stop) = (self.clone(), stop.clone());
            self.tasks.spawn(async move {
                server.converse(stream, peer, stop).await;
                drop(slot);
            });
        }
    }

    /// `axum::serve` would wait for a request's header for ever, so the connection is built here.
    async fn converse(self, stream: TcpStream, address: IpAddr, stop: CancellationToken) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection is slow to send: {error}");
        }
        let stream = Patient::new(stream, self.timeouts.write);
        let peer = Peer { address, received: stream.received() };
        let stream = match &self.tls {
            None => Either::Left(stream),
            Some(tls) => match timeout(self.timeouts.header, tls.accept(stream)).await {
                Ok(Ok(stream)) => Either::Right(stream),
                Ok(Err(error)) => return tracing::debug!("a TLS handshake failed: {error}"),
                Err(_) => return tracing::debug!("a TLS handshake took too long"),
            },
        };
        let app = TowerToHyperService::new(self.app);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            app.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeouts.header)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("a connection ended early: {error}");
        }
    }
}
