//! `cargo xtask soak session --seeds A..B`: rooms in memory, one for each seed, in slices. A slice that passed is
//! remembered in target/soak, so that an interrupted run goes on behind it.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process;
use crate::setup::seconds;
use crate::tally::Tally;
use crate::test;
use crate::workspace::Workspace;

/// Seeds between two looks at the clock: some 10 s on two processors.
const SLICE: u64 = 1_000;

/// For one slice, and for building before the first.
const SLICE_TIME: Duration = Duration::from_mins(20);

/// How the test names a seed that failed.
const FAILED: &str = "failed with SNAPROOM_SEED=";

/// Which seeds.
#[derive(Args)]
pub struct Options {
    /// From the first, up to and without the second
    #[arg(long, value_name = "A..B", value_parser = parse_range)]
    seeds: Range<u64>,
}

/// Runs what is left of the range; a seed that fails ends it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let all = &options.seeds;
    let progress = Progress::of(workspace, all);
    let mut next = progress.read(all)?;
    if next > all.start {
        println!(
            "seeds {}..{next} passed before; without {} they run again",
            all.start,
            progress.0.display()
        );
    }
    while next < all.end {
        let started = Instant::now();
        let slice = next..all.end.min(next + SLICE);
        run_slice(workspace, &slice)
            .with_context(|| format!("seeds {}..{} passed, then one failed", all.start, slice.start))?;
        next = slice.end;
        progress.write(next)?;
        println!("seeds {}..{}: {}", slice.start, slice.end, seconds(started.elapsed()));
    }
    println!("{} seeds ran in all ({}..{}), and every one passed", all.end - all.start, all.start, all.end);
    Ok(())
}

fn run_slice(workspace: &Workspace, slice: &Range<u64>) -> Result<()> {
    let mut cargo = test::session_soak(workspace);
    cargo.env("SNAPROOM_SEEDS", format!("{}..{}", slice.start, slice.end)).env_remove("SNAPROOM_SEED");
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    let result = process::run_lines(&mut cargo, SLICE_TIME, |line| {
        failed.extend(failed_seed(line));
        tally.read(line)
    });
    if let Some(seed) = failed.first() {
        bail!(
            "of {}..{} the seeds {failed:?} failed; one alone: SNAPROOM_SEED={seed} {}",
            slice.start,
            slice.end,
            process::describe(&test::session_soak(workspace))
        );
    }
    result?;
    ensure!(tally.passed == 1 && tally.skipped == 0, "the soak is one test, and this was {tally}");
    Ok(())
}

fn failed_seed(line: &str) -> Option<u64> {
    line.split_once(FAILED)?.1.trim().parse().ok()
}

/// A file that holds the first seed of a range that has not passed yet.
struct Progress(PathBuf);

impl Progress {
    fn of(workspace: &Workspace, all: &Range<u64>) -> Self {
        Self::within(&workspace.target.join("soak"), all)
    }

    fn within(folder: &Path, all: &Range<u64>) -> Self {
        Self(folder.join(format!("session-{}..{}", all.start, all.end)))
    }

    fn read(&self, all: &Range<u64>) -> Result<u64> {
        if !self.0.is_file() {
            return Ok(all.start);
        }
        let text = fs::read_to_string(&self.0)?;
        let next = text.trim().parse().ok().filter(|next| *next <= all.end && all.start <= *next);
        next.with_context(|| format!("{} holds no seed of its range; delete it", self.0.display()))
    }

    fn write(&self, next: u64) -> Result<()> {
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.0, format!("{next}\n")).with_context(|| format!("cannot write {}", self.0.display()))
    }
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let (start, end) = text.split_once("..").ok_or("two numbers with .. between them")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let range = number(start)?..number(end)?;
    if range.is_empty() { Err(String::from("no seed is in this range")) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_and_an_empty_one_is_refused() {
        assert_eq!(parse_range("5..12"), Ok(5..12));
        for text in ["", "5", "..", "5..", "a..b", "7..7", "9..3", "-1..3"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_failed_seed_is_found_in_what_the_test_prints() {
        assert_eq!(failed_seed("failed with SNAPROOM_SEED=4711"), Some(4711));
        assert_eq!(failed_seed("test result: FAILED. 0 passed; 1 failed; 0 ignored"), None);
    }

    #[test]
    fn it_goes_on_where_the_same_range_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (all, other) = (0..10_000, 0..20_000);
        let progress = Progress::within(folder.path(), &all);
        assert_eq!(progress.read(&all).unwrap(), 0);
        progress.write(3_000).unwrap();
        assert_eq!(progress.read(&all).unwrap(), 3_000);
        assert_eq!(Progress::within(folder.path(), &other).read(&other).unwrap(), 0, "of its own");
        for broken in ["", "many", "10001"] {
            fs::write(&progress.0, broken).unwrap();
            assert!(progress.read(&all).is_err(), "{broken}");
        }
    }
}
