//! A sender who lies. Each lie must end as documented: nothing is shown, nothing is kept beyond the bounds, and the
//! photos of the two honest people still arrive.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod common;

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use common::{
    Room, jpeg,
    liar::{
        END, EXACT_HEADER,
        Ending::{Connection, Item, Verified},
        FIRST_CHUNK, HEIGHT, ITEM, LAST_CHUNK, OTHER, PREVIEW, PREVIEW_CHUNK, PREVIEW_HEADER, Said, Script,
        VICTIM, WIDTH, assert_harmless, play, tell,
    },
    test,
};
use snaproom_protocol::{
    DeviceKey, Digest, Signature,
    bulk::Header,
    control::{Control, RefusedItem},
    wire,
};
use snaproom_session::io::{Failure, TransferState};

/// What postcard writes for [`Control::Credit`].
const CREDIT: u8 = 1;
/// The same for [`Control::Name`].
const NAME: u8 = 2;

#[test]
fn the_same_script_without_a_lie_arrives() {
    tell("nothing", Verified, |_| {});
    tell("bulk before the offer", Verified, |script| script.bulk_first = true);
    tell("no preview", Verified, |script| {
        script.offer.preview = None;
        script.bulk.drain(..=PREVIEW_CHUNK);
    });
}

#[test]
fn sizes() {
    let right = u64::from(WIDTH * HEIGHT * 4);
    for (name, reason, width, height, bytes) in [
        ("one byte more", RefusedItem::Length, WIDTH, HEIGHT, right + 1),
        ("one byte less", RefusedItem::Length, WIDTH, HEIGHT, right - 1),
        ("no bytes", RefusedItem::Length, WIDTH, HEIGHT, 0),
        ("no width", RefusedItem::Length, 0, HEIGHT, 0),
        ("no height", RefusedItem::Length, WIDTH, 0, 0),
        ("a length that says more than the sides", RefusedItem::Length, 1, 1, u64::MAX),
        ("a side too long", RefusedItem::TooBig, 8193, 1, 8193 * 4),
        ("too many pixels", RefusedItem::TooBig, 8192, 8192, 8192 * 8192 * 4),
        ("an area past 32 bits", RefusedItem::TooBig, 65_536, 65_536, 0),
        ("an area past 64 bits", RefusedItem::TooBig, u32::MAX, u32::MAX, u64::MAX),
        ("one that wraps round", RefusedItem::TooBig, u32::MAX, u32::MAX, 0xFFFF_FFF8_0000_0004),
    ] {
        tell(name, Item(reason), |script| script.size(width, height, bytes));
    }
}

#[test]
fn names() {
    for name in [
        "",
        "  ",
        "..",
        "../../etc/passwd",
        "a\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "\u{202E}gnp.exe",
        "a\u{200B}",
        &"x".repeat(256),
    ] {
        tell(&format!("the name {name:?}"), Item(RefusedItem::Name), |script| {
            name.clone_into(&mut script.offer.name);
        });
    }
    tell("a name over the bound of a message", Connection, |script| script.offer.name = "x".repeat(17_000));
}

#[test]
fn previews() {
    tell("empty", Item(RefusedItem::PreviewSize), |script| script.preview().bytes = 0);
    tell("too large", Item(RefusedItem::PreviewSize), |script| script.preview().bytes = 256 * 1024 + 1);
    tell("as large as can be said", Item(RefusedItem::PreviewSize), |script| {
        script.preview().bytes = u32::MAX;
    });
    tell("other bytes than were hashed", Item(RefusedItem::Hash), |script| {
        script.chunk(PREVIEW_CHUNK)[9] ^= 1;
    });
    tell("another hash than was offered", Item(RefusedItem::Hash), |script| {
        script.preview().sha256.0[0] ^= 1;
    });
    tell("of an item that has none", Item(RefusedItem::Order), |script| script.offer.preview = None);
    tell("left out", Item(RefusedItem::TooFewBytes), |script| drop(script.bulk.drain(..=PREVIEW_CHUNK)));
    for (name, bytes) in [
        ("no JPEG", vec![0x89; PREVIEW]),
        ("a JPEG without a frame", jpeg(9, 9, PREVIEW)[..6].to_vec()),
        ("wider than the photo", jpeg(WIDTH as u16 + 1, 10, PREVIEW)),
        ("a bomb", jpeg(65_535, 65_535, PREVIEW)),
        ("no pixels", jpeg(0, 10, PREVIEW)),
    ] {
        play(name, Item(RefusedItem::PreviewPicture), Script::with_preview(&bytes));
    }
}

