//! The files of a folder in one: a zip that the browser puts together out of slices of what it holds. A piece of it at
//! a time is read, for the checksums alone.

use std::ops::Range;

use super::zip::{Crc32, Entry, Zip};
use crate::browser::{Error, Part, Source, page};

/// Bytes that are in memory at the same time.
const PIECE_BYTES: u32 = 1024 * 1024;

/// A file in the zip.
pub(super) struct Bundled {
    /// What it is in.
    pub(super) source: Source,
    /// With `/` between folders, clean, and another one than every other's.
    pub(super) path: String,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    /// Its bytes in the source.
    pub(super) bytes: Range<u64>,
}

/// A zip of these files, in their order. Tells how many bytes of them were read.
pub(super) async fn bundle(files: &[Bundled], told: impl Fn(u64)) -> Result<Source, Error> {
    let (mut zip, mut headers, mut read) = (Zip::default(), Vec::with_capacity(files.len()), 0);
    for Bundled { source, path, modified, bytes } in files {
        let mut crc = Crc32::new();
        let mut at = bytes.start;
        while at < bytes.end {
            let length = (bytes.end - at).min(PIECE_BYTES.into()) as u32;
            crc.update(&source.read(at, length).await?.to_vec(PIECE_BYTES as usize)?);
            at += u64::from(length);
            read += u64::from(length);
            told(read);
        }
        let length = bytes.end.saturating_sub(bytes.start);
        let entry =
            Entry { name: path, modified: page::calendar(*modified), crc32: crc.finish(), bytes: length };
        headers.push(zip.add(&entry));
    }
    let end = zip.finish();
    let mut parts = Vec::with_capacity(2 * files.len() + 1);
    for (header, file) in headers.iter().zip(files) {
        parts.extend([Part::Bytes(header), Part::Of(&file.source, file.bytes.clone())]);
    }
    parts.push(Part::Bytes(&end));
    Source::composed(&parts)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::browser::Blob;

    const WHEN: [u32; 6] = [2026, 11, 20, 17, 5, 9];

    /// That moment by the clock of wherever this runs.
    fn when() -> u64 {
        const IN_UTC: u64 = 1_795_194_309_000;
        const QUARTER: u64 = 15 * 60 * 1000;
        let mut moments = (0..2 * 14 * 4).map(|quarters| IN_UTC - 14 * 4 * QUARTER + quarters * QUARTER);
        moments.find(|moment| page::calendar(*moment) == WHEN).unwrap()
    }

    fn file(source: &Source, path: &str, bytes: Range<u64>) -> Bundled {
        let source = source.clone();
        Bundled { source, path: path.to_owned(), modified: when(), bytes }
    }

    #[wasm_bindgen_test]
    async fn slices_of_a_source_are_the_zip_that_other_programs_read() {
        let source = Source::from(Blob::new("..second!|first".as_bytes()));
        let read = RefCell::new(Vec::new());
        let files = [file(&source, "a.png", 10..15), file(&source, "b-2.png", 2..9)];
        let zip = bundle(&files, |bytes| read.borrow_mut().push(bytes)).await.unwrap();
        assert_eq!(zip.head(1000).await.unwrap(), include_bytes!("../../tests/two.zip"));
        assert_eq!(read.take(), [5, 12]);
    }

    #[wasm_bindgen_test]
    async fn a_large_file_is_read_a_piece_at_a_time_and_an_empty_one_not_at_all() {
        let bytes = vec![7; 2 * PIECE_BYTES as usize + 1];
        let source = Source::from(Blob::new(bytes.as_slice()));
        let read = RefCell::new(Vec::new());
        let length = bytes.len() as u64;
        let files = [file(&source, "empty", length..length), file(&source, "large", 0..length)];
        let zip = bundle(&files, |bytes| read.borrow_mut().push(bytes)).await.unwrap();
        let piece = u64::from(PIECE_BYTES);
        assert_eq!(read.take(), [piece, 2 * piece, 2 * piece + 1]);
        let zip = zip.head(u32::MAX).await.unwrap();
        let mut crc = Crc32::new();
        crc.update(&bytes);
        assert_eq!(zip[35 + 14..][..4], crc.finish().to_le_bytes(), "behind the header of the empty one");
        assert!(zip[35 + 35..].starts_with(&bytes));
    }

    #[wasm_bindgen_test]
    async fn what_lies_outside_is_an_error() {
        let source = Source::from(Blob::new("abc".as_bytes()));
        assert_eq!(bundle(&[file(&source, "a", 1..4)], |_| ()).await.err().unwrap().name, "RangeError");
    }
}
