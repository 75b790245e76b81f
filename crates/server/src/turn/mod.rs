//! STUN (RFC 8489) and TURN (RFC 8656) over UDP, on one socket. Messages, allocations, permissions and channels are the
//! crate `turn`'s. What it leaves to its user is here:
//!
//! | module | what |
//! |---|---|
//! | `credentials` | names that end by themselves, and their passwords |
//! | `message` | which message a packet is, and the answers that are not the library's |
//! | `requests` | how often strangers may ask |
//! | `peers` | to whom nobody is relayed |
//! | `relay` | the sockets of the relay's users, and how much they may carry |
//! | `socket` | where everybody asks, and where what peers say comes out |
//! | `users` | what each of them was told, has as peers, and may carry |
//!
//! and in this file how many users there are, what they may ask for, and how much is remembered of strangers.

mod credentials;
mod message;
mod peers;
mod relay;
mod requests;
mod socket;
mod users;

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

use stun::{
    attributes::{ATTR_EVEN_PORT, ATTR_MESSAGE_INTEGRITY, ATTR_REALM, ATTR_RESERVATION_TOKEN, ATTR_USERNAME},
    error_code::{
        CODE_ADDR_FAMILY_NOT_SUPPORTED, CODE_ALLOC_MISMATCH, CODE_ALLOC_QUOTA_REACHED, CODE_FORBIDDEN,
        CODE_INSUFFICIENT_CAPACITY, CODE_UNAUTHORIZED, CODE_WRONG_CREDENTIALS, ErrorCode,
    },
    integrity::MessageIntegrity,
    message::{
        Getter, METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION, Message,
    },
    textattrs::TextAttribute,
};
use tokio::{
    net::UdpSocket,
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use turn::{
    allocation::{
        allocation_manager::{Manager, ManagerConfig},
        five_tuple::FiveTuple,
    },
    auth::AuthHandler,
    proto::{
        PROTO_UDP,
        peeraddr::PeerAddress,
        reqfamily::{REQUESTED_FAMILY_IPV4, RequestedAddressFamily},
    },
    server::request::Request,
};
use webrtc_util::Conn;

use self::{
    message::{Packet, refused, told_address},
    peers::Peers,
    relay::Sockets,
    requests::Requests,
    socket::{Carried, ClientSocket},
    users::Users,
};
use crate::{address::Client, telemetry};

pub(crate) use credentials::Credentials;
pub use credentials::TurnSecret;

/// What a relay may do, and for whom.
#[derive(Debug, Clone)]
pub struct Relaying {
    /// What it shares with the server that hands out the credentials.
    pub secret: TurnSecret,
    /// The address at which peers reach it.
    pub address: IpAddr,
    /// One for each user.
    pub ports: RangeInclusive<u16>,
    /// Whether peers may be in private networks.
    pub private_peers: bool,
    /// Users at a time. A page is one for each of its connections, or two while a connection looks for a new path.
    pub allocations: usize,
    /// Of one client.
    pub allocations_per_client: usize,
    /// All that it carries, in both directions.
    pub bytes_per_second: NonZeroU32,
}

/// One that listens.
pub struct TurnServer {
    socket: Arc<ClientSocket>,
    requests: Requests,
    relay: Option<Relay>,
}

/// What is said in this realm; there is no other.
const REALM: &str = "snaproom";

/// Larger than what any network carries in one packet.
const MAX_PACKET: usize = 1600;

/// As RFC 8656 has it (section 12).
const CHANNEL_LIFETIME: Duration = Duration::from_mins(10);

/// Nothing is waited for that long. The library locks permissions and waits for the timer of one; if that has just ended,
/// it waits for the lock.
const STUCK: Duration = Duration::from_millis(50);

impl TurnServer {
    /// For STUN, and for TURN as well where there is something to relay by.
    pub async fn bind(listen: &str, relaying: Option<Relaying>) -> io::Result<Self> {
        let socket = UdpSocket::bind(listen).await?;
        let bound = socket.local_addr()?;
        let carried = relaying.as_ref().map(|relaying| Carried::new(relaying.bytes_per_second));
        let relay =
            relaying.zip(carried.clone()).map(|(relaying, carried)| Relay::new(relaying, bound, carried));
        Ok(Self {
            socket: Arc::new(ClientSocket::new(socket, bound, carried)),
            requests: Requests::new(),
            relay,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.bound()
    }

    /// Whether it does more than to say which address somebody has.
    #[must_use]
    pub fn relays(&self) -> bool {
        self.relay.is_some()
    }

    /// Answers, and never returns. Dropping it ends every allocation.
    pub async fn run(&self) {
        let mut packet = [0; MAX_PACKET];
        loop {
            match self.socket.recv_from(&mut packet).await {
                Ok((length, from)) => self.answer(&packet[..length], from).await,
                Err(error) => {
                    tracing::debug!("nothing can be received over UDP just now: {error}");
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }

    async fn answer(&self, packet: &[u8], from: SocketAddr) {
        let done = match Packet::of(packet) {
            Some(Packet::Data) if self.may_say(packet.len(), from) => self.pass_on(packet, from).await,
            Some(Packet::Request(_)) if !self.requests.take(from.ip()) => {
                return telemetry::turned_away("rate");
            }
            Some(Packet::Request(message)) if message.typ.method == METHOD_BINDING => {
                telemetry::told_address();
                self.say(from, told_address(&message, from)).await
            }
            Some(Packet::Request(message)) => self.judge(packet, message, from).await,
            _ => return,
        };
        if let Err(error) = done {
            // Nothing at info: it may name an address.
            tracing::debug!("a packet came to nothing: {error}");
        }
    }

    /// Whether so much more may be carried for somebody, who is a user.
    fn may_say(&self, bytes: usize, from: SocketAddr) -> bool {
        let user = self.relay.as_ref().and_then(|relay| relay.users.at(from));
        user.is_some_and(|user| user.rate.takes(bytes))
    }

    /// What is for the library: data that is carried on, and requests that were found to be in order.
    async fn pass_on(&self, packet: &[u8], from: SocketAddr) -> Result<(), turn::Error> {
        let Some(relay) = &self.relay else { return Ok(()) };
        let conn: Arc<dyn Conn + Send + Sync> = Arc::clone(&self.socket) as _;
        let (manager, auth) = (Arc::clone(&relay.manager), Arc::clone(&relay.auth));
        let mut request = Request::new(conn, from, manager, auth);
        REALM.clone_into(&mut request.realm);
        request.buff = packet.to_vec();
        request.nonces = Arc::clone(&relay.nonces);
        request.channel_bind_timeout = CHANNEL_LIFETIME;
        match timeout(STUCK, request.handle_request()).await {
            Ok(done) => done,
            Err(_) => Err(turn::Error::Other("it took too long".to_owned())),
        }
    }

    async fn judge(&self, packet: &[u8], message: Message, from: SocketAddr) -> Result<(), turn::Error> {
        let Some(relay) = &self.relay else { return Ok(()) };
        relay.forget_nonces().await;
        // Who says no name is told a nonce by the library, and asks again with both.
        let Some((name, key)) = relay.name_and_key(&message) else {
            return self.pass_on(packet, from).await;
        };
        let integrity = MessageIntegrity(key);
        let judged = match integrity.check(&mut message.clone()) {
            Ok(()) => relay.judge(&message, &name, from).await.map_err(|code| (code, Some(integrity))),
            Err(_) => Err((CODE_UNAUTHORIZED, None)),
        };
        let (code, integrity) = match judged {
            Ok(Judged::InOrder) => return self.pass_on(packet, from).await,
            Ok(Judged::Answered(answer)) => return self.say(from, Ok(answer)).await,
            Err(refusal) => refusal,
        };
        telemetry::turned_away(match code {
            CODE_UNAUTHORIZED | CODE_WRONG_CREDENTIALS => "credentials",
            CODE_FORBIDDEN => "peer",
            CODE_ALLOC_MISMATCH => "allocation",
            CODE_ADDR_FAMILY_NOT_SUPPORTED => "family",
            CODE_ALLOC_QUOTA_REACHED => "quota",
            _ => "capacity",
        });
        self.say(from, refused(&message, code, integrity)).await
    }

    async fn say(&self, to: SocketAddr, answer: Result<Vec<u8>, stun::Error>) -> Result<(), turn::Error> {
        self.socket.write(&answer?, to).await?;
        Ok(())
    }
}

/// What is needed for more than STUN.
struct Relay {
    secret: TurnSecret,
    auth: Arc<dyn AuthHandler + Send + Sync>,
    manager: Arc<Manager>,
    nonces: Arc<Mutex<HashMap<String, Instant>>>,
    peers: Arc<Peers>,
    users: Arc<Users>,
    address: IpAddr,
    allocations_per_client: usize,
    bound: SocketAddr,
}

/// A request of somebody who proved its name.
enum Judged {
    InOrder,
    /// It came before, and its answer may have been lost.
    Answered(Vec<u8>),
}

/// Of one page: for 64 others, each over two networks that it has.
const ALLOCATIONS_PER_USER: usize = 128;

/// The library remembers each that it gave out, to whomever, and forgets none by itself: some 2 MB.
const MAX_NONCES: usize = 10_000;

/// Whoever says an older one is given another.
const NONCE_LIFETIME: Duration = Duration::from_mins(10);

impl Relay {
    fn new(relaying: Relaying, bound: SocketAddr, carried: Carried) -> Self {
        let Relaying { address, ref secret, private_peers, allocations_per_client, .. } = relaying;
        let secret = secret.clone();
        let peers = Arc::new(Peers::new(address, private_peers));
        let sockets = Sockets::new(relaying, bound.ip(), Arc::clone(&peers), carried.all);
        let manager =
            Manager::new(ManagerConfig { relay_addr_generator: Box::new(sockets), alloc_close_notify: None });
        Self {
            auth: Arc::new(secret.clone()),
            secret,
            manager: Arc::new(manager),
            nonces: Arc::default(),
            peers,
            users: carried.users,
            address,
            allocations_per_client,
            bound,
        }
    }

    /// Who says that it asks, and the key by which it proves it; none where it says nothing of the kind.
    fn name_and_key(&self, message: &Message) -> Option<(String, Vec<u8>)> {
        let text = |attribute| Some(TextAttribute::get_from_as(message, attribute).ok()?.text);
        let (name, realm) = (text(ATTR_USERNAME)?, text(ATTR_REALM)?);
        let key = self.secret.key(&name, &realm);
        message.contains(ATTR_MESSAGE_INTEGRITY).then_some((name, key))
    }

    /// Whether somebody who proved to be `name` may have what it asks for.
    async fn judge(&self, message: &Message, name: &str, from: SocketAddr) -> Result<Judged, ErrorCode> {
        let allocation = self.owner(from).await.zip(self.users.at(from));
        match (message.typ.method, allocation) {
            (METHOD_ALLOCATE, None) => self.may_allocate(message, name, from).await,
            (METHOD_ALLOCATE, Some((_, user))) => match user.answer_to(message.transaction_id) {
                Some(answer) => Ok(Judged::Answered(answer.to_vec())),
                None => Err(CODE_ALLOC_MISMATCH),
            },
            // The server was restarted, or the allocation has ended: the library says nothing.
            (_, None) => Err(CODE_ALLOC_MISMATCH),
            // An address in a packet proves nothing, and everybody can get credentials.
            (_, Some((owner, _))) if credentials::user(&owner) != credentials::user(name) => {
                Err(CODE_WRONG_CREDENTIALS)
            }
            (METHOD_CREATE_PERMISSION | METHOD_CHANNEL_BIND, Some((_, user))) => {
                let mut peer = PeerAddress::default();
                match peer.get_from(message) {
                    Ok(()) if !self.peers.may_be(peer.ip) => Err(CODE_FORBIDDEN),
                    Ok(()) if !user.may_have(SocketAddr::new(peer.ip, peer.port)) => {
                        Err(CODE_INSUFFICIENT_CAPACITY)
                    }
                    // What cannot be read is the library's to refuse.
                    _ => Ok(Judged::InOrder),
                }
            }
            _ => Ok(Judged::InOrder),
        }
    }

    /// By which name the allocation was had that somebody has there.
    async fn owner(&self, client: SocketAddr) -> Option<String> {
        let tuple = FiveTuple { protocol: PROTO_UDP, src_addr: client, dst_addr: self.bound };
        let allocation = self.manager.get_allocations_info(Some(vec![tuple])).await.remove(&tuple)?;
        Some(allocation.username)
    }

    async fn may_allocate(
        &self,
        message: &Message,
        name: &str,
        from: SocketAddr,
    ) -> Result<Judged, ErrorCode> {
        // Only here: whoever has an allocation may keep it, as in coturn.
        if !credentials::is_current(name, SystemTime::now()) {
            return Err(CODE_UNAUTHORIZED);
        }
        // Whoever does not say which gets what there is, and not IPv4, as RFC 8656 has it: browsers never say.
        let mut family = RequestedAddressFamily::default();
        let is_ours = |family| (family == REQUESTED_FAMILY_IPV4) == self.address.is_ipv4();
        if family.get_from(message).is_ok() && !is_ours(family) {
            return Err(CODE_ADDR_FAMILY_NOT_SUPPORTED);
        }
        // No browser wants them, and they would take two ports.
        if message.contains(ATTR_EVEN_PORT) || message.contains(ATTR_RESERVATION_TOKEN) {
            return Err(CODE_INSUFFICIENT_CAPACITY);
        }
        if self.has_enough(name, Client::of(from.ip())).await {
            return Err(CODE_ALLOC_QUOTA_REACHED);
        }
        Ok(Judged::InOrder)
    }

    async fn has_enough(&self, name: &str, client: Client) -> bool {
        let allocations = self.manager.get_allocations_info(None).await;
        // Before there is one more.
        self.users.keep(&allocations.keys().map(|tuple| tuple.src_addr).collect());
        let is_its = |username: &str| credentials::user(username) == credentials::user(name);
        let of_user = allocations.values().filter(|allocation| is_its(&allocation.username)).count();
        let of_client = allocations.keys().filter(|tuple| Client::of(tuple.src_addr.ip()) == client).count();
        of_user >= ALLOCATIONS_PER_USER || of_client >= self.allocations_per_client
    }

    /// Before one more is remembered: also whoever proves its name is told one, where it says another.
    async fn forget_nonces(&self) {
        let mut nonces = self.nonces.lock().await;
        if nonces.len() < MAX_NONCES {
            return;
        }
        nonces.retain(|_, made| made.elapsed() < NONCE_LIFETIME);
        if nonces.len() >= MAX_NONCES {
            // A flood. Whoever uses one of them asks twice.
            nonces.clear();
        }
    }
}

#[cfg(test)]
mod tests;
