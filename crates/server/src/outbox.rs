//! What waits to be written to one socket: bounded in messages and in bytes.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use snaproom_protocol::server::{FromServer, Refusal};
use tokio::sync::Notify;
use tungstenite::Utf8Bytes;

/// Messages that may wait: a few negotiations with everybody in a large room.
const MAX_MESSAGES: usize = 256;

/// Bytes that may wait: ten of the largest frames, or what a phone takes in a second.
const MAX_BYTES: usize = 1024 * 1024;

/// Filled by anybody, emptied by the socket's own task.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
}

/// What the socket's task does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Write this.
    Message(Utf8Bytes),
    /// Write this and close.
    Last(FromServer),
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Utf8Bytes>,
    bytes: usize,
    last: Option<FromServer>,
}

impl Outbox {
    /// Queues `text`. Where it finds no space the receiver does not keep up, and its socket ends.
    pub(crate) fn push(&self, text: Utf8Bytes) {
        let mut state = self.lock();
        if state.last.is_some() {
            return;
        }
        if state.queue.len() == MAX_MESSAGES || state.bytes + text.len() > MAX_BYTES {
            drop(state);
            return self.end(FromServer::Refused { reason: Refusal::Lagging });
        }
        state.bytes += text.len();
        state.queue.push_back(text);
        drop(state);
        self.changed.notify_one();
    }

    /// Drops what waits: the socket sends `last` and closes. The first end stands.
    pub(crate) fn end(&self, last: FromServer) {
        let mut state = self.lock();
        state.queue = VecDeque::new();
        state.last.get_or_insert(last);
        drop(state);
        self.changed.notify_one();
    }

    /// The next thing to do. Cancelling it loses nothing.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// Resolves when the socket is to close, however much waits before that.
    pub(crate) async fn ended(&self) -> FromServer {
        loop {
            let last = self.lock().last.clone();
            if let Some(last) = last {
                return last;
            }
            self.changed.notified().await;
        }
    }

    fn take(&self) -> Option<Next> {
        let mut state = self.lock();
        if let Some(last) = &state.last {
            return Some(Next::Last(last.clone()));
        }
        let text = state.queue.pop_front()?;
        state.bytes -= text.len();
        Some(Next::Message(text))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAGGING: FromServer = FromServer::Refused { reason: Refusal::Lagging };

    #[tokio::test]
    async fn what_goes_in_comes_out_in_order_until_the_end() {
        let outbox = Outbox::default();
        outbox.push("a".into());
        outbox.push("b".into());
        assert_eq!(outbox.next().await, Next::Message("a".into()));
        outbox.end(FromServer::Replaced);
        outbox.push("c".into());
        assert_eq!(outbox.next().await, Next::Last(FromServer::Replaced));
        assert_eq!(outbox.ended().await, FromServer::Replaced);
    }

    #[tokio::test]
    async fn one_message_too_many_is_the_end() {
        let outbox = Outbox::default();
        for _ in 0..MAX_MESSAGES {
            outbox.push("a".into());
        }
        assert_eq!(outbox.lock().last, None);
        outbox.push("a".into());
        assert_eq!(outbox.next().await, Next::Last(LAGGING));
    }

    #[tokio::test]
    async fn one_byte_too_many_is_the_end_and_what_was_taken_counts_no_more() {
        let outbox = Outbox::default();
        let half = Utf8Bytes::from("a".repeat(MAX_BYTES / 2));
        outbox.push(half.clone());
        outbox.push(half.clone());
        assert_eq!(outbox.next().await, Next::Message(half.clone()));
        outbox.push(half.clone());
        assert_eq!(outbox.lock().last, None);
        outbox.push("a".into());
        assert_eq!(outbox.ended().await, LAGGING);
    }
}
