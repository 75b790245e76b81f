//! What is fetched of what was shown before: whoever goes, stands still, lies or takes it back in the middle.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Ix, Job, Room, digest, jpeg,
    liar::{FRIEND, LIAR, Said, VICTIM},
    root, seeds,
    shown::{fetch, has, photo, state},
    test,
};
use snaproom_protocol::{
    DeviceKey, Digest, ItemId, PeerId, Signature,
    bulk::{Header, Part},
    control::{Control, Kind, Offer, Preview},
    shared::{Entry, Shared},
    wire,
};
use snaproom_session::{
    Command, Input,
    device::Device,
    entry,
    io::{EarlierState, Failure, TransferState},
    keys::RoomKeys,
};

fn entry_of(room: &Room, owner: PeerId, by: Ix, item: ItemId) -> Entry {
    let id = RoomKeys::derive(&room.tabs[0].link).room();
    let entry = Entry {
        owner,
        device: DeviceKey([0; 32]),
        called: String::from("Anna"),
        item,
        name: String::from("photo.png"),
        bytes: 320 * 240 * 4,
        kind: Kind::Photo { width: 320, height: 240, taken: 0 },
        root: Some(Digest([1; 32])),
        signature: Signature([0; 64]),
    };
    entry::sign(entry, &Device::of(&room.tabs[by].id.device, id), id)
}

/// Nothing shows of a photo that its owner did not sign.
#[test]
fn a_preview_that_nobody_signed_is_not_shown() {
    let mut room = Room::of(1, 2);
    // Anna shows a photo; the liar holds it. Anna stays in the room.
    let owner = room.me(0);
    let item = photo(&mut room, 0, &[1]);
    room.run_for(Duration::from_secs(2));
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.run_for(Duration::from_secs(2));
    room.leave(0);
    room.tabs[1].is_liar = true;
    room.tabs[1].rewrite = Some(|text| match wire::from_text(&text) {
        Ok(Control::Offer(_) | Control::Shared(Shared::Gives { .. })) => Vec::new(),
        _ => vec![text],
    });
    room.tabs[1].holds.clear();
    let as_item = ItemId([7; 16]);
    fetch(&mut room, carla, owner, item);
    room.run_for(Duration::from_millis(500));
    let wire = room.wire_between(1, carla);
    room.say(wire, &Control::Shared(Shared::Gives { owner, item, as_item: Some(as_item) }));
    let lie = jpeg(160, 120, 3_000);
    let (bytes, kind) = {
        let e = &room.tabs[carla].earlier[&(owner, item)];
        (e.bytes, e.kind)
    };
    room.say(
        wire,
        &Control::Offer(Offer {
            item: as_item,
            name: "photo.png".into(),
            bytes,
            kind,
            preview: Some(Preview { bytes: 3_000, sha256: digest(&lie) }),
            resumes: false,
            on_request: true,
        }),
    );
    room.say_bulk(
        wire,
        Said::Header(Header::Piece {
            item: as_item,
            part: Part::Preview,
            index: 0,
            offset: 0,
            length: 3_000,
            sha256: digest(&lie),
        }),
    );
    room.say_bulk(wire, Said::Chunk(lie));
    room.run_for(Duration::from_mins(10));
    assert!(
        room.tabs[carla].shown.is_empty(),
        "shown {:?}",
        room.tabs[carla].shown.iter().map(|s| s.payload).collect::<Vec<_>>()
    );
}

