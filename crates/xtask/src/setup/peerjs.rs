//! `PeerJS`, which the benches measure beside us: an npm package for them alone, never a part of the app.

use std::path::PathBuf;

use super::npm::Package;
use crate::workspace::Workspace;

/// The package.
pub const PACKAGE: Package = Package { name: "peerjs", version: "1.5.5", folder: "peerjs" };

/// The script for pages; crates/bench looks for it here when it runs alone.
pub fn script(workspace: &Workspace) -> PathBuf {
    PACKAGE.files(workspace).join("dist/peerjs.min.js")
}
