//! What the person who runs the server decides. Values are checked where they are parsed, not where they are used.

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use crate::{Allowance, App, IceServers, Origin, Proxy, Tls};

/// Everything that can be set. `Default` is what the binary does without flags.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HTTPS instead of HTTP.
    pub tls: Option<Arc<Tls>>,
    /// The built app.
    pub app: Option<App>,
    /// Seats in a room.
    pub room_capacity: NonZeroU16,
    /// How long the seat of a lost socket is kept; at most [`MAX_LEASE`].
    pub lease: Duration,
    /// Origins that may open a WebSocket besides the server's own.
    pub origins: Vec<Origin>,
    /// Proxies whose word about their clients' addresses counts.
    pub proxies: Vec<Proxy>,
    /// What one client may have and do.
    pub allowance: Allowance,
    /// What tabs are told of STUN and TURN servers.
    pub ice: IceServers,
    /// Rooms at a time; the next one is refused as busy.
    pub max_rooms: usize,
    /// Sockets at a time; the next one is refused as busy.
    pub max_sockets: usize,
    /// Connections at a time that are not upgraded; further ones wait to be accepted. One client has an eighth of
    /// them at most, and further ones of its are closed.
    pub max_http: usize,
    /// How long the server waits for what.
    pub timeouts: Timeouts,
}

/// How long the server waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From the connection or the last response to the end of the next request's header.
    pub header: Duration,
    /// From the WebSocket's opening to its join.
    pub join: Duration,
    /// Between two pings: well within the minute after which many proxies drop a connection on which nothing passes.
    pub ping: Duration,
    /// Without any frame, a pong included, the socket counts as lost. Two pings and the 5 s that an answer may take
    /// on a bad radio link: one answer that is late costs nobody the seat.
    pub silence: Duration,
    /// For one message to leave, or for the next part of a file.
    pub write: Duration,
    /// For the last words to leave and the tab to close its side.
    pub linger: Duration,
    /// Between two looks at the certificate's files.
    pub certificate: Duration,
    /// For everything to end after the shutdown began.
    pub drain: Duration,
}

/// Rooms at a time: as many as sockets, so that in honest use sockets run out first. It bounds the seats that are
/// kept for sockets that are gone: some 5 MB at 8 seats a room.
pub const MAX_ROOMS: usize = MAX_SOCKETS;

/// Sockets at a time: some 50 MB when all are idle (4.6 kB each, measured with 800), what a small machine can spare.
pub const MAX_SOCKETS: usize = 10_000;

/// Connections at a time that are not upgraded: those of some 300 people who open the page in the same seconds.
const MAX_HTTP: usize = 1024;

/// The largest room. A page follows 64 others; beyond it a mesh costs more than any browser can carry.
pub const MAX_ROOM_CAPACITY: u16 = 65;

/// The longest lease. Whoever comes back later joins like a newcomer.
pub const MAX_LEASE: Duration = Duration::from_hours(1);

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: None,
            app: None,
            room_capacity: const { NonZeroU16::new(8).unwrap() },
            lease: Duration::from_secs(30),
            origins: Vec::new(),
            proxies: Vec::new(),
            allowance: Allowance::default(),
            ice: IceServers::default(),
            max_rooms: MAX_ROOMS,
            max_sockets: MAX_SOCKETS,
            max_http: MAX_HTTP,
            timeouts: Timeouts::default(),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(5),
            join: Duration::from_secs(5),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(35),
            write: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            certificate: Duration::from_mins(1),
            drain: Duration::from_secs(15),
        }
    }
}
