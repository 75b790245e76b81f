use std::time::Duration;

use crate::Time;

/// From asking for a socket to the server's first message. A proxy may accept the socket and only then find
/// that there is no server behind it, so an open socket proves nothing.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait before the socket is tried again, and the first one: full jitter over min(15 s, 250 ms · 2ⁿ).
const MAX_BACK_OFF_MS: u64 = 15_000;
const FIRST_BACK_OFF_MS: u64 = 250;

/// After so many failures in a row the person is told that the server cannot be reached.
const OFFLINE_AFTER: u32 = 2;

/// Whether there is a server behind the socket, and when to try again.
#[derive(Debug)]
pub(crate) struct Signaling {
    state: State,
    /// Attempts since the last welcome.
    failures: u32,
    /// Whether there ever was a welcome.
    pub(crate) was_in: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// No socket until then.
    Waiting(Time),
    /// A socket was asked for; the welcome must come by then.
    Joining(Time),
    /// Welcomed.
    In,
    /// No more tries by ourselves.
    Ended,
}

impl Signaling {
    pub(crate) fn new(now: Time) -> Self {
        Self { state: State::Waiting(now), failures: 0, was_in: false }
    }

    /// Whether a socket is to be opened now.
    pub(crate) fn is_due(&mut self, now: Time) -> bool {
        let due = matches!(self.state, State::Waiting(at) if at <= now);
        if due {
            self.state = State::Joining(now + WELCOME_TIMEOUT);
        }
        due
    }

    /// Whether the welcome is overdue.
    pub(crate) fn is_overdue(&self, now: Time) -> bool {
        matches!(self.state, State::Joining(by) if by <= now)
    }

    /// The server's first message. False when none was due: each join is welcomed once.
    pub(crate) fn welcomed(&mut self) -> bool {
        if !matches!(self.state, State::Joining(_)) {
            return false;
        }
        self.state = State::In;
        self.failures = 0;
        self.was_in = true;
        true
    }

    /// The socket is gone. `jitter` is random.
    pub(crate) fn lost(&mut self, now: Time, jitter: u64) {
        if self.state == State::Ended {
            return;
        }
        let most = (FIRST_BACK_OFF_MS << self.failures.min(10)).min(MAX_BACK_OFF_MS);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting(now + Duration::from_millis(jitter % (most + 1)));
    }

    /// The server said something that ends it.
    pub(crate) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Try at once with a new socket, whatever the state: also a socket that seems fine may have died in silence.
    pub(crate) fn retry(&mut self, now: Time) {
        self.state = State::Waiting(now);
    }

    pub(crate) fn is_in(&self) -> bool {
        self.state == State::In
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.failures >= OFFLINE_AFTER
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        match self.state {
            State::Waiting(at) | State::Joining(at) => Some(at),
            State::In | State::Ended => None,
        }
    }
}
