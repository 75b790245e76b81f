use std::rc::Rc;

use js_sys::{ArrayBuffer, JsString};
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, RtcDataChannelInit, RtcDataChannelType};

use super::{
    Chunk, Error,
    externs::PeerConnection,
    live::Listener,
    outgoing::{Message, Outgoing},
};

/// Bytes of text that may wait in one channel. Ours come far from it; the browser's own bound is 16 MiB.
const MAX_QUEUED_TEXT: u32 = 1024 * 1024;

/// A negotiated data channel, ordered and reliable. Dropping it closes it.
pub(super) struct Channel {
    listeners: Vec<Listener>,
    outgoing: Rc<Outgoing>,
}

/// Which of the two.
pub(super) struct Kind {
    pub(super) label: &'static str,
    pub(super) id: u16,
    /// Largest text in bytes.
    pub(super) max_text: usize,
    /// Largest binary message in bytes; none where the channel carries text alone.
    pub(super) max_binary: Option<u32>,
}

/// What comes out of a channel.
pub(super) enum ChannelEvent {
    Open,
    Text(String),
    Binary(Chunk),
    /// A message that is no text or chunk within the bounds was dropped.
    Oversized,
    /// It closed or failed; may come twice.
    Closed,
}

impl Channel {
    pub(super) fn new(
        peer: &PeerConnection,
        kind: Kind,
        on_event: impl Fn(ChannelEvent) + Clone + 'static,
    ) -> Result<Self, Error> {
        let options = RtcDataChannelInit::new();
        options.set_negotiated(true);
        options.set_id(kind.id);
        options.set_ordered(true);
        let channel = peer.try_create_data_channel(kind.label, &options).map_err(Error::from_js)?;
        channel.set_binary_type(RtcDataChannelType::Arraybuffer);
        let outgoing = Rc::new(Outgoing::new(channel.clone()));

        let listen = |event: &'static str, translate: fn() -> ChannelEvent| {
            let on_event = on_event.clone();
            Listener::new(&channel, event, move |_| on_event(translate()))
        };
        let (going_on, on_low) = (outgoing.clone(), on_event.clone());
        let listeners = vec![
            Listener::new(&channel, "bufferedamountlow", move |_| {
                if going_on.flush().is_err() {
                    on_low(ChannelEvent::Closed);
                }
            }),
            listen("open", || ChannelEvent::Open),
            listen("close", || ChannelEvent::Closed),
            listen("error", || ChannelEvent::Closed),
            Listener::new(&channel, "message", move |event| {
                on_event(kind.read(event.unchecked_ref()));
            }),
        ];
        Ok(Self { listeners, outgoing })
    }

    /// Sends a text at once, and before what waits.
    pub(super) fn send_text(&self, text: &str) -> Result<(), Error> {
        if self.queued() > MAX_QUEUED_TEXT {
            return Err(Error::new("QuotaExceededError", "the other side does not take what is sent"));
        }
        self.outgoing.channel().send_with_str(text).map_err(Error::from_js)
    }

    /// Sends a message after all others that were sent like this, when there is room for it.
    pub(super) fn send_in_turn(&self, message: Message) -> Result<(), Error> {
        self.outgoing.send(message)
    }

    /// Bytes that were sent and have not left the browser.
    pub(super) fn queued(&self) -> u32 {
        self.outgoing.channel().buffered_amount()
    }
}

impl Kind {
    /// Measures a message where it lies before any of it is copied into wasm memory.
    fn read(&self, event: &MessageEvent) -> ChannelEvent {
        match event.data().dyn_into::<JsString>() {
            // A UTF-16 unit takes one to three bytes of UTF-8.
            Ok(text) if text.length() as usize <= self.max_text => {
                let text = String::from(text);
                if text.len() <= self.max_text {
                    return ChannelEvent::Text(text);
                }
            }
            Err(data) => {
                if let Ok(buffer) = data.dyn_into::<ArrayBuffer>()
                    && self.max_binary.is_some_and(|max| buffer.byte_length() <= max)
                {
                    return ChannelEvent::Binary(Chunk(buffer));
                }
            }
            Ok(_) => {}
        }
        ChannelEvent::Oversized
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.listeners.clear();
        self.outgoing.channel().close();
    }
}
