//! Files of ours that somebody still waits for: what the next life of this page goes on with, once it has them again: by
//! their handles, or because their person has chosen them again.

use serde::{Deserialize, Serialize};
use snaproom_protocol::{ItemId, PeerId, control::Kind};

use super::parcel::{self, Parcel};
use crate::browser::{FileHandle, Permission, Source};

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
    /// Its bytes as they were offered: of a photo without its secrets, unless the original was wanted.
    pub(super) fn found_in<'a>(&self, parcel: &'a Parcel) -> Option<&'a Source> {
        let original = parcel.original.as_ref().filter(|_| parcel.modified == self.modified);
        [Some(&parcel.source), original].into_iter().flatten().find(|source| source.bytes() == self.bytes)
    }

    fn chosen_again<'a>(&self, parcel: &'a Parcel) -> Option<&'a Source> {
        (self.name == parcel.name && self.kind == parcel.kind).then(|| self.found_in(parcel)).flatten()
    }
}

/// Of which missing file this is the one: of that for which the person chose it, if it can be. What comes without having
/// been asked for is that of the only one that it can be, and unchanged; or else another file of the same name.
pub(super) fn missing_one(
    parcel: &Parcel,
    missing: &[&Offered],
    asked_for: Option<ItemId>,
) -> Option<(ItemId, Source)> {
    let mut alike =
        missing.iter().filter_map(|offered| Some((offered, offered.chosen_again(parcel)?.clone())));
    if let Some((asked, source)) = alike.clone().find(|(offered, _)| Some(offered.item) == asked_for) {
        return Some((asked.item, source));
    }
    match (alike.next(), alike.next()) {
        (Some((only, source)), None) if only.modified == parcel.modified => Some((only.item, source)),
        _ => None,
    }
}

/// What became of the handle of a file that an earlier life of this page offered.
pub(super) struct Reached {
    pub(super) item: ItemId,
    pub(super) permission: Permission,
    /// The file, where it may be read and is there.
    pub(super) parcel: Option<Parcel>,
}

impl Reached {
    /// Reads the file, if it may be read.
    pub(super) async fn by(item: ItemId, permission: Permission, handle: FileHandle) -> Self {
        let parcel = async {
            let file = handle.file().await.ok()?;
            parcel::of_file(file).await.ok()
        };
        let parcel = if permission == Permission::Granted { parcel.await } else { None };
        Self { item, permission, parcel }
    }
}

#[cfg(test)]
mod tests {
    use snaproom_session::exif::Secrets;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    use super::*;
    use crate::browser::Blob;

    wasm_bindgen_test_configure!(run_in_browser);

    fn parcel(name: &str, bytes: &[u8], modified: u64) -> Parcel {
        Parcel {
            name: name.into(),
            kind: Kind::File,
            source: Source::from(Blob::new(bytes)),
            modified,
            removed: Secrets::default(),
            original: None,
            handle: None,
        }
    }

    fn offered(item: u8, modified: u64) -> Offered {
        let (name, kind) = ("notes.txt".into(), Kind::File);
        Offered { item: ItemId([item; 16]), name, kind, bytes: 5, modified, to: Vec::new() }
    }

    /// Which one it is.
    fn found(parcel: &Parcel, missing: &[&Offered], asked_for: Option<ItemId>) -> Option<ItemId> {
        missing_one(parcel, missing, asked_for).map(|(item, _)| item)
    }

    #[wasm_bindgen_test]
    fn a_file_is_the_missing_one_where_that_was_asked_for_or_where_it_can_be_no_other() {
        let (one, other) = (offered(1, 10), offered(2, 10));
        let hello = |modified| parcel("notes.txt", b"hello", modified);
        assert_eq!(found(&hello(10), &[&one], None), Some(one.item));
        assert_eq!(found(&hello(11), &[&one], None), None, "another of the same name and length");
        assert_eq!(found(&hello(11), &[&one], Some(one.item)), Some(one.item), "its person says so");
        assert_eq!(found(&hello(10), &[&one, &other], None), None, "either");
        assert_eq!(found(&hello(10), &[&one, &other], Some(other.item)), Some(other.item));
        assert_eq!(found(&parcel("notes.txt", b"hell", 10), &[&one], Some(one.item)), None);
        assert_eq!(found(&parcel("other.txt", b"hello", 10), &[&one], Some(one.item)), None);
        assert_eq!(found(&hello(10), &[], Some(one.item)), None, "it is not missing any more");
    }

    #[wasm_bindgen_test]
    fn an_original_that_was_sent_goes_on_as_such() {
        let with_secrets = |modified| Parcel {
            original: Some(Source::from(Blob::new(b"hello".as_slice()))),
            ..parcel("notes.txt", b"hell", modified)
        };
        let original = offered(1, 10);
        let bytes = |parcel: &Parcel| {
            let (_, source) = missing_one(parcel, &[&original], Some(original.item))?;
            Some(source.bytes())
        };
        assert_eq!(bytes(&with_secrets(10)), Some(5));
        assert_eq!(bytes(&with_secrets(11)), None, "changed since, and nobody said that it may tell so much");
        let without = Offered { bytes: 4, ..original.clone() };
        let (_, source) = missing_one(&with_secrets(10), &[&without], None).unwrap();
        assert_eq!(source.bytes(), 4);
    }
}
