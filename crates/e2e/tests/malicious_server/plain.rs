//! What an envelope says to somebody who has no key: everything where nothing is sealed, and nothing else.
//!
//! ```text
//! signal    version | 2 | counter (8, big endian) | length (4, big endian) | message | anything
//! hello     version | 1 | nonce (24)              | length (4, big endian) | message | anything
//! ```

use anyhow::Result;
use serde::{Serialize, de::DeserializeOwned};
use snaproom_protocol::{
    Envelope, VERSION,
    signal::{Hello, Signal},
    wire,
};

const HELLO: u8 = 1;
const SIGNAL: u8 = 2;

/// A description or a candidate.
pub fn signal(envelope: &Envelope) -> Option<Signal> {
    let (_, plaintext) = body(envelope, SIGNAL)?.split_first_chunk::<8>()?;
    message(plaintext)
}

/// A greeting.
pub fn hello(envelope: &Envelope) -> Option<Hello> {
    let (_, plaintext) = body(envelope, HELLO)?.split_first_chunk::<24>()?;
    message(plaintext)
}

/// A signal as nobody sealed it.
pub fn write_signal(counter: u64, signal: &Signal) -> Result<Envelope> {
    write(SIGNAL, &counter.to_be_bytes(), signal)
}

/// A greeting as nobody sealed it.
pub fn write_hello(hello: &Hello) -> Result<Envelope> {
    write(HELLO, &[0; 24], hello)
}

fn body(envelope: &Envelope, kind: u8) -> Option<&[u8]> {
    match envelope.0.as_slice() {
        [_, is, body @ ..] if *is == kind => Some(body),
        _ => None,
    }
}

fn message<T: DeserializeOwned>(plaintext: &[u8]) -> Option<T> {
    let (length, rest) = plaintext.split_first_chunk::<4>()?;
    wire::from_bytes(rest.get(..u32::from_be_bytes(*length) as usize)?).ok()
}

fn write(kind: u8, head: &[u8], message: &impl Serialize) -> Result<Envelope> {
    let content = wire::to_bytes(message);
    let length = u32::try_from(content.len())?.to_be_bytes();
    Ok(Envelope([&[VERSION as u8, kind], head, &length, &content].concat()))
}
