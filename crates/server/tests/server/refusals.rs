//! What the server does not take, and that an honest room never notices.

use std::time::Duration;

use snaproom_protocol::{
    VERSION,
    server::{FromServer, Greeting, MAX_FRAME_BYTES, Refusal, ToServer},
    wire,
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
        coding::{CloseCode, Data, OpCode},
    },
};

use crate::harness::{HonestRoom, Server, Tab, capacity, join_message, room, within};

#[tokio::test]
async fn another_version_is_refused_whatever_else_it_says() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    for first in [
        wire::to_text(&Greeting::Join { version: 999 }),
        wire::to_text(&(Greeting::Join { version: 0 }, "news")),
        wire::to_text(&(Greeting::Join { version: u16::MAX }, join_message(room(1), 1))),
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
    let join = wire::to_text(&join_message(room(1), 1));
    for first in [
        Message::text(""),
        Message::text("[".repeat(MAX_FRAME_BYTES)),
        Message::text("_".repeat(MAX_FRAME_BYTES)),
        Message::text(wire::to_text(&ToServer::Leave)),
        Message::text(wire::to_text(&Greeting::Join { version: VERSION })),
        // A version that is no u16, behind the number of a join.
        Message::text(wire::to_text(&(0_u8, 65_536_u32))),
        Message::text(&join[..join.len() - 4]),
        Message::text(join.clone() + "AAAA"),
        Message::text(join.clone() + "!"),
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
    let join_again = wire::to_text(&join_message(room(1), 2));
    for frame in [
        Message::text("{}"),
        // A relay to a short id.
        Message::text(wire::to_text(&(1_u8, "AAAA", ""))),
        Message::text(join_again),
        Message::binary(vec![0; 16]),
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
async fn what_is_none_of_a_websockets_is_refused_with_its_own_code_however_much_comes_after_it() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    let not_utf8 = Frame::message(vec![0xFF, 0xFE], OpCode::Data(Data::Text), true);
    let nothing_to_continue = Frame::message("a", OpCode::Data(Data::Continue), true);
    let reserved = Frame::message("a", OpCode::Data(Data::Reserved(3)), true);
    for (frame, code) in [
        (not_utf8, CloseCode::Invalid),
        (nothing_to_continue, CloseCode::Protocol),
        (reserved, CloseCode::Protocol),
    ] {
        let (mut tab, _) = Tab::join(server.address, room(1), 1).await;
        tab.send_raw(Message::Frame(frame)).await;
        for _ in 0..10 {
            tab.try_send_raw(Message::text("a".repeat(10_000))).await;
        }
        tab.is_refused_with(Refusal::Malformed, code).await;
    }
    honest.works().await;
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let server = Server::start(capacity(2)).await;
    let mut honest = HonestRoom::open(server.address).await;
    let join = wire::to_text(&join_message(room(1), 1));
    let padded = |length: usize| Message::text(join.clone() + &" ".repeat(length - join.len()));

    // It is read, and no message.
    let mut tab = Tab::open(server.address).await;
    tab.send_raw(padded(MAX_FRAME_BYTES)).await;
    tab.is_refused(Refusal::Malformed).await;

    let (mut tab, _) = Tab::join(server.address, room(1), 1).await;
    tab.try_send_raw(padded(MAX_FRAME_BYTES + 1)).await;
    tab.is_refused_with(Refusal::TooLarge, CloseCode::Size).await;

    let mut tab = Tab::open(server.address).await;
    tab.try_send_raw(padded(MAX_FRAME_BYTES + 1)).await;
    tab.is_refused_with(Refusal::TooLarge, CloseCode::Size).await;

    // In two pieces, of which each is small enough.
    let half = " ".repeat(MAX_FRAME_BYTES / 2 + 1);
    let mut tab = Tab::open(server.address).await;
    for (opcode, last) in [(Data::Text, false), (Data::Continue, true)] {
        let piece = Frame::message(half.clone(), OpCode::Data(opcode), last);
        tab.try_send_raw(Message::Frame(piece)).await;
    }
    tab.is_refused_with(Refusal::TooLarge, CloseCode::Size).await;
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
