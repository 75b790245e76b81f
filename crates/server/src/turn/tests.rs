use std::{env, net::Ipv4Addr, num::NonZeroU32};

use rand::{RngExt, SeedableRng, TryRng, rngs::SysRng};
use rand_chacha::ChaCha8Rng;
use stun::{
    attributes::{ATTR_NONCE, AttrType, RawAttribute},
    fingerprint::FINGERPRINT,
    message::{CLASS_INDICATION, CLASS_REQUEST, METHOD_REFRESH, METHOD_SEND, MessageType, Method, Setter},
};
use turn::{
    proto::{
        PROTO_UDP, chandata::ChannelData, channum::ChannelNumber, data::Data, evenport::EvenPort,
        lifetime::Lifetime, reqtrans::RequestedTransport,
    },
    relay::RelayAddressGenerator,
};

use super::{requests::COUNTERS, *};

fn relaying() -> Relaying {
    Relaying {
        secret: "sixteen characters or more".parse().unwrap(),
        address: Ipv4Addr::LOCALHOST.into(),
        ports: 49_152..=65_535,
        private_peers: true,
        allocations: 20,
        allocations_per_client: 20,
        bytes_per_second: NonZeroU32::new(1_000_000_000).unwrap(),
    }
}

async fn server() -> TurnServer {
    TurnServer::bind("127.0.0.1:0", Some(relaying())).await.unwrap()
}

fn message(method: Method, class: stun::message::MessageClass, attributes: Vec<Box<dyn Setter>>) -> Vec<u8> {
    let mut message = Message::new();
    message.new_transaction_id().unwrap();
    let mut setters: Vec<Box<dyn Setter>> =
        vec![Box::new(message.clone()), Box::new(MessageType::new(method, class))];
    setters.extend(attributes);
    message.build(&setters).unwrap();
    message.raw
}

/// An address of this machine: whatever is answered goes nowhere.
fn client(n: u32) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from_bits(0x7F01_0000 + n % 0xFFFF).into(), 40_000)
}

#[tokio::test]
async fn strangers_fill_no_memory() {
    let server = server().await;
    let relay = server.relay.as_ref().unwrap();
    for n in 0..3 * MAX_NONCES as u32 {
        server.answer(&message(METHOD_ALLOCATE, CLASS_REQUEST, Vec::new()), client(n)).await;
        if n == 100 {
            assert_eq!(relay.nonces.lock().await.len(), 101, "each is told one");
        }
    }
    let remembered = relay.nonces.lock().await.len();
    assert!((1..=MAX_NONCES).contains(&remembered), "{remembered}");
    assert_eq!(server.requests.counters.len() as u64, COUNTERS);
    assert!(relay.manager.get_allocations_info(None).await.is_empty());
}

#[tokio::test]
async fn nor_do_those_with_credentials() {
    let server = server().await;
    let mut speaker = Speaker::new(&server, client(0)).await;
    for n in 0..MAX_NONCES as u32 + 10 {
        speaker.nonce = n.to_string();
        server.answer(&speaker.signed(METHOD_ALLOCATE, Vec::new()), client(n)).await;
    }
    let remembered = server.relay.as_ref().unwrap().nonces.lock().await.len();
    assert!((1..=MAX_NONCES).contains(&remembered), "{remembered}");
}

/// Somebody with credentials, who knows what a client can say.
struct Speaker {
    name: String,
    nonce: String,
    key: Vec<u8>,
}

impl Speaker {
    async fn new(server: &TurnServer, from: SocketAddr) -> Self {
        let relay = server.relay.as_ref().unwrap();
        let Credentials { username: name, .. } =
            relay.secret.credentials("fuzz", SystemTime::now() + Duration::from_hours(1));
        server.answer(&message(METHOD_ALLOCATE, CLASS_REQUEST, Vec::new()), from).await;
        let nonce = relay.nonces.lock().await.keys().next().unwrap().clone();
        Self { nonce, key: relay.secret.key(&name, REALM), name }
    }

    fn signed(&self, method: Method, mut attributes: Vec<Box<dyn Setter>>) -> Vec<u8> {
        for (attribute, text) in
            [(ATTR_USERNAME, self.name.as_str()), (ATTR_REALM, REALM), (ATTR_NONCE, &self.nonce)]
        {
            attributes.push(Box::new(TextAttribute::new(attribute, text.to_owned())));
        }
        attributes.push(Box::new(MessageIntegrity(self.key.clone())));
        message(method, CLASS_REQUEST, attributes)
    }

