//! `cargo xtask soak`: what takes too long for every change.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::process::{self, STEP};
use crate::setup::{self, seconds};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{build, test};

/// How long the long runs are.
#[derive(Args)]
pub struct Options {
    /// Runs of the end-to-end tests
    #[arg(long, default_value_t = 10)]
    times: u32,
    /// Cases of each property
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
}

/// Runs the properties, then the end-to-end tests; the first failure ends it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    setup::prepare(workspace, setup::Purpose::Test.needs(), setup::WasmRoute::Auto)?;
    let mut tally = Tally::default();

    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--release", "--tests"])
        .args(["-p", "snaproom-protocol", "-p", "snaproom-session"])
        .env("PROPTEST_CASES", options.cases.to_string());
    process::run_lines(&mut cargo, 8 * STEP, |line| tally.read(line))?;
    println!("properties, {} cases each: {}", options.cases, seconds(started.elapsed()));

    build::both(workspace)?;
    for time in 1..=options.times {
        let started = Instant::now();
        test::e2e(workspace, &mut tally)?;
        let of = options.times;
        println!("end to end, run {time} of {of}: {}", seconds(started.elapsed()));
    }
    println!("{tally}");
    if tally.passed == 0 || tally.failed > 0 {
        bail!("the long runs did not pass");
    }
    Ok(())
}
