//! STUN and the relay, as browsers and those who are up to no good use them.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use snaproom_protocol::server::{FromServer, Ice, IceServer, ToServer};
use snaproom_server::{IceServers, Own, Relaying, Settings, TurnServer};
use stun::{
    agent::TransactionId,
    attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME},
    error_code::ErrorCodeAttribute,
    integrity::MessageIntegrity,
    message::{
        CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter, METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND,
        METHOD_CREATE_PERMISSION, METHOD_REFRESH, METHOD_SEND, Message, MessageType, Method, Setter,
    },
    textattrs::TextAttribute,
    xoraddr::XorMappedAddress,
};
use tokio::{net::UdpSocket, time::timeout};
use turn::proto::{
    PROTO_UDP,
    chandata::ChannelData,
    channum::ChannelNumber,
    data::Data,
    evenport::EvenPort,
    lifetime::Lifetime,
    peeraddr::PeerAddress,
    relayaddr::RelayedAddress,
    reqfamily::{REQUESTED_FAMILY_IPV4 as IPV4, REQUESTED_FAMILY_IPV6 as IPV6, RequestedAddressFamily},
    reqtrans::RequestedTransport,
    rsrvtoken::ReservationToken,
};

use crate::{
    binary::{Running, snaproom},
    harness::{Server, Tab, room, within},
};

const SECRET: &str = "sixteen characters or more";

/// What is not to come is waited for so long.
const SILENCE: Duration = Duration::from_millis(300);

fn relaying() -> Relaying {
    Relaying {
        secret: SECRET.parse().unwrap(),
        address: [127, 0, 0, 1].into(),
        ports: 49_152..=65_535,
        private_peers: false,
        allocations: 100,
        allocations_per_client: 100,
        bytes_per_second: NonZeroU32::new(100_000_000).unwrap(),
    }
}

/// On a port of its own, until the test ends. Gives where it is.
async fn start(listen: &str, relaying: Option<Relaying>) -> SocketAddr {
    let server = TurnServer::bind(listen, relaying).await.unwrap();
    let address = server.address();
    tokio::spawn(async move { server.run().await });
    address
}

/// Who asks.
struct Client {
    socket: UdpSocket,
    name: String,
    password: String,
    nonce: Option<String>,
    realm: String,
}

impl Client {
    /// With the credentials that a tab is given.
    async fn new(server: SocketAddr) -> Self {
        let (name, password) = credentials(SECRET, server).await;
        Self::named(server, "127.0.0.1", name, password).await
    }

    async fn named(server: SocketAddr, bind: &str, name: String, password: String) -> Self {
        let socket = UdpSocket::bind((bind, 0)).await.unwrap();
        socket.connect(server).await.unwrap();
        Self { socket, name, password, nonce: None, realm: String::new() }
    }

    /// The answer, or its error code. The first time the server tells its nonce and realm.
    async fn ask<const N: usize>(
        &mut self,
        method: Method,
        what: impl Fn() -> [Box<dyn Setter>; N],
    ) -> Result<Message, u16> {
        loop {
            let had_nonce = self.nonce.is_some();
            let (request, id) = self.request(method, what().into());
            self.socket.send(&request).await.unwrap();
            let answer = loop {
                // What peers said meanwhile is not it.
                let answer = parsed(&within(self.packet()).await);
                if answer.transaction_id == id {
                    break answer;
                }
            };
            if answer.typ.class == CLASS_SUCCESS_RESPONSE {
                return Ok(answer);
            }
            let mut code = ErrorCodeAttribute::default();
            code.get_from(&answer).unwrap();
            match TextAttribute::get_from_as(&answer, ATTR_NONCE) {
                Ok(nonce) if !had_nonce || code.code.0 == 438 => {
                    self.nonce = Some(nonce.text);
                    self.realm = TextAttribute::get_from_as(&answer, ATTR_REALM).unwrap().text;
                }
                _ => return Err(code.code.0),
            }
        }
    }

