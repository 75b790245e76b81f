//! One address that asks for everything, and an honest room beside it.
//!
//! `SNAPROOM_FLOOD=2000 cargo test --release -p snaproom-server --test server flood -- --nocapture` opens that many
//! hostile sockets at a time, which send fifty messages each as fast as they can, again and again, and prints what the
//! honest room notices.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use snaproom_protocol::server::{FromServer, Refusal};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    binary::{Running, snaproom},
    harness::{Tab, join_message, relay, relayed, room, take_files, within},
    idle::peak,
};

/// In CI; how many there are otherwise, `SNAPROOM_FLOOD` says.
const SOCKETS: usize = 300;

const MESSAGES_OF_ONE: usize = 50;

/// The honest room's, in CI and otherwise: enough for a p99.
const SAMPLES: [usize; 2] = [60, 300];

/// The honest room comes from 127.0.0.1.
const HOSTILE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[tokio::test]
async fn an_honest_room_goes_on_beside_a_flood() {
    let wanted = env::var("SNAPROOM_FLOOD").ok().and_then(|text| text.parse().ok());
    let (sockets, samples) = (wanted.unwrap_or(SOCKETS), SAMPLES[usize::from(wanted.is_some())]);
    let running = Running::start(snaproom(&["--listen", "127.0.0.1:0"])).await;
    let (address, process) = (running.address, running.child.id().unwrap());
    let without = Latencies::measure(address, 0, samples).await;
    println!("without a flood: {without}; {} bytes at most", peak(process));

    let flood = Flood::begin(address, sockets);
    within(async {
        while flood.told.sent() < sockets {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let beside = Latencies::measure(address, 100, samples).await;
    let told = flood.end();
    let most = peak(process);
    println!("beside {sockets} hostile sockets: {beside}; {most} bytes at most; {told:?}");
    assert!(told.refused() > 0, "it is a flood: {told:?}");
    assert!(most < 256 * 1024 * 1024, "{most} bytes");
    // And afterwards.
    Tab::join(address, room(250), 1).await;
}

/// Begun, and going on until it is ended; on threads of its own, so that the honest room waits for the server alone.
struct Flood {
    told: Arc<Told>,
    thread: thread::JoinHandle<()>,
}

/// What the flood was told, and whether it is to end.
#[derive(Debug, Default)]
struct Told {
    too_many: AtomicUsize,
    too_fast: AtomicUsize,
    turned_away: AtomicUsize,
    messages: AtomicUsize,
    is_over: AtomicBool,
}

impl Told {
    fn refused(&self) -> usize {
        [&self.too_many, &self.too_fast, &self.turned_away]
            .map(|count| count.load(Ordering::Relaxed))
            .iter()
            .sum()
    }

    fn sent(&self) -> usize {
        self.messages.load(Ordering::Relaxed) + self.refused()
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

impl Flood {
    fn begin(address: SocketAddr, sockets: usize) -> Self {
        take_files();
        let told = Arc::new(Told::default());
        let thread = thread::spawn({
            let told = Arc::clone(&told);
            move || {
                let runtime =
                    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
                runtime.unwrap().block_on(async {
                    let mut all = JoinSet::new();
                    for n in 0..sockets {
                        let told = Arc::clone(&told);
                        all.spawn(async move {
                            while !told.is_over() {
                                bombard(address, n, &told).await;
                            }
                        });
                    }
                    all.join_all().await;
                });
            }
        });
        Self { told, thread }
    }

    fn end(self) -> Arc<Told> {
        self.told.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.told
    }
}

async fn bombard(address: SocketAddr, n: usize, told: &Told) {
    let Some(mut tab) = Tab::try_open_from(address, HOSTILE).await else {
        told.turned_away.fetch_add(1, Ordering::Relaxed);
        // Where nobody listens one tries again, and the machine is not busy with that alone.
        return sleep(Duration::from_millis(100)).await;
    };
    let count = |reason: Refusal| match reason {
        Refusal::TooMany => _ = told.too_many.fetch_add(1, Ordering::Relaxed),
        Refusal::TooFast => _ = told.too_fast.fetch_add(1, Ordering::Relaxed),
        _ => {}
    };
    tab.try_send(&join_message(room((n / 8 % 200) as u8), (n % 8) as u8)).await;
    let message = relay(tab.id, &[7; 1_000]);
    for _ in 0..MESSAGES_OF_ONE {
        if !tab.try_send(&message).await {
            break;
        }
        told.messages.fetch_add(1, Ordering::Relaxed);
    }
    // Whoever may stay hears nothing of it.
    let answers = async {
        while let Some(message) = tab.try_next().await {
            if let FromServer::Refused { reason } = message {
                count(reason);
            }
        }
    };
    let _ = timeout(Duration::from_secs(1), answers).await;
}

/// Of an honest room, sorted.
struct Latencies {
    joins: Vec<Duration>,
    relays: Vec<Duration>,
}

impl Latencies {
    async fn measure(address: SocketAddr, first_room: u8, samples: usize) -> Self {
        let mut latencies = Self { joins: Vec::new(), relays: Vec::new() };
        let (mut ana, _) = Tab::join(address, room(first_room), 200).await;
        for _ in 0..samples {
            let begun = Instant::now();
            let (mut ben, _) = Tab::join(address, room(first_room), 201).await;
            latencies.joins.push(begun.elapsed());
            ana.next().await;
            let begun = Instant::now();
            ana.send(&relay(ben.id, b"to ben")).await;
            assert_eq!(ben.next().await, relayed(ana.id, b"to ben"));
            latencies.relays.push(begun.elapsed());
            drop(ben);
            within(ana.next()).await;
            // Within what one address may join, however long it takes: ten times a second.
            sleep(Duration::from_millis(110)).await;
        }
        latencies.joins.sort_unstable();
        latencies.relays.sort_unstable();
        latencies
    }
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |sorted: &[Duration], share: usize| sorted[sorted.len() * share / 100];
        let [joins, relays] = [&self.joins, &self.relays].map(|sorted| (at(sorted, 50), at(sorted, 99)));
        write!(f, "join {:?} (p99 {:?}), relay {:?} (p99 {:?})", joins.0, joins.1, relays.0, relays.1)
    }
}
