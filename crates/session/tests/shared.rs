//! What was shown to everybody: who comes later is told of it, and gets it from whoever holds it, as its owner showed it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::{collections::BTreeSet, time::Duration};

use common::{
    Room,
    liar::{FRIEND, LIAR, VICTIM},
    seeds,
    shown::{fetch, has, photo, state},
    test,
};
use snaproom_protocol::{
    DeviceKey, DeviceSecret, Digest, ItemId, PeerId, Signature,
    control::{Control, Kind, Offer},
    shared::{Entry, MAX_SHARED, Shared},
    wire,
};
use snaproom_session::{
    Command, Input,
    device::Device,
    entry,
    io::{EarlierState, PeerState, RefusedPeer, Source, TransferState},
    keys::RoomKeys,
};

const FILE_BYTES: usize = 1_500_000;

#[test]
fn who_comes_later_is_told_and_gets_it_from_whoever_holds_it() {
    seeds(30, |seed| {
        let mut room = Room::of(seed, 2);
        room.set_name(0, "Anna");
        let owner = room.me(0);
        let item = photo(&mut room, 0, &[1]);
        room.run_for(Duration::from_secs(2));
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        let earlier = room.tabs[carla].earlier[&(owner, item)].clone();
        assert_eq!((earlier.called.as_deref(), earlier.bytes), (Some("Anna"), 320 * 240 * 4));
        assert!(room.tabs[0].earlier.is_empty() && room.tabs[1].earlier.is_empty(), "they have it");
        // Who showed it need not be here.
        let is_gone = room.below(2) == 0;
        if is_gone {
            room.leave(0);
        }
        fetch(&mut room, carla, owner, item);
        room.run_until("here", |room| has(room, carla, owner, item));
        assert_eq!(state(&room, carla, owner, item), None, "nothing from before any more");
        room.run_for(Duration::from_secs(2));
        room.leave(1);
        // And whoever got it so gives it to the next.
        let dora = room.open();
        room.run_until("told", |room| state(room, dora, owner, item).is_some());
        // Also where the owner is known only later.
        let source = if is_gone { Source::PassedOn(room.me(carla)) } else { Source::Author };
        room.run_until("whose it is", |room| room.tabs[dora].earlier[&(owner, item)].source == source);
        fetch(&mut room, dora, owner, item);
        room.run_until("here", |room| has(room, dora, owner, item));
        room.run_for(Duration::from_secs(2));
        room.tabs.iter().for_each(common::Tab::assert_no_bytes);
    });
}

#[test]
fn a_file_for_everybody_is_there_for_who_comes_later_also_when_nobody_wanted_it_yet() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let owner = room.me(0);
        let item = room.share_file(0, FILE_BYTES);
        let private = room.offer_file(0, FILE_BYTES, &[1]);
        room.run_for(Duration::from_secs(2));
        if room.below(2) == 0 {
            for item in [item, private] {
                room.handle(1, Input::Command(Command::Request { from: owner, item }));
                room.run_until("there", |room| has(room, 1, owner, item));
            }
        }
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.run_for(Duration::from_secs(2));
        assert_eq!(state(&room, carla, owner, private), None, "what was for one is nobody else's");
        fetch(&mut room, carla, owner, item);
        room.run_until("here", |room| has(room, carla, owner, item));
    });
}

#[test]
fn a_photo_of_ones_own_can_be_had_again_after_a_reload() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let owner = room.me(0);
        let item = photo(&mut room, 0, &[1]);
        room.run_for(Duration::from_secs(2));
        room.close(0);
        room.reopen(0);
        room.run_until("told", |room| state(room, 0, owner, item).is_some());
        assert_eq!(room.tabs[0].earlier[&(owner, item)].source, Source::Own);
        fetch(&mut room, 0, owner, item);
        room.run_until("here", |room| has(room, 0, owner, item));
    });
}

