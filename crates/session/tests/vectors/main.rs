//! The test vectors of `docs/WIRE.md`, as far as the crate shows what they are of; its module `vectors` has the rest.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

mod file;

use std::{collections::BTreeSet, fmt::Debug};

use file::{Read, end, keys, negotiator, test, top, variants, vectors};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    DeviceKey, DeviceSecret, Digest, Envelope, PeerId, RoomId, Signature, Token, VERSION,
    bulk::{Header, MAX_HEADER_BYTES, Part},
    chat::{Chat, Message},
    control::{Control, Kind, MAX_MESSAGE_BYTES, Records, RefusedItem},
    server::{FromServer, MAX_FRAME_BYTES, Refusal, ToServer, Welcomed},
    signal::{Hello, Signal},
    wire,
};
use snaproom_session::{
    Link,
    confirm::{End, Role, confirm, is_confirmed},
    device::Device,
    keys::{RoomKeys, peer_id},
    message,
    sdp::{self, Fingerprint},
    seal::{Seal, is_hello, open_hello, seal_hello},
};

const TAG_BYTES: usize = 16;

#[test]
fn the_file_is_of_this_version_and_has_no_section_without_a_test() {
    assert_eq!(top::<u16>("version"), VERSION);
    let sections = [
        "comparisons",
        "devices",
        "hellos",
        "links",
        "messages",
        "pairs",
        "proofs",
        "roots",
        "signals",
        "tokens",
        "version",
        "written",
    ];
    let mut found = file::sections();
    found.sort_unstable();
    assert_eq!(found, sections);
}

#[test]
fn a_link_names_its_room() {
    for vector in vectors("links", 9) {
        let link = Link::from_fragment(vector.read("fragment")).unwrap();
        assert_eq!(link.is_private(), vector.read::<bool>("private"), "{vector}");
        let input = match &link {
            Link::Secret(secret) => secret.clone(),
            Link::Name(name) => name.clone().into_bytes(),
        };
        assert_eq!(input, vector.read::<Envelope>("input").0, "{vector}");
        let room = RoomKeys::derive(&link).room();
        assert_eq!(room, vector.read::<RoomId>("room"), "{vector}");
        assert_eq!(room.to_string(), vector.read::<String>("room_text"));
    }
}

#[test]
fn a_token_claims_its_peer_id() {
    for vector in vectors("tokens", 3) {
        let peer = peer_id(&vector.read::<Token>("token"));
        assert_eq!(peer, vector.read::<PeerId>("peer"));
        assert_eq!(peer.to_string(), vector.read::<String>("peer_text"));
    }
}

#[test]
fn hellos_are_sealed_alike_and_opened() {
    for vector in vectors("hellos", 4) {
        let (from, hello) = (vector.read("from"), vector.read::<Hello>("message"));
        let random = vector.read::<Envelope>("random_nonce").0.try_into().unwrap();
        let sealed = seal_hello(&keys(vector), from, &hello, random).unwrap();
        let envelope = vector.read::<Envelope>("envelope");
        assert_eq!(sealed, envelope);
        assert!(is_hello(&envelope));
        assert_eq!(open_hello(&keys(vector), from, &envelope), Ok(hello.clone()));
        is_padded(vector, &hello, envelope.0.len() - 26);
    }
}

