//! `cargo xtask`: set-up, serve, build, test, soak, bench, screenshots. Each command sets up what it misses; Unix only.

mod bench;
mod build;
mod dev_server;
mod process;
mod screenshots;
mod serve;
mod setup;
mod shrink;
mod soak;
mod tally;
mod test;
#[cfg(test)]
mod tidy;
mod weigh;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use setup::{Purpose, WasmRoute};
use workspace::Workspace;

/// Snaproom's commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the app and the server, and serve both on <http://localhost:8080>
    Serve {
        /// Flags of the server, after `--`: `-- --listen 0.0.0.0:9000`
        #[arg(last = true)]
        flags: Vec<String>,
    },
    /// Leave the app in dist/ and the server in target/release/snaproom
    Build,
    /// Run everything that CI runs, or one step of it
    Test {
        /// One step's name; the table at the end lists them
        #[arg(value_parser = test::names())]
        step: Option<String>,
    },
    /// The long runs: many cases of every property, the end-to-end tests again and again; or one of them alone
    Soak(soak::Options),
    /// Measure Snaproom and its server beside their peers, and print and keep what came out
    Bench(bench::Options),
    /// Take pictures of every state of the built page into target/screenshots, for people to look at
    Screenshots(screenshots::Options),
    /// Install what building or testing needs, and nothing that is there already
    Setup {
        /// Where the wasm32 standard library comes from
        #[arg(long, value_enum, default_value_t = WasmRoute::Auto)]
        wasm_target: WasmRoute,
        /// What to prepare for
        #[arg(long = "for", value_enum, default_value_t = Purpose::Build)]
        purpose: Purpose,
    },
    /// Trunk's `pre_build` hook: see to it that `trunk serve` has a server behind it
    #[command(hide = true)]
    DevServer,
    /// Trunk's `post_build` hook: take the long names out of a release
    #[command(hide = true)]
    Shrink,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Serve { flags } => serve::run(&workspace, flags),
        Task::Build => {
            setup::prepare(&workspace, setup::BUILD, WasmRoute::Auto)?;
            build::run(&workspace)
        }
        Task::Test { step } => test::run(&workspace, step.as_deref()),
        Task::Soak(options) => soak::run(&workspace, &options),
        Task::Bench(options) => bench::run(&workspace, &options),
        Task::Screenshots(options) => screenshots::run(&workspace, &options),
        Task::Setup { wasm_target, purpose } => setup::prepare(&workspace, purpose.needs(), wasm_target),
        Task::DevServer => dev_server::run(&workspace),
        Task::Shrink => shrink::run(),
    }
}
