//! Messages with numbers, one after another: how many come, how many of them late, and after how long.

use crate::browser::{ChannelOptions, Effort};

/// How many there are.
pub const MESSAGES: u32 = 1_000;

/// Bytes of each: one packet holds one of them, so that a packet that is lost is a message that is lost.
pub const MESSAGE_BYTES: u32 = 1_000;

/// Between two of them: slow enough that nothing is lost on the way inside of the browser.
const INTERVAL_MS: f64 = 2.0;

/// At most so many at once, after the page has been busy or hidden.
const AT_ONCE: u32 = 50;

/// When so long nothing came, a channel that does not try for ever has given up. It is longer than three of the
/// pauses that SCTP makes, which are 400 ms at first and get longer.
const QUIET_MS: f64 = 3_000.0;

/// For all of it: a channel that tries for ever may take long.
const LONGEST_MS: f64 = 60_000.0;

/// One run, ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Counts up.
    pub number: u32,
    /// What the channel was.
    pub options: ChannelOptions,
    /// Messages.
    pub sent: u32,
    /// Messages that came.
    pub arrived: u32,
    /// Messages that came after a later one.
    pub out_of_order: u32,
    /// Milliseconds from sending to arrival: half of those that came were faster. None where none came.
    pub typical_ms: Option<f64>,
    /// Milliseconds that the slowest took.
    pub longest_ms: Option<f64>,
    /// Milliseconds from the first that was sent to the last that came.
    pub took_ms: f64,
    /// Whether the channel gave up what did not come; what it did not may have been under way when the run ended.
    pub gave_up: bool,
    /// Packets that did not come, of both sides; none where the browser does not count them.
    pub packets_lost: Option<u64>,
}

/// What is known while it goes on.
#[cfg_attr(test, derive(Clone))]
pub(super) struct Run {
    began: f64,
    sent_at: Vec<f64>,
    delays: Vec<f64>,
    highest: Option<u32>,
    out_of_order: u32,
    last_came: f64,
}

impl Run {
    pub(super) fn begin(now: f64) -> Self {
        Self {
            began: now,
            sent_at: Vec::new(),
            delays: Vec::new(),
            highest: None,
            out_of_order: 0,
            last_came: now,
        }
    }

    pub(super) fn sent(&self) -> u32 {
        self.sent_at.len() as u32
    }

    pub(super) fn arrived(&self) -> u32 {
        self.delays.len() as u32
    }

    /// How many are to be sent now.
    #[expect(clippy::cast_sign_loss, reason = "time goes on; float casts saturate")]
    pub(super) fn due(&self, now: f64) -> u32 {
        let wanted = ((now - self.began) / INTERVAL_MS) as u32 + 1;
        wanted.min(MESSAGES).saturating_sub(self.sent()).min(AT_ONCE)
    }

    /// The next one is sent; gives its number.
    pub(super) fn send(&mut self, now: f64) -> u32 {
        self.sent_at.push(now);
        self.sent() - 1
    }

    /// One came. SCTP delivers none twice.
    pub(super) fn receive(&mut self, number: u32, now: f64) {
        let Some(sent_at) = self.sent_at.get(number as usize) else { return };
        self.delays.push(now - sent_at);
        self.last_came = now;
        if self.highest.is_some_and(|highest| number < highest) {
            self.out_of_order += 1;
        } else {
            self.highest = Some(number);
        }
    }

    /// Whether nothing more is to be expected; `queued` bytes have not been sent yet.
    pub(super) fn is_over(&self, effort: Effort, queued: u32, now: f64) -> bool {
        self.arrived() == MESSAGES || self.has_given_up(effort, queued, now) || now - self.began > LONGEST_MS
    }

    /// All are sent, and what has not come will not.
    fn has_given_up(&self, effort: Effort, queued: u32, now: f64) -> bool {
        let is_quiet = queued == 0 && now - self.last_came.max(self.last_sent()) > QUIET_MS;
        effort != Effort::UntilItArrives && self.sent() == MESSAGES && is_quiet
    }

    pub(super) fn end(mut self, number: u32, options: ChannelOptions, queued: u32, now: f64) -> Counted {
        self.delays.sort_by(f64::total_cmp);
        Counted {
            gave_up: self.has_given_up(options.effort, queued, now),
            number,
            options,
            sent: self.sent(),
            arrived: self.arrived(),
            out_of_order: self.out_of_order,
            typical_ms: self.delays.get(self.delays.len() / 2).copied(),
            longest_ms: self.delays.last().copied(),
            took_ms: self.last_came - self.began,
            packets_lost: None,
        }
    }

    fn last_sent(&self) -> f64 {
        self.sent_at.last().copied().unwrap_or(self.began)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn options(effort: Effort) -> ChannelOptions {
        ChannelOptions { label: String::new(), protocol: String::new(), ordered: false, effort }
    }

    #[wasm_bindgen_test]
    fn they_are_sent_one_after_another_and_what_comes_is_counted() {
        let mut run = Run::begin(0.0);
        assert_eq!(run.due(0.0), 1);
        assert_eq!(run.due(9.0), 5);
        assert_eq!(run.due(60_000.0), AT_ONCE, "the page was hidden");
        for number in 0..4 {
            assert_eq!(run.send(f64::from(number)), number);
        }
        for (number, now) in [(0, 10.0), (3, 20.0), (2, 30.0), (9, 40.0)] {
            run.receive(number, now);
        }
        let counted = run.end(1, options(Effort::Retransmits(0)), 0, 60_000.0);
        assert_eq!((counted.sent, counted.arrived, counted.out_of_order), (4, 3, 1));
        assert!(!counted.gave_up, "it ended early: more may have come");
        assert_eq!((counted.typical_ms, counted.longest_ms, counted.took_ms), (Some(17.0), Some(28.0), 30.0));
    }

    #[wasm_bindgen_test]
    fn a_channel_that_gives_up_is_waited_for_until_it_is_quiet_and_one_that_does_not_longer() {
        let mut run = Run::begin(0.0);
        for number in 0..MESSAGES {
            run.send(f64::from(number));
        }
        (1..MESSAGES).for_each(|number| run.receive(number, 2_000.0));
        let gives_up = Effort::Retransmits(0);
        assert!(!run.is_over(gives_up, 0, 2_000.0 + QUIET_MS));
        assert!(!run.is_over(gives_up, 1, 2_001.0 + QUIET_MS), "not all was sent");
        assert!(run.is_over(gives_up, 0, 2_001.0 + QUIET_MS));
        assert!(!run.is_over(Effort::UntilItArrives, 0, LONGEST_MS));
        assert!(run.is_over(Effort::UntilItArrives, 0, LONGEST_MS + 1.0));

        let gave_up = |effort, queued, now| run.clone().end(1, options(effort), queued, now).gave_up;
        assert!(gave_up(gives_up, 0, 2_001.0 + QUIET_MS));
        assert!(!gave_up(gives_up, 0, 2_001.0), "cancelled");
        assert!(!gave_up(gives_up, 1, LONGEST_MS + 1.0), "some still wait");
        assert!(!gave_up(Effort::UntilItArrives, 0, LONGEST_MS + 1.0), "it never does");
        run.receive(0, 2_500.0);
        assert!(run.is_over(Effort::UntilItArrives, 0, 2_500.0), "all are there");
    }
}
