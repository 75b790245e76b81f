//! Reads `vectors.json`: bytes stand there in hex, a message as an object of its fields under its variant's name.

#![allow(
    dead_code,
    unused_imports,
    reason = "the tests inside the crate and those outside use a part of it each"
)]

use std::sync::LazyLock;

#[cfg(not(target_arch = "wasm32"))]
pub use core::prelude::v1::test;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Visitor,
        value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;
use snaproom_protocol::{Digest, Nonce, PeerId};
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{End, Fingerprint, Link, RoomKeys};

static FILE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("vectors.json")).expect("JSON"));

/// What stands at the top of the file under `key`.
pub fn top<T: Deserialize<'static>>(key: &str) -> T {
    FILE.read(key)
}

/// The section's vectors, of which there are `count`.
pub fn vectors(section: &str, count: usize) -> &'static [Value] {
    let vectors = FILE[section].as_array().unwrap_or_else(|| panic!("no {section}"));
    assert_eq!(vectors.len(), count, "vectors in {section}");
    vectors
}

/// The names of the file's sections.
pub fn sections() -> Vec<&'static str> {
    FILE.as_object().expect("an object").keys().map(String::as_str).collect()
}

pub trait Read {
    /// What stands under `key`.
    fn read<T: Deserialize<'static>>(&'static self, key: &str) -> T;
}

impl Read for Value {
    fn read<T: Deserialize<'static>>(&'static self, key: &str) -> T {
        let field = self.get(key).unwrap_or_else(|| panic!("no {key} in {self}"));
        T::deserialize(Field(field)).unwrap_or_else(|error| panic!("{key}: {error} in {self}"))
    }
}

/// The bytes that `text` stands for.
pub fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.is_ascii() && text.len().is_multiple_of(2), "no hex: {text}");
    let byte = |place| u8::from_str_radix(&text[place..place + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The variants of `T`.
pub fn variants<T: DeserializeOwned>() -> Vec<String> {
    let names = T::deserialize(Variants).err().expect("an enum").to_string();
    names.split(' ').map(str::to_owned).collect()
}

#[derive(Clone, Copy)]
struct Field<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, Error> for Field<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visitor.visit_u64(number.as_u64().expect("a natural number")),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.iter().map(Field))),
            Value::Object(fields) => visitor.visit_map(MapDeserializer::new(
                fields.iter().map(|(name, value)| (name.as_str(), Field(value))),
            )),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.0.as_str().ok_or_else(|| Error::custom("no hex"))?;
        // Kept as long as the file itself.
        visitor.visit_borrowed_bytes(from_hex(text).leak())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(variant) => visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(
                variant.iter().map(|(name, value)| (name.as_str(), Field(value))),
            ))),
            _ => Err(Error::custom("no variant")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Reads nothing: its error names the variants of the type that asked.
struct Variants;

impl<'de> Deserializer<'de> for Variants {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        panic!("no enum")
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom(variants.join(" ")))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Of the room behind the vector's link.
pub fn keys(vector: &'static Value) -> RoomKeys {
    RoomKeys::derive(&Link::from_fragment(vector.read("fragment")).expect("a room"))
}

/// One side of a negotiation, as envelopes know it.
pub fn negotiator(value: &'static Value) -> (PeerId, Nonce) {
    (value.read("peer"), value.read("nonce"))
}

/// The same, as proofs know it.
pub fn end(value: &'static Value) -> End {
    let (peer, nonce) = negotiator(value);
    End { peer, nonce, fingerprint: Fingerprint(value.read::<Digest>("fingerprint").0) }
}
