//! One tab: a session, and the driver that carries out what it wants and checks that it may want it.

use std::collections::{BTreeMap, BTreeSet};

use snaproom_protocol::{ItemId, PeerId, bulk::Part, control::Kind, server::IceServer, wire};
use snaproom_session::{
    ChunkId, ConnectionId, Link, Me, News, Output, PayloadId, Session, Time,
    io::{
        CallEnd, CallView, Comparison, Earlier, IcePolicy, Incoming, Outgoing, PeerState, PeerView, Status,
        TransferState, Written,
    },
};

use super::{Event, Ix, Lane, Parcel, Room, SocketId, WireId, disk::Disk, payloads::Job};

pub struct Tab {
    pub link: Link,
    pub id: Me,
    pub me: PeerId,
    /// None once the tab is closed.
    pub session: Option<Session>,
    pub socket: Option<SocketId>,
    /// Does nothing, for now.
    pub is_frozen: bool,
    /// Work that ended meanwhile.
    pub unfinished: Vec<Job>,
    pub connections: BTreeMap<ConnectionId, WireId>,
    pub chunks: BTreeMap<ChunkId, (WireId, Vec<u8>)>,
    pub payloads: BTreeMap<PayloadId, Vec<u8>>,
    /// Its own photos that are sent on request, and the most of them that were at hand at once.
    pub originals: BTreeMap<PayloadId, Vec<u8>>,
    pub most_loaded: usize,
    /// Files of its own, as long as they can be read.
    pub sources: BTreeMap<PayloadId, Option<Vec<u8>>>,
    /// Pieces of them that are at hand, and the most there were.
    pub at_hand: BTreeMap<(PayloadId, u64), Vec<u8>>,
    pub most_at_hand: usize,
    /// Files of others.
    pub disk: Disk,
    /// What it could give to others, by its owner and id.
    pub holds: BTreeMap<(PeerId, ItemId), (Kind, Vec<u8>)>,
    /// What was shown before it came, as its person sees it, and what of that came as what.
    pub earlier: BTreeMap<(PeerId, ItemId), Earlier>,
    pub fetched: BTreeMap<(PeerId, ItemId), (PeerId, ItemId)>,
    /// Who saved what.
    pub saved: Vec<(PeerId, ItemId)>,
    /// The longest that work on a payload takes, in milliseconds.
    pub work: u64,
    /// Which work fails.
    pub failing: Option<fn(&Job) -> bool>,
    pub max_message: u32,
    /// Bytes that its session placed.
    pub received: u64,
    /// What its connections were last told to use.
    pub configured: Option<Vec<IceServer>>,
    pub relay_only: bool,
    /// Whether its person may choose to use relays alone.
    pub relays: Option<bool>,
    /// Says more than its session does.
    pub is_liar: bool,
    /// The most bytes that one peer's payloads ever took.
    pub most_allocated: usize,
    pub shown: Vec<Shown>,
    pub statuses: Vec<(Time, Status)>,
    pub peers: BTreeMap<PeerId, PeerView>,
    pub peer_news: Vec<(Time, PeerView)>,
    /// What its person wants to be called in this life.
    pub name: String,
    /// What the others want to be called, and what was told of it.
    pub names: BTreeMap<PeerId, String>,
    pub name_news: Vec<(Time, PeerId, Option<String>)>,
    /// How far its comparison with each peer has come.
    pub comparisons: BTreeMap<PeerId, Comparison>,
    pub invited: Vec<(PeerId, Link)>,
    pub moved: Option<(Time, Link)>,
    /// The room's call as its person sees it, and how it ended.
    pub call: CallView,
    pub call_news: Vec<(Time, CallView)>,
    pub call_ends: Vec<(Time, CallEnd)>,
    /// What was written, in its order as its person sees it, and every word of that.
    pub written: Vec<Written>,
    pub written_news: Vec<(Time, Written)>,
    /// Who writes just now, and who wrote too much.
    pub writing: BTreeSet<PeerId>,
    pub writing_news: Vec<(Time, PeerId, bool)>,
    pub too_much: Vec<(Time, PeerId)>,
    /// Who sends no photo of the camera that was asked for.
    pub stills_refused: Vec<PeerId>,
    /// To whom its media goes.
    pub media: BTreeMap<ConnectionId, PeerId>,
    pub incoming: Vec<Incoming>,
    pub outgoing: Vec<Outgoing>,
    /// Where in there the last word of each stands.
    pub last_outgoing: BTreeMap<(ItemId, PeerId), usize>,
    /// Every output, by its name, and how often.
    pub did: BTreeMap<&'static str, u32>,
    pub sockets_opened: Vec<Time>,
    /// What went out on control channels.
    pub said: Vec<String>,
    /// Says something else than its session wants to.
    pub rewrite: Option<fn(String) -> Vec<String>>,
}

