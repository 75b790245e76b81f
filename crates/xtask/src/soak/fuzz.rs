//! `cargo xtask soak fuzz`: libFuzzer on everything that a stranger's bytes reach. It builds on the stable toolchain,
//! since only the sanitizers need a nightly one, and there is no unsafe code here for them to look at.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, builder::PossibleValuesParser};

use crate::process::{self, STEP};
use crate::setup::{self, Need, WasmRoute};
use crate::workspace::Workspace;

const TARGETS: [&str; 2] = ["decoders", "session"];

/// Beside the compiler.
const NEEDS: &[Need] = &[Need::CargoFuzz, Need::Cxx];

/// Bytes of one input: a frame's worth of the decoders' text, and more than a session's course has use for.
const MAX_INPUT: u32 = 4096;

/// The process's memory, in MiB, above which libFuzzer calls it a finding. One input leaves nothing behind.
const MAX_MEMORY: u32 = 512;

/// Seconds after which one input is called a hang. The slowest take some milliseconds.
const MAX_TIME: u32 = 10;

/// What to fuzz, and how long.
#[derive(Args)]
pub struct Options {
    /// Which target; without a name all of them, one after the other
    #[arg(value_parser = PossibleValuesParser::new(TARGETS))]
    target: Option<String>,
    /// Minutes for each
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    minutes: u32,
}

/// Runs the targets; the first finding ends it. What was learned on the way stays in target/fuzz for the next time.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    setup::prepare(workspace, NEEDS, WasmRoute::Auto)?;
    process::run(&mut cargo_fuzz(workspace, "build"), STEP)?;
    let targets =
        TARGETS.into_iter().filter(|name| options.target.as_deref().is_none_or(|only| only == *name));
    for target in targets {
        fuzz(workspace, target, options.minutes).with_context(|| {
            format!(
                "{target}: what it found is in fuzz/artifacts/{target}; CONTRIBUTING.md says how to replay it"
            )
        })?;
    }
    Ok(())
}

fn fuzz(workspace: &Workspace, target: &str, minutes: u32) -> Result<()> {
    // libFuzzer writes to its first folder and only reads the others: those in git stay few.
    let learned = workspace.target.join("fuzz/corpus").join(target);
    fs::create_dir_all(&learned)?;
    let mut cargo = cargo_fuzz(workspace, "run");
    cargo.arg(target).arg(learned).arg(format!("fuzz/corpus/{target}")).arg("--").args([
        format!("-max_total_time={}", u64::from(minutes) * 60),
        format!("-max_len={MAX_INPUT}"),
        format!("-rss_limit_mb={MAX_MEMORY}"),
        format!("-timeout={MAX_TIME}"),
        String::from("-print_final_stats=1"),
    ]);
    process::run(&mut cargo, Duration::from_mins(minutes.into()) + STEP)
}

fn cargo_fuzz(workspace: &Workspace, command: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["fuzz", command, "--sanitizer", "none", "--target-dir"]).arg(workspace.target.join("fuzz"));
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_there_with_its_first_inputs() {
        let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
            assert!(fs::read_dir(fuzz.join("corpus").join(target)).unwrap().next().is_some(), "{target}");
        }
    }
}
