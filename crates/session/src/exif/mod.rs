//! What a JPEG tells beside its picture, and the same file without it.
//!
//! [`look`] reads the headers before the picture (ITU-T T.81, annex B) and says what is secret in them. The new file is
//! [`Stripped::head`], then the old file's bytes from [`Stripped::picture`] on: the compressed picture is neither
//! touched nor copied. Only what is known to be harmless stays: tables, JFIF, the colour profile, how Adobe keeps
//! colours, and of Exif (CIPA DC-008, section 4.6) orientation, times with their zone, exposure, make, model, lens and
//! sizes. Everything else goes, also what some would miss: the gain map that makes a photo brighter on some screens
//! (Ultra HDR), the film of a moving photo, the second eye of a stereo pair.
//!
//! Those stand behind the picture, out of reach of the headers, and may have positions of their own. Without what leads
//! to them (XMP, MPF) viewers do not find them, but they are still in the file. A caller that reads the file to its end
//! finds with [`PictureEnd`] where the picture ends, and sends no more than that. Comments between the scans of a
//! progressive JPEG are legal, nobody writes them, and they stay.

mod end;
mod tiff;

use std::fmt;

pub use end::PictureEnd;

/// Most bytes of headers that are read, 16 MiB: depth maps in XMP take some. A file with more is [`Look::Broken`].
pub const MAX_HEAD_BYTES: u64 = 16 << 20;

/// Fewest bytes that [`Look::More`] asks for, where the file has as many: the headers of most photos.
pub const FIRST_BYTES: u64 = 256 << 10;

/// Something that a photo's file tells, in the order of a sentence about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Secret {
    /// Where it was taken, by satellite, or by height, depth and weather.
    Position,
    /// Whose camera, photo or computer it is: owner, artist, copyright.
    Owner,
    /// Of the camera or its lens.
    SerialNumber,
    /// What only the maker knows to read: serial numbers, counters, faces.
    MakerNotes,
    /// A number that no other photo has, or none of its camera's.
    UniqueId,
    /// A small picture, maybe from before the photo was cropped.
    Thumbnail,
    /// Titles, descriptions and comments.
    Comment,
    /// Which programs changed it and what they wrote down: XMP, IPTC, Photoshop's notes, Content Credentials. They
    /// may hold any of the others.
    Editing,
    /// More behind the picture: a film, another picture, notes.
    Appended,
    /// What cannot be read, or is not known here.
    Unreadable,
}

impl Secret {
    /// Every kind, in the order of a sentence.
    pub const ALL: [Self; 10] = [
        Self::Position,
        Self::Owner,
        Self::SerialNumber,
        Self::MakerNotes,
        Self::UniqueId,
        Self::Thumbnail,
        Self::Comment,
        Self::Editing,
        Self::Appended,
        Self::Unreadable,
    ];
}

/// A set of [`Secret`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Secrets(u16);

impl Secrets {
    /// Whether it is in it.
    #[must_use]
    pub fn contains(self, secret: Secret) -> bool {
        self.0 & (1 << secret as u8) != 0
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds one: [`Secret::Appended`], for whoever cuts the file behind its picture.
    pub fn insert(&mut self, secret: Secret) {
        self.0 |= 1 << secret as u8;
    }

    /// Those in it, in the order of a sentence.
    pub fn iter(self) -> impl Iterator<Item = Secret> {
        Secret::ALL.into_iter().filter(move |secret| self.contains(*secret))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What [`look`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Something else than a JPEG, which was not looked into.
    Other,
    /// A JPEG with nothing to remove before its picture.
    Clean {
        /// Where the picture begins, in bytes: what [`PictureEnd`] wants to know.
        picture: u64,
    },
    /// A JPEG, and what is left of its headers.
    Stripped(Stripped),
    /// The headers go on behind what was given.
    More {
        /// How many bytes from the file's beginning are needed: more than were given, never more than the file has nor
        /// than [`MAX_HEAD_BYTES`]. Asked for at most four times, if they are given.
        bytes: u64,
    },
    /// It begins like a JPEG, but its headers lead to no picture, or not within [`MAX_HEAD_BYTES`]. What it tells is not
    /// known, and no browser shows it.
    Broken,
}

/// A JPEG's headers without its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Stripped {
    /// What is not in it any more; at least one.
    pub removed: Secrets,
    /// The new file's beginning, at most 64 KiB longer than the old one's.
    pub head: Vec<u8>,
    /// Where the old file's bytes go on behind it, in bytes from the old file's beginning.
    pub picture: u64,
}

impl fmt::Debug for Stripped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { removed, head, picture } = self;
        write!(f, "{} bytes without {removed:?}, then from {picture} on", head.len())
    }
}