    fn vocabulary(&self) -> Vec<Vec<u8>> {
        let udp = || Box::new(RequestedTransport { protocol: PROTO_UDP });
        let peer = || Box::new(PeerAddress { ip: Ipv4Addr::LOCALHOST.into(), port: 50_000 });
        let mut channel = ChannelData { data: vec![1; 100], number: ChannelNumber(0x4000), raw: Vec::new() };
        channel.encode();
        vec![
            self.signed(METHOD_ALLOCATE, vec![udp()]),
            self.signed(METHOD_ALLOCATE, vec![udp(), Box::new(EvenPort::default())]),
            self.signed(METHOD_CREATE_PERMISSION, vec![peer()]),
            self.signed(METHOD_CREATE_PERMISSION, vec![peer(), peer()]),
            self.signed(METHOD_CHANNEL_BIND, vec![Box::new(ChannelNumber(0x4000)), peer()]),
            self.signed(METHOD_REFRESH, vec![Box::new(Lifetime(Duration::from_mins(1)))]),
            message(METHOD_SEND, CLASS_INDICATION, vec![peer(), Box::new(Data(vec![2; 100]))]),
            message(METHOD_BINDING, CLASS_REQUEST, vec![Box::new(FINGERPRINT)]),
            channel.raw,
        ]
    }

    /// In order up to its attributes, which are nobody's.
    fn nonsense(&self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let methods = [METHOD_ALLOCATE, METHOD_REFRESH, METHOD_CREATE_PERMISSION, METHOD_CHANNEL_BIND];
        let method = methods[rng.random_range(0..methods.len())];
        let attributes = (0..rng.random_range(1..4)).map(|_| -> Box<dyn Setter> {
            let value = (0..rng.random_range(0..30)).map(|_| rng.random()).collect();
            let kind = AttrType(ATTRIBUTES[rng.random_range(0..ATTRIBUTES.len())]);
            Box::new(RawAttribute { typ: kind, length: 0, value })
        });
        self.signed(method, attributes.collect())
    }
}

/// Those that the relay reads (RFC 8656, section 18).
const ATTRIBUTES: [u16; 9] = [0x0C, 0x0D, 0x12, 0x13, 0x17, 0x18, 0x19, 0x1A, 0x22];

