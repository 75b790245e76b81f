//! What belongs to the Rust toolchain: components, and the wasm32 standard library.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::{WasmRoute, debian_std};
use crate::process::{self, QUICK};
use crate::workspace::Workspace;

/// The app's target.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Rustup waits for minutes on a server that never answers; a download takes seconds.
const RUSTUP: Duration = Duration::from_mins(1);

/// Whether `cargo fmt` and `cargo clippy` run.
pub fn has_components(workspace: &Workspace) -> bool {
    ["fmt", "clippy"].iter().all(|tool| process::probe(workspace.cargo().args([tool, "--version"])).is_some())
}

/// Rustup adds a pinned toolchain's components by itself, except where that is turned off.
pub fn add_components(workspace: &Workspace) -> Result<()> {
    process::run(workspace.command("rustup").args(["component", "add", "rustfmt", "clippy"]), RUSTUP)
}

/// Whether the toolchain has a standard library for wasm32.
pub fn has_wasm_target(workspace: &Workspace) -> Result<bool> {
    let folder = wasm_libraries(workspace)?;
    let Ok(entries) = folder.read_dir() else {
        return Ok(false);
    };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

/// Adds it by `route`.
pub fn add_wasm_target(workspace: &Workspace, route: WasmRoute) -> Result<()> {
    if route == WasmRoute::Debian {
        return debian_std::install(workspace);
    }
    let by_rustup = || process::run(workspace.command("rustup").args(["target", "add", WASM]), RUSTUP);
    let Err(first) = by_rustup() else {
        return Ok(());
    };
    println!("set-up: {first:#}; once more");
    let Err(second) = by_rustup() else {
        return Ok(());
    };
    if route == WasmRoute::Rustup {
        return Err(second);
    }
    println!("set-up: {second:#}; taking the route over Debian's rust-src");
    debian_std::install(workspace)
}

/// The rustc that cargo uses.
pub fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Where the libraries for wasm32 belong, whether they are there or not.
pub fn wasm_libraries(workspace: &Workspace) -> Result<PathBuf> {
    let text = ask(workspace, &["--print", "target-libdir", "--target", WASM])?;
    Ok(Path::new(text.trim()).to_owned())
}

/// What rustc answers to `arguments`.
pub fn ask(workspace: &Workspace, arguments: &[&str]) -> Result<String> {
    process::output(workspace.command(rustc()).args(arguments), QUICK)
        .context("rustc does not answer; install Rust from https://rustup.rs")
}