/// Looks into a file of `length` bytes, of which `head` are the first: any number, [`FIRST_BYTES`] are a good one.
///
/// Takes time and memory in proportion to `head`, whatever stands in it.
#[must_use]
pub fn look(head: &[u8], length: u64) -> Look {
    const START: [u8; 3] = [0xFF, SOI, 0xFF];
    let compared = head.len().min(START.len());
    if length < START.len() as u64 || head[..compared] != START[..compared] {
        return Look::Other;
    }
    let mut kept = Kept { head: head[..compared.min(2)].to_vec(), ..Kept::default() };
    let mut at = 2;
    loop {
        let Some((marker, code)) = next_marker(head, at) else { return more(head, length) };
        // Decoders skip what is no marker; so would a secret be there.
        if head[at..marker].iter().any(|byte| !matches!(byte, 0 | 0xFF)) {
            kept.removed.insert(Secret::Unreadable);
        }
        match code {
            SOS => return kept.before(marker as u64),
            // Markers without a length.
            TEM | RST0..=RST7 => {
                kept.head.extend([0xFF, code]);
                at = marker + 2;
                continue;
            }
            // Frames, tables and, from F7 on, those of JPEG-LS (ITU-T T.87); then what applications write, and comments.
            0xC0..=0xCF | 0xDB..=0xDF | 0xF7 | 0xF8 | APP0..=APP15 | COM => {}
            _ => return Look::Broken,
        }
        let Some(&[high, low]) = head.get(marker + 2..marker + 4) else { return more(head, length) };
        let end = marker + 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
        let Some(segment) = head.get(marker..end) else { return more(head, length) };
        kept.add(code, segment);
        at = end;
    }
}

const TEM: u8 = 0x01;
const RST0: u8 = 0xD0;
const RST7: u8 = 0xD7;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const APP11: u8 = 0xEB;
const APP13: u8 = 0xED;
const APP14: u8 = 0xEE;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;

/// The next marker as every decoder finds it, behind anything, with any number of fill bytes (T.81, B.1.1.2): where its
/// last 0xFF stands, and its code.
fn next_marker(bytes: &[u8], from: usize) -> Option<(usize, u8)> {
    let mut pairs = bytes.get(from..)?.windows(2).enumerate();
    let (at, pair) = pairs.find(|(_, pair)| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))?;
    Some((from + at, pair[1]))
}

fn more(head: &[u8], length: u64) -> Look {
    let given = head.len() as u64;
    let most = length.min(MAX_HEAD_BYTES);
    if given >= most {
        return Look::Broken;
    }
    Look::More { bytes: (given * 4).max(FIRST_BYTES).min(most) }
}

/// What stays of the headers so far.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    removed: Secrets,
    has_exif: bool,
}

impl Kept {
    fn before(self, picture: u64) -> Look {
        let Self { head, removed, .. } = self;
        if removed.is_empty() {
            Look::Clean { picture }
        } else {
            Look::Stripped(Stripped { removed, head, picture })
        }
    }

