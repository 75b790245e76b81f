//! Counting tests from what cargo test and wasm-bindgen-test-runner print.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Context, Result, bail};

/// How many tests ran, over every `test result:` line read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were there and did not run: ignored or filtered out.
    pub skipped: u64,
}

impl Tally {
    /// Adds a line's numbers if it is a `test result:`; one that cannot be read is an error, since
    /// a result that goes uncounted would hide a failure.
    pub fn read(&mut self, line: &str) -> Result<()> {
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return Ok(());
        };
        let mut counts = Self::default();
        let mut named = 0;
        let (_, numbers) = result.split_once(". ").with_context(|| format!("no numbers in `{line}`"))?;
        for part in numbers.split(';') {
            let Some((number, what)) = part.trim().split_once(' ') else {
                continue;
            };
            let sum = match what {
                "passed" => &mut counts.passed,
                "failed" => &mut counts.failed,
                "ignored" | "filtered out" => &mut counts.skipped,
                _ => continue,
            };
            *sum += number
                .parse::<u64>()
                .with_context(|| format!("`{number}` is no number of tests in `{line}`"))?;
            named += 1;
        }
        if named < 3 {
            bail!("passed, failed and ignored are not all named in `{line}`");
        }
        *self += counts;
        Ok(())
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_lines_are_summed() {
        let mut tally = Tally::default();
        for line in [
            "running 5 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "    test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.05s",
            "test parses_a_line_that_says_test_result ... ok",
        ] {
            tally.read(line).unwrap();
        }
        assert_eq!(tally.to_string(), "8 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn a_result_that_cannot_be_read_is_an_error() {
        for line in [
            "test result: ok",
            "test result: ok. many passed; 0 failed; 0 ignored",
            "test result: ok. 5 passed",
        ] {
            let mut tally = Tally::default();
            assert!(tally.read(line).is_err(), "{line}");
            assert_eq!(tally, Tally::default());
        }
    }
}
