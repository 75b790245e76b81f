//! What is known of each who has an allocation, beside what the library knows.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use stun::agent::TransactionId;
use tokio::time::Instant;

use super::{CHANNEL_LIFETIME, relay::Rate};

/// The part of what the relay may carry that one user can have: a flood leaves the others the rest.
const SHARE: u32 = 2;

/// Peers of one allocation, which is one connection's: more than the addresses that the other side has. The library has
/// two tasks for each, until their time ends, and as many as are asked for.
const PEERS: usize = 100;

/// Where a transaction's id is (RFC 8489, section 5).
const TRANSACTION: std::ops::Range<usize> = 8..20;

/// By where they send from.
#[derive(Debug)]
pub(super) struct Users {
    bytes_per_second: NonZeroU32,
    users: Mutex<HashMap<SocketAddr, Arc<User>>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct User {
    /// What it was told when it got its allocation.
    answer: Vec<u8>,
    /// What it sends and what it is sent.
    pub(super) rate: Rate,
    peers: Mutex<HashMap<SocketAddr, Instant>>,
}

impl Users {
    /// Of a relay that carries so much.
    pub(super) fn new(bytes_per_second: NonZeroU32) -> Self {
        let bytes_per_second = NonZeroU32::new(bytes_per_second.get() / SHARE).unwrap_or(NonZeroU32::MIN);
        Self { bytes_per_second, users: Mutex::default() }
    }

    pub(super) fn at(&self, client: SocketAddr) -> Option<Arc<User>> {
        locked(&self.users).get(&client).cloned()
    }

    /// Somebody has an allocation, as this answer says.
    pub(super) fn add(&self, client: SocketAddr, answer: &[u8]) {
        let user =
            User { answer: answer.to_vec(), rate: Rate::new(self.bytes_per_second), peers: Mutex::default() };
        locked(&self.users).insert(client, Arc::new(user));
    }

    /// The library does not say when an allocation ends.
    pub(super) fn keep(&self, clients: &HashSet<SocketAddr>) {
        locked(&self.users).retain(|client, _| clients.contains(client));
    }
}

impl User {
    /// What it was told, if that was in answer to this.
    pub(super) fn answer_to(&self, transaction: TransactionId) -> Option<&[u8]> {
        (self.answer.get(TRANSACTION)? == transaction.0).then_some(&self.answer)
    }

    /// Whether it may have this peer, as one of those it asked for lately.
    pub(super) fn may_have(&self, peer: SocketAddr) -> bool {
        let mut peers = locked(&self.peers);
        peers.retain(|_, asked| asked.elapsed() < CHANNEL_LIFETIME);
        let may = peers.len() < PEERS || peers.contains_key(&peer);
        if may {
            peers.insert(peer, Instant::now());
        }
        may
    }
}

/// Nothing panics while it holds one of these.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