#[test]
fn a_preview_may_not_be_larger_than_a_screen_even_if_the_photo_is() {
    let (mut room, wire) = Room::with_liar();
    let bytes = jpeg(2_049, 1, PREVIEW);
    let mut script = Script::with_preview(&bytes);
    script.size(4_000, 2, 4_000 * 2 * 4);
    room.say(wire, &Control::Offer(script.offer));
    room.say_bulk(wire, script.bulk.swap_remove(PREVIEW_HEADER));
    room.say_bulk(wire, Said::Chunk(bytes));
    room.run_for(Duration::from_secs(1));
    let refused = TransferState::Failed(Failure::Refused(RefusedItem::PreviewPicture));
    assert_eq!(room.tabs[VICTIM].last_incoming(ITEM).unwrap().state, refused);
    assert_harmless("a wide preview", &mut room);
}

#[test]
fn pieces() {
    let order = Item(RefusedItem::Order);
    tell("the second first", order, |script| *script.piece(EXACT_HEADER).index = 1);
    tell("the last there can be", order, |script| *script.piece(EXACT_HEADER).index = u32::MAX);
    tell("an offset", order, |script| *script.piece(EXACT_HEADER).offset = 4);
    tell("the last offset", order, |script| *script.piece(EXACT_HEADER).offset = u32::MAX);
    tell("too short", order, |script| *script.piece(EXACT_HEADER).length -= 1);
    tell("too long", order, |script| *script.piece(EXACT_HEADER).length += 1);
    tell("as long as can be said", order, |script| {
        *script.piece(EXACT_HEADER).length = u32::MAX;
    });
    tell("no length", order, |script| *script.piece(EXACT_HEADER).length = 0);
    tell("goes on elsewhere", order, |script| {
        let mut again = script.bulk[EXACT_HEADER].clone();
        if let Said::Header(Header::Piece { offset, .. }) = &mut again {
            *offset = 64 * 1024 + 1;
        }
        script.bulk.insert(FIRST_CHUNK + 1, again);
    });
    tell("goes on with another hash", order, |script| {
        let mut again = script.bulk[EXACT_HEADER].clone();
        if let Said::Header(Header::Piece { offset, sha256, .. }) = &mut again {
            *offset = 64 * 1024;
            sha256.0[0] ^= 1;
        }
        script.bulk.insert(FIRST_CHUNK + 1, again);
    });
    tell("goes on where it stopped", Verified, |script| {
        let mut again = script.bulk[EXACT_HEADER].clone();
        if let Said::Header(Header::Piece { offset, .. }) = &mut again {
            *offset = 64 * 1024;
        }
        script.bulk.insert(FIRST_CHUNK + 1, again);
    });
    tell("twice", Item(RefusedItem::TooManyBytes), |script| {
        let again = script.bulk[EXACT_HEADER].clone();
        script.bulk.insert(END, again);
    });
    tell("another hash", Item(RefusedItem::Hash), |script| {
        script.piece(EXACT_HEADER).sha256.0[31] ^= 1;
    });
    let room = tell("other bytes", Item(RefusedItem::Hash), |script| script.chunk(LAST_CHUNK)[0] ^= 1);
    let counted = room.tabs[VICTIM].last_incoming(ITEM).unwrap().bytes;
    assert!(counted <= PREVIEW as u64, "bytes that do not match are not counted");
    tell("another root", Item(RefusedItem::Hash), |script| {
        script.bulk[END] = Said::Header(Header::End { item: ITEM, root: Digest([1; 32]) });
    });
}

