use std::{ops::Add, time::Duration};

/// A moment on the driver's monotonic clock, in milliseconds since whenever that clock began.
///
/// The session never asks what time it is: every call brings it along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub u64);

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, duration: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Whether a deadline has come; one that is missing never does.
pub(crate) fn is_due(deadline: Option<Time>, now: Time) -> bool {
    deadline.is_some_and(|at| at <= now)
}

/// The earlier of two deadlines, where either may be missing.
pub(crate) fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