    /// What it sends, signed if it was told a nonce.
    fn request(&self, method: Method, what: Vec<Box<dyn Setter>>) -> (Vec<u8>, TransactionId) {
        let mut request = Message::new();
        request.new_transaction_id().unwrap();
        let kind = MessageType::new(method, CLASS_REQUEST);
        let mut setters: Vec<Box<dyn Setter>> = vec![Box::new(request.clone()), Box::new(kind)];
        setters.extend(what);
        if let Some(nonce) = &self.nonce {
            for (attribute, text) in
                [(ATTR_USERNAME, &self.name), (ATTR_REALM, &self.realm), (ATTR_NONCE, nonce)]
            {
                setters.push(Box::new(TextAttribute::new(attribute, text.clone())));
            }
            let (name, realm, password) = (self.name.clone(), self.realm.clone(), self.password.clone());
            setters.push(Box::new(MessageIntegrity::new_long_term_integrity(name, realm, password)));
        }
        request.build(&setters).unwrap();
        (request.raw, request.transaction_id)
    }

    /// Where its peers reach it.
    async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let answer = self.ask(METHOD_ALLOCATE, || [udp()]).await?;
        let mut relayed = RelayedAddress::default();
        relayed.get_from(&answer).unwrap();
        Ok(SocketAddr::new(relayed.ip, relayed.port))
    }

    async fn permit(&mut self, peer: SocketAddr) -> Result<(), u16> {
        self.ask(METHOD_CREATE_PERMISSION, || [peer_address(peer)]).await.map(drop)
    }

    async fn bind_channel(&mut self, channel: u16, peer: SocketAddr) -> Result<(), u16> {
        let what = || [Box::new(ChannelNumber(channel)) as Box<dyn Setter>, peer_address(peer)];
        self.ask(METHOD_CHANNEL_BIND, what).await.map(drop)
    }

    async fn refresh(&mut self) -> Result<(), u16> {
        let what = || [Box::new(Lifetime(Duration::from_mins(5))) as Box<dyn Setter>];
        self.ask(METHOD_REFRESH, what).await.map(drop)
    }

    /// By a Send indication.
    async fn send(&self, peer: SocketAddr, data: &[u8]) {
        let mut message = Message::new();
        message.new_transaction_id().unwrap();
        let kind = MessageType::new(METHOD_SEND, stun::message::CLASS_INDICATION);
        let setters: [Box<dyn Setter>; 4] =
            [Box::new(message.clone()), Box::new(kind), peer_address(peer), Box::new(Data(data.to_vec()))];
        message.build(&setters).unwrap();
        self.socket.send(&message.raw).await.unwrap();
    }

    async fn send_on(&self, channel: u16, data: &[u8]) {
        let mut message =
            ChannelData { data: data.to_vec(), number: ChannelNumber(channel), raw: Vec::new() };
        message.encode();
        self.socket.send(&message.raw).await.unwrap();
    }

    /// What a peer says, and who it is; none for a while.
    async fn hear(&self) -> Option<(SocketAddr, Vec<u8>)> {
        let message = parsed(&timeout(SILENCE, self.packet()).await.ok()?);
        let (mut peer, mut data) = (PeerAddress::default(), Data::default());
        peer.get_from(&message).unwrap();
        data.get_from(&message).unwrap();
        Some((SocketAddr::new(peer.ip, peer.port), data.0))
    }

    async fn packet(&self) -> Vec<u8> {
        let mut packet = vec![0; 2000];
        let length = self.socket.recv(&mut packet).await.unwrap();
        packet.truncate(length);
        packet
    }
}

fn udp() -> Box<dyn Setter> {
    Box::new(RequestedTransport { protocol: PROTO_UDP })
}

fn peer_address(peer: SocketAddr) -> Box<dyn Setter> {
    Box::new(PeerAddress { ip: peer.ip(), port: peer.port() })
}

fn parsed(packet: &[u8]) -> Message {
    let mut message = Message { raw: packet.to_vec(), ..Message::default() };
    message.decode().unwrap();
    message
}

/// What a tab is told by a server that shares the secret with the relay at `turn`.
async fn ice(secret: &str, turn: SocketAddr) -> Ice {
    let own = Own { address: Some(turn.ip()), port: turn.port(), relays: true };
    let servers =
        IceServers { secret: Some(secret.parse().unwrap()), own: Some(own), ..IceServers::default() };
    let server = Server::start(Settings { ice: servers, ..Settings::default() }).await;
    let (mut tab, welcome) = Tab::join(server.address, room(1), 1).await;
    // The same person, when it asks anew.
    tab.send(&ToServer::RenewIce).await;
    let FromServer::Ice(renewed) = tab.next().await else { panic!("no answer") };
    let user = |ice: &Ice| ice.servers[1].username.clone().unwrap().split_once(':').unwrap().1.to_owned();
    assert_eq!(user(&renewed), user(&welcome.ice));
    renewed
}

