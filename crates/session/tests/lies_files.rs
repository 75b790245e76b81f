//! The same as `lies.rs` about files: each lie ends as docs/WIRE.md says, and what is shown is what was announced.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use common::{
    Room,
    liar::{
        Ending::{Connection, Item, Verified},
        ITEM, LIAR, OTHER, Said, Script, VICTIM, assert_harmless, play, tell_of_file,
    },
    test,
};
use snaproom_protocol::{
    Digest,
    bulk::{Header, Part},
    control::{Control, Kind, Preview, RefusedItem},
};
use snaproom_session::{
    Command, Input,
    io::{Failure, PeerState, TransferState},
};

// Where things stand in an honest script.
const HEADER: usize = 0;
const FIRST_CHUNK: usize = 1;
const LAST_CHUNK: usize = 5;
const END: usize = 6;

#[test]
fn the_same_script_without_a_lie_arrives() {
    tell_of_file("nothing", Verified, |_| {});
    tell_of_file("a folder", Verified, |script| script.offer.kind = Kind::Folder { files: 2, listing: 40 });
}

#[test]
fn offers() {
    let folder = |files, listing| Kind::Folder { files, listing };
    for (name, reason, kind) in [
        ("a folder without a file", RefusedItem::Length, folder(0, 40)),
        ("a folder of too many", RefusedItem::Length, folder(20_001, 40)),
        ("a folder of as many as can be said", RefusedItem::Length, folder(u32::MAX, 40)),
        ("a folder without a list", RefusedItem::Length, folder(1, 0)),
        ("a list that is longer than the folder", RefusedItem::Length, folder(1, 307_201)),
        ("too long a list", RefusedItem::Length, folder(1, (4 << 20) + 1)),
        ("the longest list that can be said", RefusedItem::Length, folder(1, u32::MAX)),
        ("a photo", RefusedItem::Length, Kind::Photo { width: 320, height: 241, taken: 0 }),
    ] {
        tell_of_file(name, Item(reason), |script| script.offer.kind = kind);
    }
    for (name, bytes) in [("too big", (256 << 30) + 1), ("as big as can be said", u64::MAX)] {
        tell_of_file(name, Item(RefusedItem::TooBig), |script| script.offer.bytes = bytes);
    }
    for preview in
        [Preview { bytes: 9, sha256: Digest([1; 32]) }, Preview { bytes: 0, sha256: Digest([0; 32]) }]
    {
        tell_of_file("a preview", Item(RefusedItem::PreviewSize), |script| {
            script.offer.preview = Some(preview);
        });
    }
    tell_of_file("without a question", Item(RefusedItem::Order), |script| script.offer.on_request = false);
    for name in ["", "..", "../passwd", "a/b", "\u{202E}gnp.exe", &"x".repeat(256)] {
        tell_of_file(&format!("the name {name:?}"), Item(RefusedItem::Name), |script| {
            name.clone_into(&mut script.offer.name);
        });
    }
    tell_of_file("twice, another time larger", Verified, |script| {
        let mut again = script.offer.clone();
        again.bytes *= 2;
        script.say(&Control::Offer(again));
    });
}

#[test]
fn nothing_of_it_comes_before_it_is_asked_for() {
    let order = Item(RefusedItem::Order);
    tell_of_file("all of it", order, |script| script.is_wanted = false);
    tell_of_file("all of it, before the offer", order, |script| {
        script.is_wanted = false;
        script.bulk_first = true;
    });
    tell_of_file("the end", order, |script| {
        script.is_wanted = false;
        script.bulk.drain(..END);
    });
    tell_of_file("an empty one", order, |script| {
        script.is_wanted = false;
        script.offer.bytes = 0;
        script.bulk = vec![Said::Header(Header::End { item: ITEM, root: common::root(&[]) })];
    });
}

#[test]
fn pieces() {
    let order = Item(RefusedItem::Order);
    tell_of_file("the second first", order, |script| *script.piece(HEADER).index = 1);
    tell_of_file("the last there can be", order, |script| *script.piece(HEADER).index = u32::MAX);
    tell_of_file("an offset", order, |script| *script.piece(HEADER).offset = 4);
    tell_of_file("the last offset", order, |script| *script.piece(HEADER).offset = u32::MAX);
    tell_of_file("too short", order, |script| *script.piece(HEADER).length -= 1);
    tell_of_file("too long", order, |script| *script.piece(HEADER).length += 1);
    tell_of_file("as long as can be said", order, |script| *script.piece(HEADER).length = u32::MAX);
    tell_of_file("no length", order, |script| *script.piece(HEADER).length = 0);
    tell_of_file("a preview", order, |script| {
        if let Said::Header(Header::Piece { part, .. }) = &mut script.bulk[HEADER] {
            *part = Part::Preview;
        }
    });
    let again = |script: &mut Script, at, by| {
        let mut again = script.bulk[HEADER].clone();
        if let Said::Header(Header::Piece { offset, sha256, .. }) = &mut again {
            *offset = at;
            sha256.0[0] ^= by;
        }
        script.bulk.insert(FIRST_CHUNK + 1, again);
    };
    tell_of_file("goes on elsewhere", order, |script| again(script, 64 * 1024 + 1, 0));
    tell_of_file("begins anew", order, |script| again(script, 0, 0));
    tell_of_file("goes on with another hash", order, |script| again(script, 64 * 1024, 1));
    tell_of_file("goes on where it stopped", Verified, |script| again(script, 64 * 1024, 0));
    tell_of_file("twice", Item(RefusedItem::TooManyBytes), |script| {
        script.bulk.insert(END, script.bulk[HEADER].clone());
    });
}

