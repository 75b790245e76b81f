//! The sockets of the relay's users, one for each allocation, and what all of them together may carry.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::{
    net::UdpSocket,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use turn::relay::RelayAddressGenerator;
use webrtc_util::Conn;

use super::{
    Relaying,
    peers::{Peers, Port},
};
use crate::telemetry;

/// Ports that are tried for one allocation, where others than users have them.
const TRIES: u32 = 8;

/// A second's traffic may come within this part of it: enough for a burst of video, or of a data channel's window.
const BURSTS_PER_SECOND: u32 = 4;

/// Bytes of the largest packet that may pass however little may: an Ethernet frame's.
const PACKET: NonZeroU32 = NonZeroU32::new(1500).unwrap();

/// Bytes in a second. What is over is dropped, as by a thin line, and everything that sends over UDP slows down by that.
#[derive(Debug)]
pub(super) struct Rate(DefaultDirectRateLimiter);

impl Rate {
    pub(super) fn new(bytes_per_second: NonZeroU32) -> Self {
        let burst = bytes_per_second.get() / BURSTS_PER_SECOND;
        let burst = NonZeroU32::new(burst).map_or(PACKET, |burst| burst.max(PACKET));
        Self(DefaultDirectRateLimiter::direct(Quota::per_second(bytes_per_second).allow_burst(burst)))
    }

    /// Whether so many bytes may pass just now.
    pub(super) fn takes(&self, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).ok().and_then(NonZeroU32::new);
        bytes.is_none_or(|bytes| matches!(self.0.check_n(bytes), Ok(Ok(()))))
    }
}

/// Makes them.
pub(super) struct Sockets {
    relaying: Relaying,
    bind: IpAddr,
    peers: Arc<Peers>,
    all: Arc<Rate>,
    left: Arc<Semaphore>,
}

impl Sockets {
    /// At `bind`, where the server listens.
    pub(super) fn new(relaying: Relaying, bind: IpAddr, peers: Arc<Peers>, all: Arc<Rate>) -> Self {
        let left = Arc::new(Semaphore::new(relaying.allocations));
        // A socket for any IPv6 address takes IPv4 as well, and then writes it in a way that browsers do not.
        let bind = match (bind.is_unspecified(), relaying.address) {
            (false, _) => bind,
            (true, IpAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
            (true, IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
        };
        Self { relaying, bind, peers, all, left }
    }

    async fn bind(&self) -> io::Result<(UdpSocket, Port)> {
        let mut tried = 0;
        loop {
            let port = self.peers.take(self.relaying.ports.clone()).ok_or(io::ErrorKind::AddrInUse)?;
            match UdpSocket::bind((self.bind, port.number)).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tried < TRIES => tried += 1,
                socket => return Ok((socket?, port)),
            }
        }
    }

    /// Where users' sockets are for each other. Not every router lets somebody inside find the address of outside.
    fn here(&self) -> IpAddr {
        match self.bind {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            bind => bind,
        }
    }
}

#[async_trait]
impl RelayAddressGenerator for Sockets {
    fn validate(&self) -> Result<(), turn::Error> {
        Ok(())
    }

    /// Another family or port than there is was refused before this is asked.
    async fn allocate_conn(
        &self,
        _: bool,
        _: u16,
    ) -> Result<(Arc<dyn Conn + Send + Sync>, SocketAddr), turn::Error> {
        let refused = |sentence: String| turn::Error::Other(sentence);
        let permit = Arc::clone(&self.left)
            .try_acquire_owned()
            .map_err(|_| refused("the relay has as many users as it may".to_owned()))?;
        let (socket, port) = self.bind().await.map_err(|error| refused(format!("no port: {error}")))?;
        let relayed = SocketAddr::new(self.relaying.address, port.number);
        telemetry::allocated();
        let socket = RelaySocket {
            socket,
            own: self.relaying.address,
            here: self.here(),
            peers: Arc::clone(&self.peers),
            all: Arc::clone(&self.all),
            _permit: permit,
            _port: port,
        };
        Ok((Arc::new(socket), relayed))
    }
}

/// One user's.
struct RelaySocket {
    socket: UdpSocket,
    /// The relay's address, and where other users are who have it.
    own: IpAddr,
    here: IpAddr,
    peers: Arc<Peers>,
    all: Arc<Rate>,
    _permit: OwnedSemaphorePermit,
    _port: Port,
}

impl Drop for RelaySocket {
    fn drop(&mut self) {
        telemetry::released();
    }
}

#[async_trait]
impl Conn for RelaySocket {
    async fn connect(&self, _: SocketAddr) -> Result<(), webrtc_util::Error> {
        Err(webrtc_util::Error::Other("a relay's socket has many peers".to_owned()))
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, webrtc_util::Error> {
        Ok(self.recv_from(buffer).await?.0)
    }

    /// From whom may be a peer. Whether it is one the library knows it finds out, and it counts when it goes on.
    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), webrtc_util::Error> {
        loop {
            let (length, mut from) = self.socket.recv_from(buffer).await?;
            if from.ip() == self.here && self.peers.is_user(from.port()) {
                from.set_ip(self.own);
            }
            if self.peers.may_get(from) {
                return Ok((length, from));
            }
        }
    }

    async fn send(&self, _: &[u8]) -> Result<usize, webrtc_util::Error> {
        Err(webrtc_util::Error::Other("a relay's socket has many peers".to_owned()))
    }

    /// What is not to be sent is gone, as it may be on any line.
    async fn send_to(&self, packet: &[u8], mut to: SocketAddr) -> Result<usize, webrtc_util::Error> {
        if self.peers.may_get(to) && self.all.takes(packet.len()) {
            telemetry::carried(packet.len());
            if self.peers.is_own(to.ip()) {
                to.set_ip(self.here);
            }
            return Ok(self.socket.send_to(packet, to).await?);
        }
        Ok(packet.len())
    }

    fn local_addr(&self) -> Result<SocketAddr, webrtc_util::Error> {
        Ok(self.socket.local_addr()?)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<(), webrtc_util::Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}
