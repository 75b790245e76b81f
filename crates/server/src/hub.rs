//! The one lock of the server: the table of rooms and the outbox of every socket in it.

use std::{
    collections::HashMap,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use snaproom_protocol::{
    Envelope, PeerId, RoomId,
    server::{FromServer, Ice, Refusal, Turn, Welcome},
    wire,
};
use tokio::{sync::Notify, time};
use tungstenite::Utf8Bytes;

use crate::{
    outbox::Outbox,
    rooms::{Effect, Limits, NoSeat, Rooms, SocketId},
    telemetry,
};

/// Shared by all sockets. The lock is never held across an await.
#[derive(Debug)]
pub(crate) struct Hub {
    capacity: u16,
    lease: Duration,
    state: Mutex<State>,
    lease_begun: Notify,
}

#[derive(Debug)]
struct State {
    rooms: Rooms,
    outboxes: HashMap<SocketId, Arc<Outbox>>,
}

impl Hub {
    pub(crate) fn new(limits: Limits) -> Self {
        let state = State { rooms: Rooms::new(limits), outboxes: HashMap::new() };
        Self {
            capacity: limits.capacity.get(),
            lease: limits.lease,
            state: Mutex::new(state),
            lease_begun: Notify::new(),
        }
    }

    /// A seat with its welcome in the outbox, or the last words for who gets none.
    pub(crate) fn join(
        &self,
        room: RoomId,
        peer: PeerId,
        turn: Turn,
        hello: Envelope,
        ice: Ice,
    ) -> Result<Seated<'_>, FromServer> {
        let mut state = self.lock();
        let admission = state.rooms.join(room, peer, turn, hello).map_err(|no_seat| match no_seat {
            NoSeat::Full => FromServer::Full { capacity: self.capacity },
            NoSeat::Busy => FromServer::Refused { reason: Refusal::Busy },
            NoSeat::Overtaken => FromServer::Replaced,
        })?;
        let outbox = Arc::new(Outbox::default());
        outbox.push(to_text(&FromServer::Welcome(Welcome {
            how: admission.how,
            peer,
            peers: admission.peers,
            capacity: self.capacity,
            lease: u32::try_from(self.lease.as_secs()).unwrap_or(u32::MAX),
            ice,
        })));
        state.outboxes.insert(admission.socket, Arc::clone(&outbox));
        state.deliver(admission.effects);
        telemetry::rooms(state.rooms.count());
        telemetry::joined();
        Ok(Seated { hub: self, socket: admission.socket, outbox })
    }

    /// Frees seats as their leases end; never returns.
    pub(crate) async fn expire_leases(&self) {
        loop {
            let deadline = self.lock().rooms.next_deadline();
            let due = async {
                match deadline {
                    Some(deadline) => time::sleep_until(deadline.into()).await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    let mut state = self.lock();
                    let effects = state.rooms.expire(Instant::now());
                    state.deliver(effects);
                    telemetry::rooms(state.rooms.count());
                }
                () = self.lease_begun.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Within the lock, so that every socket hears of things in the order in which they happened.
    fn deliver(&mut self, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } => {
                    let text = to_text(&message);
                    for outbox in to.iter().filter_map(|socket| self.outboxes.get(socket)) {
                        outbox.push(text.clone());
                    }
                }
                Effect::Close { socket, message } => {
                    if let Some(outbox) = self.outboxes.get(&socket) {
                        outbox.end(message);
                    }
                }
            }
        }
    }
}

/// A socket's seat. Dropped without [`Seated::leave`], the socket counts as lost.
#[derive(Debug)]
pub(crate) struct Seated<'a> {
    hub: &'a Hub,
    socket: SocketId,
    outbox: Arc<Outbox>,
}

impl Seated<'_> {
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Answers the tab itself, behind what waits for it already.
    pub(crate) fn answer(&self, message: &FromServer) {
        self.outbox.push(to_text(message));
    }

    pub(crate) fn relay(&self, to: PeerId, envelope: Envelope) {
        let bytes = envelope.0.len();
        let mut state = self.hub.lock();
        let effect = state.rooms.relay(self.socket, to, envelope);
        let is_relayed = effect.is_some();
        state.deliver(effect);
        drop(state);
        if is_relayed {
            telemetry::relayed(bytes);
        }
    }

    pub(crate) fn leave(self) {
        let mut state = self.hub.lock();
        let effect = state.rooms.leave(self.socket);
        state.deliver(effect);
        telemetry::rooms(state.rooms.count());
        // Before `self`, whose end takes the lock again.
        drop(state);
    }
}

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.outboxes.remove(&self.socket);
        let effect = state.rooms.lost(self.socket, Instant::now());
        state.deliver(effect);
        drop(state);
        self.hub.lease_begun.notify_one();
    }
}

/// A message as its frame's text.
pub(crate) fn to_text(message: &FromServer) -> Utf8Bytes {
    wire::to_text(message).into()
}
