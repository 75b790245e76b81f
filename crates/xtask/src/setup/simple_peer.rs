//! simple-peer, which the benches measure beside us: an npm package for them alone, never a part of the app.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::npm;
use crate::workspace::Workspace;

const VERSION: &str = "9.11.1";

/// The script for pages; crates/bench looks for it here when it runs alone.
pub fn script(workspace: &Workspace) -> PathBuf {
    package_folder(workspace).join("simplepeer.min.js")
}

/// Whether it is there, in this version.
pub fn is_installed(workspace: &Workspace) -> bool {
    let package = fs::read_to_string(package_folder(workspace).join("package.json"));
    script(workspace).is_file() && package.is_ok_and(|text| version(&text).as_deref() == Some(VERSION))
}

/// Installs it.
pub fn install(workspace: &Workspace) -> Result<()> {
    npm::install(workspace, &folder(workspace), &package())
}

/// The command for a person.
pub fn by_hand(workspace: &Workspace) -> String {
    npm::by_hand(&folder(workspace), &package())
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("simple-peer")
}

fn package_folder(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("node_modules/simple-peer")
}

fn package() -> String {
    format!("simple-peer@{VERSION}")
}

/// From the package's own description; the script does not say.
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
