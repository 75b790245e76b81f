use std::{
    env,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use crate::{Host, PATIENCE, place::Place, poll};

/// What it shares with the server.
pub(crate) const SECRET: &str = "what the tests' two servers share";

/// Debian's TURN server on a host of the bad network, over UDP and TCP at port 3478. Killed when it is dropped.
pub struct Coturn {
    address: Ipv4Addr,
    _child: Child,
}

impl Coturn {
    /// Starts it and waits until it listens.
    pub async fn start_on(host: &Host) -> Result<Self> {
        let address = host.address();
        let mut command = Command::new(program());
        command
            .args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--listening-port=3478", "--realm=tests"])
            .arg(format!("--listening-ip={address}"))
            .arg(format!("--relay-ip={address}"))
            .args(["--use-auth-secret", &format!("--static-auth-secret={SECRET}")])
            .args(["--log-file=stdout", "--pidfile=/dev/null", "--userdb=:memory:"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = Place::On(host.clone()).spawn(&mut command)?;
        let listens = async || {
            let stream = host.inside(|| Ok(std::net::TcpStream::connect((address, 3478)).ok()))?;
            Ok(stream.map(drop))
        };
        poll(PATIENCE, listens).await?.context("coturn does not listen")?;
        Ok(Self { address, _child: child })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }
}

/// `SNAPROOM_COTURN`, or where Debian has it.
fn program() -> PathBuf {
    env::var_os("SNAPROOM_COTURN").map_or_else(|| Path::new("/usr/bin/turnserver").to_owned(), PathBuf::from)
}