#[test]
fn signals_are_sealed_alike_and_opened_in_their_order() {
    let vectors = vectors("signals", 4);
    for from in [Role::Offerer, Role::Answerer] {
        let mine: Vec<_> = vectors.iter().filter(|vector| sender(vector) == from).collect();
        assert_eq!(mine.len(), 2);
        let ends = |vector: &'static Value| (negotiator(&vector["from"]), negotiator(&vector["to"]));
        let (me, peer) = ends(mine[0]);
        let mut sending = Seal::new(&keys(mine[0]), me, peer);
        let mut receiving = Seal::new(&keys(mine[0]), peer, me);
        for (counter, vector) in mine.iter().enumerate() {
            assert_eq!((&vector["fragment"], ends(vector)), (&mine[0]["fragment"], (me, peer)));
            assert_eq!(counter as u64, vector.read::<u64>("counter"));
            let (signal, envelope) = (vector.read::<Signal>("message"), vector.read::<Envelope>("envelope"));
            assert_eq!(sending.seal(&signal).unwrap(), envelope);
            assert_eq!(receiving.open(&envelope), Ok(signal.clone()));
            is_padded(vector, &signal, envelope.0.len() - 10);
        }
    }
    let kinds = vectors.iter().filter_map(|vector| vector["message"].as_object()?.keys().next().cloned());
    assert_eq!(kinds.collect::<Vec<_>>(), ["Offer", "Candidate", "Answer", "Candidate"]);
}

#[test]
fn a_device_has_its_key_in_each_room() {
    for vector in vectors("devices", 3) {
        let device = Device::of(&vector.read::<DeviceSecret>("secret"), vector.read("room"));
        assert_eq!(device.key(), vector.read::<DeviceKey>("device"));
    }
}

#[test]
fn both_roles_prove_what_they_see() {
    let mut speakers = Vec::new();
    for vector in vectors("proofs", 2) {
        let keys = keys(vector);
        let device = Device::of(&vector.read::<DeviceSecret>("device_secret"), keys.room());
        let (offerer, answerer) = (end(&vector["offerer"]), end(&vector["answerer"]));
        let speaker = role(&vector["speaker"]);
        let said = confirm(&keys, &device, speaker, &offerer, &answerer);
        let (proof, signature) = (vector.read::<Digest>("proof"), vector.read::<Signature>("signature"));
        assert_eq!(said, Control::Confirm { proof, device: vector.read("device"), signature });
        assert_eq!(wire::to_text(&said), vector.read::<String>("text"));
        assert!(is_confirmed(&keys, (speaker, &offerer, &answerer), &proof, &device.key(), &signature));
        speakers.push(speaker);
        // They are the ends of the negotiation that the signals are of.
        for signal in descriptions() {
            let described = if sender(signal) == Role::Offerer { offerer } else { answerer };
            assert_eq!((described.peer, described.nonce), negotiator(&signal["from"]));
            let sdp = signal["message"].as_object().unwrap().values().next().unwrap().read::<&str>("sdp");
            assert_eq!(sdp::check(sdp), Ok(described.fingerprint));
        }
    }
    assert_eq!(speakers, [Role::Offerer, Role::Answerer]);
}

#[test]
fn what_is_written_is_signed_and_named() {
    for vector in vectors("written", 2) {
        let room = keys(vector).room();
        let expected = vector.read::<Message>("message");
        let Message { author, name, at, text, .. } = expected.clone();
        let device = Device::of(&vector.read::<DeviceSecret>("device_secret"), room);
        let message = message::write(&device, room, author, &name, at, text);
        assert_eq!(message, expected);
        assert!(message::is_signed(&message, room));
        let body = vector.read::<Envelope>("body").0;
        assert_eq!(message::id(&message, room).0[..], Sha256::digest(&body)[..16]);
        assert_eq!(message::id(&message, room), vector.read("id"));
    }
}

#[test]
fn every_message_has_its_text() {
    each_variant::<ToServer>("ToServer", MAX_FRAME_BYTES, 6);
    each_variant::<FromServer>("FromServer", MAX_FRAME_BYTES, 20);
    each_variant::<Control>("Control", MAX_MESSAGE_BYTES, 54);
    each_variant::<Header>("Header", MAX_HEADER_BYTES, 3);
    each_variant::<Signal>("Signal", usize::MAX, 4);
    assert_eq!(texts::<Hello>("Hello", usize::MAX).len(), 3);
}

