//! simple-peer, which the benches measure beside us: an npm package for them alone, never a part of the app.

use std::fs;
use std::path::PathBuf;

use super::npm::Package;
use crate::workspace::Workspace;

/// The package.
pub const PACKAGE: Package = Package { name: "simple-peer", version: "9.11.1", folder: "simple-peer" };

/// The script for pages; crates/bench looks for it here when it runs alone.
pub fn script(workspace: &Workspace) -> PathBuf {
    PACKAGE.files(workspace).join("simplepeer.min.js")
}

/// Whether it is there, in this version.
pub fn is_installed(workspace: &Workspace) -> bool {
    let package = fs::read_to_string(PACKAGE.files(workspace).join("package.json"));
    script(workspace).is_file()
        && package.is_ok_and(|text| version(&text).as_deref() == Some(PACKAGE.version))
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
