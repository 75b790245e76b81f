//! The end of the server.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use futures::future::join_all;
use snaproom_server::{Allowance, Settings, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Server, Tab, capacity, get, relay, room, within};

#[tokio::test]
async fn a_shutdown_closes_every_socket_and_ends() {
    // Nothing but the shutdown itself ends anything in time.
    let never = Duration::from_hours(1);
    let timeouts = Timeouts { header: never, join: never, drain: never, ..Timeouts::default() };
    let server = Server::start(Settings { timeouts, ..capacity(2) }).await;
    let address = server.address;
    let (mut seated, _) = Tab::join(address, room(1), 1).await;
    let mut unseated = Tab::open(address).await;
    // A request was answered and the connection is kept for the next one.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok") {
        assert_ne!(within(idle.read_buf(&mut answer)).await.unwrap(), 0);
    }

    let stopped = server.stop();
    seated.is_told_to_come_back().await;
    unseated.is_told_to_come_back().await;
    assert_eq!(within(idle.read(&mut [0; 16])).await.unwrap(), 0);
    within(stopped).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_tab_that_does_not_read_does_not_hold_up_the_shutdown() {
    let server = Server::start(capacity(8)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let mut stuck = Tab::open_narrow(server.address).await;
    stuck.take_seat(room(1), 2).await;
    for _ in 0..8 {
        ana.send(&relay(stuck.id, &vec![0; 60_000])).await;
    }
    ana.heard().await;
    let stopped = server.stop();
    ana.is_told_to_come_back().await;
    tokio::time::timeout(Duration::from_secs(10), stopped).await.unwrap().unwrap();
}

#[tokio::test]
async fn five_hundred_tabs_are_told_to_come_back_each_at_another_time() {
    let allowance = Allowance { sockets: 1_000, joins: NonZeroU32::MAX, ..Allowance::default() };
    let server = Server::start(Settings { allowance, ..capacity(5) }).await;
    let mut tabs = Vec::new();
    for n in 0..100 {
        for token in 0..5 {
            tabs.push(Tab::join(server.address, room(n), token).await.0);
        }
    }
    let begun = Instant::now();
    let stopped = server.stop();
    let mut waits = join_all(tabs.iter_mut().map(Tab::is_told_to_come_back)).await;
    within(stopped).await.unwrap();
    let took = begun.elapsed();
    println!("500 tabs were told within {took:?}");
    assert!(took < Duration::from_secs(15));
    assert!(waits.iter().all(|wait| (500..=5_000).contains(wait)), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 400, "only {} times", waits.len());
}

#[tokio::test]
async fn while_it_stops_it_is_alive_and_not_ready_and_seats_nobody() {
    let timeouts =
        Timeouts { write: Duration::from_mins(5), linger: Duration::from_mins(5), ..Timeouts::default() };
    let server = Server::start(Settings { timeouts, ..capacity(2) }).await;
    let address = server.address;
    assert_eq!(get(address, "/readyz").await.status, 200);
    // It does not close its side, so that the server waits for it as long as it waits at all.
    let (held, _) = Tab::join(address, room(1), 1).await;
    let stopped = server.stop();
    within(async { while get(address, "/readyz").await.status != 503 {} }).await;
    assert_eq!(get(address, "/healthz").await.status, 200);
    let mut late = Tab::open(address).await;
    late.is_told_to_come_back().await;
    drop(held);
    within(stopped).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
