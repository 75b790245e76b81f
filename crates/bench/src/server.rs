//! The server: what an idle connection takes of its memory, how many messages it relays, how many people join it.

mod crowd;
mod dialect;
pub mod echo;
mod pair;
mod process;
mod websocket;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::time::Instant;

use crate::{
    report::{Contender, LIMIT, OURS, Plan, Unit, at_least, less},
    run::{Bench, House, Length},
    statistics::percentile,
};

use crowd::Crowd;
use dialect::Dialect;
use process::Process;

/// The name of the Rust server for WebRTC that others use.
const MATCHBOX: &str = "matchbox";
/// The name of the codelab's way.
const SOCKET_IO: &str = "socket.io";

/// How much is asked of each. Every slot has a server of its own, in a process of its own.
pub struct Server {
    /// Rooms of two, whose memory is measured.
    rooms: u32,
    /// How long their people talk.
    talking: Duration,
    /// Afterwards, and before anything is measured, what goes on behind comes to an end.
    resting: Duration,
}

/// Rooms that are there, and whose people have talked, before anything is measured: what a server takes once for
/// everybody is no connection's.
const FIRST: u32 = 32;
/// Rooms whose people talk, each with one message under way; the others are idle.
const TALKERS: usize = 64;

impl Bench for Server {
    fn plan() -> Plan {
        const CASE: &str = "rooms of two";
        Plan::new("server", "The server: memory of a connection, messages and joins in a second")
            .case(CASE)
            .contender(LIMIT, "raw TCP echo")
            .contender(OURS, "Snaproom")
            .contender(MATCHBOX, "matchbox_server")
            .contender(SOCKET_IO, "Node with socket.io")
            .metric("held", "connections held", Unit::Count)
            .metric("memory", "memory of an idle connection", Unit::Bytes)
            .metric("relayed", "messages relayed", Unit::Rate)
            .metric("p99", "99 of 100 of them arrive within", Unit::Milliseconds)
            .metric("joins", "joins", Unit::Rate)
            .goal(CASE, "memory", less(15.0, MATCHBOX))
            .goal(CASE, "relayed", at_least(0.4, LIMIT))
            .goal(CASE, "relayed", at_least(3.0, SOCKET_IO))
    }

    async fn open(_: &str, length: Length) -> Result<Self> {
        let (rooms, talking, resting) = match length {
            Length::Quick => (150, 200, 100),
            Length::Blocks(_) => (2_000, 1_000, 1_000),
        };
        allow_files(u64::from(2 * (FIRST + rooms)) + 100)?;
        let (talking, resting) = (Duration::from_millis(talking), Duration::from_millis(resting));
        Ok(Self { rooms, talking, resting })
    }

    async fn slot(&mut self, _: &House, contender: &Contender) -> Result<Vec<f64>> {
        let dialect = Dialect::of(contender)?;
        let process = Process::start(contender).await?;
        let mut first = Crowd::gather(process.address(), dialect, 0..FIRST).await.context("the first")?;
        first.talk(TALKERS, self.talking / 2).await.context("the first words")?;
        first.rest(self.resting).await;
        let before = process.resident()?;

        let started = Instant::now();
        let mut crowd = Crowd::gather(process.address(), dialect, FIRST..FIRST + self.rooms).await?;
        let joining = started.elapsed();
        crowd.rest(self.resting).await;
        let resident = process.resident()?;

        let started = Instant::now();
        let times = crowd.talk(TALKERS, self.talking).await.context("talking")?;
        let talking = started.elapsed();
        let p99 = percentile(times.iter().map(Duration::as_secs_f64), 0.99).context("nobody said a word")?;
        let held = crowd.held().await;
        ensure!(held > 0, "no connection was held");
        process.end().await?;

        let connections = f64::from(2 * self.rooms);
        #[expect(clippy::cast_precision_loss, reason = "far below 2⁵²")]
        let (held, memory, messages) =
            (held as f64, resident.saturating_sub(before) as f64, times.len() as f64);
        Ok(vec![
            held,
            memory / connections,
            messages / talking.as_secs_f64(),
            p99 * 1000.0,
            connections / joining.as_secs_f64(),
        ])
    }
}

/// Each connection is an open file here and one in the server, which inherits what we may have.
fn allow_files(files: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(files <= hard, "this needs {files} open files in a process, and the system allows {hard}");
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(files), hard).context("more open files")
}
