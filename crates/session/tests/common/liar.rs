//! A member of the room who lies, by hand, to one of two honest people.

use std::time::Duration;

use snaproom_protocol::{
    Digest, ItemId,
    bulk::{Header, Part},
    control::{Control, Kind, Offer, Preview, RefusedItem},
    wire,
};
use snaproom_session::{
    Command, Event, Input,
    io::{Failure, PeerState, RefusedPeer, TransferState},
};

use super::{Lane, Parcel, Room, WireId, digest, jpeg, picture, root};

pub const VICTIM: usize = 0;
pub const LIAR: usize = 1;
pub const FRIEND: usize = 2;

pub const ITEM: ItemId = ItemId([0xBA; 16]);
pub const OTHER: ItemId = ItemId([0xBB; 16]);
/// All of it fits into the first window: 5 chunks, 3 KB of preview.
pub const WIDTH: u32 = 320;
pub const HEIGHT: u32 = 240;
pub const PREVIEW: usize = 3_000;

/// What an honest sender would say of one photo, to be changed.
pub struct Script {
    pub control: Vec<String>,
    pub offer: Offer,
    pub bulk: Vec<Said>,
    /// Bulk goes first, and the offer only when all of it is there.
    pub bulk_first: bool,
    /// The victim's person asks for it.
    pub is_wanted: bool,
    /// How long the victim works on a payload, in milliseconds.
    pub work: u64,
}

#[derive(Clone)]
pub enum Said {
    Header(Header),
    Text(String),
    Chunk(Vec<u8>),
}

// Where things stand in an honest script.
pub const PREVIEW_HEADER: usize = 0;
pub const PREVIEW_CHUNK: usize = 1;
pub const EXACT_HEADER: usize = 2;
pub const FIRST_CHUNK: usize = 3;
pub const LAST_CHUNK: usize = 7;
pub const END: usize = 8;

impl Script {
    pub fn honest() -> Self {
        Self::with_preview(&jpeg(160, 120, PREVIEW))
    }

    pub fn with_preview(preview: &[u8]) -> Self {
        let exact = picture(ITEM, (WIDTH * HEIGHT * 4) as usize);
        let sha256 = digest(&exact);
        let length = exact.len() as u32;
        let piece = |part, length, sha256| {
            Said::Header(Header::Piece { item: ITEM, part, index: 0, offset: 0, length, sha256 })
        };
        let preview_hash = digest(preview);
        let mut bulk = vec![
            piece(Part::Preview, preview.len() as u32, preview_hash),
            Said::Chunk(preview.to_vec()),
            piece(Part::Exact, length, sha256),
        ];
        bulk.extend(exact.chunks(64 * 1024).map(|chunk| Said::Chunk(chunk.to_vec())));
        bulk.push(Said::Header(Header::End { item: ITEM, root: root(&[sha256]) }));
        assert_eq!(bulk.len(), END + 1);
        let offer = Offer {
            item: ITEM,
            name: String::from("photo.png"),
            bytes: u64::from(length),
            kind: Kind::Photo { width: WIDTH, height: HEIGHT, taken: 0 },
            preview: Some(Preview { bytes: preview.len() as u32, sha256: preview_hash }),
            resumes: false,
            on_request: false,
        };
        Self { control: Vec::new(), offer, bulk, bulk_first: false, is_wanted: false, work: 5 }
    }

    /// The photo's bytes as a file, which is wanted: its header is the first of what is said, and the chunks follow.
    pub fn file() -> Self {
        let mut script = Self::honest();
        script.offer.kind = Kind::File;
        script.offer.preview = None;
        script.offer.on_request = true;
        script.is_wanted = true;
        script.bulk.drain(..=PREVIEW_CHUNK);
        script
    }

    pub fn say(&mut self, control: &Control) {
        self.control.push(wire::to_text(control));
    }

    pub fn size(&mut self, width: u32, height: u32, bytes: u64) {
        self.offer.kind = Kind::Photo { width, height, taken: 0 };
        self.offer.bytes = bytes;
    }

    pub fn preview(&mut self) -> &mut Preview {
        self.offer.preview.as_mut().unwrap()
    }

    /// What the header of a piece says.
    pub fn piece(&mut self, at: usize) -> Piece<'_> {
        let Said::Header(Header::Piece { index, offset, length, sha256, .. }) = &mut self.bulk[at] else {
            panic!("no piece at {at}");
        };
        Piece { index, offset, length, sha256 }
    }

    pub fn chunk(&mut self, at: usize) -> &mut Vec<u8> {
        let Said::Chunk(bytes) = &mut self.bulk[at] else { panic!("no chunk at {at}") };
        bytes
    }
}

pub struct Piece<'a> {
    pub index: &'a mut u32,
    pub offset: &'a mut u32,
    pub length: &'a mut u32,
    pub sha256: &'a mut Digest,
}

