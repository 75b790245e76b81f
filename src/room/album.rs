//! All photos in one file: a zip that the browser puts together out of what it holds already. The page reads a piece of
//! each photo at a time, for the checksum alone.

use super::{
    gallery::name_of_file,
    original::Keepsake,
    zip::{Crc32, Entry, Zip},
};
use crate::browser::{Blob, Error, Payload, join, page};

/// Bytes of a photo that are in memory at the same time.
const PIECE_BYTES: u32 = 1024 * 1024;

/// A zip of the photos in their order, each with the time when it was taken, and the places of those that are in it:
/// one whose pixels are not there is not. Tells after each how many were looked at.
pub(super) async fn zip(
    photos: &[(u64, Keepsake)],
    told: impl Fn(usize),
) -> Result<(Blob, Vec<usize>), Error> {
    let (mut zip, mut names, mut parts, mut added) = (Zip::default(), Vec::new(), Vec::new(), Vec::new());
    for (index, (taken, keepsake)) in photos.iter().enumerate() {
        if let Some((file, extension)) = keepsake.file().await? {
            let name = unused(&mut names, &name_of_file(*taken, extension));
            let bytes =
                u32::try_from(file.size()).map_err(|_| Error::new("RangeError", "a photo of over 4 GiB"))?;
            let crc32 = crc32(&file, bytes).await?;
            let header =
                zip.add(&Entry { name: &name, modified: page::calendar(*taken), crc32, bytes: bytes.into() });
            parts.extend([Payload::from(header.as_slice()).to_blob("")?, file]);
            added.push(index);
        }
        told(index + 1);
    }
    parts.push(Payload::from(zip.finish().as_slice()).to_blob("")?);
    Ok((join(&parts, "application/zip")?, added))
}

async fn crc32(file: &Blob, bytes: u32) -> Result<u32, Error> {
    let mut crc = Crc32::new();
    let mut done = 0;
    while done < bytes {
        let end = bytes.min(done.saturating_add(PIECE_BYTES));
        let piece = Payload::from_blob(&file.slice(done.into(), end.into())).await?;
        crc.update(&piece.to_vec(PIECE_BYTES as usize)?);
        done = end;
    }
    Ok(crc.finish())
}

/// The name, or the first of `name-2`, `name-3` and so on that is not there yet.
fn unused(names: &mut Vec<String>, name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2_u32..).map(|number| format!("{stem}-{number}.{extension}"));
    let mut wishes = std::iter::once(name.to_owned()).chain(numbered);
    // There are more numbers than photos.
    let unused = wishes.find(|wish| !names.contains(wish)).unwrap_or_default();
    names.push(unused.clone());
    unused
}
