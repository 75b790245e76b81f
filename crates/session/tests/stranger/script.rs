//! A fuzzer's bytes as a course of events.

use std::time::Duration;

use snaproom_protocol::{
    Digest, ItemId, PeerId,
    bulk::{Header, Part},
    chat::{Chat, Ids},
    control::{Control, InCall, Kind, MAX_MESSAGE_BYTES, Offer, Preview, RefusedItem, Sends},
    server::{FromServer, Ice, Refusal},
    shared::{Entry, Shared},
    signal::Signal,
};
use snaproom_session::{
    Command, Event, Input,
    io::{Path, State},
};

use super::{
    Answers, Keeps, World,
    files::file_offer,
    forge,
    members::{candidate, offer},
    page, photo,
    shown::{Finds, root_of},
};

/// A course goes no further, however many bytes there are.
const MAX_ACTS: usize = 300;

/// What fits into one message of the bulk channel: too little, the least that the session takes, what browsers say.
const MESSAGE_SIZES: [u32; 4] = [1, 16 * 1024, 256 * 1024, u32::MAX];

/// Sides of photos: from the smallest to one over each bound.
const SIDES: [(u32, u32); 8] =
    [(1, 1), (16, 16), (256, 256), (512, 600), (4096, 4096), (8193, 1), (u32::MAX, u32::MAX), (0, 9)];

const PREVIEWS: [Option<u32>; 8] =
    [None, None, Some(100), Some(100), Some(70_000), Some(256 * 1024), Some(256 * 1024 + 1), Some(0)];

/// Lengths of files: none, less than a piece, whole pieces and a bit more, and as much as can be offered.
const FILES: [u64; 8] = [0, 100, 70_000, 1 << 20, (1 << 20) + 100, (2 << 20) + 0x8000, 9 << 20, 256 << 30];

/// Plays everything that the bytes say, and then the end. Panics where the session breaks a bound.
pub fn play(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut world = World::new();
    begin(&mut world, script.byte());
    for _ in 0..MAX_ACTS {
        if script.0.is_empty() || world.left {
            break;
        }
        act(&mut world, &mut script);
    }
    world.end();
}

/// Where it begins: outside, alone in the room, or among people.
fn begin(world: &mut World, how: u8) {
    match how % 10 {
        0 => {}
        1 => world.enter(&[]),
        2 => {
            world.enter(&[]);
            world.befriend_newcomer(0);
        }
        3 => {
            world.enter(&[(0, false)]);
            world.befriend_elder(0);
        }
        4 => {
            world.enter(&[(0, false), (1, true)]);
            world.befriend_elder(0);
            world.befriend_newcomer(2);
            world.send(own(0), 512, 600, Some(100));
            world.finish_all();
        }
        5 => {
            // A file under way.
            world.enter(&[]);
            world.befriend_newcomer(0);
            world.offer(0, file_offer(theirs(0), FILES[5]));
            world.want(0, theirs(0));
            world.piece(0, theirs(0), Part::Exact, 0, 1 << 20, 1);
            (0..3).for_each(|_| world.chunk(0, 0x1_0000, 1));
        }
        6 => {
            // One of ours, of which nothing was read yet.
            world.enter(&[]);
            world.befriend_newcomer(0);
            world.befriend_newcomer(1);
            world.give(own(0), FILES[6], &[0, 1], false, true);
            world.control(0, &Control::Request { item: own(0) });
            world.control(0, &Control::Credit { until: 0x6_0000 });
        }
        7 => {
            // What earlier lives of the page left.
            world.restore(0, &file_offer(theirs(0), FILES[5]), 1, 100, false);
            world.restore(0, &file_offer(theirs(1), FILES[3]), 0, 0, false);
            world.restore(1, &file_offer(theirs(0), FILES[4]), 1, 0, true);
            world.restore(70, &file_offer(theirs(2), FILES[7]), 2, 0x8000, false);
            world.give(own(1), FILES[6], &[0, 1], true, false);
            world.enter(&[(0, false)]);
            world.befriend_elder(0);
        }
        8 => {
            // Shown before we came, by somebody who is gone; and of ours, to everybody.
            world.enter(&[(0, false)]);
            world.befriend_elder(0);
            world.befriend_newcomer(1);
            let (owner, root) = (world.members[2].id, Some(root_of(FILES[1])));
            let entry = world.entry((owner, 2), theirs(0), (Kind::File, FILES[1]), root);
            world.shared(0, Shared::Has(entry));
            world.fetch(owner, theirs(0));
            world.give(own(0), FILES[1], &[0, 1], false, true);
            world.shared(1, Shared::Want { owner: world.me, item: own(0) });
        }
        _ => {
            world.enter(&[]);
            world.befriend_newcomer(0);
            world.befriend_newcomer(5);
            world.offer(0, offer(theirs(0), 512, 600, Some(100), 1));
            world.piece(0, theirs(0), Part::Preview, 0, 100, 1);
        }
    }
}

