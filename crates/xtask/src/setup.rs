//! What building and testing need, and how each need is met when it is not met yet.

pub mod axe;
mod cargo_tools;
mod debian_std;
pub mod matchbox;
mod npm;
mod packages;
pub mod peerjs;
pub mod simple_peer;
pub mod socket_io;
mod toolchain;
mod wasm_opt;

pub use packages::{chromedriver, chromium, firefox, geckodriver};
pub use toolchain::WASM;

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::workspace::Workspace;

/// A thing that must be on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// `cargo fmt` and `cargo clippy`.
    Components,
    /// The standard library for `wasm32-unknown-unknown`.
    WasmTarget,
    /// `wasm-bindgen` and its test runner in Cargo.lock's version.
    WasmBindgen,
    /// `wasm-opt`, which makes the release app small.
    WasmOpt,
    /// The bundler.
    Trunk,
    /// Node.js, which runs the session's tests in wasm.
    Node,
    /// Chromium and its driver.
    Chromium,
    /// Firefox.
    Firefox,
    /// Firefox's driver.
    Geckodriver,
    /// axe-core, which looks for what keeps people out.
    Axe,
    /// `ip`, `nft` and coturn, with which the tests make a bad network.
    Network,
    /// simple-peer, which the benches measure beside us.
    SimplePeer,
    /// `PeerJS`, likewise.
    PeerJs,
    /// socket.io, which a bench measures beside our server.
    SocketIo,
    /// `matchbox_server`, likewise.
    Matchbox,
    /// The licence check.
    CargoDeny,
    /// What builds and runs fuzz/; for `cargo xtask soak fuzz` alone.
    CargoFuzz,
    /// The C++ compiler, which builds libFuzzer.
    Cxx,
}

/// What `cargo xtask build` and `serve` need.
pub const BUILD: &[Need] = &[Need::WasmTarget, Need::WasmBindgen, Need::WasmOpt, Need::Trunk];

/// What `cargo xtask test` needs.
const TEST: &[Need] = &[
    Need::Components,
    Need::WasmTarget,
    Need::WasmBindgen,
    Need::WasmOpt,
    Need::Trunk,
    Need::Node,
    Need::Chromium,
    Need::Firefox,
    Need::Geckodriver,
    Need::Axe,
    Need::Network,
    Need::SimplePeer,
    Need::PeerJs,
    Need::SocketIo,
    Need::Matchbox,
    Need::CargoDeny,
];

/// What to prepare for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Purpose {
    /// Building and serving
    Build,
    /// Everything, the browsers for the tests included
    Test,
}

impl Purpose {
    /// Its needs, in the order in which they are met.
    pub fn needs(self) -> &'static [Need] {
        match self {
            Self::Build => BUILD,
            Self::Test => TEST,
        }
    }
}

/// Where the wasm32 standard library comes from.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WasmRoute {
    /// From rustup; where its servers cannot be reached, from Debian's rust-src
    Auto,
    /// From rustup alone
    Rustup,
    /// Built here from Debian's rust-src package
    Debian,
}

/// Meets each need that is not met, saying what it does; fails with what to do by hand.
pub fn prepare(workspace: &Workspace, needs: &[Need], route: WasmRoute) -> Result<()> {
    for &need in needs {
        if need.is_met(workspace)? {
            continue;
        }
        println!("set-up: {} ({})", need.what(), need.cost());
        let started = Instant::now();
        let result = need.meet(workspace, route).and_then(|()| {
            let met = need.is_met(workspace)?;
            ensure!(met, "it is installed, and another one earlier on PATH hides it");
            Ok(())
        });
        if let Err(error) = result {
            bail!("{}: {error:#}\n  by hand: {}", need.what(), need.by_hand(workspace));
        }
        println!("set-up: done in {}", seconds(started.elapsed()));
    }
    Ok(())
}

/// A duration as people read it in a log.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

