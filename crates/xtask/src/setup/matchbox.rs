//! `matchbox_server`, which a bench measures beside us: built into `target/tools`, for the benches alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::cargo_tools::INSTALL;
use crate::process::{self, describe};
use crate::workspace::Workspace;

const NAME: &str = "matchbox_server";
const VERSION: &str = "0.15.0";

/// The program; crates/bench looks for it here when it runs alone.
pub fn program(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("bin").join(NAME)
}

/// Whether it is there, in this version: it has no `--version`, but cargo lists what it installs.
pub fn is_installed(workspace: &Workspace) -> bool {
    let list = fs::read_to_string(folder(workspace).join(".crates.toml"));
    program(workspace).is_file() && list.is_ok_and(|list| lists(&list))
}

/// Builds it with its own lock file.
pub fn install(workspace: &Workspace) -> Result<()> {
    process::run(command(workspace).env_remove("CARGO_TARGET_DIR"), INSTALL)
}

/// The command for a person.
pub fn by_hand(workspace: &Workspace) -> String {
    describe(&command(workspace))
}

fn command(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["install", NAME, "--version", VERSION, "--locked", "--root"]).arg(folder(workspace));
    cargo
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.tools().join(NAME)
}

fn lists(list: &str) -> bool {
    list.contains(&format!("\"{NAME} {VERSION} ("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert!(lists("[v1]\n\"matchbox_server 0.15.0 (registry)\" = [\"matchbox_server\"]\n"));
        assert!(!lists("[v1]\n\"matchbox_server 0.14.0 (registry)\" = [\"matchbox_server\"]\n"));
    }
}
