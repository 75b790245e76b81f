//! The zip format (PKWARE APPNOTE), as far as a file of stored entries needs it: what stands around the entries' bytes.
//! The bytes themselves stay where they are.

/// The part of a zip that is known once all entries are: its directory.
#[derive(Default)]
pub(super) struct Zip {
    directory: Vec<u8>,
    entries: u64,
    /// Bytes of the zip so far, what stands between the headers included.
    length: u64,
}

/// What the zip says of an entry.
pub(super) struct Entry<'a> {
    /// With `/` between folders; at most 65,535 bytes.
    pub(super) name: &'a str,
    /// Year, month from 1 on, day, hour, minute and second, by the clock on the wall.
    pub(super) modified: [u32; 6],
    pub(super) crc32: u32,
    pub(super) bytes: u64,
}

impl Zip {
    /// The header of the next entry; its bytes go right behind it.
    pub(super) fn add(&mut self, entry: &Entry) -> Vec<u8> {
        let offset = self.length;
        let sizes = if is_limited(entry.bytes) { vec![entry.bytes; 2] } else { Vec::new() };
        let mut header = Bytes::default();
        header.u32(0x0403_4b50).u16(version(&sizes)).entry(entry);
        header.u16(extra_bytes(&sizes)).slice(entry.name.as_bytes()).extra(&sizes);

        let mut far = sizes;
        far.extend(is_limited(offset).then_some(offset));
        let mut central = Bytes(std::mem::take(&mut self.directory));
        // Info-ZIP takes the name of an entry that is not by a Unix for one in the letters of DOS.
        let (system, attributes) = if entry.name.is_ascii() { (0, 0) } else { (UNIX, READABLE) };
        central.u32(0x0201_4b50).u16(system | version(&far)).u16(version(&far)).entry(entry);
        // No comment, the first disk.
        central.u16(extra_bytes(&far)).u16(0).u16(0).u16(0).u32(attributes).u32(limited(offset));
        central.slice(entry.name.as_bytes()).extra(&far);
        self.directory = central.0;
        self.entries += 1;
        self.length += header.0.len() as u64 + entry.bytes;
        header.0
    }

    /// What follows the last entry.
    pub(super) fn finish(self) -> Vec<u8> {
        let (offset, size) = (self.length, self.directory.len() as u64);
        let count = u16::try_from(self.entries).unwrap_or(u16::MAX);
        let mut end = Bytes(self.directory);
        if is_limited(offset) || count == u16::MAX {
            end.u32(0x0606_4b50).u64(44).u16(ZIP64).u16(ZIP64).u32(0).u32(0);
            end.u64(self.entries).u64(self.entries).u64(size).u64(offset);
            end.u32(0x0706_4b50).u32(0).u64(offset + size).u32(1);
        }
        end.u32(0x0605_4b50).u16(0).u16(0).u16(count).u16(count);
        end.u32(limited(size)).u32(limited(offset)).u16(0);
        end.0
    }
}

/// The checksum of an entry.
pub(super) struct Crc32 {
    table: [u32; 256],
    state: u32,
}

impl Crc32 {
    pub(super) fn new() -> Self {
        // Made here and not by the compiler: a kilobyte that every visit would load.
        let table = std::array::from_fn(|byte| {
            (0..8).fold(byte as u32, |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
        });
        Self { table, state: !0 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.state = bytes
            .iter()
            .fold(self.state, |crc, byte| self.table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8));
    }

    pub(super) fn finish(self) -> u32 {
        !self.state
    }
}

/// What a reader has to understand: version 1.0 of the format, or 4.5 for what is, or lies behind, 4 GiB.
const PLAIN: u16 = 10;
const ZIP64: u16 = 45;

/// The system that an entry is by, which says what its attributes are: those of a file that everybody reads and its
/// owner writes.
const UNIX: u16 = 3 << 8;
const READABLE: u32 = 0o100_644 << 16;

/// A name that is not ASCII is UTF-8.
const UTF8: u16 = 1 << 11;

/// What numbers too large for their places need.
fn version(large: &[u64]) -> u16 {
    if large.is_empty() { PLAIN } else { ZIP64 }
}

/// Of the record that has them.
fn extra_bytes(large: &[u64]) -> u16 {
    if large.is_empty() { 0 } else { 4 + 8 * large.len() as u16 }
}

/// Whether the number does not fit into its place.
fn is_limited(number: u64) -> bool {
    number >= u64::from(u32::MAX)
}

/// Where all bits are set, the number stands in the larger record.
fn limited(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Little-endian.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn slice(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u16(&mut self, number: u16) -> &mut Self {
        self.slice(&number.to_le_bytes())
    }

    fn u32(&mut self, number: u32) -> &mut Self {
        self.slice(&number.to_le_bytes())
    }

    fn u64(&mut self, number: u64) -> &mut Self {
        self.slice(&number.to_le_bytes())
    }

    /// What both headers of an entry say in the same place: stored, when, what and how long.
    fn entry(&mut self, entry: &Entry) -> &mut Self {
        let (time, date) = dos(entry.modified);
        let bytes = limited(entry.bytes);
        self.u16(if entry.name.is_ascii() { 0 } else { UTF8 }).u16(0).u16(time).u16(date);
        self.u32(entry.crc32).u32(bytes).u32(bytes).u16(entry.name.len() as u16)
    }

    /// The numbers that are too large for their places.
    fn extra(&mut self, large: &[u64]) -> &mut Self {
        if !large.is_empty() {
            self.u16(1).u16(8 * large.len() as u16);
        }
        large.iter().fold(self, |bytes, number| bytes.u64(*number))
    }
}

/// Time and date as DOS wrote them: in steps of two seconds, from 1980 to 2107.
fn dos([year, month, day, hour, minute, second]: [u32; 6]) -> (u16, u16) {
    let year = year.clamp(1980, 2107) - 1980;
    let date = (year << 9) | (month.clamp(1, 12) << 5) | day.clamp(1, 31);
    let time = (hour.min(23) << 11) | (minute.min(59) << 5) | (second.min(59) / 2);
    (time as u16, date as u16)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const WHEN: [u32; 6] = [2026, 11, 20, 17, 5, 9];

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = Crc32::new();
        for part in bytes.chunks(4) {
            crc.update(part);
        }
        crc.finish()
    }

    fn numbers<const N: usize>(bytes: &[u8]) -> [u64; N] {
        std::array::from_fn(|index| u64::from_le_bytes(bytes[8 * index..][..8].try_into().unwrap()))
    }

    #[wasm_bindgen_test]
    fn the_checksum_is_the_one_of_the_format() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    }