    /// A segment from its marker on.
    fn add(&mut self, code: u8, segment: &[u8]) {
        let payload = segment.get(4..).unwrap_or_default();
        match code {
            APP0 if payload.starts_with(b"JFIF\0") && payload.len() >= 14 => self.add_jfif(segment),
            APP0 if payload.starts_with(b"JFXX\0") => self.removed.insert(Secret::Thumbnail),
            APP1 if payload.starts_with(b"Exif\0") => self.add_exif(payload),
            // XMP, part 3, section 1.1.3: the packet, and what did not fit into it.
            APP1 if payload.starts_with(b"http://ns.adobe.com/") => {
                self.removed.insert(Secret::Editing);
                if payload.windows(8).any(|text| text == b"exif:GPS") {
                    self.removed.insert(Secret::Position);
                }
            }
            APP2 if payload.starts_with(b"ICC_PROFILE\0") => self.head.extend(segment),
            // CIPA DC-007, and the same for gain maps, ISO 21496-1.
            APP2 if payload.starts_with(b"MPF\0") || payload.starts_with(b"urn:iso:std:iso:ts:21496") => {
                self.removed.insert(Secret::Appended);
            }
            // Content Credentials among JUMBF boxes, Photoshop's settings for the web, IPTC among its resources.
            APP11..=APP13 => self.removed.insert(Secret::Editing),
            APP14 if payload.starts_with(b"Adobe") && payload.len() >= 12 => self.add_adobe(segment),
            COM if segment_is_whole(segment) => {
                if !is_blank(payload) {
                    self.removed.insert(Secret::Comment);
                }
            }
            APP0..=APP15 | COM => self.removed.insert(Secret::Unreadable),
            _ => self.head.extend(segment),
        }
    }

    /// JFIF 1.02: 14 bytes, of which the last two are the sides of a thumbnail that follows.
    fn add_jfif(&mut self, segment: &[u8]) {
        let (fields, thumbnail) = segment.split_at(4 + 14);
        if is_blank(thumbnail) {
            self.head.extend(segment);
        } else {
            self.removed.insert(Secret::Thumbnail);
            self.add_segment(APP0, &[&fields[4..16], &[0, 0]]);
        }
    }

    /// Twelve bytes, of which the last says how colours are kept (Adobe technical note 5116).
    fn add_adobe(&mut self, segment: &[u8]) {
        let (fields, rest) = segment.split_at(4 + 12);
        if is_blank(rest) {
            self.head.extend(segment);
        } else {
            self.removed.insert(Secret::Unreadable);
            self.add_segment(APP14, &[&fields[4..]]);
        }
    }

    /// The first that can be read counts, as in browsers; more of them are continuations, or of no use.
    fn add_exif(&mut self, payload: &[u8]) {
        let (start, tiff) = payload.split_at(payload.len().min(6));
        let Some(read) = Some(tiff).filter(|_| !self.has_exif).and_then(tiff::read) else {
            self.removed.insert(Secret::Unreadable);
            return;
        };
        self.has_exif = true;
        let tiff = if read.removed.is_empty() { tiff } else { &read.kept };
        self.removed.0 |= read.removed.0;
        if !tiff.is_empty() {
            self.add_segment(APP1, &[start, tiff]);
        }
    }

    /// Their length has 16 bits: they are parts of a segment that was read, or what [`tiff::read`] wrote, which bounds it.
    fn add_segment(&mut self, code: u8, parts: &[&[u8]]) {
        let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
        self.head.extend([0xFF, code]);
        self.head.extend((length as u16).to_be_bytes());
        self.head.extend(parts.concat());
    }
}

/// Whether its length is one: it counts itself.
fn segment_is_whole(segment: &[u8]) -> bool {
    !matches!(segment, [_, _, 0, 0 | 1])
}

/// What cameras write where nobody entered anything. Nothing longer is taken for blank, so that looking takes no time.
fn is_blank(value: &[u8]) -> bool {
    value.len() <= 1024 && value.iter().all(|byte| matches!(byte, 0 | b' '))
}
