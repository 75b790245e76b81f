//! axe-core, which finds what keeps people out: an npm package for the tests alone, never a part of the app.

use std::fs;
use std::path::PathBuf;

use super::npm::Package;
use crate::workspace::Workspace;

/// The package.
pub const PACKAGE: Package = Package { name: "axe-core", version: "4.14.1", folder: "axe" };

/// The script that is put into pages; crates/e2e looks for it here when it runs alone.
pub fn script(workspace: &Workspace) -> PathBuf {
    PACKAGE.files(workspace).join("axe.min.js")
}

/// Whether it is there, in this version: its first line says which.
pub fn is_installed(workspace: &Workspace) -> bool {
    fs::read_to_string(script(workspace)).is_ok_and(|text| version(&text) == Some(PACKAGE.version))
}

/// From `/*! axe v4.14.1`.
fn version(script: &str) -> Option<&str> {
    script.lines().next()?.strip_prefix("/*! axe v")?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version("/*! axe v4.14.1\n * Copyright"), Some("4.14.1"));
        assert_eq!(version("<!doctype html>"), None);
    }
}
