use std::fmt;

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// What JavaScript threw: the name and the message of a `DOMException` or an `Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// For code to tell them apart, as in `NotAllowedError`.
    pub name: String,
    /// For a person who debugs; the browser's own words.
    pub message: String,
}

impl Error {
    pub(crate) fn new(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), message: message.into() }
    }

    /// Takes the value as `map_err` hands it over. Anything can be thrown, not only an `Error`.
    #[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` calls")]
    pub(super) fn from_js(thrown: JsValue) -> Self {
        Self {
            name: text(&thrown, "name").unwrap_or_else(|| "Error".to_owned()),
            message: text(&thrown, "message").unwrap_or_else(|| format!("{thrown:?}")),
        }
    }

    /// A dictionary that would not go through serde-wasm-bindgen.
    #[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` calls")]
    pub(super) fn from_serde(error: serde_wasm_bindgen::Error) -> Self {
        Self::new("DataError", error.to_string())
    }
}

/// A member of `value` that is a string.
pub(super) fn text(value: &JsValue, member: &str) -> Option<String> {
    Reflect::get(value, &member.into()).ok()?.as_string()
}

/// A member of `value` that is a number.
pub(super) fn number(value: &JsValue, member: &str) -> Option<f64> {
    Reflect::get(value, &member.into()).ok()?.as_f64()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for Error {}
