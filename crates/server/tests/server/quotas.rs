//! What one client may have and do; and that nobody else has less for it.

use std::{net::SocketAddr, num::NonZeroU32};

use snaproom_protocol::server::{FromServer, Refusal};
use snaproom_server::{Allowance, Settings};

use crate::frames::Frame;
use crate::harness::{Server, Tab, capacity, relay, relayed, room, within};

fn allowing(allowance: Allowance) -> Settings {
    // The tests are the proxy in front of everybody.
    Settings { allowance, proxies: vec!["127.0.0.1".parse().unwrap()], ..capacity(8) }
}

async fn open_from(server: SocketAddr, client: &str) -> Tab {
    Tab::open_with(server, &[("x-forwarded-for", client)]).await
}

#[tokio::test]
async fn one_address_has_so_many_sockets_and_is_told_when_it_has_them() {
    let server = Server::start(allowing(Allowance { sockets: 2, ..Allowance::default() })).await;
    let mut first = open_from(server.address, "203.0.113.1").await;
    let mut second = open_from(server.address, "203.0.113.1").await;
    let mut third = open_from(server.address, "203.0.113.1").await;
    third.is_refused(Refusal::TooMany).await;
    // Another client; what stands left of the proxy's entry is anybody's invention.
    let mut other = open_from(server.address, "203.0.113.1, 203.0.113.2").await;
    for (tab, token) in [(&mut first, 1), (&mut second, 2), (&mut other, 3)] {
        tab.take_seat(room(1), token).await;
    }
    // Who goes makes room.
    drop(first);
    within(async { while !open_from(server.address, "203.0.113.1").await.is_seated(room(2), 9).await {} })
        .await;
}

#[tokio::test]
async fn who_joins_and_joins_is_refused_and_others_are_not() {
    let joins = NonZeroU32::MIN;
    let server = Server::start(allowing(Allowance { joins, ..Allowance::default() })).await;
    let mut refused = 0;
    for n in 0..40 {
        let mut tab = open_from(server.address, "203.0.113.1").await;
        if !tab.is_seated(room(n), n).await {
            refused += 1;
        }
    }
    assert!((10..=20).contains(&refused), "20 at once, and one in each second: {refused} were refused");
    open_from(server.address, "203.0.113.2").await.take_seat(room(99), 99).await;
}

#[tokio::test]
async fn a_flood_ends_its_own_socket_and_its_receiver_stays() {
    let server = Server::start(capacity(8)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    let (mut cat, _) = Tab::join(server.address, room(1), 3).await;
    let (ana_id, ben_id, cat_id) = (ana.id, ben.id, cat.id);
    // Ana reads nothing meanwhile.
    let sent = cat.flood(&relay(ana_id, &vec![0; 40_000])).await;
    println!("{sent} messages of 40 kB left before the end");
    ben.until(&FromServer::Away { peer: cat_id }).await;
    ana.until(&FromServer::Away { peer: cat_id }).await;
    ben.send(&relay(ana_id, b"on")).await;
    assert_eq!(ana.next().await, relayed(ben_id, b"on"));
}

#[tokio::test]
async fn pings_and_pieces_count_as_messages_do() {
    let server = Server::start(capacity(8)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let pings = Frame::ping().bytes().repeat(1_000);
    let pieces = Frame::piece([]).bytes().repeat(1_000);
    for (beginning, more) in [(Vec::new(), pings), (Frame::beginning([]).bytes(), pieces)] {
        for joins in [true, false] {
            let mut tab = Tab::open(server.address).await;
            if joins {
                tab.take_seat(room(1), 2).await;
                assert!(matches!(ana.next().await, FromServer::Joined { .. }));
            }
            // Far more than any line holds.
            let (mut sent, far_more) = (0, 100_000_000);
            tab.try_send_bytes(&beginning).await;
            while sent < far_more && tab.try_send_bytes(&more).await {
                sent += more.len();
            }
            assert!(sent < far_more, "nobody minded");
            if joins {
                assert_eq!(ana.next().await, FromServer::Away { peer: tab.id });
            }
        }
    }
}
