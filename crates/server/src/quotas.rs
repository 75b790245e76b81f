//! How much one client may ask of the server.

use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};

use crate::{
    address::Client,
    share::{Share, Taken},
    telemetry,
};

/// What one client may have and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Sockets at a time.
    pub sockets: u32,
    /// Joins in a second; 20 times as many at once, since after a restart of the server everybody joins.
    pub joins: NonZeroU32,
    /// What one socket may send in a second, where a message costs one, and one more for each whole KiB. At once, as
    /// much more as it takes to negotiate with everybody in a room. All of a client's sockets together may send ten
    /// times as much.
    pub messages: NonZeroU32,
}

const JOINS_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Two sealed descriptions of 10 KiB, in base64, and 40 candidates, rounded up. With eight seats a burst stays below what may wait in an
/// outbox: nobody can make the server drop somebody else.
const COST_OF_A_NEGOTIATION: NonZeroU32 = NonZeroU32::new(96).unwrap();

/// People who may be busy behind one address at the same time.
const SHARERS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How often what is known of clients who did nothing is forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

impl Default for Allowance {
    fn default() -> Self {
        Self {
            sockets: 256,
            joins: const { NonZeroU32::new(10).unwrap() },
            messages: const { NonZeroU32::new(150).unwrap() },
        }
    }
}

/// What all clients have and did.
#[derive(Debug)]
pub(crate) struct Quotas {
    sockets: Arc<Share>,
    per_socket: Quota,
    joins: DefaultKeyedRateLimiter<Client>,
    messages: DefaultKeyedRateLimiter<Client>,
}

impl Quotas {
    /// For rooms with so many seats.
    pub(crate) fn new(allowance: Allowance, capacity: NonZeroU16) -> Arc<Self> {
        let joins = Quota::per_second(allowance.joins);
        let joins = joins.allow_burst(allowance.joins.saturating_mul(JOINS_AT_ONCE));
        let negotiations = NonZeroU32::from(capacity).saturating_mul(COST_OF_A_NEGOTIATION);
        let messages = |sharers| {
            let rate = allowance.messages.saturating_mul(sharers);
            Quota::per_second(rate).allow_burst(rate.max(negotiations.saturating_mul(sharers)))
        };
        Arc::new(Self {
            sockets: Share::new(allowance.sockets),
            per_socket: messages(NonZeroU32::MIN),
            joins: DefaultKeyedRateLimiter::keyed(joins),
            messages: DefaultKeyedRateLimiter::keyed(messages(SHARERS)),
        })
    }

    /// A place for one more socket of `client`, until it is dropped; none when it has as many as it may.
    pub(crate) fn open(self: &Arc<Self>, client: Client) -> Option<Account> {
        let socket = self.sockets.take(client)?;
        telemetry::socket_opened();
        let messages = DefaultDirectRateLimiter::direct(self.per_socket);
        Some(Account { quotas: Arc::clone(self), socket, messages })
    }

    /// Keeps the tables as small as what happened lately; never returns.
    pub(crate) async fn forget(&self) {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            for table in [&self.joins, &self.messages] {
                table.retain_recent();
                table.shrink_to_fit();
            }
        }
    }
}

/// One socket's.
#[derive(Debug)]
pub(crate) struct Account {
    quotas: Arc<Quotas>,
    socket: Taken,
    messages: DefaultDirectRateLimiter,
}

impl Account {
    /// Whether its client may join just now.
    pub(crate) fn may_join(&self) -> bool {
        self.quotas.joins.check_key(self.socket.client()).is_ok()
    }

    /// Whether a message of so many bytes may pass just now.
    pub(crate) fn may_send(&self, bytes: usize) -> bool {
        let cost = NonZeroU32::MIN.saturating_add(u32::try_from(bytes / 1024).unwrap_or(u32::MAX));
        // A cost beyond every burst never passes.
        matches!(self.messages.check_n(cost), Ok(Ok(())))
            && matches!(self.quotas.messages.check_key_n(self.socket.client(), cost), Ok(Ok(())))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        telemetry::socket_gone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE_SEAT: NonZeroU16 = NonZeroU16::new(1).unwrap();
    /// Per second; the buckets fill by that while a test runs.
    const RATE: NonZeroU32 = NonZeroU32::new(2).unwrap();

    fn quotas(sockets: u32) -> Arc<Quotas> {
        Quotas::new(Allowance { sockets, joins: RATE, messages: RATE }, ONE_SEAT)
    }

    fn client(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    fn count(mut passes: impl FnMut() -> bool) -> u32 {
        (0..10_000).map(|_| u32::from(passes())).sum()
    }

    #[test]
    fn joins_count_by_client_and_messages_by_socket_and_by_client() {
        let quotas = quotas(100);
        let ana = client("10.0.0.1");
        let [first, second] = [ana, ana].map(|client| quotas.open(client).unwrap());
        let bens = quotas.open(client("10.0.0.2")).unwrap();
        let messages = |account: &Account| count(|| account.may_send(100));
        assert!((96..102).contains(&messages(&first)), "one socket's are used up");
        assert!((96..102).contains(&messages(&second)), "another one's are its own");
        let rest: u32 = (0..50).map(|_| messages(&quotas.open(ana).unwrap())).sum();
        assert!((600..960).contains(&rest), "all of a client's together have a bound: {rest}");
        assert!((96..102).contains(&messages(&bens)));

        let joins = |account: &Account| count(|| account.may_join());
        assert!((40..46).contains(&joins(&first)));
        assert!(joins(&second) < 6);
        assert!((40..46).contains(&joins(&bens)));
    }

    #[test]
    fn a_large_message_costs_more() {
        let quotas = quotas(1);
        let account = quotas.open(client("10.0.0.1")).unwrap();
        assert!(account.may_send(60 * 1024));
        assert!(!account.may_send(60 * 1024), "122 of 96");
        assert!(account.may_send(1024));
        assert!(!account.may_send(1024 * 1024), "beyond every burst");
    }
}
