//! What comes from Debian's packages: Node.js, Chromium and its driver, Firefox, the tools of the bad network, a C++
//! compiler.

use std::env;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::cargo_tools::GECKODRIVER;
use crate::process;
use crate::workspace::Workspace;

/// Node.js with npm.
pub const NODE: &[&str] = &["nodejs", "npm"];
/// The browser of the tests; a page without any font would have no text.
pub const CHROMIUM: &[&str] = &["chromium", "chromium-driver", "fonts-liberation"];
/// The other browser. Its driver is no package of Debian's.
pub const FIREFOX: &[&str] = &["firefox-esr", "fonts-liberation"];
/// What makes interfaces and rules in the tests' network namespaces, and a relay in them that is not ours.
pub const NETWORK: &[&str] = &["iproute2", "nftables", "coturn"];
/// `c++`, for libFuzzer.
pub const CXX: &[&str] = &["g++"];

const INDEX: Duration = Duration::from_mins(3);
const INSTALL: Duration = Duration::from_mins(15);

/// Whether `ip` and `nft` are there: Debian keeps them where only root's PATH leads.
pub fn has_network_tools(workspace: &Workspace) -> bool {
    ["ip", "nft", "turnserver"]
        .iter()
        .all(|tool| workspace.find(tool).is_some() || Path::new("/usr/sbin").join(tool).is_file())
}

/// Installs them. Debian starts a relay with its package: the tests start theirs, and nobody asked for another.
pub fn install_network_tools(workspace: &Workspace) -> Result<()> {
    let had_coturn = workspace.find("turnserver").is_some();
    install(workspace, NETWORK)?;
    if !had_coturn && workspace.find("systemctl").is_some() {
        let mut systemctl = as_root(workspace, "systemctl")?;
        systemctl.args(["disable", "--now", "coturn.service"]);
        if let Err(error) = process::run_in_foreground(&mut systemctl, INDEX) {
            println!(
                "set-up: whether coturn runs as a service is unknown, and the tests need none: {error:#}"
            );
        }
    }
    Ok(())
}

/// The driver: `CHROMEDRIVER`, or the one on PATH.
pub fn chromedriver(workspace: &Workspace) -> Option<PathBuf> {
    named_or_found(workspace, "CHROMEDRIVER", &["chromedriver"])
}

/// The browser: `CHROMIUM`, or the one on PATH.
pub fn chromium(workspace: &Workspace) -> Option<PathBuf> {
    named_or_found(workspace, "CHROMIUM", &["chromium", "google-chrome"])
}

/// The other browser: `FIREFOX`, or the one on PATH, with Debian's long support first.
pub fn firefox(workspace: &Workspace) -> Option<PathBuf> {
    named_or_found(workspace, "FIREFOX", &["firefox-esr", "firefox"])
}

/// Its driver: `GECKODRIVER`, or the one on PATH.
pub fn geckodriver(workspace: &Workspace) -> Option<PathBuf> {
    named_or_found(workspace, "GECKODRIVER", &["geckodriver"])
}

fn named_or_found(workspace: &Workspace, variable: &str, programs: &[&str]) -> Option<PathBuf> {
    match env::var_os(variable) {
        Some(named) => Some(PathBuf::from(named)).filter(|file| file.is_file()),
        None => programs.iter().find_map(|program| workspace.find(program)),
    }
}

/// Installs the browser, unless the environment names one that is not there.
pub fn install_chromium(workspace: &Workspace) -> Result<()> {
    names_no_ghost(&["CHROMIUM", "CHROMEDRIVER"])?;
    install(workspace, CHROMIUM)
}

/// The same for the other one.
pub fn install_firefox(workspace: &Workspace) -> Result<()> {
    names_no_ghost(&["FIREFOX"])?;
    install(workspace, FIREFOX)
}

/// The same for its driver.
pub fn install_geckodriver(workspace: &Workspace) -> Result<()> {
    names_no_ghost(&["GECKODRIVER"])?;
    GECKODRIVER.install(workspace)
}

/// Fails where the environment names a program that is not there: another one would not be taken.
fn names_no_ghost(variables: &[&str]) -> Result<()> {
    for variable in variables {
        if let Some(named) = env::var_os(variable)
            && !Path::new(&named).is_file()
        {
            bail!("{variable} names {}, which is no file", named.display());
        }
    }
    Ok(())
}

/// The command for a person.
pub fn by_hand(packages: &[&str]) -> String {
    format!("sudo apt-get install {}", packages.join(" "))
}

/// Installs `packages` with apt-get, through sudo unless we are root.
pub fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    if workspace.find("apt-get").is_none() {
        bail!("this machine has no apt-get: {} must be installed another way", packages.join(", "));
    }
    process::run_in_foreground(as_root(workspace, "apt-get")?.arg("update"), INDEX)?;
    process::run_in_foreground(
        as_root(workspace, "apt-get")?.args(["install", "--yes", "--no-install-recommends"]).args(packages),
        INSTALL,
    )
}

fn as_root(workspace: &Workspace, program: &str) -> Result<Command> {
    let mut command = if workspace.is_root()? {
        workspace.command(program)
    } else if workspace.find("sudo").is_some() {
        let mut sudo = workspace.command("sudo");
        // In CI nobody can type a password: better a failure than a wait.
        if !stdin().is_terminal() {
            sudo.arg("--non-interactive");
        }
        sudo.arg(program);
        sudo
    } else {
        bail!("installing packages needs root, and there is no sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
