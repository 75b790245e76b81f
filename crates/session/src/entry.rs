//! What was shown to everybody, as its owner signs it for those who come later.
//!
//! ```text
//! body      = "snaproom/1/shared" | room | owner | device key | item | bytes (u64) | kind | root
//!             | length of called (u32) | called | name
//! kind      = 0 | width (u32) | height (u32) | taken (u64), or 1, or 2 | files (u32) | listing (u32)
//! root      = 0, or 1 | root
//! signature = Ed25519(device, body)
//! ```
//! Numbers are big-endian.

use snaproom_protocol::{
    RoomId, Signature,
    control::{Kind, MAX_DISPLAY_NAME_BYTES},
    shared::Entry,
};

use crate::{
    device::{Device, has_signed},
    name,
    transfer::judge_kind,
};

/// With our device's signature.
#[must_use]
pub fn sign(mut entry: Entry, device: &Device, room: RoomId) -> Entry {
    entry.device = device.key();
    entry.signature = Signature([0; 64]);
    entry.signature = device.sign(&body(&entry, room));
    entry
}

/// Whether its device signed it, for this room.
#[must_use]
pub fn is_signed(entry: &Entry, room: RoomId) -> bool {
    has_signed(&entry.device, &body(entry, room), &entry.signature)
}

fn body(entry: &Entry, room: RoomId) -> Vec<u8> {
    let Entry { owner, device, called, item, name, bytes, kind, root, signature: _ } = entry;
    let kind = match *kind {
        Kind::Photo { width, height, taken } => {
            [&[0], width.to_be_bytes().as_slice(), &height.to_be_bytes(), &taken.to_be_bytes()].concat()
        }
        Kind::File => vec![1],
        Kind::Folder { files, listing } => {
            [&[2], files.to_be_bytes().as_slice(), &listing.to_be_bytes()].concat()
        }
    };
    let root = root.map_or_else(|| vec![0], |root| [&[1], root.0.as_slice()].concat());
    [
        b"snaproom/1/shared".as_slice(),
        &room.0,
        &owner.0,
        &device.0,
        &item.0,
        &bytes.to_be_bytes(),
        &kind,
        &root,
        &(called.len() as u32).to_be_bytes(),
        called.as_bytes(),
        name.as_bytes(),
    ]
    .concat()
}

/// Whether a peer's entry may be kept, shown and passed on as it is.
pub(crate) fn is_fit(entry: &Entry) -> bool {
    entry.called.len() <= MAX_DISPLAY_NAME_BYTES
        && name::is_file_name(&entry.name)
        && judge_kind(entry.kind, entry.bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use snaproom_protocol::{DeviceKey, DeviceSecret, Digest, ItemId, PeerId};

    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ROOM: RoomId = RoomId([1; 16]);

    fn one() -> Entry {
        let device = Device::of(&DeviceSecret([2; 32]), ROOM);
        let entry = Entry {
            owner: PeerId([3; 16]),
            device: DeviceKey([0; 32]),
            called: String::from("Anna"),
            item: ItemId([4; 16]),
            name: String::from("a.png"),
            bytes: 8,
            kind: Kind::Photo { width: 2, height: 1, taken: 5 },
            root: Some(Digest([6; 32])),
            signature: Signature([0; 64]),
        };
        sign(entry, &device, ROOM)
    }

    #[test]
    fn a_signature_is_of_one_entry_in_one_room() {
        let entry = one();
        assert!(is_fit(&entry) && is_signed(&entry, ROOM) && !is_signed(&entry, RoomId([9; 16])));
        let changes: [fn(&mut Entry); 10] = [
            |entry| entry.owner.0[0] ^= 1,
            |entry| entry.device.0[0] ^= 1,
            |entry| entry.item.0[0] ^= 1,
            |entry| entry.bytes += 1,
            |entry| entry.kind = Kind::File,
            |entry| entry.kind = Kind::Photo { width: 1, height: 2, taken: 5 },
            |entry| entry.root = None,
            |entry| entry.signature.0[0] ^= 1,
            |entry| entry.name.push('a'),
            // What ends one field begins no other.
            |entry| {
                let a = entry.called.pop().unwrap();
                entry.name.insert(0, a);
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = entry.clone();
            change(&mut changed);
            assert!(!is_signed(&changed, ROOM), "{number}");
        }
    }

    #[test]
    fn an_entry_is_within_the_bounds_of_an_offer() {
        let unfit: [fn(&mut Entry); 5] = [
            |entry| entry.called = "x".repeat(MAX_DISPLAY_NAME_BYTES + 1),
            |entry| entry.name = String::from("a/b"),
            |entry| entry.bytes = 9,
            |entry| entry.kind = Kind::Photo { width: u32::MAX, height: u32::MAX, taken: 0 },
            |entry| entry.kind = Kind::Folder { files: 0, listing: 1 },
        ];
        for (number, change) in unfit.iter().enumerate() {
            let mut entry = one();
            change(&mut entry);
            assert!(!is_fit(&entry), "{number}");
        }
    }
}