fn act(world: &mut World, script: &mut Script) {
    match script.byte() % 23 {
        21 | 22 => shown(world, script),
        16 | 17 => files(world, script),
        18 => wanted(world, script),
        19 => given(world, script),
        20 => asked(world, script),
        0 | 1 => server(world, script),
        2 | 3 => envelope(world, script),
        4 | 5 => connection(world, script),
        6..=8 => control(world, script),
        9 | 10 => bulk(world, script),
        11 | 12 => work(world, script),
        13 => person(world, script),
        14 => time(world, script),
        _ => way(world, script),
    }
}

fn server(world: &mut World, script: &mut Script) {
    let place = script.member();
    let peer = world.members[place].id;
    match script.byte() % 20 {
        0 => world.handle(Input::SocketOpened),
        1 => world.handle(Input::SocketClosed),
        2 => world.enter(&[]),
        3 => world.enter(&[(place, false)]),
        4 => {
            let (from, many) = (script.below(16), script.below(80));
            let present: Vec<_> = (from..from + many).map(|n| (n % 80, n % 5 == 4)).collect();
            world.welcome(&present, None);
        }
        5 => world.welcome(&[(place, true)], Some(u32::from(script.byte()))),
        6 => world.server(&FromServer::Away { peer }),
        7 => world.server(&FromServer::Left { peer, for_good: false }),
        8 => world.server(&FromServer::Left { peer, for_good: true }),
        9 => world.server(&FromServer::Pong),
        10 => world.server(&FromServer::Ice(Ice { servers: Vec::new(), expires_in: Some(0) })),
        11 => world.server(&FromServer::Full { capacity: 2 }),
        12 => world.server(&FromServer::Replaced),
        13 => {
            let reasons = [Refusal::Busy, Refusal::Version, Refusal::Malformed, Refusal::Lagging];
            world.server(&FromServer::Refused { reason: reasons[script.below(4)] });
        }
        14 => {
            let text = script.text();
            world.handle(Input::Server(text));
        }
        // People who come and go, with nothing in their hands.
        15 => {
            let many = script.below(80);
            (0..many).for_each(|place| world.join(place, Answers::Nothing, Keeps::Nothing));
        }
        _ => world.handle(Input::NetworkChanged),
    }
}

fn envelope(world: &mut World, script: &mut Script) {
    let place = script.member();
    let answers = [Answers::Nothing, Answers::Join, Answers::Greeting, Answers::NeverSaid];
    let keeps = [Keeps::Nothing, Keeps::Present, Keeps::NeverThere, Keeps::Nothing];
    match script.byte() % 16 {
        0 | 1 => {
            world.members[place].tab = script.byte() % 3;
            world.join(place, Answers::Nothing, Keeps::Nothing);
        }
        2 => world.join(place, answers[script.below(4)], keeps[script.below(4)]),
        3..=5 => world.greet(place, answers[script.below(4)], keeps[script.below(4)]),
        6 => {
            let text = script.text();
            world.greet_with(place, text.as_bytes());
        }
        7 => {
            let text = script.text();
            world.signal_with(place, &forge::padded(text.as_bytes()), script.below(2) as u64);
        }
        8 | 9 => world.offer_or_answer(place, script.flag(), script.byte() == 7),
        10 => {
            let sdp = script.text();
            world.signal(place, &if script.flag() { Signal::Offer { sdp } } else { Signal::Answer { sdp } });
        }
        11 => world.repeat(place),
        12 => {
            let many = script.below(70);
            (0..many).for_each(|_| world.signal(place, &Signal::Candidate(candidate(Some("m1"), 40))));
        }
        _ => {
            let generation = [None, Some("m1"), Some("other")][script.below(3)];
            let length = [40, 1024, 1025][script.below(3)];
            world.signal(place, &Signal::Candidate(candidate(generation, length)));
        }
    }
}

