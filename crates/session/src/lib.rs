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
//! | [`device`], [`compare`] | the key by which a device is known again; the signs that two people compare |
//! | `trust` | what they found out |
//! | `signaling`, `server` | when to open the socket and when it is dead; what is said to the server, and what it says |
//! | `peer`, `pair` | somebody else in the room, and the connection that there is just now |
//! | `greeting`, `exchange`, [`sdp`] | hellos: who offers; offers, answers, candidates; what is refused |
//! | `connection`, `recovery` | what a connection reports; what time and bad networks do to it |
//! | `parting` | how connections and peers end, and who is waited for |
//! | `mending`, `pulse` | when ICE is restarted, and when that is given up; whether the other page is awake |
//! | `transfer` | items, pieces, hashes, the window; they outlive every connection |
//! | `commands`, `tell` | what the person wants, and is told |
//! | `moving` | to another room, with others |
//! | `call`, `calling` | who takes part in the room's call, and to whom media goes; a peer's part in it |
//! | `chat`, `chatting`, [`message`] | what people write; a peer's part in that; a message, and who signed it |
//! | `shared`, [`entry`] | what was shown to everybody, for those who come later; how its owner signs it |
//! | `fetching`, `lending` | what the person wants of that, and what others want of us |
//! | [`jpeg`], [`name`] | what a preview, a file name and a display name may be |
//! | [`listing`] | what is in a folder that is sent as one item |
//! | [`exif`] | what a photo's file tells beside its picture, and the file without it |
//! | `timing` | how long everything may take, and why |

mod call;
mod called;
mod calling;
mod chat;
mod chatting;
mod commands;
pub mod compare;
pub mod confirm;
mod connection;
pub mod device;
pub mod entry;
mod exchange;
pub mod exif;
mod fetching;
mod greeting;
pub mod io;
pub mod jpeg;
pub mod keys;
mod lending;
mod link;
pub mod listing;
mod mending;
pub mod message;
mod moving;
pub mod name;
mod news;
mod outputs;
mod pair;
mod parting;
mod peer;
mod pulse;
mod recovery;
pub mod sdp;
pub mod seal;
mod server;
mod shared;
mod signaling;
mod still;
mod tell;
mod time;
mod timing;
mod transfer;
mod trust;
#[cfg(test)]
mod vectors;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use litemap::LiteMap;
use snaproom_protocol::{DeviceKey, DeviceSecret, ItemId, Nonce, PeerId, TabId, Token, server::Turn};

pub use io::{ChunkId, Command, ConnectionId, Event, Input, News, Output, PayloadId, Photo};
pub use link::Link;
pub use time::Time;

use call::Call;
use device::Device;
use io::{Failure, IcePolicy, Status, TransferState};
use keys::RoomKeys;
use moving::Moving;
use outputs::Outputs;
use peer::Peer;
use signaling::Signaling;
use timing::ASLEEP;
use transfer::{Changed, Ended, Inbox, Shelf};
use trust::Devices;

/// Peers that a session keeps a record of; a server that invents more is not followed.
const MAX_PEERS: usize = 64;

/// Who a tab is, and what its device remembers.
#[derive(Debug, Clone)]
pub struct Me {
    /// This tab's identity.
    pub token: Token,
    /// How many times its page was loaded with it.
    pub life: u32,
    /// This device's.
    pub device: DeviceSecret,
    /// The devices that the person compared signs with: the keys of every [`News::Verified`].
    pub verified: Vec<DeviceKey>,
}

/// One person's side of one room.
pub struct Session {
    keys: RoomKeys,
    device: Device,
    devices: Devices,
    token: Token,
    /// Of the next join.
    turn: Turn,
    me: PeerId,
    /// What the person wants to be called; empty for the friendly name.
    name: String,
    tab: TabId,
    /// The nonce of the hello that goes to everybody with a join.
    join_nonce: Nonce,
    rng: ChaCha20Rng,
    signaling: Signaling,
    ice: IcePolicy,
    /// When new TURN credentials are asked for.
    renew_ice_at: Option<Time>,
    /// Whether the server offers relays, once it said.
    relays: Option<bool>,
    peers: LiteMap<PeerId, Peer>,
    connections: LiteMap<ConnectionId, PeerId>,
    next_connection: u32,
    shelf: Shelf,
    ended_items: Ended,
    /// Files of ours that an earlier life of this page offered to people who are not connected yet.
    returning: LiteMap<PeerId, Vec<ItemId>>,
    /// What it received of people who are not here.
    absent: LiteMap<PeerId, Inbox>,
    /// Where to, once the others have read it.
    moving: Option<Moving>,
    call: Call,
    chat: chat::Log,
    library: shared::Library,
    /// Why the server will not have us.
    refused: Option<Status>,
    told: Option<Status>,
    left: bool,
    out: Outputs,
}