/// How it must end for the liar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    /// The item is refused with this reason, and the connection stays.
    Item(RefusedItem),
    /// The connection ends.
    Connection,
    /// Nobody is deceived: the photo arrives as it is.
    Verified,
}
pub use Ending::{Connection, Item, Verified};

/// Tells one lie in a room of three.
#[track_caller]
pub fn tell(name: &str, ending: Ending, lie: impl Fn(&mut Script)) -> Room {
    let mut script = Script::honest();
    lie(&mut script);
    play(name, ending, script)
}

/// The same about a file.
#[track_caller]
pub fn tell_of_file(name: &str, ending: Ending, lie: impl Fn(&mut Script)) -> Room {
    let mut script = Script::file();
    lie(&mut script);
    play(name, ending, script)
}

#[track_caller]
pub fn play(name: &str, ending: Ending, script: Script) -> Room {
    let (mut room, wire) = Room::with_liar();
    room.tabs[VICTIM].work = script.work;
    let say_control = |room: &mut Room| {
        room.say(wire, &Control::Offer(script.offer.clone()));
        for text in &script.control {
            room.transmit(wire, Lane::Control, Parcel::Event(Event::Control(text.clone())));
        }
    };
    if !script.bulk_first {
        say_control(&mut room);
    }
    if script.is_wanted {
        room.run_for(Duration::from_millis(500));
        let from = room.me(LIAR);
        room.handle(VICTIM, Input::Command(Command::Request { from, item: ITEM }));
    }
    for said in script.bulk {
        room.say_bulk(wire, said);
    }
    if script.bulk_first {
        room.run_for(Duration::from_secs(2));
        say_control(&mut room);
    }
    room.run_for(Duration::from_secs(15));

    let liar = room.sees(VICTIM, LIAR);
    let state = room.tabs[VICTIM].last_incoming(ITEM).map(|incoming| incoming.state);
    match ending {
        Item(reason) => {
            assert_eq!(state, Some(TransferState::Failed(Failure::Refused(reason))), "{name}");
            let refused = wire::to_text(&Control::Refused { item: ITEM, reason });
            assert!(room.tabs[VICTIM].said.contains(&refused), "{name}: the liar is told");
            assert_eq!(liar, Some(PeerState::Connected), "{name}");
        }
        Connection => {
            assert_eq!(liar, Some(PeerState::Refused(RefusedPeer::Protocol)), "{name}");
        }
        Verified => {
            assert_eq!(state, Some(TransferState::Verified), "{name}");
            assert!(room.has(VICTIM, ITEM), "{name}");
            let exact = &room.tabs[VICTIM].exact(ITEM).unwrap().bytes;
            assert!(*exact == picture(ITEM, exact.len()), "{name}: shown as it was hashed");
        }
    }
    if ending != Verified {
        assert!(!room.has(VICTIM, ITEM), "{name}: nothing is shown that was not checked");
    }
    if let Some(preview) = room.tabs[VICTIM].shown(ITEM, Part::Preview) {
        assert_eq!(preview.bytes, jpeg(160, 120, PREVIEW), "{name}: only an honest preview is shown");
    }
    let bound = (WIDTH * HEIGHT * 4) as usize + PREVIEW;
    assert!(room.tabs[VICTIM].most_allocated <= bound, "{name}: {}", room.tabs[VICTIM].most_allocated);
    assert_harmless(name, &mut room);
    room
}

/// The other two can still send to each other, and nothing is left over.
#[track_caller]
pub fn assert_harmless(name: &str, room: &mut Room) {
    room.tabs[VICTIM].assert_no_bytes();
    for (from, to) in [(FRIEND, VICTIM), (VICTIM, FRIEND)] {
        let item = room.send(from, 40, 30, Some(500));
        room.run_until(name, |room| room.has(to, item));
    }
}

impl Room {
    /// Three people of whom one lies, and the liar's end of its connection with the victim.
    pub fn with_liar() -> (Self, WireId) {
        let mut room = Self::of(1, 3);
        room.tabs[LIAR].is_liar = true;
        let leads = |wire: &&WireId| room.wires[&room.wires[wire].remote.unwrap()].tab == VICTIM;
        let wire = *room.tabs[LIAR].connections.values().find(leads).unwrap();
        (room, wire)
    }

    /// Says something that the session of this end did not think of.
    pub fn say(&mut self, wire: WireId, control: &Control) {
        let text = wire::to_text(control);
        self.transmit(wire, Lane::Control, Parcel::Event(Event::Control(text)));
    }

    pub fn say_bulk(&mut self, wire: WireId, said: Said) {
        let parcel = match said {
            Said::Header(header) => Parcel::Event(Event::Header(wire::to_text(&header))),
            Said::Text(text) => Parcel::Event(Event::Header(text)),
            Said::Chunk(bytes) => Parcel::Bytes(bytes),
        };
        self.transmit(wire, Lane::Bulk, parcel);
    }
}
