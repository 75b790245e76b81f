//! So many at a time for each client, of whatever it is.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::address::Client;

/// What each client has of something, and may have at most.
#[derive(Debug)]
pub(crate) struct Share {
    most: u32,
    taken: Mutex<HashMap<Client, u32>>,
}

impl Share {
    pub(crate) fn new(most: u32) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// One more for `client`, until it is dropped; none when it has as many as it may.
    pub(crate) fn take(self: &Arc<Self>, client: Client) -> Option<Taken> {
        let mut all = self.lock();
        let taken = all.entry(client).or_default();
        if *taken >= self.most {
            return None;
        }
        *taken += 1;
        drop(all);
        Some(Taken { share: Arc::clone(self), client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Client, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that a client has.
#[derive(Debug)]
pub(crate) struct Taken {
    share: Arc<Share>,
    client: Client,
}

impl Taken {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Entry::Occupied(mut taken) = self.share.lock().entry(self.client) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_and_others_have_theirs() {
        let share = Share::new(2);
        let [ana, ben] = ["10.0.0.1", "10.0.0.2"].map(|address| Client::of(address.parse().unwrap()));
        let first = share.take(ana).unwrap();
        let _second = share.take(ana).unwrap();
        assert!(share.take(ana).is_none());
        let bens = share.take(ben).unwrap();
        drop(first);
        let _third = share.take(ana).unwrap();
        assert!(share.take(ana).is_none());
        drop(bens);
        assert_eq!(share.lock().len(), 1, "who has none is not in the table");
    }
}
