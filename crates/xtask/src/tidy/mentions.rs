//! What a source file names: its paths with `use` trees spelled out. Comments and strings are no
//! mentions; the inside of a macro call, such as a view, is.

use std::fmt;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

/// One path as the code names it, such as `crate::browser::Camera`; a field or method is `.name`, and
/// a call without arguments `.name()`.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    /// Counted from 1.
    pub line: usize,
    /// The segments, with `::` between them; a glob ends in `*`.
    pub path: String,
}

/// Every path in `text`.
pub fn mentions(text: &str) -> Result<Vec<Mention>, Unreadable> {
    let tokens: TokenStream = text.parse().map_err(Unreadable)?;
    let mut found = Vec::new();
    read(tokens, "", &mut found);
    Ok(found)
}

/// A file that is no Rust.
#[derive(Debug)]
pub struct Unreadable(LexError);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.span().start().line;
        write!(f, "line {line} is not Rust")
    }
}

impl Mention {
    /// Whether `name` is one of the segments.
    pub fn has(&self, name: &str) -> bool {
        self.path.split("::").any(|segment| segment == name)
    }

    /// Whether the path is `start::name` or goes on below it.
    pub fn leads_to(&self, start: &str, name: &str) -> bool {
        let below = self.path.strip_prefix(start);
        let rest = below.and_then(|path| path.strip_prefix("::")?.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }

    /// Whether the path leads through our own crate to its module `name`.
    pub fn is_in_own(&self, name: &str) -> bool {
        let own = ["crate", "super", "self", "snaproom_app"];
        let mut segments = self.path.split("::").skip_while(|segment| own.contains(segment));
        segments.next() == Some(name) && own.iter().any(|start| self.path.starts_with(start))
    }
}

/// `prefix` is what stands before the braces of a `use` tree.
fn read(tokens: TokenStream, prefix: &str, found: &mut Vec<Mention>) {
    let mut path: Option<Mention> = None;
    let mut before = Before::Nothing;
    for token in tokens {
        let line = token.span().start().line;
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                match (before, &mut path) {
                    (Before::Colons, Some(path)) => path.path.extend(["::", &name]),
                    (Before::Dot, _) => start(&mut path, line, "", &format!(".{name}"), found),
                    _ => start(&mut path, line, prefix, &name, found),
                }
                before = Before::Nothing;
            }
            TokenTree::Punct(mark) => {
                if mark.as_char() == '*' && before == Before::Colons {
                    if let Some(path) = &mut path {
                        path.path += "::*";
                    }
                } else if mark.as_char() == '*' && !prefix.is_empty() {
                    start(&mut path, line, prefix, "*", found);
                }
                before = match (mark.as_char(), before) {
                    (':', Before::Colon) => Before::Colons,
                    (':', _) => Before::Colon,
                    ('.', _) => Before::Dot,
                    _ => Before::Nothing,
                };
            }
            TokenTree::Group(group) => {
                let tree = before == Before::Colons && group.delimiter() == Delimiter::Brace;
                if let Some(method) = path.as_mut().filter(|path| path.path.starts_with('.'))
                    && group.delimiter() == Delimiter::Parenthesis
                    && group.stream().is_empty()
                {
                    method.path += "()";
                }
                match (tree, path.take()) {
                    (true, Some(path)) => read(group.stream(), &path.path, found),
                    (_, ended) => {
                        found.extend(ended);
                        read(group.stream(), "", found);
                    }
                }
                before = Before::Nothing;
            }
            TokenTree::Literal(_) => before = Before::Nothing,
        }
    }
    found.extend(path);
}

/// What stands right before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Colon,
    Colons,
    Dot,
}

/// Ends the path being read and begins the next.
fn start(path: &mut Option<Mention>, line: usize, prefix: &str, name: &str, found: &mut Vec<Mention>) {
    let joint = if prefix.is_empty() { "" } else { "::" };
    let next = Mention { line, path: format!("{prefix}{joint}{name}") };
    found.extend(path.replace(next));
}

#[test]
fn use_trees_are_spelled_out() {
    let text = "use a::{b::{C, d::*}, E};\nfn f() { x.g(); x.g(1); a::h::<I>(m!(j::k)) } // l::m";
    let found: Vec<(usize, String)> = mentions(text)
        .unwrap()
        .into_iter()
        .map(|mention| (mention.line, mention.path))
        .filter(|(_, path)| !["use", "fn", "f", "x", "m"].contains(&path.as_str()))
        .collect();
    let expected = [
        (1, "a::b::C"),
        (1, "a::b::d::*"),
        (1, "a::E"),
        (2, ".g()"),
        (2, ".g"),
        (2, "a::h"),
        (2, "I"),
        (2, "j::k"),
    ];
    assert_eq!(found, expected.map(|(line, path)| (line, path.to_owned())));
    assert!(mentions("fn f( {").is_err());
}