async fn credentials(secret: &str, turn: SocketAddr) -> (String, String) {
    let IceServer { username, credential, .. } = ice(secret, turn).await.servers.pop().unwrap();
    (username.unwrap(), credential.unwrap())
}

/// Credentials whose time ends then, in seconds since 1970.
fn of_time(seconds: u64) -> (String, String) {
    let name = format!("{seconds}:somebody");
    let password = of_name(&name);
    (name, password)
}

/// The password of a name, as coturn computes it.
fn of_name(name: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    STANDARD.encode(hmac::sign(&key, name.as_bytes()))
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn everybody_is_told_the_address_that_they_are_seen_at() {
    for (listen, bind, relaying) in [
        ("127.0.0.1:0", "127.0.0.1", None),
        ("127.0.0.1:0", "127.0.0.1", Some(relaying())),
        ("[::1]:0", "::1", None),
        // Both at one socket: who has IPv4 is told of IPv4.
        ("[::]:0", "127.0.0.1", None),
    ] {
        let server = start(listen, relaying).await;
        let server = SocketAddr::new(bind.parse().unwrap(), server.port());
        let mut client = Client::named(server, bind, String::new(), String::new()).await;
        let answer = client.ask(METHOD_BINDING, || []).await.unwrap();
        let mut seen = XorMappedAddress::default();
        seen.get_from(&answer).unwrap();
        assert_eq!(SocketAddr::new(seen.ip, seen.port), client.socket.local_addr().unwrap(), "{listen}");
    }
}

#[tokio::test]
async fn stun_alone_relays_nothing() {
    let server = start("127.0.0.1:0", None).await;
    let mut client = Client::named(server, "127.0.0.1", "a".into(), "b".into()).await;
    assert!(timeout(SILENCE, client.allocate()).await.is_err(), "it answers");
    client.ask(METHOD_BINDING, || []).await.unwrap();
}

#[tokio::test]
async fn two_who_hide_their_addresses_talk_through_the_relay() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let (mut ana, mut ben) = (Client::new(server).await, Client::new(server).await);
    let (ana_at, ben_at) = (ana.allocate().await.unwrap(), ben.allocate().await.unwrap());
    assert_ne!(ana_at.port(), ben_at.port());

    ana.send(ben_at, b"before anybody allowed it").await;
    ana.permit(ben_at).await.unwrap();
    ana.send(ben_at, b"before he allowed it").await;
    assert_eq!(ben.hear().await, None);
    ben.permit(ana_at).await.unwrap();
    ana.send(ben_at, b"hello").await;
    assert_eq!(ben.hear().await, Some((ana_at, b"hello".to_vec())));
    ben.send(ana_at, b"hello yourself").await;
    assert_eq!(ana.hear().await, Some((ben_at, b"hello yourself".to_vec())));

    ana.bind_channel(0x4001, ben_at).await.unwrap();
    ana.send_on(0x4001, b"by a channel").await;
    assert_eq!(ben.hear().await, Some((ana_at, b"by a channel".to_vec())));
    ben.send(ana_at, b"as well").await;
    let mut heard = ChannelData { raw: within(ana.packet()).await, ..ChannelData::default() };
    heard.decode().unwrap();
    assert_eq!((heard.number, heard.data), (ChannelNumber(0x4001), b"as well".to_vec()));
    ana.refresh().await.unwrap();
}

#[tokio::test]
async fn only_credentials_of_this_secret_open_the_relay_and_only_in_their_time() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let good = credentials(SECRET, server).await;
    let foreign = credentials("another secret of this length", server).await;
    let wrong_password = (good.0.clone(), foreign.1.clone());
    let later = (good.0.replacen(|_: char| true, "9", 1), good.1.clone());
    for (name, password) in
        [foreign, wrong_password, later, of_time(now() - 1), of_time(0), (String::new(), String::new())]
    {
        let mut client = Client::named(server, "127.0.0.1", name.clone(), password).await;
        assert_eq!(client.allocate().await, Err(401), "{name} was let in");
    }
    let mut client = Client::named(server, "127.0.0.1", good.0, good.1).await;
    client.allocate().await.unwrap();
}

