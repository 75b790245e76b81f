//! Connections through the proxy, and how they are cut.

use std::{
    collections::BTreeMap,
    error::Error,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Counters, Direction, Messages, Side,
    flow::Faults,
    frames::{Frames, Piece},
};
use crate::PATIENCE;

/// The longest header of a request or an answer, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Before it is tried again to take a connection.
const BREATH: Duration = Duration::from_millis(50);

/// Read at a time, in bytes.
pub(super) const READ_BYTES: usize = 16 * 1024;

/// What all connections share.
pub(super) struct Line {
    server: SocketAddr,
    pub(super) silent: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    counters: Counters,
    to_server: Faults,
    to_page: Faults,
    /// Every WebSocket that is open or half open.
    open: BTreeMap<u64, mpsc::Sender<Order>>,
}

/// What can be done to a WebSocket as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Reset,
    /// This side is closed.
    HalfOpen(Side),
    /// A reset for what is half open, nothing for what is whole.
    Forgotten,
}

/// The answer says whether the WebSocket was one that it could be done to.
struct Order {
    cut: Cut,
    done: oneshot::Sender<bool>,
}

impl Line {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, silent: watch::Sender::new(false), state: Mutex::default() }
    }

    /// Takes connections until it is aborted, which ends them all.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((page, _)) = accepted else {
                        // The connection is gone already, or there are too many files: soon there may be fewer.
                        sleep(BREATH).await;
                        continue;
                    };
                    let line = self.clone();
                    connections.spawn(async move {
                        if let Err(error) = line.carry(page).await
                            && !error.chain().any(<dyn Error>::is::<io::Error>)
                        {
                            eprintln!("the proxy ends a connection: {error:#}");
                        }
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    pub(super) fn counters(&self) -> Counters {
        self.state().counters
    }

    pub(super) fn silence(&self, silent: bool) {
        self.silent.send_replace(silent);
    }

    pub(super) fn change(&self, direction: Direction, change: impl FnOnce(&mut Faults)) {
        change(self.state().of(direction).0);
    }

    /// Does this to every open WebSocket; gives how many it was done to, once it is done.
    pub(super) async fn cut(&self, cut: Cut) -> Result<usize> {
        let open: Vec<_> = self.state().open.values().cloned().collect();
        let mut hit = 0;
        for connection in open {
            let (done, is_done) = oneshot::channel();
            let cutting = async {
                // Fails where the connection has just ended by itself.
                connection.send(Order { cut, done }).await.is_ok() && is_done.await.unwrap_or(false)
            };
            hit += usize::from(timeout(PATIENCE, cutting).await.context("a connection was not cut")?);
        }
        Ok(hit)
    }

    /// Carries one connection from its first byte to its end.
    async fn carry(&self, mut page: TcpStream) -> Result<()> {
        let (request, early) = read_head(&mut page).await?;
        if *self.silent.borrow() {
            self.state().counters.unanswered += 1;
        }
        self.sound().await;
        let mut server = TcpStream::connect(self.server).await?;
        for stream in [&page, &server] {
            stream.set_nodelay(true)?;
        }
        server.write_all(&request).await?;
        if !is_upgrade(&request) {
            server.write_all(&early).await?;
            return self.exchange(&mut page, &mut server, None).await;
        }

        let (answer, first) = read_head(&mut server).await?;
        if !answer.starts_with(b"HTTP/1.1 101 ") {
            page.write_all(&[answer, first].concat()).await?;
            return self.exchange(&mut page, &mut server, None).await;
        }
        let (mut orders, _registration) = self.register();
        let mut frames = (Frames::default(), Frames::default());
        frames.0.push(&early);
        frames.1.push(&first);
        let order = {
            let flow = async {
                self.sound().await;
                page.write_all(&answer).await?;
                self.exchange(&mut page, &mut server, Some(&mut frames)).await
            };
            tokio::pin!(flow);
            loop {
                tokio::select! {
                    biased;
                    Some(order) = orders.recv() => if order.cut != Cut::Forgotten { break order },
                    end = &mut flow => return end,
                }
            }
        };
        match order.cut {
            Cut::HalfOpen(closed) => {
                let (closing, staying, direction, mut frames) = match closed {
                    Side::Page => (page, server, Direction::ToPage, frames.1),
                    Side::Server => (server, page, Direction::ToServer, frames.0),
                };
                drop(closing);
                self.state().counters.half_open += 1;
                // Fails where nobody waits for it any more.
                let _ = order.done.send(true);
                self.listen_for_nobody(staying, direction, &mut frames, &mut orders).await
            }
            Cut::Reset | Cut::Forgotten => self.reset(vec![page, server], order),
        }
    }

    /// What is left of a half-open WebSocket, until it ends by itself or is reset.
    async fn listen_for_nobody(
        &self,
        mut staying: TcpStream,
        direction: Direction,
        frames: &mut Frames,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            tokio::select! {
                biased;
                Some(order) = orders.recv() => match order.cut {
                    Cut::HalfOpen(_) => {}
                    Cut::Reset | Cut::Forgotten => return self.reset(vec![staying], order),
                },
                read = staying.read(&mut buffer) => {
                    let length = read?;
                    if length == 0 {
                        return Ok(());
                    }
                    frames.push(&buffer[..length]);
                    while let Some(piece) = frames.next()? {
                        let is_message = matches!(piece, Piece::Message(_));
                        self.state().of(direction).1.unheard += u64::from(is_message);
                    }
                }
            }
        }
    }

    fn reset(&self, streams: Vec<TcpStream>, order: Order) -> Result<()> {
        for stream in streams {
            stream.set_zero_linger()?;
        }
        self.state().counters.reset += 1;
        // Fails where nobody waits for it any more.
        let _ = order.done.send(true);
        Ok(())
    }

    fn register(&self) -> (mpsc::Receiver<Order>, Registration<'_>) {
        let (orders, receiver) = mpsc::channel(1);
        let mut state = self.state();
        state.counters.opened += 1;
        let number = state.counters.opened;
        state.open.insert(number, orders);
        (receiver, Registration { line: self, number })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn of(&mut self, direction: Direction) -> (&mut Faults, &mut Messages) {
        match direction {
            Direction::ToServer => (&mut self.to_server, &mut self.counters.to_server),
            Direction::ToPage => (&mut self.to_page, &mut self.counters.to_page),
        }
    }
}

/// A WebSocket's entry among those that can be cut.
struct Registration<'a> {
    line: &'a Line,
    number: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.line.state().open.remove(&self.number);
    }
}

/// A header of HTTP/1.1 with its empty line, and what was read behind it.
async fn read_head(stream: &mut TcpStream) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let length = stream.read_buf(&mut head).await?;
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
        if length == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        ensure!(head.len() <= MAX_HEAD_BYTES, "a header of more than {MAX_HEAD_BYTES} bytes");
    }
}

fn is_upgrade(request: &[u8]) -> bool {
    String::from_utf8_lossy(request).lines().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("upgrade") && value.trim().eq_ignore_ascii_case("websocket")
        })
    })
}