/// Events of a connection: the present one's, or a late one of one that is gone.
fn connection(world: &mut World, script: &mut Script) {
    let all = world.connections();
    let Some(&connection) = all.get(script.byte() as usize % all.len().max(1)) else { return };
    let states = [State::Connecting, State::Connected, State::Disconnected, State::Failed];
    match script.byte() % 15 {
        0..=4 => world.describe(connection),
        5 | 6 => world.event(connection, Event::State(states[script.below(4)])),
        7 => world.event(connection, Event::State(State::Connected)),
        8 => world.event(connection, Event::Closed),
        9 => world.event(connection, Event::Overrun),
        10 => world.event(connection, Event::ActionFailed(String::from("no"))),
        11 => world.event(connection, Event::Path(Path::Relay)),
        12 => world.event(connection, Event::Candidate(candidate(Some("s1"), 30))),
        13 => world.event(connection, Event::Candidate(candidate(None, 30))),
        _ => world.open(connection, MESSAGE_SIZES[script.below(4)]),
    }
}

fn control(world: &mut World, script: &mut Script) {
    let place = script.member();
    let item = script.item();
    let (preview, exact) = (script.below(3) as u32 * 50, script.below(5) as u64 * 0x8000);
    let message = match script.byte() % 33 {
        0 => return world.prove(place, true),
        1 => return world.prove(place, false),
        2 | 3 => return world.offer(place, honest_offer(script)),
        4 => return world.offer(place, any_offer(script)),
        5 => {
            let text = script.text();
            return world.on_wire(place, Event::Control(text));
        }
        6 => return world.on_wire(place, Event::Control(" ".repeat(MAX_MESSAGE_BYTES + script.below(2)))),
        7 => Control::Credit { until: 1 << script.below(64) },
        8 => Control::Credit { until: u64::MAX },
        9 => Control::AllOffered,
        10 => {
            let (pieces, root) = (script.below(3) as u32, script.digest());
            Control::Accept { item, preview, exact, pieces, root }
        }
        11 => Control::Accept {
            item,
            preview: u32::MAX,
            exact: u64::MAX,
            pieces: u32::MAX,
            root: script.digest(),
        },
        12 => Control::Received { item, bytes: exact },
        13 => Control::Verified { item },
        14 => Control::Refused { item, reason: RefusedItem::Hash },
        15 => Control::Cancel { item },
        16 => Control::Name { name: script.text() },
        17..=19 => {
            let turn = [0, 1, 2, u32::MAX][script.below(4)];
            Control::Call(InCall { turn, sends: sends(script) })
        }
        20 => {
            let comes = script.flag();
            let all = [Control::HangUp, Control::Decline, Control::AskStill, Control::AnswerStill { comes }];
            all[script.below(4)].clone()
        }
        21 | 22 => Control::Request { item },
        25..=28 => Control::Chat(chat(world, script, place)),
        29..=32 => Control::Shared(shared(world, script, place)),
        _ if script.flag() => Control::Ping,
        _ => Control::Pong,
    };
    world.control(place, &message);
}

/// What a member writes, in its own name or in another's, and all that is said of such things.
fn chat(world: &World, script: &mut Script, place: usize) -> Chat {
    let text = ["a", "b\n`c`", "", "\u{202E}a", "https://example.org"][script.below(5)].to_owned();
    let ids = |script: &mut Script| {
        let many = script.below(12);
        let id = |_| {
            let written = world.written.get(script.below(8)).copied();
            written.unwrap_or_else(|| script.item())
        };
        Ids((0..many).map(id).collect())
    };
    match script.byte() % 12 {
        0..=3 => Chat::Say(world.message(place, place, u64::from(script.byte()), text)),
        4 => {
            let author = script.member();
            Chat::Say(world.message(author, place, u64::from(script.byte()), text))
        }
        5 => {
            let author = script.member();
            Chat::Say(world.message(author, author, u64::from(script.byte()), text))
        }
        6 => Chat::Writes,
        7 => Chat::Log { digest: script.digest() },
        8 => Chat::Heard { id: script.item() },
        9 => Chat::Want { ids: ids(script) },
        10 => {
            let said = [0, 1, 2].map(|n| world.message(n, n, u64::from(script.byte()), text.clone()));
            Chat::Has { ids: Ids(said.iter().map(|message| world.id_of(message)).collect()) }
        }
        _ => Chat::Has { ids: ids(script) },
    }
}

