//! What is wrong with a picture, judged by a few of its pixels twice a second; and how many frames come.

use std::collections::VecDeque;

/// A sensor in the dark still has noise, and a black frame of a codec may be a little brighter than black: of 255.
const DARK: u8 = 24;

/// Cameras begin with dark frames, and people move their hands before them.
const BLACK_MS: f64 = 2_000.0;

/// A real sensor has noise in every frame.
const FROZEN_MS: f64 = 3_000.0;

/// A camera that warms up takes a second or two.
const NOTHING_MS: f64 = 5_000.0;

/// A look that comes so late says nothing of the time before: the page was asleep.
const GAP_MS: f64 = 1_500.0;

/// How a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// It is too early to tell.
    #[default]
    Waiting,
    /// It has light and moves.
    Good,
    /// No frame has come.
    Nothing,
    /// The system gives none just now.
    Muted,
    /// There is nearly no light in any pixel.
    Black,
    /// No pixel changes at all.
    Frozen,
}

/// Looks at one camera's pictures, from its start on.
#[derive(Debug, Default)]
pub struct Watcher {
    verdict: Verdict,
    frame: Vec<u8>,
    looked: Option<f64>,
    /// Since when nothing came, it was dark, and no pixel changed.
    nothing_since: Option<f64>,
    dark_since: Option<f64>,
    still_since: Option<f64>,
}

impl Watcher {
    /// Judges by one more look: the RGBA bytes of a small copy of what is shown, if anything is.
    pub fn see(&mut self, now_ms: f64, frame: Option<&[u8]>, is_muted: bool) -> Verdict {
        if self.looked.replace(now_ms).is_some_and(|looked| now_ms - looked > GAP_MS) {
            *self = Self { looked: Some(now_ms), ..Self::default() };
        }
        let shown = frame.unwrap_or_default();
        let passed = |since: &mut Option<f64>, is_so: bool| {
            *since = is_so.then(|| since.unwrap_or(now_ms));
            since.map_or(-1.0, |since| now_ms - since)
        };
        let is_still = frame.is_some() && self.frame == shown;
        let nothing = passed(&mut self.nothing_since, frame.is_none());
        let dark = passed(&mut self.dark_since, frame.is_some_and(is_dark));
        let still = passed(&mut self.still_since, is_still);
        self.verdict = match self.verdict {
            _ if is_muted => Verdict::Muted,
            _ if nothing >= NOTHING_MS => Verdict::Nothing,
            _ if dark >= BLACK_MS => Verdict::Black,
            _ if still >= FROZEN_MS => Verdict::Frozen,
            _ if frame.is_some() && dark < 0.0 && !is_still && !self.frame.is_empty() => Verdict::Good,
            Verdict::Muted => Verdict::Waiting,
            before => before,
        };
        self.frame.clear();
        self.frame.extend_from_slice(shown);
        self.verdict
    }
}

fn is_dark(frame: &[u8]) -> bool {
    frame.chunks_exact(4).all(|pixel| pixel[..3].iter().all(|colour| *colour < DARK))
}

/// How many frames come in a second, over the last two of them.
#[derive(Debug, Default)]
pub struct Rate(VecDeque<(f64, f64)>);

impl Rate {
    const OVER_MS: f64 = 2_000.0;

