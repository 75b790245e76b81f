//! `cargo xtask build`: the app in `dist/`, the server in `target/release`, and what a visit loads.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{self, STEP};
use crate::weigh;
use crate::workspace::Workspace;

/// What a first visit may load, in bytes after brotli.
const LIMIT: usize = 404_000;

/// In the names of what only the pages under `/check` load, in place of the room's program.
const CHECK: &str = "check";

/// What the name of the worker's script begins with: the room loads it once there are files to keep.
const STORE: &str = "store";

/// Set where the app without protection may be compiled as people's is.
const INSECURE: &str = "SNAPROOM_INSECURE";

/// Builds both and prints the sizes.
pub fn run(workspace: &Workspace) -> Result<()> {
    let visit = build_and_print(workspace)?;
    println!("The limit is {LIMIT} bytes after brotli; {}.", verdict(visit));
    Ok(())
}

/// The same, and fails above the limit: CI's way.
pub fn check(workspace: &Workspace) -> Result<()> {
    let visit = build_and_print(workspace)?;
    ensure!(
        visit <= LIMIT,
        "a first visit loads {visit} bytes after brotli, and the limit is {LIMIT}: {}; the tables above say what \
         takes the room",
        verdict(visit)
    );
    Ok(())
}

fn verdict(visit: usize) -> String {
    match LIMIT.checked_sub(visit) {
        Some(left) => format!("{left} are left"),
        None => format!("{} too many", visit - LIMIT),
    }
}

fn build_and_print(workspace: &Workspace) -> Result<usize> {
    both(workspace)?;
    let files = sizes(&workspace.dist())?;
    let (check, room): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name.contains(CHECK));
    let (store, room): (Vec<_>, Vec<_>) = room.into_iter().partition(|file| file.name.starts_with(STORE));
    let is_wasm = |file: &&Size| Path::new(&file.name).extension().is_some_and(|kind| kind == "wasm");
    let Some(wasm) = room.iter().find(is_wasm) else {
        bail!("{} holds no .wasm: trunk built no app", workspace.dist().display());
    };
    weigh::print(workspace, wasm.raw)?;
    print_sizes("The pages under /check load, in place of the room's .js and .wasm,", &check);
    print_sizes("What keeps others' files loads", &store);
    Ok(print_sizes("A first visit loads", &room))
}

/// Whether both were built before.
pub fn is_there(workspace: &Workspace) -> bool {
    workspace.server().is_file() && has_app(workspace)
}

fn has_app(workspace: &Workspace) -> bool {
    workspace.dist().join("index.html").is_file()
}

/// Whether the app without protection was built before.
pub fn is_insecure_there(workspace: &Workspace) -> bool {
    workspace.insecure_app().join("index.html").is_file()
}

/// Builds the app whose rooms can be told to have no protection, for the tests in which an attack has to win and the
/// bench of what the protection takes; and makes sure that nobody gets it: without debug assertions, as people have it,
/// it compiles for this function alone.
///
/// In a profile of its own, as fast as what people have: a bench of anything else says nothing, and one build serves
/// both.
pub fn insecure(workspace: &Workspace) -> Result<()> {
    let mut trunk = workspace.command("trunk");
    trunk.args(["build", "--release", "--cargo-profile", "app-insecure", "--features", "insecure", "--dist"]);
    process::run(trunk.arg(workspace.insecure_app()).env(INSECURE, "1"), STEP)?;
    // As in a release, and so quickly that it can be asked every time.
    let check = |features: &[&str]| {
        let mut cargo = workspace.cargo();
        cargo.args(["check", "--quiet", "--package", "snaproom-session"]).args(features).env_remove(INSECURE);
        cargo.args(["--config", "profile.dev.package.snaproom-session.debug-assertions=false"]);
        cargo
    };
    process::run(&mut check(&[]), STEP)?;
    ensure!(
        process::probe(&mut check(&["--features", "insecure"])).is_none(),
        "the app without protection can be built as a release: crates/session/src/keys.rs is to forbid it"
    );
    Ok(())
}

/// Builds the app and the server.
pub fn both(workspace: &Workspace) -> Result<()> {
    let mut trunk = workspace.command("trunk");
    process::run(trunk.args(["build", "--release", "--cargo-profile", "app"]), STEP)?;
    compress(&workspace.dist())?;
    server(workspace)
}

/// Builds the server alone, with the app inside where one was built before.
pub fn server(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--release", "--package", "snaproom-server"]);
    if has_app(workspace) {
        cargo.args(["--features", "embedded-app"]);
    }
    process::run(&mut cargo, STEP)
}

/// Puts beside each file of `dist` the same after brotli, with `.br` at the end of its name, which the server sends to
/// browsers that take it. Trunk empties the folder with each build.
fn compress(dist: &Path) -> Result<()> {
    for path in files(dist)? {
        let compressed = compressed(&fs::read(&path)?)?;
        let name = path.with_added_extension(BROTLI);
        fs::write(&name, compressed).with_context(|| format!("cannot write {}", name.display()))?;
    }
    Ok(())
}

/// The extension of a compressed file.
const BROTLI: &str = "br";

/// What the browser asks for, in bytes. Gives the sum after brotli.
fn print_sizes(heading: &str, files: &[Size]) -> usize {
    println!("\n{heading} in bytes:");
    println!("{:>10} {:>10}  file", "raw", "brotli 11");
    for file in files {
        println!("{:>10} {:>10}  {}", file.raw, file.brotli, file.name);
    }
    let raw: usize = files.iter().map(|file| file.raw).sum();
    let brotli: usize = files.iter().map(|file| file.brotli).sum();
    println!("{raw:>10} {brotli:>10}  in all");
    brotli
}

struct Size {
    name: String,
    raw: usize,
    brotli: usize,
}

/// The files of `dist` and its folders, the biggest first.
fn sizes(dist: &Path) -> Result<Vec<Size>> {
    let size = |path: PathBuf| {
        let length = |path: &Path| anyhow::Ok(usize::try_from(fs::metadata(path)?.len())?);
        Ok(Size {
            name: path.strip_prefix(dist)?.display().to_string(),
            raw: length(&path)?,
            brotli: length(&path.with_added_extension(BROTLI))?,
        })
    };
    let mut found = files(dist)?.into_iter().map(size).collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|file| std::cmp::Reverse(file.raw));
    Ok(found)
}

/// What trunk left in `dist` and its folders.
fn files(dist: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|kind| kind != BROTLI) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Brotli at its best, since a file is compressed once. Quality 9, as on the fly, gives 10 % more.
/// `crates/bench/src/start.rs` weighs the same way.
fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, 11, 24);
    writer.write_all(bytes)?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_length_is_that_of_a_whole_stream() {
        let bytes = b"the same words, the same words, the same words, the same words".repeat(20);
        let length = compressed(&bytes).unwrap().len();
        assert!((10..bytes.len() / 4).contains(&length), "{length}");
    }

    #[test]
    fn a_verdict_says_how_far_the_limit_is() {
        assert_eq!(verdict(LIMIT), "0 are left");
        assert_eq!(verdict(LIMIT - 1000), "1000 are left");
        assert_eq!(verdict(LIMIT + 1), "1 too many");
    }
}
