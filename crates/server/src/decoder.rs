//! Frames as they come from a page, and the messages in them (RFC 6455, section 5). Pure: bytes in, messages out.
//!
//! A connection at rest has no buffer here: a message has its own, which goes with it.

use std::mem;

/// Of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL_BYTES: usize = 125;

/// Two bytes, a length of eight, a mask of four.
const MAX_HEADER_BYTES: usize = 14;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(String),
    Binary,
    Ping(Vec<u8>),
    Pong,
    /// The other side closes, with its code if it names one.
    Close(Option<u16>),
}

/// Why nothing more of the connection can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No frame of this protocol, or none that may come now.
    Protocol,
    /// Text that is no UTF-8.
    Text,
    /// A message larger than it may be.
    Size,
}

/// Of one connection.
#[derive(Debug)]
pub(crate) struct Decoder {
    max_bytes: usize,
    header: [u8; MAX_HEADER_BYTES],
    /// How much of the header is there.
    header_bytes: usize,
    frame: Option<Frame>,
    /// A message that is not complete.
    message: Option<Message>,
    /// The payload of a control frame that is not complete.
    control: Vec<u8>,
}

/// A frame whose header is there.
#[derive(Debug, Clone, Copy)]
struct Frame {
    fin: bool,
    opcode: Opcode,
    mask: [u8; 4],
    /// Of the payload, in bytes.
    length: usize,
    read: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

#[derive(Debug)]
struct Message {
    is_text: bool,
    bytes: Vec<u8>,
    /// How much of it is checked and UTF-8.
    checked: usize,
}

impl Decoder {
    /// For messages of so many bytes at most.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            header: [0; MAX_HEADER_BYTES],
            header_bytes: 0,
            frame: None,
            message: None,
            control: Vec::new(),
        }
    }

    /// Takes bytes from the front of `bytes` until something is complete or none are left.
    pub(crate) fn decode(&mut self, bytes: &mut &[u8]) -> Result<Option<Incoming>, Broken> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.read_header(bytes)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let here = bytes.len().min(frame.length - frame.read);
            let (payload, rest) = bytes.split_at(here);
            *bytes = rest;
            self.take_payload(frame, payload)?;
            frame.read += here;
            if frame.read < frame.length {
                self.frame = Some(frame);
                return Ok(None);
            }
            if let Some(incoming) = self.complete(frame)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// The next frame, once its header is there.
    fn read_header(&mut self, bytes: &mut &[u8]) -> Result<Option<Frame>, Broken> {
        loop {
            let wanted = header_length(&self.header[..self.header_bytes]);
            let here = bytes.len().min(wanted - self.header_bytes);
            let (header, rest) = bytes.split_at(here);
            *bytes = rest;
            self.header[self.header_bytes..][..here].copy_from_slice(header);
            self.header_bytes += here;
            if self.header_bytes < wanted {
                return Ok(None);
            }
            // The second byte says how much more there is.
            if wanted == header_length(&self.header[..wanted]) {
                self.header_bytes = 0;
                return self.parse_header(wanted).map(Some);
            }
        }
    }

    /// What may come now, and how large it may be, is decided before a byte of it is kept.
    fn parse_header(&mut self, length: usize) -> Result<Frame, Broken> {
        let header = &self.header[..length];
        let (fin, reserved, is_masked) = (header[0] & 0x80 != 0, header[0] & 0x70, header[1] & 0x80 != 0);
        if reserved != 0 || !is_masked {
            return Err(Broken::Protocol);
        }
        let opcode = Opcode::parse(header[0] & 0x0F).ok_or(Broken::Protocol)?;
        let (extended, mask) = header[2..].split_at(length - 6);
        let bytes = match extended {
            [] => u64::from(header[1] & 0x7F),
            extended => extended.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        // The shortest form that has it, and no more than 63 bits.
        let is_shortest = match extended.len() {
            2 => bytes >= 126,
            8 => bytes > 0xFFFF && bytes >> 63 == 0,
            _ => true,
        };
        if !is_shortest {
            return Err(Broken::Protocol);
        }
        let size = usize::try_from(bytes).map_err(|_| Broken::Size)?;
        if opcode.is_control() {
            if !fin || size > MAX_CONTROL_BYTES {
                return Err(Broken::Protocol);
            }
        } else {
            if (opcode == Opcode::Continuation) != self.message.is_some() {
                return Err(Broken::Protocol);
            }
            let so_far = self.message.as_ref().map_or(0, |message| message.bytes.len());
            if size > self.max_bytes - so_far {
                return Err(Broken::Size);
            }
            let is_text = opcode == Opcode::Text;
            self.message.get_or_insert(Message { is_text, bytes: Vec::new(), checked: 0 });
        }
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Frame { fin, opcode, mask, length: size, read: 0 })
    }

    fn take_payload(&mut self, frame: Frame, payload: &[u8]) -> Result<(), Broken> {
        let unmasked = payload.iter().enumerate().map(|(n, byte)| byte ^ frame.mask[(frame.read + n) % 4]);
        match &mut self.message {
            Some(message) if !frame.opcode.is_control() => {
                message.bytes.extend(unmasked);
                if message.is_text { message.check() } else { Ok(()) }
            }
            _ => {
                self.control.extend(unmasked);
                Ok(())
            }
        }
    }

    /// What a frame that is there completes.
    fn complete(&mut self, frame: Frame) -> Result<Option<Incoming>, Broken> {
        match frame.opcode {
            Opcode::Ping => Ok(Some(Incoming::Ping(mem::take(&mut self.control)))),
            Opcode::Pong => {
                self.control = Vec::new();
                Ok(Some(Incoming::Pong))
            }
            Opcode::Close => {
                close_code(&mem::take(&mut self.control)).map(|code| Some(Incoming::Close(code)))
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary if !frame.fin => Ok(None),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => match self.message.take() {
                Some(Message { is_text: true, bytes, .. }) => {
                    String::from_utf8(bytes).map(|text| Some(Incoming::Text(text))).map_err(|_| Broken::Text)
                }
                _ => Ok(Some(Incoming::Binary)),
            },
        }
    }
}

impl Message {
    /// Whether it can still become UTF-8. A character may go on in the next piece.
    fn check(&mut self) -> Result<(), Broken> {
        match str::from_utf8(&self.bytes[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Broken::Text),
        }
        Ok(())
    }
}

impl Opcode {
    fn parse(opcode: u8) -> Option<Self> {
        Some(match opcode {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// How long a header that begins like this is, as far as it says.
fn header_length(begun: &[u8]) -> usize {
    let Some(second) = begun.get(1) else { return 2 };
    match second {
        // Without a mask: nothing more is needed to refuse it.
        0..=0x7F => 2,
        0xFE => 2 + 2 + 4,
        0xFF => 2 + 8 + 4,
        _ => 2 + 4,
    }
}

/// Of a close frame's payload (RFC 6455, section 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Broken> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Broken::Protocol) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Broken::Protocol);
    }
    str::from_utf8(reason).map_err(|_| Broken::Text)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests;
