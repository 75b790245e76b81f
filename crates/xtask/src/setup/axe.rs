//! axe-core, which finds what keeps people out: an npm package for the tests alone, never a part of the app.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::npm;
use crate::workspace::Workspace;

const VERSION: &str = "4.14.1";

/// The script that is put into pages; crates/e2e looks for it here when it runs alone.
pub fn script(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("node_modules/axe-core/axe.min.js")
}

/// Whether it is there, in this version: its first line says which.
pub fn is_installed(workspace: &Workspace) -> bool {
    fs::read_to_string(script(workspace)).is_ok_and(|text| version(&text) == Some(VERSION))
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
    workspace.tools().join("axe")
}

fn package() -> String {
    format!("axe-core@{VERSION}")
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
