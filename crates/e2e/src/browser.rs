//! The browsers that a tab can be a window of, and what differs between them.

mod chromium;
mod firefox;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use thirtyfour::Capabilities;

use crate::{Launch, Tab};

/// Whose window a tab is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// Google's; everything here works in it.
    Chromium,
    /// Mozilla's: what takes the Chrome `DevTools` Protocol fails in it, and says so.
    Firefox,
}

/// The program that drives a browser for us.
pub(crate) struct DriverProgram {
    pub(crate) program: Program,
    /// A free port is among what they ask for.
    pub(crate) arguments: &'static [&'static str],
    /// What stands before the port in the line in which it says that it listens.
    pub(crate) announcement: &'static str,
    /// Whether the browser writes below `HOME` whatever its profile is; then that is a folder of its own.
    pub(crate) wants_home: bool,
}

/// A program that the environment names.
pub(crate) struct Program {
    variable: &'static str,
    /// As it is called on PATH, where the environment does not name it.
    name: &'static str,
}

impl Browser {
    pub(crate) fn driver(self) -> &'static DriverProgram {
        match self {
            Self::Chromium => &chromium::DRIVER,
            Self::Firefox => &firefox::DRIVER,
        }
    }

    /// What to ask its driver for; fails where the browser does not have what the launch wants.
    pub(crate) fn wishes(self, launch: &Launch, folder: &Path) -> Result<Capabilities> {
        match self {
            Self::Chromium => chromium::wishes(launch, folder),
            Self::Firefox => firefox::wishes(launch),
        }
    }

    /// What only a running browser can be told, before any page.
    pub(crate) async fn prepare(self, tab: &Tab, launch: &Launch) -> Result<()> {
        match self {
            Self::Chromium => chromium::prepare(tab, launch).await,
            Self::Firefox => Ok(()),
        }
    }
}

impl Program {
    pub(crate) fn find(&self) -> Result<PathBuf> {
        let Self { variable, name } = self;
        let Some(named) = env::var_os(variable) else {
            let folders = env::var_os("PATH").context("no PATH")?;
            let found =
                env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file());
            return found.with_context(|| {
                format!("{name} is missing: `cargo xtask setup --for test` installs it, or set {variable}")
            });
        };
        let named = PathBuf::from(named);
        ensure!(named.is_file(), "{variable} names {}, which is no file", named.display());
        Ok(named)
    }
}
