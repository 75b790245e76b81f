//! What a channel does at its limits: a message that is too large, and a queue that is full.

use crate::browser::{Error, Loopback, Payload};

/// Of the queue, at which the browser says that it is low again (`bufferedAmountLowThreshold`).
pub const LOW_THRESHOLD: u32 = 1024 * 1024;

/// What a page puts into a queue at most, where the browser does not refuse it before: Chromium does at 16 MiB.
pub const FILL_AT_MOST: u32 = 32 * 1024 * 1024;

/// Bytes of each message that fills it.
pub(super) const FILL_BYTES: u32 = 64 * 1024;

/// A message that large is not made to see it refused.
const LARGEST_TRIED: f64 = 64.0 * 1024.0 * 1024.0;

/// For the queue to run empty. 16 MiB at once make browsers stall again and again.
const LONGEST_MS: f64 = 120_000.0;

/// What the browser says of the channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of the largest message; may be infinite.
    pub max_message: Option<f64>,
    /// Bytes in the queue.
    pub queued: u32,
}

/// What became of a message that is one byte larger than the largest.
#[derive(Debug, Clone, PartialEq)]
pub enum Oversize {
    /// The browser threw.
    Refused {
        /// Of the message.
        bytes: u32,
        /// What it threw.
        error: Error,
        /// Whether the channel was open afterwards.
        is_open: bool,
    },
    /// The browser took it, against its own word.
    Taken(u32),
    /// There is no limit, or none that a page comes to.
    NotTried,
}

/// What became of a queue that was filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Filling {
    /// Bytes that the queue took.
    pub taken: u32,
    /// Why it took no more.
    pub refused: Option<Error>,
    /// Whether the channel was open afterwards.
    pub is_open: bool,
    /// Bytes that came so far.
    pub arrived: u32,
    /// Bytes that still wait.
    pub queued: u32,
    /// Milliseconds until `bufferedamountlow`.
    pub low_ms: Option<f64>,
    /// Milliseconds until the queue was empty, and all of it there.
    pub empty_ms: Option<f64>,
    /// Whether it was given up.
    pub is_given_up: bool,
    began: f64,
}

/// Tries it.
pub(super) fn send_too_much(loopback: &Loopback) -> Result<Oversize, Error> {
    let Some(largest) = loopback.max_message().filter(|largest| *largest < LARGEST_TRIED) else {
        return Ok(Oversize::NotTried);
    };
    #[expect(clippy::cast_sign_loss, reason = "a size, bounded above; float casts saturate")]
    let bytes = largest as u32 + 1;
    let message = Payload::allocate(bytes)?;
    Ok(match loopback.send_bytes(&message) {
        Ok(()) => Oversize::Taken(bytes),
        Err(error) => Oversize::Refused { bytes, error, is_open: loopback.is_open() },
    })
}

/// Sends `message` again and again until the browser takes no more.
pub(super) fn fill(loopback: &Loopback, message: &Payload, now: f64) -> Filling {
    loopback.set_low_threshold(LOW_THRESHOLD);
    let (mut taken, mut refused) = (0, None);
    while taken < FILL_AT_MOST && refused.is_none() {
        match loopback.send_bytes(message) {
            Ok(()) => taken += message.len(),
            Err(error) => refused = Some(error),
        }
    }
    Filling {
        taken,
        refused,
        is_open: loopback.is_open(),
        arrived: 0,
        queued: loopback.queued(),
        low_ms: None,
        empty_ms: None,
        is_given_up: false,
        began: now,
    }
}

impl Filling {
    /// Whether it goes on.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.empty_ms.is_none() && !self.is_given_up
    }

    pub(super) fn low(&mut self, now: f64) {
        self.low_ms.get_or_insert(now - self.began);
    }

    /// A channel that gives up messages may be empty before all has come.
    pub(super) fn look(&mut self, queued: u32, gives_up: bool, now: f64) {
        self.queued = queued;
        if queued == 0 && (gives_up || self.arrived >= self.taken) {
            self.empty_ms = Some(now - self.began);
        }
        self.is_given_up = self.empty_ms.is_none() && now - self.began > LONGEST_MS;
    }
}
