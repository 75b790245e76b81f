//! What is in a folder that is sent as one item: the item's bytes are the listing, then the bytes of its files, one
//! after the other in the listing's order.
//!
//! The listing is a list of (`path` string, `bytes` u64, `modified` u64) as every message is written (`snaproom_protocol::wire`).

use std::ops::Range;

use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use snaproom_protocol::wire;

use crate::name;

/// Most files in one listing.
pub const MAX_FILES: usize = 20_000;

/// Most bytes of an encoded listing, 4 MiB.
pub const MAX_LISTING_BYTES: u64 = 4 << 20;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is within what is sent, with `/` between folders: as of [`name::path_in_folder`], and no other's.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, in milliseconds since 1970; 0 if nobody knows.
    pub modified: u64,
}

/// Why there is no listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadListing {
    /// More than [`MAX_FILES`].
    TooManyFiles,
    /// More than [`MAX_LISTING_BYTES`], because of long names.
    TooLong,
    /// No listing at all.
    Malformed,
    /// The files are not as large together as what is sent, or larger than a number can say.
    Sizes,
}

/// The files of a folder: within bounds, and their paths such that each can be saved, also where `A` and `a` are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    files: Vec<Entry>,
    /// Of the encoded listing, then where each file ends in the item.
    ends: Vec<u64>,
}

impl Listing {
    /// The listing of a folder here. Paths are cleaned, and made different from each other.
    ///
    /// # Errors
    ///
    /// All but [`BadListing::Malformed`].
    pub fn new(mut files: Vec<Entry>) -> Result<Self, BadListing> {
        if files.len() > MAX_FILES {
            return Err(BadListing::TooManyFiles);
        }
        make_fit(&mut files);
        let listing = wire::to_bytes(&files).len() as u64;
        if listing > MAX_LISTING_BYTES {
            return Err(BadListing::TooLong);
        }
        Self::behind(listing, files)
    }

    /// The beginning of the item.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::to_bytes(&self.files)
    }

    /// Somebody's listing: `bytes` is all of it, and the beginning of an item of `total` bytes. Nothing is allocated for
    /// more files than there may be, nor for names that are not in `bytes`. Paths are cleaned again.
    pub fn decode(bytes: &[u8], total: u64) -> Result<Self, BadListing> {
        let listing = bytes.len() as u64;
        if listing > MAX_LISTING_BYTES {
            return Err(BadListing::TooLong);
        }
        if count(bytes).ok_or(BadListing::Malformed)? > MAX_FILES {
            return Err(BadListing::TooManyFiles);
        }
        let mut files: Vec<Entry> = wire::from_bytes(bytes).map_err(|_| BadListing::Malformed)?;
        make_fit(&mut files);
        Self::behind(listing, files)
            .and_then(|found| if found.total() == total { Ok(found) } else { Err(BadListing::Sizes) })
    }

    fn behind(listing: u64, files: Vec<Entry>) -> Result<Self, BadListing> {
        let mut ends = vec![listing];
        let mut end = listing;
        for file in &files {
            end = end.checked_add(file.bytes).ok_or(BadListing::Sizes)?;
            ends.push(end);
        }
        Ok(Self { files, ends })
    }

    /// The files, in the order of their bytes.
    #[must_use]
    pub fn files(&self) -> &[Entry] {
        &self.files
    }

    /// Where a file's bytes are within the item; none if there is no such file.
    #[must_use]
    pub fn range(&self, index: usize) -> Option<Range<u64>> {
        Some(*self.ends.get(index)?..*self.ends.get(index.checked_add(1)?)?)
    }

    /// The item's bytes: the listing's, and those of all files.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }
}

/// How many files there are to be, from the number at the beginning: LEB128, as postcard writes lengths. What would not
/// fit into one is no listing.
fn count(bytes: &[u8]) -> Option<usize> {
    let mut count = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        count |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(count);
        }
    }
    None
}

