//! Seats, leases and who hears what.

use std::time::Duration;

use snaproom_protocol::{
    MAX_ENVELOPE_BYTES, PeerId,
    server::{FromServer, Ice, IceServer, Seat, ToServer, Welcomed},
};
use snaproom_server::{IceServers, Settings, Timeouts};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::harness::{
    Server, Tab, capacity, hello, join_message, join_message_of_life, relay, relayed, room,
};

fn here(peer: PeerId) -> Seat {
    Seat { peer, away: false }
}

#[tokio::test]
async fn the_first_tab_creates_the_room_and_the_next_joins_it() {
    let ice = IceServers { stun: vec!["stun:stun.example.org".parse().unwrap()], ..IceServers::default() };
    let server = Server::start(Settings { ice, ..capacity(3) }).await;
    let (mut ana, welcome) = Tab::join(server.address, room(1), 1).await;
    assert_eq!((welcome.how, welcome.peers, welcome.capacity), (Welcomed::Created, vec![], 3));
    let urls = vec!["stun:stun.example.org".to_owned()];
    let ice = Ice { servers: vec![IceServer { urls, username: None, credential: None }], expires_in: None };
    assert_eq!((welcome.lease, welcome.ice), (30, ice.clone()));
    // The same when it asks anew.
    ana.send(&ToServer::RenewIce).await;
    assert_eq!(ana.next().await, FromServer::Ice(ice));

    let (ben, welcome) = Tab::join(server.address, room(1), 2).await;
    assert_eq!((welcome.how, welcome.peers), (Welcomed::Joined, vec![here(ana.id)]));
    assert_eq!(ana.next().await, FromServer::Joined { peer: ben.id, hello: hello(2) });

    let (_cat, welcome) = Tab::join(server.address, room(1), 3).await;
    assert_eq!(welcome.peers, [here(ana.id), here(ben.id)]);
}

#[tokio::test]
async fn the_peer_id_is_the_start_of_the_tokens_hash() {
    let server = Server::start(capacity(2)).await;
    let (tab, _) = Tab::join(server.address, room(1), 0).await;
    // sha256sum of 32 zero bytes.
    assert_eq!(tab.id.0[..8], [0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77]);
}

#[tokio::test]
async fn two_rooms_see_nothing_of_each_other() {
    let server = Server::start(capacity(3)).await;
    let (mut watcher, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ana, _) = Tab::join(server.address, room(2), 2).await;

    // A join.
    let (mut ben, welcome) = Tab::join(server.address, room(2), 3).await;
    assert_eq!(welcome.peers, [here(ana.id)]);
    assert_eq!(ana.next().await, FromServer::Joined { peer: ben.id, hello: hello(3) });
    assert_eq!(watcher.heard().await, []);

    // A message, also one that is addressed to the watcher.
    ben.send(&relay(ana.id, b"hi")).await;
    ben.send(&relay(watcher.id, b"hi")).await;
    assert_eq!(ben.heard().await, []);
    assert_eq!(ana.next().await, relayed(ben.id, b"hi"));
    assert_eq!(watcher.heard().await, []);
    watcher.send(&relay(ana.id, b"hi")).await;
    assert_eq!(watcher.heard().await, []);
    assert_eq!(ana.heard().await, []);

    // A loss and a leave.
    drop(ben);
    assert!(matches!(ana.next().await, FromServer::Away { .. }));
    let (mut ben, _) = Tab::join(server.address, room(2), 3).await;
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    ben.send(&ToServer::Leave).await;
    assert_eq!(ana.next().await, FromServer::Left { peer: ben.id, for_good: true });
    assert_eq!(ben.closed().await, CloseCode::Normal);
    assert_eq!(watcher.heard().await, []);

    // The same token is a stranger in another room.
    let (_other_ana, welcome) = Tab::join(server.address, room(1), 2).await;
    assert_eq!(welcome.peers, [here(watcher.id)]);
    assert_eq!(ana.heard().await, []);
}

