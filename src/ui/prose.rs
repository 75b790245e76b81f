//! What is in a text that somebody wrote: code between backticks, links, and the rest. Never markup: each part becomes a
//! text of the page.

use super::surface::Part;

/// The parts of `text`, in order. `destination` reads an address as the browser does, or finds that it is none.
pub fn parts(text: &str, destination: impl Fn(&str) -> Option<(String, String)>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, block, behind)) = fenced(rest) {
        inline(before, &destination, &mut parts);
        parts.push(Part::Block(block.to_owned()));
        rest = behind;
    }
    inline(rest, &destination, &mut parts);
    parts
}

/// The first block of code, with what is before and behind it. One that does not end is none.
fn fenced(text: &str) -> Option<(&str, &str, &str)> {
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        match start {
            None if line.ends_with('\n') && line.strip_prefix("```").is_some_and(is_language) => {
                start = Some((at, next));
            }
            Some((before, inside)) if line.trim_end() == "```" => {
                let block = text[inside..at.max(inside)].trim_end_matches('\n');
                return Some((
                    text[..before].trim_end_matches('\n'),
                    block,
                    text[next..].trim_start_matches('\n'),
                ));
            }
            _ => {}
        }
        at = next;
    }
    None
}

/// What may stand behind the first fence, and does not show: nobody is to lose more than a word by it.
fn is_language(word: &str) -> bool {
    let word = word.trim_end();
    word.len() <= 20
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '_' | '.'))
}

fn inline(text: &str, destination: &impl Fn(&str) -> Option<(String, String)>, parts: &mut Vec<Part>) {
    let mut plain = String::new();
    let mut before = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let special = match c {
            '`' => code(rest),
            'h' | 'H' if before.is_none_or(|c: char| !c.is_alphanumeric()) => link(rest, destination),
            _ => None,
        };
        let (length, part) = special.map_or((c.len_utf8(), None), |(length, part)| (length, Some(part)));
        match part {
            Some(part) => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(part);
            }
            None => plain.push(c),
        }
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
}

/// Between two backticks in one line, and not nothing.
fn code(text: &str) -> Option<(usize, Part)> {
    let inside = &text[1..];
    let end = inside.find(['`', '\n']).filter(|&end| end > 0 && inside[end..].starts_with('`'))?;
    Some((end + 2, Part::Code(inside[..end].to_owned())))
}

/// An address of the web, up to where it ends for people: no closing mark belongs to it that it did not open.
fn link(text: &str, destination: &impl Fn(&str) -> Option<(String, String)>) -> Option<(usize, Part)> {
    let scheme = ["https://", "http://"]
        .iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))?;
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '\\');
    let mut typed = &text[..text.find(ends).unwrap_or(text.len())];
    while let Some(last) = typed.chars().next_back() {
        let opens = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' => None,
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => break,
        };
        let is_open = opens.is_some_and(|opens| typed.matches(opens).count() >= typed.matches(last).count());
        if is_open {
            break;
        }
        typed = &typed[..typed.len() - last.len_utf8()];
    }
    if typed.len() <= scheme.len() {
        return None;
    }
    let (href, host) = destination(typed)?;
    Some((typed.len(), Part::Link { shown: typed.to_owned(), href, host }))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::{Part::*, *};
    use crate::ui::surface::destination;

    /// A part in short: what it is, and what it shows.
    fn seen(text: &str) -> Vec<String> {
        let short = |part: Part| match part {
            Text(text) => format!("t:{text}"),
            Code(code) => format!("c:{code}"),
            Block(block) => format!("b:{block}"),
            Link { shown, host, .. } => format!("l:{shown}@{host}"),
        };
        parts(text, destination).into_iter().map(short).collect()
    }

    #[wasm_bindgen_test]
    fn code_keeps_what_is_in_it() {
        assert_eq!(seen("a `b` c"), ["t:a ", "c:b", "t: c"]);
        assert_eq!(seen("`https://a.example`"), ["c:https://a.example"]);
        assert_eq!(seen("```\nlet a = `b`;\n  c\n```"), ["b:let a = `b`;\n  c"]);
        assert_eq!(seen("x\n```rust\na\n\nb\n```\ny `z`"), ["t:x", "b:a\n\nb", "t:y ", "c:z"]);
        assert_eq!(seen("```\n```"), ["b:"]);
        assert_eq!(seen("```\na\n```\n```\nb\n```"), ["b:a", "b:b"]);
    }

    #[wasm_bindgen_test]
    fn what_does_not_end_is_no_code() {
        for text in ["`", "``", "a ` b", "`a\nb`", "```\na", "```a```b", " ```\na", "```two words\na\n```"] {
            assert!(!seen(text).iter().any(|part| part.starts_with("b:")), "{text}");
        }
        assert_eq!(seen("a ` b"), ["t:a ` b"]);
        assert_eq!(seen("`a\nb`"), ["t:`a\nb`"]);
    }

    #[wasm_bindgen_test]
    fn links_end_where_people_end_them() {
        for (text, parts) in [
            ("https://a.example", vec!["l:https://a.example@a.example"]),
            ("see HTTP://A.example/b?c=d#e.", vec!["t:see ", "l:HTTP://A.example/b?c=d#e@a.example", "t:."]),
            ("(https://a.example/b)", vec!["t:(", "l:https://a.example/b@a.example", "t:)"]),
            ("https://a.example/b_(c)!", vec!["l:https://a.example/b_(c)@a.example", "t:!"]),
            ("<https://a.example>", vec!["t:<", "l:https://a.example@a.example", "t:>"]),
            ("\"https://a.example\"", vec!["t:\"", "l:https://a.example@a.example", "t:\""]),
            ("https://a.example\nb", vec!["l:https://a.example@a.example", "t:\nb"]),
            ("https://münchen.example", vec!["l:https://münchen.example@xn--mnchen-3ya.example"]),
            ("https://1.2.3", vec!["l:https://1.2.3@1.2.0.3"]),
        ] {
            assert_eq!(seen(text), parts, "{text}");
        }
    }

    #[wasm_bindgen_test]
    fn what_leads_elsewhere_is_no_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,a",
            "https:",
            "https://",
            "https://.",
            "xhttps://a.example",
            "ftp://a.example",
            "https://good.example@evil.example/",
            "https://user:word@evil.example/",
            "https://a b",
            "//a.example",
            "https:/\\evil.example",
        ] {
            assert!(!seen(text).iter().any(|part| part.starts_with("l:") && part.contains("evil")), "{text}");
            if !text.contains(' ') {
                assert_eq!(seen(text), [format!("t:{text}")]);
            }
        }
    }

    /// Whatever is written, nothing of it is lost but the marks of code and the breaks around a block.
    #[wasm_bindgen_test]
    fn everything_that_was_written_shows() {
        let atoms = ["`", "```", "```\n", "\n", "é", " ", "https://a.example", "(", ")", "ä", "🦊"];
        let mut state = 7u32;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(atoms[(state >> 16) as usize % atoms.len()]);
            }
            let shown: String = parts(&text, destination)
                .into_iter()
                .map(|part| match part {
                    Text(text) | Code(text) | Block(text) => text,
                    Link { shown, .. } => shown,
                })
                .collect();
            let bare = |text: &str| text.replace(['`', '\n', ' '], "");
            assert_eq!(bare(&shown), bare(&text), "{text:?}");
        }
    }
}