/// Cleans all paths, and puts a number behind those that cannot stay: where another file has the path, or needs a folder
/// there.
fn make_fit(files: &mut [Entry]) {
    for file in files.iter_mut() {
        file.path = name::path_in_folder(&file.path).unwrap_or_else(|| name::file_name(""));
    }
    let mut wanted = Paths::default();
    for file in files.iter() {
        wanted.insert(key(&file.path));
    }
    let mut taken = Paths::default();
    // The next number for each name, so that none is tried twice.
    let mut numbers = LiteMap::<String, u32>::new();
    for file in files {
        let wish = key(&file.path);
        if !wanted.has_within(&wish) && taken.insert(wish) {
            continue;
        }
        let (stem, extension) = name::around_number(&file.path);
        let unnumbered = key(&[stem, extension].concat());
        let mut number = numbers.get(&unnumbered).copied().unwrap_or(2);
        let path = loop {
            let path = format!("{stem} ({number}){extension}");
            number += 1;
            let key = key(&path);
            // What another one is called from the beginning stays its own.
            if !wanted.has(&key) && !wanted.has_within(&key) && taken.insert(key) {
                break path;
            }
        };
        numbers.insert(unnumbered, number);
        file.path = path;
    }
}

/// The same for paths that are the same on Windows and macOS, which take `A` for `a`. (macOS also takes `é` for `e` with an
/// accent, which needs tables as well.)
fn key(path: &str) -> String {
    path.chars().map(small).collect()
}

/// The small letter of a capital one in the Latin, Greek, Cyrillic and Armenian of today. All of Unicode's would be 5 kB
/// of what a first visit loads; two names that differ by another letter's size are rare, and rarer on a disk that knows
/// the difference.
fn small(c: char) -> char {
    let code = u32::from(c);
    let small = match code {
        0x41..=0x5A
        | 0xC0..=0xD6
        | 0xD8..=0xDE
        | 0x391..=0x3A1
        | 0x3A3..=0x3AB
        | 0x410..=0x42F
        | 0xFF21..=0xFF3A => code + 32,
        0x400..=0x40F => code + 80,
        0x531..=0x556 => code + 48,
        // Greek with an accent, and its sigma at the end of a word; letters whose small one is elsewhere.
        0x386 => 0x3AC,
        0x388..=0x38A => code + 37,
        0x38C => 0x3CC,
        0x38E | 0x38F => code + 63,
        0x3C2 => 0x3C3,
        0x178 => 0xFF,
        0x4C0 => 0x4CF,
        // Pairs, of which the small letter has the even number,
        0x139..=0x148 | 0x179..=0x17E | 0x1CD..=0x1DC | 0x4C1..=0x4CE => code.next_multiple_of(2),
        // or the odd one.
        0x100..=0x12F
        | 0x132..=0x137
        | 0x14A..=0x177
        | 0x1DE..=0x1EF
        | 0x1F8..=0x21F
        | 0x222..=0x233
        | 0x460..=0x481
        | 0x48A..=0x4BF
        | 0x4D0..=0x52F
        | 0x1E00..=0x1E95
        | 0x1EA0..=0x1EFF => code | 1,
        _ => code,
    };
    char::from_u32(small).unwrap_or(c)
}

/// In order, each once.
#[derive(Default)]
struct Paths(Vec<String>);

impl Paths {
    /// False if it was there.
    fn insert(&mut self, path: String) -> bool {
        let Err(at) = self.0.binary_search(&path) else { return false };
        self.0.insert(at, path);
        true
    }

    fn has(&self, path: &String) -> bool {
        self.0.binary_search(path).is_ok()
    }

    /// Whether this is the folder of another one.
    fn has_within(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        let first = self.0.partition_point(|other| *other < folder);
        self.0.get(first).is_some_and(|other| other.starts_with(&folder))
    }
}

#[cfg(test)]
mod tests {
    use super::small;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// As Unicode has it, where that is one letter.
    fn lowercase(c: char) -> char {
        let mut lowercase = c.to_lowercase();
        lowercase.next().filter(|_| lowercase.next().is_none()).unwrap_or(c)
    }

    #[test]
    fn a_capital_letter_becomes_its_own_small_one() {
        for c in (0..0x1_0000).filter_map(char::from_u32) {
            let is_known = matches!(c, 'ς') || small(c) == lowercase(c) || small(c) == c;
            assert!(is_known, "{c} became {}", small(c));
            assert_eq!(small(small(c)), small(c), "{c}");
        }
    }

    #[test]
    fn letters_of_today_have_a_small_one() {
        for letters in ['\0'..='ƀ', 'Ǎ'..='ǯ', 'Ά'..='ώ', 'Ѐ'..='֏', 'Ḁ'..='ẕ', 'Ạ'..='ỿ', 'Ａ'..='ｚ']
        {
            for c in letters.filter(|c| !matches!(c, 'Ϗ'..='ϼ')) {
                assert_eq!(small(c), if c == 'ς' { 'σ' } else { lowercase(c) }, "{c} {:x}", u32::from(c));
            }
        }
    }
}
