//! Where a JPEG's picture ends.

use super::{EOI, RST0, RST7, TEM};

/// Finds the end of a picture in the bytes from its beginning on, without keeping any: every decoder stops there, and
/// what comes behind it is no part of the picture.
#[derive(Debug)]
pub struct PictureEnd {
    at: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Data,
    Marker,
    /// Behind a marker with a length, of which the first byte may be known.
    Length(Option<u8>),
    /// Within its segment: as many bytes are left of it.
    Segment(usize),
}

impl PictureEnd {
    /// For a picture that begins `picture` bytes into its file, with a marker: as [`look`](super::look) says.
    #[must_use]
    pub fn new(picture: u64) -> Self {
        Self { at: picture, place: Place::Data }
    }

    /// Takes in the file's next bytes, as many as there are at a time. Some once the end is in them: how many bytes of the
    /// file there are before it and with it. None for all of a file means that it ends with its picture.
    pub fn find(&mut self, bytes: &[u8]) -> Option<u64> {
        let mut rest = bytes;
        while let [first, behind @ ..] = rest {
            let left = rest.len();
            (self.place, rest) = match self.place {
                Place::Data => match rest.iter().position(|byte| *byte == 0xFF) {
                    Some(marker) => (Place::Marker, &rest[marker + 1..]),
                    None => (Place::Data, &[][..]),
                },
                Place::Marker => match *first {
                    EOI => return Some(self.at + 1),
                    0xFF => (Place::Marker, behind),
                    // A 0xFF of the picture (T.81, B.1.1.5), and markers without a length.
                    0 | TEM | RST0..=RST7 => (Place::Data, behind),
                    _ => (Place::Length(None), behind),
                },
                Place::Length(None) => (Place::Length(Some(*first)), behind),
                Place::Length(Some(high)) => {
                    let length = usize::from(u16::from_be_bytes([high, *first]));
                    (Place::Segment(length.saturating_sub(2)), behind)
                }
                Place::Segment(0) => (Place::Data, rest),
                Place::Segment(length) => {
                    let skipped = length.min(left);
                    (Place::Segment(length - skipped), &rest[skipped..])
                }
            };
            self.at += (left - rest.len()) as u64;
        }
        None
    }
}