/// What was shown, as it was then.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub at: Time,
    pub payload: PayloadId,
    pub bytes: Vec<u8>,
}

impl Tab {
    pub fn new(link: Link, id: Me, session: Session) -> Self {
        Self {
            link,
            id,
            me: session.me(),
            session: Some(session),
            socket: None,
            is_frozen: false,
            unfinished: Vec::new(),
            connections: BTreeMap::new(),
            chunks: BTreeMap::new(),
            payloads: BTreeMap::new(),
            originals: BTreeMap::new(),
            most_loaded: 0,
            sources: BTreeMap::new(),
            at_hand: BTreeMap::new(),
            most_at_hand: 0,
            disk: Disk::default(),
            holds: BTreeMap::new(),
            earlier: BTreeMap::new(),
            fetched: BTreeMap::new(),
            saved: Vec::new(),
            work: 5,
            failing: None,
            max_message: 256 * 1024,
            received: 0,
            configured: None,
            relay_only: false,
            relays: None,
            is_liar: false,
            most_allocated: 0,
            shown: Vec::new(),
            statuses: Vec::new(),
            peers: BTreeMap::new(),
            peer_news: Vec::new(),
            name: String::new(),
            names: BTreeMap::new(),
            name_news: Vec::new(),
            comparisons: BTreeMap::new(),
            invited: Vec::new(),
            moved: None,
            call: CallView::default(),
            call_news: Vec::new(),
            call_ends: Vec::new(),
            written: Vec::new(),
            written_news: Vec::new(),
            writing: BTreeSet::new(),
            writing_news: Vec::new(),
            too_much: Vec::new(),
            stills_refused: Vec::new(),
            media: BTreeMap::new(),
            incoming: Vec::new(),
            outgoing: Vec::new(),
            last_outgoing: BTreeMap::new(),
            did: BTreeMap::new(),
            sockets_opened: Vec::new(),
            said: Vec::new(),
            rewrite: None,
        }
    }

    pub fn is_alive(&self) -> bool {
        self.session.is_some()
    }

    pub fn status(&self) -> Option<Status> {
        self.statuses.last().map(|(_, status)| *status)
    }

    pub fn status_words(&self) -> Vec<Status> {
        self.statuses.iter().map(|(_, status)| *status).collect()
    }

    pub fn did(&self, output: &str) -> u32 {
        self.did.get(output).copied().unwrap_or(0)
    }

    /// The exact bytes of an item, where they were shown.
    pub fn exact(&self, item: ItemId) -> Option<&Shown> {
        self.shown(item, Part::Exact)
    }

    pub fn shown(&self, item: ItemId, part: Part) -> Option<&Shown> {
        let mut all = self.shown.iter().filter(|s| s.payload.item == item && s.payload.part == part);
        let shown = all.next();
        assert!(all.next().is_none(), "shown twice");
        shown
    }

    pub fn last_incoming(&self, item: ItemId) -> Option<&Incoming> {
        self.incoming.iter().rev().find(|incoming| incoming.item == item)
    }

    pub fn last_outgoing(&self, item: ItemId, to: PeerId) -> Option<&Outgoing> {
        self.outgoing.get(*self.last_outgoing.get(&(item, to))?)
    }

    fn note_written(&mut self, now: Time, written: Written) {
        let place = |id| self.written.iter().position(|other| other.id == id);
        let after = written.after.map_or(0, |after| place(after).expect("it stands there") + 1);
        match place(written.id) {
            Some(known) => {
                assert_eq!(known, after, "it stays where it is");
                assert_ne!(self.written[known], written, "news is what changed");
                self.written[known] = written.clone();
            }
            None => self.written.insert(after, written.clone()),
        }
        self.written_news.push((now, written));
    }

    /// The texts, in their order.
    pub fn texts(&self) -> Vec<&str> {
        self.written.iter().map(|written| written.text.as_str()).collect()
    }

