//! A JPEG's secrets are gone, its picture is untouched, and it still stands the right way up.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends with a panic")]

#[path = "common/photo.rs"]
mod photo;
#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "common/seeds.rs"]
mod seeds;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use photo::{
    Ifd, PICTURE, Tiff, ascii, ascii_of, byte, exif, jpeg, jpeg_of, long, rational, segment, short, undefined,
};
use seeds::seeds;
use snaproom_session::exif::{FIRST_BYTES, Look, MAX_HEAD_BYTES, PictureEnd, Secret, Stripped, look};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0";

/// What may stay of a photo, with two values that do not fit into their entries.
fn harmless() -> Tiff {
    Tiff {
        main: vec![
            ascii(0x010F, "Maker"),
            ascii(0x0110, "Model 7"),
            short(0x0112, 6),
            rational(0x011A, 72, 1),
            short(0x0128, 2),
            ascii(0x0132, "2024:05:06 07:08:09"),
        ],
        exif: vec![
            rational(0x829A, 1, 250),
            undefined(0x9000, b"0232"),
            ascii(0x9003, "2024:05:06 07:08:10"),
            ascii(0x9011, "+02:00"),
            short(0xA001, 65535),
            long(0xA002, 4000),
            ascii(0xA434, "Lens f/1.8"),
        ],
        interoperability: vec![ascii(0x0001, "R03"), undefined(0x0002, b"0100")],
        ..Tiff::default()
    }
}

/// The whole of a look: with everything at hand it never asks for more.
fn stripped(file: &[u8]) -> Stripped {
    match look(file, file.len() as u64) {
        Look::Stripped(stripped) => stripped,
        other => panic!("{other:?}"),
    }
}

fn new_file(file: &[u8], stripped: &Stripped) -> Vec<u8> {
    [&stripped.head, &file[stripped.picture as usize..]].concat()
}

/// The new file, after all that holds for each of them, and what was removed.
fn strip(file: &[u8]) -> (Vec<u8>, Vec<Secret>) {
    let stripped = stripped(file);
    let new = new_file(file, &stripped);
    assert!(!stripped.removed.is_empty());
    assert!(file[stripped.picture as usize..].starts_with(&[0xFF, 0xDA]));
    let picture = stripped.head.len() as u64;
    assert_eq!(look(&new, new.len() as u64), Look::Clean { picture }, "nothing is left to remove");
    assert!(stripped.head.len() as u64 <= stripped.picture + (64 << 10));
    (new, stripped.removed.iter().collect())
}