#[tokio::test]
async fn who_has_an_allocation_keeps_it_when_the_credentials_end() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let (name, password) = of_time(now() + 2);
    let mut client = Client::named(server, "127.0.0.1", name.clone(), password.clone()).await;
    client.allocate().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    client.refresh().await.unwrap();
    let mut late = Client::named(server, "127.0.0.1", name, password).await;
    assert_eq!(late.allocate().await, Err(401), "the credentials have not ended");
}

#[tokio::test]
async fn an_allocation_is_its_owners_also_for_who_writes_its_address_on_packets() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let mut client = Client::new(server).await;
    let at = client.allocate().await.unwrap();
    let own = (client.name.clone(), client.password.clone());
    (client.name, client.password) = credentials(SECRET, server).await;
    let give_back = || [Box::new(Lifetime(Duration::ZERO)) as Box<dyn Setter>];
    assert_eq!(client.ask(METHOD_REFRESH, give_back).await.map(drop), Err(441));
    assert_eq!(client.refresh().await, Err(441));
    assert_eq!(client.permit(at).await, Err(441));
    assert_eq!(client.bind_channel(0x4000, at).await, Err(441));
    // The same person's, renewed.
    client.name = format!("{}:{}", now() + 7, own.0.split_once(':').unwrap().1);
    client.password = of_name(&client.name);
    client.refresh().await.unwrap();
    (client.name, client.password) = own;
    client.permit(at).await.unwrap();
}

#[tokio::test]
async fn who_has_no_allocation_is_told_so() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let mut client = Client::new(server).await;
    assert_eq!(client.refresh().await, Err(437));
    assert_eq!(client.permit(server).await, Err(437));
    assert_eq!(client.bind_channel(0x4000, server).await, Err(437));
    client.allocate().await.unwrap();
    assert_eq!(client.allocate().await, Err(437), "it has one");
}

/// Browsers ask again after a tenth or a quarter of a second, and have no use for what they are told the second time but
/// that it is the same.
#[tokio::test]
async fn an_allocation_whose_answer_is_lost_is_told_again() {
    let relaying = Relaying { allocations_per_client: 1, ..relaying() };
    let server = start("127.0.0.1:0", Some(relaying)).await;
    let mut client = Client::new(server).await;
    client.refresh().await.unwrap_err();
    let (request, id) = client.request(METHOD_ALLOCATE, vec![udp()]);
    let mut answers = Vec::new();
    for _ in 0..3 {
        client.socket.send(&request).await.unwrap();
        answers.push(within(client.packet()).await);
    }
    assert_eq!(parsed(&answers[0]).transaction_id, id);
    assert_eq!(parsed(&answers[0]).typ, MessageType::new(METHOD_ALLOCATE, CLASS_SUCCESS_RESPONSE));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    client.permit(server).await.unwrap();
}

#[tokio::test]
async fn a_connection_has_only_so_many_peers() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let (mut client, mut other) = (Client::new(server).await, Client::new(server).await);
    client.allocate().await.unwrap();
    other.allocate().await.unwrap();
    let peer = |n: u8| SocketAddr::new([1, 1, 1, n].into(), 9);
    for n in 0..100 {
        client.permit(peer(n)).await.unwrap();
    }
    assert_eq!(client.permit(peer(100)).await, Err(508));
    assert_eq!(client.bind_channel(0x4000, peer(100)).await, Err(508));
    client.permit(peer(50)).await.unwrap();
    client.bind_channel(0x4000, peer(50)).await.unwrap();
    other.permit(peer(100)).await.unwrap();
}