    /// Keeps what is shown, for those who come later.
    fn hold(&mut self, payload: PayloadId, bytes: Vec<u8>) {
        let came = (payload.owner, payload.item);
        let incoming = self.incoming.iter().rev().find(|incoming| (incoming.from, incoming.item) == came);
        let kind = incoming.expect("it was told of").kind;
        self.holds.insert(self.fetched.get(&came).copied().unwrap_or(came), (kind, bytes));
    }

    /// Nothing is held for a session that is done with everything.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert_eq!(self.connections.len(), 0, "connections");
        assert_eq!(self.did("Connect"), self.did("Close"));
        self.assert_no_bytes();
    }

    #[track_caller]
    pub fn assert_no_bytes(&self) {
        assert_eq!(self.payloads.keys().collect::<Vec<_>>(), Vec::<&PayloadId>::new(), "payloads");
        assert_eq!(self.originals.len(), 0, "originals");
        assert_eq!(self.at_hand.len(), 0, "pieces at hand");
        assert_eq!(self.sources.len(), 0, "files");
        assert_eq!(self.chunks.len(), 0, "chunks neither stored nor discarded");
    }
}

impl Room {
    /// The end of a connection, unless it went before the session could know.
    fn wire(&self, tab: Ix, connection: ConnectionId) -> Option<WireId> {
        self.tabs[tab].connections.get(&connection).copied()
    }

    pub fn act(&mut self, tab: Ix, output: Output) {
        let name = name_of(&output);
        self.trace(tab, "  ", &output);
        *self.tabs[tab].did.entry(name).or_default() += 1;
        match output {
            Output::OpenSocket => {
                self.tabs[tab].sockets_opened.push(self.now);
                self.open_socket(tab);
            }
            Output::CloseSocket => self.drop_socket(tab),
            Output::Send(message) => {
                if let Some(socket) = self.tabs[tab].socket {
                    self.post(Lane::Up(socket), Parcel::Frame(wire::to_text(&message)));
                }
            }
            Output::Store { chunk, payload, of, offset } => self.store(tab, chunk, payload, of, offset),
            Output::Discard(chunk) => {
                let chunk = self.tabs[tab].chunks.remove(&chunk);
                let (wire, bytes) = chunk.expect("a chunk is stored or discarded once");
                self.wires.get_mut(&wire).unwrap().taken += bytes.len() as u64;
            }
            Output::Hash { payload, offset, length } => {
                self.work(tab, Job::Hash { payload, offset, length });
            }
            Output::Read(payload) => self.work(tab, Job::Read(payload)),
            Output::Fetch { payload, offset, length } => {
                assert_eq!(payload.owner, self.me(tab));
                self.work(tab, Job::Fetch { payload, offset, length });
            }
            Output::LetGo { payload, offset } => {
                let at_hand = self.tabs[tab].at_hand.remove(&(payload, offset));
                assert!(at_hand.is_some(), "a piece is let go once");
            }
            Output::Prepare { payload, record } => self.tabs[tab].disk.prepare(payload, record),
            Output::Checked { payload, index, digest } => self.tabs[tab].disk.checked(payload, index, digest),
            Output::Truncate { payload, bytes } => self.tabs[tab].disk.truncate(payload, bytes),
            Output::Show(payload) => {
                assert_ne!(payload.owner, self.me(tab));
                let here = &self.tabs[tab];
                let on_disk = here.disk.has(&payload).then(|| here.disk.get(payload.item)).flatten();
                let bytes =
                    on_disk.map_or_else(|| here.payloads[&payload].clone(), |file| file.bytes.clone());
                if payload.part == Part::Exact {
                    self.tabs[tab].hold(payload, bytes.clone());
                }
                self.tabs[tab].shown.push(Shown { at: self.now, payload, bytes });
            }
            Output::Load(payload) => self.work(tab, Job::Load(payload)),
            Output::Unload(payload) => {
                self.tabs[tab].payloads.remove(&payload).expect("it was loaded");
            }
            Output::Release(payload) => {
                self.tabs[tab].payloads.remove(&payload);
                self.tabs[tab].originals.remove(&payload);
                self.tabs[tab].sources.remove(&payload);
                self.tabs[tab].at_hand.retain(|(id, _), _| *id != payload);
                self.tabs[tab].disk.remove(payload);
            }
            Output::News(news) => self.note(tab, news),
            Output::Connect { connection, ice, .. } => {
                self.configure(tab, ice);
                let wire = self.make_wire(tab, connection);
                assert_eq!(self.tabs[tab].connections.insert(connection, wire), None, "a connection's name");
            }
            Output::Close(connection) => {
                let wire = self.tabs[tab].connections.remove(&connection).expect("closed once");
                self.tabs[tab].media.remove(&connection);
                self.close_wire(wire);
            }
            output => self.act_on_wire(tab, output),
        }
    }

