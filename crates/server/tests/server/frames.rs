//! Frames that no browser would send, by the thousand: each costs its sender the socket at most.
//!
//! `SNAPROOM_FRAMES=1000000 cargo test -p snaproom-server --test server frames` sends that many, and
//! `SNAPROOM_SEED=…` the same ones again.

mod generate;

use std::{
    env,
    net::SocketAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use snaproom_server::{Allowance, Settings, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

pub use generate::Frame;
use generate::{below, message};

use crate::harness::{HonestRoom, Server, capacity, within};

/// In CI.
const FRAMES: usize = 20_000;

/// Sent over one connection, and the rest of the last message.
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
    let (wanted, mut frames) = (1 + below(rng, FRAMES_OF_ONE), Vec::new());
    while frames.len() < wanted {
        frames.extend(message(rng, frames.is_empty()));
    }
    let (bytes, frames) = (frames.iter().flat_map(Frame::bytes).collect::<Vec<_>>(), frames.len());
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
