//! Photos with Exif in them, put together byte by byte.

/// From its first scan on.
pub const PICTURE: &[u8] = b"\xFF\xDA\0\x08\x01\x01\0\0\x3F\0picture\xFF\0\xFF\xD0picture\xFF\xD9";

/// Tables and a frame, which decoders need.
const TABLES: &[u8] =
    b"\xFF\xDB\0\x05\0\x01\x01\xFF\xC0\0\x0B\x08\0\x10\0\x10\x01\x01\x11\0\xFF\xC4\0\x04\0\0\xFF\xDD\0\x04\0\x01";

pub fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    jpeg_of(segments, PICTURE)
}

pub fn jpeg_of(segments: &[Vec<u8>], picture: &[u8]) -> Vec<u8> {
    [&b"\xFF\xD8"[..], &segments.concat(), TABLES, picture].concat()
}

pub fn segment(code: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).expect("what fits into a segment");
    [&[0xFF, code], &length.to_be_bytes()[..], payload].concat()
}

pub fn exif(tiff: &[u8]) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", tiff].concat())
}

/// A value in numbers of so many bytes.
#[derive(Clone)]
pub struct Field {
    pub tag: u16,
    kind: u16,
    numbers: Vec<u32>,
    width: usize,
}

pub type Ifd = Vec<Field>;

pub fn byte(tag: u16, bytes: &[u8]) -> Field {
    Field { tag, kind: 1, numbers: bytes.iter().map(|byte| u32::from(*byte)).collect(), width: 1 }
}

pub fn ascii(tag: u16, text: &str) -> Field {
    ascii_of(tag, format!("{text}\0").as_bytes())
}

/// With or without the zero that belongs at its end.
pub fn ascii_of(tag: u16, bytes: &[u8]) -> Field {
    Field { kind: 2, ..byte(tag, bytes) }
}

pub fn undefined(tag: u16, bytes: &[u8]) -> Field {
    Field { kind: 7, ..byte(tag, bytes) }
}

pub fn short(tag: u16, number: u16) -> Field {
    Field { tag, kind: 3, numbers: vec![number.into()], width: 2 }
}

pub fn long(tag: u16, number: u32) -> Field {
    Field { tag, kind: 4, numbers: vec![number], width: 4 }
}

pub fn rational(tag: u16, numerator: u32, denominator: u32) -> Field {
    Field { tag, kind: 5, numbers: vec![numerator, denominator], width: 4 }
}

/// The directories of an Exif segment; the empty ones are not written.
#[derive(Clone, Default)]
pub struct Tiff {
    pub main: Ifd,
    pub exif: Ifd,
    pub gps: Ifd,
    pub interoperability: Ifd,
    /// A JPEG of its own.
    pub thumbnail: Vec<u8>,
}

impl Tiff {
    /// Directories, each with its values behind it.
    pub fn bytes(&self, is_big: bool) -> Vec<u8> {
        let mut main = self.main.clone();
        let mut exif = self.exif.clone();
        let lead = |ifd: &mut Ifd, tag, is_there: bool| {
            if is_there {
                ifd.push(long(tag, 0));
                ifd.sort_by_key(|field| field.tag);
            }
        };
        lead(&mut exif, 0xA005, !self.interoperability.is_empty());
        lead(&mut main, 0x8769, !exif.is_empty());
        lead(&mut main, 0x8825, !self.gps.is_empty());
        let second = if self.thumbnail.is_empty() {
            Vec::new()
        } else {
            vec![short(0x0103, 6), long(0x0201, 0), long(0x0202, self.thumbnail.len() as u32)]
        };

        let exif_at = 8 + length(&main);
        let interoperability_at = exif_at + length(&exif);
        let gps_at = interoperability_at + length(&self.interoperability);
        let second_at = gps_at + length(&self.gps);
        let place = |ifd: Ifd| -> Ifd {
            let place = |field: Field| match field.tag {
                0x8769 if field.numbers == [0] => long(0x8769, exif_at as u32),
                0xA005 if field.numbers == [0] => long(0xA005, interoperability_at as u32),
                0x8825 if field.numbers == [0] => long(0x8825, gps_at as u32),
                0x0201 => long(0x0201, (second_at + length(&second)) as u32),
                _ => field,
            };
            ifd.into_iter().map(place).collect()
        };

        let mut tiff = if is_big { b"MM\0*\0\0\0\x08".to_vec() } else { b"II*\0\x08\0\0\0".to_vec() };
        let next = if second.is_empty() { 0 } else { second_at as u32 };
        write(&mut tiff, &place(main), next, is_big);
        write(&mut tiff, &place(exif), 0, is_big);
        write(&mut tiff, &self.interoperability, 0, is_big);
        write(&mut tiff, &self.gps, 0, is_big);
        write(&mut tiff, &place(second.clone()), 0, is_big);
        tiff.extend(&self.thumbnail);
        tiff
    }
}

impl Field {
    fn bytes(&self, is_big: bool) -> Vec<u8> {
        let number = |number: &u32| {
            let bytes = number.to_be_bytes();
            let mut bytes = bytes[4 - self.width..].to_vec();
            if !is_big {
                bytes.reverse();
            }
            bytes
        };
        self.numbers.iter().flat_map(number).collect()
    }

    /// Bytes behind the directory.
    fn outside(&self) -> usize {
        let length = self.numbers.len() * self.width;
        if length > 4 { length.next_multiple_of(2) } else { 0 }
    }
}

fn length(ifd: &Ifd) -> usize {
    if ifd.is_empty() { 0 } else { 6 + 12 * ifd.len() + ifd.iter().map(Field::outside).sum::<usize>() }
}

fn write(tiff: &mut Vec<u8>, ifd: &Ifd, next: u32, is_big: bool) {
    if ifd.is_empty() {
        return;
    }
    let u16 = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let u32 = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut values = Vec::new();
    let values_at = tiff.len() + 6 + 12 * ifd.len();
    tiff.extend(u16(ifd.len() as u16));
    for field in ifd {
        let mut value = field.bytes(is_big);
        let count = field.numbers.len() / if field.kind == 5 { 2 } else { 1 };
        tiff.extend([u16(field.tag), u16(field.kind)].concat());
        tiff.extend(u32(count as u32));
        if value.len() > 4 {
            tiff.extend(u32((values_at + values.len()) as u32));
            value.resize(value.len().next_multiple_of(2), 0);
            values.extend(value);
        } else {
            value.resize(4, 0);
            tiff.extend(value);
        }
    }
    tiff.extend(u32(next));
    tiff.extend(values);
}
