//! wasm-opt, from the npm package `binaryen` into `target/tools`.

use super::npm::Package;
use crate::process;
use crate::workspace::Workspace;

/// The release that reads what rustc 1.95 writes; Debian's is years older.
const MAJOR: u32 = 132;

/// The package; its program is where PATH leads (`Workspace::command`).
pub const PACKAGE: Package = Package { name: "binaryen", version: "132.0.0", folder: "" };

/// Whether PATH leads to one that is new enough.
pub fn is_installed(workspace: &Workspace) -> bool {
    process::probe(workspace.command("wasm-opt").arg("--version"))
        .and_then(|text| major(&text))
        .is_some_and(|found| found >= MAJOR)
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