    /// `frames` have come up to now; none is said at first.
    pub fn count(&mut self, now_ms: f64, frames: f64) -> Option<f64> {
        if self.0.back().is_some_and(|last| now_ms - last.0 > GAP_MS || frames < last.1) {
            self.0.clear();
        }
        self.0.push_back((now_ms, frames));
        while self.0.get(1).is_some_and(|next| now_ms - next.0 >= Self::OVER_MS) {
            self.0.pop_front();
        }
        let first = self.0.front()?;
        let passed = now_ms - first.0;
        (passed > 0.0).then(|| (frames - first.1) * 1_000.0 / passed)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const SIZE: usize = 32 * 18;

    fn frame(colour: [u8; 3], noise: u8) -> Vec<u8> {
        let mut frame = [colour[0], colour[1], colour[2], 255].repeat(SIZE);
        frame[4 * 99] = frame[4 * 99].wrapping_add(noise);
        frame
    }

    /// What is said of each frame, twice a second.
    fn verdicts(frames: impl IntoIterator<Item = Option<Vec<u8>>>) -> Vec<Verdict> {
        let mut watcher = Watcher::default();
        let look = |(number, frame): (u32, Option<Vec<u8>>)| {
            watcher.see(f64::from(number) * 500.0, frame.as_deref(), false)
        };
        (0..).zip(frames).map(look).collect()
    }

    #[wasm_bindgen_test]
    fn noise_in_one_pixel_is_a_picture_that_moves() {
        let seen = verdicts((0..20).map(|number| Some(frame([90, 90, 90], number % 2))));
        assert_eq!(seen[0], Verdict::Waiting);
        assert!(seen[1..].iter().all(|verdict| *verdict == Verdict::Good), "{seen:?}");
    }

    #[wasm_bindgen_test]
    fn a_picture_is_frozen_after_three_seconds_without_any_change() {
        let seen = verdicts((0..9).map(|_| Some(frame([90, 90, 90], 0))));
        // The first look can change nothing; the second, after half a second, is the first that is the same.
        assert!(seen[..7].iter().all(|verdict| *verdict == Verdict::Waiting), "{seen:?}");
        assert_eq!(seen[7..], [Verdict::Frozen; 2]);
    }

    #[wasm_bindgen_test]
    fn it_thaws_with_the_first_change() {
        let still = (0..10).map(|_| Some(frame([90, 90, 90], 0)));
        let seen = verdicts(still.chain([Some(frame([90, 90, 90], 1))]));
        assert_eq!(seen[9..], [Verdict::Frozen, Verdict::Good]);
    }

    #[wasm_bindgen_test]
    fn a_picture_is_black_after_two_seconds_with_nearly_no_light_whether_it_moves_or_not() {
        for noise in [0, 1] {
            let seen = verdicts((0..12).map(|number| Some(frame([DARK - 2; 3], noise * (number % 2)))));
            assert!(seen[..4].iter().all(|verdict| *verdict == Verdict::Waiting), "{seen:?}");
            assert!(seen[4..].iter().all(|verdict| *verdict == Verdict::Black), "{seen:?}");
        }
    }

    #[wasm_bindgen_test]
    fn one_pixel_with_light_is_not_black() {
        let lit = |number: u8| frame([0, 0, 0], DARK + number % 2);
        let seen = verdicts((0..12).map(|number| Some(lit(number))));
        assert_eq!(seen.last(), Some(&Verdict::Good));
        let green = verdicts((0..12).map(|number| Some(frame([number % 2, 128, 1], 0))));
        assert_eq!(green.last(), Some(&Verdict::Good), "one colour is light enough");
    }

    #[wasm_bindgen_test]
    fn a_hand_before_the_camera_for_a_moment_changes_nothing() {
        let bright = |number: u8| Some(frame([90, 90, 90], number % 2));
        let dark = (0..3).map(|_| Some(frame([0; 3], 0)));
        let seen = verdicts((0..4).map(bright).chain(dark).chain((0..4).map(bright)));
        assert!(seen[1..].iter().all(|verdict| *verdict == Verdict::Good), "{seen:?}");
    }

    #[wasm_bindgen_test]
    fn no_frame_at_all_is_said_after_five_seconds() {
        let seen = verdicts((0..11).map(|_| None).chain((0..3).map(|number| Some(frame([90; 3], number)))));
        assert_eq!(
            seen[9..],
            [Verdict::Waiting, Verdict::Nothing, Verdict::Nothing, Verdict::Good, Verdict::Good]
        );
    }

    #[wasm_bindgen_test]
    fn what_the_system_takes_away_is_said_at_once_and_is_over_at_once() {
        let mut watcher = Watcher::default();
        let picture = frame([90; 3], 0);
        assert_eq!(watcher.see(0.0, Some(&picture), false), Verdict::Waiting);
        assert_eq!(watcher.see(500.0, Some(&picture), true), Verdict::Muted);
        assert_eq!(watcher.see(1_000.0, Some(&picture), false), Verdict::Waiting);
    }

    #[wasm_bindgen_test]
    fn a_page_that_slept_judges_anew() {
        let mut watcher = Watcher::default();
        let picture = frame([90; 3], 0);
        watcher.see(0.0, Some(&picture), false);
        watcher.see(500.0, Some(&picture), false);
        assert_eq!(watcher.see(60_000.0, Some(&picture), false), Verdict::Waiting);
    }

    #[wasm_bindgen_test]
    fn frames_are_counted_over_two_seconds() {
        let mut rate = Rate::default();
        assert_eq!(rate.count(0.0, 0.0), None);
        assert_eq!(rate.count(500.0, 15.0), Some(30.0));
        assert_eq!(rate.count(1_000.0, 30.0), Some(30.0));
        assert_eq!(rate.count(1_500.0, 45.0), Some(30.0));
        assert_eq!(rate.count(2_000.0, 60.0), Some(30.0));
        // None come any more: two seconds later that is all that is left.
        for passed in 1..4 {
            assert!(rate.count(2_000.0 + f64::from(passed) * 500.0, 60.0).is_some_and(|rate| rate > 0.0));
        }
        assert_eq!(rate.count(4_000.0, 60.0), Some(0.0));
        assert_eq!(rate.count(60_000.0, 90.0), None, "the page slept");
        assert_eq!(rate.count(60_500.0, 5.0), None, "another video counts from 0");
    }
}
