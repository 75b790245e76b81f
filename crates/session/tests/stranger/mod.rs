//! One session among strangers: the server is hostile, and so is everybody else who holds the link. Whatever they say,
//! and whenever work ends, the session keeps to its bounds; these are checked after every input.
//!
//! `tests/hostile.rs` plays scripts by hand and by seed, `fuzz/` those that a fuzzer finds ([`script::play`]).

#![allow(dead_code, reason = "the fuzzer and the tests each use a part of it")]

pub mod disk;
pub mod files;
pub mod forge;
pub mod members;
pub mod page;
pub mod script;
pub mod shown;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use forge::Forge;
use snaproom_protocol::{
    DeviceSecret, ItemId, Nonce, PeerId, Token,
    bulk::{PIECE_BYTES, Part},
    chat::MAX_LOG,
    control::{Kind, MAX_CALL},
    server::ToServer,
    shared::MAX_SHARED,
    signal::Hello,
};
use snaproom_session::{
    Command, ConnectionId, Event, Input, Link, Me, News, Output, PayloadId, Photo, Session, Time,
    confirm::Role,
    io::{Earlier, PeerState, TransferState},
    keys::{self, RoomKeys},
    seal,
};

pub use members::{Answers, Keeps, Member};
pub use page::Page;
use page::Work;

const SECRET: [u8; 16] = [7; 16];

/// Peers that a session follows, and so the most connections it has.
const MAX_PEERS: usize = 64;
/// Unfinished items of one peer.
const MAX_ITEMS: usize = 32;
/// And of those whose exact part waits until it is asked for.
const MAX_HELD: usize = 100;

/// And of its files, of which there may be as many again that its present connection has not offered yet.
const MAX_FILES: usize = 256;

/// Most outputs of one input, for each peer: its 132 items and ours end or begin with at most 4 outputs each, files with
/// 5 (theirs: two words on their state, two releases, and what is said; ours: an offer, a hold, its state, and two
/// hashes for a claim), 256 messages that waited are placed, and one window is 6 chunks of 64 KiB, or 24 where only
/// 16 KiB fit into a message. And it hears what we hold.
const OUTPUTS_OF_A_PEER: usize =
    2 * (MAX_ITEMS + MAX_HELD) * 4 + (2 * MAX_FILES + MAX_FILES) * 5 + 256 + 2 * 24 + MAX_SHARED + 64;
/// And for itself: the shelf's items are released, and 64 pieces of each photo that is not on request are to be hashed;
/// and what is known of what was shown changes.
const OUTPUTS_OF_ITSELF: usize = MAX_ITEMS * (2 + 64) + MAX_HELD * 3 + MAX_FILES * 2 + 2 * MAX_SHARED + 64;

/// Pieces of files of ours that are at hand for one recipient.
const MAX_AT_HAND: usize = 2 * 4;

/// No driver is woken more often than this, for each peer, in one go of [`World::pass`].
const TICKS: u64 = 10_000;