/// What a member says of what was shown, by itself, by others or by nobody.
fn shared(world: &World, script: &mut Script, place: usize) -> Shared {
    let (owner, signer) = script.owner(world);
    let item = script.item();
    match script.byte() % 8 {
        0 => Shared::Has(entry(world, script, (world.members[place].id, place), item)),
        1 | 2 => Shared::Has(entry(world, script, (owner, signer), item)),
        3 => Shared::Has(entry(world, script, (owner, place), item)),
        4 => {
            let mut entry = entry(world, script, (owner, signer), item);
            match script.byte() % 5 {
                0 => entry.signature.0[0] ^= 1,
                1 => entry.root = Some(script.digest()),
                2 => entry.name = script.text(),
                3 => entry.called = script.text(),
                _ => entry.bytes ^= 1 << script.below(64),
            }
            Shared::Has(entry)
        }
        5 | 6 => Shared::Want { owner, item },
        _ => Shared::Gives { owner, item, as_item: script.flag().then(|| script.item()) },
    }
}

/// An entry of something honest, or of anything.
fn entry(world: &World, script: &mut Script, whose: (PeerId, usize), item: ItemId) -> Entry {
    let (width, height) = SIDES[script.below(3)];
    let photo = (Kind::Photo { width, height, taken: 0 }, u64::from(width * height * 4));
    let bytes = FILES[script.below(5)];
    let (what, root) = match script.byte() % 6 {
        0 | 1 => (photo, Some(page::root([page::hash_of(3)]))),
        2 => ((Kind::File, bytes), Some(root_of(bytes))),
        3 => ((Kind::File, bytes), None),
        4 => (photo, Some(script.digest())),
        _ => {
            let (files, listing) = ([0, 1, 20_000][script.below(3)], [0, 9, 100][script.below(3)]);
            ((Kind::Folder { files, listing }, bytes), None)
        }
    };
    world.entry(whose, item, what, root)
}

fn honest_offer(script: &mut Script) -> Offer {
    let (width, height) = SIDES[script.below(5)];
    let label = 1 + script.byte() % 3;
    let preview = PREVIEWS[script.below(5)];
    let flags = script.byte();
    let (resumes, on_request) = (flags & 1 == 1, flags & 2 == 2);
    Offer { resumes, on_request, ..offer(script.item(), width, height, preview, label) }
}

fn any_offer(script: &mut Script) -> Offer {
    let (width, height) = SIDES[script.below(SIDES.len())];
    let preview =
        PREVIEWS[script.below(PREVIEWS.len())].map(|bytes| Preview { bytes, sha256: script.digest() });
    let mut offer = Offer { preview, ..offer(script.item(), width, height.min(1 << 16), None, 0) };
    offer.name = script.text();
    offer.bytes ^= u64::from(script.byte() / 128);
    offer.resumes = script.flag();
    offer.on_request = script.flag();
    offer
}

fn bulk(world: &mut World, script: &mut Script) {
    let place = script.member();
    let item = script.item();
    let part = if script.flag() { Part::Exact } else { Part::Preview };
    let label = 1 + script.byte() % 3;
    let lengths = [4, 100, 1024, 70_000, 256 * 1024, 180_224, 1 << 20, u32::MAX];
    match script.byte() % 12 {
        0..=2 => {
            let (index, length) = (script.below(3) as u32, lengths[script.below(8)]);
            world.piece(place, item, part, index, length, label);
        }
        3 => {
            let index = [0, 1, 63, u32::MAX][script.below(4)];
            let offset = [0, 100, 0x1_0000, u32::MAX][script.below(4)];
            let (length, sha256) = (lengths[script.below(8)], script.digest());
            world.header(place, &Header::Piece { item, part, index, offset, length, sha256 });
        }
        4..=6 => {
            world.chunk(place, [4, 100, 1024, 4464, 0x4000, 0x1_0000, 0, 0x4_0000][script.below(8)], label);
        }
        7 | 8 => world.end_of(place, item),
        9 => world.header(place, &Header::End { item, root: script.digest() }),
        10 => {
            // More than may wait for one offer.
            let many = script.byte();
            (0..many).for_each(|_| world.header(place, &Header::End { item, root: page::hash_of(1) }));
        }
        _ => {
            let text = script.text();
            world.on_wire(place, Event::Header(text));
        }
    }
}

