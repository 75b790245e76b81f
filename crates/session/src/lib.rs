//! The rules of a room: who offers, how envelopes are sealed, how a photo's bytes go from one tab to another.
//!
//! No IO, no clock, no JavaScript. A driver feeds [`Input`]s, with the time, into [`Session::handle`] and carries
//! out the [`Output`]s that [`Session::poll`] returns; what an action led to comes back as another input. Bytes
//! of photos never pass through here: the session knows them by [`PayloadId`] and [`ChunkId`] and says what is to
//! be stored, hashed, sent and shown.
//!
//! | module | what it knows |
//! |---|---|
//! | [`Link`], [`keys`] | the secret behind the `#`, and every key that follows from it |
//! | [`seal`], [`confirm`] | envelopes that the server cannot read; the proof on the data channel |
//! | `signaling`, `server` | when to open the socket; what is said to the server, and what it says |
//! | `negotiation`, `peer`, [`sdp`] | hellos, offers, answers, candidates; what is refused |
//! | `incoming`, `outgoing` | transfers: pieces, hashes, the window |
//! | [`jpeg`], [`name`] | what a preview, a file name and a display name may be |

pub mod confirm;
mod incoming;
pub mod io;
pub mod jpeg;
pub mod keys;
mod link;
pub mod name;
mod negotiation;
mod outgoing;
mod outputs;
mod peer;
pub mod sdp;
pub mod seal;
mod server;
mod signaling;
mod time;

use litemap::LiteMap;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use snaproom_protocol::{
    ItemId, Nonce, PeerId, TabId, Token,
    control::{Control, MAX_MESSAGE_BYTES},
    server::{IceServer, ToServer},
};

pub use io::{ChunkId, Command, ConnectionId, Event, Input, News, Output, PayloadId, Photo};
pub use link::Link;
pub use time::Time;

use incoming::{Bulk, Ended, Violation};
use io::{Failure, Outgoing, RefusedPeer, Status, TransferState};
use keys::RoomKeys;
use outgoing::{Outbox, Shelf};
use outputs::Outputs;
use peer::Peer;
use signaling::Signaling;

/// Peers that a session keeps a record of; a server that invents more is not followed.
const MAX_PEERS: usize = 64;

/// One person's side of one room.
pub struct Session {
    keys: RoomKeys,
    token: Token,
    me: PeerId,
    /// What the person wants to be called; empty for the friendly name.
    name: String,
    tab: TabId,
    /// The nonce of the hello that goes to everybody with a join.
    join_nonce: Nonce,
    rng: ChaCha20Rng,
    signaling: Signaling,
    ice_servers: Vec<IceServer>,
    peers: LiteMap<PeerId, Peer>,
    connections: LiteMap<ConnectionId, PeerId>,
    next_connection: u32,
    shelf: Shelf,
    ended_items: Ended,
    /// Why the server will not have us.
    refused: Option<Status>,
    told: Option<Status>,
    left: bool,
    out: Outputs,
}

