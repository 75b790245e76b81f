//! As many bytes as go, with a bound on what is under way. The receiver's word counts: what the browser says of its
//! queue (`bufferedAmount`) leaves out what the network has not delivered.

use crate::browser::Effort;

/// How long it goes on.
pub const RUN_MS: u32 = 5_000;

/// Between two points of the curve.
pub const SAMPLE_MS: u32 = 100;

/// When so long nothing came and nothing waits to be sent, what is under way is lost.
const QUIET_MS: f64 = 1_000.0;

/// How it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Bytes of each message.
    pub chunk: u32,
    /// Bytes that may be under way; one message always may.
    pub window: u32,
}

/// One run, ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Counts up.
    pub number: u32,
    /// How it was sent.
    pub pace: Pace,
    /// That came.
    pub bytes: u64,
    /// How long it went on.
    pub took_ms: f64,
    /// The longest time in which nothing came.
    pub pause_ms: f64,
}

impl Measured {
    /// Megabytes in a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "5 s are gigabytes at most")]
    pub fn speed(&self) -> f64 {
        self.bytes as f64 / self.took_ms.max(1.0) / 1_000.0
    }
}

/// What is known while it goes on.
pub(super) struct Run {
    pub(super) pace: Pace,
    began: f64,
    under_way: u32,
    bytes: u64,
    last_came: f64,
    pause_ms: f64,
    sampled: (f64, u64),
}

impl Run {
    pub(super) fn begin(pace: Pace, now: f64) -> Self {
        Self { pace, began: now, under_way: 0, bytes: 0, last_came: now, pause_ms: 0.0, sampled: (now, 0) }
    }

    /// Whether one more message may go; it is under way then.
    pub(super) fn take_room(&mut self) -> bool {
        let Pace { chunk, window } = self.pace;
        let has_room = self.under_way == 0 || self.under_way + chunk <= window;
        if has_room {
            self.under_way += chunk;
        }
        has_room
    }

    pub(super) fn receive(&mut self, bytes: u32, now: f64) {
        self.under_way = self.under_way.saturating_sub(bytes);
        self.bytes += u64::from(bytes);
        self.pause_ms = self.pause_ms.max(now - self.last_came);
        self.last_came = now;
    }

    /// Megabytes in a second since the last sample.
    #[expect(clippy::cast_precision_loss, reason = "a tenth of a second's bytes")]
    pub(super) fn sample(&mut self, now: f64) -> f64 {
        let (then, bytes) = std::mem::replace(&mut self.sampled, (now, self.bytes));
        (self.bytes - bytes) as f64 / (now - then).max(1.0) / 1_000.0
    }

    /// Goes on where what was under way is lost, as it may be in a channel that gives up: in one that does not it is
    /// only late. `queued` bytes have not been sent yet.
    pub(super) fn forget_lost(&mut self, effort: Effort, queued: u32, now: f64) {
        if effort != Effort::UntilItArrives && queued == 0 && now - self.last_came > QUIET_MS {
            self.under_way = 0;
        }
    }

    pub(super) fn is_over(&self, now: f64) -> bool {
        now - self.began >= f64::from(RUN_MS)
    }

    pub(super) fn end(self, number: u32, now: f64) -> Measured {
        let pause_ms = self.pause_ms.max(now - self.last_came);
        Measured { number, pace: self.pace, bytes: self.bytes, took_ms: now - self.began, pause_ms }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const KIB: u32 = 1024;

    #[wasm_bindgen_test]
    fn a_window_is_never_exceeded_but_by_one_message_alone() {
        let mut run = Run::begin(Pace { chunk: 16 * KIB, window: 64 * KIB }, 0.0);
        assert_eq!((0..10).filter(|_| run.take_room()).count(), 4);
        run.receive(16 * KIB, 10.0);
        assert!(run.take_room() && !run.take_room());

        let mut run = Run::begin(Pace { chunk: 256 * KIB, window: 64 * KIB }, 0.0);
        assert!(run.take_room() && !run.take_room());
    }

    #[wasm_bindgen_test]
    fn what_is_lost_does_not_hold_up_the_rest_for_ever() {
        let mut run = Run::begin(Pace { chunk: KIB, window: KIB }, 0.0);
        assert!(run.take_room());
        let gives_up = Effort::Retransmits(0);
        run.forget_lost(gives_up, 0, QUIET_MS);
        run.forget_lost(gives_up, 1, QUIET_MS + 1.0);
        run.forget_lost(Effort::UntilItArrives, 0, QUIET_MS + 1.0);
        assert!(!run.take_room(), "it is still under way");
        run.forget_lost(gives_up, 0, QUIET_MS + 1.0);
        assert!(run.take_room());
    }

    #[wasm_bindgen_test]
    fn the_speed_is_of_what_came() {
        let mut run = Run::begin(Pace { chunk: KIB, window: 64 * KIB }, 1_000.0);
        run.receive(500_000, 1_050.0);
        assert!((run.sample(1_100.0) - 5.0).abs() < 1e-9);
        run.receive(500_000, 1_900.0);
        assert!(!run.is_over(5_999.0) && run.is_over(6_000.0));
        let measured = run.end(1, 2_000.0);
        assert!((measured.speed() - 1.0).abs() < 1e-9);
        assert!((measured.pause_ms - 850.0).abs() < 1e-9);
    }
}
