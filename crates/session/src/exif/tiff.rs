//! The TIFF inside of an Exif segment (CIPA DC-008, section 4.5 and 4.6): read by a list of what may stay, and written
//! anew, so that nothing unknown is in it, and nothing that its directories do not lead to.

use super::{Secret, Secrets, is_blank};

/// Entries of one directory; cameras write some sixty. With more, the segment is not read.
const MAX_ENTRIES: u16 = 256;

/// Bytes of a text that stays, and of numbers. Together with how many tags are known they keep what is written below
/// what fits into a segment.
const MAX_TEXT: usize = 256;
const MAX_NUMBERS: usize = 64;

const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const INTEROPERABILITY: u16 = 0xA005;

const TEXT: u16 = 2;
const LONG: u16 = 4;
/// As LONG, of a directory (TIFF technical note 1).
const IFD: u16 = 13;
/// Text in Exif 3.0.
const UTF_8: u16 = 129;

pub(super) struct Read {
    /// A TIFF of what may stay; empty where that is nothing. Not needed where nothing was removed.
    pub(super) kept: Vec<u8>,
    pub(super) removed: Secrets,
}

/// None where there is no directory.
pub(super) fn read(tiff: &[u8]) -> Option<Read> {
    let is_big = match tiff.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let mut reader = Reader { tiff, is_big, is_seen: vec![false; tiff.len()], removed: Secrets::default() };
    let first = reader.u32(4)?;
    reader.see(0, 8);
    let mut main = reader.directory(Level::Main, first)?;
    if main.next != 0 {
        let has_another = reader.entries(main.next).is_some();
        reader.removed.insert(if has_another { Secret::Thumbnail } else { Secret::Unreadable });
    }
    let mut exif = reader.inner(Level::Exif, main.inner);
    let interoperability = reader.inner(Level::Interoperability, exif.inner);
    reader.see_what_is_left();

    if !interoperability.fields.is_empty() {
        exif.put(Field::offset(INTEROPERABILITY));
    }
    if !exif.fields.is_empty() {
        main.put(Field::offset(EXIF));
    }
    let mut writer = Writer { tiff: Vec::new(), is_big };
    if !main.fields.is_empty() {
        writer.header();
        for directory in [main, exif, interoperability] {
            writer.directory(&directory.fields);
        }
    }
    Some(Read { kept: writer.tiff, removed: reader.removed })
}

/// Which directory, since some numbers mean something else in each.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Main,
    Exif,
    Interoperability,
}

impl Level {
    fn is_text(self, tag: u16) -> bool {
        match self {
            // Make, model, date and time.
            Self::Main | Self::Exif => matches!(tag, 0x010F | 0x0110 | 0x0132
                // Times, their time zones and parts of a second; the lens.
                | 0x9003 | 0x9004 | 0x9010..=0x9012 | 0x9290..=0x9292 | 0xA433 | 0xA434),
            // Which colours 65535 means.
            Self::Interoperability => tag == 0x0001,
        }
    }

    fn is_number(self, tag: u16) -> bool {
        match self {
            // Sizes, orientation, resolution, colours.
            Self::Main | Self::Exif => {
                matches!(tag, 0x0100..=0x0103 | 0x0106 | 0x0112 | 0x0115 | 0x011A..=0x011C
                | 0x0128 | 0x013E | 0x013F | 0x0211..=0x0214
                // Exposure, speed, aperture, flash, focus.
                | 0x829A | 0x829D | 0x8822 | 0x8827 | 0x8830..=0x8835 | 0x9000 | 0x9101 | 0x9102 | 0x9201..=0x920A
                | 0x9214 | 0xA000..=0xA003 | 0xA20B | 0xA20E..=0xA210 | 0xA214 | 0xA215 | 0xA217
                // Scene and rendering, the lens's limits, composite images, gamma.
                | 0xA300..=0xA302 | 0xA401..=0xA40A | 0xA40C | 0xA432 | 0xA460 | 0xA461 | 0xA500)
            }
            Self::Interoperability => matches!(tag, 0x0002 | 0x1001 | 0x1002),
        }
    }

    fn inner(self) -> Option<u16> {
        match self {
            Self::Main => Some(EXIF),
            Self::Exif => Some(INTEROPERABILITY),
            Self::Interoperability => None,
        }
    }
}

