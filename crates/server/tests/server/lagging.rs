//! A tab that does not read is dropped; its room goes on.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use snaproom_protocol::{
    MAX_ENVELOPE_BYTES,
    server::{FromServer, Refusal, ToServer},
};
use snaproom_server::{Allowance, Settings, Timeouts};
use tokio::net::TcpSocket;

use crate::harness::{Server, Tab, capacity, relay, relayed, room};

/// A server whose connections hold few bytes, so that a tab that does not read is noticed soon.
fn narrow_server(timeouts: Timeouts) -> Server {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4096).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    // What one may send is not what these tests are about.
    let allowance = Allowance { messages: NonZeroU32::MAX, ..Allowance::default() };
    let settings = Settings { timeouts, allowance, ..capacity(3) };
    Server::start_on(socket.listen(16).unwrap(), settings)
}

/// Never within a test.
const NEVER: Duration = Duration::from_hours(1);

struct Room {
    ana: Tab,
    ben: Tab,
    slow: Tab,
}

impl Room {
    async fn open(server: &Server) -> Self {
        let (ana, _) = Tab::join(server.address, room(1), 1).await;
        let (ben, _) = Tab::join(server.address, room(1), 2).await;
        let mut slow = Tab::open_narrow(server.address).await;
        slow.take_seat(room(1), 3).await;
        let mut room = Self { ana, ben, slow };
        room.ana.heard().await;
        room.ben.heard().await;
        room
    }

    async fn the_others_go_on(&mut self) {
        assert_eq!(self.ben.next().await, FromServer::Away { peer: self.slow.id });
        self.ana.send(&relay(self.ben.id, b"on")).await;
        assert_eq!(self.ben.next().await, relayed(self.ana.id, b"on"));
        assert_eq!(self.ana.heard().await, [FromServer::Away { peer: self.slow.id }]);
    }
}

#[tokio::test]
async fn a_queue_that_runs_over_drops_its_tab_only() {
    let timeouts = Timeouts { write: NEVER, linger: Duration::from_secs(15), ..Timeouts::default() };
    let server = narrow_server(timeouts);
    let mut room = Room::open(&server).await;
    let largest = relay(room.slow.id, &vec![0xA5; MAX_ENVELOPE_BYTES]);
    // More than the queue's bound of 1 MiB and what the two ends of a narrow connection hold.
    for _ in 0..64 {
        room.ana.send(&largest).await;
    }
    room.the_others_go_on().await;

    // Once it reads again, it learns why.
    loop {
        match room.slow.next().await {
            FromServer::Relay { from, .. } => assert_eq!(from, room.ana.id),
            message => {
                assert_eq!(message, FromServer::Refused { reason: Refusal::Lagging });
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_message_that_does_not_leave_in_time_drops_its_tab_only() {
    let timeouts = Timeouts { write: Duration::from_millis(300), ..Timeouts::default() };
    let server = narrow_server(timeouts);
    let mut room = Room::open(&server).await;
    // More than the connection holds, less than the queue's bound.
    let largest = relay(room.slow.id, &vec![0xA5; MAX_ENVELOPE_BYTES]);
    for _ in 0..10 {
        room.ana.send(&largest).await;
    }
    room.the_others_go_on().await;
}

#[tokio::test]
async fn who_asks_and_asks_and_reads_no_answer_is_dropped_alone() {
    let timeouts = Timeouts { write: Duration::from_millis(300), ..Timeouts::default() };
    for question in [ToServer::Ping, ToServer::RenewIce] {
        let server = narrow_server(timeouts);
        let mut room = Room::open(&server).await;
        let asked = room.slow.flood(&question).await;
        // Ten times what may wait for it.
        assert!(asked > 2_560, "only {asked} were taken");
        room.the_others_go_on().await;
    }
}