    fn configure(&mut self, tab: Ix, ice: IcePolicy) {
        self.tabs[tab].configured = Some(ice.servers);
        self.tabs[tab].relay_only = ice.relay_only;
    }

    fn act_on_wire(&mut self, tab: Ix, output: Output) {
        let wire = |room: &Self, connection| {
            room.wire(tab, connection).unwrap_or_else(|| panic!("{connection:?} is no connection"))
        };
        match output {
            Output::Configure(_, ice) => self.configure(tab, ice),
            Output::RestartIce(connection) | Output::MakeOffer(connection) => {
                self.make_offer(wire(self, connection));
            }
            Output::AcceptOffer(connection, sdp) => self.take_offer(wire(self, connection), &sdp),
            Output::AcceptAnswer(connection, sdp) => self.take_answer(wire(self, connection), &sdp),
            Output::AddCandidate(connection, candidate) => {
                self.add_candidate(wire(self, connection), &candidate);
            }
            Output::StartMedia(connection, peer) => {
                wire(self, connection);
                let before = self.tabs[tab].media.insert(connection, peer);
                assert_eq!(before, None, "media starts once");
            }
            Output::StopMedia(connection, peer) => {
                assert_eq!(self.tabs[tab].media.remove(&connection), Some(peer), "media stops once");
            }
            Output::FindPath(connection) => self.find_path(wire(self, connection)),
            Output::SendControl(connection, text) => {
                let wire = wire(self, connection);
                self.tabs[tab].said.push(text.clone());
                let texts = match self.tabs[tab].rewrite {
                    Some(rewrite) => rewrite(text),
                    None => vec![text],
                };
                for text in texts {
                    self.transmit(wire, Lane::Control, Parcel::Event(Event::Control(text)));
                }
            }
            Output::SendHeader(connection, text) => {
                self.transmit(wire(self, connection), Lane::Bulk, Parcel::Event(Event::Header(text)));
            }
            Output::SendBytes { connection, payload, offset, length } => {
                assert!(length > 0 && length <= snaproom_protocol::bulk::CHUNK_BYTES);
                let here = &self.tabs[tab];
                let bytes = if here.sources.contains_key(&payload) {
                    let piece = offset - offset % u64::from(snaproom_protocol::bulk::PIECE_BYTES);
                    &here.at_hand[&(payload, piece)][(offset - piece) as usize..]
                } else {
                    &here.payloads[&payload][offset as usize..]
                };
                let bytes = bytes[..length as usize].to_vec();
                self.transmit(wire(self, connection), Lane::Bulk, Parcel::Bytes(bytes));
            }
            output => unreachable!("{output:?}"),
        }
    }