/// Of two who hold it the first one goes, or has thrown it away.
#[test]
fn who_does_not_give_it_is_not_waited_for() {
    seeds(40, |seed| {
        let mut room = Room::of(seed, 3);
        let owner = room.me(0);
        let item = photo(&mut room, 0, &[1, 2]);
        room.run_for(Duration::from_secs(2));
        room.leave(0);
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.run_for(Duration::from_secs(2));
        let (gone, how) = (1 + room.below(2) as usize, room.below(3));
        match how {
            0 => drop(room.tabs[gone].holds.remove(&(owner, item))),
            1 => room.freeze(gone),
            _ => {}
        }
        fetch(&mut room, carla, owner, item);
        let moment = room.below(60);
        room.run_for(Duration::from_millis(moment));
        if how == 2 {
            room.crash(gone);
        }
        room.run_until("here", |room| has(room, carla, owner, item));
        // Where everybody has thrown it away.
        room.thaw(gone);
        let dora = room.open();
        (1..=carla).for_each(|tab| room.tabs[tab].holds.clear());
        room.run_until("told", |room| state(room, dora, owner, item).is_some());
        fetch(&mut room, dora, owner, item);
        room.run_until("nobody has it", |room| state(room, dora, owner, item) == Some(EarlierState::Nowhere));
    });
}

/// An entry in this room, of anybody.
fn signed(room: &Room, owner: PeerId, device: DeviceSecret, item: ItemId) -> Entry {
    let id = RoomKeys::derive(&room.tabs[0].link).room();
    let entry = Entry {
        owner,
        device: DeviceKey([0; 32]),
        called: String::from("Mallory"),
        item,
        name: String::from("photo.png"),
        bytes: 16,
        kind: Kind::Photo { width: 2, height: 2, taken: 0 },
        root: Some(Digest([1; 32])),
        signature: Signature([0; 64]),
    };
    entry::sign(entry, &Device::of(&device, id), id)
}

fn say(room: &mut Room, shared: Shared) {
    let wire = room.wire_between(LIAR, VICTIM);
    room.say(wire, &Control::Shared(shared));
}

#[test]
fn nobody_signs_for_who_is_known_and_what_is_unfit_ends_the_connection() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 3);
        let friend = room.me(FRIEND);
        let liars = room.tabs[LIAR].id.device;
        let item = ItemId([7; 16]);
        let entry = signed(&room, friend, liars, item);
        say(&mut room, Shared::Has(entry));
        // Somebody whom nobody met.
        let stranger = PeerId([9; 16]);
        let entry = signed(&room, stranger, liars, item);
        say(&mut room, Shared::Has(entry));
        room.run_until("told", |room| state(room, VICTIM, stranger, item).is_some());
        assert_eq!(state(&room, VICTIM, friend, item), None, "not by that device");
        assert_eq!(
            room.tabs[VICTIM].earlier[&(stranger, item)].source,
            Source::PassedOn(room.me(LIAR)),
            "the person is told whose word it is"
        );
        assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected));
        let lies: [fn(&mut Entry); 4] = [
            |entry| entry.signature.0[0] ^= 1,
            |entry| entry.name = String::from("../x"),
            |entry| entry.bytes = 17,
            |entry| entry.called = "x".repeat(161),
        ];
        let lie = room.below(lies.len() as u64) as usize;
        let mut entry = signed(&room, stranger, liars, ItemId([8; 16]));
        lies[lie](&mut entry);
        say(&mut room, Shared::Has(entry));
        let refused = Some(PeerState::Refused(RefusedPeer::Protocol));
        room.run_until("refused", |room| room.sees(VICTIM, LIAR) == refused);
        assert_eq!(room.sees(VICTIM, FRIEND), Some(PeerState::Connected));
    });
}

#[test]
fn what_nobody_had_any_more_is_there_again_with_who_has_it() {
    let mut room = Room::of(1, 3);
    let (liars, stranger, item) = (room.tabs[LIAR].id.device, PeerId([9; 16]), ItemId([7; 16]));
    let entry = signed(&room, stranger, liars, item);
    say(&mut room, Shared::Has(entry.clone()));
    room.run_until("told", |room| state(room, VICTIM, stranger, item) == Some(EarlierState::There));
    fetch(&mut room, VICTIM, stranger, item);
    room.run_until("nowhere", |room| state(room, VICTIM, stranger, item) == Some(EarlierState::Nowhere));
    let wire = room.wire_between(FRIEND, VICTIM);
    room.say(wire, &Control::Shared(Shared::Has(entry)));
    room.run_until("there", |room| state(room, VICTIM, stranger, item) == Some(EarlierState::There));
}

