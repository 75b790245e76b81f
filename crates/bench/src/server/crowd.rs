//! Many pairs at once, all in this process.

use std::{net::SocketAddr, ops::Range, time::Duration};

use anyhow::{Context, Result};
use futures::{
    StreamExt, TryStreamExt,
    future::{join_all, try_join_all},
    stream,
};
use snaproom_e2e::PATIENCE;
use tokio::time::{Instant, timeout};

use super::{dialect::Dialect, pair::Pair};

/// Those that stay until it is dropped.
pub struct Crowd(Vec<Pair>);

/// Rooms that people join at the same time.
const AT_ONCE: usize = 16;

impl Crowd {
    /// In rooms with these numbers.
    pub async fn gather(address: SocketAddr, dialect: Dialect, rooms: Range<u32>) -> Result<Self> {
        let join = async |room| {
            let pair = timeout(PATIENCE, Pair::join(address, dialect, room)).await;
            pair.context("no end of it").flatten().with_context(|| format!("joining room {room}"))
        };
        let pairs = stream::iter(rooms).map(join).buffer_unordered(AT_ONCE);
        Ok(Self(pairs.try_collect().await?))
    }

    /// Nobody speaks for a while.
    pub async fn rest(&mut self, time: Duration) {
        // The end comes by the time.
        let _ = timeout(time, join_all(self.0.iter_mut().map(Pair::rest))).await;
    }

    /// The first so many pairs talk; how long each message was on its way.
    pub async fn talk(&mut self, pairs: usize, time: Duration) -> Result<Vec<Duration>> {
        let until = Instant::now() + time;
        let talks = try_join_all(self.0.iter_mut().take(pairs).map(|pair| pair.talk(until)));
        let times = timeout(time + PATIENCE, talks).await.context("a message got lost")??;
        Ok(times.concat())
    }

    /// How many connections bring a message through.
    pub async fn held(&mut self) -> usize {
        let held = stream::iter(&mut self.0).map(Pair::held).buffer_unordered(AT_ONCE);
        held.fold(0, async |sum, held| sum + held).await
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::server::echo;

    #[tokio::test]
    async fn a_crowd_talks_and_all_of_it_is_held() {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let mut server = tokio::task::JoinSet::new();
        server.spawn(echo::serve(free));
        tokio::task::yield_now().await;
        let mut crowd = Crowd::gather(free, Dialect::Echo, 0..3).await.unwrap();
        assert!(crowd.talk(2, Duration::from_millis(1)).await.unwrap().len() >= 2);
        assert_eq!(crowd.held().await, 6);
    }
}
