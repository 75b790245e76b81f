//! One address that asks for everything, and an honest room beside it.
//!
//! `SNAPROOM_FLOOD=2000 cargo test --release -p snaproom-server --test server flood -- --nocapture` opens that many
//! hostile sockets, which send fifty messages each as fast as they can, and prints what the honest room notices.

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use snaproom_protocol::server::{FromServer, Refusal};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    binary::{Running, snaproom},
    harness::{Tab, relay, relayed, room, within},
    idle::resident,
};

/// In CI.
const SOCKETS: usize = 300;

const MESSAGES_OF_ONE: usize = 50;

const SAMPLES: usize = 60;

const BOMB: &str = "198.51.100.7";
const HONEST: &str = "203.0.113.1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_room_goes_on_beside_a_flood() {
    let sockets = env::var("SNAPROOM_FLOOD").ok().and_then(|text| text.parse().ok()).unwrap_or(SOCKETS);
    let running =
        Running::start(snaproom(&["--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1"])).await;
    let (address, process) = (running.address, running.child.id().unwrap());
    let quiet = Latencies::measure(address, 0, || false).await;
    println!("without a flood: {quiet}");

    let told = Arc::new(Told::default());
    let mut flood = JoinSet::new();
    for n in 0..sockets {
        let told = Arc::clone(&told);
        flood.spawn(async move { bombard(address, n, &told).await });
    }
    // As long as the flood lasts, and no shorter than before.
    let beside = Latencies::measure(address, 100, || {
        while flood.try_join_next().is_some() {}
        !flood.is_empty()
    })
    .await;
    let most = resident(process);
    while flood.join_next().await.is_some() {}
    println!("beside {sockets} hostile sockets: {beside}; {most} bytes resident; {told:?}");
    let refused = told.too_many.load(Ordering::Relaxed) + told.too_fast.load(Ordering::Relaxed);
    let unanswered = told.turned_away.load(Ordering::Relaxed);
    assert!(refused + unanswered > 0, "it is a flood: {told:?}");
    assert!(most < 256 * 1024 * 1024, "{most} bytes");
    // And afterwards.
    let mut tab = Tab::open_with(address, &[("x-forwarded-for", HONEST)]).await;
    tab.take_seat(room(250), 1).await;
}

/// What the flood was told.
#[derive(Debug, Default)]
struct Told {
    too_many: AtomicUsize,
    too_fast: AtomicUsize,
    turned_away: AtomicUsize,
    sent: AtomicUsize,
}

async fn bombard(address: SocketAddr, n: usize, told: &Told) {
    let Some(mut tab) = Tab::try_open_with(address, &[("x-forwarded-for", BOMB)]).await else {
        told.turned_away.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let count = |reason: Refusal| match reason {
        Refusal::TooMany => _ = told.too_many.fetch_add(1, Ordering::Relaxed),
        Refusal::TooFast => _ = told.too_fast.fetch_add(1, Ordering::Relaxed),
        _ => {}
    };
    tab.try_send(&crate::harness::join_message(room((n / 8 % 200) as u8), (n % 8) as u8)).await;
    let message = relay(tab.id, &[7; 1_000]);
    for _ in 0..MESSAGES_OF_ONE {
        if !tab.try_send(&message).await {
            break;
        }
        told.sent.fetch_add(1, Ordering::Relaxed);
    }
    // Whoever may stay hears nothing of it.
    let answers = async {
        while let Some(message) = tab.try_next().await {
            if let FromServer::Refused { reason } = message {
                count(reason);
            }
        }
    };
    let _ = timeout(Duration::from_secs(3), answers).await;
}

/// Of an honest room, sorted.
struct Latencies {
    joins: Vec<Duration>,
    relays: Vec<Duration>,
}

impl Latencies {
    /// At least [`SAMPLES`] of each, and on as long as `goes_on`.
    async fn measure(address: SocketAddr, first_room: u8, mut goes_on: impl FnMut() -> bool) -> Self {
        let mut latencies = Self { joins: Vec::new(), relays: Vec::new() };
        let headers = [("x-forwarded-for", HONEST)];
        let mut ana = Tab::open_with(address, &headers).await;
        ana.take_seat(room(first_room), 200).await;
        while latencies.joins.len() < SAMPLES || goes_on() {
            let begun = Instant::now();
            let mut ben = Tab::open_with(address, &headers).await;
            ben.take_seat(room(first_room), 201).await;
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