/// What was verified as Anna's does not become something else.
#[test]
fn what_came_whole_does_not_come_again_as_something_else() {
    let mut room = Room::of(2, 2);
    let owner = room.me(0);
    let item = photo(&mut room, 0, &[1]);
    room.run_for(Duration::from_secs(2));
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.run_for(Duration::from_secs(2));
    room.leave(0);
    fetch(&mut room, carla, owner, item);
    room.run_until("here", |room| has(room, carla, owner, item));
    let (liar, as_item) = *room.tabs[carla].fetched.keys().next().unwrap();
    assert_eq!(liar, room.me(1));
    room.run_for(Duration::from_secs(2));
    room.tabs[1].is_liar = true;
    let wire = room.wire_between(1, carla);
    let before = room.tabs[carla].incoming.len();
    for n in 0..1_100u128 {
        room.say(
            wire,
            &Control::Offer(Offer {
                item: ItemId(n.to_be_bytes()),
                name: "a/b".into(),
                bytes: 1,
                kind: Kind::File,
                preview: None,
                resumes: false,
                on_request: true,
            }),
        );
    }
    room.run_for(Duration::from_secs(5));
    assert!(room.tabs[carla].incoming.len() - before > 1_000, "it was flooded");
    let lie = vec![255u8; 4];
    room.say(
        wire,
        &Control::Offer(Offer {
            item: as_item,
            name: "photo.png".into(),
            bytes: 4,
            kind: Kind::Photo { width: 1, height: 1, taken: 0 },
            preview: None,
            resumes: false,
            on_request: false,
        }),
    );
    room.say_bulk(
        wire,
        Said::Header(Header::Piece {
            item: as_item,
            part: Part::Exact,
            index: 0,
            offset: 0,
            length: 4,
            sha256: digest(&lie),
        }),
    );
    room.say_bulk(wire, Said::Chunk(lie.clone()));
    room.say_bulk(wire, Said::Header(Header::End { item: as_item, root: root(&[digest(&lie)]) }));
    room.run_for(Duration::from_secs(5));
    let again: Vec<_> =
        room.tabs[carla].shown.iter().filter(|s| s.payload.item == as_item && s.bytes == lie).collect();
    assert!(again.is_empty(), "the liar's pixels came as the item that the page knows as Anna's");
}

/// A giver whose file cannot be read any more (its person took it out of the list) does not keep others waiting for ever.
#[test]
fn a_giver_who_cannot_go_on_is_not_waited_for() {
    let mut stuck = 0;
    for seed in 0..10 {
        let mut room = Room::of(seed, 3);
        let owner = room.me(0);
        let item = room.share_file(0, 5_000_000);
        room.run_for(Duration::from_secs(1));
        for tab in [1, 2] {
            room.handle(tab, Input::Command(Command::Request { from: owner, item }));
            room.run_until("there", |room| has(room, tab, owner, item));
        }
        room.run_for(Duration::from_secs(2));
        room.leave(0);
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.run_for(Duration::from_secs(3));
        room.tabs[1].failing = Some(|job| matches!(job, Job::Fetch { .. }));
        fetch(&mut room, carla, owner, item);
        room.run_for(Duration::from_mins(20));
        if !has(&room, carla, owner, item) {
            stuck += 1;
            // And two of them stop everything else.
        }
    }
    assert_eq!(stuck, 0, "of 10");
}

/// Who got it meanwhile is a holder for everybody.
#[test]
fn who_got_it_after_we_came_holds_it_too() {
    seeds(5, |seed| {
        let mut room = Room::of(seed, 2);
        let owner = room.me(0);
        let item = photo(&mut room, 0, &[1]);
        room.run_for(Duration::from_secs(2));
        room.leave(1);
        let (carla, dora) = (room.open(), room.open());
        room.run_until("told", |room| {
            [carla, dora].iter().all(|&tab| state(room, tab, owner, item).is_some())
        });
        room.settle();
        fetch(&mut room, carla, owner, item);
        room.run_until("here", |room| has(room, carla, owner, item));
        room.run_for(Duration::from_secs(5));
        room.leave(0);
        room.run_for(Duration::from_secs(20));
        assert!(
            state(&room, dora, owner, item).is_some(),
            "carla has it, and dora is told that nothing is there"
        );
    });
}