#[tokio::test]
async fn nobody_is_relayed_to_where_only_this_machine_gets() {
    const LOCAL: [&str; 5] =
        ["127.0.0.2:9", "0.0.0.0:9", "169.254.169.254:80", "224.0.0.1:9", "255.255.255.255:9"];
    const PRIVATE: [&str; 4] = ["10.0.0.1:53", "172.16.0.1:53", "192.168.0.1:53", "100.64.0.1:53"];
    for private in [false, true] {
        let server = start("127.0.0.1:0", Some(Relaying { private_peers: private, ..relaying() })).await;
        let mut client = Client::new(server).await;
        client.allocate().await.unwrap();
        for peer in LOCAL.map(|peer| peer.parse().unwrap()) {
            assert_eq!(client.permit(peer).await, Err(403), "{peer}");
            assert_eq!(client.bind_channel(0x4000, peer).await, Err(403), "{peer}");
        }
        // Without the rule they would be let in, as these show.
        let expected = if private { Ok(()) } else { Err(403) };
        for (channel, peer) in (0x4001..).zip(PRIVATE.map(|peer| peer.parse().unwrap())) {
            assert_eq!(client.permit(peer).await, expected, "{peer}");
            assert_eq!(client.bind_channel(channel, peer).await, expected, "{peer}");
        }
    }
    // In IPv6's clothes.
    let relaying = Relaying { address: "::1".parse().unwrap(), private_peers: true, ..relaying() };
    let server = start("[::1]:0", Some(relaying)).await;
    let (name, password) = of_time(now() + 60);
    let mut client = Client::named(server, "::1", name, password).await;
    client.allocate().await.unwrap();
    for peer in ["[::ffff:127.0.0.1]:9", "[64:ff9b::7f00:1]:9", "[fe80::1]:9", "[::]:9", "[2002:7f00:1::1]:9"]
    {
        assert_eq!(client.permit(peer.parse().unwrap()).await, Err(403), "{peer}");
    }
    client.permit("[fd00::1]:9".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_relay_gives_the_kind_of_address_that_it_has() {
    for (address, listen, other) in [("127.0.0.1", "127.0.0.1:0", IPV6), ("::1", "[::1]:0", IPV4)] {
        let relaying = Relaying { address: address.parse().unwrap(), ..relaying() };
        let server = start(listen, Some(relaying)).await;
        let own = if other == IPV4 { IPV6 } else { IPV4 };
        for (wants, gets) in [(Some(other), false), (Some(own), true), (None, true)] {
            let (name, password) = of_time(now() + 60);
            let mut client = Client::named(server, address, name, password).await;
            let answer = match wants {
                Some(family) => {
                    client.ask(METHOD_ALLOCATE, || [udp(), Box::new(RequestedAddressFamily(family.0))]).await
                }
                None => client.ask(METHOD_ALLOCATE, || [udp()]).await,
            };
            let answer = answer.map(|answer| {
                let mut relayed = RelayedAddress::default();
                relayed.get_from(&answer).unwrap();
                relayed.ip.to_string()
            });
            assert_eq!(answer, if gets { Ok(address.to_owned()) } else { Err(440) });
        }
    }
}

/// What stands at the relay's address, in its range of ports: nobody's, before a user has it.
#[tokio::test]
async fn at_the_relays_own_address_are_its_users_and_nothing_else() {
    let server = start("127.0.0.1:0", Some(Relaying { ports: 1..=65_535, ..relaying() })).await;
    let (mut client, mut user) = (Client::new(server).await, Client::new(server).await);
    let from = client.allocate().await.unwrap();
    let user_at = user.allocate().await.unwrap();
    user.permit(from).await.unwrap();
    let inside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.permit(user_at).await.unwrap();
    for at in [inside.local_addr().unwrap(), user_at] {
        client.send(at, b"let me in").await;
    }
    assert_eq!(user.hear().await, Some((from, b"let me in".to_vec())));
    assert!(timeout(SILENCE, inside.recv_from(&mut [0; 20])).await.is_err(), "it got out");
    inside.send_to(b"or me", from).await.unwrap();
    assert_eq!(client.hear().await, None);
}

/// The relay's address is a router's, which hands on what comes from outside. It is nobody's here.
#[tokio::test]
async fn those_who_hide_meet_also_where_the_relay_has_its_address_from_a_router() {
    const ROUTER: [u8; 4] = [192, 0, 2, 1];
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let at = start(listen, Some(Relaying { address: ROUTER.into(), ..relaying() })).await;
        let server = SocketAddr::new([127, 0, 0, 1].into(), at.port());
        let (mut ana, mut ben) = (Client::new(server).await, Client::new(server).await);
        let (ana_at, ben_at) = (ana.allocate().await.unwrap(), ben.allocate().await.unwrap());
        assert_eq!(ana_at.ip(), std::net::IpAddr::from(ROUTER));
        ana.permit(ben_at).await.unwrap();
        ben.permit(ana_at).await.unwrap();
        ana.send(ben_at, b"hello").await;
        assert_eq!(ben.hear().await, Some((ana_at, b"hello".to_vec())), "{listen}");
    }
}

#[tokio::test]
async fn a_small_range_of_ports_can_be_used_up() {
    // Where no other test has a port by chance, and outside of what the system gives out.
    let ports = 20_000..=20_009;
    let server = start("127.0.0.1:0", Some(Relaying { ports: ports.clone(), ..relaying() })).await;
    let mut clients = Vec::new();
    for _ in ports {
        let mut client = Client::new(server).await;
        client.allocate().await.unwrap();
        clients.push(client);
    }
    assert_eq!(Client::new(server).await.allocate().await, Err(508));
}

#[tokio::test]
async fn one_address_and_one_person_have_so_many_allocations_and_all_together_as_well() {
    let of_client = Relaying { allocations_per_client: 2, ..relaying() };
    let in_all = Relaying { allocations: 2, ..relaying() };
    for (relaying, code, is_own) in [(of_client, 486, true), (in_all, 508, false)] {
        let server = start("127.0.0.1:0", Some(relaying)).await;
        let mut clients = Vec::new();
        for _ in 0..2 {
            let mut client = Client::new(server).await;
            client.allocate().await.unwrap();
            clients.push(client);
        }
        // Each has credentials of its own.
        assert_eq!(Client::new(server).await.allocate().await, Err(code));
        let (name, password) = credentials(SECRET, server).await;
        let mut elsewhere = Client::named(server, "127.0.0.2", name, password).await;
        assert_eq!(elsewhere.allocate().await.is_ok(), is_own, "another address has its own");
        // What is given back can be had again.
        let give_back = || [Box::new(Lifetime(Duration::ZERO)) as Box<dyn Setter>];
        clients[0].ask(METHOD_REFRESH, give_back).await.unwrap();
        within(async { while Client::new(server).await.allocate().await.is_err() {} }).await;
    }
}

#[tokio::test]
async fn a_person_has_so_many_allocations_from_wherever() {
    let relaying = Relaying { allocations: 1000, allocations_per_client: 1000, ..relaying() };
    let server = start("127.0.0.1:0", Some(relaying)).await;
    let (name, password) = credentials(SECRET, server).await;
    let mut clients = Vec::new();
    let user = name.split_once(':').unwrap().1;
    let renewed = |n: u64| format!("{}:{user}", now() + 1000 + n);
    for n in 0..128 {
        let from = format!("127.0.1.{}", n % 4 + 1);
        let (name, password) = (renewed(n), of_name(&renewed(n)));
        let mut client = Client::named(server, &from, name, password).await;
        client.allocate().await.unwrap();
        clients.push(client);
    }
    let mut one_more = Client::named(server, "127.0.2.1", name, password).await;
    assert_eq!(one_more.allocate().await, Err(486));
    Client::new(server).await.allocate().await.unwrap();
}

#[tokio::test]
async fn two_ports_at_once_are_nobodys() {
    let server = start("127.0.0.1:0", Some(relaying())).await;
    let mut client = Client::new(server).await;
    let what = || [udp(), Box::new(EvenPort::default())];
    assert_eq!(client.ask(METHOD_ALLOCATE, what).await.map(drop), Err(508));
    let what = || [udp(), Box::new(ReservationToken(vec![7; 8]))];
    assert_eq!(client.ask(METHOD_ALLOCATE, what).await.map(drop), Err(508));
    client.allocate().await.unwrap();
}

#[tokio::test]
async fn what_is_over_the_relays_rate_is_dropped() {
    const PACKET: usize = 1000;
    const PACKETS: usize = 200;
    for (bytes_per_second, all) in [(100_000_000, true), (40_000, false)] {
        let bytes_per_second = NonZeroU32::new(bytes_per_second).unwrap();
        let server = start("127.0.0.1:0", Some(Relaying { bytes_per_second, ..relaying() })).await;
        let (mut ana, mut ben) = (Client::new(server).await, Client::new(server).await);
        let (ana_at, ben_at) = (ana.allocate().await.unwrap(), ben.allocate().await.unwrap());
        ana.permit(ben_at).await.unwrap();
        ben.permit(ana_at).await.unwrap();
        let mut heard = 0;
        let began = Instant::now();
        for _ in 0..PACKETS {
            ana.send(ben_at, &[7; PACKET]).await;
            // So that nothing else is the reason.
            tokio::task::yield_now().await;
            while let Ok(Some(_)) = timeout(Duration::from_millis(1), ben.hear()).await {
                heard += 1;
            }
        }
        while ben.hear().await.is_some() {
            heard += 1;
        }
        println!("{heard} of {PACKETS} packets at {bytes_per_second} bytes/s");
        if all {
            assert!(heard > PACKETS / 2, "{heard} of {PACKETS}");
        } else {
            // Half of that is one user's, and a quarter of a second's at once: the rest is lost, and not all of it.
            let of_user = bytes_per_second.get() as usize / 2;
            let most = of_user * (250 + began.elapsed().as_millis() as usize) / 1000 / PACKET + 1;
            assert!((1..=most).contains(&heard), "{heard} of {PACKETS}, and not {most}");
        }
    }
}

#[tokio::test]
async fn whoever_asks_too_often_is_not_answered_and_others_are() {
    let server = start("127.0.0.1:0", None).await;
    let mut client = Client::named(server, "127.0.0.1", String::new(), String::new()).await;
    let mut answers = 0;
    let mut request = Message::new();
    let began = Instant::now();
    for _ in 0..2000 {
        request.new_transaction_id().unwrap();
        let kind = MessageType::new(METHOD_BINDING, CLASS_REQUEST);
        request.build(&[Box::new(request.clone()), Box::new(kind)]).unwrap();
        client.socket.send(&request.raw).await.unwrap();
        while timeout(Duration::from_millis(1), client.packet()).await.is_ok() {
            answers += 1;
        }
    }
    println!("{answers} of 2000 requests were answered");
    let most = 400 + 50 * (began.elapsed().as_secs() + 1);
    assert!((400..=most).contains(&answers), "{answers} of 2000, and not {most}");
    let mut other = Client::named(server, "127.0.0.2", String::new(), String::new()).await;
    other.ask(METHOD_BINDING, || []).await.unwrap();
    // And the first one again, after a while.
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.ask(METHOD_BINDING, || []).await.unwrap();
}

/// Whoever writes another's address on a packet makes the server send there.
#[tokio::test]
async fn strangers_are_answered_with_little_more_than_they_send() {
    for (listen, bind) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
        let relaying = Relaying { address: bind.parse().unwrap(), ..relaying() };
        let server = start(listen, Some(relaying)).await;
        let client = Client::named(server, bind, String::new(), String::new()).await;
        for method in [
            METHOD_BINDING,
            METHOD_ALLOCATE,
            METHOD_REFRESH,
            METHOD_CREATE_PERMISSION,
            METHOD_CHANNEL_BIND,
            METHOD_SEND,
        ] {
            let (request, _) = client.request(method, Vec::new());
            client.socket.send(&request).await.unwrap();
            let answer = timeout(SILENCE, client.packet()).await.unwrap_or_default();
            println!("{method} from {bind}: {} bytes for {}", answer.len(), request.len());
            assert!(answer.len() < 4 * request.len(), "{method}");
        }
    }
}

