//! Names that are fit to be shown: of people, and of files, which are saved as well.

use snaproom_protocol::control::{MAX_DISPLAY_NAME_BYTES, MAX_DISPLAY_NAME_CHARS, MAX_NAME_BYTES};

/// Most marks above and below one letter: Burmese has four. With more, a name grows over its neighbours.
const MAX_MARKS: usize = 4;

/// Most bytes of what tells a file's kind, without its dot; with more it is a name that has a dot in it.
const MAX_EXTENSION_BYTES: usize = 16;

/// Most folders above a file, and their bytes with a slash for each: with a name there are 32, and 1,024 bytes.
const MAX_FOLDERS: usize = 31;
const MAX_FOLDER_BYTES: usize = MAX_PATH_BYTES - MAX_NAME_BYTES;

/// Most bytes of a [`path_in_folder`], of which its last name may have [`MAX_NAME_BYTES`] in any case.
pub const MAX_PATH_BYTES: usize = 1024;

/// Turns what a person types into a display name by dropping what does not fit: white space at the ends,
/// invisible characters, check marks, piled-up marks, and whatever comes after [`MAX_DISPLAY_NAME_CHARS`]. May become empty.
#[must_use]
pub fn display_name(typed: &str) -> String {
    visible(typed.chars().filter(|c| !is_check(*c)), MAX_DISPLAY_NAME_CHARS)
}

/// Whether a peer's name may be shown as it is: [`display_name`] changes nothing of it. Empty is one too.
#[must_use]
pub fn is_display_name(name: &str) -> bool {
    name.len() <= MAX_DISPLAY_NAME_BYTES && display_name(name) == name
}

/// What a file may be called that somebody, or a disk, calls `name`: fit to be shown, and to be saved on any system. Only
/// the last part of a path, without what [`display_name`] drops (but for check marks) and without characters that are not
/// assigned; `_` for what Windows forbids (`<>:"|?*`), and before names that it keeps for devices; no dots and blanks at
/// the ends. At most [`MAX_NAME_BYTES`], with its extension where that is short. Never empty: `file` then.
#[must_use]
pub fn file_name(name: &str) -> String {
    name.rsplit(SLASHES).find_map(component).unwrap_or_else(|| String::from("file"))
}

/// Whether a peer may call a file this at all: not empty, not too long, no path, no control or direction-changing
/// character (Unicode `Bidi_Control` and the zero-width ones). Two programs agree on it, whichever Unicode they know.
/// It is shown and saved as [`file_name`] of it, which is always one.
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

/// Where a file is in a folder that is sent: names like those of [`file_name`], with `/` between them. Parts that have
/// nothing left, also `.` and `..`, are left out, and so are folders beyond the 31st and what does not fit into
/// [`MAX_PATH_BYTES`]. None if nothing is left.
#[must_use]
pub fn path_in_folder(path: &str) -> Option<String> {
    let (mut folders, mut depth) = (String::new(), 0);
    let mut file = None;
    for name in path.split(SLASHES).filter_map(component) {
        let Some(folder) = file.replace(name) else { continue };
        if depth < MAX_FOLDERS && folders.len() + folder.len() < MAX_FOLDER_BYTES {
            folders = folders + &folder + "/";
            depth += 1;
        }
    }
    file.map(|file| folders + &file)
}

/// A path of [`path_in_folder`] in two parts, its extension the second, between which a number of [`MAX_NUMBER_BYTES`] makes
/// another one.
pub(crate) fn around_number(path: &str) -> (&str, &str) {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = start + extension(&path[start..]);
    let (stem, extension) = path.split_at(end);
    let stem = &stem[..stem.floor_char_boundary(start + MAX_NAME_BYTES - MAX_NUMBER_BYTES - extension.len())];
    (stem.trim_end_matches(DOT_AND_BLANK), extension)
}

/// ` (99999)`: more than there are files in a folder.
const MAX_NUMBER_BYTES: usize = 8;

const SLASHES: [char; 2] = ['/', '\\'];

/// One part of a path; none if nothing is left of it.
fn component(name: &str) -> Option<String> {
    let is_first = |c: &char| *c != '.' && !c.is_whitespace() && !is_invisible(*c) && !is_mark(*c);
    let chars =
        name.chars().skip_while(|c| !is_first(c)).filter(|c| c.is_whitespace() || !is_unprintable(*c));
    let mut name = visible(chars.map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }), usize::MAX);
    trim_end(&mut name);
    if is_device(&name) {
        name.insert(0, '_');
    }
    cut(&mut name);
    Some(name).filter(|name| !name.is_empty())
}

