use std::{cell::RefCell, rc::Rc};

use js_sys::JsString;
use snaproom_protocol::server::MAX_FRAME_BYTES;
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, WebSocket};

use super::{
    Error,
    live::{Held, Listener},
};

/// Bytes that may wait to be sent.
const MAX_QUEUED_BYTES: usize = 1024 * 1024;

/// A WebSocket of text frames. Dropping it closes it without another event.
///
/// Not gloo-net's: its stream is an unbounded queue and it reads binary frames whatever their size.
pub struct Socket {
    listeners: Vec<Listener>,
    inner: WebSocket,
    early: Rc<RefCell<Vec<String>>>,
    _held: Held,
}

/// What a socket reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// A text frame, at most [`MAX_FRAME_BYTES`].
    Message(String),
    /// It could not be opened, or was closed by either side or by the network. The last event, said once.
    Closed,
}

impl Socket {
    /// Begins to connect to a `ws:` or `wss:` address.
    pub fn open(url: &str, on_event: impl Fn(SocketEvent) + 'static) -> Result<Self, Error> {
        let socket = WebSocket::new(url).map_err(Error::from_js)?;
        let early = Rc::new(RefCell::new(Vec::<String>::new()));
        let on_event = Rc::new(on_event);

        let (opened, queue) = (socket.clone(), early.clone());
        let flush = move |_: &web_sys::Event| {
            for text in queue.take() {
                // Fails only when the socket is closing, which is said by its own event.
                let _ = opened.send_with_str(&text);
            }
        };
        let (receiving, on_message) = (socket.clone(), on_event.clone());
        let read = move |event: &web_sys::Event| match text_within_bounds(event.unchecked_ref()) {
            Text::Read(text) => on_message(SocketEvent::Message(text)),
            Text::None => {}
            // No server of ours sends that much; the close event follows.
            Text::TooLarge => drop(receiving.close()),
        };
        let listeners = vec![
            Listener::new(&socket, "open", flush),
            Listener::new(&socket, "message", read),
            // An error is always followed by a close (WHATWG WebSockets, section 4).
            Listener::new(&socket, "close", move |_| on_event(SocketEvent::Closed)),
        ];
        Ok(Self { listeners, inner: socket, early, _held: Held::new(|live| &mut live.sockets) })
    }

    /// Sends a text frame, or keeps it until the socket is open. Fails when it is closed, and when more than
    /// 1 MiB would wait: the server or the network does not keep up.
    pub fn send(&self, text: &str) -> Result<(), Error> {
        let mut early = self.early.borrow_mut();
        let waiting = early.iter().map(String::len).sum::<usize>() + self.inner.buffered_amount() as usize;
        if waiting + text.len() > MAX_QUEUED_BYTES {
            return Err(Error::new("QuotaExceededError", "the server does not take what is sent"));
        }
        match self.inner.ready_state() {
            WebSocket::CONNECTING => {
                early.push(text.to_owned());
                Ok(())
            }
            WebSocket::OPEN => self.inner.send_with_str(text).map_err(Error::from_js),
            _ => Err(Error::new("InvalidStateError", "the socket is closed")),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.listeners.clear();
        // Fails only for a close code, and none is given.
        let _ = self.inner.close();
    }
}

enum Text {
    Read(String),
    TooLarge,
    /// A binary frame: not of this protocol.
    None,
}

/// Measures the text before it is copied into wasm memory.
fn text_within_bounds(event: &MessageEvent) -> Text {
    let Ok(text) = event.data().dyn_into::<JsString>() else {
        return Text::None;
    };
    // A UTF-16 unit takes one to three bytes of UTF-8.
    if text.length() as usize > MAX_FRAME_BYTES {
        return Text::TooLarge;
    }
    let text = String::from(text);
    if text.len() > MAX_FRAME_BYTES {
        return Text::TooLarge;
    }
    Text::Read(text)
}
