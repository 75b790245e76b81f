//! What strangers can say: the server in its frames, members in sealed envelopes and over their connections.

use std::{collections::BTreeMap, fmt::Write as _};

use snaproom_protocol::{
    DeviceSecret, Digest, Envelope, ItemId, Nonce, PeerId, TabId, VERSION,
    bulk::{Header, PIECE_BYTES, Part},
    chat::Message,
    control::{Control, Kind, Offer, Preview},
    server::{FromServer, Ice, IceServer, Seat, Welcome, Welcomed},
    signal::{Candidate, Hello, Signal},
    wire,
};
use snaproom_session::{
    ConnectionId, Event, Input, PayloadId,
    confirm::{self, End, Role},
    device::Device,
    io::State,
    message,
    sdp::Fingerprint,
};

use super::{World, forge, page};

/// Somebody else who holds the link.
pub struct Member {
    pub id: PeerId,
    /// Which life of its page it claims to be.
    pub tab: u8,
    /// Its last hello's nonce, and the last that the session said to it alone.
    said: Nonce,
    pub heard: Option<Nonce>,
    /// Its nonce and the session's in the present exchange, and how many signals it said in it.
    exchange: Option<(Nonce, Nonce)>,
    counter: u64,
    last: Option<Envelope>,
    pub connection: Option<ConnectionId>,
    /// Hashes that it announced of an item's parts.
    pieces: BTreeMap<(ItemId, Part), Vec<Digest>>,
}

/// Which hello of the session's a hello answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answers {
    Nothing,
    Join,
    Greeting,
    NeverSaid,
}

/// Which connection a hello would keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeps {
    Nothing,
    Present,
    NeverThere,
}

impl Member {
    pub fn new(place: u8) -> Self {
        // Ids on both sides of the session's own.
        let mut id = [place; 16];
        id[0] = place.wrapping_mul(37);
        Self {
            id: PeerId(id),
            tab: 0,
            said: Nonce([0; 32]),
            heard: None,
            exchange: None,
            counter: 0,
            last: None,
            connection: None,
            pieces: BTreeMap::new(),
        }
    }

    /// Both hellos of an exchange are known: its own nonce, and the session's.
    pub fn agree(&mut self, mine: Nonce, theirs: Nonce) {
        self.exchange = Some((mine, theirs));
        self.counter = 0;
    }

    pub fn nonces(&self) -> (Nonce, Nonce) {
        self.exchange.expect("a connection follows from two hellos")
    }

    /// What a browser would call its certificate.
    fn fingerprint(&self) -> [u8; 32] {
        [self.id.0[1]; 32]
    }
}

/// A description as far as a session reads it.
pub fn sdp(fingerprint: [u8; 32], generation: &str) -> String {
    let mut hex = String::new();
    for byte in fingerprint {
        write!(hex, ":{byte:02X}").expect("a String takes everything");
    }
    format!("v=0\r\nm=application\r\na=ice-ufrag:{generation}\r\na=fingerprint:sha-256 {}\r\n", &hex[1..])
}

pub fn candidate(generation: Option<&str>, length: usize) -> Candidate {
    Candidate {
        candidate: "c".repeat(length),
        sdp_mid: Some(String::from("0")),
        sdp_m_line_index: Some(0),
        username_fragment: generation.map(str::to_owned),
    }
}

/// The server.
impl World {
    pub fn server(&mut self, message: &FromServer) {
        self.handle(Input::Server(wire::to_text(message)));
    }

    /// A welcome for whoever asked, with these members in the room.
    pub fn welcome(&mut self, present: &[(usize, bool)], expires_in: Option<u32>) {
        let seat = |&(member, away): &(usize, bool)| Seat { peer: self.members[member].id, away };
        let urls = vec![String::from("turn:turn.example")];
        let welcome = Welcome {
            how: Welcomed::Joined,
            peer: self.me,
            peers: present.iter().map(seat).collect(),
            capacity: 8,
            lease: 30,
            ice: Ice { servers: vec![IceServer { urls, username: None, credential: None }], expires_in },
        };
        self.server(&FromServer::Welcome(welcome));
    }

    /// The session's socket opens, and it is welcomed.
    pub fn enter(&mut self, present: &[(usize, bool)]) {
        self.handle(Input::SocketOpened);
        self.welcome(present, None);
    }
}

