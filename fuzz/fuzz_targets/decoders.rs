//! Every decoder that a stranger's bytes reach. None panics, and what one reads it writes and reads again as the same.

#![no_main]

#[path = "../../crates/session/tests/stranger/forge.rs"]
#[allow(dead_code)]
mod forge;

use std::{fmt::Debug, str};

use forge::Forge;
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use snaproom_protocol::{
    Digest, Envelope, ItemId, Nonce, PeerId, RoomId, TabId, Token,
    bulk::Header,
    control::{Control, MAX_DISPLAY_NAME_CHARS},
    server::{FromServer, Greeting, ToServer},
    signal::{Hello, Signal},
    wire,
};
use snaproom_session::{
    Link,
    exif::{self, Look},
    jpeg,
    keys::RoomKeys,
    listing::{Entry, Listing, MAX_FILES},
    name, sdp,
    seal::{self, Seal, SealError},
};

const SECRET: [u8; 16] = [7; 16];
const FROM: (PeerId, Nonce) = (PeerId([1; 16]), Nonce([3; 32]));
const TO: (PeerId, Nonce) = (PeerId([2; 16]), Nonce([4; 32]));

fuzz_target!(|input: &[u8]| {
    let Some((&which, bytes)) = input.split_first() else { return };
    match which % 12 {
        0 => message::<FromServer>(bytes),
        1 => message::<ToServer>(bytes),
        2 => message::<Control>(bytes),
        3 => message::<Header>(bytes),
        4 => message::<Signal>(bytes),
        5 => message::<Hello>(bytes),
        6 => message::<Greeting>(bytes),
        7 => message::<Envelope>(bytes),
        _ => {}
    }
    if let Ok(text) = str::from_utf8(bytes) {
        match which % 12 {
            7 => ids(text),
            8 => description(text),
            9 => names(text),
            10 => link(text),
            11 => texts(text),
            _ => {}
        }
    }
    match which {
        0x80..0xA0 => opened_hello(bytes),
        0xA0..0xC0 => opened_signal(bytes),
        0xC0..0xE0 => foreign(bytes),
        0xE0..0xE8 => drop(jpeg::size(bytes)),
        0xE8..0xF0 => folder(bytes),
        0xF0.. => headers(bytes),
        _ => {}
    }
});

fn message<T: DeserializeOwned + Serialize + Debug + PartialEq>(bytes: &[u8]) {
    let Ok(value) = wire::from_bytes::<T>(bytes) else { return };
    assert_eq!(wire::from_bytes(&wire::to_bytes(&value)).as_ref(), Ok(&value));
    assert_eq!(wire::from_text(&wire::to_text(&value)), Ok(value));
}

/// What comes as text.
fn texts(text: &str) {
    let _ = wire::from_text::<FromServer>(text);
    let _ = wire::from_text::<ToServer>(text);
    let _ = wire::from_text::<Control>(text);
    let _ = wire::from_text::<Header>(text);
    let _ = wire::from_beginning::<Greeting>(text);
}

fn ids(text: &str) {
    macro_rules! same {
        ($($id:ty),*) => {$(
            if let Ok(id) = text.parse::<$id>() {
                assert_eq!(id.to_string(), text, "one id has one text");
            }
        )*};
    }
    same!(PeerId, RoomId, TabId, ItemId, Nonce, Digest, Token);
}

fn description(text: &str) {
    if sdp::check(text).is_ok() {
        assert!(text.lines().filter(|line| line.starts_with("m=")).count() <= 4);
        assert!(text.contains("a=fingerprint:sha-256 "));
    }
    if let Some(generation) = sdp::ice_generation(text) {
        assert!(!generation.contains('\n'));
    }
}

fn names(text: &str) {
    let shown = name::display_name(text);
    assert!(shown.chars().count() <= MAX_DISPLAY_NAME_CHARS);
    assert!(name::is_display_name(&shown), "{text:?} became {shown:?}");
    assert!(!shown.chars().any(char::is_control));
    if name::is_file_name(text) {
        assert!(!text.contains(['/', '\\', '\0']) && text.len() <= 255);
    }
    let saved = name::file_name(text);
    assert!(name::is_file_name(&saved), "{text:?} became {saved:?}");
    assert_eq!(name::file_name(&saved), saved, "{text:?}");
    let Some(within) = name::path_in_folder(text) else { return };
    assert!(within.len() <= name::MAX_PATH_BYTES && within.split('/').all(name::is_file_name), "{within:?}");
    assert_eq!(name::path_in_folder(&within).as_ref(), Some(&within));
}

