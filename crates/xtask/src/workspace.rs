//! Where things are, and a command with the environment that all of our tools want.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{self, QUICK};

/// The checkout and its target directory, as cargo sees them.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target directory: `target/`, or wherever the machine's settings put it.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that a `CARGO_TARGET_DIR` or a config file is respected.
    pub fn locate() -> Result<Self> {
        let mut cargo = Command::new(cargo_program());
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let text = process::output(&mut cargo, QUICK)?;
        let metadata: serde_json::Value =
            serde_json::from_str(&text).context("cargo metadata answered with broken JSON")?;
        let folder = |key: &str| {
            let path = metadata[key].as_str();
            path.map(PathBuf::from).with_context(|| format!("cargo metadata did not name {key}"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// `program` in the root, with PATH reaching what set-up installed.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("PATH", self.path())
            // Trunk would ask the network for its newest version.
            .env("TRUNK_SKIP_VERSION_CHECK", "true");
        if env::var_os("NO_COLOR").is_some() {
            // Trunk refuses the usual NO_COLOR=1; everybody else takes any value.
            command.env("NO_COLOR", "true");
        }
        command
    }

    /// The cargo that runs us, so that a child builds with the same toolchain.
    pub fn cargo(&self) -> Command {
        self.command(cargo_program())
    }

    /// The first `program` on PATH.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path()).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    /// Whether we may do everything on this machine.
    pub fn is_root(&self) -> Result<bool> {
        Ok(process::output(self.command("id").arg("-u"), QUICK)?.trim() == "0")
    }

    /// What set-up installs for this checkout alone.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The built app, as trunk leaves it.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The app whose rooms can be told to have no protection: some tests attack it, and a bench compares with it.
    pub fn insecure_app(&self) -> PathBuf {
        self.target.join("insecure")
    }

    /// The release server.
    pub fn server(&self) -> PathBuf {
        self.target.join("release/snaproom")
    }

    /// Our pinned tools first; cargo's own folder last, so that it shadows nothing.
    fn path(&self) -> std::ffi::OsString {
        let own = env::var_os("PATH").unwrap_or_default();
        let mut folders = vec![self.tools().join("node_modules/.bin")];
        folders.extend(env::split_paths(&own));
        folders.extend(cargo_bin());
        // Only a folder with a ':' in its name cannot be joined, and then PATH never worked.
        env::join_paths(folders).unwrap_or(own)
    }
}

/// `cargo run` names itself in the environment.
fn cargo_program() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Where `cargo install` puts programs.
fn cargo_bin() -> Option<PathBuf> {
    let home = env::var_os("CARGO_INSTALL_ROOT").or_else(|| env::var_os("CARGO_HOME"));
    let home = home.map(PathBuf::from).or_else(|| {
        let user = env::var_os("HOME")?;
        Some(Path::new(&user).join(".cargo"))
    })?;
    Some(home.join("bin"))
}