/// 20,000 packets, or as many as `SNAPROOM_PACKETS` says.
#[tokio::test]
async fn whatever_packets_come_the_server_goes_on() {
    let seed = env::var("SNAPROOM_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = seed.unwrap_or_else(|| SysRng.try_next_u64().unwrap());
    println!("SNAPROOM_SEED={seed}");
    let packets: u32 = env::var("SNAPROOM_PACKETS").map_or(20_000, |packets| packets.parse().unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let server = server().await;
    let from = client(1);
    let speaker = Speaker::new(&server, from).await;
    let vocabulary = speaker.vocabulary();
    for packet in &vocabulary {
        server.answer(packet, from).await;
    }
    let relay = server.relay.as_ref().unwrap();
    assert_eq!(relay.manager.get_allocations_info(None).await.len(), 1, "unchanged, they mean something");
    for n in 0..packets {
        let mut packet = vocabulary[rng.random_range(0..vocabulary.len())].clone();
        match rng.random_range(0..6) {
            0 => {
                let bit = rng.random_range(0..packet.len() * 8);
                packet[bit / 8] ^= 1 << (bit % 8);
            }
            1 => packet.truncate(rng.random_range(0..packet.len())),
            2 => {
                // A length that is not true, or another attribute's type.
                let at = rng.random_range(0..packet.len() / 2) * 2;
                let value = [0, 1, 3, 4, 0x7FFF, 0xFFFF, rng.random()][rng.random_range(0..7)];
                if let Some(field) = packet.get_mut(at..at + 2) {
                    field.copy_from_slice(&u16::to_be_bytes(value));
                }
            }
            3 => packet.extend(vocabulary[rng.random_range(0..vocabulary.len())].iter().skip(20)),
            4 => packet = speaker.nonsense(&mut rng),
            _ => packet.iter_mut().skip(20).for_each(|byte| *byte = rng.random()),
        }
        packet.truncate(MAX_PACKET);
        server.answer(&packet, if n % 2 == 0 { from } else { client(n) }).await;
    }
    assert!(relay.manager.get_allocations_info(None).await.len() <= 20);
    server.answer(&vocabulary[5], from).await;
}

/// The library waits for a timer that waits for what the library holds, if a permission is renewed twice at the moment
/// at which it ends.
#[tokio::test(start_paused = true)]
async fn who_renews_a_permission_as_it_ends_stops_nobody_else() {
    let server = server().await;
    let from = client(1);
    let speaker = Speaker::new(&server, from).await;
    let peer = || Box::new(PeerAddress { ip: [10, 0, 0, 1].into(), port: 50_000 });
    let (permit, refresh) =
        (speaker.signed(METHOD_CREATE_PERMISSION, vec![peer()]), speaker.signed(METHOD_REFRESH, Vec::new()));
    server.answer(&speaker.vocabulary()[0], from).await;
    let renewals = async {
        // Chance decides which the library's timer sees first, the renewal or its end.
        for _ in 0..11 {
            server.answer(&refresh, from).await;
            server.answer(&permit, from).await;
            sleep(Duration::from_mins(5)).await;
            server.answer(&permit, from).await;
            server.answer(&permit, from).await;
        }
    };
    timeout(Duration::from_mins(56), renewals).await.unwrap();
    let relay = server.relay.as_ref().unwrap();
    assert_eq!(relay.manager.get_allocations_info(None).await.len(), 1, "it was all said to an allocation");
}

#[tokio::test]
async fn whoever_is_flooded_or_floods_leaves_the_others_half() {
    let relaying = Relaying { bytes_per_second: NonZeroU32::new(40_000).unwrap(), ..relaying() };
    let server = TurnServer::bind("127.0.0.1:0", Some(relaying)).await.unwrap();
    let carried = server.socket.carried.as_ref().unwrap();
    // Where no other test sends to.
    let user = |n: u8| SocketAddr::new([127, 2, 0, n].into(), 40_000);
    for n in [1, 2] {
        carried.users.add(user(n), &[]);
    }
    let data = [&[0x00, 0x17][..], &[7; 998]].concat();
    let hear = async |who: u8| {
        let socket = UdpSocket::bind(user(who)).await.unwrap();
        for _ in 0..10 {
            server.socket.send_to(&data, user(who)).await.unwrap();
        }
        let mut heard = 0;
        while timeout(Duration::from_millis(50), socket.recv(&mut [0; 1000])).await.is_ok() {
            heard += 1;
        }
        heard
    };
    // Ten packets at once in all, and what else there is time for.
    assert_eq!(hear(3).await, 0, "nobody's");
    let what_peers_say = hear(1).await;
    assert!((5..8).contains(&what_peers_say), "{what_peers_say}");
    assert!((0..8).filter(|_| server.may_say(1000, user(1))).count() < 4, "what it says is of the same half");
    let the_rest = hear(2).await;
    assert!((5..8).contains(&the_rest), "{the_rest}");
    assert!((0..10).filter(|_| carried.all.takes(1000)).count() < 8, "it is of all that is carried");
}

#[tokio::test]
async fn who_is_gone_is_forgotten_when_the_next_one_comes() {
    let server = server().await;
    let users = &server.relay.as_ref().unwrap().users;
    let speaker = Speaker::new(&server, client(0)).await;
    let udp = || Box::new(RequestedTransport { protocol: PROTO_UDP });
    server.answer(&speaker.signed(METHOD_ALLOCATE, vec![udp()]), client(1)).await;
    server.answer(&speaker.signed(METHOD_REFRESH, vec![Box::new(Lifetime(Duration::ZERO))]), client(1)).await;
    assert!(users.at(client(1)).is_some());
    server.answer(&speaker.signed(METHOD_ALLOCATE, vec![udp()]), client(2)).await;
    assert!(users.at(client(1)).is_none() && users.at(client(2)).is_some());
}

#[tokio::test]
async fn all_of_them_together_send_so_much() {
    const PACKETS: usize = 20;
    let relaying = Relaying { bytes_per_second: NonZeroU32::new(40_000).unwrap(), ..relaying() };
    let all = Carried::new(relaying.bytes_per_second).all;
    let here = relaying.address;
    let sockets = Sockets::new(relaying, here, Arc::new(Peers::new(here, false)), all);
    let (from, _) = sockets.allocate_conn(true, 0).await.unwrap();
    let (to, at) = sockets.allocate_conn(true, 0).await.unwrap();
    for _ in 0..PACKETS {
        from.send_to(&[7; 1000], at).await.unwrap();
    }
    let mut heard = 0;
    while timeout(Duration::from_millis(100), to.recv(&mut [0; 1000])).await.is_ok() {
        heard += 1;
    }
    assert!((10..PACKETS).contains(&heard), "{heard} of {PACKETS}");
}