/// What comes is what its owner signed, or it is nothing.
#[test]
fn other_bytes_than_the_owner_signed_are_refused() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 2);
        let owner = room.me(0);
        let item = photo(&mut room, 0, &[1]);
        room.run_for(Duration::from_secs(2));
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.leave(0);
        let is_another_size = room.below(2) == 0;
        let (kind, bytes) = room.tabs[1].holds.get_mut(&(owner, item)).unwrap();
        if is_another_size {
            (*kind, *bytes) = (Kind::Photo { width: 1, height: 1, taken: 0 }, vec![0; 4]);
        } else {
            bytes[1_000] ^= 1;
        }
        fetch(&mut room, carla, owner, item);
        room.run_until("nobody has it", |room| {
            state(room, carla, owner, item) == Some(EarlierState::Nowhere)
        });
        assert!(!room.tabs[carla].holds.contains_key(&(owner, item)));
        let came =
            room.tabs[carla].incoming.iter().filter(|incoming| incoming.state == TransferState::Verified);
        assert_eq!(came.count(), 0, "nothing counts as verified");
    });
}

/// What a liar gives as something that it gives already, or that is known otherwise, it does not give.
#[test]
fn what_is_given_comes_as_an_item_of_its_own() {
    seeds(10, |seed| {
        let mut room = Room::of(seed, 2);
        // Its own session has nothing to give.
        room.tabs[LIAR].rewrite = Some(|text| match wire::from_text(&text) {
            Ok(Control::Shared(Shared::Gives { .. })) => Vec::new(),
            _ => vec![text],
        });
        let (owner, liars) = (PeerId([9; 16]), room.tabs[LIAR].id.device);
        let [first, second, as_item] = [5, 6, 7].map(|id| ItemId([id; 16]));
        for item in [first, second] {
            let entry = signed(&room, owner, liars, item);
            say(&mut room, Shared::Has(entry));
            room.run_until("told", |room| state(room, VICTIM, owner, item).is_some());
        }
        let gives = |item| Shared::Gives { owner, item, as_item: Some(as_item) };
        if room.below(2) == 0 {
            let (name, kind) = (String::from("a.png"), Kind::Photo { width: 1, height: 1, taken: 0 });
            let offer = Offer {
                item: as_item,
                name,
                bytes: 4,
                kind,
                preview: None,
                resumes: false,
                on_request: false,
            };
            let wire = room.wire_between(LIAR, VICTIM);
            room.say(wire, &Control::Offer(offer));
        } else {
            fetch(&mut room, VICTIM, owner, second);
            room.run_for(Duration::from_secs(1));
            say(&mut room, gives(second));
        }
        fetch(&mut room, VICTIM, owner, first);
        room.run_for(Duration::from_secs(1));
        say(&mut room, gives(first));
        room.run_for(Duration::from_secs(1));
        assert_eq!(state(&room, VICTIM, owner, first), Some(EarlierState::Nowhere));
        assert_ne!(state(&room, VICTIM, owner, second), Some(EarlierState::Nowhere));
    });
}

#[test]
fn what_is_given_too_late_does_not_come_a_second_time() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let owner = room.me(0);
        let is_file = room.below(2) == 0;
        let item = if is_file { room.share_file(0, FILE_BYTES) } else { photo(&mut room, 0, &[1, 2]) };
        room.run_for(Duration::from_secs(1));
        for tab in [1, 2] {
            room.handle(tab, Input::Command(Command::Request { from: owner, item }));
            room.run_until("there", |room| has(room, tab, owner, item));
        }
        room.run_for(Duration::from_secs(2));
        room.leave(0);
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.run_for(Duration::from_secs(2));
        fetch(&mut room, carla, owner, item);
        room.freeze(1);
        room.freeze(2);
        room.run_for(Duration::from_secs(25));
        room.thaw(2);
        room.thaw(1);
        room.run_for(Duration::from_secs(1));
        fetch(&mut room, carla, owner, item);
        room.run_until("here", |room| has(room, carla, owner, item));
        room.run_for(Duration::from_mins(1));
        let items: BTreeSet<_> = room.tabs[carla].incoming.iter().map(|incoming| incoming.item).collect();
        assert_eq!(items.len(), 1, "of the others nothing is seen");
        room.tabs.iter().for_each(common::Tab::assert_no_bytes);
    });
}

