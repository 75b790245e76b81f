use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpStream as StdTcpStream},
};

use anyhow::{Context, Result};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::Namespace;
use crate::PATIENCE;

/// A port of this machine's loopback that leads to one of a namespace's loopback. Closed when it is dropped, and what
/// passes through it as well.
pub(crate) struct Forward {
    port: u16,
    task: JoinHandle<()>,
}

impl Forward {
    /// To `port` of the namespace's 127.0.0.1.
    pub(crate) async fn to(namespace: Namespace, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
        let own = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    outer = listener.accept() => match outer {
                        Ok((outer, _)) => { connections.spawn(carry(outer, namespace.clone(), port)); }
                        Err(error) => return eprintln!("the door to port {port} of a namespace: {error}"),
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { port: own, task })
    }

    /// Of this machine's 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An end of either side, or an error, ends the other one.
async fn carry(mut outer: TcpStream, namespace: Namespace, port: u16) {
    let connect = || {
        // On a loopback this is done at once, one way or the other, unless nobody takes the connections.
        let inner = StdTcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        inner.set_nonblocking(true)?;
        Ok(inner)
    };
    let inner = namespace.inside(connect).and_then(|inner| Ok(TcpStream::from_std(inner)?));
    match inner {
        Ok(mut inner) => match tokio::io::copy_bidirectional(&mut outer, &mut inner).await {
            // Processes that were killed close their connections like this.
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => eprintln!("port {port}: {error}"),
            _ => {}
        },
        Err(error) => eprintln!("port {port} of a namespace: {error:#}"),
    }
}
