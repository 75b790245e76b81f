//! What the Autobahn test suite plays with: our WebSocket with its bounds and its ends, and an echo instead of rooms.
//!
//! All of its 247 cases are passed, two of them not strictly (6.4.3, 6.4.4: wrong UTF-8 in the middle of a frame is
//! noticed at the frame's end). It is of 2018 and needs Python 2.7: `pip install autobahntestsuite==0.8.2`, then
//! `SNAPROOM_ECHO=127.0.0.1:9001 cargo test -p snaproom-server --lib echo -- --ignored`, and beside it
//! `wstest -m fuzzingclient -s autobahn.json`, where autobahn.json is [`AUTOBAHN`].

use std::{env, time::Duration};

use axum::{Router, routing::get};
use tokio::net::TcpListener;

use super::*;

/// Without the cases of messages over our limit (9: up to 16 MiB) and of compression (12, 13), which is not offered.
const AUTOBAHN: &str = r#"{
    "outdir": "target/autobahn",
    "servers": [{ "agent": "snaproom", "url": "ws://127.0.0.1:9001" }],
    "cases": ["*"],
    "exclude-cases": ["9.*", "12.*", "13.*"]
}"#;

#[tokio::test]
#[ignore = "it runs until it is killed"]
async fn an_echo() {
    let address = env::var("SNAPROOM_ECHO").unwrap_or_else(|_| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await.unwrap();
    println!("{AUTOBAHN}");
    let open = async |upgrade: WebSocketUpgrade| bounded(upgrade).on_upgrade(echo);
    axum::serve(listener, Router::new().route("/", get(open))).await.unwrap();
}

async fn echo(mut socket: WebSocket) {
    let end = loop {
        let said = match socket.recv().await {
            Some(Ok(said @ (Message::Text(_) | Message::Binary(_)))) => said,
            other => match text_of(other) {
                Ok(_) => continue,
                Err(end) => break end,
            },
        };
        if socket.send(said).await.is_err() {
            break End::Gone;
        }
    };
    // The suite knows no words of ours, and leaves after a second by itself.
    let code = if let End::Broken(_, code) = end { Some(code) } else { None };
    let _ = timeout(Duration::from_millis(300), farewell(socket, None, code, code.is_none())).await;
}