    #[wasm_bindgen_test]
    fn a_small_zip_is_the_one_that_other_programs_read() {
        let mut zip = Zip::default();
        let mut file = Vec::new();
        for (name, bytes) in [("a.png", b"first".as_slice()), ("b-2.png", b"second!")] {
            file.extend(zip.add(&Entry {
                name,
                modified: WHEN,
                crc32: crc32(bytes),
                bytes: bytes.len() as u64,
            }));
            file.extend(bytes);
        }
        file.extend(zip.finish());
        // Unpacked without a complaint by `unzip -t` and by Python's zipfile, with the time 2026-11-20 17:05:08.
        assert_eq!(file, include_bytes!("../../tests/two.zip"));
    }

    #[wasm_bindgen_test]
    fn what_begins_behind_four_gibibytes_is_found() {
        const LARGE: u64 = 3 << 30;
        let mut zip = Zip::default();
        for name in ["1", "2", "3"] {
            assert_eq!(zip.add(&Entry { name, modified: WHEN, crc32: 0, bytes: LARGE }).len(), 31);
        }
        let end = zip.finish();
        let (third, directory) = (2 * (31 + LARGE), 3 * (31 + LARGE));
        // Three headers of 47 bytes; the third says where its entry begins in 12 bytes more.
        let size = 3 * 47 + 12;
        assert_eq!(end[2 * 47 + 42..][..5], [255, 255, 255, 255, b'3']);
        assert_eq!(numbers(&end[size - 8..]), [third]);
        assert_eq!(numbers(&end[size + 24..]), [3, 3, size as u64, directory]);
        assert_eq!(numbers(&end[size + 56 + 8..]), [directory + size as u64]);
        assert_eq!(end.len(), size + 56 + 20 + 22);
    }

    #[wasm_bindgen_test]
    fn an_entry_of_more_than_four_gibibytes_says_so_in_both_headers() {
        const LARGE: u64 = 5 << 30;
        let mut zip = Zip::default();
        for name in ["1", "2"] {
            let header = zip.add(&Entry { name, modified: WHEN, crc32: 7, bytes: LARGE });
            assert_eq!(header.len(), 31 + 20);
            assert_eq!(header[4..6], ZIP64.to_le_bytes());
            assert_eq!(header[18..26], [255; 8]);
            assert_eq!(header[28..35], [20, 0, name.as_bytes()[0], 1, 0, 16, 0]);
            assert_eq!(numbers(&header[35..]), [LARGE, LARGE]);
        }
        let end = zip.finish();
        assert_eq!(numbers(&end[47 + 4..]), [LARGE, LARGE], "the first begins at 0");
        assert_eq!(numbers(&end[47 + 20 + 47 + 4..]), [LARGE, LARGE, 51 + LARGE]);
    }

    #[wasm_bindgen_test]
    fn a_name_in_any_script_is_marked_as_utf8() {
        for (name, flags) in [("Urlaub/b.jpg", 0), ("山田/ß", UTF8)] {
            let mut zip = Zip::default();
            let header = zip.add(&Entry { name, modified: WHEN, crc32: 0, bytes: 0 });
            assert_eq!(header[6..8], flags.to_le_bytes());
            assert_eq!(header[26..28], (name.len() as u16).to_le_bytes());
            let end = zip.finish();
            assert_eq!(end[8..10], flags.to_le_bytes());
            assert_eq!((end[5], end[41] & 0x81), if flags == 0 { (0, 0) } else { (3, 0x81) }, "a Unix file");
        }
    }

    #[wasm_bindgen_test]
    fn a_time_that_dos_does_not_know_becomes_the_next_that_it_does() {
        assert_eq!(dos([0, 1, 0, 0, 0, 0]), (0, (1 << 5) | 1));
        assert_eq!(dos([9999, 12, 31, 23, 59, 59]), (0xbf7d, 0xff9f));
    }
}
