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
    Digest, Envelope, ItemId, MAX_ENVELOPE_BYTES, Nonce, PeerId, RoomId, TabId, Token,
    bulk::Header,
    control::{Control, MAX_DISPLAY_NAME_CHARS},
    server::{FromServer, Greeting, ToServer},
    signal::{Hello, Signal},
};
use snaproom_session::{
    Link, jpeg,
    keys::RoomKeys,
    name, sdp,
    seal::{self, Seal, SealError},
};

const SECRET: [u8; 16] = [7; 16];
const FROM: (PeerId, Nonce) = (PeerId([1; 16]), Nonce([3; 32]));
const TO: (PeerId, Nonce) = (PeerId([2; 16]), Nonce([4; 32]));

fuzz_target!(|input: &[u8]| {
    let Some((&which, bytes)) = input.split_first() else { return };
    if let Ok(text) = str::from_utf8(bytes) {
        match which % 12 {
            0 => json::<FromServer>(text),
            1 => json::<ToServer>(text),
            2 => json::<Control>(text),
            3 => json::<Header>(text),
            4 => json::<Signal>(text),
            5 => json::<Hello>(text),
            6 => drop(serde_json::from_str::<Greeting>(text)),
            7 => ids(text),
            8 => description(text),
            9 => names(text),
            10 => link(text),
            _ => envelope(text),
        }
    }
    match which {
        0x80..0xA0 => opened_hello(bytes),
        0xA0..0xC0 => opened_signal(bytes),
        0xC0..0xE0 => foreign(bytes),
        0xE0.. => drop(jpeg::size(bytes)),
        _ => {}
    }
});

fn json<T: DeserializeOwned + Serialize + Debug + PartialEq>(text: &str) {
    let Ok(value) = serde_json::from_str::<T>(text) else { return };
    let again = serde_json::to_string(&value).expect("what was read can be written");
    assert_eq!(serde_json::from_str::<T>(&again).expect("what was written can be read"), value);
}

fn ids(text: &str) {
    macro_rules! same {
        ($($id:ty),*) => {$(
            if let Ok(id) = text.parse::<$id>() {
                let json = serde_json::to_string(&id).expect("an id is JSON");
                assert_eq!(json, format!("\"{text}\""), "one id has one text");
            }
        )*};
    }
    same!(PeerId, RoomId, TabId, ItemId, Nonce, Digest, Token);
}

fn envelope(text: &str) {
    let Ok(envelope) = serde_json::from_value::<Envelope>(text.into()) else { return };
    assert!(envelope.0.len() <= MAX_ENVELOPE_BYTES);
    assert_eq!(serde_json::to_value(&envelope).expect("an envelope is JSON"), text);
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
    let Ok(hello) = serde_json::from_slice::<Hello>(bytes) else { return };
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
    let expected = serde_json::from_slice::<Signal>(bytes);
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