#[test]
fn how_many_bytes() {
    tell("one more", Item(RefusedItem::TooManyBytes), |script| script.chunk(LAST_CHUNK).push(0));
    tell("a chunk more", Item(RefusedItem::TooManyBytes), |script| {
        script.bulk.insert(END, Said::Chunk(vec![0; 9]));
    });
    tell("a preview longer than announced", Item(RefusedItem::TooManyBytes), |script| {
        script.chunk(PREVIEW_CHUNK).push(0);
    });
    tell("one less", Item(RefusedItem::TooFewBytes), |script| script.chunk(LAST_CHUNK).truncate(1));
    tell("a chunk less", Item(RefusedItem::TooFewBytes), |script| drop(script.bulk.remove(LAST_CHUNK)));
    tell("the end at once", Item(RefusedItem::TooFewBytes), |script| drop(script.bulk.drain(..END)));
    tell("two different ends", Item(RefusedItem::Order), |script| {
        script.bulk.push(Said::Header(Header::End { item: ITEM, root: Digest([1; 32]) }));
        // The first one finds the last piece not hashed yet.
        script.work = 1_000;
    });
    tell("the same end twice", Verified, |script| {
        script.bulk.push(script.bulk[END].clone());
        script.work = 1_000;
    });
    tell("an empty chunk", Connection, |script| script.bulk.insert(FIRST_CHUNK, Said::Chunk(Vec::new())));
    tell("bytes after the end", Connection, |script| script.bulk.push(Said::Chunk(vec![1])));
    tell("bytes after the end, before the offer", Connection, |script| {
        script.bulk_first = true;
        script.bulk.push(Said::Chunk(vec![1]));
    });
    tell("bytes before any header", Connection, |script| script.bulk.insert(0, Said::Chunk(vec![1])));
}

#[test]
fn items() {
    let unknown = || Said::Header(Header::End { item: OTHER, root: Digest([0; 32]) });
    tell("the end of one never offered", Connection, |script| script.bulk.insert(0, unknown()));
    tell("many headers of one never offered", Connection, |script| script.bulk = vec![unknown(); 300]);
    tell("offered twice, another time larger", Verified, |script| {
        let mut again = script.offer.clone();
        again.bytes *= 2;
        script.say(&Control::Offer(again));
    });
    tell("taken back", Connection, |script| {
        // Whatever comes of a cancelled item is thrown away; an item nobody offered ends it.
        script.say(&Control::Cancel { item: ITEM });
        script.bulk.push(unknown());
    });
}

#[test]
fn words() {
    let proof = Digest([0; 32]);
    let confirm = Control::Confirm { proof, device: DeviceKey([0; 32]), signature: Signature([0; 64]) };
    for (name, text) in [
        ("nothing", ""),
        ("no base64url", "{"),
        ("another type", &Base64UrlUnpadded::encode_string(&[99])),
        ("a missing field", &Base64UrlUnpadded::encode_string(&[CREDIT])),
        (
            "a number without an end",
            &Base64UrlUnpadded::encode_string(&[&[CREDIT][..], &[0xFF; 40]].concat()),
        ),
        ("a name that is no text", &Base64UrlUnpadded::encode_string(&[NAME, 1, 0xFF])),
        ("a name that is shorter than it says", &Base64UrlUnpadded::encode_string(&[NAME, 2, b'a'])),
        (
            "a name that is longer than a page",
            &Base64UrlUnpadded::encode_string(&[NAME, 0xFF, 0xFF, 0xFF, 0x7F]),
        ),
        ("something behind it", &(wire::to_text(&Control::AllOffered) + "AA")),
        ("a long one", &"A".repeat(16 * 1024 + 1)),
        ("a second proof", &wire::to_text(&confirm)),
    ] {
        tell(name, Connection, |script| script.control.push(text.to_owned()));
        if name != "a second proof" {
            tell(name, Connection, |script| script.bulk.insert(FIRST_CHUNK, Said::Text(text.to_owned())));
        }
    }
}