fn holds(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_photo_without_secrets_stays_as_it_is() {
    for is_big in [false, true] {
        let photo = jpeg(&[
            segment(0xE0, JFIF),
            exif(&harmless().bytes(is_big)),
            segment(0xE2, b"ICC_PROFILE\0\x01\x01profile"),
            segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
        ]);
        let picture = (photo.len() - PICTURE.len()) as u64;
        assert_eq!(look(&photo, photo.len() as u64), Look::Clean { picture });
    }
}

/// Each secret of a directory, under its own word, with a text to look for. The first directory is 0, Exif 1, GPS 2.
fn secrets() -> Vec<(Secret, usize, Ifd)> {
    let serial = |tag| ascii(tag, "SECRET-4711");
    vec![
        (Secret::Position, 2, vec![byte(0, &[2, 3, 0, 0]), ascii(1, "N"), ascii(0x001B, "SECRET method")]),
        (Secret::Position, 2, vec![rational(2, 47, 1), ascii(0x001D, "SECRET 2024:05:06")]),
        (Secret::Position, 1, vec![rational(0x9402, 9812, 10)]),
        (Secret::Owner, 0, vec![serial(0x013B)]),
        (Secret::Owner, 0, vec![serial(0x013C)]),
        (Secret::Owner, 0, vec![serial(0x8298)]),
        (Secret::Owner, 0, vec![byte(0x9C9D, b"S\0E\0C\0R\0E\0T\0\0\0")]),
        (Secret::Owner, 1, vec![serial(0xA430)]),
        (Secret::SerialNumber, 1, vec![serial(0xA431)]),
        (Secret::SerialNumber, 1, vec![serial(0xA435)]),
        (Secret::MakerNotes, 1, vec![undefined(0x927C, b"Maker\0SECRET-4711")]),
        (Secret::UniqueId, 1, vec![serial(0xA420)]),
        (Secret::UniqueId, 1, vec![long(0x9211, 4711)]),
        (Secret::Comment, 0, vec![serial(0x010E)]),
        (Secret::Comment, 1, vec![undefined(0x9286, b"ASCII\0\0\0SECRET")]),
        (Secret::Editing, 0, vec![serial(0x0131)]),
        (Secret::Editing, 0, vec![byte(0x02BC, b"<x:xmpmeta>SECRET</x:xmpmeta>")]),
        (Secret::Unreadable, 0, vec![serial(0xC123)]),
        (Secret::Unreadable, 1, vec![serial(0xC123)]),
    ]
}

fn with(mut tiff: Tiff, directory: usize, fields: Ifd) -> Tiff {
    let ifd = match directory {
        0 => &mut tiff.main,
        1 => &mut tiff.exif,
        _ => &mut tiff.gps,
    };
    ifd.extend(fields);
    ifd.sort_by_key(|field| field.tag);
    tiff
}

#[test]
fn each_secret_goes_alone_and_under_its_own_name() {
    for is_big in [false, true] {
        for (secret, directory, fields) in secrets() {
            let name = format!("{secret:?} {:#06x}, big endian: {is_big}", fields[0].tag);
            let tiff = with(harmless(), directory, fields);
            let photo = jpeg(&[segment(0xE0, JFIF), exif(&tiff.bytes(is_big))]);
            let (new, removed) = strip(&photo);
            assert_eq!(removed, [secret], "{name}");
            assert!(!holds(&new, "SECRET") && !holds(&new, "S\0E\0C"), "{name}");
            let clean = jpeg(&[segment(0xE0, JFIF), exif(&harmless().bytes(is_big))]);
            assert_eq!(new, clean, "{name}: the rest is there, and as it was written");
        }
    }
}

#[test]
fn all_of_them_go_together_and_are_named_in_order() {
    for is_big in [false, true] {
        let mut tiff = harmless();
        for (_, directory, fields) in secrets() {
            if directory != 2 || tiff.gps.is_empty() {
                tiff = with(tiff, directory, fields);
            }
        }
        tiff.thumbnail = jpeg(&[exif(&harmless().bytes(is_big)), segment(0xFE, b"SECRET")]);
        let photo = jpeg(&[
            exif(&tiff.bytes(is_big)),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>"),
            segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04SECRET"),
            segment(0xE2, b"MPF\0SECRET"),
            segment(0xFE, b"SECRET"),
        ]);
        let (new, removed) = strip(&photo);
        assert_eq!(removed, Secret::ALL);
        assert!(removed.is_sorted());
        assert!(!holds(&new, "SECRET"));
        assert_eq!(new, jpeg(&[exif(&harmless().bytes(is_big))]));
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn another_reader_finds_what_stays_and_nothing_else() {
    use exif::{In, Tag};

    for is_big in [false, true] {
        let tiff = secrets()
            .into_iter()
            .fold(harmless(), |tiff, (_, directory, fields)| with(tiff, directory, fields));
        let photo = jpeg(&[segment(0xE0, JFIF), exif(&tiff.bytes(is_big))]);
        let read =
            |file: &[u8]| exif::Reader::new().read_from_container(&mut std::io::Cursor::new(file)).unwrap();
        let show = |fields: &exif::Exif, tag| {
            fields.get_field(tag, In::PRIMARY).unwrap().display_value().to_string()
        };

        let before = read(&photo);
        assert!(before.get_field(Tag::GPSLatitude, In::PRIMARY).is_some(), "it reads what this test writes");
        let after = read(&strip(&photo).0);
        for (tag, value) in [
            (Tag::Make, "\"Maker\""),
            (Tag::Model, "\"Model 7\""),
            (Tag::Orientation, "row 0 at right and column 0 at top"),
            (Tag::DateTime, "2024-05-06 07:08:09"),
            (Tag::ExposureTime, "1/250"),
            (Tag::DateTimeOriginal, "2024-05-06 07:08:10"),
            (Tag::OffsetTimeOriginal, "\"+02:00\""),
            (Tag::PixelXDimension, "4000"),
            (Tag::InteroperabilityIndex, "\"R03\""),
        ] {
            assert_eq!(show(&before, tag), value);
            assert_eq!(show(&after, tag), value);
        }
        let plain = read(&jpeg(&[exif(&harmless().bytes(is_big))]));
        assert_eq!(after.fields().len(), plain.fields().len());
        assert_eq!(after.little_endian(), !is_big);
    }
}

#[test]
fn what_nobody_filled_in_is_no_secret() {
    let mut tiff = harmless();
    tiff.gps = vec![byte(0, &[2, 3, 0, 0])];
    let blank = "                    ";
    for (directory, field) in [
        (0, ascii(0x010E, blank)),
        (0, ascii(0x013B, "")),
        (0, undefined(0x8298, &[0; 64])),
        (1, undefined(0x9286, &[&b"UNICODE\0"[..], &[0; 40]].concat())),
        (1, ascii(0xA431, blank)),
    ] {
        tiff = with(tiff, directory, vec![field]);
    }
    let photo = jpeg(&[segment(0xE0, JFIF), exif(&tiff.bytes(true)), segment(0xFE, b"   ")]);
    assert!(matches!(look(&photo, photo.len() as u64), Look::Clean { .. }));

    // It goes together with a secret, without a word.
    let photo = jpeg(&[exif(&with(tiff, 1, vec![ascii(0xA420, "SECRET")]).bytes(true))]);
    let (new, removed) = strip(&photo);
    assert_eq!(removed, [Secret::UniqueId]);
    assert_eq!(new, jpeg(&[exif(&harmless().bytes(true))]));
}

#[test]
fn thumbnails_go_wherever_they_are() {
    let small = jpeg(&[segment(0xFE, b"SECRET")]);
    let with_thumbnail = Tiff { thumbnail: small.clone(), ..harmless() };
    let plain = jpeg(&[segment(0xE0, JFIF), exif(&harmless().bytes(false))]);
    for segments in [
        vec![segment(0xE0, JFIF), exif(&with_thumbnail.bytes(false))],
        vec![segment(0xE0, &[&JFIF[..12], &[1, 2], b"SECRET"].concat()), exif(&harmless().bytes(false))],
        vec![
            segment(0xE0, JFIF),
            segment(0xE0, &[b"JFXX\0\x10", &small[..]].concat()),
            exif(&harmless().bytes(false)),
        ],
    ] {
        let (new, removed) = strip(&jpeg(&segments));
        assert_eq!(removed, [Secret::Thumbnail]);
        assert_eq!(new, plain);
    }
}

#[test]
fn segments_that_are_no_part_of_the_picture_go() {
    let marker_of = |n: u8, text: &[u8]| segment(0xE0 + n, text);
    for (secret, gone) in [
        (Secret::Editing, marker_of(1, b"http://ns.adobe.com/xap/1.0/\0SECRET")),
        (Secret::Editing, marker_of(1, b"http://ns.adobe.com/xmp/extension/\0SECRET")),
        (Secret::Editing, marker_of(12, b"Ducky\0\x01\0\x04SECRET")),
        (Secret::Editing, marker_of(13, b"Photoshop 3.0\x008BIM SECRET")),
        (Secret::Editing, marker_of(11, b"JP\0\x01\0\0\0\x01 jumb c2pa SECRET")),
        (Secret::Appended, marker_of(2, b"MPF\0II*\0 SECRET")),
        (Secret::Comment, segment(0xFE, b"SECRET")),
        (Secret::Unreadable, marker_of(0, b"CIFF SECRET")),
        (Secret::Unreadable, marker_of(1, b"unheard of SECRET")),
        (Secret::Unreadable, marker_of(2, b"FPXR\0SECRET")),
        (Secret::Unreadable, marker_of(6, b"GoPro\0SECRET")),
        (Secret::Unreadable, marker_of(15, b"")),
    ] {
        let (new, removed) =
            strip(&jpeg(&[segment(0xE0, JFIF), gone.clone(), exif(&harmless().bytes(false))]));
        assert_eq!(removed, [secret], "{gone:?}");
        assert_eq!(new, jpeg(&[segment(0xE0, JFIF), exif(&harmless().bytes(false))]));
    }
    let adobe = b"Adobe\0\x64\0\0\0\0\x01";
    let (new, removed) = strip(&jpeg(&[segment(0xEE, &[&adobe[..], b"SECRET"].concat())]));
    assert_eq!((removed, new), (vec![Secret::Unreadable], jpeg(&[segment(0xEE, adobe)])));
}

#[test]
fn a_position_that_a_program_wrote_down_is_named() {
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<rdf:Description exif:GPSLatitude=\"47,22.5N\"/>";
    let (new, removed) = strip(&jpeg(&[segment(0xE1, xmp)]));
    assert_eq!((removed, new), (vec![Secret::Position, Secret::Editing], jpeg(&[])));
}

#[test]
fn an_exif_segment_of_secrets_alone_is_gone() {
    let tiff = Tiff { exif: vec![ascii(0xA431, "SECRET")], ..Tiff::default() };
    assert_eq!(strip(&jpeg(&[exif(&tiff.bytes(false))])), (jpeg(&[]), vec![Secret::SerialNumber]));
}

#[test]
fn what_no_directory_leads_to_goes() {
    // A program that removes the position from its directory, and leaves it where it stood.
    let tiff = [harmless().bytes(true), b"SECRET".to_vec()].concat();
    let (new, removed) = strip(&jpeg(&[exif(&tiff)]));
    assert_eq!(removed, [Secret::Unreadable]);
    assert_eq!(new, jpeg(&[exif(&harmless().bytes(true))]));
    // Behind the end of a text that stays, and in the place of a date.
    for hiding in [undefined(0x0132, b"SECRET"), ascii(0x0132, "2024\0SECRET"), ascii(0x0132, "SE\x01CRET")] {
        let tiff = with(Tiff { main: vec![short(0x0112, 6)], ..Tiff::default() }, 0, vec![hiding]);
        let (new, removed) = strip(&jpeg(&[exif(&tiff.bytes(false))]));
        assert_eq!(removed, [Secret::Unreadable]);
        assert!(!holds(&new, "SECRET") && !holds(&new, "CRET"));
    }
}

#[test]
fn markers_are_found_behind_fill_bytes_and_behind_what_is_none() {
    let plain = jpeg(&[segment(0xE0, JFIF)]);
    let picture = |file: &[u8]| (file.len() - PICTURE.len()) as u64;

    let filled = jpeg(&[vec![0xFF; 3], segment(0xE0, JFIF), vec![0xFF; 1000]]);
    assert_eq!(look(&filled, filled.len() as u64), Look::Clean { picture: picture(&filled) });
    let hidden =
        jpeg(&[vec![0xFF; 3], segment(0xFE, b"SECRET"), vec![0xFF; 1000], segment(0xE0, JFIF), vec![0xFF]]);
    assert_eq!(strip(&hidden), (plain.clone(), vec![Secret::Comment]));
    let between = jpeg(&[segment(0xE0, JFIF), b"SECRET\xFF\0".to_vec(), segment(0xFE, b"SECRET")]);
    assert_eq!(strip(&between), (plain.clone(), vec![Secret::Comment, Secret::Unreadable]));
    for code in [0xE1, 0xE7, 0xFE] {
        for length in [0, 1] {
            let short = jpeg(&[segment(0xE0, JFIF), vec![0xFF, code, 0, length]]);
            assert_eq!(strip(&short), (plain.clone(), vec![Secret::Unreadable]));
        }
    }
}

#[test]
fn the_first_exif_segment_that_can_be_read_counts() {
    let secret = |text| with(harmless(), 0, vec![ascii(0x013B, text)]).bytes(true);
    let clean = jpeg(&[exif(&harmless().bytes(true))]);
    for broken in [
        &b""[..],
        b"II*",
        b"MM\0*\0\0\0\x08\xFF\xFF",
        b"MM\0*\xFF\xFF\xFF\xFF",
        b"IM*\0\0\0\0\x08\0\0\0\0\0\0",
    ] {
        let photo = jpeg(&[exif(broken), exif(&secret("SECRET")), exif(&secret("SECRET"))]);
        assert_eq!(strip(&photo), (clean.clone(), vec![Secret::Owner, Secret::Unreadable]));
    }
    assert_eq!(strip(&jpeg(&[segment(0xE1, b"Exif\0")])), (jpeg(&[]), vec![Secret::Unreadable]));
}

#[test]
fn directories_that_lead_nowhere_or_to_themselves_end() {
    for is_big in [false, true] {
        for at in [1, 8, 9, 10, 0xFFFF, u32::MAX - 1, u32::MAX] {
            for tag in [0x8769, 0x8825, 0x014A, 0xA005] {
                let tiff =
                    with(Tiff { main: vec![short(0x0112, 6)], ..Tiff::default() }, 0, vec![long(tag, at)]);
                let (new, removed) = strip(&jpeg(&[exif(&tiff.bytes(is_big))]));
                assert!(removed.iter().all(|secret| {
                    matches!(secret, Secret::Unreadable | Secret::Position | Secret::Thumbnail)
                }));
                assert!(holds(&new, "Exif") && new.len() < 200, "{tag:#x} at {at}");
            }
            // The next directory.
            let mut tiff = Tiff { main: vec![short(0x0112, 6)], ..Tiff::default() }.bytes(is_big);
            let end = tiff.len() - 4;
            tiff[end..].copy_from_slice(&if is_big { at.to_be_bytes() } else { at.to_le_bytes() });
            let (new, removed) = strip(&jpeg(&[exif(&tiff)]));
            assert!(removed == [Secret::Thumbnail] || removed == [Secret::Unreadable]);
            assert!(holds(&new, "Exif"), "orientation stays");
        }
    }
}

#[test]
fn what_is_longer_or_more_than_cameras_write_goes() {
    let stays = Tiff { main: vec![short(0x0112, 6)], ..Tiff::default() };
    let clean = jpeg(&[exif(&stays.bytes(true))]);
    for field in [
        ascii(0x0110, &"x".repeat(256)),
        undefined(0x0213, &[1; 65]),
        // As text, and without the zero at its end.
        ascii_of(0x0110, &[b'x'; 300]),
        // A second one, and a second place for the directory of exposures.
        short(0x0112, 1),
    ] {
        let photo = jpeg(&[exif(&with(stays.clone(), 0, vec![field]).bytes(true))]);
        assert_eq!(strip(&photo), (clean.clone(), vec![Secret::Unreadable]));
    }
    let photo = jpeg(&[exif(&with(harmless(), 0, vec![long(0x8769, 8)]).bytes(true))]);
    assert!(strip(&photo).1 == [Secret::Unreadable]);
    assert!(matches!(look(&jpeg(&[exif(&harmless().bytes(true))]), 1 << 20), Look::Clean { .. }));

    for (count, removed) in [(255, Secret::Comment), (256, Secret::Unreadable)] {
        let many = (0..count).map(|_| ascii(0x010E, "SECRET")).collect();
        let (new, said) = strip(&jpeg(&[exif(&with(stays.clone(), 0, many).bytes(true))]));
        assert_eq!(said, [removed]);
        assert_eq!(new == clean, removed == Secret::Comment, "with more than 256 all of it goes");
    }
}

#[test]
fn lying_counts_cost_no_memory() {
    // One directory of as many entries as are read, each a text or number of nearly the whole segment.
    for (tag, kind) in [(0x010F, 2), (0x0112, 3), (0x9286, 7), (0x013B, 129)] {
        let mut tiff = b"MM\0*\0\0\0\x08\x01\0".to_vec();
        for _ in 0..256 {
            tiff.extend([u16::to_be_bytes(tag), u16::to_be_bytes(kind)].concat());
            tiff.extend([30_000_u32.to_be_bytes(), 100_u32.to_be_bytes()].concat());
        }
        tiff.resize(65_000, b'x');
        let stripped = stripped(&jpeg(&[exif(&tiff)]));
        assert!(stripped.head.len() < 600, "{tag:#x}: {stripped:?}");
        // And more than there are.
        let at = tiff.len() as u32;
        tiff[14..18].copy_from_slice(&u32::MAX.to_be_bytes());
        tiff[18..22].copy_from_slice(&at.to_be_bytes());
        assert!(look(&jpeg(&[exif(&tiff)]), 70_000) != Look::Other);
    }
}

#[test]
fn more_is_asked_for_a_few_times_and_within_bounds() {
    let photo = jpeg(
        &(0..40)
            .map(|_| segment(0xE2, &[&b"ICC_PROFILE\0"[..], &vec![1; 60_000]].concat()))
            .collect::<Vec<_>>(),
    );
    let length = photo.len() as u64;
    let mut given = 0;
    let mut asked = Vec::new();
    while let Look::More { bytes } = look(&photo[..given], length) {
        asked.push(bytes);
        given = bytes as usize;
    }
    assert_eq!(asked, [FIRST_BYTES, FIRST_BYTES * 4, length]);
    assert_eq!(look(&photo[..given], length), Look::Clean { picture: length - PICTURE.len() as u64 });

    // One that goes on and on.
    let endless = segment(0xE2, &[&b"ICC_PROFILE\0"[..], &vec![1; 65_000]].concat()).repeat(300);
    let endless = [&[0xFF, 0xD8][..], &endless].concat();
    for (given, answer) in [
        (2, Look::More { bytes: FIRST_BYTES }),
        (8 << 20, Look::More { bytes: MAX_HEAD_BYTES }),
        (MAX_HEAD_BYTES as usize, Look::Broken),
    ] {
        assert_eq!(look(&endless[..given], 1 << 40), answer);
    }
}

#[test]
fn the_beginning_says_the_same_as_the_whole_or_asks_for_more() {
    let tiff = with(harmless(), 1, vec![ascii(0xA431, "SECRET")]).bytes(false);
    let photo = jpeg(&[vec![0xFF], segment(0xE0, JFIF), exif(&tiff), segment(0xFE, b"SECRET"), vec![0xFF]]);
    let length = photo.len() as u64;
    let whole = look(&photo, length);
    for given in 0..photo.len() {
        match look(&photo[..given], length) {
            Look::More { bytes } => assert_eq!(bytes, length),
            answer => assert_eq!(answer, whole),
        }
        // A file that ends there.
        match look(&photo[..given], given as u64) {
            Look::Other => assert!(given < 3),
            Look::Broken => assert!(given < photo.len() - PICTURE.len() + 2),
            answer => assert_eq!(answer, whole),
        }
    }
}

#[test]
fn other_files_are_left_alone_and_headers_without_a_picture_are_not_trusted() {
    for other in [
        &b""[..],
        b"\xFF",
        b"\xFF\xD8",
        b"\xFF\xD8\0",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\0\0\0\x18ftypheic",
    ] {
        assert_eq!(look(other, other.len() as u64), Look::Other, "{other:?}");
        if !b"\xFF\xD8\xFF".starts_with(other) {
            assert_eq!(look(other, 1 << 30), Look::Other, "{other:?}");
        }
    }
    for broken in [
        &b"\xFF\xD8\xFF"[..],
        b"\xFF\xD8\xFF\xD9",
        b"\xFF\xD8\xFF\xD8\xFF\xDA",
        b"\xFF\xD8\xFF\x42\0\x02\xFF\xDA",
    ] {
        assert_eq!(look(broken, broken.len() as u64), Look::Broken, "{broken:?}");
    }
}

#[test]
fn the_end_of_a_picture_is_found_in_any_pieces() {
    // Two scans with a table between them that looks like an end, restarts, stuffed bytes, fill bytes.
    let picture = [
        &b"\xFF\xDA\0\x04\xFF\xD9scan\xFF\0\xFF\xD0scan\xFF\xFF\xFF"[..],
        b"\xC4\0\x06\xFF\xD9\xFF\xD9\xFF\xDA\0\x02\xFF\x01scan\xFF\xFF\xD9",
    ]
    .concat();
    let photo = jpeg_of(&[segment(0xE0, JFIF)], &picture);
    let end = photo.len() as u64;
    let film = [&photo[..], b"\0\0ftypmp42 SECRET\xFF\xD9"].concat();
    let Look::Clean { picture } = look(&film, film.len() as u64) else { panic!("nothing to remove") };
    for piece in [1, 2, 3, 5, 1000] {
        let find = |file: &[u8]| {
            let mut searched = PictureEnd::new(picture);
            file[picture as usize..].chunks(piece).find_map(|bytes| searched.find(bytes))
        };
        assert_eq!(find(&film), Some(end), "in pieces of {piece}");
        assert_eq!(find(&photo), Some(end), "in pieces of {piece}");
        assert_eq!(find(&photo[..photo.len() - 1]), None, "a cut picture has no end");
    }
    for (bytes, end) in
        [(&b"\xFF\xDA\0\x02\xFF\xD9"[..], 6), (b"\xFF\xDA\0\0\xFF\xD9\xFF\xD9", 6), (b"\xFF\xD9", 2)]
    {
        assert_eq!(PictureEnd::new(0).find(bytes), Some(end));
    }
}

/// A photo with some secrets, of either byte order.
fn any_photo(rng: &mut ChaCha20Rng) -> Vec<u8> {
    let is_big = rng.next_u32().is_multiple_of(2);
    let mut tiff = harmless();
    for (_, directory, fields) in secrets() {
        if rng.next_u32().is_multiple_of(3) {
            tiff = with(tiff, directory, fields);
        }
    }
    if rng.next_u32().is_multiple_of(2) {
        tiff.thumbnail = jpeg(&[exif(&harmless().bytes(is_big))]);
    }
    let mut segments = vec![segment(0xE0, JFIF), exif(&tiff.bytes(is_big))];
    for extra in [
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0SECRET"),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01profile"),
        segment(0xE2, b"MPF\0SECRET"),
        segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
        segment(0xFE, b"SECRET"),
        exif(&tiff.bytes(!is_big)),
    ] {
        if rng.next_u32().is_multiple_of(3) {
            segments.push(extra);
        }
    }
    jpeg(&segments)
}

#[test]
fn whatever_stands_in_the_headers_it_ends_and_once_is_enough() {
    seeds(if cfg!(debug_assertions) { 20_000 } else { 200_000 }, |seed| {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let mut photo = any_photo(rng);
        let below = |rng: &mut ChaCha20Rng, end: usize| rng.next_u64() as usize % end.max(1);
        for _ in 0..below(rng, 12) {
            // Beyond the picture there is nothing to look at.
            let at = below(rng, photo.len() - PICTURE.len()) + 2;
            match below(rng, 5) {
                0 => photo[at] = rng.next_u32() as u8,
                1 => photo[at] = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF][below(rng, 7)],
                2 => photo[at] ^= 1 << below(rng, 8),
                3 => drop(
                    photo.splice(at..at, b"\xFF\xE1\0\x10Exif\0\0II*\0".iter().copied().take(below(rng, 16))),
                ),
                _ => drop(photo.drain(at..(at + below(rng, 40)).min(photo.len() - PICTURE.len()).max(at))),
            }
        }
        let length = photo.len() as u64;
        match look(&photo, length) {
            Look::Stripped(stripped) => {
                let (new, _) = strip(&photo);
                assert!(new.ends_with(&photo[stripped.picture as usize..]), "the picture is as it was");
            }
            Look::Clean { picture } => assert!(photo[picture as usize..].starts_with(b"\xFF\xDA")),
            Look::More { .. } => panic!("there is no more"),
            Look::Other | Look::Broken => {}
        }
        for given in [below(rng, photo.len()), below(rng, 100)] {
            if let Look::More { bytes } = look(&photo[..given], length) {
                assert!(bytes > given as u64 && bytes <= length);
            }
        }
        let mut end = PictureEnd::new(0);
        let found = end.find(&photo);
        assert!(found.is_none_or(|found| photo[..found as usize].ends_with(&[0xFF, 0xD9])));
    });
}
