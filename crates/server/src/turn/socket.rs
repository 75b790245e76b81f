//! Where everybody asks, and where what peers say comes out.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use async_trait::async_trait;
use tokio::net::UdpSocket;
use turn::proto::chandata::ChannelData;
use webrtc_util::Conn;

use super::{relay::Rate, users::Users};
use crate::telemetry;

/// Of this process; there is one.
pub(super) struct ClientSocket {
    socket: UdpSocket,
    bound: SocketAddr,
    pub(super) carried: Option<Carried>,
}

/// What a relay carries: of each, and of all.
#[derive(Clone)]
pub(super) struct Carried {
    pub(super) users: Arc<Users>,
    pub(super) all: Arc<Rate>,
}

impl Carried {
    pub(super) fn new(bytes_per_second: NonZeroU32) -> Self {
        Self { users: Arc::new(Users::new(bytes_per_second)), all: Arc::new(Rate::new(bytes_per_second)) }
    }

    /// Whether so much more may be carried to somebody.
    fn takes(&self, bytes: usize, to: SocketAddr) -> bool {
        self.users.at(to).is_some_and(|user| user.rate.takes(bytes)) && self.all.takes(bytes)
    }
}

/// The type of an answer that gives an allocation (RFC 8656, section 11.1).
const ALLOCATED: [u8; 2] = [0x01, 0x03];

/// A Data indication's type (RFC 8656, section 11.7).
const DATA_INDICATION: [u8; 2] = [0x00, 0x17];

impl ClientSocket {
    /// Which is bound there, and carries so much where it is a relay's.
    pub(super) fn new(socket: UdpSocket, bound: SocketAddr, carried: Option<Carried>) -> Self {
        Self { socket, bound, carried }
    }

    pub(super) fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// What the server says itself.
    pub(super) async fn write(&self, packet: &[u8], to: SocketAddr) -> Result<usize, webrtc_util::Error> {
        let to = match (to.ip(), self.bound) {
            (IpAddr::V4(v4), SocketAddr::V6(_)) => SocketAddr::new(v4.to_ipv6_mapped().into(), to.port()),
            _ => to,
        };
        Ok(self.socket.send_to(packet, to).await?)
    }

    /// Whether a packet is what a peer said, and not the server's own answer.
    fn is_data(packet: &[u8]) -> bool {
        ChannelData::is_channel_data(packet) || packet.starts_with(&DATA_INDICATION)
    }
}

#[async_trait]
impl Conn for ClientSocket {
    async fn connect(&self, _: SocketAddr) -> Result<(), webrtc_util::Error> {
        Err(webrtc_util::Error::Other("everybody's socket is nobody's".to_owned()))
    }

    async fn recv(&self, buffer: &mut [u8]) -> Result<usize, webrtc_util::Error> {
        Ok(self.recv_from(buffer).await?.0)
    }

    /// A socket for IPv6 and IPv4 writes the latter as IPv6, which is no answer to who asks for its address.
    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), webrtc_util::Error> {
        let (length, from) = self.socket.recv_from(buffer).await?;
        Ok((length, SocketAddr::new(from.ip().to_canonical(), from.port())))
    }

    async fn send(&self, _: &[u8]) -> Result<usize, webrtc_util::Error> {
        Err(webrtc_util::Error::Other("everybody's socket is nobody's".to_owned()))
    }

    /// What the library says, or a peer through it.
    async fn send_to(&self, packet: &[u8], to: SocketAddr) -> Result<usize, webrtc_util::Error> {
        if let Some(carried) = &self.carried {
            if packet.starts_with(&ALLOCATED) {
                carried.users.add(to, packet);
            } else if Self::is_data(packet) {
                if !carried.takes(packet.len(), to) {
                    return Ok(packet.len());
                }
                telemetry::carried(packet.len());
            }
        }
        self.write(packet, to).await
    }

    fn local_addr(&self) -> Result<SocketAddr, webrtc_util::Error> {
        Ok(self.bound)
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