    fn note(&mut self, at: Ix, news: News) {
        let now = self.now;
        let tab = &mut self.tabs[at];
        match news {
            News::Status(status) => {
                assert_ne!(tab.status(), Some(status), "news is what changed");
                tab.statuses.push((now, status));
            }
            News::Peer(view) => {
                tab.peer_news.push((now, view.clone()));
                tab.peers.insert(view.peer, view);
            }
            News::Name { peer, name } => {
                let view = tab.peers.get(&peer).expect("a name of somebody who is here");
                let was_connected =
                    |(_, view): &(Time, PeerView)| view.peer == peer && view.state == PeerState::Connected;
                assert!(tab.peer_news.iter().any(was_connected), "a name before the proof: {view:?}");
                assert_ne!(name.as_deref(), Some(""), "the friendly name is none");
                match name.clone() {
                    Some(name) => tab.names.insert(peer, name),
                    None => tab.names.remove(&peer),
                };
                tab.name_news.push((now, peer, name));
            }
            News::PeerGone(peer) => {
                *tab.did.entry("PeerGone").or_default() += 1;
                assert!(tab.peers.remove(&peer).is_some(), "gone once");
                tab.writing.remove(&peer);
            }
            News::Relays(relays) => tab.relays = Some(relays),
            News::Comparison { peer, comparison } => {
                match comparison {
                    Some(comparison) => tab.comparisons.insert(peer, comparison),
                    None => tab.comparisons.remove(&peer),
                };
            }
            News::Verified(device) => tab.id.verified.push(device),
            News::NotVerified(device) => tab.id.verified.retain(|verified| *verified != device),
            News::Invited { from, link } => tab.invited.push((from, link)),
            News::Call(call) => {
                assert_ne!(tab.call, call, "news is what changed");
                tab.call_news.push((now, call.clone()));
                tab.call = call;
            }
            News::CallEnded(end) => tab.call_ends.push((now, end)),
            News::StillRefused(peer) => tab.stills_refused.push(peer),
            News::Saved { by, item } => tab.saved.push((by, item)),
            News::Written(written) => tab.note_written(now, written),
            News::WrittenGone(id) => {
                let place = tab.written.iter().position(|written| written.id == id);
                tab.written.remove(place.expect("it was told of"));
            }
            News::Writes { peer, writes } => {
                assert!(tab.peers.contains_key(&peer), "somebody who is here");
                let is_new = if writes { tab.writing.insert(peer) } else { tab.writing.remove(&peer) };
                assert!(is_new, "news is what changed");
                tab.writing_news.push((now, peer, writes));
            }
            News::TooMuch(peer) => tab.too_much.push((now, peer)),
            News::Earlier(earlier) => {
                let before = tab.earlier.insert((earlier.owner, earlier.item), earlier.clone());
                assert_ne!(before, Some(earlier), "news is what changed");
            }
            News::EarlierGone { owner, item } => {
                assert!(tab.earlier.remove(&(owner, item)).is_some(), "it was told of");
            }
            News::Fetched { by, as_item, owner, item } => {
                tab.fetched.insert((by, as_item), (owner, item));
            }
            News::Wanted { by, owner, item, as_item, .. } => {
                self.work(at, Job::Lend { by, owner, item, as_item });
            }
            News::Moved(link) => tab.moved = Some((now, link)),
            News::Incoming(incoming) => {
                let Incoming { from: owner, item, state, .. } = incoming;
                tab.incoming.push(incoming);
                if matches!(state, TransferState::Held | TransferState::Offered) && self.asks {
                    self.work(at, Job::Ask(PayloadId { owner, item, part: Part::Exact }));
                }
            }
            News::Outgoing(outgoing) => {
                tab.last_outgoing.insert((outgoing.item, outgoing.to), tab.outgoing.len());
                tab.outgoing.push(outgoing);
            }
        }
    }
}

fn name_of(output: &Output) -> &'static str {
    match output {
        Output::OpenSocket => "OpenSocket",
        Output::CloseSocket => "CloseSocket",
        Output::Send(_) => "Send",
        Output::Connect { .. } => "Connect",
        Output::Configure(..) => "Configure",
        Output::RestartIce(_) => "RestartIce",
        Output::MakeOffer(_) => "MakeOffer",
        Output::AcceptOffer(..) => "AcceptOffer",
        Output::AcceptAnswer(..) => "AcceptAnswer",
        Output::AddCandidate(..) => "AddCandidate",
        Output::SendControl(..) => "SendControl",
        Output::SendHeader(..) => "SendHeader",
        Output::SendBytes { .. } => "SendBytes",
        Output::FindPath(_) => "FindPath",
        Output::StartMedia(..) => "StartMedia",
        Output::StopMedia(..) => "StopMedia",
        Output::Close(_) => "Close",
        Output::Store { .. } => "Store",
        Output::Discard(_) => "Discard",
        Output::Hash { .. } => "Hash",
        Output::Read(_) => "Read",
        Output::Fetch { .. } => "Fetch",
        Output::LetGo { .. } => "LetGo",
        Output::Prepare { .. } => "Prepare",
        Output::Checked { .. } => "Checked",
        Output::Truncate { .. } => "Truncate",
        Output::Load(_) => "Load",
        Output::Unload(_) => "Unload",
        Output::Show(_) => "Show",
        Output::Release(_) => "Release",
        Output::News(_) => "News",
    }
}
