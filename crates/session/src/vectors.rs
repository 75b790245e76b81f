//! The test vectors of `docs/WIRE.md` for what the crate keeps to itself; `tests/vectors` has the rest.

#[path = "../tests/vectors/file.rs"]
mod file;

use file::{Read, end, keys, negotiator, test, vectors};
use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    DeviceKey, DeviceSecret, Digest, Envelope, Nonce, Signature, bulk::PIECE_BYTES, shared::Entry,
};

use crate::{
    Link, compare,
    confirm::{End, Role, transcript},
    device::Device,
    entry,
    keys::RoomKeys,
    sdp::Fingerprint,
    transfer::piece_root,
};

#[test]
fn the_keys_of_a_link() {
    for vector in vectors("links", 9) {
        let keys = keys(vector);
        assert_eq!(Digest(keys.hello), vector.read("hello"), "{vector}");
        assert_eq!(Digest(keys.confirm), vector.read("confirm"), "{vector}");
    }
}

#[test]
fn the_keys_of_a_pair() {
    for vector in vectors("pairs", 2) {
        let key = keys(vector).pair(negotiator(&vector["from"]), negotiator(&vector["to"]));
        assert_eq!(Digest(key), vector.read("key"));
    }
}

#[test]
fn what_a_proof_is_made_of() {
    for vector in vectors("proofs", 2) {
        let speaker = if vector["speaker"] == "offerer" { Role::Offerer } else { Role::Answerer };
        let seen = transcript(speaker, &end(&vector["offerer"]), &end(&vector["answerer"]));
        assert_eq!(Envelope(seen), vector.read("transcript"));
    }
}

#[test]
fn the_signs_that_two_people_compare() {
    for vector in vectors("comparisons", 2) {
        let ends = (end(&vector["offerer"]), end(&vector["answerer"]));
        let devices = [vector.read::<DeviceKey>("offerer_device"), vector.read("answerer_device")];
        let (asked, answered) = (vector.read::<Nonce>("asker_nonce"), vector.read("answer_nonce"));
        assert_eq!(compare::commitment(&asked), vector.read("commitment"));
        let signs = compare::signs(&keys(vector), &ends, devices, asked, answered);
        assert_eq!(signs.as_slice(), vector.read::<Vec<u8>>("signs"));
    }
}

#[test]
fn the_root_over_pieces() {
    for vector in vectors("roots", 3) {
        // Byte i of the exact part is i mod 251.
        let exact: Vec<u8> = (0..vector.read::<u32>("bytes")).map(|place| (place % 251) as u8).collect();
        let pieces = exact.chunks(PIECE_BYTES as usize);
        let hashes: Vec<_> = pieces.map(|piece| Digest(Sha256::digest(piece).into())).collect();
        assert_eq!(hashes, vector.read::<Vec<Digest>>("pieces"));
        assert_eq!(piece_root(hashes.iter()), vector.read("root"));
    }
}

#[test]
fn what_is_shown_is_signed() {
    for vector in vectors("shared", 3) {
        let room = keys(vector).room();
        let device = Device::of(&vector.read::<DeviceSecret>("device_secret"), room);
        let expected = vector.read::<Entry>("entry");
        assert_eq!(device.sign(&vector.read::<Envelope>("body").0), expected.signature);
        let unsigned =
            Entry { device: DeviceKey([0; 32]), signature: Signature([0; 64]), ..expected.clone() };
        assert_eq!(entry::sign(unsigned, &device, room), expected);
        assert!(entry::is_fit(&expected) && entry::is_signed(&expected, room));
    }
}
