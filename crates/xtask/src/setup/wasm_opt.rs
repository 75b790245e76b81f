//! wasm-opt, from the npm package `binaryen` into `target/tools`.

use std::time::Duration;

use anyhow::Result;

use super::packages;
use crate::process;
use crate::workspace::Workspace;

/// The release that reads what rustc 1.95 writes; Debian's is years older.
const MAJOR: u32 = 132;
const VERSION: &str = "132.0.0";

const INSTALL: Duration = Duration::from_mins(3);

/// Whether PATH leads to one that is new enough.
pub fn is_installed(workspace: &Workspace) -> bool {
    process::probe(workspace.command("wasm-opt").arg("--version"))
        .and_then(|text| major(&text))
        .is_some_and(|found| found >= MAJOR)
}

/// Installs it, and Node.js first where there is none.
pub fn install(workspace: &Workspace) -> Result<()> {
    if workspace.find("npm").is_none() {
        println!("set-up: Node.js and npm come first, by apt-get (about a minute)");
        packages::install(workspace, packages::NODE)?;
    }
    let mut npm = workspace.command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(workspace.tools())
        .arg(format!("binaryen@{VERSION}"));
    process::run(&mut npm, INSTALL)
}

/// The command for a person.
pub fn by_hand(workspace: &Workspace) -> String {
    format!(
        "npm install --no-save --prefix {} binaryen@{VERSION} (it needs Node.js and npm: {})",
        workspace.tools().display(),
        packages::by_hand(packages::NODE)
    )
}

/// From `wasm-opt version 132 (version_132)`.
fn major(text: &str) -> Option<u32> {
    text.strip_prefix("wasm-opt version ")?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(major("wasm-opt version 132 (version_132)\n"), Some(132));
        assert_eq!(major("wasm-opt version 108"), Some(108));
        assert_eq!(major("error"), None);
    }
}
