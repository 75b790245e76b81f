//! How often strangers may ask.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
};

use governor::{DefaultDirectRateLimiter, Quota};

use crate::address::Client;

/// How often strangers may ask. An address in a packet proves nothing, so there is no table of addresses, which a flood
/// of made-up ones would fill: each falls to one of a few thousand counters, by a hash that nobody outside can compute.
pub(super) struct Requests {
    pub(super) counters: Vec<DefaultDirectRateLimiter>,
    hasher: RandomState,
}

/// 100 kB.
pub(super) const COUNTERS: u64 = 4096;

/// Requests of one client in a second. A page asks about ten times when it opens a connection.
const REQUESTS: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// At once: a household's pages, all of them joining.
const REQUESTS_AT_ONCE: NonZeroU32 = NonZeroU32::new(400).unwrap();

impl Requests {
    pub(super) fn new() -> Self {
        let quota = Quota::per_second(REQUESTS).allow_burst(REQUESTS_AT_ONCE);
        let counters = (0..COUNTERS).map(|_| DefaultDirectRateLimiter::direct(quota)).collect();
        Self { counters, hasher: RandomState::new() }
    }

    pub(super) fn take(&self, from: IpAddr) -> bool {
        let counter = self.hasher.hash_one(Client::of(from)) % COUNTERS;
        self.counters[counter as usize].check().is_ok()
    }
}
