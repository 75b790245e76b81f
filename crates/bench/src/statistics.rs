//! What many measurements say: a middle, and how far they lie apart.

use serde::{Deserialize, Serialize};

/// The middle and the ends of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of them lie below it; between two middles their mean.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How many they are.
    pub n: usize,
}

impl Spread {
    /// None of no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let (min, max) = (*values.first()?, *values.last()?);
        let median = f64::midpoint(values[(n - 1) / 2], values[n / 2]);
        Some(Self { median, min, max, n })
    }

    /// How near the smallest comes to the median: 1 where all are alike.
    pub fn steadiness(self) -> f64 {
        if self.median > 0.0 { self.min / self.median } else { 1.0 }
    }

    /// Without the digits that mean nothing, for people who read the JSON.
    pub fn short(self) -> Self {
        let short = |value: f64| (value * 1e6).round() / 1e6;
        Self { median: short(self.median), min: short(self.min), max: short(self.max), n: self.n }
    }
}

/// So large a share of the values, from 0 to 1, is not larger; none of no values.
pub fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a place among the values")]
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.saturating_sub(1)).copied()
}

/// None of no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

/// To a thousandth: more is noise, and a shorter number is the same one when it is read again.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// There and back: whatever drifts during a block weighs on everybody alike.
pub fn there_and_back<T: Clone>(all: &[T]) -> Vec<T> {
    all.iter().chain(all.iter().rev()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([3.0]), Some(Spread { median: 3.0, min: 3.0, max: 3.0, n: 1 }));
        let odd = Spread::of([5.0, 1.0, 100.0]).unwrap();
        assert_eq!(odd, Spread { median: 5.0, min: 1.0, max: 100.0, n: 3 });
        let even = Spread::of([4.0, 1.0, 2.0, 9.0]).unwrap();
        assert_eq!(even, Spread { median: 3.0, min: 1.0, max: 9.0, n: 4 });
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        assert_eq!(percentile([], 0.99), None);
        assert_eq!(percentile([7.0], 0.99), Some(7.0));
        let hundred = || (1..=100).rev().map(f64::from);
        assert_eq!(percentile(hundred(), 0.99), Some(99.0));
        assert_eq!(percentile(hundred(), 1.0), Some(100.0));
    }

    #[test]
    fn a_mean_is_of_something() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
    }

    #[test]
    fn a_block_is_a_palindrome() {
        let three = there_and_back(&["limit", "ours", "peer"]);
        assert_eq!(three, ["limit", "ours", "peer", "peer", "ours", "limit"]);
        let four = there_and_back(&["limit", "ours", "one", "two"]);
        assert_eq!(four, ["limit", "ours", "one", "two", "two", "one", "ours", "limit"]);
    }
}
