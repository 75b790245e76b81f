use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

use js_sys::Uint8ClampedArray;
use snaproom_protocol::bulk;
use web_sys::RtcDataChannel;

use super::{Error, Payload};

/// Messages in order into a channel. What its queue has no room for waits here, where the bytes of a photo are not
/// copied, until [`flush`](Self::flush) is called on `bufferedamountlow`.
///
/// What the browser says of its queue proves nothing about the receiver: on a busy page it lags behind the receiver's
/// word, and Firefox (ESR 153) counts down only when its queue runs empty, so that it may say as much as was sent since
/// the last rest. What waits here has not left the page, though.
pub(super) struct Outgoing {
    channel: RtcDataChannel,
    waiting: RefCell<VecDeque<Message>>,
    waiting_bytes: Cell<u32>,
}

/// On its way.
pub(super) enum Message {
    Text(String),
    /// A view into the bytes, which are kept for it.
    Bytes(Uint8ClampedArray, Payload),
}

/// Bytes in the browser's queue from which on messages wait here. Chromium refuses more than 16 MiB.
const FULL: u32 = 16 * bulk::WINDOW_BYTES;

/// Bytes in the browser's queue at which they go on.
const LOW: u32 = bulk::WINDOW_BYTES;

/// Bytes that may wait here. An honest receiver has allowed a window beyond what it took, and headers come on top.
const MAX_WAITING: u32 = 2 * bulk::WINDOW_BYTES;

impl Outgoing {
    pub(super) fn new(channel: RtcDataChannel) -> Self {
        channel.set_buffered_amount_low_threshold(LOW);
        Self { channel, waiting: RefCell::default(), waiting_bytes: Cell::new(0) }
    }

    pub(super) fn channel(&self) -> &RtcDataChannel {
        &self.channel
    }

    /// Sends a message after all before it. Fails where more waits than an honest receiver allows.
    pub(super) fn send(&self, message: Message) -> Result<(), Error> {
        self.waiting_bytes.update(|bytes| bytes.saturating_add(message.bytes()));
        self.waiting.borrow_mut().push_back(message);
        self.flush()?;
        if self.waiting_bytes.get() > MAX_WAITING {
            return Err(Error::new("QuotaExceededError", "the receiver allows more than it takes"));
        }
        Ok(())
    }

    /// Gives the browser what it has room for.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let mut waiting = self.waiting.borrow_mut();
        while self.channel.buffered_amount() <= FULL
            && let Some(message) = waiting.pop_front()
        {
            self.waiting_bytes.update(|bytes| bytes.saturating_sub(message.bytes()));
            match message {
                Message::Text(text) => self.channel.send_with_str(&text),
                Message::Bytes(view, _kept) => self.channel.send_with_array_buffer_view(&view),
            }
            .map_err(Error::from_js)?;
        }
        Ok(())
    }
}

impl Message {
    fn bytes(&self) -> u32 {
        match self {
            Self::Text(text) => u32::try_from(text.len()).unwrap_or(u32::MAX),
            Self::Bytes(view, _) => view.length(),
        }
    }
}