/// Members through the server.
impl World {
    fn new_hello(&mut self, place: usize, answers: Answers, keeps: Keeps) -> Hello {
        self.serial += 1;
        let mut nonce = [0xEE; 32];
        nonce[..8].copy_from_slice(&self.serial.to_be_bytes());
        let nonce = Nonce(nonce);
        let kept = self.wire_of(place).map(|connection| {
            let wire = &self.wires[&connection];
            if wire.role == Role::Offerer { wire.my_nonce } else { wire.their_nonce }
        });
        let member = &mut self.members[place];
        let answers = match answers {
            Answers::Nothing => None,
            Answers::Join => Some(self.join_nonce),
            Answers::Greeting => member.heard.or(Some(self.join_nonce)),
            Answers::NeverSaid => Some(Nonce([0xAA; 32])),
        };
        let keeps = match keeps {
            Keeps::Nothing => None,
            Keeps::Present => kept,
            Keeps::NeverThere => Some(Nonce([0xAB; 32])),
        };
        member.said = nonce;
        if let Some(answered) = answers {
            member.agree(nonce, answered);
        }
        Hello { version: VERSION, tab: TabId([member.tab; 16]), nonce, answers, keeps }
    }

    fn seal_hello(&mut self, place: usize, plaintext: &[u8]) -> Envelope {
        self.serial += 1;
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&self.serial.to_be_bytes());
        self.forge.hello(self.members[place].id, plaintext, nonce)
    }

    fn relay(&mut self, place: usize, envelope: Envelope) {
        self.heard_from = Some(place);
        self.members[place].last = Some(envelope.clone());
        let from = self.members[place].id;
        self.server(&FromServer::Relay { from, envelope });
    }

    /// It takes a seat, with its hello.
    pub fn join(&mut self, place: usize, answers: Answers, keeps: Keeps) {
        let hello = self.new_hello(place, answers, keeps);
        let hello = self.seal_hello(place, &forge::padded(&wire::to_bytes(&hello)));
        self.heard_from = Some(place);
        self.members[place].last = Some(hello.clone());
        let peer = self.members[place].id;
        self.server(&FromServer::Joined { peer, hello });
    }

    pub fn greet(&mut self, place: usize, answers: Answers, keeps: Keeps) {
        let hello = self.new_hello(place, answers, keeps);
        let hello = self.seal_hello(place, &forge::padded(&wire::to_bytes(&hello)));
        self.relay(place, hello);
    }

    /// A hello of any content, under the right key.
    pub fn greet_with(&mut self, place: usize, plaintext: &[u8]) {
        let hello = self.seal_hello(place, plaintext);
        self.relay(place, hello);
    }

    /// A signal of any content in the present exchange, so many places ahead.
    pub fn signal_with(&mut self, place: usize, plaintext: &[u8], skipped: u64) {
        let member = &mut self.members[place];
        let Some((mine, theirs)) = member.exchange else { return };
        member.counter += skipped;
        let (from, to) = ((member.id, mine), (self.me, theirs));
        let envelope = self.forge.signal(from, to, member.counter, plaintext);
        member.counter += 1;
        self.relay(place, envelope);
    }

    pub fn signal(&mut self, place: usize, signal: &Signal) {
        self.signal_with(place, &forge::padded(&wire::to_bytes(signal)), 0);
    }

    /// Its description; `is_other`: with another certificate.
    pub fn offer_or_answer(&mut self, place: usize, is_offer: bool, is_other: bool) {
        let mut fingerprint = self.members[place].fingerprint();
        fingerprint[0] ^= u8::from(is_other);
        let sdp = sdp(fingerprint, "m1");
        self.signal(place, &if is_offer { Signal::Offer { sdp } } else { Signal::Answer { sdp } });
    }

    /// The server repeats what a member said last.
    pub fn repeat(&mut self, place: usize) {
        if let Some(envelope) = self.members[place].last.clone() {
            self.relay(place, envelope);
        }
    }
}

/// Members over their connections.
impl World {
    pub fn prove(&mut self, place: usize, is_right: bool) {
        let Some(connection) = self.wire_of(place) else { return };
        let (wire, member) = (&self.wires[&connection], &self.members[place]);
        let ours = Fingerprint(wire.my_fingerprint);
        let mine = End { peer: self.me, nonce: wire.my_nonce, fingerprint: ours };
        let fingerprint = Fingerprint(member.fingerprint());
        let theirs = End { peer: member.id, nonce: wire.their_nonce, fingerprint };
        let (offerer, answerer) = if wire.role == Role::Offerer { (mine, theirs) } else { (theirs, mine) };
        let device = Device::of(&DeviceSecret([place as u8; 32]), self.keys.room());
        let mut said = confirm::confirm(&self.keys, &device, wire.role.other(), &offerer, &answerer);
        if let Control::Confirm { proof, .. } = &mut said {
            proof.0[0] ^= u8::from(!is_right);
        }
        self.control(place, &said);
    }

    /// A message in `author`'s name, signed by the device of `signer`.
    pub fn message(&self, author: usize, signer: usize, at: u64, text: String) -> Message {
        let device = Device::of(&DeviceSecret([signer as u8; 32]), self.keys.room());
        message::write(&device, self.keys.room(), self.members[author].id, "", at, text)
    }

