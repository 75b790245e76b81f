//! Programs that `cargo install` builds, each in the version this project was tried with.

use std::borrow::Cow;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// A crate with programs.
pub struct CargoTool {
    package: &'static str,
    version: Cow<'static, str>,
    /// Each answers `--version` with its version as the second word.
    programs: &'static [&'static str],
    /// Whether to build with the crate's own lock file.
    locked: bool,
}

/// The bundler. 0.22 needs a newer rustc than ours.
pub const TRUNK: CargoTool =
    CargoTool { package: "trunk", version: Cow::Borrowed("0.21.14"), programs: &["trunk"], locked: true };

/// The licence check.
pub const CARGO_DENY: CargoTool = CargoTool {
    package: "cargo-deny",
    version: Cow::Borrowed("0.20.2"),
    programs: &["cargo-deny"],
    locked: true,
};

/// What builds and runs fuzz/.
pub const CARGO_FUZZ: CargoTool = CargoTool {
    package: "cargo-fuzz",
    version: Cow::Borrowed("0.13.2"),
    programs: &["cargo-fuzz"],
    locked: true,
};

/// What drives Firefox. Any other version that is there does as well.
pub const GECKODRIVER: CargoTool = CargoTool {
    package: "geckodriver",
    version: Cow::Borrowed("0.37.1"),
    programs: &["geckodriver"],
    locked: true,
};

/// Trunk alone compiles some 400 crates: 6 minutes on two free cores, 24 on two busy ones.
pub const INSTALL: Duration = Duration::from_hours(1);

/// wasm-bindgen's programs read what its macros of the very same version wrote.
pub fn wasm_bindgen(workspace: &Workspace) -> Result<CargoTool> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock"))
        .context("cannot read Cargo.lock; `cargo generate-lockfile` makes one")?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        version: version.to_owned().into(),
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        // Its own lock file asks for newer crates than every registry has.
        locked: false,
    })
}

impl CargoTool {
    /// Whether PATH leads to all of its programs in this very version.
    pub fn is_installed(&self, workspace: &Workspace) -> bool {
        self.programs.iter().all(|program| {
            process::probe(workspace.command(program).arg("--version"))
                .is_some_and(|text| text.split_whitespace().nth(1) == Some(&*self.version))
        })
    }

    /// Builds it into cargo's own folder, so that `trunk serve` alone finds it too.
    pub fn install(&self, workspace: &Workspace) -> Result<()> {
        let mut cargo = workspace.cargo();
        // Its objects would fill our target directory and serve nothing there.
        cargo.env_remove("CARGO_TARGET_DIR").args(self.arguments());
        process::run(&mut cargo, INSTALL)
    }

    /// The command for a person.
    pub fn by_hand(&self) -> String {
        format!("cargo {}", self.arguments().join(" "))
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["install", self.package, "--version", &self.version];
        if self.locked {
            arguments.push("--locked");
        }
        arguments
    }
}

/// The version of `package` in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let value = |entry: &'a str, key: &str| {
        entry.lines().find_map(|line| {
            let text = line.strip_prefix(key)?.strip_prefix(" = \"")?;
            text.strip_suffix('"')
        })
    };
    lock.split("[[package]]")
        .find(|entry| value(entry, "name") == Some(package))
        .and_then(|entry| value(entry, "version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.1"
dependencies = [
 "wasm-bindgen",
]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

    #[test]
    fn the_lock_is_read_for_the_package_itself() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm-bindgen-macro"), Some("0.2.1"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn the_command_by_hand_pins_the_version() {
        assert_eq!(TRUNK.by_hand(), "cargo install trunk --version 0.21.14 --locked");
    }
}
