use proptest::{collection::vec, prelude::*};

use super::*;

const MAX: usize = 1000;

/// A frame with a mask, of at most 65,535 bytes.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    if payload.len() < 126 {
        frame.push(0x80 | payload.len() as u8);
    } else {
        frame.push(0xFE);
        frame.extend((payload.len() as u16).to_be_bytes());
    }
    frame.extend([1, 2, 3, 4]);
    frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// What comes of `bytes` in pieces of these sizes, and then of one.
fn decode(bytes: &[u8], sizes: &[usize]) -> (Vec<Incoming>, Option<Broken>) {
    let (mut decoder, mut incoming, mut left) = (Decoder::new(MAX), Vec::new(), bytes);
    for size in sizes.iter().copied().chain(std::iter::repeat(1)) {
        let (mut piece, rest) = left.split_at(size.min(left.len()));
        left = rest;
        loop {
            match decoder.decode(&mut piece) {
                Ok(Some(next)) => incoming.push(next),
                Ok(None) => break,
                Err(broken) => return (incoming, Some(broken)),
            }
        }
        assert!(piece.is_empty());
        if left.is_empty() {
            break;
        }
    }
    (incoming, None)
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

#[test]
fn messages_come_whole_however_they_are_sent() {
    let ping = Incoming::Ping(b"?".to_vec());
    for (frames, expected) in [
        (vec![frame(0x81, b"")], vec![text("")]),
        (vec![frame(0x81, "κόσμε".as_bytes())], vec![text("κόσμε")]),
        (vec![frame(0x81, &[b'a'; 126])], vec![text(&"a".repeat(126))]),
        (vec![frame(0x81, &[b'a'; MAX])], vec![text(&"a".repeat(MAX))]),
        (vec![frame(0x82, b"\xFF")], vec![Incoming::Binary]),
        // A character in two pieces, and a ping in between.
        (vec![frame(0x01, b"a\xCE"), frame(0x89, b"?"), frame(0x80, b"\xBAb")], vec![ping, text("aκb")]),
        (vec![frame(0x01, b""), frame(0x00, b""), frame(0x80, b"")], vec![text("")]),
        (vec![frame(0x8A, &[0; 125]), frame(0x88, b"")], vec![Incoming::Pong, Incoming::Close(None)]),
        (vec![frame(0x88, b"\x03\xE8bye")], vec![Incoming::Close(Some(1000))]),
    ] {
        assert_eq!(decode(&frames.concat(), &[usize::MAX]), (expected, None));
    }
}

#[test]
fn what_breaks_the_protocol_is_told_apart() {
    use Broken::{Protocol, Size, Text};
    let oversize = |length: u64| [&[0x81, 0xFF][..], &length.to_be_bytes(), &[0; 4]].concat();
    for (bytes, broken) in [
        (frame(0xC1, b"a"), Protocol),
        (frame(0x83, b"a"), Protocol),
        (frame(0x8B, b"a"), Protocol),
        // No mask: refused before there is more.
        (vec![0x81, 0x01], Protocol),
        // Control frames are short and whole.
        (frame(0x09, b"a"), Protocol),
        (frame(0x89, &[0; 126]), Protocol),
        // Nothing to go on with, and something else to go on with.
        (frame(0x80, b"a"), Protocol),
        ([frame(0x01, b"a"), frame(0x81, b"a")].concat(), Protocol),
        // Longer lengths than they need, or of 64 bits.
        ([&[0x81, 0xFE, 0, 125][..], &[0; 4]].concat(), Protocol),
        (oversize(0xFFFF), Protocol),
        (oversize(1 << 63), Protocol),
        // Refused by its header alone.
        (oversize(0x1_0000), Size),
        (oversize(u64::MAX >> 1), Size),
        ([frame(0x01, &[b'a'; MAX]), frame(0x80, b"a")].concat(), Size),
        // In the middle of a frame.
        (frame(0x81, b"\xED\xA0\x80aaa")[..10].to_vec(), Text),
        (frame(0x81, b"\xCE"), Text),
        ([frame(0x01, b"\xCE"), frame(0x80, b"a")].concat(), Text),
        (frame(0x88, b"\x03"), Protocol),
        (frame(0x88, b"\x03\xED"), Protocol),
        (frame(0x88, b"\x13\x88"), Protocol),
        (frame(0x88, b"\x03\xE8\xFF"), Text),
    ] {
        assert_eq!(decode(&bytes, &[usize::MAX]).1, Some(broken), "{bytes:02X?}");
    }
}

proptest! {
    #[test]
    fn where_the_bytes_are_cut_changes_nothing(
        frames in vec((any::<u8>(), vec(any::<u8>(), 0..200)), 0..8),
        sizes in vec(1..40_usize, 0..40),
    ) {
        // Of all first bytes, mostly such as pages send.
        let first = |byte: u8| [0x81, 0x01, 0x00, 0x80, 0x89, 0x8A, 0x82, byte][usize::from(byte % 8)];
        let bytes: Vec<u8> = frames.iter().flat_map(|(byte, payload)| frame(first(*byte), payload)).collect();
        prop_assert_eq!(decode(&bytes, &sizes), decode(&bytes, &[usize::MAX]));
    }

    #[test]
    fn no_bytes_make_it_panic_or_keep_more_than_a_message(bytes in vec(any::<u8>(), 0..4000)) {
        let mut decoder = Decoder::new(MAX);
        let mut left = bytes.as_slice();
        while let Ok(Some(_)) = decoder.decode(&mut left) {}
        prop_assert!(decoder.message.is_none_or(|message| message.bytes.len() <= MAX));
        prop_assert!(decoder.control.len() <= MAX_CONTROL_BYTES);
    }
}
