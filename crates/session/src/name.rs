//! Names that are fit to be shown: of people, and of files, which are saved as well.

use snaproom_protocol::control::{MAX_DISPLAY_NAME_BYTES, MAX_DISPLAY_NAME_CHARS, MAX_NAME_BYTES};

/// Most marks above and below one letter: Burmese has four. With more, a name grows over its neighbours.
const MAX_MARKS: usize = 4;

/// Turns what a person types into a display name by dropping what does not fit: white space at the ends,
/// invisible characters, check marks, piled-up marks, and whatever comes after [`MAX_DISPLAY_NAME_CHARS`]. May become empty.
#[must_use]
pub fn display_name(typed: &str) -> String {
    let mut name = String::new();
    let (mut chars, mut marks) = (0, 0);
    let mut is_apart = false;
    for c in typed.chars() {
        if c.is_whitespace() {
            is_apart = !name.is_empty();
            continue;
        }
        let base = name.chars().next_back().filter(|_| !is_apart);
        if c == EMOJI_SELECTOR {
            if !base.is_some_and(is_symbol) {
                continue;
            }
        } else if is_invisible(c) || is_check(c) {
            continue;
        } else if is_mark(c) {
            if base.is_none() || marks == MAX_MARKS {
                continue;
            }
            marks += 1;
        } else {
            marks = 0;
        }
        chars += if is_apart { 2 } else { 1 };
        if chars > MAX_DISPLAY_NAME_CHARS {
            break;
        }
        if std::mem::take(&mut is_apart) {
            name.push(' ');
        }
        name.push(c);
    }
    name
}

/// Whether a peer's name may be shown as it is: [`display_name`] changes nothing of it. Empty is one too.
#[must_use]
pub fn is_display_name(name: &str) -> bool {
    name.len() <= MAX_DISPLAY_NAME_BYTES && display_name(name) == name
}

/// Whether a peer's file name may be shown and saved as it is: not empty, not too long, no path, no control or
/// direction-changing character (Unicode `Bidi_Control` and the zero-width ones).
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !matches!(name, "." | "..")
        && !name.chars().any(|c| {
            c.is_control()
                || matches!(c, '/' | '\\' | ':' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                    | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        })
}

/// Makes ❤ and its like emoji; anywhere else it would tell two names apart that look the same.
const EMOJI_SELECTOR: char = '\u{FE0F}';

fn is_symbol(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !is_mark(c)
}

/// What takes no place of its own, but the one of the character before it: Unicode `Grapheme_Extend`, which the
/// standard library knows, and tells by escaping it (as it does characters that are not printed).
fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.escape_debug().len() > 1
}

/// What the page says of a verified person, and nobody says of themselves.
fn is_check(c: char) -> bool {
    matches!(c, '√' | '☑' | '✅' | '✓' | '✔' | '\u{10102}' | '\u{1F5F8}' | '\u{1F5F9}')
}

/// What nobody sees, what changes the direction of what follows, and what looks different on every device.
fn is_invisible(c: char) -> bool {
    c.is_control()
        // Unicode Default_Ignorable_Code_Point: joiners, direction, variation selectors, fillers, tags.
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
        // The blank of Braille; controls of hieroglyphs; anchors and placeholders of a rich text.
        || matches!(c, '\u{2800}' | '\u{13430}'..='\u{1343F}' | '\u{FFF9}'..='\u{FFFC}')
        // Private use, and what is no character.
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{F0000}'..)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::{display_name, is_display_name, is_file_name};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_of_people_stay_as_they_are() {
        for name in [
            "",
            "Anna",
            "Jean-Luc O'Neill",
            "Zoë Nguyễn",
            "Zoe\u{308} Nguye\u{302}\u{303}n",
            "Дмитрий",
            "محمد",
            "שָׁלוֹם",
            "김민준",
            "\u{1100}\u{1175}\u{11B7}",
            "山田 太郎",
            "สมชาย น้ำ",
            "मीनाक्षी",
            "မြို့",
            "🦊 fox",
            "❤\u{FE0F} Mia",
            "👍🏽",
            "🇩🇪",
            "<b>&amp;",
            "..",
        ] {
            assert_eq!(display_name(name), name);
            assert!(is_display_name(name), "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_is_dropped() {
        for (typed, name) in [
            ("  Anna\t\u{A0}Bell \n", "Anna Bell"),
            ("a\r\nb\u{2028}c\u{2029}d\u{85}e\u{3000}f", "a b c d e f"),
            (" \u{3164}\u{2800}\u{200B} ", ""),
            ("a \u{200B} b", "a b"),
            ("a\0b\u{1B}[31mc", "ab[31mc"),
            ("\u{202E}anna\u{202C}\u{2066}x\u{2069}\u{200F}", "annax"),
            ("An\u{AD}na\u{FEFF}\u{2060}", "Anna"),
            ("Anna\u{E0041}\u{E007F}", "Anna"),
            ("Anna\u{FE0F}\u{FE00}\u{E0100}", "Anna"),
            ("❤\u{FE0F}\u{FE0F}\u{FE0F}", "❤\u{FE0F}"),
            ("\u{FE0F}a !\u{FE0F}", "a !"),
            ("👩\u{200D}💻", "👩💻"),
            ("\u{301}\u{302}a \u{301}b", "a b"),
            ("a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}b\u{307}", "a\u{301}\u{302}\u{303}\u{304}b\u{307}"),
            ("a\u{301}\u{302}\u{200B}\u{303}\u{304}\u{200B}\u{305}", "a\u{301}\u{302}\u{303}\u{304}"),
            ("ก\u{E47}\u{E47}\u{E47}\u{E47}\u{E47}\u{E47}", "ก\u{E47}\u{E47}\u{E47}\u{E47}"),
            ("Anna ✓ ✔\u{FE0F}✅☑", "Anna"),
            ("\u{F8FF}\u{10FFFD}\u{FFFF}\u{1FFFE}\u{FFFC}x", "x"),
        ] {
            assert_eq!(display_name(typed), name, "{typed:?}");
            assert!(!is_display_name(typed), "{typed:?}");
        }
    }

    #[test]
    fn a_long_name_ends_after_forty_characters() {
        for c in ["x", "é", "字", "🦊"] {
            assert_eq!(display_name(&c.repeat(1_000)), c.repeat(40));
            assert!(is_display_name(&c.repeat(40)));
            assert!(!is_display_name(&c.repeat(41)));
        }
        let words = format!("{} b", "a".repeat(39));
        assert_eq!(display_name(&words), "a".repeat(39), "no blank at the end");
        assert_eq!(display_name(&words[1..]), words[1..]);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn whatever_is_typed_becomes_a_name(typed in "[ab ❤\u{300}-\u{302}\u{200B}-\u{200F}\u{FE0E}\u{FE0F}🦊\n]{0,60}|.{0,60}") {
            let name = display_name(&typed);
            assert!(is_display_name(&name), "{typed:?} became {name:?}");
            assert_eq!(name.trim(), name);
        }
    }

    #[test]
    fn names_of_files_are_file_names() {
        for name in ["photo.png", "Grüße aus Köln.png", "写真 1.png", ".hidden", "a"] {
            assert!(is_file_name(name), "{name}");
        }
    }

    #[test]
    fn paths_controls_and_directions_are_not() {
        for name in [
            "",
            " ",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "C:x",
            "a\0b",
            "a\nb",
            "\u{202E}gnp.exe",
            "a\u{200B}",
            "a\u{2066}b",
            &"x".repeat(256),
        ] {
            assert!(!is_file_name(name), "{name:?}");
        }
    }
}
