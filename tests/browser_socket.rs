//! The socket, against a WebSocket that the test plays, and once against a port where nobody listens.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::RefCell, rc::Rc};

use snaproom_app::browser::{Socket, SocketEvent, live, task};
use snaproom_protocol::server::MAX_FRAME_BYTES;
use support::{Replaced, soon, until};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export function played() {
        class Played extends EventTarget {
            constructor(url) {
                super();
                Object.assign(this, { url, readyState: 0, bufferedAmount: 0, sent: [] });
                Played.last = this;
            }
            send(text) {
                if (this.readyState === 0) throw new DOMException('not open', 'InvalidStateError');
                this.sent.push(text);
            }
            close() { this.readyState = 2; }
            opened() { this.readyState = 1; this.dispatchEvent(new Event('open')); }
            closed() { this.readyState = 3; this.dispatchEvent(new CloseEvent('close')); }
            message(data) { this.dispatchEvent(new MessageEvent('message', { data })); }
        }
        return Played;
    }
")]
extern "C" {
    type Played;
    fn played() -> Played;
    #[wasm_bindgen(method, getter)]
    fn last(this: &Played) -> Server;

    /// The other end of the last socket.
    type Server;
    #[wasm_bindgen(method, getter)]
    fn url(this: &Server) -> String;
    #[wasm_bindgen(method, getter)]
    fn sent(this: &Server) -> Vec<String>;
    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &Server) -> u16;
    #[wasm_bindgen(method, setter, js_name = bufferedAmount)]
    fn set_buffered_amount(this: &Server, bytes: u32);
    #[wasm_bindgen(method)]
    fn opened(this: &Server);
    #[wasm_bindgen(method)]
    fn closed(this: &Server);
    #[wasm_bindgen(method)]
    fn message(this: &Server, data: &JsValue);
}

type Events = Rc<RefCell<Vec<SocketEvent>>>;

fn open(url: &str) -> (Socket, Events) {
    let events = Events::default();
    let reported = events.clone();
    let socket = Socket::open(url, move |event| reported.borrow_mut().push(event)).unwrap();
    (socket, events)
}

#[wasm_bindgen_test]
fn what_is_sent_early_goes_first() {
    let played = played();
    let _replaced = Replaced::with("WebSocket", played.as_ref());
    let (socket, _events) = open("ws://server.example/ws");
    let server = played.last();
    assert_eq!(server.url(), "ws://server.example/ws");
    socket.send("first").unwrap();
    socket.send("second").unwrap();
    assert!(server.sent().is_empty());
    server.opened();
    socket.send("third").unwrap();
    assert_eq!(server.sent(), ["first", "second", "third"]);
}

#[wasm_bindgen_test]
fn texts_come_in_and_nothing_else() {
    let played = played();
    let _replaced = Replaced::with("WebSocket", played.as_ref());
    let (_socket, events) = open("ws://server.example/ws");
    let server = played.last();
    server.opened();
    server.message(&"hello".into());
    server.message(&js_sys::ArrayBuffer::new(4));
    server.message(&"x".repeat(MAX_FRAME_BYTES).into());
    assert_eq!(server.ready_state(), 1);
    server.message(&"x".repeat(MAX_FRAME_BYTES + 1).into());
    assert_eq!(server.ready_state(), 2, "a frame over the bound ends the socket");
    server.closed();
    assert_eq!(
        events.take(),
        [
            SocketEvent::Message("hello".to_owned()),
            SocketEvent::Message("x".repeat(MAX_FRAME_BYTES)),
            SocketEvent::Closed,
        ]
    );
}

#[wasm_bindgen_test]
fn the_bound_counts_bytes() {
    let played = played();
    let _replaced = Replaced::with("WebSocket", played.as_ref());
    let (_socket, events) = open("ws://server.example/ws");
    let server = played.last();
    server.opened();
    server.message(&"한".repeat(MAX_FRAME_BYTES / 2).into());
    assert_eq!(server.ready_state(), 2);
    assert_eq!(events.take(), []);
}

#[wasm_bindgen_test]
fn a_server_that_takes_nothing_gets_no_more() {
    const MIB: u32 = 1024 * 1024;
    let played = played();
    let _replaced = Replaced::with("WebSocket", played.as_ref());
    let (socket, _events) = open("ws://server.example/ws");
    let server = played.last();
    socket.send(&"x".repeat(MIB as usize)).unwrap();
    assert_eq!(socket.send("y").unwrap_err().name, "QuotaExceededError");
    server.opened();
    server.set_buffered_amount(MIB);
    assert_eq!(socket.send("y").unwrap_err().name, "QuotaExceededError");
    server.set_buffered_amount(MIB - 1);
    socket.send("y").unwrap();
    server.closed();
    server.set_buffered_amount(0);
    assert_eq!(socket.send("z").unwrap_err().name, "InvalidStateError");
}

#[wasm_bindgen_test]
fn a_dropped_socket_is_closed_and_silent() {
    let before = live();
    let played = played();
    let _replaced = Replaced::with("WebSocket", played.as_ref());
    let (socket, events) = open("ws://server.example/ws");
    let server = played.last();
    server.opened();
    assert_eq!(live().sockets, before.sockets + 1);
    drop(socket);
    assert_eq!(server.ready_state(), 2);
    server.message(&"late".into());
    server.closed();
    assert_eq!(events.take(), []);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn nobody_listens() {
    let before = live();
    // Port 9 throws away what it gets, where it exists at all.
    let (socket, events) = open("ws://127.0.0.1:9/ws");
    socket.send("early").unwrap();
    until("the end", || !events.borrow().is_empty()).await;
    soon("anything more", task::sleep(50)).await;
    assert_eq!(events.take(), [SocketEvent::Closed]);
    drop(socket);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
fn an_address_that_is_none_is_an_error() {
    let before = live();
    assert_eq!(Socket::open("ftp://server.example/ws", |_| {}).err().unwrap().name, "SyntaxError");
    assert_eq!(live(), before);
}