#[test]
fn what_the_person_does_without_is_not_asked_of_the_next_one() {
    seeds(20, |seed| {
        let mut room = Room::of(seed, 3);
        let owner = room.me(0);
        let item = room.share_file(0, FILE_BYTES);
        room.run_for(Duration::from_secs(1));
        for tab in [1, 2] {
            room.handle(tab, Input::Command(Command::Request { from: owner, item }));
            room.run_until("there", |room| has(room, tab, owner, item));
        }
        room.run_for(Duration::from_secs(2));
        let carla = room.open();
        room.run_until("told", |room| state(room, carla, owner, item).is_some());
        room.run_for(Duration::from_secs(2));
        fetch(&mut room, carla, owner, item);
        room.run_until("on its way", |room| !room.tabs[carla].incoming.is_empty());
        let (from, as_item) = (room.tabs[carla].incoming[0].from, room.tabs[carla].incoming[0].item);
        room.handle(carla, Input::Command(Command::Decline { from, item: as_item }));
        room.run_for(Duration::from_mins(1));
        assert!(room.tabs[carla].incoming.iter().all(|incoming| incoming.item == as_item));
        assert_eq!(state(&room, carla, owner, item), Some(EarlierState::There), "it can be had again");
        fetch(&mut room, carla, owner, item);
        room.run_until("here", |room| has(room, carla, owner, item));
    });
}

/// Of what has no root yet anybody could give anything.
#[test]
fn what_nobody_can_check_is_had_from_its_owner_alone() {
    let mut room = Room::of(1, 2);
    let owner = room.me(0);
    let item = room.share_file(0, FILE_BYTES);
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    let entry = room.tabs[0].said.iter().find_map(|text| match wire::from_text(text) {
        Ok(Control::Shared(Shared::Has(entry))) => Some(entry),
        _ => None,
    });
    let has = Control::Shared(Shared::Has(entry.unwrap()));
    room.run_until("connected", |room| room.sees(1, carla) == Some(PeerState::Connected));
    let wire = room.wire_between(1, carla);
    room.say(wire, &has);
    room.run_for(Duration::from_secs(2));
    assert_eq!(room.sees(carla, 1), Some(PeerState::Connected));
    room.leave(0);
    room.run_until("with its owner it goes", |room| state(room, carla, owner, item).is_none());
}

#[test]
fn of_all_that_was_shown_so_much_is_kept_and_a_flood_pushes_nobody_out() {
    let mut room = Room::of(1, 3);
    let owner = room.me(FRIEND);
    let item = photo(&mut room, FRIEND, &[LIAR, VICTIM]);
    room.run_for(Duration::from_secs(2));
    let liars = room.tabs[LIAR].id.device;
    for number in 0..3 * MAX_SHARED as u128 {
        let (owner, item) = (PeerId([9; 16]), ItemId(number.to_be_bytes()));
        let entry = signed(&room, owner, liars, item);
        say(&mut room, Shared::Has(entry));
    }
    room.run_for(Duration::from_secs(5));
    assert!(room.tabs[VICTIM].earlier.len() <= MAX_SHARED);
    assert!(room.tabs[VICTIM].earlier.len() > MAX_SHARED / 2, "it took most of what there is");
    // What the friend showed is still told to who comes.
    let carla = room.open();
    room.run_until("told", |room| state(room, carla, owner, item).is_some());
    room.run_for(Duration::from_secs(2));
    let has = room.tabs[VICTIM].said.iter().filter_map(|text| wire::from_text(text).ok()).filter(
        |said| matches!(said, Control::Shared(Shared::Has(entry)) if (entry.owner, entry.item) == (owner, item)),
    );
    assert!(has.count() > 0, "by the victim too");
}
