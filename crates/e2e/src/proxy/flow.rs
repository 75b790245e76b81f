//! Both directions of a connection: what is read, judged, kept for its time, and written.

use std::{ops::Range, time::Duration};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    Direction,
    frames::{Frames, Piece},
    relay::{Line, READ_BYTES},
};

/// Messages that may wait in each direction of a connection.
const MAX_WAITING: usize = 256;

/// What happens to the messages of one direction.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) delay: Duration,
    pub(super) drop: Places,
    pub(super) repeat: Places,
}

/// Messages that are chosen by their place in what is still to come.
#[derive(Debug, Default)]
pub(super) struct Places {
    chosen: Range<u32>,
    next: u32,
}

/// Bytes on their way.
struct Waiting {
    at: Instant,
    bytes: Vec<u8>,
    is_message: bool,
}

impl Line {
    /// Both directions until both have ended; with frames, messages are acted on.
    pub(super) async fn exchange(
        &self,
        page: &mut TcpStream,
        server: &mut TcpStream,
        frames: Option<&mut (Frames, Frames)>,
    ) -> Result<()> {
        let (up, down) = match frames {
            Some((up, down)) => (Some(up), Some(down)),
            None => (None, None),
        };
        let (from_page, to_page) = page.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            self.pass(Direction::ToServer, up, from_page, to_server),
            self.pass(Direction::ToPage, down, from_server, to_page),
        )?;
        Ok(())
    }

    async fn pass(
        &self,
        direction: Direction,
        frames: Option<&mut Frames>,
        from: ReadHalf<'_>,
        to: WriteHalf<'_>,
    ) -> Result<()> {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        tokio::try_join!(self.read(direction, frames, from, queue), self.write(direction, waiting, to))?;
        Ok(())
    }

    /// Reads on in silence as well, so that an end waits its turn behind what was said before.
    async fn read(
        &self,
        direction: Direction,
        mut frames: Option<&mut Frames>,
        mut from: ReadHalf<'_>,
        queue: mpsc::Sender<Waiting>,
    ) -> Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            while let Some(piece) = frames.as_mut().map_or(Ok(None), |frames| frames.next())? {
                let (times, at, bytes, is_message) = match piece {
                    Piece::Message(bytes) => {
                        let (times, delay) = self.judge(direction);
                        (times, Instant::now() + delay, bytes, true)
                    }
                    Piece::Control(bytes) => (1, Instant::now() + self.delay(direction), bytes, false),
                };
                for _ in 0..times {
                    queue.send(Waiting { at, bytes: bytes.clone(), is_message }).await?;
                }
            }
            // A reset is an end like any other, and must not be quicker than what was said before.
            let length = from.read(&mut buffer).await.unwrap_or(0);
            let bytes = &buffer[..length];
            match &mut frames {
                _ if length == 0 => return Ok(()),
                Some(frames) => frames.push(bytes),
                None => {
                    queue
                        .send(Waiting { at: Instant::now(), bytes: bytes.to_vec(), is_message: false })
                        .await?;
                }
            }
        }
    }

    /// How often the message is said, and how much later.
    fn judge(&self, direction: Direction) -> (usize, Duration) {
        let is_silent = *self.silent.borrow();
        let mut state = self.state();
        let (faults, counted) = state.of(direction);
        counted.held += u64::from(is_silent);
        counted.delayed += u64::from(!faults.delay.is_zero());
        let (is_dropped, is_repeated) = (faults.drop.has_next(), faults.repeat.has_next());
        counted.dropped += u64::from(is_dropped);
        counted.repeated += u64::from(is_repeated && !is_dropped);
        let times = match (is_dropped, is_repeated) {
            (true, _) => 0,
            (false, true) => 2,
            (false, false) => 1,
        };
        (times, faults.delay)
    }

    fn delay(&self, direction: Direction) -> Duration {
        self.state().of(direction).0.delay
    }

    async fn write(
        &self,
        direction: Direction,
        mut waiting: mpsc::Receiver<Waiting>,
        mut to: WriteHalf<'_>,
    ) -> Result<()> {
        while let Some(next) = waiting.recv().await {
            sleep_until(next.at).await;
            self.sound().await;
            to.write_all(&next.bytes).await?;
            self.state().of(direction).1.passed += u64::from(next.is_message);
        }
        self.sound().await;
        Ok(to.shutdown().await?)
    }

    /// Waits for the end of the silence.
    pub(super) async fn sound(&self) {
        // Cannot fail: the other end is in `self`.
        let _ = self.silent.subscribe().wait_for(|is_silent| !is_silent).await;
    }
}

impl Places {
    pub(super) fn new(chosen: Range<u32>) -> Self {
        Self { chosen, next: 0 }
    }

    /// Whether the message that comes now is a chosen one.
    fn has_next(&mut self) -> bool {
        let place = self.next;
        self.next = place.saturating_add(1);
        self.chosen.contains(&place)
    }
}
