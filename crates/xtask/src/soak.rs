//! `cargo xtask soak`: what takes too long for every change.

mod fuzz;
mod session;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::process::{self, STEP};
use crate::setup::{self, seconds};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{build, test};

/// How long the long runs are.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    one: Option<One>,
    /// Runs of the end-to-end tests
    #[arg(long, default_value_t = 10)]
    times: u32,
    /// Cases of each property
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
}

/// One long run alone.
#[derive(Subcommand)]
enum One {
    /// Many seeds of the session's soak, going on where the same range stopped before
    Session(session::Options),
    /// Coverage-guided fuzzing; findings go to fuzz/artifacts
    Fuzz(fuzz::Options),
}

/// Runs the properties, then the end-to-end tests, or the one that was asked for; the first failure ends it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    match &options.one {
        None => properties_and_browsers(workspace, options),
        Some(One::Session(options)) => session::run(workspace, options),
        Some(One::Fuzz(options)) => fuzz::run(workspace, options),
    }
}

fn properties_and_browsers(workspace: &Workspace, options: &Options) -> Result<()> {
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
    build::insecure(workspace)?;
    for time in 1..=options.times {
        let started = Instant::now();
        test::long_e2e(workspace, &mut tally)?;
        let of = options.times;
        println!("end to end, run {time} of {of}: {}", seconds(started.elapsed()));
    }
    println!("{tally}");
    if tally.passed == 0 || tally.failed > 0 {
        bail!("the long runs did not pass");
    }
    Ok(())
}