/// What was taken back goes to nobody any more.
#[test]
fn a_file_that_was_taken_back_does_not_go_on() {
    let mut room = Room::of(5, 2);
    let owner = room.me(0);
    let item = room.share_file(0, 8_000_000);
    room.run_for(Duration::from_secs(1));
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.run_for(Duration::from_secs(2));
    room.tabs[carla].work = 100;
    fetch(&mut room, carla, owner, item);
    room.run_until("under way", |room| room.tabs[carla].did("Store") > 4);
    assert!(!has(&room, carla, owner, item));
    room.handle(0, Input::Command(Command::Cancel(item)));
    room.run_for(Duration::from_mins(5));
    assert!(!has(&room, carla, owner, item), "it came whole after its owner had taken it back");
}

/// A photo on its way from a holder is not the holder's after a reload.
#[test]
fn after_a_reload_what_was_lent_is_not_its_givers() {
    let mut room = Room::of(6, 2);
    let owner = room.me(0);
    let item = room.send(0, 640, 480, Some(2_000));
    room.run_until("there", |room| room.has(1, item));
    room.run_for(Duration::from_secs(2));
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.run_for(Duration::from_secs(2));
    room.leave(0);
    room.tabs[carla].work = 800;
    fetch(&mut room, carla, owner, item);
    room.run_until("under way", |room| room.tabs[carla].did("Store") > 4);
    room.close(carla);
    room.reopen(carla);
    room.run_for(Duration::from_mins(2));
    let bob = room.me(1);
    let came: Vec<_> = room.tabs[carla]
        .incoming
        .iter()
        .filter(|i| i.from == bob && !room.tabs[carla].fetched.contains_key(&(bob, i.item)))
        .collect();
    assert!(came.is_empty(), "it came unasked, as a photo of who lent it");
}

/// A path that is gone for 12 seconds does not end what the person wants.
#[test]
fn a_short_cut_does_not_end_what_is_wanted() {
    let mut bad = Vec::new();
    for seed in 0..10 {
        let mut room = Room::of(seed, 2);
        let owner = room.me(0);
        let items: Vec<_> = (0..8).map(|_| photo(&mut room, 0, &[1])).collect();
        room.run_for(Duration::from_secs(2));
        room.leave(1);
        let carla = room.open();
        room.run_until("told", |room| items.iter().all(|&item| state(room, carla, owner, item).is_some()));
        room.run_for(Duration::from_secs(2));
        room.tabs[0].work = 2_000;
        for &item in &items {
            fetch(&mut room, carla, owner, item);
        }
        room.run_for(Duration::from_millis(100 + 900 * seed));
        room.cut_path(0, carla);
        room.run_for(Duration::from_secs(14));
        room.heal_path(0, carla);
        room.run_for(Duration::from_mins(3));
        let nowhere = items
            .iter()
            .filter(|&&item| state(&room, carla, owner, item) == Some(EarlierState::Nowhere))
            .count();
        let here = items.iter().filter(|&&item| has(&room, carla, owner, item)).count();
        bad.push((seed, here, nowhere));
    }
    assert!(bad.iter().all(|(_, here, _)| *here == 8));
}

/// Many who come at once.
#[test]
fn many_newcomers_take_their_turns() {
    const MANY: usize = 7;
    let mut room = Room::of(8, 2);
    let owner = room.me(0);
    let items: Vec<_> = (0..2).map(|_| photo(&mut room, 0, &[1])).collect();
    room.run_for(Duration::from_secs(2));
    room.leave(1);
    let many: Vec<Ix> = (0..MANY)
        .map(|_| {
            let tab = room.open();
            room.run_for(Duration::from_secs(2));
            tab
        })
        .collect();
    room.run_until("told", |room| {
        many.iter().all(|&tab| items.iter().all(|&item| state(room, tab, owner, item).is_some()))
    });
    room.run_for(Duration::from_secs(2));
    for &tab in &many {
        room.tabs[tab].work = 1_500;
    }
    for &tab in &many {
        for &item in &items {
            fetch(&mut room, tab, owner, item);
        }
    }
    let mut most = 0;
    for _ in 0..60 {
        room.run_for(Duration::from_millis(50));
        let me = room.me(0);
        most = most
            .max(room.tabs[0].payloads.keys().filter(|id| id.owner == me && id.part == Part::Exact).count());
    }
    // The owner takes a photo meanwhile.
    let own = room.send(0, 320, 240, Some(2_000));
    room.run_for(Duration::from_secs(3));
    let failed = room.tabs[0]
        .outgoing
        .iter()
        .filter(|o| o.item == own && o.state == TransferState::Failed(Failure::TooMany))
        .count();
    room.run_for(Duration::from_mins(3));
    let nowhere = many
        .iter()
        .flat_map(|&tab| items.iter().map(move |&item| (tab, item)))
        .filter(|&(tab, item)| state(&room, tab, owner, item) == Some(EarlierState::Nowhere))
        .count();
    assert!(most <= 8 && failed == 0 && nowhere == 0);
}

