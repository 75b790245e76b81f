//! socket.io, over which a bench measures the codelab's server beside us: an npm package for the benches alone.

use std::path::PathBuf;

use super::npm::Package;
use crate::workspace::Workspace;

/// The package.
pub const PACKAGE: Package = Package { name: "socket.io", version: "4.8.4", folder: "socket.io" };

/// The folder for `NODE_PATH`; crates/bench looks for it here when it runs alone.
pub fn modules(workspace: &Workspace) -> PathBuf {
    PACKAGE.modules(workspace)
}
