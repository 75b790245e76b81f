//! A folder goes as one item, and every file of it can be saved, whatever its sender says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "common/seeds.rs"]
mod seeds;

use std::collections::BTreeSet;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use seeds::seeds;
use snaproom_protocol::wire;
use snaproom_session::{
    listing::{BadListing, Entry, Listing, MAX_FILES, MAX_LISTING_BYTES},
    name,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn file(path: &str, bytes: u64) -> Entry {
    Entry { path: String::from(path), bytes, modified: 1_714_979_289_000 }
}

fn files(paths: &[&str]) -> Vec<Entry> {
    paths.iter().map(|path| file(path, 1)).collect()
}

fn paths(listing: &Listing) -> Vec<&str> {
    listing.files().iter().map(|file| file.path.as_str()).collect()
}

/// As somebody would send it who does not keep to anything.
fn forged(files: &[Entry]) -> Result<Listing, BadListing> {
    let bytes = wire::to_bytes(&files);
    Listing::decode(&bytes, bytes.len() as u64 + files.iter().map(|file| file.bytes).sum::<u64>())
}

/// No two files are in each other's way, on any system.
fn assert_savable(listing: &Listing, what: &str) {
    let mut used = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for path in paths(listing) {
        assert_eq!(name::path_in_folder(path).as_deref(), Some(path), "{what}");
        let path = path.to_lowercase();
        folders.extend(path.match_indices('/').map(|(slash, _)| String::from(&path[..slash])));
        assert!(used.insert(path), "{what}");
    }
    assert!(used.is_disjoint(&folders), "{what}");
}

#[test]
fn what_is_sent_is_what_arrives() {
    let sent = Listing::new(vec![
        file("trip/1.jpg", 3),
        file("trip/empty", 0),
        file("trip/day 2/1.jpg", 5),
        Entry { path: String::from("trip/Grüße.txt"), bytes: 1 << 40, modified: 0 },
    ])
    .unwrap();
    let bytes = sent.encode();
    let listing = bytes.len() as u64;
    assert_eq!(sent.total(), listing + 8 + (1 << 40));
    assert_eq!(Listing::decode(&bytes, sent.total()), Ok(sent.clone()));
    let ranges: Vec<_> = (0..4).map(|index| sent.range(index).unwrap()).collect();
    assert_eq!(
        ranges,
        [listing..listing + 3, listing + 3..listing + 3, listing + 3..listing + 8, listing + 8..sent.total()]
    );
    assert_eq!(sent.range(4), None);
    assert_eq!(sent.range(usize::MAX), None);

    let empty = Listing::new(Vec::new()).unwrap();
    assert_eq!((empty.encode(), empty.total(), empty.range(0)), (vec![0], 1, None));
    assert_eq!(Listing::decode(&[0], 1), Ok(empty));
}

#[test]
fn sizes_add_up_or_nothing_is_believed() {
    let listing = Listing::new(vec![file("a", 3), file("b", 5)]).unwrap();
    let bytes = listing.encode();
    for total in [0, listing.total() - 1, listing.total() + 1, u64::MAX] {
        assert_eq!(Listing::decode(&bytes, total), Err(BadListing::Sizes));
    }
    for sizes in [[u64::MAX, 1], [1, u64::MAX], [u64::MAX, u64::MAX]] {
        let files = sizes.map(|bytes| file("a", bytes)).to_vec();
        let bytes = wire::to_bytes(&files);
        for total in [0, bytes.len() as u64, u64::MAX] {
            assert_eq!(Listing::decode(&bytes, total), Err(BadListing::Sizes));
        }
        assert_eq!(Listing::new(files), Err(BadListing::Sizes));
    }
}

#[test]
fn bounds_come_before_anything_is_read() {
    let many: Vec<_> = (0..=MAX_FILES).map(|n| file(&n.to_string(), 0)).collect();
    assert_eq!(Listing::new(many.clone()), Err(BadListing::TooManyFiles));
    assert_eq!(forged(&many), Err(BadListing::TooManyFiles));
    assert_eq!(forged(&many[1..]).unwrap().files(), &many[1..]);

    // Numbers of files that are not there.
    for (count, refused) in [
        (&[0xA1, 0x9C, 0x01][..], BadListing::TooManyFiles),
        (&[0xFF, 0xFF, 0xFF, 0x7F], BadListing::TooManyFiles),
        (&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], BadListing::Malformed),
        (&[0xA0, 0x9C, 0x01], BadListing::Malformed),
        (&[0x80], BadListing::Malformed),
        (&[], BadListing::Malformed),
        (&[1, 1, b'a', 0, 0, 0], BadListing::Malformed),
        (&[1, 1, 0xFF, 0, 0], BadListing::Malformed),
        (&[1, 0xFF, 0xFF, 0x7F, b'a', 0, 0], BadListing::Malformed),
    ] {
        assert_eq!(Listing::decode(count, count.len() as u64), Err(refused), "{count:?}");
    }

    let long = "d".repeat(250);
    let long: Vec<_> = (0..6_000).map(|n| file(&format!("{long}/{long}/{long}/{n}"), 0)).collect();
    assert_eq!(Listing::new(long.clone()), Err(BadListing::TooLong));
    assert_eq!(forged(&long), Err(BadListing::TooLong));
    let bytes = wire::to_bytes(&long);
    assert!(bytes.len() as u64 > MAX_LISTING_BYTES);
}

