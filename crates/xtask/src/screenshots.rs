//! `cargo xtask screenshots`: pictures of every state of the page, to be looked at; and those of the README.

use anyhow::Result;
use clap::Args;

use crate::process::{self, STEP};
use crate::setup::{self, Need, WasmRoute};
use crate::test;
use crate::workspace::Workspace;

/// Which pictures.
#[derive(Args)]
pub struct Options {
    /// The two of the README alone, into docs/
    #[arg(long)]
    readme: bool,
}

/// Takes them of the app as it was built last.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    setup::prepare(workspace, &[Need::Chromium], WasmRoute::Auto)?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "-p", "snaproom-e2e", "--bin", "screenshots", "--"]);
    if options.readme {
        cargo.arg("--readme").arg(workspace.root.join("docs"));
    } else {
        cargo.arg(workspace.target.join("screenshots"));
    }
    process::run(test::with_browsers(workspace, &mut cargo)?, STEP)
}
