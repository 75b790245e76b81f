use std::time::Duration;

use crate::{
    Time,
    timing::{
        FIRST_BACK_OFF, MAX_BACK_OFF, MAX_BACK_OFF_IN_NEED, PROBE_ANSWER, SERVER_ANSWER, SERVER_SILENCE,
        WELCOME_TIMEOUT,
    },
};

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
    /// A socket was asked for; the welcome must come within [`WELCOME_TIMEOUT`].
    Joining { since: Time },
    /// Welcomed. `ask_at`: when the server is asked whether it is there. `answer_by`: it was asked.
    In { ask_at: Time, answer_by: Option<Time> },
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
            self.state = State::Joining { since: now };
        }
        due
    }

    /// Whether the server did not answer in time.
    pub(crate) fn is_overdue(&self, now: Time) -> bool {
        match self.state {
            State::Joining { since } => since + WELCOME_TIMEOUT <= now,
            State::In { answer_by, .. } => answer_by.is_some_and(|by| by <= now),
            State::Waiting(_) | State::Ended => false,
        }
    }

    /// Whether the server is to be asked now whether it is there.
    pub(crate) fn asks(&mut self, now: Time) -> bool {
        match &mut self.state {
            State::In { ask_at, answer_by } if *ask_at <= now => {
                *ask_at = now + SERVER_SILENCE;
                answer_by.get_or_insert(now + SERVER_ANSWER);
                true
            }
            _ => false,
        }
    }

    /// The server said something.
    pub(crate) fn heard(&mut self, now: Time) {
        if let State::In { ask_at, answer_by } = &mut self.state {
            *ask_at = now + SERVER_SILENCE;
            *answer_by = None;
        }
    }

    /// There is a reason to doubt the socket: it is asked now, and a try that hangs begins anew.
    pub(crate) fn probe(&mut self, now: Time) {
        match &mut self.state {
            State::In { ask_at, answer_by } => {
                *ask_at = now;
                *answer_by = Some(now + PROBE_ANSWER);
            }
            State::Waiting(_) => self.state = State::Waiting(now),
            // A network that comes and goes faster than a join takes would never let us in.
            State::Joining { since } if *since + PROBE_ANSWER <= now => self.state = State::Waiting(now),
            State::Joining { .. } | State::Ended => {}
        }
    }

    /// The server's first message. False when none was due: each join is welcomed once.
    pub(crate) fn welcomed(&mut self, now: Time) -> bool {
        if !matches!(self.state, State::Joining { .. }) {
            return false;
        }
        self.state = State::In { ask_at: now + SERVER_SILENCE, answer_by: None };
        self.failures = 0;
        self.was_in = true;
        true
    }

    /// The socket is gone. `jitter` is random. The wait counts from the last try on: one that hung has waited.
    pub(crate) fn lost(&mut self, now: Time, is_in_need: bool, jitter: u64) {
        let since = match self.state {
            State::Ended => return,
            State::Joining { since } => since,
            State::Waiting(_) | State::In { .. } => now,
        };
        let most = if is_in_need { MAX_BACK_OFF_IN_NEED } else { MAX_BACK_OFF };
        let most = (FIRST_BACK_OFF * (1 << self.failures.min(10))).min(most).as_millis() as u64;
        self.failures = self.failures.saturating_add(1);
        let at = since + Duration::from_millis(jitter % (most + 1));
        self.state = State::Waiting(at.max(now));
    }

    /// The server stops, and says when to try again. It has no say beyond the longest wait of our own.
    pub(crate) fn put_off(&mut self, now: Time, by: Duration) {
        if self.state != State::Ended {
            self.state = State::Waiting(now + by.min(MAX_BACK_OFF));
        }
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
        matches!(self.state, State::In { .. })
    }

    pub(crate) fn is_offline(&self) -> bool {
        self.failures >= OFFLINE_AFTER
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        match self.state {
            State::Waiting(at) => Some(at),
            State::Joining { since } => Some(since + WELCOME_TIMEOUT),
            State::In { ask_at, answer_by } => Some(answer_by.map_or(ask_at, |by| by.min(ask_at))),
            State::Ended => None,
        }
    }
}
