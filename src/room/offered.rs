//! Files of ours that somebody still waits for: what the next life of this page goes on with, once their person has
//! chosen them again.

use serde::{Deserialize, Serialize};
use snaproom_protocol::{ItemId, PeerId, control::Kind};

use super::parcel::Parcel;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offered {
    pub(super) item: ItemId,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) bytes: u64,
    pub(super) modified: u64,
    pub(super) to: Vec<PeerId>,
}

impl Offered {
    fn is_like(&self, parcel: &Parcel) -> bool {
        self.name == parcel.name && self.kind == parcel.kind && self.bytes == parcel.source.bytes()
    }
}

/// Of which missing file this is the one: of that for which the person chose it, if it can be. What comes without having
/// been asked for is that of the only one that it can be, and unchanged; or else another file of the same name.
pub(super) fn missing_one(
    parcel: &Parcel,
    missing: &[&Offered],
    asked_for: Option<ItemId>,
) -> Option<ItemId> {
    let mut alike = missing.iter().filter(|offered| offered.is_like(parcel));
    if let Some(asked) = alike.clone().find(|offered| Some(offered.item) == asked_for) {
        return Some(asked.item);
    }
    match (alike.next(), alike.next()) {
        (Some(only), None) if only.modified == parcel.modified => Some(only.item),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use snaproom_session::exif::Secrets;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;
    use crate::browser::{Blob, Source};

    wasm_bindgen_test_configure!(run_in_browser);

    fn parcel(name: &str, bytes: &[u8], modified: u64) -> Parcel {
        Parcel {
            name: name.into(),
            kind: Kind::File,
            source: Source::from(Blob::new(bytes)),
            modified,
            removed: Secrets::default(),
            original: None,
        }
    }

    fn offered(item: u8, modified: u64) -> Offered {
        let (name, kind) = ("notes.txt".into(), Kind::File);
        Offered { item: ItemId([item; 16]), name, kind, bytes: 5, modified, to: Vec::new() }
    }

    #[wasm_bindgen_test]
    fn a_file_is_the_missing_one_where_that_was_asked_for_or_where_it_can_be_no_other() {
        let (one, other) = (offered(1, 10), offered(2, 10));
        let hello = |modified| parcel("notes.txt", b"hello", modified);
        assert_eq!(missing_one(&hello(10), &[&one], None), Some(one.item));
        assert_eq!(missing_one(&hello(11), &[&one], None), None, "another of the same name and length");
        assert_eq!(missing_one(&hello(11), &[&one], Some(one.item)), Some(one.item), "its person says so");
        assert_eq!(missing_one(&hello(10), &[&one, &other], None), None, "either");
        assert_eq!(missing_one(&hello(10), &[&one, &other], Some(other.item)), Some(other.item));
        assert_eq!(missing_one(&parcel("notes.txt", b"hell", 10), &[&one], Some(one.item)), None);
        assert_eq!(missing_one(&parcel("other.txt", b"hello", 10), &[&one], Some(one.item)), None);
        assert_eq!(missing_one(&hello(10), &[], Some(one.item)), None, "it is not missing any more");
    }
}