/// What members say of files of theirs.
fn files(world: &mut World, script: &mut Script) {
    let place = script.member();
    let item = script.item();
    let bytes = FILES[script.below(FILES.len())];
    let index = script.below(3) as u32;
    match script.byte() % 16 {
        0 | 1 => {
            let resumes = script.flag();
            world.offer(place, Offer { resumes, ..file_offer(item, bytes) });
            if script.flag() {
                world.want(place, item);
            }
        }
        2 => {
            let mut offer = file_offer(item, bytes ^ u64::from(script.byte()));
            let (files, listing) =
                ([0, 1, 20_000, u32::MAX][script.below(4)], [0, 9, 100, u32::MAX][script.below(4)]);
            offer.kind = [Kind::File, Kind::Folder { files, listing }][script.below(2)];
            offer.on_request = !script.byte().is_multiple_of(4);
            offer.resumes = script.flag();
            world.offer(place, offer);
        }
        3 => world.offer(place, file_offer(item, [256 << 30, (256 << 30) + 1, u64::MAX][script.below(3)])),
        4 => {
            // Many.
            let from = script.byte();
            for n in 0..=script.byte() {
                world.offer(place, file_offer(ItemId([from.wrapping_add(n); 16]), bytes));
            }
        }
        5 | 6 => {
            // Some of a piece, right or wrong.
            let length = [1 << 20, 100, 1024][script.below(3)];
            let (offset, label) = ([0, 0, 100, 0x8000][script.below(4)], 1 + script.byte() % 3);
            world.piece_from(place, item, Part::Exact, index, offset, length, label);
            for _ in 0..script.below(18) {
                world.chunk(place, 0x1_0000, label);
                if script.flag() {
                    world.finish(0, false);
                }
            }
        }
        7..=9 => world.send_piece(
            place,
            item,
            index,
            0,
            bytes.saturating_sub(u64::from(index) << 20).min(1 << 20) as u32,
        ),
        10 | 11 => world.send_pieces(place, item, index, bytes),
        12 => world.end_of(place, item),
        13 => world.control(place, &Control::Hold { item, holds: script.flag() }),
        _ => {
            // All of one.
            world.offer(place, file_offer(item, bytes));
            world.want(place, item);
            world.send_pieces(place, item, 0, bytes);
        }
    }
}

/// What the person does with files of others.
fn wanted(world: &mut World, script: &mut Script) {
    let place = script.member();
    let (from, item) = (world.members[place].id, script.item());
    match script.byte() % 8 {
        0 | 1 => world.want(place, item),
        2 => world.accept_all(place, !script.byte().is_multiple_of(4)),
        3 => world.command(Command::Decline { from, item }),
        4 => world.pause(place, item, true),
        5 | 6 => world.pause(place, item, false),
        _ => world.command(Command::Saved { from, item }),
    }
}

/// Files of ours.
fn given(world: &mut World, script: &mut Script) {
    let item = own(script.byte());
    match script.byte() % 8 {
        0..=2 => {
            let bytes = FILES[script.below(FILES.len())];
            let to = [&[0][..], &[0, 1], &[0, 1, 2], &[1, 79]][script.below(4)];
            let flags = script.byte();
            world.give(item, bytes, to, flags % 4 == 3, flags % 8 < 7);
        }
        3 => {
            for n in 0..script.byte() {
                world.give(own(item.0[0].wrapping_add(n)), FILES[6], &[0, 1], false, true);
            }
        }
        4 => world.command(Command::Hold { item: own(item.0[0] % 4), holds: script.flag() }),
        5 => world.supply(own(item.0[0] % 4)),
        6 => world.command(Command::Cancel(own(item.0[0] % 4))),
        _ => {
            // Offered, wanted, and on its way.
            world.give(item, FILES[5], &[0], false, true);
            world.control(0, &Control::Request { item });
            world.control(0, &Control::Credit { until: 1 << 40 });
            world.finish_all();
        }
    }
}