/// What a tag that does not stay tells.
fn secret(tag: u16) -> Secret {
    match tag {
        // Pressure tells the height, and depth, temperature and movement what is around.
        GPS | 0x9400..=0x9405 => Secret::Position,
        // Artist, computer, copyright, Windows' author; owner, photographer, editor.
        0x013B | 0x013C | 0x8298 | 0x9C9D | 0xA430 | 0xA437 | 0xA438 | 0xFDE8 => Secret::Owner,
        0xA431 | 0xA435 | 0xC62F | 0xFDE9 => Secret::SerialNumber,
        0x927C | 0xC634 => Secret::MakerNotes,
        0x9211 | 0xA420 | 0xC65D => Secret::UniqueId,
        0x0111 | 0x0117 | 0x014A | 0x0201 | 0x0202 => Secret::Thumbnail,
        // Description, the user's comment; Windows' title, comment, keywords, subject; title.
        0x010E | 0x9286 | 0x9C9B | 0x9C9C | 0x9C9E | 0x9C9F | 0xA436 => Secret::Comment,
        // Software; XMP, stars, IPTC and Photoshop in here; firmware and programs; what Windows leaves behind.
        0x000B | 0x0131 | 0x02BC | 0x4746 | 0x4749 | 0x83BB | 0x8649 | 0xA439..=0xA43C | 0xEA1C | 0xEA1D => {
            Secret::Editing
        }
        _ => Secret::Unreadable,
    }
}

/// What stays of a directory, and where others are.
#[derive(Default)]
struct Directory {
    /// In the order of their tags, each once.
    fields: Vec<Field>,
    inner: Option<u32>,
    next: u32,
}

impl Directory {
    /// False where there is one with its tag.
    fn put(&mut self, field: Field) -> bool {
        let at = self.fields.partition_point(|other| other.tag < field.tag);
        let is_new = self.fields.get(at).is_none_or(|other| other.tag != field.tag);
        if is_new {
            self.fields.insert(at, field);
        }
        is_new
    }
}

struct Field {
    tag: u16,
    kind: u16,
    /// In the segment's order of bytes; for a directory nothing yet.
    value: Vec<u8>,
}

impl Field {
    fn offset(tag: u16) -> Self {
        Self { tag, kind: LONG, value: Vec::new() }
    }
}

/// An entry as it stands there.
struct Entry<'a> {
    tag: u16,
    kind: u16,
    /// Where its value is, and its bytes, if they are in here and of a known type.
    value: Option<(usize, &'a [u8])>,
}

struct Reader<'a> {
    tiff: &'a [u8],
    is_big: bool,
    /// Each byte that is a part of something known.
    is_seen: Vec<bool>,
    removed: Secrets,
}

impl<'a> Reader<'a> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.tiff.get(at..)?.first_chunk()?;
        Some(if self.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.tiff.get(at..)?.first_chunk()?;
        Some(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The range was in the segment when it was read.
    fn see(&mut self, at: usize, length: usize) {
        self.is_seen[at..at + length].fill(true);
    }

    /// What no directory leads to is a remnant of something: of a maker's notes, a thumbnail, a position. Beside a secret it
    /// goes without a word, since nothing but what stays is written.
    fn see_what_is_left(&mut self) {
        if self.removed.is_empty()
            && self.tiff.iter().zip(&self.is_seen).any(|(byte, is_seen)| *byte != 0 && !is_seen)
        {
            self.removed.insert(Secret::Unreadable);
        }
    }

    /// The entries of a directory, and where the next one is. None where it is not whole, or too long.
    fn entries(&mut self, at: u32) -> Option<(Vec<Entry<'a>>, u32)> {
        let at = at as usize;
        let count = self.u16(at).filter(|count| *count <= MAX_ENTRIES)?;
        let first = at + 2;
        let end = first + 12 * usize::from(count);
        let entries = (first..end).step_by(12).map(|at| self.entry(at)).collect::<Option<_>>()?;
        // A TIFF may end without saying that there is no next one.
        let next = self.u32(end);
        self.see(at, end - at + if next.is_some() { 4 } else { 0 });
        Some((entries, next.unwrap_or(0)))
    }

    fn entry(&self, at: usize) -> Option<Entry<'a>> {
        let (tag, kind, count, offset) =
            (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?, self.u32(at + 8)?);
        let value = size(kind).and_then(|size| size.checked_mul(count as usize)).and_then(|length| {
            let at = if length <= 4 { at + 8 } else { offset as usize };
            Some((at, self.tiff.get(at..at.checked_add(length)?)?))
        });
        Some(Entry { tag, kind, value })
    }

    fn inner(&mut self, level: Level, at: Option<u32>) -> Directory {
        let Some(at) = at else { return Directory::default() };
        self.directory(level, at).unwrap_or_else(|| {
            self.removed.insert(Secret::Unreadable);
            Directory::default()
        })
    }

    fn directory(&mut self, level: Level, at: u32) -> Option<Directory> {
        let (entries, next) = self.entries(at)?;
        let mut directory = Directory { next, ..Directory::default() };
        for entry in entries {
            if Some(entry.tag) == level.inner() && directory.inner.is_none() {
                directory.inner = self.offset(&entry);
            } else if entry.tag == GPS {
                self.look_for_position(&entry);
            } else if !self.keep(level, &entry, &mut directory) && !self.is_blank(&entry) {
                self.removed.insert(secret(entry.tag));
            }
        }
        Some(directory)
    }

    fn offset(&mut self, entry: &Entry<'a>) -> Option<u32> {
        let offset = match entry.value {
            Some((at, [_, _, _, _])) if matches!(entry.kind, LONG | IFD) => self.u32(at),
            _ => None,
        };
        if offset.is_none() {
            self.removed.insert(Secret::Unreadable);
        }
        offset
    }

    /// Many cameras without a receiver write a directory that says its version, and nothing more.
    fn look_for_position(&mut self, entry: &Entry<'a>) {
        let entries = self.offset(entry).and_then(|at| self.entries(at));
        let tells = entries.is_none_or(|(entries, _)| {
            entries.iter().any(|entry| match entry.value {
                Some((_, [_, _, _, _])) if entry.tag == 0 => false,
                _ => !self.is_blank(entry),
            })
        });
        if tells {
            self.removed.insert(Secret::Position);
        }
    }

    /// Whether it stays.
    fn keep(&mut self, level: Level, entry: &Entry<'a>, directory: &mut Directory) -> bool {
        let Entry { tag, kind, value: Some((at, bytes)) } = *entry else { return false };
        let value = if matches!(kind, TEXT | UTF_8) {
            level.is_text(tag).then(|| text(bytes)).flatten()
        } else {
            let is_number = level.is_number(tag) && (1..=MAX_NUMBERS).contains(&bytes.len());
            is_number.then(|| bytes.to_vec())
        };
        let is_kept = value.is_some_and(|value| directory.put(Field { tag, kind, value }));
        if is_kept {
            self.see(at, bytes.len());
        }
        is_kept
    }

    /// Whether nobody entered anything.
    fn is_blank(&mut self, entry: &Entry<'a>) -> bool {
        let Some((at, bytes)) = entry.value else { return false };
        // A user's comment begins with the name of its characters.
        let is_empty_comment = || entry.tag == 0x9286 && bytes.get(8..).is_some_and(is_blank);
        let is_blank = is_blank(bytes) || is_empty_comment();
        if is_blank {
            self.see(at, bytes.len());
        }
        is_blank
    }
}

