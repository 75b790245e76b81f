use std::ops::Range;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

use super::{Blob, Error, Payload};

/// Bytes that are sent: a file of the person's, or some of several put together. They stay where they are, and are read
/// a piece at a time; a clone is cheap.
#[derive(Clone)]
pub struct Source(Blob);

/// What a [`Source`] is put together of.
pub enum Part<'a> {
    /// Bytes of ours, as a header.
    Bytes(&'a [u8]),
    /// Some of another, in bytes.
    Of(&'a Source, Range<u64>),
}

impl Source {
    /// The parts in their order. Nothing is read for it.
    pub fn composed(parts: &[Part]) -> Result<Self, Error> {
        let parts = parts.iter().map(Part::to_js).collect::<Result<Array, Error>>()?;
        web_sys::Blob::new_with_blob_sequence(&parts).map(|blob| Self(blob.into())).map_err(Error::from_js)
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.size()
    }

    /// `length` bytes from `offset` on, which have to lie inside. Fails as well, with a `NotReadableError`, when the
    /// file was changed, moved or removed since it was chosen.
    pub fn read(
        &self,
        offset: u64,
        length: u32,
    ) -> impl Future<Output = Result<Payload, Error>> + 'static + use<> {
        let slice = self.slice(&(offset..offset.saturating_add(length.into())));
        async move {
            let payload = Payload::from_blob(&slice?).await?;
            if payload.len() == length { Ok(payload) } else { Err(changed()) }
        }
    }

    /// Its first bytes, at most `most`.
    pub fn head(&self, most: u32) -> impl Future<Output = Result<Vec<u8>, Error>> + 'static + use<> {
        let reading = self.read(0, self.bytes().min(most.into()) as u32);
        async move { reading.await?.to_vec(most as usize) }
    }

    /// As the browser's own, to be saved.
    #[must_use]
    pub fn blob(&self) -> &Blob {
        &self.0
    }

    fn slice(&self, range: &Range<u64>) -> Result<Blob, Error> {
        if range.start > range.end || range.end > self.bytes() {
            let why = format!("{range:?} lies outside of {} bytes", self.bytes());
            return Err(Error::new("RangeError", why));
        }
        Ok(self.0.slice(range.start, range.end))
    }
}

impl From<Blob> for Source {
    fn from(blob: Blob) -> Self {
        Self(blob)
    }
}

impl Part<'_> {
    fn to_js(&self) -> Result<JsValue, Error> {
        Ok(match self {
            Self::Bytes(bytes) => Uint8Array::from(*bytes).into(),
            Self::Of(source, range) => web_sys::Blob::from(source.slice(range)?).into(),
        })
    }
}

/// As browsers say it of a file on the disk, of which some say that it is shorter now.
fn changed() -> Error {
    Error::new("NotReadableError", "the file is not what it was")
}