pub struct World {
    pub session: Session,
    pub now: Time,
    pub me: PeerId,
    pub page: Page,
    pub members: Vec<Member>,
    forge: Forge,
    keys: RoomKeys,
    wires: BTreeMap<ConnectionId, Wire>,
    closed: Vec<ConnectionId>,
    /// The session's nonce in its last join.
    join_nonce: Nonce,
    /// Whom the session answered last, and whose answer it may just have got: whose connection it makes.
    answered: Option<usize>,
    heard_from: Option<usize>,
    /// Peers that the person sees, and items on their way.
    told: BTreeMap<PeerId, PeerState>,
    incoming: BTreeMap<(PeerId, ItemId), Class>,
    pub outgoing: BTreeMap<(ItemId, PeerId), TransferState>,
    /// How items of others are, or ended; and bytes that were sent.
    pub states: BTreeMap<(PeerId, ItemId), TransferState>,
    pub sent: u64,
    /// Everything that the session said on control channels.
    pub said: Vec<(usize, String)>,
    /// To whom media goes.
    media: BTreeSet<ConnectionId>,
    is_in_call: bool,
    /// What was written, as the person sees it.
    pub written: Vec<ItemId>,
    /// What was shown before, as the person sees it; as what of it which item comes, and what that has to be; and what
    /// members want of us.
    pub earlier: BTreeMap<(PeerId, ItemId), Earlier>,
    pub fetched: BTreeMap<(PeerId, ItemId), (PeerId, ItemId)>,
    expected: BTreeMap<(PeerId, ItemId), (Kind, u64)>,
    pub wants: Vec<(PeerId, ItemId)>,
    serial: u64,
    /// Files that the person asked for, people whose files they want, and files that were begun.
    wanted: BTreeSet<PayloadId>,
    accepts_all: BTreeSet<PeerId>,
    prepared: BTreeSet<PayloadId>,
    /// Files of ours.
    given: BTreeSet<ItemId>,
    left: bool,
    /// With `SNAPROOM_TRACE` set, everything that goes in and comes out is printed.
    is_traced: bool,
}

/// A connection of the session's, with what both ends know of it.
pub struct Wire {
    pub member: usize,
    pub role: Role,
    /// The session's nonce, and the member's.
    my_nonce: Nonce,
    their_nonce: Nonce,
    my_fingerprint: [u8; 32],
    pub is_open: bool,
    /// The action on its descriptions that has not ended.
    busy: Option<Action>,
    generation: u32,
}

/// Items that are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Photo,
    Held,
    File,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Offer,
    AcceptOffer,
    AcceptAnswer,
}

impl World {
    pub fn new() -> Self {
        let link = Link::mint(SECRET);
        let token = Token([0x5A; 32]);
        let now = Time(1_000_000);
        let session = Session::new(
            &link,
            Me { token, life: 0, device: DeviceSecret([6; 32]), verified: Vec::new() },
            [3; 32],
            now,
        );
        let mut world = Self {
            me: session.me(),
            session,
            now,
            page: Page::default(),
            members: (0..80).map(Member::new).collect(),
            forge: Forge::new(SECRET),
            keys: RoomKeys::derive(&link),
            wires: BTreeMap::new(),
            closed: Vec::new(),
            join_nonce: Nonce([0; 32]),
            answered: None,
            heard_from: None,
            told: BTreeMap::new(),
            incoming: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            states: BTreeMap::new(),
            sent: 0,
            said: Vec::new(),
            media: BTreeSet::new(),
            is_in_call: false,
            written: Vec::new(),
            earlier: BTreeMap::new(),
            fetched: BTreeMap::new(),
            expected: BTreeMap::new(),
            wants: Vec::new(),
            serial: 0,
            wanted: BTreeSet::new(),
            accepts_all: BTreeSet::new(),
            prepared: BTreeSet::new(),
            given: BTreeSet::new(),
            left: false,
            is_traced: std::env::var_os("SNAPROOM_TRACE").is_some(),
        };
        assert_eq!(world.me, keys::peer_id(&token));
        world.handle(Input::Tick);
        world
    }

    /// One input, everything that follows from it, and every bound.
    pub fn handle(&mut self, input: Input) {
        self.trace("", &input);
        self.session.handle(input, self.now);
        let mut outputs = 0;
        while let Some(output) = self.session.poll() {
            self.trace("  ", &output);
            assert!(!self.left, "silent afterwards: {output:?}");
            self.act(output);
            outputs += 1;
        }
        let most = OUTPUTS_OF_ITSELF + MAX_PEERS.min(self.told.len() + 1) * OUTPUTS_OF_A_PEER;
        assert!(outputs <= most, "{outputs} outputs of one input");
        let deadline = self.session.next_deadline();
        assert!(deadline.is_none_or(|at| at > self.now), "a deadline that has passed makes the driver spin");
        assert!(self.wires.len() <= MAX_PEERS.min(self.told.len()), "connections with nobody");
        assert!(self.media.len() < MAX_CALL, "media for more than the call holds");
        assert!(self.is_in_call || self.media.is_empty(), "media without a call");
        assert!(self.page.at_hand.len() <= self.wires.len() * MAX_AT_HAND, "pieces at hand");
        let wires = &self.wires;
        self.page.check_chunks(|connection| wires.contains_key(&connection));
    }