    pub fn id_of(&self, message: &Message) -> ItemId {
        message::id(message, self.keys.room())
    }

    pub fn on_wire(&mut self, place: usize, event: Event) {
        if let Some(connection) = self.wire_of(place) {
            self.event(connection, event);
        }
    }

    pub fn control(&mut self, place: usize, message: &Control) {
        self.on_wire(place, Event::Control(wire::to_text(message)));
    }

    pub fn offer(&mut self, place: usize, offer: Offer) {
        self.control(place, &Control::Offer(offer));
    }

    pub fn header(&mut self, place: usize, header: &Header) {
        let owner = self.members[place].id;
        match *header {
            Header::Piece { item, part, index, sha256, .. } => {
                let offset = u64::from(index) * u64::from(PIECE_BYTES);
                self.page.announced.insert((PayloadId { owner, item, part }, offset, sha256));
            }
            Header::End { item, root } => drop(self.page.roots.insert((owner, item, root))),
        }
        self.on_wire(place, Event::Header(wire::to_text(header)));
    }

    /// Announces a piece of `length` bytes that are all `label`.
    pub fn piece(&mut self, place: usize, item: ItemId, part: Part, index: u32, length: u32, label: u8) {
        self.piece_from(place, item, part, index, 0, length, label);
    }

    /// The same from some byte of it on.
    #[allow(clippy::too_many_arguments, reason = "a header has as many fields")]
    pub fn piece_from(
        &mut self,
        place: usize,
        item: ItemId,
        part: Part,
        index: u32,
        offset: u32,
        length: u32,
        label: u8,
    ) {
        let sha256 = page::hash_of(label);
        let pieces = self.members[place].pieces.entry((item, part)).or_default();
        // Those before are of an earlier life of our page.
        pieces.resize(index.min(8) as usize, page::hash_of(1));
        pieces.push(sha256);
        self.header(place, &Header::Piece { item, part, index, offset, length, sha256 });
    }

    pub fn chunk(&mut self, place: usize, bytes: u32, label: u8) {
        let Some(connection) = self.wire_of(place) else { return };
        let chunk = self.page.receive(connection, bytes, label);
        self.event(connection, Event::Chunk(chunk, bytes));
    }

    /// The end of an item, as what was announced of it says.
    pub fn end_of(&mut self, place: usize, item: ItemId) {
        let pieces = self.members[place].pieces.get(&(item, Part::Exact));
        let root = page::root(pieces.into_iter().flatten().copied());
        self.header(place, &Header::End { item, root });
    }

    /// A photo as an honest member sends it, as far as one window goes: at most 384 KiB, and then the end.
    pub fn send_honestly(
        &mut self,
        place: usize,
        item: ItemId,
        width: u32,
        height: u32,
        preview: Option<u32>,
    ) {
        let exact = width * height * 4;
        self.offer(place, offer(item, width, height, preview, 1));
        let preview = preview.map(|bytes| (Part::Preview, bytes, 1));
        for (part, bytes, label) in preview.into_iter().chain([(Part::Exact, exact, 3)]) {
            self.piece(place, item, part, 0, bytes, label);
            for start in (0..bytes).step_by(64 * 1024) {
                self.chunk(place, (bytes - start).min(64 * 1024), label);
            }
            self.finish_all();
        }
        self.end_of(place, item);
    }
}

/// An honest offer. `label`: of the preview's bytes.
pub fn offer(item: ItemId, width: u32, height: u32, preview: Option<u32>, label: u8) -> Offer {
    Offer {
        item,
        name: String::from("photo.png"),
        bytes: u64::from(width) * u64::from(height) * 4,
        kind: Kind::Photo { width, height, taken: 0 },
        preview: preview.map(|bytes| Preview { bytes, sha256: page::hash_of(label) }),
        resumes: false,
        on_request: false,
    }
}

/// Whole ways, on which all keep to the rules.
impl World {
    /// A newcomer, whom the session answers and to whom it makes the offer.
    pub fn befriend_newcomer(&mut self, place: usize) {
        self.join(place, Answers::Nothing, Keeps::Nothing);
        let Some(connection) = self.wire_of(place) else { return };
        self.describe(connection);
        self.offer_or_answer(place, false, false);
        self.describe(connection);
        self.stand(place);
    }

    /// Somebody who was there before the session, and makes the offer.
    pub fn befriend_elder(&mut self, place: usize) {
        self.greet(place, Answers::Join, Keeps::Nothing);
        let Some(connection) = self.wire_of(place) else { return };
        self.offer_or_answer(place, true, false);
        self.describe(connection);
        self.stand(place);
    }

    fn stand(&mut self, place: usize) {
        let Some(connection) = self.wire_of(place) else { return };
        self.event(connection, Event::State(State::Connected));
        self.open(connection, 256 * 1024);
        self.prove(place, true);
    }
}
