//! The headers that every response carries, among them what the page may load.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use sha2::{Digest, Sha256};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Adds the headers to a response; one without a Content-Security-Policy of its own gets that of a page without
/// inline scripts.
pub(crate) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| content_security_policy(""));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (PERMISSIONS_POLICY, "camera=(self), microphone=(self), display-capture=(self)"),
        (OPENER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells browsers to come by HTTPS alone for a year (RFC 6797).
pub(crate) async fn https_only(mut response: Response) -> Response {
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    response
}

/// The policy for a page that consists of `html` (CSP level 3): scripts and styles from this server, and the inline
/// ones that `html` has, by their hash. `'self'` in `connect-src` covers the WebSocket.
pub(crate) fn content_security_policy(html: &str) -> HeaderValue {
    let inline = Inline::of(html);
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{}; style-src 'self'{}; img-src 'self' blob: data:; \
         media-src 'self' blob: mediastream:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        inline.scripts, inline.styles,
    );
    // Cannot fail: the text above and base64 are printable ASCII.
    #[expect(clippy::expect_used)]
    HeaderValue::try_from(policy).expect("a policy is printable ASCII")
}

/// Hash sources, each with a space before it.
#[derive(Debug, Default)]
struct Inline {
    scripts: String,
    styles: String,
}

impl Inline {
    fn of(html: &str) -> Self {
        let mut inline = Self::default();
        let mut emitter = DefaultEmitter::default();
        // What stands in <script> and <style> is text, not tags.
        emitter.naively_switch_states(true);
        let mut open: Option<(Vec<u8>, Vec<u8>)> = None;
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => {
                    let hashed = match tag.name.as_slice() {
                        b"script" => !tag.attributes.contains_key(b"src".as_slice()),
                        b"style" => true,
                        _ => false,
                    };
                    open = hashed.then(|| (tag.name.0, Vec::new()));
                }
                Token::String(text) => {
                    if let Some((_, content)) = &mut open {
                        content.extend_from_slice(&text);
                    }
                }
                Token::EndTag(_) => {
                    if let Some((name, content)) = open.take() {
                        let sources =
                            if name == b"script" { &mut inline.scripts } else { &mut inline.styles };
                        let hash = STANDARD.encode(Sha256::digest(&content));
                        sources.extend([" 'sha256-", &hash, "'"]);
                    }
                }
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        inline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(content: &str) -> String {
        format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(content)))
    }

    #[test]
    fn a_hash_is_the_one_of_the_specification() {
        // The example of CSP level 3, section 2.3.1.
        assert_eq!(
            Inline::of("<script>alert('Hello, world.');</script>").scripts,
            " 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }

    #[test]
    fn inline_content_is_found_as_a_browser_finds_it() {
        let none = String::new();
        for (html, scripts, styles) in [
            ("<SCRIPT type=module>\n a < b;\n</Script >", source("\n a < b;\n"), none.clone()),
            ("<script src='/a.js'></script>", none.clone(), none.clone()),
            ("<script data-x='>' data-src=y>1</script>", source("1"), none.clone()),
            ("<!-- <script>1</script> --><script>2</script>", source("2"), none.clone()),
            ("<script>'<style>x</style>'</script>", source("'<style>x</style>'"), none.clone()),
            ("<style>a{}</style><script>1</script>", source("1"), source("a{}")),
            ("<script>1\r\n2</script>", source("1\n2"), none.clone()),
            ("<script>&amp;é</script>", source("&amp;é"), none.clone()),
            ("<script>1</script><p>text</p><script>2</script>", source("1") + &source("2"), none.clone()),
            ("<script>never closed", none.clone(), none.clone()),
        ] {
            let inline = Inline::of(html);
            assert_eq!((inline.scripts, inline.styles), (scripts, styles), "{html}");
        }
    }
}