    fn trace(&self, indent: &str, what: &impl std::fmt::Debug) {
        if self.is_traced {
            let line: String = format!("{what:?}").chars().take(200).collect();
            eprintln!("{:>10} {indent}{line}", self.now.0);
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::OpenSocket | Output::CloseSocket => {}
            Output::Send(message) => self.on_said(message),
            Output::Connect { connection, role, .. } => self.connect(connection, role),
            Output::Close(connection) => {
                self.wires.remove(&connection).expect("closed once");
                self.media.remove(&connection);
                self.closed.push(connection);
            }
            Output::MakeOffer(connection) | Output::RestartIce(connection) => {
                self.begin(connection, Action::Offer);
            }
            Output::AcceptOffer(connection, _) => self.begin(connection, Action::AcceptOffer),
            Output::AcceptAnswer(connection, _) => self.begin(connection, Action::AcceptAnswer),
            Output::Configure(connection, _)
            | Output::AddCandidate(connection, _)
            | Output::FindPath(connection) => drop(self.wire(connection)),
            Output::StartMedia(connection, _) => {
                assert!(self.wire(connection).is_open, "media before the channels were open");
                assert!(self.media.insert(connection), "media starts once");
            }
            Output::StopMedia(connection, _) => assert!(self.media.remove(&connection), "media stops once"),
            Output::SendControl(connection, text) => {
                assert!(self.wire(connection).is_open, "said before the channels were open");
                let member = self.wire(connection).member;
                self.said.push((member, text));
            }
            Output::SendHeader(connection, _) => assert!(self.wire(connection).is_open),
            Output::SendBytes { connection, payload, offset, length } => {
                assert!(self.wire(connection).is_open && length > 0);
                self.sent += u64::from(length);
                let source = self.page.source(payload);
                if source.is_some() {
                    let piece = offset - offset % u64::from(PIECE_BYTES);
                    assert!(self.page.at_hand.contains(&(payload, piece)), "fetched before it is sent");
                    assert!(
                        offset + u64::from(length) <= piece + u64::from(PIECE_BYTES),
                        "of that piece alone"
                    );
                }
                let there = source.or_else(|| self.page.length(payload)).expect("what is sent is there");
                assert!(payload.owner == self.me && offset + u64::from(length) <= there);
            }
            Output::Store { chunk, payload, of, offset } => {
                assert_ne!(payload.owner, self.me, "a peer's bytes never touch our own");
                self.page.store(chunk, payload, of, offset);
                let items: BTreeSet<_> = self.page.held_by(payload.owner).collect();
                assert!(items.len() <= MAX_ITEMS + MAX_HELD, "items of one peer");
            }
            Output::Discard(chunk) => self.page.discard(chunk),
            Output::Hash { payload, offset, length } => {
                self.page.ask(payload, Work::Hash { offset, length });
            }
            Output::Read(payload) => self.page.ask(payload, Work::Read),
            Output::Load(payload) => {
                assert!(self.page.is_kept(payload), "an original that is there");
                self.page.ask(payload, Work::Load);
            }
            Output::Unload(payload) => self.page.unload(payload),
            Output::Show(payload) => self.page.show(payload),
            Output::Release(payload) => self.page.release(payload),
            Output::News(news) => self.on_news(news),
            Output::Fetch { payload, offset, length } => self.page.fetch(payload, offset, length),
            Output::LetGo { payload, offset } => self.page.let_go(payload, offset),
            Output::Prepare { payload, record } => self.prepare(payload, &record),
            Output::Checked { payload, index, digest } => self.checked(payload, index, digest),
            Output::Truncate { payload, bytes } => {
                assert!(!self.page.is_storing(payload, bytes), "nothing is being written there");
                self.page.disk.truncate(payload, bytes);
            }
        }
    }