/// Bytes of one of its kind.
fn size(kind: u16) -> Option<usize> {
    match kind {
        1 | TEXT | 6 | 7 | UTF_8 => Some(1),
        3 | 8 => Some(2),
        LONG | 9 | 11 | IFD => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// A text with the zero at its end, if it is one, and nothing is hidden behind it.
fn text(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.iter().take(MAX_TEXT).position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(end);
    let is_text = text.len() < MAX_TEXT && text.iter().all(|byte| *byte >= b' ') && !is_blank(text);
    (is_text && is_blank(rest)).then(|| [text, &[0]].concat())
}

struct Writer {
    tiff: Vec<u8>,
    is_big: bool,
}

impl Writer {
    fn header(&mut self) {
        self.tiff.extend(if self.is_big { b"MM\0*" } else { b"II*\0" });
        self.u32(8);
    }

    fn u16(&mut self, value: u16) {
        self.tiff.extend(if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn u32(&mut self, value: u32) {
        self.tiff.extend(if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    /// A directory with its values behind it, and behind those the one that it leads to.
    fn directory(&mut self, fields: &[Field]) {
        if fields.is_empty() {
            return;
        }
        let mut values_at = self.tiff.len() + 2 + 12 * fields.len() + 4;
        let is_outside = |field: &&Field| field.value.len() > 4;
        let end =
            values_at + fields.iter().filter(is_outside).map(|field| even(field.value.len())).sum::<usize>();
        self.u16(fields.len() as u16);
        for Field { tag, kind, value } in fields {
            self.u16(*tag);
            self.u16(*kind);
            let count = value.len() / size(*kind).unwrap_or(1);
            self.u32(if value.is_empty() { 1 } else { count as u32 });
            if value.is_empty() {
                self.u32(end as u32);
            } else if value.len() > 4 {
                self.u32(values_at as u32);
                values_at += even(value.len());
            } else {
                self.padded(value, 4);
            }
        }
        self.u32(0);
        for Field { value, .. } in fields.iter().filter(is_outside) {
            self.padded(value, even(value.len()));
        }
    }

    fn padded(&mut self, value: &[u8], length: usize) {
        let end = self.tiff.len() + length;
        self.tiff.extend(value);
        self.tiff.resize(end, 0);
    }
}

/// Values begin at even offsets.
fn even(length: usize) -> usize {
    length.next_multiple_of(2)
}
