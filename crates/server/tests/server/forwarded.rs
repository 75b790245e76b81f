//! Whose share it is, by real connections. The table of all cases is in src/address.rs.

use std::net::Ipv4Addr;

use snaproom_protocol::server::{FromServer, Refusal};
use snaproom_server::{Allowance, Settings};

use crate::harness::{Server, Tab, capacity, join_message, room};

/// Each of these counts as who has its one socket already.
#[tokio::test]
async fn nobody_gets_another_share_by_what_it_says_of_itself() {
    const NONE: &[&str] = &[];
    const ONE: &[&str] = &["127.0.0.1"];
    const TWO: &[&str] = &["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
    for (proxies, from, lines, client) in [
        // Directly.
        (NONE, 1, &["198.51.100.1"][..], "127.0.0.1"),
        (NONE, 1, &["127.0.0.1, 198.51.100.1"], "127.0.0.1"),
        (NONE, 1, &["unknown"], "127.0.0.1"),
        (ONE, 2, &["198.51.100.1"], "127.0.0.2"),
        (ONE, 2, &["198.51.100.1, 127.0.0.1"], "127.0.0.2"),
        (ONE, 2, &["127.0.0.1"], "127.0.0.2"),
        // Through one proxy.
        (ONE, 1, &["198.51.100.1"], "198.51.100.1"),
        (ONE, 1, &["192.0.2.9, 198.51.100.1"], "198.51.100.1"),
        (ONE, 1, &["192.0.2.9", "198.51.100.1"], "198.51.100.1"),
        (ONE, 1, &["192.0.2.9", "192.0.2.8,198.51.100.1:4711"], "198.51.100.1"),
        (ONE, 1, &["junk, 127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        (ONE, 1, &["::ffff:198.51.100.1"], "198.51.100.1"),
        (ONE, 1, &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
        (ONE, 1, &["192.0.2.9, [2001:db8:1:2::9]:443"], "2001:db8:1:2::"),
        // Through two.
        (TWO, 1, &["198.51.100.1, 10.0.0.5"], "198.51.100.1"),
        (TWO, 1, &["192.0.2.9, 198.51.100.1", "10.0.0.5"], "198.51.100.1"),
        (TWO, 1, &["192.0.2.9, 2001:db8:1:2::9, [fd00::5]:80"], "2001:db8:1:2::"),
        // The second is none that is trusted.
        (ONE, 1, &["198.51.100.1, 10.0.0.5"], "10.0.0.5"),
        // What no proxy writes: the proxy itself.
        (ONE, 1, &["198.51.100.1, unknown"], "127.0.0.1"),
        (ONE, 1, &["198.51.100.1,"], "127.0.0.1"),
        (ONE, 1, &["198.51.100.1", ""], "127.0.0.1"),
        (TWO, 1, &["198.51.100.1, ?, 10.0.0.5"], "10.0.0.5"),
    ] {
        let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let allowance = Allowance { sockets: 1, ..Allowance::default() };
        let server = Server::start(Settings { allowance, proxies, ..capacity(8) }).await;
        let from = Ipv4Addr::new(127, 0, 0, from);
        let plain = [("x-forwarded-for", client)];
        let plain = if from.to_string() == client { &[][..] } else { &plain };
        let _holder = Tab::open_from(server.address, from, plain).await;
        let said: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let mut again = Tab::open_from(server.address, from, &said).await;
        again.send(&join_message(room(1), 1)).await;
        let answer = again.next().await;
        assert_eq!(answer, FromServer::Refused { reason: Refusal::TooMany }, "{from} {lines:?}");
    }
}
