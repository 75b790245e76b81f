use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

/// Longest fragment that is taken for a room's name, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// What stands behind the `#` of a room's link: the room's only credential.
///
/// 16 or 32 bytes in base64url are a secret. Anything else is a name that a person typed; it works, and it is
/// not private, since whoever guesses the name is in.
#[derive(Clone, PartialEq, Eq)]
pub enum Link {
    /// Bytes from a cryptographic generator.
    Secret(Vec<u8>),
    /// A typed name.
    Name(String),
}

impl Link {
    /// Reads a fragment, with or without its `#`. An empty one names no room.
    ///
    /// A fragment longer than 512 bytes is cut at a character's end: it stays a name, only shorter.
    #[must_use]
    pub fn from_fragment(fragment: &str) -> Option<Self> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment).trim();
        if fragment.is_empty() {
            return None;
        }
        if matches!(fragment.len(), 22 | 43)
            && let Ok(secret) = Base64UrlUnpadded::decode_vec(fragment)
        {
            return Some(Self::Secret(secret));
        }
        let end = (0..=MAX_NAME_BYTES.min(fragment.len())).rev().find(|&end| fragment.is_char_boundary(end));
        Some(Self::Name(fragment[..end.unwrap_or(0)].trim_end().to_owned()))
    }

    /// A new private room. `random` must come from a cryptographic generator.
    #[must_use]
    pub fn mint(random: [u8; 16]) -> Self {
        Self::Secret(random.to_vec())
    }

    /// The text behind the `#`.
    #[must_use]
    pub fn fragment(&self) -> String {
        match self {
            Self::Secret(secret) => Base64UrlUnpadded::encode_string(secret),
            Self::Name(name) => name.clone(),
        }
    }

    /// Whether nobody can guess it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

/// A link is a secret: it is never printed.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Link::Secret(…)",
            Self::Name(_) => "Link::Name(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_minted_link_reads_back() {
        let link = Link::mint([0xEE; 16]);
        assert_eq!(Link::from_fragment(&link.fragment()), Some(link.clone()));
        assert_eq!(Link::from_fragment(&format!("#{}", link.fragment())), Some(link.clone()));
        assert!(link.is_private());
    }

    #[test]
    fn thirty_two_bytes_are_a_secret_too() {
        let fragment = Base64UrlUnpadded::encode_string(&[3; 32]);
        assert_eq!(Link::from_fragment(&fragment), Some(Link::Secret(vec![3; 32])));
    }

    #[test]
    fn anything_else_is_a_name_and_not_private() {
        for name in ["kitchen", "%20", "ÄÖ", "++++++++++++++++++++++", "<script>"] {
            let link = Link::from_fragment(name).unwrap();
            assert_eq!(link, Link::Name(name.to_owned()));
            assert!(!link.is_private());
        }
        for nothing in ["", "#", " ", "# "] {
            assert_eq!(Link::from_fragment(nothing), None);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let link = Link::from_fragment(&"ä".repeat(10_000)).unwrap();
        assert_eq!(link.fragment().len(), MAX_NAME_BYTES);
    }

    #[test]
    fn it_is_not_printed() {
        assert!(!format!("{:?}", Link::Name("kitchen".into())).contains("kitchen"));
    }
}
