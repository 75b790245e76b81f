//! A line between a page and its server that can be made bad: what the WebSocket suffers in trains, lifts and
//! sleeping routers, at the moment that a test wants.

mod flow;
mod frames;
mod relay;

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{net::TcpListener, task::JoinHandle};

#[cfg(target_os = "linux")]
use crate::rig::Host;
use crate::{PATIENCE, Server, poll};
use flow::{Faults, Places};
use relay::{Cut, Line};

/// A TCP proxy on a port of its own, before a server. Pages that are opened at [`Proxy::url`] have everything from
/// there, their WebSocket included. Dropping it closes the port and every connection.
///
/// Faults hit WebSocket connections, open ones and new ones; silence hits plain HTTP as well. Each one can be
/// switched while messages flow, and each one counts: [`Proxy::counters`].
///
/// ```no_run
/// # async fn sample() -> anyhow::Result<()> {
/// use snaproom_e2e::{Proxy, Server, Tab};
///
/// let server = Server::start().await?;
/// let proxy = Proxy::start(&server).await?;
/// let alice = Tab::with_camera().open(&proxy.url()).await?;
/// alice.wait_status("alone").await?;
/// proxy.silence();
/// assert_eq!(proxy.reset().await?, 1);
/// alice.wait_status("reconnecting").await?;
/// proxy.heal().await?;
/// alice.wait_status("alone").await?;
/// # Ok(())
/// # }
/// ```
pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
    accepting: JoinHandle<()>,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the page.
    ToServer,
    /// From the server.
    ToPage,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The page.
    Page,
    /// The server.
    Server,
}

/// What the proxy has done so far. Numbers only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sockets that the server opened.
    pub opened: u64,
    /// Sockets that ended by a TCP reset: by [`Proxy::reset`], and half-open ones by [`Proxy::heal`].
    pub reset: u64,
    /// Sockets that lost one side by [`Proxy::half_open`].
    pub half_open: u64,
    /// Connections, also of plain HTTP, that came while there was silence.
    pub unanswered: u64,
    /// Messages from the page.
    pub to_server: Messages,
    /// Messages from the server.
    pub to_page: Messages,
}

/// Text and binary messages of all sockets in one direction; pings, pongs and closes are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Messages {
    /// Went on, a repeated one once for each time.
    pub passed: u64,
    /// Came while there was silence.
    pub held: u64,
    /// Were kept back by [`Proxy::delay`].
    pub delayed: u64,
    /// Were swallowed by [`Proxy::drop_messages`].
    pub dropped: u64,
    /// Were said twice by [`Proxy::repeat_messages`].
    pub repeated: u64,
    /// Came from one side of a half-open WebSocket, for nobody.
    pub unheard: u64,
}

impl Proxy {
    /// Starts one before `server`, which may end and start again meanwhile.
    pub async fn start(server: &Server) -> Result<Self> {
        Self::before(server.address()?).await
    }

    /// Starts one before any server of HTTP/1.1.
    pub async fn before(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the proxy")?;
        Self::listening(listener, server)
    }

    /// Starts one on a host of the bad network, at the host's address and [`Server::PORT`], before a server on this
    /// machine. Both sides of it are as good as ever; only how pages get there is the network's.
    #[cfg(target_os = "linux")]
    pub fn on(host: &Host, server: &Server) -> Result<Self> {
        let listener = host.inside(|| {
            let listener = std::net::TcpListener::bind((host.address(), Server::PORT))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        Self::listening(TcpListener::from_std(listener.context("no port for the proxy")?)?, server.address()?)
    }

    fn listening(listener: TcpListener, server: SocketAddr) -> Result<Self> {
        let address = listener.local_addr()?;
        let line = Arc::new(Line::new(server));
        let accepting = tokio::spawn(line.clone().accept(listener));
        Ok(Self { address, line, accepting })
    }

    /// The address of the app, through the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A link of the server's, or of another proxy's, through this one.
    pub fn through(&self, link: &str) -> Result<String> {
        let (_, room) = link.split_once('#').with_context(|| format!("{link} leads into no room"))?;
        Ok(format!("{}#{room}", self.url()))
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.line.counters()
    }

    /// Waits until the counters are as wanted, and gives them.
    pub async fn wait(&self, what: &str, wanted: impl Fn(&Counters) -> bool) -> Result<Counters> {
        let found = poll(PATIENCE, async || Ok(Some(self.counters()).filter(&wanted))).await?;
        found.with_context(|| format!("not within {PATIENCE:?}: {what}; {:?}", self.counters()))
    }

    /// Ends all open sockets at once, as a router that lost its table does: both sides get a TCP reset. Gives
    /// how many there were.
    pub async fn reset(&self) -> Result<usize> {
        self.line.cut(Cut::Reset).await
    }

    /// From now on nothing comes through either way, and nobody is told: a black hole. A new connection is taken and
    /// not answered. What is said meanwhile waits, as with TCP on a line that may come back: up to 256 messages in
    /// each direction of a WebSocket, then in the sender's own buffers.
    pub fn silence(&self) {
        self.line.silence(true);
    }

    /// Closes one side of all open sockets; the other side goes on and hears nothing. Gives how many there were.
    pub async fn half_open(&self, closed: Side) -> Result<usize> {
        self.line.cut(Cut::HalfOpen(closed)).await
    }

    /// Keeps each message back for so long; their order stays, and up to 256 wait in each direction of a WebSocket.
    /// Messages that wait already keep their time.
    pub fn delay(&self, direction: Direction, time: Duration) {
        self.line.change(direction, |faults| faults.delay = time);
    }

    /// Swallows messages by their place from now on, of whichever WebSocket: `0..1` is the next one.
    pub fn drop_messages(&self, direction: Direction, places: Range<u32>) {
        self.line.change(direction, |faults| faults.drop = Places::new(places));
    }

    /// Says messages twice, chosen in the same way. One that is dropped as well is dropped.
    pub fn repeat_messages(&self, direction: Direction, places: Range<u32>) {
        self.line.change(direction, |faults| faults.repeat = Places::new(places));
    }

    /// The line is good again: what was held goes on, no fault is under way. A WebSocket that is half open gets a
    /// TCP reset, as from a machine that knows nothing of it any more.
    pub async fn heal(&self) -> Result<()> {
        for direction in [Direction::ToServer, Direction::ToPage] {
            self.line.change(direction, |faults| *faults = Faults::default());
        }
        self.line.silence(false);
        self.line.cut(Cut::Forgotten).await.map(drop)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