fn link(text: &str) {
    let Some(link) = Link::from_fragment(text) else { return };
    let again = Link::from_fragment(&format!("#{}", link.fragment()));
    assert!(again.as_ref() == Some(&link), "a link's text is the same link");
    assert_eq!(RoomKeys::derive(&link).room(), RoomKeys::derive(&link).room());
}

/// A hello of a member: the key is right, the content anything.
fn opened_hello(bytes: &[u8]) {
    let keys = RoomKeys::derive(&Link::mint(SECRET));
    let envelope = Forge::new(SECRET).hello(FROM.0, bytes, [9; 24]);
    assert!(seal::is_hello(&envelope));
    assert_ne!(seal::open_hello(&keys, FROM.0, &envelope), Err(SealError::Foreign), "the key is right");
    assert_eq!(seal::open_hello(&keys, TO.0, &envelope), Err(SealError::Foreign), "another speaker");
    // The same content, padded as it should be, is read wherever it is a hello.
    let Ok(hello) = wire::from_bytes::<Hello>(bytes) else { return };
    let envelope = Forge::new(SECRET).hello(FROM.0, &forge::padded(bytes), [9; 24]);
    assert_eq!(seal::open_hello(&keys, FROM.0, &envelope), Ok(hello));
}

fn opened_signal(bytes: &[u8]) {
    let keys = RoomKeys::derive(&Link::mint(SECRET));
    let forge = Forge::new(SECRET);
    let mut seal = Seal::new(&keys, TO, FROM);
    let ahead = forge.signal(FROM, TO, 1, bytes);
    assert_eq!(seal.open(&ahead), Err(SealError::Gap));
    let envelope = forge.signal(FROM, TO, 0, bytes);
    assert_ne!(seal.open(&envelope), Err(SealError::Foreign), "the key is right");
    assert_eq!(seal.open(&envelope), Err(SealError::Repeated));
    let expected = wire::from_bytes::<Signal>(bytes);
    let opened = seal.open(&forge.signal(FROM, TO, 1, &forge::padded(bytes)));
    assert_eq!(opened.ok(), expected.ok());
}

/// Bytes that nobody sealed.
fn foreign(bytes: &[u8]) {
    let keys = RoomKeys::derive(&Link::mint(SECRET));
    let envelope = Envelope(bytes.to_vec());
    assert_eq!(seal::open_hello(&keys, FROM.0, &envelope), Err(SealError::Foreign));
    assert_eq!(Seal::new(&keys, TO, FROM).open(&envelope), Err(SealError::Foreign));
}

/// A photo from somebody's disk, cut anywhere.
fn headers(bytes: &[u8]) {
    let length = bytes.len() as u64;
    if let Look::Stripped(stripped) = exif::look(bytes, length) {
        assert!(!stripped.removed.is_empty());
        let new = [&stripped.head, &bytes[stripped.picture as usize..]].concat();
        let picture = stripped.head.len() as u64;
        assert_eq!(exif::look(&new, new.len() as u64), Look::Clean { picture }, "nothing is left to remove");
    }
    let half = &bytes[..bytes.len() / 2];
    if let Look::More { bytes } = exif::look(half, length) {
        assert!(bytes > half.len() as u64 && bytes <= length);
    }
    let mut end = exif::PictureEnd::new(0);
    if let Some(end) = end.find(bytes) {
        assert!(bytes[..end as usize].ends_with(&[0xFF, 0xD9]));
    }
}

/// A folder's listing, of an item that is as long as it has to be.
fn folder(bytes: &[u8]) {
    let length = bytes.len() as u64;
    let _ = Listing::decode(bytes, length);
    let Ok(files) = wire::from_bytes::<Vec<Entry>>(bytes) else { return };
    let Some(total) = files.iter().try_fold(length, |sum, file| sum.checked_add(file.bytes)) else { return };
    let Ok(listing) = Listing::decode(bytes, total) else { return };
    assert!(listing.files().len() == files.len() && files.len() <= MAX_FILES);
    let paths = || listing.files().iter().map(|file| file.path.to_ascii_lowercase());
    for (index, path) in paths().enumerate() {
        assert_eq!(name::path_in_folder(&path).as_ref(), Some(&path));
        let is_in_its_way = |other: String| other == path || other.starts_with(&format!("{path}/"));
        assert!(!paths().skip(index + 1).any(is_in_its_way), "{listing:?}");
    }
    assert_eq!(
        Listing::new(listing.files().to_vec()).map(|again| again.files() == listing.files()),
        Ok(true)
    );
}
