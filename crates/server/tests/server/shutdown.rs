//! The end of the server.

use std::time::Duration;

use snaproom_server::{Settings, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::harness::{Server, Tab, capacity, relay, room, within};

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
    assert_eq!(seated.closed().await, CloseCode::Away);
    assert_eq!(unseated.closed().await, CloseCode::Away);
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
    assert_eq!(ana.closed().await, CloseCode::Away);
    tokio::time::timeout(Duration::from_secs(10), stopped).await.unwrap().unwrap();
}