    fn wire(&mut self, connection: ConnectionId) -> &mut Wire {
        self.wires.get_mut(&connection).expect("a connection that is there")
    }

    fn begin(&mut self, connection: ConnectionId, action: Action) {
        let before = self.wire(connection).busy.replace(action);
        assert_eq!(before, None, "an action in the middle of another one");
    }

    fn on_said(&mut self, message: ToServer) {
        match message {
            ToServer::Join { hello, .. } => {
                self.join_nonce = seal::open_hello(&self.keys, self.me, &hello).expect("its own hello").nonce;
            }
            ToServer::Relay { to, envelope } if seal::is_hello(&envelope) => {
                let hello = seal::open_hello(&self.keys, self.me, &envelope).expect("its own hello");
                self.on_hello(to, &hello);
            }
            ToServer::Relay { .. } | ToServer::RenewIce | ToServer::Ping | ToServer::Leave => {}
        }
    }

    /// The session greets a member, or answers it.
    fn on_hello(&mut self, to: PeerId, hello: &Hello) {
        let place = self.members.iter().position(|member| member.id == to).expect("a member");
        let member = &mut self.members[place];
        member.heard = Some(hello.nonce);
        if let Some(answered) = hello.answers {
            member.agree(answered, hello.nonce);
            self.answered = Some(place);
        }
    }

