//! Frames that no browser would send, by the thousand: each costs its sender the socket at most.
//!
//! `SNAPROOM_FRAMES=1000000 cargo test -p snaproom-server --test server frames` sends that many, and
//! `SNAPROOM_SEED=…` the same ones again.

use std::{
    env,
    net::SocketAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use snaproom_protocol::{Envelope, PeerId, server::ToServer, wire};
use snaproom_server::{Allowance, Settings, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{HonestRoom, Server, capacity, join_message, room, within};

/// In CI.
const FRAMES: usize = 20_000;

/// Sent over one connection at most.
const FRAMES_OF_ONE: usize = 40;

/// How a page opens its WebSocket.
pub const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Panics of the server's own tasks, which the runtime keeps to itself.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_frames_come_the_server_goes_on() {
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.location().is_some_and(|place| !place.file().contains("tests")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        earlier(panic);
    }));
    let number = |name| env::var(name).ok().and_then(|text| text.parse().ok());
    let wanted = number("SNAPROOM_FRAMES").unwrap_or(FRAMES as u64) as usize;
    let seed = number("SNAPROOM_SEED").unwrap_or_else(rand::random);
    println!("SNAPROOM_SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let many = NonZeroU32::MAX;
    let settings = Settings {
        allowance: Allowance { sockets: u32::MAX, joins: many, messages: many },
        timeouts: Timeouts { linger: Duration::from_millis(50), ..Timeouts::default() },
        ..capacity(8)
    };
    let server = Server::start(settings).await;
    let mut honest = HonestRoom::open(server.address).await;
    let (mut sent, mut connections, mut closed) = (0, 0, 0);
    while sent < wanted {
        let (frames, was_closed) = play(server.address, &mut rng).await;
        sent += frames;
        connections += 1;
        closed += usize::from(was_closed);
        if connections % 100 == 0 {
            honest.works().await;
        }
    }
    honest.works().await;
    println!("{sent} frames over {connections} connections, of which the server closed {closed}");
    assert!(closed > connections / 4, "hardly anything was wrong with them");
    assert!(closed < connections, "hardly anything was right with them");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "with SNAPROOM_SEED={seed}");
}

/// One connection: how many frames it sent, and whether the server closed it before it left.
async fn play(address: SocketAddr, rng: &mut ChaCha8Rng) -> (usize, bool) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let byte = within(stream.read_u8()).await.unwrap();
        answer.push(byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    let frames = 1 + below(rng, FRAMES_OF_ONE);
    let mut bytes = Vec::new();
    for n in 0..frames {
        bytes.extend(frame(rng, n == 0));
    }
    // In pieces of any size.
    for piece in bytes.chunks(1 + below(rng, bytes.len())) {
        if stream.write_all(piece).await.is_err() {
            return (frames, true);
        }
    }
    // What the server has to say to it, for a moment.
    let mut heard = [0; 4096];
    let patience = Duration::from_millis(2);
    loop {
        match timeout(patience, stream.read(&mut heard)).await {
            Ok(Ok(0) | Err(_)) => return (frames, true),
            Ok(Ok(read)) if heard[..read].contains(&0x88) => return (frames, true),
            Ok(Ok(_)) => {}
            Err(_) => return (frames, false),
        }
    }
}

fn frame(rng: &mut ChaCha8Rng, is_first: bool) -> Vec<u8> {
    let mut payload = payload(rng, is_first);
    let is_odd = rng.next_u32().is_multiple_of(16);
    if rng.next_u32().is_multiple_of(8) && !payload.is_empty() {
        // A valid message that is hurt.
        match below(rng, 3) {
            0 => payload.truncate(below(rng, payload.len())),
            1 => {
                let at = below(rng, payload.len());
                payload[at] ^= 1 << below(rng, 8);
            }
            _ => payload.extend((0..below(rng, 64)).map(|_| b'A')),
        }
    }
    let (fin, opcode) = match below(rng, 12) {
        _ if is_odd => (below(rng, 2) as u8, below(rng, 16) as u8),
        0 => (1, 0x9),
        1 => (1, 0xA),
        2 => (0, 0x1),
        _ => (1, 0x1),
    };
    if opcode >= 0x8 && !is_odd {
        payload.truncate(125);
    }
    let reserved = if is_odd { below(rng, 8) as u8 } else { 0 };
    let mut frame = vec![fin << 7 | reserved << 4 | opcode];
    let is_masked = !is_odd || rng.next_u32().is_multiple_of(2);
    let length =
        if is_odd && rng.next_u32().is_multiple_of(4) { rng.next_u64() } else { payload.len() as u64 };
    let mask_bit = u8::from(is_masked) << 7;
    match length {
        0..=125 => frame.push(mask_bit | length as u8),
        126..=0xFFFF => {
            frame.push(mask_bit | 0x7E);
            frame.extend((length as u16).to_be_bytes());
        }
        _ => {
            frame.push(mask_bit | 0x7F);
            frame.extend(length.to_be_bytes());
        }
    }
    if is_masked {
        let mask = rng.next_u32().to_be_bytes();
        frame.extend(mask);
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    }
    frame.extend(payload);
    frame
}

/// A frame as browsers send it: its first byte, its length, a mask, its payload of less than 64 KiB.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 0x7E);
            frame.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn payload(rng: &mut ChaCha8Rng, is_first: bool) -> Vec<u8> {
    let message = match below(rng, 8) {
        _ if is_first && !rng.next_u32().is_multiple_of(8) => {
            join_message(room(below(rng, 3) as u8), below(rng, 12) as u8)
        }
        0 => ToServer::Ping,
        1 => ToServer::RenewIce,
        2 => ToServer::Leave,
        3 => return (0..below(rng, 300)).map(|_| rng.next_u32() as u8).collect(),
        _ => {
            let mut to = [0; 16];
            rng.fill_bytes(&mut to);
            ToServer::Relay { to: PeerId(to), envelope: Envelope(vec![7; below(rng, 2_000)]) }
        }
    };
    wire::to_text(&message).into_bytes()
}

fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    (rng.next_u64() % bound.max(1) as u64) as usize
}