#[test]
fn paths_that_are_in_each_others_way_get_numbers() {
    for (sent, saved) in [
        (&["a.txt", "a.txt", "a.txt"][..], &["a.txt", "a (2).txt", "a (3).txt"][..]),
        (&["a.txt", "A.TXT", "b/a.txt"], &["a.txt", "A (2).TXT", "b/a.txt"]),
        (&["É", "é"], &["É", "é (2)"]),
        (&["a.txt", "a.txt", "a (2).txt"], &["a.txt", "a (3).txt", "a (2).txt"]),
        (&["a (2)", "a (2)"], &["a (2)", "a (2) (2)"]),
        // A file where a folder has to be, before and behind it.
        (&["a", "a/b"], &["a (2)", "a/b"]),
        (&["A/b/c", "a", "a/B"], &["A/b/c", "a (2)", "a/B (2)"]),
        (&["a", "a", "a/x", "a (2)/x"], &["a (3)", "a (4)", "a/x", "a (2)/x"]),
        // And what is between them in the order of bytes.
        (&["a", "a!", "a/b", "a0"], &["a (2)", "a!", "a/b", "a0"]),
        (&["x/a.tar.gz", "x/a.tar.gz"], &["x/a.tar.gz", "x/a.tar (2).gz"]),
        // Cleaned, they are the same.
        (&["../a", "/a", "b\\..\\a", "", ".."], &["a", "a (2)", "b/a", "file", "file (2)"]),
        (&["a\u{200B}", "a"], &["a", "a (2)"]),
        (&["a. ", "a"], &["a", "a (2)"]),
        (&["a..b", "a..b"], &["a..b", "a (2).b"]),
    ] {
        let listing = Listing::new(files(sent)).unwrap();
        assert_eq!(paths(&listing), saved, "{sent:?}");
        assert_eq!(forged(&files(sent)).unwrap().files(), listing.files());
        assert_savable(&listing, &format!("{sent:?}"));
    }
    for c in ["x", "字", "🦊"] {
        let name = c.repeat(251 / c.len()) + ".txt";
        let path = format!("{}/", "d".repeat(255)).repeat(3) + &name;
        let listing = Listing::new(files(&[&path, &path])).unwrap();
        assert_savable(&listing, &path);
        let again = &listing.files()[1].path;
        assert!(again.ends_with(" (2).txt") && again.len() <= name::MAX_PATH_BYTES, "{again}");
    }
}

#[test]
fn where_bytes_are_follows_the_listing_that_came() {
    // Cleaned paths are shorter than what was sent.
    let sent = [file("../../a", 3), file("b/./c", 4)];
    let listing = forged(&sent).unwrap();
    let length = wire::to_bytes(&sent.to_vec()).len() as u64;
    assert!((listing.encode().len() as u64) < length);
    assert_eq!(listing.range(1), Some(length + 3..length + 7));
}

/// What would take hours if every name were tried against every other.
#[test]
fn many_of_the_same_take_no_time() {
    // Below the bound of a listing's bytes.
    let most =
        |bytes: usize| if cfg!(target_arch = "wasm32") { 1_000 } else { MAX_FILES.min((4 << 20) / bytes) };
    let longest = "x".repeat(249);
    let kinds: [(usize, &dyn Fn(usize) -> String); 6] = [
        (most(16), &|_| String::from("a")),
        (most(16), &|n| if n % 2 == 0 { String::from("a") } else { format!("a ({})", n / 2) }),
        // Without their ends, which have to go for a number, all are the same.
        (most(270), &|n| format!("{longest}{:06}", n / 2)),
        (most(270), &|n| format!("{longest}{:06}", 900_000 - n)),
        (most(80), &|n| format!("{n:05}") + &"/d".repeat(31)),
        (most(80), &|n| "d/".repeat(n % 32) + "d"),
    ];
    for (kind, (count, path)) in kinds.into_iter().enumerate() {
        let all: Vec<_> = (0..count).map(|n| file(&path(n), 0)).collect();
        assert_savable(&forged(&all).unwrap(), &format!("kind {kind}"));
    }
}

#[test]
fn whatever_comes_is_refused_or_can_be_saved() {
    const PARTS: [&str; 16] = [
        "a",
        "A",
        "b",
        "a (2)",
        "A (3)",
        "a.txt",
        "a (2).txt",
        "..",
        ".",
        "",
        "con",
        "a\u{202E}b",
        "É",
        "é",
        "\\",
        "a ",
    ];
    seeds(if cfg!(debug_assertions) { 5_000 } else { 50_000 }, |seed| {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let mut below = |end: usize| rng.next_u64() as usize % end;
        let mut path =
            |_: u64| (0..=below(3)).map(|_| PARTS[below(PARTS.len())]).collect::<Vec<_>>().join("/");
        let all: Vec<_> = (0..20).map(|n| file(&path(n), n)).collect();
        let listing = forged(&all).unwrap();
        assert_savable(&listing, &format!("{all:?}"));
        assert_eq!(Listing::new(all.clone()).unwrap().files(), listing.files(), "both sides clean alike");
        let again = Listing::new(listing.files().to_vec()).unwrap();
        assert_eq!(again.files(), listing.files(), "once is enough");
        assert_eq!(Listing::decode(&again.encode(), again.total()), Ok(again));

        let mut bytes = wire::to_bytes(&all);
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            bytes[at] ^= 1 << below(8);
        }
        bytes.truncate(bytes.len() - below(2) * below(bytes.len()));
        let total = bytes.len() as u64 + 190;
        if let Ok(listing) = Listing::decode(&bytes, total) {
            assert_savable(&listing, "damaged");
            assert_eq!(listing.total(), total);
            let last = listing.files().len() - 1;
            assert_eq!(listing.range(last).unwrap().end, total);
        }
    });
}