#[tokio::test]
async fn tabs_are_told_where_the_page_is_that_stun_is_there_too() {
    let own = Own { address: None, port: 3478, relays: false };
    let ice = IceServers { own: Some(own), ..IceServers::default() };
    let origin = "https://rooms.example:8443";
    let server =
        Server::start(Settings { ice, origins: vec![origin.parse().unwrap()], ..Settings::default() }).await;
    let mut tab = Tab::open_with(server.address, &[("origin", origin)]).await;
    let told = tab.take_seat(room(1), 1).await.ice;
    let urls = vec!["stun:rooms.example:3478".to_owned()];
    assert_eq!(
        told,
        Ice { servers: vec![IceServer { urls, username: None, credential: None }], expires_in: None }
    );
}

/// What a tab of the binary is told: addresses, and credentials where there are some.
async fn told_by(flags: &[&str]) -> (Running, Vec<String>, Option<(String, String)>) {
    let running = Running::start(snaproom(flags)).await;
    let (_tab, welcome) = Tab::join(running.address, room(1), 1).await;
    let servers = welcome.ice.servers;
    let urls = servers.iter().flat_map(|server| server.urls.clone()).collect();
    let credentials = servers.into_iter().find_map(|server| server.username.zip(server.credential));
    (running, urls, credentials)
}

