//! File names that are fit to be shown and saved.

use snaproom_protocol::control::MAX_NAME_BYTES;

/// Whether a peer's file name may be shown and saved as it is: not empty, not too long, no path, no control or
/// direction-changing character (Unicode `Bidi_Control` and the zero-width ones).
#[must_use]
pub fn is_clean(name: &str) -> bool {
    !name.trim().is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !matches!(name, "." | "..")
        && !name.chars().any(|c| {
            c.is_control()
                || matches!(c, '/' | '\\' | ':' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                    | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        })
}

#[cfg(test)]
mod tests {
    use super::is_clean;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_of_people_are_clean() {
        for name in ["photo.png", "Grüße aus Köln.png", "写真 1.png", ".hidden", "a"] {
            assert!(is_clean(name), "{name}");
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
            assert!(!is_clean(name), "{name:?}");
        }
    }
}
