//! A message as its author writes and signs it, and what of one may be shown.
//!
//! ```text
//! body      = "snaproom/1/message" | room | author | device key | when (u64) | length of the name (u32) | name | text
//! id        = the first 16 bytes of SHA-256(body)
//! signature = Ed25519(device, body)
//! ```
//! Numbers are big-endian. An id that follows from what it names cannot be taken by somebody else's message.

use sha2::{Digest as _, Sha256};
use snaproom_protocol::{
    ItemId, PeerId, RoomId,
    chat::{LAST_MOMENT, MAX_TEXT_BYTES, Message},
    control::MAX_DISPLAY_NAME_BYTES,
};

use crate::device::{Device, has_signed};

/// A message of ours.
#[must_use]
pub fn write(device: &Device, room: RoomId, author: PeerId, name: &str, at: u64, text: String) -> Message {
    let signature = snaproom_protocol::Signature([0; 64]);
    let mut message = Message { author, device: device.key(), name: name.to_owned(), at, text, signature };
    message.signature = device.sign(&body(&message, room));
    message
}

/// What it is called in this room.
#[must_use]
pub fn id(message: &Message, room: RoomId) -> ItemId {
    let [id, _] = *Sha256::digest(body(message, room)).as_chunks().0 else { unreachable!("32 bytes") };
    ItemId(id)
}

/// Whether its device signed it, for this room.
#[must_use]
pub fn is_signed(message: &Message, room: RoomId) -> bool {
    has_signed(&message.device, &body(message, room), &message.signature)
}

fn body(message: &Message, room: RoomId) -> Vec<u8> {
    let Message { author, device, name, at, text, signature: _ } = message;
    [
        b"snaproom/1/message".as_slice(),
        &room.0,
        &author.0,
        &device.0,
        &at.to_be_bytes(),
        &(name.len() as u32).to_be_bytes(),
        name.as_bytes(),
        text.as_bytes(),
    ]
    .concat()
}

/// Whether a peer's message may be kept, shown and passed on as it is.
pub(crate) fn is_fit(message: &Message) -> bool {
    let Message { name, at, text, .. } = message;
    name.len() <= MAX_DISPLAY_NAME_BYTES && *at <= LAST_MOMENT && is_text(text)
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT_BYTES && self::text(text) == text
}

/// Makes the text of a message of what a person typed: line breaks as `\n`, none at its ends, no white space behind it, no
/// control characters but tabs, nothing that changes the direction of what follows or that nobody sees. May become empty,
/// and may be too long.
#[must_use]
pub fn text(typed: &str) -> String {
    let mut text = String::with_capacity(typed.len());
    let mut chars = typed.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => text.push('\n'),
            c if !is_unfit(c) => text.push(c),
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    let blank = text.find(|c: char| c != '\n').unwrap_or(0);
    text.drain(..blank);
    text
}

/// Joiners stay: emoji and some scripts need them. No table of Unicode decides this, since two pages that were built with
/// different ones would not take each other's messages.
fn is_unfit(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
        || matches!(c, '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use snaproom_protocol::{DeviceSecret, PeerId};

    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ROOM: RoomId = RoomId([1; 16]);

    fn one() -> Message {
        let device = Device::of(&DeviceSecret([2; 32]), ROOM);
        write(&device, ROOM, PeerId([3; 16]), "Anna", 1_000, String::from("Hello"))
    }

    #[test]
    fn a_signature_and_an_id_are_of_one_message_in_one_room() {
        let message = one();
        let (this, id) = (id(&message, ROOM), |message: &Message, room| super::id(message, room));
        assert!(is_signed(&message, ROOM));
        let other_room = RoomId([9; 16]);
        assert!(!is_signed(&message, other_room) && id(&message, other_room) != this);
        let changes: [fn(&mut Message); 6] = [
            |message| message.author.0[0] ^= 1,
            |message| message.device.0[0] ^= 1,
            |message| message.at += 1,
            |message| message.name.push('a'),
            |message| message.text.push('a'),
            // What ends one field begins no other.
            |message| {
                let a = message.name.pop().unwrap();
                message.text.insert(0, a);
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = message.clone();
            change(&mut changed);
            assert!(!is_signed(&changed, ROOM), "{number}");
            assert_ne!(id(&changed, ROOM), this, "{number}");
        }
        let mut resigned = message;
        resigned.signature.0[0] ^= 1;
        assert!(!is_signed(&resigned, ROOM));
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for written in [
            "Hello",
            "a\nb\n\n  c",
            "  indented",
            "\tfn main() {}",
            "مرحبا",
            "👩\u{200D}💻 ❤\u{FE0F}",
            "می\u{200C}خواهم",
            "<b>&amp;</b>",
            "a\u{301}",
        ] {
            assert_eq!(text(written), written);
            assert!(is_text(written), "{written:?}");
        }
    }

    #[test]
    fn what_is_unfit_is_dropped() {
        for (typed, fit) in [
            ("a\r\nb\rc\u{2028}d\u{2029}e\u{85}f", "a\nb\nc\nd\ne\nf"),
            ("\n\n a \n\t ", " a"),
            ("a\0b\u{1B}[31mc\u{7F}\u{9B}", "ab[31mc"),
            ("\u{202E}abc\u{202C}\u{2066}\u{2069}\u{200F}\u{61C}", "abc"),
            ("a\u{200B}\u{FEFF}\u{2060}\u{AD}b\u{E0041}\u{FFFE}\u{FFFB}", "ab"),
            (" \n \t ", ""),
            ("\u{202E}\n\u{200B}", ""),
        ] {
            assert_eq!(text(typed), fit, "{typed:?}");
            assert!(!is_text(typed), "{typed:?}");
        }
    }

    #[test]
    fn a_text_has_its_bounds() {
        assert!(is_text(&"x".repeat(MAX_TEXT_BYTES)));
        assert!(!is_text(&"x".repeat(MAX_TEXT_BYTES + 1)));
        assert!(!is_text(""));
        let long = |change: fn(&mut Message)| {
            let mut message = one();
            change(&mut message);
            is_fit(&message)
        };
        assert!(long(|_| {}));
        assert!(!long(|message| message.name = "x".repeat(MAX_DISPLAY_NAME_BYTES + 1)));
        assert!(!long(|message| message.at = LAST_MOMENT + 1));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn whatever_is_typed_becomes_a_text(typed in "[ab \t\n\r\u{200B}-\u{200F}\u{2028}-\u{202E}\u{FEFF}🦊]{0,40}|\\PC{0,40}|.{0,40}") {
            let fit = text(&typed);
            proptest::prop_assert!(fit.is_empty() || is_text(&fit), "{typed:?} became {fit:?}");
        }
    }
}