impl Session {
    /// A session that joins as soon as it is handled for the first time.
    ///
    /// `seed` is 32 bytes from a cryptographic generator, never used before.
    #[must_use]
    pub fn new(link: &Link, me: Me, seed: [u8; 32], now: Time) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let Me { token, life, device, verified } = me;
        let me = keys::peer_id(&token);
        let keys = RoomKeys::derive(link);
        Self {
            device: Device::of(&device, keys.room()),
            devices: Devices::new(verified),
            keys,
            token,
            turn: Turn { life, join: 0 },
            me,
            name: String::new(),
            tab: TabId(random(&mut rng)),
            join_nonce: Nonce(random(&mut rng)),
            rng,
            signaling: Signaling::new(now),
            ice: IcePolicy::default(),
            renew_ice_at: None,
            relays: None,
            peers: LiteMap::new(),
            connections: LiteMap::new(),
            next_connection: 0,
            shelf: Shelf::new(me),
            ended_items: Ended::default(),
            returning: LiteMap::new(),
            absent: LiteMap::new(),
            moving: None,
            call: Call::default(),
            chat: chat::Log::default(),
            library: shared::Library::default(),
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
        if self.next_deadline().is_some_and(|due| due + ASLEEP < now) {
            self.on_slept(now);
        }
        match input {
            Input::Command(command) => self.on_command(command, now),
            Input::SocketOpened => self.join(),
            Input::SocketClosed => self.on_socket_lost(now),
            Input::Server(text) => self.on_server_text(&text, now),
            Input::Connection(connection, event) => self.on_event(connection, event, now),
            Input::Stored { payload, offset, bytes } => {
                if let Some(peer) = self.peers.get_mut(&payload.owner) {
                    peer.inbox.stored(payload, offset, bytes, &mut self.out);
                }
            }
            Input::Hashed { payload, offset, digest } if payload.owner == self.me => {
                let known = self.shelf.hashed(payload, offset, digest);
                self.on_read(payload, known, now);
            }
            Input::Fetched { payload, offset, digest } => {
                let known = self.shelf.fetched(payload, offset, digest, &mut self.out);
                self.on_read(payload, known, now);
            }
            Input::Hashed { payload, offset, digest } => {
                if let Some(peer) = self.peers.get_mut(&payload.owner) {
                    peer.inbox.hashed(payload, offset, digest, &mut self.ended_items, &mut self.out);
                }
            }
            Input::ReadBack { payload, bytes } => {
                if let Some(peer) = self.peers.get_mut(&payload.owner) {
                    peer.inbox.preview_read(payload.item, &bytes, &mut self.ended_items, &mut self.out);
                }
            }
            Input::Loaded(payload) => {
                self.shelf.loaded(payload);
                self.pump_outboxes(now);
            }
            Input::PayloadFailed(payload) => self.on_payload_failed(payload, now),
            Input::NetworkChanged => self.on_network_changed(now),
            Input::Tick => {}
        }
        if self.left {
            return;
        }
        self.on_time(now);
        self.settle_originals(now);
        self.see_to_shared(now);
        self.tell(now);
    }

    /// Bytes of ours were read.
    fn on_read(&mut self, payload: PayloadId, known: Result<(), Changed>, now: Time) {
        match known {
            Ok(()) => {
                self.pump_outboxes(now);
                self.clear_shelf();
            }
            Err(Changed) => self.on_source_lost(payload.item, now),
        }
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
        let is_in = self.signaling.is_in();
        let peers = self.peers.values().filter_map(|peer| peer.deadline(is_in)).min();
        let renewal = self.renew_ice_at.filter(|_| is_in);
        let moving = self.moving.as_ref().map(|moving| moving.until);
        let call = self.call_deadline();
        [
            self.signaling.next_deadline(),
            peers,
            renewal,
            moving,
            call,
            self.chat_deadline(),
            self.shared_deadline(),
        ]
        .into_iter()
        .fold(None, time::earlier)
    }

    fn on_time(&mut self, now: Time) {
        self.on_server_time(now);
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.on_peer_time(id, now);
        }
        self.see_whether_all_have_read(now);
        self.see_to_call(now);
        self.see_to_chat(now);
    }
}

fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
