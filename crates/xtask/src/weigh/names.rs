//! What a function's name says: its crate, and which generic function it is a copy of.

use rustc_demangle::demangle;

/// The crates that come with the compiler count as one.
const STANDARD: [&str; 5] = ["alloc", "core", "std", "compiler_builtins", "__rustc"];

/// A name as in the source, without the compiler's hash.
pub fn readable(mangled: &str) -> String {
    format!("{:#}", demangle(mangled))
}

/// The crate that a function is of. Of `<A as B>::f` it is A's, unless A is the standard library's or generic:
/// then it is B's.
pub fn of_crate(name: &str) -> String {
    let mut crates = name.match_indices("::").map(|(end, _)| last_word(&name[..end]));
    let Some(first) = crates.next() else {
        return "no crate: from C, JavaScript or the linker".into();
    };
    let of_trait = || {
        let (_, path) = name.strip_prefix('<')?.split_once(" as ")?;
        Some(last_word(path.split_once("::")?.0))
    };
    let home = if STANDARD.contains(&first) { of_trait().unwrap_or(first) } else { first };
    if STANDARD.contains(&home) { "the standard library".into() } else { home.into() }
}

/// The same name for every copy of a generic function: its types are left out.
pub fn without_types(name: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    let mut before = ' ';
    for (at, letter) in name.char_indices() {
        // `<A as B>` and `<impl B for A>` say whose function it is; other brackets hold types.
        let is_owner = !before.is_alphanumeric() && (before != ':' || name[at..].starts_with("<impl "));
        match letter {
            '<' if depth > 0 || !is_owner => depth += 1,
            // The arrow of `fn() -> A` closes nothing.
            '>' if depth > 0 && before != '-' => {
                depth -= 1;
                if depth == 0 {
                    kept.push('…');
                }
            }
            _ if depth == 0 => kept.push(letter),
            _ => {}
        }
        before = letter;
    }
    kept
}

fn last_word(text: &str) -> &str {
    text.rsplit(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_crate_is_where_it_was_written() {
        for (name, of) in [
            ("snaproom_session::Session::handle", "snaproom_session"),
            ("<snaproom_app::Room as core::ops::drop::Drop>::drop", "snaproom_app"),
            ("<alloc::vec::Vec<T> as tachys::view::Render>::build", "tachys"),
            ("<T as tachys::view::any_view::IntoAny>::into_any", "tachys"),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize_any",
                "serde_json",
            ),
            ("core::ptr::drop_in_place<snaproom_app::Room>", "the standard library"),
            ("<f64 as core::fmt::Display>::fmt", "the standard library"),
            ("memcpy", "no crate: from C, JavaScript or the linker"),
        ] {
            assert_eq!(of_crate(name), of, "{name}");
        }
    }

    #[test]
    fn copies_of_a_function_share_a_name() {
        for (name, of) in [
            ("core::ptr::drop_in_place<alloc::vec::Vec<u8>>", "core::ptr::drop_in_place…"),
            ("core::ptr::drop_in_place::<fn(u8) -> u8>", "core::ptr::drop_in_place::…"),
            (
                "<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop",
                "<alloc::vec::Vec… as core::ops::drop::Drop>::drop",
            ),
            (
                "tachys::view::<impl tachys::view::Render for Option<T>>::build",
                "tachys::view::<impl tachys::view::Render for Option…>::build",
            ),
            ("memcpy", "memcpy"),
        ] {
            assert_eq!(without_types(name), of, "{name}");
        }
    }
}