/// Windows opens a device by these names, in any folder and with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is_one_of = |names: &[&str], text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    let numbered = stem.char_indices().next_back().and_then(|(at, last)| {
        matches!(last, '0'..='9' | '¹' | '²' | '³').then(|| is_one_of(&["COM", "LPT"], &stem[..at]))
    });
    numbered == Some(true) || is_one_of(&["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"], stem)
}

/// At most [`MAX_NAME_BYTES`] of it.
fn cut(name: &mut String) {
    if name.len() > MAX_NAME_BYTES {
        let extension = name.split_off(extension(name));
        name.truncate(name.floor_char_boundary(MAX_NAME_BYTES - extension.len()));
        trim_end(name);
        name.push_str(&extension);
    }
}

/// Where the extension of a name begins, with its dot, if it is short; else where the name ends.
fn extension(name: &str) -> usize {
    name.rfind('.').filter(|dot| name.len() - dot <= MAX_EXTENSION_BYTES + 1).unwrap_or(name.len())
}

/// Windows drops these there.
fn trim_end(name: &mut String) {
    name.truncate(name.trim_end_matches(DOT_AND_BLANK).len());
}

const DOT_AND_BLANK: [char; 2] = ['.', ' '];

/// At most `most` characters of a text, without what is invisible, with one blank for any white space and none at the ends,
/// and with marks only where there is a letter for them.
fn visible(text: impl Iterator<Item = char>, most: usize) -> String {
    let mut name = String::new();
    let (mut chars, mut marks) = (0, 0);
    let mut is_apart = false;
    for c in text {
        if c.is_whitespace() {
            is_apart = !name.is_empty();
            continue;
        }
        let base = name.chars().next_back().filter(|_| !is_apart);
        if c == EMOJI_SELECTOR {
            if !base.is_some_and(is_symbol) {
                continue;
            }
        } else if is_invisible(c) {
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
        if chars > most {
            break;
        }
        if std::mem::take(&mut is_apart) {
            name.push(' ');
        }
        name.push(c);
    }
    name
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

/// What is not assigned, not printed, or private: the standard library escapes it also behind a letter, unlike marks.
fn is_unprintable(c: char) -> bool {
    is_mark(c) && ['a', c].iter().collect::<String>().escape_debug().count() > 2
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
    use super::*;
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

    #[test]
    fn names_of_files_stay_as_they_are() {
        for name in [
            "photo.png",
            "Grüße aus Köln.png",
            "写真 1.png",
            "रिपोर्ट.pdf",
            "עברית.txt",
            "a",
            "archive.tar.gz",
            "❤\u{FE0F} ✓.txt",
            "it's 100 % & more (2) [final], ~$x;=+@#!`{}^.docx",
            "con-text",
            "COM10",
            "COM",
            "nul_",
            "Aux Cajun.mp3",
            &"x".repeat(255),
        ] {
            assert_eq!(file_name(name), name);
        }
    }

    #[test]
    fn what_others_call_a_file_becomes_a_name() {
        for (called, name) in [
            ("", "file"),
            (" ", "file"),
            (".", "file"),
            ("..", "file"),
            (". . .", "file"),
            ("../x", "x"),
            ("a/b", "b"),
            ("a\\b", "b"),
            ("a/b\\c/", "c"),
            ("/", "file"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\Windows\\win.ini", "win.ini"),
            ("C:x", "C_x"),
            ("C:\\x", "x"),
            ("x.txt:stream:$DATA", "x.txt_stream_$DATA"),
            ("<a>\"b\"|c?*", "_a__b__c__"),
            (".bashrc", "bashrc"),
            (" . .a. . ", "a"),
            ("a\0b", "ab"),
            ("a\r\nb\u{85}c\u{2028}d\u{2029}e\tf", "a b c d e f"),
            ("a\u{1B}[31mb", "a[31mb"),
            ("photo\u{202E}gpj.exe", "photogpj.exe"),
            ("photo.jpg\u{202E}", "photo.jpg"),
            ("a\u{200B}\u{2066}b\u{FEFF}\u{AD}", "ab"),
            ("photo.jpg                                        .exe", "photo.jpg .exe"),
            ("photo.jpg\u{3000}\u{A0}\u{2003}\u{3164}\u{2800}.exe", "photo.jpg .exe"),
            ("photo.exe.", "photo.exe"),
            ("photo.exe. .", "photo.exe"),
            ("\u{E000}a\u{F8FF}\u{FFFF}\u{10FFFD}", "a"),
            ("a\u{378}\u{E0080}b", "ab"),
            (".\u{301}a", "a"),
            ("a\u{301}\u{302}\u{303}\u{304}\u{305}.txt", "a\u{301}\u{302}\u{303}\u{304}.txt"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1.tar.gz", "_Com1.tar.gz"),
            ("lpt0", "_lpt0"),
            ("COM¹", "_COM¹"),
            ("aux .txt", "_aux .txt"),
            ("\u{200B}prn.", "_prn"),
            ("CONIN$", "_CONIN$"),
        ] {
            assert_eq!(file_name(called), name, "{called:?}");
            assert_eq!(file_name(name), name);
        }
    }

    #[test]
    fn a_long_file_name_is_cut_before_its_extension() {
        for c in ["x", "é", "字", "🦊"] {
            for (extension, kept) in [
                (".jpeg", ".jpeg"),
                ("", ""),
                (".tar.gz", ".gz"),
                (".exe. .", ".exe"),
                (". not one but a sentence", ""),
            ] {
                let name = file_name(&(c.repeat(300) + extension));
                let room = 255 - kept.len();
                assert_eq!(name, c.repeat(room / c.len()) + kept);
            }
        }
        assert_eq!(file_name(&format!("{} . .b.txt", "a".repeat(250))), format!("{}.txt", "a".repeat(250)));
        assert_eq!(
            file_name(&format!("nul.{}.txt", "a".repeat(300))),
            format!("_nul.{}.txt", "a".repeat(246))
        );
    }

    #[test]
    fn a_path_stays_within_its_folder() {
        for (path, within) in [
            ("a", Some("a")),
            ("a/b.txt", Some("a/b.txt")),
            ("a\\b\\c.txt", Some("a/b/c.txt")),
            ("/a//b/", Some("a/b")),
            ("../../a/../b", Some("a/b")),
            ("./a/. /.. /b", Some("a/b")),
            ("C:\\nul\\.git\\config", Some("C_/_nul/git/config")),
            ("a\u{2044}b/\u{202E}/c\u{FF0F}", Some("a\u{2044}b/c\u{FF0F}")),
            ("", None),
            ("/", None),
            ("..", None),
            ("../\u{200B}/. ", None),
        ] {
            assert_eq!(path_in_folder(path).as_deref(), within, "{path:?}");
        }
        let deep = |depth| "a/".repeat(depth) + "file.txt";
        assert_eq!(path_in_folder(&deep(31)), Some(deep(31)));
        assert_eq!(path_in_folder(&deep(100)), Some(deep(31)), "the file is not lost");
        let long = format!("{}/", "d".repeat(255)).repeat(10) + &"x".repeat(251) + ".txt";
        let cut = path_in_folder(&long).unwrap();
        assert_eq!(cut, format!("{}/", "d".repeat(255)).repeat(3) + &"x".repeat(251) + ".txt");
        assert_eq!(cut.len(), MAX_PATH_BYTES - 1);
    }

    #[cfg(not(target_arch = "wasm32"))]
    const NASTY: &str = "[abnulcomNULCOM1./\\\\ :<~\u{300}-\u{303}\u{200B}-\u{200F}\u{2028}-\u{202E}\u{FE0F}\u{378}❤🦊\n]{0,80}\
        |(\\PC{100,150}|🦊{50,80}|x{200,300})[. \u{301}]{0,3}[.][a.]{0,20}|.{0,80}";

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn whatever_a_file_is_called_becomes_a_name(called in NASTY) {
            let name = file_name(&called);
            assert_eq!(file_name(&name), name, "{called:?}");
            assert!(is_file_name(&name), "{called:?} became {name:?}");
            assert!(!name.is_empty() && name.len() <= MAX_NAME_BYTES);
            assert!(!name.contains(['/', '\\', '<', '>', ':', '"', '|', '?', '*']));
            assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']));
            assert!(!name.chars().any(|c| is_invisible(c) && c != EMOJI_SELECTOR || is_unprintable(c)), "{name:?}");
            assert!(!is_device(&name));
        }

        #[test]
        fn whatever_a_path_is_it_stays_within(path in NASTY) {
            let Some(within) = path_in_folder(&path) else { return Ok(()) };
            assert_eq!(path_in_folder(&within).as_ref(), Some(&within), "{path:?}");
            assert!(within.len() <= MAX_PATH_BYTES);
            assert!(within.split('/').count() <= 32 && within.split('/').all(is_file_name), "{path:?} became {within:?}");
            assert!(within.ends_with(&file_name(&path)));
        }
    }
}