#[test]
fn how_many_bytes() {
    tell_of_file("one more", Item(RefusedItem::TooManyBytes), |script| script.chunk(LAST_CHUNK).push(0));
    tell_of_file("one less", Item(RefusedItem::TooFewBytes), |script| script.chunk(LAST_CHUNK).truncate(1));
    tell_of_file("the end at once", Item(RefusedItem::TooFewBytes), |script| drop(script.bulk.drain(..END)));
    tell_of_file("two different ends", Item(RefusedItem::Order), |script| {
        script.bulk.push(Said::Header(Header::End { item: ITEM, root: Digest([1; 32]) }));
        script.work = 1_000;
    });
    tell_of_file("another root", Item(RefusedItem::Hash), |script| {
        script.bulk[END] = Said::Header(Header::End { item: ITEM, root: Digest([1; 32]) });
    });
    tell_of_file("bytes after the end", Connection, |script| script.bulk.push(Said::Chunk(vec![1])));
    tell_of_file("an empty chunk", Connection, |script| {
        script.bulk.insert(FIRST_CHUNK, Said::Chunk(Vec::new()));
    });
    tell_of_file("taken back, and an end that nobody offered", Connection, |script| {
        script.is_wanted = false;
        script.say(&Control::Cancel { item: ITEM });
        script.bulk.push(Said::Header(Header::End { item: OTHER, root: Digest([0; 32]) }));
    });
}

/// What is said of items that are nobody's, or that only the other side may say.
#[test]
fn words() {
    tell_of_file("words", Verified, |script| {
        let root = Digest([0; 32]);
        for item in [ITEM, OTHER] {
            for flag in [true, false] {
                script.say(&Control::Pause { item, pauses: flag });
                script.say(&Control::Hold { item, holds: flag });
            }
            script.say(&Control::Request { item });
            script.say(&Control::Repeat { item, exact: u64::MAX });
            script.say(&Control::Saved { item });
            script.say(&Control::Accept { item, preview: 1, exact: u64::MAX, pieces: u32::MAX, root });
            script.say(&Control::Received { item, bytes: u64::MAX });
            script.say(&Control::Verified { item });
            script.say(&Control::Refused { item, reason: RefusedItem::Declined });
        }
    });
}

/// Other bytes than were announced are asked for again three times. Whoever does it once more is refused.
#[test]
fn other_bytes_are_asked_for_again() {
    for bad in 0..=4 {
        let (mut room, wire) = Room::with_liar();
        let script = Script::file();
        room.say(wire, &Control::Offer(script.offer.clone()));
        room.run_for(Duration::from_secs(1));
        let from = room.me(LIAR);
        room.handle(VICTIM, Input::Command(Command::Request { from, item: ITEM }));
        room.run_for(Duration::from_secs(1));
        for round in 0..=bad {
            for (at, mut said) in script.bulk.clone().into_iter().enumerate() {
                if let Said::Chunk(bytes) = &mut said
                    && at == LAST_CHUNK
                    && round < bad
                {
                    bytes[0] ^= 1;
                }
                room.say_bulk(wire, said);
            }
            room.run_for(Duration::from_secs(5));
        }
        let repeat = snaproom_protocol::wire::to_text(&Control::Repeat { item: ITEM, exact: 0 });
        let repeats = room.tabs[VICTIM].said.iter().filter(|text| **text == repeat).count();
        assert_eq!(repeats, bad.min(3));
        let refused = TransferState::Failed(Failure::Refused(RefusedItem::Hash));
        let end = if bad < 4 { TransferState::Verified } else { refused };
        assert_eq!(room.tabs[VICTIM].last_incoming(ITEM).unwrap().state, end, "{bad}");
        assert_eq!(room.has(VICTIM, ITEM), bad < 4);
        assert_eq!(room.sees(VICTIM, LIAR), Some(PeerState::Connected));
        assert_harmless("other bytes", &mut room);
    }
}

/// A folder whose list is no list is as it was announced; what it says is for the page to read with care.
#[test]
fn a_folder_is_bytes() {
    let mut script = Script::file();
    script.offer.kind = Kind::Folder { files: 20_000, listing: 307_200 };
    play("a folder of nonsense", Verified, script);
}