#[test]
fn what_is_inside_of_messages_is_met_in_each_of_its_kinds() {
    let met = |kind: &str| {
        let is_met = |value: &Value| holds(value, kind);
        vectors("messages", MESSAGES).iter().any(|vector| is_met(&vector["message"]))
    };
    for kinds in [
        variants::<Refusal>(),
        variants::<RefusedItem>(),
        variants::<Welcomed>(),
        variants::<Part>(),
        variants::<Records>(),
    ] {
        assert!(kinds.len() >= 2);
        for kind in kinds {
            assert!(met(&kind), "no message with {kind}");
        }
    }
    assert_eq!(variants::<Kind>(), ["Photo", "File", "Folder"]);
    let chats = vectors("messages", MESSAGES).iter().filter_map(|vector| vector["message"].get("Chat"));
    let kinds: BTreeSet<_> = chats.map(name_of).collect();
    assert_eq!(kinds, variants::<Chat>().into_iter().collect());
}

const MESSAGES: usize = 90;

/// The text of each message of the type, and a message of each of its variants.
fn each_variant<T>(kind: &str, most: usize, count: usize)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let met = texts::<T>(kind, most);
    assert_eq!(met.len(), count, "messages of type {kind}");
    let variants = variants::<T>();
    for (number, variant) in variants.iter().enumerate() {
        let numbers: Vec<_> =
            met.iter().filter(|(name, _)| name == variant).map(|(_, number)| *number).collect();
        assert!(!numbers.is_empty(), "no {kind}::{variant}");
        assert!(numbers.iter().all(|&first| usize::from(first) == number), "{kind}::{variant}");
    }
}

/// The variant and the first byte of each message of the type, whose text is the file's.
fn texts<T>(kind: &str, most: usize) -> Vec<(String, u8)>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let of_kind = vectors("messages", MESSAGES).iter().filter(|vector| vector["type"] == kind);
    let read = |vector: &'static Value| {
        let (message, text) = (vector.read::<T>("message"), vector.read::<&str>("text"));
        assert_eq!(wire::to_text(&message), text, "{vector}");
        assert!(text.len() <= most, "{vector}");
        assert_eq!(wire::from_text(text), Ok(message), "{vector}");
        (name_of(&vector["message"]), wire::to_bytes(&vector.read::<T>("message"))[0])
    };
    of_kind.map(read).collect()
}

/// The variant of a message.
fn name_of(message: &Value) -> String {
    match message {
        Value::String(name) => name.clone(),
        message => message.as_object().unwrap().keys().next().unwrap().clone(),
    }
}

/// Whether `kind` is the value of a field.
fn holds(value: &Value, kind: &str) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(|field| field == kind || holds(field, kind)),
        Value::Array(values) => values.iter().any(|value| holds(value, kind)),
        _ => false,
    }
}

/// The plaintext is the message behind its length, then zeros up to the size that `sealed` bytes have room for.
fn is_padded(vector: &'static Value, message: &impl Serialize, sealed: usize) {
    let content = wire::to_bytes(message);
    let mut plaintext = (content.len() as u32).to_be_bytes().to_vec();
    plaintext.extend(content);
    plaintext.resize(sealed - TAG_BYTES, 0);
    assert_eq!(plaintext, vector.read::<Envelope>("plaintext").0);
}

fn role(name: &Value) -> Role {
    match name.as_str() {
        Some("offerer") => Role::Offerer,
        Some("answerer") => Role::Answerer,
        _ => panic!("no role: {name}"),
    }
}

/// The sender's role, by the ends of the proofs.
fn sender(signal: &Value) -> Role {
    let is_offerer = signal["from"]["peer"] == vectors("proofs", 2)[0]["offerer"]["peer"];
    if is_offerer { Role::Offerer } else { Role::Answerer }
}

/// The signals that are offer and answer.
fn descriptions() -> impl Iterator<Item = &'static Value> {
    vectors("signals", 4).iter().filter(|vector| vector["message"].get("Candidate").is_none())
}
