//! A server in a process of its own, as people start it.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};
use snaproom_e2e::{PATIENCE, poll, server_binary};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use super::{MATCHBOX, SOCKET_IO};
use crate::report::{Contender, LIMIT, OURS};

/// Killed when it is dropped, if it was not ended before.
pub struct Process {
    child: Child,
    address: SocketAddr,
}

/// Our limits by address would refuse a bench, whose people all come from one; the peers have none.
const OUR_LIMITS: [&str; 5] = [
    "--connections-per-address",
    "--joins-per-second",
    "--messages-per-second",
    "--max-connections",
    "--max-rooms",
];

impl Process {
    /// Starts a contender's and waits until it can be reached.
    pub async fn start(contender: &Contender) -> Result<Self> {
        // Not all of them can say which free port they took.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = command(&contender.name, free)?;
        // By default matchbox_server alone writes a line of each connection.
        command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("{} does not start", contender.label))?;
        let mut process = Self { child, address: free };
        let reached = poll(PATIENCE, async || {
            if let Some(status) = process.child.try_wait()? {
                bail!("it ended: {status}");
            }
            Ok(TcpStream::connect(free).await.ok())
        });
        reached.await?.context("nobody listens")?;
        Ok(process)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and waits until its memory is free for the next one.
    pub async fn end(mut self) -> Result<()> {
        self.child.kill().await.context("the server cannot be killed")
    }

    /// Bytes of its memory that are resident.
    pub fn resident(&self) -> Result<u64> {
        let pid = self.child.id().context("the server has ended")?;
        // Exact, unlike /proc/PID/status, whose counters lag behind.
        let memory = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        rss(&memory).context("the kernel does not say how much is resident")
    }
}

fn command(name: &str, address: SocketAddr) -> Result<Command> {
    let listen = address.to_string();
    Ok(match name {
        LIMIT => {
            let mut command = Command::new(env::current_exe()?);
            command.args(["--echo", &listen]);
            command
        }
        OURS => {
            let mut command = Command::new(server_binary()?);
            command.args(["--listen", &listen]).env_remove("SNAPROOM_APP");
            command.args(OUR_LIMITS.into_iter().flat_map(|limit| [limit, "1000000"]));
            command
        }
        MATCHBOX => {
            let mut command = Command::new(tool("SNAPROOM_MATCHBOX", "matchbox_server/bin/matchbox_server")?);
            command.arg(listen);
            command
        }
        SOCKET_IO => {
            let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/socket.io.js"));
            let mut command = Command::new("node");
            command.arg(script).arg(address.port().to_string());
            command.env("NODE_PATH", tool("SNAPROOM_SOCKET_IO", "socket.io/node_modules")?);
            command
        }
        _ => bail!("{name} is no server"),
    })
}

/// Where `cargo xtask bench` puts it.
fn tool(variable: &str, path: &str) -> Result<PathBuf> {
    let path = match env::var_os(variable) {
        Some(path) => path.into(),
        None => {
            env::current_exe()?.ancestors().nth(2).context("no target directory")?.join("tools").join(path)
        }
    };
    ensure!(
        path.exists(),
        "{} is missing: `cargo xtask bench` installs it, or set {variable}",
        path.display()
    );
    Ok(path)
}

/// Of the line `Rss: 1234 kB`.
fn rss(memory: &str) -> Option<u64> {
    let line = memory.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_bytes_are_read() {
        let memory = "5581c0000000-7ffd rollup\nRss:                1234 kB\nPss:                1000 kB\n";
        assert_eq!(rss(memory), Some(1234 * 1024));
        assert_eq!(rss("Pss: 1 kB"), None);
    }
}
