//! How fast a file comes or goes. What is counted is whole pieces, so on a thin path long breaks lie between two counts.

use std::collections::VecDeque;

/// The time over which a speed is measured, in milliseconds; a path on which nothing comes for as long stands still,
/// unless its pieces take longer.
const OVER_MS: f64 = 6_000.0;

/// Before the first piece nobody knows how long one takes: a mebibyte at 420 kbit/s.
const FIRST_WITHIN_MS: f64 = 20_000.0;

/// The last counts that were new, and when.
#[derive(Default)]
pub(super) struct Speed(VecDeque<(f64, u64)>);

impl Speed {
    /// So many bytes came in all, at this moment. Gives [`Speed::at`].
    pub(super) fn measure(&mut self, bytes: u64, now: f64) -> Option<u64> {
        if self.0.back().is_none_or(|(_, before)| *before != bytes) {
            self.0.push_back((now, bytes));
        }
        while self.0.front().is_some_and(|(at, _)| now - at > OVER_MS) && self.0.len() > 2 {
            self.0.pop_front();
        }
        self.at(now)
    }

    /// Bytes a second over the last seconds: 0 where nothing came for longer than can be expected, none before there is
    /// something to measure.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "no more than a disk can hold, shown with two digits"
    )]
    pub(super) fn at(&self, now: f64) -> Option<u64> {
        let ((since, before), (last, bytes)) = (self.0.front()?, self.0.back()?);
        let breaks = self.0.iter().zip(self.0.iter().skip(1)).map(|((one, _), (next, _))| next - one);
        let longest = breaks.fold(0.0, f64::max);
        let quiet = now - last;
        let patience = if self.0.len() == 1 { FIRST_WITHIN_MS } else { OVER_MS.max(2.0 * longest) };
        if quiet > patience {
            return Some(0);
        }
        // The next piece is on its way, and counts when it is whole.
        let time = last - since + (quiet - longest).max(0.0);
        (self.0.len() > 1 && time >= 500.0)
            .then(|| (bytes.saturating_sub(*before) as f64 * 1_000.0 / time) as u64)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_moves_has_a_speed_and_what_stands_still_has_none() {
        let mut speed = Speed::default();
        assert_eq!(speed.measure(0, 0.0), None);
        assert_eq!(speed.at(19_000.0), None, "the first piece may take its time");
        assert_eq!(speed.at(21_000.0), Some(0));
        let fast = |speed: &mut Speed, from: f64| {
            (1..=20u32)
                .map(|n| speed.measure(u64::from(n) * 500_000, from + f64::from(n) * 250.0))
                .last()
                .flatten()
        };
        let mut speed = Speed::default();
        speed.measure(0, 0.0);
        assert_eq!(fast(&mut speed, 0.0), Some(2_000_000));
        assert!(speed.at(8_000.0).is_some_and(|some| some > 0 && some < 2_000_000), "it slows down");
        assert_eq!(speed.at(11_100.0), Some(0));
        // And it goes on.
        assert!(speed.measure(11_000_000, 12_000.0).is_some_and(|some| some > 0));
    }

    #[wasm_bindgen_test]
    fn a_thin_path_moves_between_two_pieces_as_well() {
        const PIECE: u64 = 1 << 20;
        let mut speed = Speed::default();
        for piece in 0..5u32 {
            speed.measure(u64::from(piece) * PIECE, f64::from(piece) * 10_000.0);
        }
        for quiet in [0.0, 5_000.0, 9_900.0] {
            assert_eq!(speed.at(40_000.0 + quiet), Some(PIECE / 10), "{quiet} ms later");
        }
        assert!(speed.at(58_000.0).is_some_and(|some| some > 0 && some < PIECE / 10));
        assert_eq!(speed.at(60_100.0), Some(0));
    }
}