/// What members say of files of ours.
fn asked(world: &mut World, script: &mut Script) {
    let (place, item) = (script.member(), own(script.byte() % 4));
    match script.byte() % 10 {
        0..=2 => world.control(place, &Control::Request { item }),
        3 => world.control(place, &Control::Pause { item, pauses: script.flag() }),
        4 | 5 => {
            let exact = [0, 1 << 20, 5 << 20, u64::MAX][script.below(4)];
            world.control(place, &Control::Repeat { item, exact });
        }
        6 => world.control(place, &Control::Saved { item }),
        7 => {
            let pieces = script.below(9) as u32;
            world.claim(place, item, pieces, !script.byte().is_multiple_of(4));
        }
        8 => {
            // Back and back, before anything is read.
            world.control(place, &Control::Request { item });
            for piece in (0..u64::from(script.byte())).rev() {
                world.control(place, &Control::Repeat { item, exact: piece << 20 });
            }
        }
        _ => world.control(place, &Control::Credit { until: u64::MAX }),
    }
}

/// What was shown: what the person wants of it, what the page finds, and whole ways.
fn shown(world: &mut World, script: &mut Script) {
    let place = script.member();
    let (owner, signer) = script.owner(world);
    let item = script.item();
    match script.byte() % 12 {
        0 => world.fetch(owner, item),
        1..=3 => {
            let told: Vec<_> = world.earlier.keys().copied().collect();
            if let Some(&(owner, item)) = told.get(script.below(told.len().max(1))) {
                world.fetch(owner, item);
            }
        }
        4 | 5 => {
            let finds = [Finds::Photo, Finds::File, Finds::Nothing][script.below(3)];
            world.lend(script.below(4), finds);
        }
        6 if script.flag() => world.command(Command::StopFetch { owner, item }),
        6 => world.command(Command::Unshare { owner, item }),
        7 => {
            // Of a fetch that is under way, as what it comes.
            let told: Vec<_> = world.earlier.keys().copied().collect();
            if let Some(&(owner, item)) = told.get(script.below(told.len().max(1))) {
                let as_item = script.flag().then(|| script.item());
                world.shared(place, Shared::Gives { owner, item, as_item });
            }
        }
        8 => {
            // Many.
            let from = script.byte();
            for n in 0..script.byte() / 2 {
                let entry = entry(world, script, (owner, signer), ItemId([from.wrapping_add(n); 16]));
                world.shared(place, Shared::Has(entry));
            }
        }
        9 => {
            // Many who want much.
            for n in 0..8 {
                world.shared(place, Shared::Want { owner: world.me, item: own(n) });
            }
        }
        _ => {
            // All of one, or of something else.
            let (as_item, bytes) = (script.item(), FILES[script.below(5)]);
            let is_file = script.flag();
            let (what, root) = if is_file {
                ((Kind::File, bytes), root_of(bytes))
            } else {
                let kind = Kind::Photo { width: 16, height: 16, taken: 0 };
                ((kind, 16 * 16 * 4), page::root([page::hash_of(3)]))
            };
            let told = if script.byte().is_multiple_of(4) { (Kind::File, bytes + 1) } else { what };
            let entry = world.entry((owner, signer), item, told, script.flag().then_some(root));
            world.shared(place, Shared::Has(entry));
            world.fetch(owner, item);
            world.shared(place, Shared::Gives { owner, item, as_item: Some(as_item) });
            if is_file {
                world.offer(place, file_offer(as_item, bytes));
                world.send_pieces(place, as_item, 0, bytes);
            } else {
                world.send_honestly(place, as_item, 16, 16, PREVIEWS[script.below(4)]);
            }
        }
    }
}

fn work(world: &mut World, script: &mut Script) {
    let which = script.below(256);
    match script.byte() % 8 {
        0..=2 => world.finish(which, false),
        3 | 4 => world.finish_all(),
        5 => world.finish(which, true),
        6 => world.fail(which),
        _ => {
            // Twice, where nothing may come of it.
            if let Some(&job) = world.page.jobs.get(which).filter(|job| !world.page.is_of_file(job.payload)) {
                world.page.jobs.push(job);
            }
        }
    }
}