#[tokio::test]
async fn the_binary_has_stun_where_its_pages_are_unless_they_are_for_this_computer_alone() {
    let (running, urls, _) = told_by(&["--listen", "0.0.0.0:0"]).await;
    let port = running.address.port();
    assert_eq!(urls, [format!("stun:127.0.0.1:{port}")], "the page's host, and its port");
    let at = SocketAddr::new([127, 0, 0, 1].into(), port);
    let mut client = Client::named(at, "127.0.0.1", String::new(), String::new()).await;
    client.ask(METHOD_BINDING, || []).await.unwrap();
    for none in [&["--listen", "127.0.0.1:0"][..], &["--listen", "0.0.0.0:0", "--no-stun"]] {
        assert_eq!(told_by(none).await.1, [""; 0], "{none:?}");
    }
    let (_running, urls, _) = told_by(&["--listen", "127.0.0.1:0", "--stun-listen", "127.0.0.2:0"]).await;
    assert!(urls[0].starts_with("stun:127.0.0.2:"), "{urls:?}");
}

#[tokio::test]
async fn the_binary_relays_for_whom_it_gave_credentials_to() {
    for secret in [&[][..], &["--turn-secret", SECRET]] {
        let flags = [
            &["--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--turn-ports", "50000-50999"],
            secret,
        ];
        let (_running, urls, credentials) = told_by(&flags.concat()).await;
        let [stun, turn] = urls.try_into().unwrap();
        let at = turn.strip_prefix("turn:").and_then(|rest| rest.strip_suffix("?transport=udp")).unwrap();
        assert_eq!(stun, format!("stun:{at}"));
        let (name, password) = credentials.unwrap();
        let mut client = Client::named(at.parse().unwrap(), "127.0.0.1", name, password).await;
        let relayed = client.allocate().await.unwrap();
        assert!((50_000..51_000).contains(&relayed.port()), "{relayed}");
    }
}

