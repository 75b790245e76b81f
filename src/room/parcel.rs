//! What a person gives, made ready to be sent: names that are fit to be shown, photos without what they tell beside
//! their picture, a folder as a list of its files and their bytes.

use snaproom_protocol::control::Kind;
use snaproom_session::{
    exif::{self, Look, PictureEnd, Secret, Secrets, Stripped},
    listing::{self, Listing},
    name,
};

use crate::browser::{Choice, Chosen, Error, FileHandle, Part, Source};

/// Bytes of a photo that are looked at for its end at a time, and of the largest photo of which that is done.
const STEP_BYTES: u32 = 1024 * 1024;
const MAX_PHOTO_BYTES: u64 = 64 * 1024 * 1024;

/// One item.
pub(super) struct Parcel {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) source: Source,
    /// When the file was changed last, in milliseconds since 1970.
    pub(super) modified: u64,
    /// What was taken out of it.
    pub(super) removed: Secrets,
    /// With that in it.
    pub(super) original: Option<Source>,
    /// Where the file is; of a folder it is not known.
    pub(super) handle: Option<FileHandle>,
}

/// What was chosen at once, item by item; files that cannot be read are not in it, and are counted.
pub(super) async fn parcels(choice: Choice) -> (Vec<Parcel>, usize) {
    match choice {
        Choice::Files(files) => {
            let (mut parcels, count) = (Vec::new(), files.len());
            for file in files {
                parcels.extend(of_file(file).await.ok());
            }
            let lost = count - parcels.len();
            (parcels, lost)
        }
        Choice::Folder { name, files } => {
            let count = files.len();
            match of_folder(&name, files).await {
                Ok((parcel, lost)) => (vec![parcel], lost),
                Err(_) => (Vec::new(), count),
            }
        }
    }
}

/// One file.
pub(super) async fn of_file(file: Chosen) -> Result<Parcel, Error> {
    let (source, removed) = without_secrets(&file.source).await?;
    let original = (!removed.is_empty()).then_some(file.source);
    let name = name::file_name(&file.name);
    Ok(Parcel {
        name,
        kind: Kind::File,
        source,
        modified: file.modified,
        removed,
        original,
        handle: file.handle,
    })
}

async fn of_folder(name: &str, files: Vec<Chosen>) -> Result<(Parcel, usize), Error> {
    let (mut entries, mut sources, mut originals) = (Vec::new(), Vec::new(), Vec::new());
    let (mut removed, mut lost) = (Secrets::default(), 0);
    for file in files {
        let path = file.path.as_deref().unwrap_or(&file.name);
        // Its folder's own name is the item's.
        let path = path.split_once('/').map_or(path, |(_, within)| within);
        let (Some(path), Ok((source, secrets))) =
            (name::path_in_folder(path), without_secrets(&file.source).await)
        else {
            lost += 1;
            continue;
        };
        secrets.iter().for_each(|secret| removed.insert(secret));
        entries.push(listing::Entry { path, bytes: source.bytes(), modified: file.modified });
        sources.push(source);
        originals.push(file.source);
    }
    if entries.is_empty() {
        return Err(Error::new("NotReadableError", "nothing in the folder can be read"));
    }
    let files = entries.len() as u32;
    let modified = entries.iter().map(|entry| entry.modified).max().unwrap_or(0);
    let (source, listing) = composed(&entries, &sources)?;
    let original = if removed.is_empty() {
        None
    } else {
        for (entry, original) in entries.iter_mut().zip(&originals) {
            entry.bytes = original.bytes();
        }
        Some(composed(&entries, &originals)?.0)
    };
    let kind = Kind::Folder { files, listing };
    let name = name::file_name(name);
    Ok((Parcel { name, kind, source, modified, removed, original, handle: None }, lost))
}

/// The list and the files' bytes behind it; and the list's length.
fn composed(entries: &[listing::Entry], sources: &[Source]) -> Result<(Source, u32), Error> {
    let list = Listing::new(entries.to_vec());
    let list = list.map_err(|_| Error::new("RangeError", "too many files"))?.encode();
    let whole = sources.iter().map(|source| Part::Of(source, 0..source.bytes()));
    let parts: Vec<Part> = std::iter::once(Part::Bytes(&list)).chain(whole).collect();
    Ok((Source::composed(&parts)?, list.len() as u32))
}

/// A photo as it is without its secrets, and what these are; anything else as it is. The picture's own bytes are neither
/// copied nor changed.
async fn without_secrets(source: &Source) -> Result<(Source, Secrets), Error> {
    let length = source.bytes();
    let mut most = exif::FIRST_BYTES.min(length);
    let (picture, stripped) = loop {
        let head = source.head(most as u32).await?;
        match exif::look(&head, length) {
            Look::More { bytes } if bytes > most => most = bytes,
            Look::Clean { picture } => break (picture, None),
            Look::Stripped(stripped) => break (stripped.picture, Some(stripped)),
            Look::Other | Look::Broken | Look::More { .. } => {
                return Ok((source.clone(), Secrets::default()));
            }
        }
    };
    let end = end_of_picture(source, picture).await?;
    let mut removed = stripped.as_ref().map_or_else(Secrets::default, |stripped| stripped.removed);
    if end < length {
        removed.insert(Secret::Appended);
    }
    let source = match &stripped {
        None if end == length => source.clone(),
        None => Source::composed(&[Part::Of(source, 0..end)])?,
        Some(Stripped { head, .. }) => {
            Source::composed(&[Part::Bytes(head), Part::Of(source, picture..end)])?
        }
    };
    Ok((source, removed))
}

/// Behind which byte of the file the picture ends.
async fn end_of_picture(source: &Source, picture: u64) -> Result<u64, Error> {
    let length = source.bytes();
    if length > MAX_PHOTO_BYTES {
        return Ok(length);
    }
    let mut end = PictureEnd::new(picture);
    let mut at = picture;
    while at < length {
        let step = (length - at).min(STEP_BYTES.into()) as u32;
        let bytes = source.read(at, step).await?.to_vec(STEP_BYTES as usize)?;
        if let Some(end) = end.find(&bytes) {
            return Ok(end);
        }
        at += u64::from(step);
    }
    Ok(length)
}