impl Session {
    /// A session that joins as soon as it is handled for the first time.
    ///
    /// `token` is this tab's identity, `seed` 32 bytes from a cryptographic generator, never used before.
    #[must_use]
    pub fn new(link: &Link, token: Token, seed: [u8; 32], now: Time) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let me = keys::peer_id(&token);
        Self {
            keys: RoomKeys::derive(link),
            token,
            me,
            name: String::new(),
            tab: TabId(random(&mut rng)),
            join_nonce: Nonce(random(&mut rng)),
            rng,
            signaling: Signaling::new(now),
            ice_servers: Vec::new(),
            peers: LiteMap::new(),
            connections: LiteMap::new(),
            next_connection: 0,
            shelf: Shelf::new(me),
            ended_items: Ended::default(),
            refused: None,
            told: None,
            left: false,
            out: Outputs::default(),
        }
    }

    /// Who we are in this room.
    #[must_use]
    pub fn me(&self) -> PeerId {
        self.me
    }

    /// Takes in what happened at `now`, which never goes back.
    pub fn handle(&mut self, input: Input, now: Time) {
        if self.left {
            return;
        }
        match input {
            Input::Command(command) => self.on_command(command, now),
            Input::SocketOpened => self.join(),
            Input::SocketClosed => self.on_socket_lost(now),
            Input::Server(text) => self.on_server_text(&text, now),
            Input::Connection(connection, event) => self.on_event(connection, event, now),
            Input::Stored { payload, offset, bytes } => {
                if let Some(inbox) = self.peers.get_mut(&payload.owner).and_then(Peer::inbox_mut) {
                    inbox.stored(payload, offset, bytes, &mut self.out);
                }
            }
            Input::Hashed { payload, offset, digest } if payload.owner == self.me => {
                self.shelf.hashed(payload, offset, digest);
                self.pump_outboxes();
            }
            Input::Hashed { payload, offset, digest } => {
                if let Some(inbox) = self.peers.get_mut(&payload.owner).and_then(Peer::inbox_mut) {
                    inbox.hashed(payload, offset, digest, &mut self.ended_items, &mut self.out);
                }
            }
            Input::ReadBack { payload, bytes } => {
                if let Some(inbox) = self.peers.get_mut(&payload.owner).and_then(Peer::inbox_mut) {
                    inbox.preview_read(payload.item, &bytes, &mut self.ended_items, &mut self.out);
                }
            }
            Input::PayloadFailed(payload) => self.on_payload_failed(payload),
            Input::Tick => {}
        }
        if self.left {
            return;
        }
        self.on_time(now);
        self.tell(now);
    }

    /// The next thing to do, in order.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// When [`Input::Tick`] is due, if nothing else happens before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        if self.left {
            return None;
        }
        let peers = self.peers.values().filter_map(Peer::deadline).min();
        time::earlier(self.signaling.next_deadline(), peers)
    }

    fn on_command(&mut self, command: Command, now: Time) {
        match command {
            Command::SendPhoto(photo) => self.send_photo(photo),
            Command::Cancel(item) => self.cancel(item, TransferState::Cancelled),
            Command::SetName(name) => self.set_name(&name),
            Command::Retry => self.retry(now),
            Command::Leave => {
                if self.signaling.is_in() {
                    self.out.push(Output::Send(ToServer::Leave));
                }
                self.stop();
            }
            Command::PutAside => self.stop(),
        }
    }

    fn set_name(&mut self, typed: &str) {
        let name = name::display_name(typed);
        if name == self.name {
            return;
        }
        self.name = name;
        for pair in self.peers.values().filter_map(Peer::pair).filter(|pair| pair.is_confirmed()) {
            self.out.control(pair.connection, &Control::Name { name: self.name.clone() });
        }
    }

    /// Joins anew at once, unless another tab is us now: two that replace each other would never rest.
    fn retry(&mut self, now: Time) {
        if self.refused == Some(Status::Replaced) {
            return;
        }
        self.refused = None;
        self.out.push(Output::CloseSocket);
        self.signaling.retry(now);
        for (_, peer) in &mut self.peers {
            peer.failures = 0;
        }
    }

    /// Ends everything, and says so of everything.
    fn stop(&mut self) {
        self.out.push(Output::CloseSocket);
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.drop_contact(id);
            self.out.news(News::PeerGone(id));
        }
        self.peers.clear();
        self.clear_shelf();
        self.left = true;
    }

    fn send_photo(&mut self, photo: Photo) {
        let item = photo.item;
        let total = photo.total();
        let fits = self.shelf.put(photo, &mut self.out);
        for (&to, peer) in &mut self.peers {
            let Some(outbox) = peer.outbox_mut() else { continue };
            if fits {
                outbox.add(item, &mut self.shelf, &mut self.out);
            } else {
                let state = TransferState::Failed(Failure::TooMany);
                self.out.news(News::Outgoing(Outgoing { item, to, bytes: 0, total, state }));
            }
        }
        self.clear_shelf();
    }

    fn pump_outboxes(&mut self) {
        for outbox in outboxes(&mut self.peers) {
            outbox.pump(&mut self.shelf, &mut self.out);
        }
    }

    /// Takes items that nobody waits for off the shelf.
    fn clear_shelf(&mut self) {
        for item in self.shelf.items() {
            if !outboxes(&mut self.peers).any(|outbox| outbox.holds(item)) {
                self.shelf.remove(item, &mut self.out);
            }
        }
    }

    fn on_payload_failed(&mut self, payload: PayloadId) {
        if payload.owner == self.me {
            self.cancel(payload.item, TransferState::Failed(Failure::Unreadable));
        } else if let Some(inbox) = self.peers.get_mut(&payload.owner).and_then(Peer::inbox_mut) {
            inbox.payload_failed(payload.item, &mut self.ended_items, &mut self.out);
        }
    }

    /// Ends an item of ours for whoever has not got it yet.
    fn cancel(&mut self, item: ItemId, state: TransferState) {
        for outbox in outboxes(&mut self.peers) {
            outbox.cancel(item, state, &mut self.out);
        }
        self.clear_shelf();
    }

    fn on_time(&mut self, now: Time) {
        if self.signaling.is_overdue(now) {
            self.out.push(Output::CloseSocket);
            self.on_socket_lost(now);
        }
        if self.signaling.is_due(now) {
            self.out.push(Output::OpenSocket);
        }
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.on_peer_time(id, now);
        }
    }

    /// A message on the control channel of a confirmed connection.
    fn on_control(&mut self, id: PeerId, message: Control) -> Result<(), Violation> {
        let Self { peers, shelf, ended_items, out, .. } = self;
        let Some(pair) = peers.get_mut(&id).and_then(Peer::pair_mut) else { return Ok(()) };
        let connection = pair.connection;
        let Some(channel) = pair.channel.as_mut() else { return Ok(()) };
        let Some(inbox) = channel.inbox.as_mut() else { return Err(Violation) };
        let outbox = &mut channel.outbox;
        match message {
            Control::Confirm { .. } => return Err(Violation),
            Control::Credit { until } => outbox.credit(until, shelf, out),
            Control::Name { name } => {
                if let Some(peer) = peers.get_mut(&id) {
                    peer.called.says(name);
                }
            }
            Control::Offer(offer) => inbox.offer(offer, ended_items, out)?,
            Control::Cancel { item } => inbox.cancelled(item, ended_items, out),
            Control::Received { item, bytes } => outbox.received(item, bytes, out),
            Control::Verified { item } => outbox.end(item, TransferState::Verified, out),
            Control::Refused { item, reason } => {
                outbox.end(item, TransferState::Failed(Failure::Refused(reason)), out);
                outbox.pump(shelf, out);
            }
            Control::Ping => out.control(connection, &Control::Pong),
            Control::Pong => pair.answer_by = None,
        }
        self.clear_shelf();
        Ok(())
    }

    fn on_bulk(&mut self, id: PeerId, bulk: Bulk, now: Time) -> Result<(), Violation> {
        let Some(inbox) = self.peers.get_mut(&id).and_then(Peer::inbox_mut) else { return Err(Violation) };
        inbox.bulk(bulk, now, &mut self.ended_items, &mut self.out)
    }

    /// Tells the person what changed.
    fn tell(&mut self, now: Time) {
        for (_, peer) in &mut self.peers {
            let view = peer.view();
            if peer.told.as_ref() != Some(&view) {
                peer.told = Some(view.clone());
                self.out.news(News::Peer(view));
            }
            if let Some(name) = peer.called.news(now) {
                let name = Some(name).filter(|name| !name.is_empty());
                self.out.news(News::Name { peer: peer.id, name });
            }
        }
        let status = self.status();
        if self.told != Some(status) {
            self.told = Some(status);
            self.out.news(News::Status(status));
        }
    }

    fn status(&self) -> Status {
        use io::PeerState::{Connected, Connecting, Failed};
        let states = || self.peers.values().map(|peer| (peer.state(), peer.was_connected));
        if let Some(refused) = self.refused {
            refused
        } else if states().any(|(state, _)| state == Connected) {
            Status::Connected
        } else if !self.signaling.is_in() {
            match (self.signaling.is_offline(), self.signaling.was_in) {
                (true, _) => Status::Offline,
                (false, true) => Status::Reconnecting,
                (false, false) => Status::Connecting,
            }
        } else if states().any(|(state, was)| matches!(state, Connecting | Failed) && was)
            || self.peers.values().any(Peer::is_confirmed)
        {
            Status::Reconnecting
        } else if states().any(|(state, _)| matches!(state, Connecting | Failed)) {
            Status::Connecting
        } else {
            Status::Alone
        }
    }
}

fn outboxes(peers: &mut LiteMap<PeerId, Peer>) -> impl Iterator<Item = &mut Outbox> {
    peers.iter_mut().filter_map(|(_, peer)| peer.outbox_mut())
}

fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn parse_control(text: &str) -> Result<Control, Violation> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(Violation);
    }
    serde_json::from_str(text).map_err(|_| Violation)
}

impl From<Violation> for RefusedPeer {
    fn from(_: Violation) -> Self {
        Self::Protocol
    }
}
