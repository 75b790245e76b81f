//! What the server does not take, and that an honest room never notices.

use std::time::Duration;

use snaproom_protocol::{
    VERSION,
    server::{FromServer, MAX_FRAME_BYTES, Refusal, ToServer},
};
use snaproom_server::{Settings, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::harness::{HonestRoom, Server, Tab, capacity, join_message, room, within};

#[tokio::test]
async fn another_version_is_refused_whatever_else_it_says() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    for first in [
        r#"{"type":"join","version":999}"#,
        r#"{"version":0,"type":"enter","news":[{}]}"#,
        r#"{"type":"leave","version":65535}"#,
    ] {
        let mut tab = Tab::open(server.address).await;
        tab.send_raw(Message::text(first)).await;
        tab.is_refused(Refusal::Version).await;
    }
    honest.works().await;
}

#[tokio::test]
async fn a_first_message_that_is_no_join_is_refused() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    let join = serde_json::to_string(&join_message(room(1), 1)).unwrap();
    let ours = format!(r#""version":{VERSION}"#);
    for first in [
        Message::text(""),
        Message::text("[".repeat(MAX_FRAME_BYTES)),
        Message::text("null"),
        Message::text(format!(r#"{{"type":"leave",{ours}}}"#)),
        Message::text(format!(r#"{{"type":"join",{ours}}}"#)),
        Message::text(join.replace(&ours, r#""version":"1""#)),
        Message::text(join.replace(&ours, r#""version":65536"#)),
        Message::text(join.replace("AQEBAQ", "AQE")),
        Message::text(join.clone() + "x"),
        Message::binary(join),
    ] {
        let mut tab = Tab::open(server.address).await;
        tab.send_raw(first).await;
        tab.is_refused(Refusal::Malformed).await;
    }
    honest.works().await;
}

#[tokio::test]
async fn a_malformed_frame_costs_its_sender_the_socket_and_nobody_else() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let join_again = serde_json::to_string(&join_message(room(1), 2)).unwrap();
    let not_utf8 = Frame::message(vec![0xFF, 0xFE], OpCode::Data(Data::Text), true);
    for frame in [
        Message::text("{}"),
        Message::text(r#"{"type":"relay","to":"AAAA","envelope":""}"#),
        Message::text(join_again),
        Message::binary(vec![0; 16]),
        Message::Frame(not_utf8),
    ] {
        let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
        assert!(matches!(ana.next().await, FromServer::Joined { .. }));
        ben.send_raw(frame).await;
        ben.is_refused(Refusal::Malformed).await;
        assert_eq!(ana.next().await, FromServer::Away { peer: ben.id });
    }
    honest.works().await;
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    let padded = |message: &ToServer, length: usize| {
        let text = serde_json::to_string(message).unwrap();
        text.clone() + &" ".repeat(length - text.len())
    };

    let join = join_message(room(1), 1);
    let mut tab = Tab::open(server.address).await;
    tab.send_raw(Message::text(padded(&join, MAX_FRAME_BYTES))).await;
    assert!(matches!(tab.next().await, FromServer::Welcome(_)));
    tab.try_send_raw(Message::text(padded(&ToServer::Leave, MAX_FRAME_BYTES + 1))).await;
    tab.is_refused(Refusal::TooLarge).await;

    let mut tab = Tab::open(server.address).await;
    tab.try_send_raw(Message::text(padded(&join, MAX_FRAME_BYTES + 1))).await;
    tab.is_refused(Refusal::TooLarge).await;

    // In two pieces, of which each is small enough.
    let half = " ".repeat(MAX_FRAME_BYTES / 2 + 1);
    let mut tab = Tab::open(server.address).await;
    for (opcode, last) in [(Data::Text, false), (Data::Continue, true)] {
        let piece = Frame::message(half.clone(), OpCode::Data(opcode), last);
        tab.try_send_raw(Message::Frame(piece)).await;
    }
    tab.is_refused(Refusal::TooLarge).await;
    honest.works().await;
}

#[tokio::test]
async fn who_does_not_join_in_time_is_refused() {
    let timeouts = Timeouts { join: Duration::from_secs(1), ..Timeouts::default() };
    let server = Server::start(Settings { timeouts, ..capacity(2) }).await;
    let mut honest = HonestRoom::open(server.address).await;
    let mut tab = Tab::open(server.address).await;
    tab.send_raw(Message::Ping(vec![1].into())).await;
    tab.is_refused(Refusal::TooSlow).await;
    honest.works().await;
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off() {
    let timeouts = Timeouts { header: Duration::from_millis(300), ..Timeouts::default() };
    let server = Server::start(Settings { timeouts, ..capacity(2) }).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    let mut rest = Vec::new();
    let _ = within(stream.read_to_end(&mut rest)).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_busy_server_says_so() {
    let server = Server::start(Settings { max_rooms: 1, max_sockets: 2, ..capacity(2) }).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let mut second_room = Tab::open(server.address).await;
    second_room.send(&join_message(room(2), 2)).await;
    second_room.is_refused(Refusal::Busy).await;

    let _second_socket = Tab::open(server.address).await;
    let mut third_socket = Tab::open(server.address).await;
    third_socket.is_refused(Refusal::Busy).await;
    assert_eq!(ana.heard().await, []);
}