#[tokio::test]
async fn the_binary_tells_of_an_outside_relay() {
    let flags =
        ["--listen", "127.0.0.1:0", "--turn-secret", SECRET, "--turn-url", "turn:a.example,turns:b.example"];
    let (_running, urls, credentials) = told_by(&flags).await;
    assert_eq!(urls, ["turn:a.example", "turns:b.example"]);
    let (name, password) = credentials.unwrap();
    let until: u64 = name.split_once(':').unwrap().0.parse().unwrap();
    assert!((now() + 3500..=now() + 3600).contains(&until), "an hour: {name}");
    assert_eq!(of_name(&name), password);
}

#[tokio::test]
async fn a_relay_that_nobody_could_reach_does_not_start() {
    for (flags, reason) in [
        (&["--turn-listen", "0.0.0.0:0"][..], "--turn-address"),
        (&["--turn-listen", "[::]:0"], "--turn-address"),
        (&["--turn-listen", "0.0.0.0:0", "--turn-address", "0.0.0.0"], "--turn-address"),
        (&["--turn-listen", "[::1]:0", "--turn-address", "192.0.2.1"], "--turn-address"),
        (&["--turn-listen", "192.0.2.1:0"], "--turn-listen"),
        (&["--stun-listen", "192.0.2.1:0"], "--stun-listen"),
    ] {
        let flags = [&["--listen", "127.0.0.1:0"], flags].concat();
        // Only who listens finds out that an address is not this machine's.
        let checked = [&flags[..], &["check-config"]].concat();
        for flags in [&flags, &checked].into_iter().take(if reason == "--turn-address" { 2 } else { 1 }) {
            let output = within(snaproom(flags).output()).await.unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(reason), "{flags:?}: {said}");
        }
    }
}