#[tokio::test]
async fn the_server_says_who_sent() {
    let server = Server::start(capacity(3)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    let (mut cat, _) = Tab::join(server.address, room(1), 3).await;
    ana.send(&relay(cat.id, &[1, 2, 3])).await;
    assert_eq!(cat.next().await, relayed(ana.id, &[1, 2, 3]));
    ben.heard().await;
}

#[tokio::test]
async fn the_largest_envelope_passes() {
    let server = Server::start(capacity(2)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    let largest = vec![0xA5; MAX_ENVELOPE_BYTES];
    ben.send(&relay(ana.id, &largest)).await;
    assert_eq!(ana.next().await, FromServer::Joined { peer: ben.id, hello: hello(2) });
    assert_eq!(ana.next().await, relayed(ben.id, &largest));
}

#[tokio::test]
async fn a_full_room_refuses_and_goes_on() {
    let server = Server::start(capacity(2)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));

    let mut cat = Tab::open(server.address).await;
    cat.send(&join_message(room(1), 3)).await;
    assert_eq!(cat.next().await, FromServer::Full { capacity: 2 });
    assert_eq!(cat.closed().await, CloseCode::Normal);

    ben.send(&relay(ana.id, b"still here")).await;
    assert_eq!(ana.next().await, relayed(ben.id, b"still here"));
    ben.send(&ToServer::Leave).await;
    assert_eq!(ana.next().await, FromServer::Left { peer: ben.id, for_good: true });
    let (_cat, welcome) = Tab::join(server.address, room(1), 3).await;
    assert_eq!(welcome.peers, [here(ana.id)]);
}

#[tokio::test]
async fn a_lost_tab_is_away_for_its_lease_and_then_has_left() {
    let lease = Duration::from_millis(300);
    let server = Server::start(Settings { lease, ..capacity(2) }).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (ben, _) = Tab::join(server.address, room(1), 2).await;
    let ben_id = ben.id;
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    drop(ben);
    assert_eq!(ana.next().await, FromServer::Away { peer: ben_id });
    assert_eq!(ana.next().await, FromServer::Left { peer: ben_id, for_good: false });

    // Without anybody the room is forgotten: the next one creates it again.
    ana.send(&ToServer::Leave).await;
    assert_eq!(ana.closed().await, CloseCode::Normal);
    let (_, welcome) = Tab::join(server.address, room(1), 3).await;
    assert_eq!(welcome.how, Welcomed::Created);
}

#[tokio::test]
async fn who_comes_back_within_the_lease_has_its_seat() {
    let server = Server::start(capacity(3)).await;
    let (ana, _) = Tab::join(server.address, room(1), 1).await;
    let ana_id = ana.id;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    drop(ana);
    assert_eq!(ben.next().await, FromServer::Away { peer: ana_id });

    // A newcomer learns of the seat that is kept, and a message to it is nobody's.
    let (mut cat, welcome) = Tab::join(server.address, room(1), 3).await;
    assert_eq!(welcome.peers, [Seat { peer: ana_id, away: true }, here(ben.id)]);
    assert!(matches!(ben.next().await, FromServer::Joined { .. }));
    cat.send(&relay(ana_id, b"lost")).await;
    assert_eq!(cat.heard().await, []);

    let (mut ana, welcome) = Tab::join(server.address, room(1), 1).await;
    assert_eq!((welcome.how, ana.id), (Welcomed::Joined, ana_id));
    assert_eq!(welcome.peers, [here(ben.id), here(cat.id)]);
    for tab in [&mut ben, &mut cat] {
        assert_eq!(tab.next().await, FromServer::Joined { peer: ana_id, hello: hello(1) });
    }
    assert_eq!(ana.heard().await, []);
}

#[tokio::test]
async fn an_away_seat_yields_to_a_newcomer() {
    let server = Server::start(capacity(2)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (ben, _) = Tab::join(server.address, room(1), 2).await;
    let ben_id = ben.id;
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    drop(ben);
    assert_eq!(ana.next().await, FromServer::Away { peer: ben_id });

    let (cat, welcome) = Tab::join(server.address, room(1), 3).await;
    assert_eq!(welcome.peers, [here(ana.id)]);
    assert_eq!(ana.next().await, FromServer::Left { peer: ben_id, for_good: false });
    assert_eq!(ana.next().await, FromServer::Joined { peer: cat.id, hello: hello(3) });

    let mut ben = Tab::open(server.address).await;
    ben.send(&join_message(room(1), 2)).await;
    assert_eq!(ben.next().await, FromServer::Full { capacity: 2 });
}

#[tokio::test]
async fn a_second_socket_with_the_token_replaces_the_first() {
    let server = Server::start(capacity(2)).await;
    let (mut old, _) = Tab::join(server.address, room(1), 1).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    assert!(matches!(old.next().await, FromServer::Joined { .. }));

    let (mut new, welcome) = Tab::join(server.address, room(1), 1).await;
    assert_eq!((welcome.how, welcome.peers), (Welcomed::Joined, vec![here(ben.id)]));
    assert_eq!(old.next().await, FromServer::Replaced);
    assert_eq!(old.closed().await, CloseCode::Normal);

    // One join is all that the others hear; the old socket's end means nothing.
    assert_eq!(ben.heard().await, [FromServer::Joined { peer: new.id, hello: hello(1) }]);
    ben.send(&relay(new.id, b"to the new one")).await;
    assert_eq!(new.next().await, relayed(ben.id, b"to the new one"));
}

#[tokio::test]
async fn the_join_of_an_earlier_life_takes_nothing_however_late_it_comes() {
    let server = Server::start(capacity(2)).await;
    let (mut ben, _) = Tab::join(server.address, room(1), 2).await;
    let mut reloaded = Tab::open(server.address).await;
    reloaded.send(&join_message_of_life(room(1), 1, 1)).await;
    let FromServer::Welcome(welcome) = reloaded.next().await else { panic!("no welcome") };
    reloaded.id = welcome.peer;

    let mut late = Tab::open(server.address).await;
    late.send(&join_message_of_life(room(1), 1, 0)).await;
    assert_eq!(late.next().await, FromServer::Replaced);
    assert_eq!(late.closed().await, CloseCode::Normal);

    // Nobody else hears of it.
    assert_eq!(reloaded.heard().await, []);
    assert_eq!(ben.heard().await, [FromServer::Joined { peer: welcome.peer, hello: hello(1) }]);
    ben.send(&relay(welcome.peer, b"to the later one")).await;
    assert_eq!(reloaded.next().await, relayed(ben.id, b"to the later one"));

    // Nor while the later one is away.
    drop(reloaded);
    assert_eq!(ben.next().await, FromServer::Away { peer: welcome.peer });
    let mut late = Tab::open(server.address).await;
    late.send(&join_message_of_life(room(1), 1, 0)).await;
    assert_eq!(late.next().await, FromServer::Replaced);
    assert_eq!(ben.heard().await, []);
}

#[tokio::test]
async fn a_ping_is_answered_behind_what_came_before_it() {
    let server = Server::start(capacity(2)).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    ana.send(&relay(ana.id, b"first")).await;
    ana.send(&ToServer::Ping).await;
    assert_eq!(ana.next().await, relayed(ana.id, b"first"));
    assert_eq!(ana.next().await, FromServer::Pong);
}

#[tokio::test]
async fn who_answers_no_ping_is_away_and_who_does_stays() {
    let silence = Duration::from_secs(1);
    let timeouts = Timeouts { ping: silence / 10, silence, ..Timeouts::default() };
    let server = Server::start(Settings { timeouts, lease: 2 * silence, ..capacity(2) }).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    // Its connection stays open, but nobody reads what comes.
    let (silent, _) = Tab::join(server.address, room(1), 2).await;
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    assert_eq!(ana.next().await, FromServer::Away { peer: silent.id });
    // Ana says nothing but pongs for the lease, which is longer than the silence that ended the other.
    assert_eq!(ana.next().await, FromServer::Left { peer: silent.id, for_good: false });
    assert_eq!(ana.heard().await, []);
}

#[tokio::test]
async fn without_a_lease_a_lost_seat_is_free_at_once() {
    let server = Server::start(Settings { lease: Duration::ZERO, ..capacity(2) }).await;
    let (mut ana, _) = Tab::join(server.address, room(1), 1).await;
    let (ben, welcome) = Tab::join(server.address, room(1), 2).await;
    assert_eq!(welcome.lease, 0);
    assert!(matches!(ana.next().await, FromServer::Joined { .. }));
    let peer = ben.id;
    drop(ben);
    assert_eq!(ana.next().await, FromServer::Away { peer });
    assert_eq!(ana.next().await, FromServer::Left { peer, for_good: false });
}
