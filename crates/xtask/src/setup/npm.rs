//! Packages of npm, each in a folder of its own: `npm install` removes what another one put into the same folder.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::packages;
use crate::process;
use crate::workspace::Workspace;

const INSTALL: Duration = Duration::from_mins(3);

/// Installs `package`, and Node.js first where there is none.
pub fn install(workspace: &Workspace, folder: &Path, package: &str) -> Result<()> {
    if workspace.find("npm").is_none() {
        println!("set-up: Node.js and npm come first, by apt-get (about a minute)");
        packages::install(workspace, packages::NODE)?;
    }
    let mut npm = workspace.command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(folder).arg(package);
    process::run(&mut npm, INSTALL)
}

/// The command for a person.
pub fn by_hand(folder: &Path, package: &str) -> String {
    format!(
        "npm install --no-save --prefix {} {package} (it needs Node.js and npm: {})",
        folder.display(),
        packages::by_hand(packages::NODE)
    )
}