impl Need {
    fn what(self) -> &'static str {
        match self {
            Self::Components => "rustfmt and clippy, by rustup",
            Self::WasmTarget => "the standard library for wasm32-unknown-unknown",
            Self::WasmBindgen => "wasm-bindgen-cli, by cargo install",
            Self::WasmOpt => "wasm-opt, by npm into target/tools",
            Self::Trunk => "trunk, by cargo install",
            Self::Node => "Node.js, by apt-get",
            Self::Chromium => "Chromium and its driver, by apt-get",
            Self::Firefox => "Firefox, by apt-get",
            Self::Geckodriver => "geckodriver, by cargo install",
            Self::Axe => "axe-core, by npm into target/tools",
            Self::Network => "ip, nft and coturn for the tests' bad network, by apt-get",
            Self::SimplePeer => "simple-peer, by npm into target/tools",
            Self::PeerJs => "PeerJS, by npm into target/tools",
            Self::SocketIo => "socket.io, by npm into target/tools",
            Self::Matchbox => "matchbox_server, by cargo install into target/tools",
            Self::CargoDeny => "cargo-deny, by cargo install",
            Self::CargoFuzz => "cargo-fuzz, by cargo install",
            Self::Cxx => "a C++ compiler, by apt-get",
        }
    }

    fn cost(self) -> &'static str {
        match self {
            Self::Components
            | Self::WasmOpt
            | Self::Axe
            | Self::SimplePeer
            | Self::PeerJs
            | Self::SocketIo
            | Self::Network => "a few seconds",
            Self::WasmTarget => "about 10 seconds by rustup, a minute from Debian's sources",
            Self::WasmBindgen | Self::Geckodriver | Self::Matchbox => "about 2 minutes",
            Self::Trunk => "about 6 minutes",
            Self::Node | Self::Chromium | Self::Firefox | Self::CargoFuzz | Self::Cxx => "about a minute",
            Self::CargoDeny => "about 3 minutes",
        }
    }

    fn by_hand(self, workspace: &Workspace) -> String {
        match self {
            Self::Components => "rustup component add rustfmt clippy".into(),
            Self::WasmTarget => "rustup target add wasm32-unknown-unknown".into(),
            Self::WasmBindgen => match cargo_tools::wasm_bindgen(workspace) {
                Ok(tool) => tool.by_hand(),
                Err(_) => "cargo install wasm-bindgen-cli, in Cargo.lock's version".into(),
            },
            Self::WasmOpt => wasm_opt::PACKAGE.by_hand(workspace),
            Self::Trunk => cargo_tools::TRUNK.by_hand(),
            Self::Node => packages::by_hand(packages::NODE),
            Self::Chromium => format!(
                "{}; or name other ones in CHROMIUM and CHROMEDRIVER",
                packages::by_hand(packages::CHROMIUM)
            ),
            Self::Firefox => {
                format!("{}; or name another one in FIREFOX", packages::by_hand(packages::FIREFOX))
            }
            Self::Geckodriver => {
                format!("{}; or name another one in GECKODRIVER", cargo_tools::GECKODRIVER.by_hand())
            }
            Self::Axe => axe::PACKAGE.by_hand(workspace),
            Self::Network => packages::by_hand(packages::NETWORK),
            Self::SimplePeer => simple_peer::PACKAGE.by_hand(workspace),
            Self::PeerJs => peerjs::PACKAGE.by_hand(workspace),
            Self::SocketIo => socket_io::PACKAGE.by_hand(workspace),
            Self::Matchbox => matchbox::by_hand(workspace),
            Self::CargoDeny => cargo_tools::CARGO_DENY.by_hand(),
            Self::CargoFuzz => cargo_tools::CARGO_FUZZ.by_hand(),
            Self::Cxx => packages::by_hand(packages::CXX),
        }
    }

    fn is_met(self, workspace: &Workspace) -> Result<bool> {
        Ok(match self {
            Self::Components => toolchain::has_components(workspace),
            Self::WasmTarget => toolchain::has_wasm_target(workspace)?,
            Self::WasmBindgen => cargo_tools::wasm_bindgen(workspace)?.is_installed(workspace),
            Self::WasmOpt => wasm_opt::is_installed(workspace),
            Self::Trunk => cargo_tools::TRUNK.is_installed(workspace),
            Self::Node => workspace.find("node").is_some(),
            Self::Chromium => chromium(workspace).is_some() && chromedriver(workspace).is_some(),
            Self::Firefox => firefox(workspace).is_some(),
            Self::Geckodriver => geckodriver(workspace).is_some(),
            Self::Axe => axe::is_installed(workspace),
            Self::Network => packages::has_network_tools(workspace),
            Self::SimplePeer => simple_peer::PACKAGE.is_installed(workspace),
            Self::PeerJs => peerjs::PACKAGE.is_installed(workspace),
            Self::SocketIo => socket_io::PACKAGE.is_installed(workspace),
            Self::Matchbox => matchbox::is_installed(workspace),
            Self::CargoDeny => cargo_tools::CARGO_DENY.is_installed(workspace),
            Self::CargoFuzz => cargo_tools::CARGO_FUZZ.is_installed(workspace),
            Self::Cxx => workspace.find("c++").is_some(),
        })
    }

    fn meet(self, workspace: &Workspace, route: WasmRoute) -> Result<()> {
        match self {
            Self::Components => toolchain::add_components(workspace),
            Self::WasmTarget => toolchain::add_wasm_target(workspace, route),
            Self::WasmBindgen => cargo_tools::wasm_bindgen(workspace)?.install(workspace),
            Self::WasmOpt => wasm_opt::PACKAGE.install(workspace),
            Self::Trunk => cargo_tools::TRUNK.install(workspace),
            Self::Node => packages::install(workspace, packages::NODE),
            Self::Chromium => packages::install_chromium(workspace),
            Self::Firefox => packages::install_firefox(workspace),
            Self::Geckodriver => packages::install_geckodriver(workspace),
            Self::Axe => axe::PACKAGE.install(workspace),
            Self::Network => packages::install_network_tools(workspace),
            Self::SimplePeer => simple_peer::PACKAGE.install(workspace),
            Self::PeerJs => peerjs::PACKAGE.install(workspace),
            Self::SocketIo => socket_io::PACKAGE.install(workspace),
            Self::Matchbox => matchbox::install(workspace),
            Self::CargoDeny => cargo_tools::CARGO_DENY.install(workspace),
            Self::CargoFuzz => cargo_tools::CARGO_FUZZ.install(workspace),
            Self::Cxx => packages::install(workspace, packages::CXX),
        }
    }
}