    fn connect(&mut self, connection: ConnectionId, role: Role) {
        let place = match role {
            Role::Offerer => self.answered.expect("it answered somebody"),
            Role::Answerer => self.heard_from.expect("somebody answered it"),
        };
        let (their_nonce, my_nonce) = self.members[place].nonces();
        self.members[place].connection = Some(connection);
        self.serial += 1;
        let mut my_fingerprint = [0xC0; 32];
        my_fingerprint[..8].copy_from_slice(&self.serial.to_be_bytes());
        let wire = Wire {
            member: place,
            role,
            my_nonce,
            their_nonce,
            my_fingerprint,
            is_open: false,
            busy: None,
            generation: 0,
        };
        assert!(self.wires.insert(connection, wire).is_none(), "a connection's name");
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Peer(view) => {
                self.told.insert(view.peer, view.state);
                assert!(self.told.len() <= MAX_PEERS, "peers that are followed");
            }
            News::PeerGone(peer) => {
                assert!(self.told.remove(&peer).is_some(), "gone once");
                self.forget_fetched(peer);
            }
            News::Name { peer, .. } => {
                assert!(self.told.contains_key(&peer), "a name of somebody who is here");
            }
            News::Incoming(incoming) => {
                assert!(incoming.bytes <= incoming.total);
                let item = (incoming.from, incoming.item);
                self.states.insert(item, incoming.state);
                self.check_fetched(&incoming);
                let class = match incoming.kind {
                    Kind::File | Kind::Folder { .. } => Class::File,
                    Kind::Photo { .. } if incoming.on_request => Class::Held,
                    Kind::Photo { .. } => Class::Photo,
                };
                assert!(incoming.state != TransferState::Held || class == Class::Held);
                if incoming.state == TransferState::Verified {
                    assert!(incoming.bytes == incoming.total, "verified is all of it");
                }
                if is_under_way(incoming.state) {
                    self.incoming.insert(item, class);
                    let alike = |(other, known): &(&(PeerId, ItemId), &Class)| {
                        other.0 == incoming.from && **known == class
                    };
                    let most = match class {
                        Class::Photo => MAX_ITEMS,
                        Class::Held => MAX_HELD,
                        Class::File => 2 * MAX_FILES,
                    };
                    assert!(self.incoming.iter().filter(alike).count() <= most, "items of one peer");
                } else {
                    self.incoming.remove(&item);
                }
            }
            News::Outgoing(outgoing) => {
                assert!(outgoing.bytes <= outgoing.total);
                self.outgoing.insert((outgoing.item, outgoing.to), outgoing.state);
            }
            News::Call(call) => {
                assert!(call.others.len() <= self.told.len(), "only people who are here are in the call");
                self.is_in_call = call.sends.is_some();
            }
            News::Written(written) => {
                let place = |id| self.written.iter().position(|other| *other == id);
                let after = written.after.map_or(0, |after| place(after).expect("it stands there") + 1);
                match place(written.id) {
                    Some(known) => assert_eq!(known, after, "it stays where it is"),
                    None => self.written.insert(after, written.id),
                }
                // The one that makes way is told of behind the one that comes.
                assert!(self.written.len() <= MAX_LOG + 1, "what is kept of what was written");
            }
            News::WrittenGone(id) => {
                let place = self.written.iter().position(|written| *written == id);
                self.written.remove(place.expect("it was told of"));
            }
            News::Writes { peer, .. } | News::TooMuch(peer) => {
                assert!(self.told.contains_key(&peer), "somebody who is here");
            }
            News::Earlier(_) | News::EarlierGone { .. } | News::Fetched { .. } | News::Wanted { .. } => {
                self.on_shown_news(news);
            }
            News::CallEnded(_)
            | News::StillRefused(_)
            | News::Saved { .. }
            | News::Status(_)
            | News::Relays(_)
            | News::Comparison { .. }
            | News::Invited { .. } => {}
            News::Verified(_) | News::NotVerified(_) | News::Moved(_) => {
                panic!("nobody compares, nobody moves")
            }
        }
    }

    // What happens on this side, by the rules of a browser.

    pub fn command(&mut self, command: Command) {
        let leaves = matches!(command, Command::Leave | Command::PutAside);
        let puts_aside = matches!(command, Command::PutAside);
        if let Command::SendPhoto(photo) | Command::AnswerStill(_, Some(photo)) = &command {
            let id = |part| PayloadId { owner: self.me, item: photo.item, part };
            let is_known = self.page.length(id(Part::Exact)).is_some() || self.page.is_kept(id(Part::Exact));
            if is_known || self.given.contains(&photo.item) {
                // Ids are random: none comes twice.
                return;
            }
            if photo.on_request {
                self.page.keep(id(Part::Exact), photo.bytes());
            } else {
                self.page.put(id(Part::Exact), photo.bytes());
            }
            if let Some(bytes) = photo.preview {
                self.page.put(id(Part::Preview), u64::from(bytes));
            }
        }
        self.handle(Input::Command(command));
        self.left |= leaves;
        self.page.disk.is_for_later |= puts_aside;
    }

    pub fn send(&mut self, item: ItemId, width: u32, height: u32, preview: Option<u32>) {
        self.command(Command::SendPhoto(photo(item, width, height, preview)));
    }

    /// What is sent on request is kept by the page until it is wanted.
    pub fn send_on_request(&mut self, item: ItemId, width: u32, height: u32, preview: Option<u32>) {
        let photo = Photo { on_request: true, ..photo(item, width, height, preview) };
        self.command(Command::SendPhoto(photo));
    }

    /// Work ends, whichever.
    pub fn finish(&mut self, which: usize, wrong: bool) {
        if let Some(job) = self.page.next_job(which) {
            let input = self.page.finish(job, wrong);
            self.handle(input);
        }
    }

    pub fn finish_all(&mut self) {
        while !self.page.jobs.is_empty() {
            self.finish(0, false);
        }
    }

    /// Work fails, whichever.
    pub fn fail(&mut self, which: usize) {
        if !self.page.jobs.is_empty() {
            let payload = self.page.jobs[which % self.page.jobs.len()].payload;
            if self.page.disk.has(payload) {
                return self.page.fail_on_disk(payload).into_iter().for_each(|input| self.handle(input));
            }
            let job = self.page.jobs.remove(which % self.page.jobs.len());
            self.handle(Input::PayloadFailed(job.payload));
            if let Work::Store { .. } = job.what {
                let stored = self.page.finish(job, false);
                self.handle(stored);
            }
        }
    }

    /// The browser ends the present action on a connection's descriptions.
    pub fn describe(&mut self, connection: ConnectionId) {
        let Some(wire) = self.wires.get_mut(&connection) else { return };
        let Some(action) = wire.busy.take() else { return };
        wire.generation += 1;
        let sdp = members::sdp(wire.my_fingerprint, &format!("s{}", wire.generation));
        if matches!(action, Action::AcceptOffer | Action::AcceptAnswer) {
            if action == Action::AcceptOffer {
                // Nothing else begins between the two.
                wire.busy = Some(action);
            }
            self.event(connection, Event::RemoteDescriptionSet);
        }
        let Some(wire) = self.wires.get_mut(&connection).filter(|_| action != Action::AcceptAnswer) else {
            return;
        };
        wire.busy = None;
        self.event(connection, Event::Described(sdp));
    }

    /// Both channels of a connection open, once.
    pub fn open(&mut self, connection: ConnectionId, max_message: u32) {
        let Some(wire) = self.wires.get_mut(&connection).filter(|wire| !wire.is_open) else { return };
        wire.is_open = true;
        self.event(connection, Event::Open { max_message });
    }

    pub fn event(&mut self, connection: ConnectionId, event: Event) {
        self.handle(Input::Connection(connection, event));
    }

    /// The driver sleeps until each deadline, for so long in all.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut ticks = 0;
        while let Some(due) = self.session.next_deadline().filter(|due| *due <= end) {
            self.now = due;
            self.handle(Input::Tick);
            ticks += 1;
            assert!(ticks <= TICKS, "woken too often");
        }
        self.now = end;
    }

    /// The page itself sleeps: nothing is handled in between.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.handle(Input::Tick);
    }

    /// The person leaves. Then nothing is left over, and nothing more is said.
    pub fn end(&mut self) {
        if !self.left {
            self.command(Command::Leave);
        }
        assert_eq!(self.wires.len(), 0, "connections that were not closed");
        self.page.assert_empty();
        self.page.disk.assert_of_use();
        assert!(self.incoming.is_empty(), "an item that never ended");
        let mut ours = self.outgoing.values();
        assert!(!ours.any(|state| is_under_way(*state)), "an item of ours that never ended");
        assert!(self.told.is_empty(), "a peer who never went");
        assert_eq!(self.session.next_deadline(), None);
        for input in [Input::Tick, Input::SocketOpened, Input::Command(Command::Retry)] {
            self.handle(input);
        }
    }

    /// How the person sees a member.
    pub fn sees(&self, member: usize) -> Option<PeerState> {
        self.told.get(&self.members[member].id).copied()
    }

    /// The connections that there are, and some that there were.
    pub fn connections(&self) -> Vec<ConnectionId> {
        self.wires.keys().chain(self.closed.iter().rev().take(4)).copied().collect()
    }

    pub fn wire_of(&self, member: usize) -> Option<ConnectionId> {
        self.members[member].connection.filter(|connection| self.wires.contains_key(connection))
    }
}

pub fn photo(item: ItemId, width: u32, height: u32, preview: Option<u32>) -> Photo {
    Photo { item, name: String::from("photo.png"), width, height, taken: 0, preview, on_request: false }
}

fn is_under_way(state: TransferState) -> bool {
    !state.is_in_vain() && state != TransferState::Verified
}
