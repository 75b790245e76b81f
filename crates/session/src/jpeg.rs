//! The size of a JPEG, before any decoder sees it.

/// Width and height of a baseline or progressive JPEG, read from its frame header (ITU-T T.81, B.2.2) without
/// decoding. None where the bytes are no JPEG, or end before its frame header.
#[must_use]
pub fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, after @ ..] = rest else { return None };
        match marker {
            // A marker may be preceded by any number of fill bytes.
            0xFF => rest = &rest[1..],
            // Start of frame, all kinds; C4, C8 and CC are other segments.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let [_, _, _precision, h1, h0, w1, w0, ..] = *after else { return None };
                return Some((
                    u32::from(u16::from_be_bytes([w1, w0])),
                    u32::from(u16::from_be_bytes([h1, h0])),
                ));
            }
            // Markers without a length, and those that end the headers.
            0x00 | 0x01 | 0xD0..=0xDA => return None,
            _ => {
                let [l1, l0, ..] = *after else { return None };
                let length = usize::from(u16::from_be_bytes([l1, l0]));
                rest = after.get(length.max(2)..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC0, 0, 17, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes
    }

    #[test]
    fn the_frame_header_is_found_behind_others() {
        assert_eq!(size(&jpeg(1280, 720)), Some((1280, 720)));
    }

    #[test]
    fn a_cut_header_has_no_size() {
        let whole = jpeg(1280, 720);
        for length in 0..whole.len() {
            assert_eq!(size(&whole[..length]), None);
        }
    }

    #[test]
    fn other_pictures_are_no_jpeg() {
        assert_eq!(size(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(size(b""), None);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_hang(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
            let _ = size(&[&[0xFF, 0xD8][..], &bytes].concat());
        }
    }
}
