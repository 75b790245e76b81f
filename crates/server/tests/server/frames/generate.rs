//! What is sent: mostly what a browser could say, and among it each kind of wrong that the Autobahn test suite knows
//! in its chapters 1 to 7.

use rand_chacha::{ChaCha8Rng, rand_core::Rng};
use snaproom_protocol::{Envelope, MAX_ENVELOPE_BYTES, PeerId, server::ToServer, wire};

use crate::harness::{join_message, room};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// One frame before it is bytes (RFC 6455, section 5.2).
#[derive(Debug, Clone)]
pub struct Frame {
    fin: bool,
    reserved: u8,
    opcode: u8,
    length: Length,
    mask: Option<[u8; 4]>,
    payload: Vec<u8>,
}

/// How the payload's length is written.
#[derive(Debug, Clone, Copy)]
enum Length {
    Shortest,
    /// In two bytes, though one is enough.
    InTwo,
    /// In eight, though fewer are enough.
    InEight,
    /// Another one.
    Lie(u64),
}

impl Frame {
    /// As browsers send it.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let mask = Some([0x12, 0x34, 0x56, 0x78]);
        Self { fin: true, reserved: 0, opcode, length: Length::Shortest, mask, payload: payload.into() }
    }

    pub fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(TEXT, payload)
    }

    pub fn ping() -> Self {
        Self::new(PING, [])
    }

    pub fn pong() -> Self {
        Self::new(PONG, [])
    }

    pub fn piece(payload: impl Into<Vec<u8>>) -> Self {
        Self { fin: false, ..Self::new(CONTINUATION, payload) }
    }

    pub fn beginning(payload: impl Into<Vec<u8>>) -> Self {
        Self { fin: false, ..Self::text(payload) }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.reserved << 4 | self.opcode];
        let mask = u8::from(self.mask.is_some()) << 7;
        let length = self.payload.len() as u64;
        match (self.length, length) {
            (Length::Shortest, 0..=125) => bytes.push(mask | length as u8),
            (Length::Shortest | Length::InTwo, 0..=0xFFFF) => {
                bytes.push(mask | 0x7E);
                bytes.extend((length as u16).to_be_bytes());
            }
            (Length::Lie(length), _) | (_, length) => {
                bytes.push(mask | 0x7F);
                bytes.extend(length.to_be_bytes());
            }
        }
        let mask = self.mask.unwrap_or_default();
        bytes.extend(self.mask.into_iter().flatten());
        bytes.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }
}

/// The frames of one message, or one that belongs to none.
pub fn message(rng: &mut ChaCha8Rng, is_first: bool) -> Vec<Frame> {
    let mut payload = payload(rng, is_first);
    if one_in(rng, 8) {
        hurt(rng, &mut payload);
    }
    let mut frames = match below(rng, 16) {
        0 => vec![Frame::new(PING, short(rng))],
        1 => vec![Frame::new(PONG, short(rng))],
        2 if one_in(rng, 8) => vec![Frame::new(CLOSE, goodbye(rng))],
        3 if one_in(rng, 4) => vec![Frame::new(BINARY, payload)],
        4 | 5 => in_pieces(rng, &payload),
        _ => vec![Frame::text(payload)],
    };
    for frame in &mut frames {
        frame.mask = Some(rng.next_u32().to_be_bytes());
    }
    if one_in(rng, 16) {
        let place = below(rng, frames.len());
        break_rules(rng, &mut frames[place]);
    }
    frames
}

/// A message in pieces, control frames and empty ones in between; once in a while its end is missing, or its
/// beginning.
fn in_pieces(rng: &mut ChaCha8Rng, payload: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    // Also within a character of several bytes.
    for piece in payload.chunks(1 + below(rng, payload.len())).take(32) {
        if one_in(rng, 4) {
            frames.push(Frame::new(if one_in(rng, 2) { PING } else { PONG }, short(rng)));
        }
        if one_in(rng, 8) {
            frames.push(Frame::piece([]));
        }
        frames.push(Frame::piece(piece));
    }
    if frames.is_empty() {
        frames.push(Frame::piece([]));
    }
    let is_piece = |frame: &&mut Frame| frame.opcode == CONTINUATION;
    if let Some(first) = frames.iter_mut().find(is_piece).filter(|_| !one_in(rng, 16)) {
        first.opcode = TEXT;
    }
    if let Some(last) = frames.last_mut().filter(|_| !one_in(rng, 16)) {
        last.fin = true;
    }
    for frame in &mut frames {
        frame.fin |= frame.opcode >= CLOSE;
    }
    frames
}