/// Nobody signs for who is connected, however many came and went.
#[test]
fn whose_device_is_known_stays_known_while_they_are_here() {
    let mut room = Room::of(9, 3);
    for _ in 0..66 {
        let tab = room.open();
        room.run_until("met", |room| {
            room.sees(VICTIM, tab) == Some(snaproom_session::io::PeerState::Connected)
        });
        room.leave(tab);
        room.run_for(Duration::from_millis(200));
    }
    let friend = room.me(FRIEND);
    let item = ItemId([7; 16]);
    let entry = entry_of(&room, friend, LIAR, item);
    let wire = room.wire_between(LIAR, VICTIM);
    room.say(wire, &Control::Shared(Shared::Has(entry)));
    room.run_for(Duration::from_secs(2));
    assert_eq!(
        state(&room, VICTIM, friend, item),
        None,
        "signed by the liar's device for the friend, who is connected"
    );
}

/// A file has the name that its owner signed.
#[test]
fn a_file_has_the_name_that_its_owner_signed() {
    let mut room = Room::of(10, 2);
    let owner = room.me(0);
    let item = room.share_file(0, 1_500_000);
    room.run_for(Duration::from_secs(1));
    room.handle(1, Input::Command(Command::Request { from: owner, item }));
    room.run_until("there", |room| has(room, 1, owner, item));
    room.run_for(Duration::from_secs(2));
    room.leave(0);
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.tabs[1].rewrite = Some(|text| match wire::from_text(&text) {
        Ok(Control::Offer(offer)) => {
            vec![wire::to_text(&Control::Offer(Offer { name: "invoice.exe".into(), ..offer }))]
        }
        _ => vec![text],
    });
    fetch(&mut room, carla, owner, item);
    room.run_for(Duration::from_mins(1));
    let last = room.tabs[carla].incoming.last().map(|i| (i.name.clone(), i.state));
    assert_ne!(last, Some(("invoice.exe".into(), TransferState::Verified)));
}

/// What the person is told can be saved is there.
#[test]
fn of_what_was_cancelled_nothing_is_said_to_be_there() {
    let mut room = Room::of(11, 2);
    let owner = room.me(0);
    let item = room.offer_file(0, 6_000_000, &[1]);
    room.run_for(Duration::from_secs(1));
    room.tabs[1].work = 100;
    room.handle(1, Input::Command(Command::Request { from: owner, item }));
    room.run_until("a piece", |room| room.tabs[1].last_incoming(item).is_some_and(|i| i.bytes > 0));
    room.handle(1, Input::Command(Command::Decline { from: owner, item }));
    room.run_for(Duration::from_secs(5));
    let last = room.tabs[1].last_incoming(item).unwrap();
    let is_there = room.tabs[1].disk.get(item).is_some();
    assert!(last.bytes == 0 || is_there);
}

/// Who was here and lost a photo with its owner gets it from who has it.
#[test]
fn a_photo_that_was_lost_with_its_owner_can_be_had_from_others() {
    let mut room = Room::of(12, 3);
    let owner = room.me(0);
    room.tabs[1].work = 800;
    let item = room.send(0, 640, 480, Some(3_000));
    room.run_until("one has it", |room| room.has(2, item));
    assert!(!room.has(1, item));
    room.leave(0);
    room.run_for(Duration::from_mins(1));
    assert!(room.has(1, item) || state(&room, 1, owner, item).is_some());
}
