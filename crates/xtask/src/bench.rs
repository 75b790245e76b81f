//! `cargo xtask bench`: Snaproom beside its peers, in real browsers and as servers. crates/bench does the work.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser};

use crate::process::{self, STEP};
use crate::setup::{self, Need, WasmRoute};
use crate::workspace::Workspace;
use crate::{build, test};

/// Of all benches, beside the built app and server.
pub const NEEDS: &[Need] =
    &[Need::Chromium, Need::SimplePeer, Need::PeerJs, Need::Node, Need::SocketIo, Need::Matchbox];

/// Of those with browsers, and of the one that needs neither them nor the app.
const OF_PAGES: &[Need] = &[Need::Chromium, Need::SimplePeer, Need::PeerJs];
const OF_SERVER: &[Need] = &[Need::Node, Need::SocketIo, Need::Matchbox];

const SERVER: &str = "server";

/// What to measure, and how long.
#[derive(Args)]
pub struct Options {
    /// Which benches; without a name all of them
    #[arg(value_parser = PossibleValuesParser::new(["photo", "join", "start", "call", "transfer", "lag", "memory", SERVER]))]
    names: Vec<String>,
    /// One block each, whatever else the machine does: whether everything works
    #[arg(long)]
    quick: bool,
    /// Blocks that count, of each case: 7 or more
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(7..=1000))]
    blocks: u32,
    /// Put the results into docs/benchmarks and BENCHMARKS.md; builds the app and the server first
    #[arg(long, conflicts_with = "quick")]
    publish: bool,
    /// Measure nothing: draw the tables and pictures again from docs/benchmarks
    #[arg(long, conflicts_with_all = ["quick", "publish"])]
    draw: bool,
}

impl Options {
    fn measures(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| is_meant(name))
    }
}

/// Measures the app as it was built last; prints the tables and leaves target/bench/NAME.json.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if options.draw {
        let mut cargo = program(workspace);
        cargo.arg("--draw").arg(&workspace.root).args(&options.names);
        return process::run(&mut cargo, STEP);
    }
    let has_pages = options.measures(|name| name != SERVER);
    if has_pages {
        setup::prepare(workspace, OF_PAGES, WasmRoute::Auto)?;
        if options.publish || !build::is_there(workspace) {
            setup::prepare(workspace, setup::BUILD, WasmRoute::Auto)?;
            build::both(workspace)?;
        }
    } else if options.publish || !workspace.server().is_file() {
        build::server(workspace)?;
    }
    // The app without protection is measured there alone.
    let is_unprotected = options.measures(|name| name == "join");
    if is_unprotected && (options.publish || !build::is_insecure_there(workspace)) {
        setup::prepare(workspace, setup::BUILD, WasmRoute::Auto)?;
        build::insecure(workspace)?;
    }
    if options.measures(|name| name == SERVER) {
        setup::prepare(workspace, OF_SERVER, WasmRoute::Auto)?;
    }
    let mut arguments = options.names.clone();
    if options.quick {
        arguments.push("--quick".into());
    } else {
        arguments.extend(["--blocks".into(), options.blocks.to_string()]);
    }
    if options.publish {
        arguments.extend(["--publish".into(), workspace.root.display().to_string()]);
    }
    // A hundred blocks take hours, and each wait inside has a limit of its own.
    bench(workspace, has_pages, &arguments, 16 * STEP)
}

/// All benches, once: CI's way. No time fails it.
pub fn check(workspace: &Workspace) -> Result<()> {
    bench(workspace, true, &["--quick".into()], STEP)
}

fn bench(workspace: &Workspace, has_pages: bool, arguments: &[String], limit: Duration) -> Result<()> {
    let mut cargo = program(workspace);
    cargo
        .arg("--out")
        .arg(workspace.target.join("bench"))
        .args(arguments)
        .env("SNAPROOM_SERVER", workspace.server())
        .env("SNAPROOM_INSECURE_APP", workspace.insecure_app())
        .env("SNAPROOM_SIMPLE_PEER", setup::simple_peer::script(workspace))
        .env("SNAPROOM_PEERJS", setup::peerjs::script(workspace))
        .env("SNAPROOM_SOCKET_IO", setup::socket_io::modules(workspace))
        .env("SNAPROOM_MATCHBOX", setup::matchbox::program(workspace));
    if has_pages {
        test::with_browsers(workspace, &mut cargo)?;
    }
    process::run(&mut cargo, limit)
}

fn program(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "-p", "snaproom-bench", "--"]);
    cargo
}