/// Something that no browser does.
fn break_rules(rng: &mut ChaCha8Rng, frame: &mut Frame) {
    match below(rng, 8) {
        0 => frame.opcode = below(rng, 16) as u8,
        1 => frame.reserved = 1 + below(rng, 7) as u8,
        2 => frame.fin = !frame.fin,
        3 => frame.mask = None,
        4 => frame.length = Length::InTwo,
        5 => frame.length = Length::InEight,
        6 => frame.length = Length::Lie(rng.next_u64() >> below(rng, 64)),
        // A control frame has 125 bytes at most.
        _ => frame.payload.resize(frame.payload.len() + 126, 0xFE),
    }
}

/// What stands in a close frame: nothing, half a code, a good one, one that nobody may send, or a reason that is no
/// text (RFC 6455, section 7.4).
fn goodbye(rng: &mut ChaCha8Rng) -> Vec<u8> {
    const CODES: [u16; 20] = [
        1000, 1001, 1002, 1003, 1007, 1011, 3000, 4999, 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000,
        2999, 5000, 65535,
    ];
    let code = CODES[below(rng, CODES.len())].to_be_bytes();
    match below(rng, 4) {
        0 => code[..below(rng, 2)].to_vec(),
        1 => [&code[..], b"a reason"].concat(),
        2 => [&code[..], WRONG[below(rng, WRONG.len())]].concat(),
        _ => code.to_vec(),
    }
}

/// No UTF-8: a surrogate, too long a form, beyond the last character, cut off, a byte that never is in it, a lone
/// continuation.
const WRONG: [&[u8]; 7] = [
    b"\xED\xA0\x80",
    b"\xC0\xAF",
    b"\xF4\x90\x80\x80",
    b"\xE2\x82",
    b"\xFF",
    b"\x80",
    b"\xCE\xBA\xED\xA0\x80e",
];

fn hurt(rng: &mut ChaCha8Rng, payload: &mut Vec<u8>) {
    let place = below(rng, payload.len());
    match below(rng, 5) {
        0 => payload.truncate(place),
        1 if !payload.is_empty() => payload[place] ^= 1 << below(rng, 8),
        2 => drop(payload.splice(place..place, WRONG[below(rng, WRONG.len())].iter().copied())),
        3 => drop(payload.splice(place..place, "κόσμε€🦀".bytes())),
        _ => payload.extend((0..below(rng, 64)).map(|_| b'A')),
    }
}

fn payload(rng: &mut ChaCha8Rng, is_first: bool) -> Vec<u8> {
    let message = match below(rng, 8) {
        _ if is_first && !one_in(rng, 8) => join_message(room(below(rng, 3) as u8), below(rng, 12) as u8),
        0 => ToServer::Ping,
        1 => ToServer::RenewIce,
        2 => ToServer::Leave,
        3 => return (0..below(rng, 300)).map(|_| rng.next_u32() as u8).collect(),
        _ => {
            let mut to = [0; 16];
            rng.fill_bytes(&mut to);
            // Around the largest once in a while.
            let length =
                if one_in(rng, 64) { MAX_ENVELOPE_BYTES - 50 + below(rng, 100) } else { below(rng, 2_000) };
            ToServer::Relay { to: PeerId(to), envelope: Envelope(vec![7; length]) }
        }
    };
    wire::to_text(&message).into_bytes()
}

/// For a control frame.
fn short(rng: &mut ChaCha8Rng) -> Vec<u8> {
    (0..below(rng, 126)).map(|_| rng.next_u32() as u8).collect()
}

fn one_in(rng: &mut ChaCha8Rng, bound: usize) -> bool {
    below(rng, bound) == 0
}

pub fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    (rng.next_u64() % bound.max(1) as u64) as usize
}
