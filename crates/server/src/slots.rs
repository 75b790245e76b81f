//! How many connections there may be that are not upgraded, in all and of one client. Without the second bound one
//! address that sends its requests byte by byte would have all of them, again and again.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::{
    Proxy,
    address::Client,
    share::{Share, Taken},
    telemetry,
};

/// How many clients it takes at least to have all slots.
const CLIENTS: usize = 8;

/// The slots of one listener.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    all: Arc<Semaphore>,
    of_each: Arc<Share>,
    proxies: Arc<[Proxy]>,
}

/// One connection's, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _of_all: OwnedSemaphorePermit,
    /// None of a proxy, which speaks for many.
    _of_its_client: Option<Taken>,
}

impl Slots {
    pub(crate) fn new(all: usize, proxies: &[Proxy]) -> Self {
        let most = u32::try_from((all / CLIENTS).max(1)).unwrap_or(u32::MAX);
        Self { all: Arc::new(Semaphore::new(all)), of_each: Share::new(most), proxies: proxies.into() }
    }

    /// The next connection, once there is a slot for it. Whose client has as many as it may is closed.
    pub(crate) async fn accept(&self, listener: &TcpListener) -> (Slot, TcpStream, IpAddr) {
        // Cannot fail: nobody closes this semaphore.
        #[expect(clippy::expect_used)]
        let of_all = Arc::clone(&self.all).acquire_owned().await.expect("the semaphore is open");
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => match self.of_client(peer.ip()) {
                    Ok(of_its_client) => {
                        let slot = Slot { _of_all: of_all, _of_its_client: of_its_client };
                        return (slot, stream, peer.ip());
                    }
                    Err(TooMany) => telemetry::refused("connections"),
                },
                Err(error) => pause_after(&error).await,
            }
        }
    }

    fn of_client(&self, peer: IpAddr) -> Result<Option<Taken>, TooMany> {
        if self.proxies.iter().any(|proxy| proxy.has(peer)) {
            return Ok(None);
        }
        self.of_each.take(Client::of(peer)).map(Some).ok_or(TooMany)
    }
}

/// A client has as many slots as it may.
struct TooMany;

/// A connection that broke before it was accepted says nothing about the next one; a lack of file descriptors does.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!("no connection can be accepted, trying again in a second: {error}");
    sleep(Duration::from_secs(1)).await;
}
