//! How loud a microphone is, in words and as a bar.

/// How loud a microphone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Heard {
    /// It is too early to tell.
    #[default]
    Waiting,
    /// Not even noise.
    Nothing,
    /// Too little for speech.
    Quiet,
    /// As speech is.
    Good,
    /// Over what can be told apart.
    TooLoud,
}

/// Listens to one microphone, from its start on.
#[derive(Debug, Default)]
pub struct Ear {
    /// When it was the loudest of the last while, and how loud.
    loudest: Option<(f64, f64)>,
    began: Option<f64>,
}

impl Ear {
    /// Words that change with every syllable could not be read.
    const HOLD_MS: f64 = 2_000.0;
    const QUIET: f64 = 0.02;
    const TOO_LOUD: f64 = 0.99;

    /// Judges by one more peak, from 0 to 1.
    pub fn hear(&mut self, now_ms: f64, peak: f64) -> Heard {
        let began = *self.began.get_or_insert(now_ms);
        let loudest = match self.loudest {
            Some((at, loudest)) if loudest > peak && now_ms - at <= Self::HOLD_MS => (at, loudest),
            _ => (now_ms, peak),
        };
        self.loudest = Some(loudest);
        match loudest.1 {
            peak if peak <= 0.0 && now_ms - began < Self::HOLD_MS => Heard::Waiting,
            peak if peak <= 0.0 => Heard::Nothing,
            peak if peak < Self::QUIET => Heard::Quiet,
            peak if peak < Self::TOO_LOUD => Heard::Good,
            _ => Heard::TooLoud,
        }
    }
}

/// How far the bar of a meter goes for a peak, both from 0 to 1: ears hear ratios, so it shows the last 60 decibels.
#[must_use]
pub fn bar(peak: f64) -> f64 {
    (1.0 + peak.max(0.0).log10() / 3.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_loudest_of_the_last_moment_is_what_is_said() {
        let mut ear = Ear::default();
        assert_eq!(ear.hear(0.0, 0.0), Heard::Waiting);
        assert_eq!(ear.hear(2_000.0, 0.0), Heard::Nothing);
        assert_eq!(ear.hear(2_100.0, 0.001), Heard::Quiet);
        assert_eq!(ear.hear(2_200.0, 0.3), Heard::Good);
        assert_eq!(ear.hear(3_000.0, 0.0), Heard::Good, "a pause between two words");
        assert_eq!(ear.hear(3_100.0, 1.0), Heard::TooLoud);
        assert_eq!(ear.hear(5_200.0, 0.01), Heard::Quiet);
    }

    #[wasm_bindgen_test]
    fn the_bar_shows_sixty_decibels() {
        let bars = [0.0, 0.001, 0.1, 1.0, 2.0].map(|peak| (bar(peak) * 100.0).round());
        assert!(
            bars.iter()
                .zip([0.0, 0.0, 67.0, 100.0, 100.0])
                .all(|(bar, expected)| (bar - expected).abs() < 0.5),
            "{bars:?}"
        );
    }
}
