//! WebSocket frames as they stand in a stream of bytes (RFC 6455, section 5.2). Nothing is unmasked or decoded.

use std::mem;

use anyhow::{Result, bail, ensure};

/// The largest message that passes, with its headers, in bytes; the server takes 96 KiB.
pub(super) const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// What comes off the wire as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A text or binary message: all of its frames.
    Message(Vec<u8>),
    /// A close, ping or pong. One that comes between the frames of a message is given before that message.
    Control(Vec<u8>),
}

/// One direction of a WebSocket.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// What came and is not a whole frame yet.
    unread: Vec<u8>,
    /// The frames of a message whose last one is still to come.
    message: Vec<u8>,
}

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const CONTINUATION: u8 = 0x0;
const FIRST_CONTROL: u8 = 0x8;
const MASKED: u8 = 0x80;
const MASK_BYTES: usize = 4;

impl Frames {
    /// What came next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// The next whole piece. Fails where this is no WebSocket, or one with extensions.
    pub(super) fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            let Some(length) = frame_length(&self.unread)? else { return Ok(None) };
            ensure!(
                self.message.len() + length <= MAX_MESSAGE_BYTES,
                "a message of more than {MAX_MESSAGE_BYTES} bytes"
            );
            if self.unread.len() < length {
                return Ok(None);
            }
            let rest = self.unread.split_off(length);
            let frame = mem::replace(&mut self.unread, rest);
            let (is_last, opcode) = (frame[0] & FIN != 0, frame[0] & OPCODE);
            if opcode >= FIRST_CONTROL {
                return Ok(Some(Piece::Control(frame)));
            }
            ensure!((opcode == CONTINUATION) != self.message.is_empty(), "a frame of no message");
            self.message.extend(frame);
            if is_last {
                return Ok(Some(Piece::Message(mem::take(&mut self.message))));
            }
        }
    }
}

/// Bytes of the frame that begins here, its header included; none before its header is whole.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & RESERVED != 0 {
        bail!("the WebSocket has an extension that nobody asked for");
    }
    let (extended, payload) = match second & !MASKED {
        126 => match rest.first_chunk::<2>() {
            Some(length) => (2, usize::from(u16::from_be_bytes(*length))),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (8, usize::try_from(u64::from_be_bytes(*length))?),
            None => return Ok(None),
        },
        length => (0, usize::from(length)),
    };
    let mask = if second & MASKED == 0 { 0 } else { MASK_BYTES };
    Ok(Some(payload.saturating_add(2 + extended + mask)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frames: &mut Frames) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(piece) = frames.next().unwrap() {
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn messages_of_every_length_are_found_wherever_the_stream_is_cut() {
        let short = [&[0x81, 0x82, 1, 2, 3, 4][..], b"hi"].concat();
        let medium = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
        let long = [vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], vec![9; 65536]].concat();
        let stream = [short.clone(), medium.clone(), long.clone()].concat();
        let expected = [Piece::Message(short), Piece::Message(medium), Piece::Message(long)];
        for step in [1, 2, 3, 7, 1000, stream.len()] {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for part in stream.chunks(step) {
                frames.push(part);
                found.extend(all(&mut frames));
            }
            assert_eq!(found, expected, "cut every {step} bytes");
        }
    }

    #[test]
    fn a_message_is_all_of_its_frames_and_a_ping_between_them_is_none_of_them() {
        let mut frames = Frames::default();
        frames.push(&[0x01, 1, b'a', 0x89, 0, 0x00, 1, b'b']);
        assert_eq!(all(&mut frames), [Piece::Control(vec![0x89, 0])]);
        frames.push(&[0x80, 1, b'c', 0x88, 0]);
        let message = vec![0x01, 1, b'a', 0x00, 1, b'b', 0x80, 1, b'c'];
        assert_eq!(all(&mut frames), [Piece::Message(message), Piece::Control(vec![0x88, 0])]);
    }

    #[test]
    fn what_is_no_websocket_is_refused() {
        for stream in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            &[0xc1, 1, b'x'],
            &[0x80, 1, b'x'],
            &[0x01, 1, b'x', 0x81, 1, b'x'],
            &[0x82, 127, 0, 0, 0, 0, 0, 0x20, 0, 0],
            &[0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            let mut frames = Frames::default();
            frames.push(stream);
            assert!(frames.next().is_err(), "{stream:?} was taken");
        }
    }
}
