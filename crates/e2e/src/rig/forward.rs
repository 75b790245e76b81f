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

/// A port of this machine's loopback that leads to the same one of a namespace's loopback. Closed when it is dropped,
/// and what passes through it as well.
pub(crate) struct Forward {
    task: JoinHandle<()>,
}

impl Forward {
    /// From `port` of 127.0.0.1 to that of the namespace: geckodriver answers to no other number. Fails where somebody
    /// else has it on this machine.
    pub(crate) async fn to(namespace: Namespace, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.with_context(|| format!("no door at port {port}"))?;
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
        Ok(Self { task })
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection to a port of the namespace's 127.0.0.1.
pub(crate) fn connect(namespace: &Namespace, port: u16) -> Result<TcpStream> {
    // On a loopback this is done at once, one way or the other, unless nobody takes the connections.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = namespace.inside(|| Ok(StdTcpStream::connect_timeout(&address, PATIENCE)?))?;
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream)?)
}

/// An end of either side, or an error, ends the other one.
async fn carry(mut outer: TcpStream, namespace: Namespace, port: u16) {
    match connect(&namespace, port) {
        Ok(mut inner) => match tokio::io::copy_bidirectional(&mut outer, &mut inner).await {
            // Processes that were killed close their connections like this.
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => eprintln!("port {port}: {error}"),
            _ => {}
        },
        Err(error) => eprintln!("port {port} of a namespace: {error:#}"),
    }
}
