//! What the Autobahn test suite plays with: our WebSocket with its bounds and its ends, and an echo instead of rooms.
//!
//! All of its 239 cases are passed, strictly. It is of 2018 and needs Python 2.7, so that CI plays a few cases of our
//! own: `pip install autobahntestsuite==0.8.2`, then `SNAPROOM_ECHO=127.0.0.1:9001 cargo test -p snaproom-server --lib
//! echo`, which runs until it is killed, and beside it `wstest -m fuzzingclient -s autobahn.json`, where that file is
//! [`AUTOBAHN`].

use std::{env, time::Duration};

use axum::{Router, routing::get};
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::client_async;
use tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

use super::{
    end::{NO_TEXT, PROTOCOL, TOO_LARGE, farewell},
    *,
};
use crate::decoder::Broken;

/// Without the cases of binary messages (1.2), which the server refuses, of messages over its limit (9: up to 16 MiB),
/// and of compression (12, 13), which it does not offer.
const AUTOBAHN: &str = r#"{
    "outdir": "target/autobahn",
    "servers": [{ "agent": "snaproom", "url": "ws://127.0.0.1:9001" }],
    "cases": ["*"],
    "exclude-cases": ["1.2.*", "9.*", "12.*", "13.*"]
}"#;

#[tokio::test]
async fn the_protocol_is_kept_and_what_breaks_it_is_told_so() {
    let play = env::var("SNAPROOM_ECHO");
    let listener = TcpListener::bind(play.as_deref().unwrap_or("127.0.0.1:0")).await.unwrap();
    let address = listener.local_addr().unwrap();
    let open = async |request: Request| upgrade(request, |line| echo(Socket::new(line, MAX_FRAME_BYTES)));
    let serving = tokio::spawn(axum::serve(listener, Router::new().route("/", get(open))).into_future());
    if play.is_ok() {
        println!("{AUTOBAHN}");
        serving.await.unwrap().unwrap();
    }
    let too_large = vec![b'a'; MAX_FRAME_BYTES + 1];
    for (first, payload, code) in [
        (OpCode::Data(Data::Text), "κόσμε".as_bytes(), None),
        (OpCode::Data(Data::Text), b"\xED\xA0\x80", Some(1007)),
        (OpCode::Data(Data::Continue), b"a", Some(1002)),
        (OpCode::Data(Data::Reserved(3)), b"", Some(1002)),
        (OpCode::Data(Data::Text), &too_large, Some(1009)),
    ] {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut tab, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
        let frame = Frame::message(payload.to_vec(), first, true);
        tab.send(tungstenite::Message::Frame(frame)).await.unwrap();
        let answer = timeout(Duration::from_secs(20), tab.next()).await.unwrap().unwrap().unwrap();
        match (answer, code) {
            (tungstenite::Message::Text(text), None) => assert_eq!(text.as_bytes(), payload),
            (tungstenite::Message::Close(Some(close)), Some(code)) => assert_eq!(u16::from(close.code), code),
            (answer, _) => panic!("{first:?}: {answer:?}"),
        }
    }
}

async fn echo(mut socket: Socket) {
    let code = loop {
        let said = match socket.receive().await {
            Ok(Incoming::Text(text)) => text,
            Ok(Incoming::Ping(_) | Incoming::Pong) => continue,
            Ok(Incoming::Close(code)) => break code,
            Ok(Incoming::Binary) => break Some(1003),
            Err(Silence::Broken(Broken::Protocol)) => break Some(PROTOCOL),
            Err(Silence::Broken(Broken::Text)) => break Some(NO_TEXT),
            Err(Silence::Broken(Broken::Size)) => break Some(TOO_LARGE),
            Err(Silence::Gone) => return,
        };
        if socket.send(Outgoing::Text(&said)).await.is_err() {
            return;
        }
    };
    // The suite knows no words of ours.
    let _ = timeout(Duration::from_secs(1), farewell(socket, None, code)).await;
}
