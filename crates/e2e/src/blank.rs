//! A page with nothing in it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Serves one empty page at every address, so that a fault is seen without the app's doing. It ends when this is
/// dropped.
pub struct Blank {
    address: SocketAddr,
    _accepting: JoinSet<()>,
}

const PAGE: &str = "<!doctype html><title>Blank</title>";

impl Blank {
    /// Starts it on a free port of this machine, which browsers hold for secure.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the page")?;
        let address = listener.local_addr()?;
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut answers = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(answers.spawn(answer(stream))),
                    // The connection is gone already, or there are too many files: soon there may be fewer.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
                while answers.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, _accepting: accepting })
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// One answer on each connection. A browser that goes away meanwhile is none of our business.
async fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(&mut stream).lines();
    while matches!(lines.next_line().await, Ok(Some(line)) if !line.is_empty()) {}
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
    let length = PAGE.len();
    let _ = stream.write_all(format!("{head}\r\nContent-Length: {length}\r\n\r\n{PAGE}").as_bytes()).await;
}
