//! Packages of npm, each in a folder of its own: `npm install` removes what another one put into the same folder.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::packages;
use crate::process;
use crate::workspace::Workspace;

const INSTALL: Duration = Duration::from_mins(3);

/// One of them.
pub struct Package {
    /// As npm calls it.
    pub name: &'static str,
    /// The one that we know.
    pub version: &'static str,
    /// Below `target/tools`.
    pub folder: &'static str,
}

impl Package {
    /// Installs it, and Node.js first where there is none.
    pub fn install(&self, workspace: &Workspace) -> Result<()> {
        if workspace.find("npm").is_none() {
            println!("set-up: Node.js and npm come first, by apt-get (about a minute)");
            packages::install(workspace, packages::NODE)?;
        }
        let mut npm = workspace.command("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
            .arg(self.prefix(workspace))
            .arg(self.with_version());
        process::run(&mut npm, INSTALL)
    }

    /// The command for a person.
    pub fn by_hand(&self, workspace: &Workspace) -> String {
        format!(
            "npm install --no-save --prefix {} {} (it needs Node.js and npm: {})",
            self.prefix(workspace).display(),
            self.with_version(),
            packages::by_hand(packages::NODE)
        )
    }

    /// Whether it is there, in this version.
    pub fn is_installed(&self, workspace: &Workspace) -> bool {
        let package = fs::read_to_string(self.files(workspace).join("package.json"));
        package.is_ok_and(|text| version(&text).as_deref() == Some(self.version))
    }

    /// Where its files are.
    pub fn files(&self, workspace: &Workspace) -> PathBuf {
        self.modules(workspace).join(self.name)
    }

    /// Where it is with all that it needs.
    pub fn modules(&self, workspace: &Workspace) -> PathBuf {
        self.prefix(workspace).join("node_modules")
    }

    fn prefix(&self, workspace: &Workspace) -> PathBuf {
        workspace.tools().join(self.folder)
    }

    fn with_version(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// From a package's own description.
fn version(package: &str) -> Option<String> {
    let package: serde_json::Value = serde_json::from_str(package).ok()?;
    package["version"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version(r#"{ "name": "simple-peer", "version": "9.11.1" }"#).as_deref(), Some("9.11.1"));
        assert_eq!(version("<!doctype html>"), None);
    }
}
