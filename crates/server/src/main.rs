//! `snaproom`: reads the flags, listens, serves, stops.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    num::NonZeroU16,
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use clap::Parser;
use snaproom_server::{MAX_LEASE, MAX_ROOM_CAPACITY, Origin, Settings, StunUrl, serve};
use tokio::{net::TcpListener, time};
use tracing_subscriber::EnvFilter;

/// Serves Snaproom: the app's files and the signaling of its rooms.
#[derive(Debug, Parser)]
#[command(name = "snaproom", version)]
struct Args {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Folder with the built app and its index.html
    #[arg(long, value_name = "DIR", value_parser = folder)]
    app: Option<PathBuf>,
    /// Seats in a room
    #[arg(long, value_name = "N", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_ROOM_CAPACITY)))]
    room_capacity: u16,
    /// Seconds that the seat of a lost connection is kept
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(..=MAX_LEASE.as_secs()))]
    lease: u64,
    /// Another origin whose pages may use this server, such as <http://localhost:8080>
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<Origin>,
    /// STUN server for the tabs, such as stun:stun.example.org:3478
    #[arg(long = "ice-server", value_name = "URL")]
    ice_servers: Vec<StunUrl>,
    /// End when the process with this id is gone
    #[arg(long, value_name = "PID")]
    exit_with_pid: Option<u32>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            tracing::error!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let companion = args.exit_with_pid.map(Process::find).transpose()?;
    let listen = &args.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("cannot listen on {listen}: {error}; choose another address with --listen")
    })?;
    let address =
        listener.local_addr().map_err(|error| format!("the address of {listen} is unknown: {error}"))?;
    let stopped = stop_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let settings = Settings {
        app: args.app,
        room_capacity: NonZeroU16::new(args.room_capacity).ok_or("a room has at least one seat")?,
        lease: Duration::from_secs(args.lease),
        origins: args.origins,
        stun: args.ice_servers,
        ..Settings::default()
    };
    announce(&format!("snaproom is listening on http://{address}"));
    serve(listener, settings, async {
        tokio::select! {
            () = stopped => tracing::info!("stopping: asked to"),
            () = gone(companion) => tracing::info!("stopping: the process of --exit-with-pid is gone"),
        }
    })
    .await;
    Ok(())
}

/// For scripts that wait for it. Nobody may be reading, which is no reason not to serve.
fn announce(line: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        tracing::warn!("cannot write to stdout: {error}; {line}");
    }
}

fn folder(path: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(path);
    if path.is_dir() {
        Ok(path)
    } else {
        Err("there is no such folder; build the app with `cargo xtask build`")
    }
}

/// Resolves on the first SIGINT or SIGTERM. Both are caught from the call on.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves on the first Ctrl-C, which is caught from the call on.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

async fn gone(companion: Option<Process>) {
    let Some(process) = companion else { return std::future::pending().await };
    while process.is_running() {
        time::sleep(Duration::from_secs(1)).await;
    }
}

/// A process of somebody else. An id alone is not enough: the system gives it to a new process some day.
struct Process {
    id: u32,
    start: String,
}

impl Process {
    fn find(id: u32) -> Result<Self, String> {
        let start =
            Self::start(id).ok_or_else(|| format!("--exit-with-pid: there is no process {id} to be seen"))?;
        Ok(Self { id, start })
    }

    fn is_running(&self) -> bool {
        Self::start(self.id).as_ref() == Some(&self.start)
    }

    /// When the process started, in the system's own words; none if it ended, waited for (zombie) or not.
    fn start(id: u32) -> Option<String> {
        let (state, start) = if cfg!(target_os = "linux") {
            // proc_pid_stat(5): the name in parentheses may hold anything; after it come the state as field 3 and
            // the start as field 22.
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            (fields.next()?.to_owned(), fields.nth(18)?.to_owned())
        } else {
            let ps = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &id.to_string()]).output().ok()?;
            let line = String::from_utf8(ps.stdout).ok()?;
            let (state, start) = line.trim().split_once(' ')?;
            (state.to_owned(), start.trim().to_owned())
        };
        (!state.starts_with(['Z', 'X'])).then_some(start)
    }
}
