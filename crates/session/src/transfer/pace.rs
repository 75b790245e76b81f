//! How much is under way while a call goes on: as little as keeps the path busy. What waits in a router's queue is heard
//! and seen as delay, so the window follows the queueing delay, as LEDBAT's does (RFC 6817, section 2.4.2).
//!
//! Each chunk is timed from here to the receiver's [`Credit`](snaproom_protocol::control::Control::Credit) for it. The
//! least of those times is the path's own; what is above it is the queue. Browsers' statistics say the same once in 1 to
//! 5 s, in which time a window of 384 KiB has filled a thin path's queue many times over.

use std::{collections::VecDeque, time::Duration};

use crate::Time;

/// Bytes of one message: 13 ms at 10 Mbit/s, during which nothing else leaves.
pub(super) const CHUNK: u32 = 16 * 1024;

/// The queueing delay that the window aims at. Video's own congestion control holds some 10 ms for noise.
const TARGET_MS: i64 = 32;

/// The path's own delay is the least of this time and as much before: another path may be a longer one.
const MEMORY: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes that may be under way.
    window: u32,
    /// The end of each chunk that is under way, in bytes since the channel opened, and when it went.
    under_way: VecDeque<(u64, Time)>,
    /// The least times of this period and of the one before, in milliseconds.
    least: [Option<u64>; 2],
    period: Time,
}

impl Pace {
    pub(super) fn new(now: Time) -> Self {
        Self { window: 2 * CHUNK, under_way: VecDeque::new(), least: [None; 2], period: now }
    }

    /// Whether one more chunk may go, with so many bytes under way. One always may: it tells how the path is.
    pub(super) fn lets(&self, under_way: u64, bytes: u32) -> bool {
        under_way == 0 || under_way + u64::from(bytes) <= u64::from(self.window)
    }

    /// A chunk goes, which ends there.
    pub(super) fn sent(&mut self, end: u64, now: Time) {
        self.under_way.push_back((end, now));
    }

    /// All that ends up to there was taken.
    pub(super) fn taken(&mut self, until: u64, most: u32, now: Time) {
        let mut timed = None;
        while let Some((_, sent)) = self.under_way.pop_front_if(|(end, _)| *end <= until) {
            timed = Some(now.0.saturating_sub(sent.0));
        }
        let Some(delay) = timed else { return };
        if now >= self.period + MEMORY {
            self.period = now;
            self.least = [None, self.least[0]];
        }
        let least = self.least[0].map_or(delay, |least| least.min(delay));
        self.least[0] = Some(least);
        let own = self.least[1].map_or(least, |before| before.min(least));
        let queued = i64::try_from(delay - own).unwrap_or(i64::MAX);
        // A chunk more in the time of one window, where nothing waits; as much less where twice the target waits, and
        // half of all where it is worse.
        let off = TARGET_MS - queued.min(2 * TARGET_MS);
        let step = i64::from(CHUNK) * i64::from(CHUNK) * off / (i64::from(self.window) * TARGET_MS);
        let window =
            if queued > 3 * TARGET_MS { i64::from(self.window) / 2 } else { i64::from(self.window) + step };
        self.window = u32::try_from(window).unwrap_or(0).clamp(CHUNK, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const MOST: u32 = 384 * 1024;

    /// A path that carries so many bytes in a millisecond, of which others take some, behind a queue without end.
    struct Link {
        rate: u64,
        delay: u64,
        free_at: u64,
    }

    impl Link {
        /// When what goes now has been taken, and the sender heard of it.
        fn carry(&mut self, bytes: u64, now: u64) -> u64 {
            self.free_at = self.free_at.max(now) + bytes.div_ceil(self.rate);
            self.free_at + 2 * self.delay
        }
    }

    /// Sends for so long; gives bytes in a millisecond, and the mean of how long a chunk waited in the queue. `rate`
    /// says what the path carries when.
    fn run(pace: &mut Pace, ms: u64, delay: u64, rate: fn(u64) -> u64) -> (u64, u64) {
        let mut link = Link { rate: rate(0), delay, free_at: 0 };
        let (mut sent, mut taken, mut waits) = (0_u64, 0_u64, Vec::new());
        let mut answers: VecDeque<(u64, u64)> = VecDeque::new();
        for now in 0..ms {
            link.rate = rate(now);
            while let Some((_, end)) = answers.pop_front_if(|(at, _)| *at <= now) {
                taken = end;
                pace.taken(end, MOST, Time(now));
            }
            while pace.lets(sent - taken, CHUNK) {
                waits.push(link.free_at.saturating_sub(now));
                sent += u64::from(CHUNK);
                pace.sent(sent, Time(now));
                answers.push_back((link.carry(u64::from(CHUNK), now), sent));
            }
        }
        let settled = &waits[waits.len() / 4..];
        (taken / ms, settled.iter().sum::<u64>() / settled.len() as u64)
    }

    #[test]
    fn a_path_is_kept_busy_and_its_queue_short() {
        // 2, 10 and 50 Mbit/s, near and far.
        for (rate, name) in
            [(|_| 250, "2"), (|_| 1_250, "10"), (|_| 6_250_u64, "50")] as [(fn(u64) -> u64, &str); 3]
        {
            for delay in [1, 10, 50] {
                let (speed, wait) = run(&mut Pace::new(Time(0)), 60_000, delay, rate);
                // A window carries no more in one round trip.
                let most = rate(0).min(u64::from(MOST) / (2 * delay));
                assert!(speed * 10 >= most * 7, "{speed} of {most} bytes a millisecond, {delay} ms away");
                assert!(wait <= 70, "{wait} ms in the queue of {name} Mbit/s, {delay} ms away");
            }
        }
    }

    #[test]
    fn it_gives_way_when_the_path_gets_thinner_and_takes_what_comes_back() {
        let thinner = |now| if (20_000..40_000).contains(&now) { 250 } else { 1_250 };
        let mut pace = Pace::new(Time(0));
        let (speed, wait) = run(&mut pace, 60_000, 10, thinner);
        assert!(speed >= 600 && wait <= 70, "{speed} bytes a millisecond, {wait} ms in the queue");
    }

    #[test]
    fn one_chunk_always_goes_and_a_longer_path_is_learnt() {
        let mut pace = Pace::new(Time(0));
        let (mut end, mut now) = (0, 0);
        let mut send = |pace: &mut Pace, delay: u64| {
            end += u64::from(CHUNK);
            pace.sent(end, Time(now));
            now += delay;
            pace.taken(end, MOST, Time(now));
            pace.window
        };
        for _ in 0..100 {
            send(&mut pace, 10);
        }
        for _ in 0..20 {
            send(&mut pace, 300);
        }
        assert_eq!(pace.window, CHUNK);
        assert!(pace.lets(0, CHUNK) && !pace.lets(1, CHUNK));
        let grown = (0..1_000).map(|_| send(&mut pace, 300)).last();
        assert!(grown > Some(4 * CHUNK), "{grown:?} on a path that is 300 ms long by itself");
    }
}