fn person(world: &mut World, script: &mut Script) {
    match script.byte() % 20 {
        0..=3 => {
            let (width, height) = SIDES[script.below(5)];
            let preview = PREVIEWS[script.below(6)];
            let item = script.byte();
            if item & 1 == 1 {
                world.send_on_request(own(item), width, height, preview);
            } else {
                world.send(own(item), width, height, preview);
            }
        }
        4 => {
            // A shelf and more.
            let from = script.byte();
            (0..40).for_each(|n| world.send(own(from.wrapping_add(n)), 16, 16, None));
        }
        16 => {
            let from = script.byte();
            (0..110).for_each(|n| world.send_on_request(own(from.wrapping_add(n)), 16, 16, None));
        }
        17 | 18 => {
            let place = script.member();
            world.want(place, script.item());
        }
        5 => world.command(Command::Cancel(own(script.byte() % 8))),
        6 => {
            let name = script.text();
            world.command(Command::SetName(name));
        }
        7 => world.command(Command::SetRelayOnly(script.flag())),
        8 => world.command(Command::Retry),
        9 if script.byte() == 0 => world.command(Command::PutAside),
        10 | 11 => {
            let sends = sends(script);
            world.command(Command::Call(sends));
        }
        12 => world.command(Command::HangUp),
        19 if script.flag() => world.command(Command::SayWriting),
        19 => {
            let text = script.text();
            world.command(Command::Say { text, at: 1 << script.below(64) });
        }
        13 => world.command(Command::DeclineCall),
        14 => {
            let asked = world.members[script.member()].id;
            world.command(Command::AskStill(asked));
        }
        15 => {
            let asking = world.members[script.member()].id;
            let (width, height) = SIDES[script.below(3)];
            let photo = script.flag().then(|| photo(own(script.byte()), width, height, None));
            world.command(Command::AnswerStill(asking, photo));
        }
        _ => world.handle(Input::NetworkChanged),
    }
}

fn sends(script: &mut Script) -> Sends {
    Sends { sound: script.flag(), camera: script.flag(), ..Sends::default() }
}

fn time(world: &mut World, script: &mut Script) {
    let times = [1, 50, 800, 1_000, 3_000, 8_000, 10_000, 20_000, 30_000, 60_000, 900_000];
    let time = Duration::from_millis(times[script.below(times.len())]);
    if script.byte().is_multiple_of(4) { world.sleep(time) } else { world.pass(time) }
}

fn way(world: &mut World, script: &mut Script) {
    let place = script.member();
    match script.byte() % 8 {
        0 | 1 => world.befriend_newcomer(place),
        2 => {
            world.enter(&[(place, false)]);
            world.befriend_elder(place);
        }
        3 => {
            // Another life of its page.
            world.members[place].tab ^= 1;
            world.befriend_newcomer(place);
        }
        4 => world.on_wire(place, Event::Closed),
        _ => {
            let (width, height) = SIDES[script.below(2)];
            world.send_honestly(place, script.item(), width, height, PREVIEWS[script.below(4)]);
        }
    }
}

/// An item of a member's, and one of ours.
fn theirs(n: u8) -> ItemId {
    ItemId([n; 16])
}

fn own(n: u8) -> ItemId {
    let mut id = [0x0A; 16];
    id[0] = n;
    ItemId(id)
}

/// Bytes that are left. Where there are none any more, everything is zero.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Mostly one of a few.
    fn member(&mut self) -> usize {
        match self.byte() {
            n @ 0..200 => usize::from(n) % 3,
            n => usize::from(n) % 80,
        }
    }

    /// Mostly one of a few, of which some are our own.
    fn item(&mut self) -> ItemId {
        match self.byte() {
            n @ 0..128 => theirs(n % 4),
            n @ 128..200 => own(n % 4),
            n => theirs(n),
        }
    }

    /// Somebody, and which member's device is theirs. Ours is that of member 6.
    fn owner(&mut self, world: &World) -> (PeerId, usize) {
        if self.byte() < 64 {
            return (world.me, 6);
        }
        let place = self.member();
        (world.members[place].id, place)
    }

    fn digest(&mut self) -> Digest {
        page::hash_of(1 + self.byte() % 3)
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}
