use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Uint8Array, Uint8ClampedArray};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BlobPropertyBag, MessageChannel, MessagePort};

use super::{Blob, Error, externs, window};

/// Bytes of an item outside of wasm memory. Clones share them; the last one gives them back.
#[derive(Clone)]
pub struct Payload(Rc<Bytes>);

struct Bytes(Uint8ClampedArray);

/// One binary message, as the data channel delivered it. Gives its bytes back on `Drop`.
pub struct Chunk(pub(super) ArrayBuffer);

impl Drop for Bytes {
    fn drop(&mut self) {
        free(&self.0.buffer());
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        free(&self.0);
    }
}

thread_local! {
    /// Leads nowhere.
    static AWAY: Option<MessagePort> = MessageChannel::new().ok().map(|channel| {
        channel.port2().close();
        channel.port1()
    });
}

/// Does not leave megabytes to the garbage collector, which sees a few small objects and takes its time. What is sent to
/// nobody is gone at once. After `transfer(0)` Chromium counts what it read from a file as gone, and keeps it until it
/// collects its garbage.
fn free(buffer: &ArrayBuffer) {
    // One that went to a worker has none, and would throw: a quarter of a millisecond of a page's time.
    if buffer.byte_length() > 0 {
        AWAY.with(|away| {
            // Fails only for a buffer that somebody else has taken.
            away.as_ref().map(|away| away.post_message_with_transferable(&JsValue::NULL, &Array::of1(buffer)))
        });
    }
}

impl Payload {
    /// Room for `bytes` bytes, all zero. Fails where the browser has no memory left.
    pub fn allocate(bytes: u32) -> Result<Self, Error> {
        let array = externs::Bytes::new(bytes).map_err(Error::from_js)?;
        Ok(Self::new(array.unchecked_into()))
    }

    /// All bytes of `blob`. The caller has bounded its size.
    pub async fn from_blob(blob: &Blob) -> Result<Self, Error> {
        let blob: &web_sys::Blob = blob.as_ref();
        let buffer: JsValue = blob.array_buffer().await.map_err(Error::from_js)?;
        Ok(Self::new(Uint8ClampedArray::new(&buffer)))
    }

    /// A file of these bytes, outside of the page's memory.
    pub fn to_blob(&self, mime: &str) -> Result<Blob, Error> {
        let options = BlobPropertyBag::new();
        options.set_type(mime);
        web_sys::Blob::new_with_buffer_source_sequence_and_options(&Array::of1(self.array()), &options)
            .map(Blob::from)
            .map_err(Error::from_js)
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.array().length()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `chunk` at `offset`; it has to fit.
    pub fn write(&self, offset: u32, chunk: &Chunk) -> Result<(), Error> {
        self.check(offset, chunk.len())?;
        self.array().set(&Uint8ClampedArray::new(&chunk.0), offset);
        Ok(())
    }

    /// A copy in wasm memory, refused when there are more than `max` bytes.
    pub fn to_vec(&self, max: usize) -> Result<Vec<u8>, Error> {
        if self.len() as usize > max {
            return Err(Error::new("RangeError", format!("{} bytes, at most {max} expected", self.len())));
        }
        Ok(self.array().to_vec())
    }

    /// SHA-256 of `length` bytes from `offset` on: off the main thread where the page has `SubtleCrypto`, else
    /// (over plain http) by the sha2 crate. It works on the bytes as they are at the time of the first poll.
    pub fn sha256(
        &self,
        offset: u32,
        length: u32,
    ) -> impl Future<Output = Result<[u8; 32], Error>> + 'static + use<> {
        let payload = self.clone();
        async move {
            let view = payload.view(offset, length)?;
            let crypto: externs::Crypto = window().crypto().map_err(Error::from_js)?.unchecked_into();
            let Some(subtle) = crypto.subtle() else {
                return Ok(sha256_in_wasm(&view));
            };
            let digest: JsValue = subtle
                .digest_with_str_and_buffer_source("SHA-256", &view)
                .map_err(Error::from_js)?
                .await
                .map_err(Error::from_js)?;
            let mut bytes = [0; 32];
            let digest = Uint8Array::new(&digest);
            if digest.length() != 32 {
                return Err(Error::new("DataError", "SHA-256 has 32 bytes"));
            }
            digest.copy_to(&mut bytes);
            Ok(bytes)
        }
    }

    /// Takes all of the array's buffer.
    pub(super) fn new(array: Uint8ClampedArray) -> Self {
        Self(Rc::new(Bytes(array)))
    }

    pub(super) fn array(&self) -> &Uint8ClampedArray {
        &self.0.0
    }

    /// A part of it that shares its bytes.
    pub(super) fn view(&self, offset: u32, length: u32) -> Result<Uint8ClampedArray, Error> {
        let end = self.check(offset, length)?;
        Ok(self.array().subarray(offset, end))
    }

    /// The end of `length` bytes at `offset`, when they lie inside.
    fn check(&self, offset: u32, length: u32) -> Result<u32, Error> {
        let end = offset.checked_add(length).filter(|end| *end <= self.len());
        end.ok_or_else(|| {
            Error::new(
                "RangeError",
                format!("{length} bytes at {offset} lie outside of {} bytes", self.len()),
            )
        })
    }
}

impl From<&[u8]> for Payload {
    /// Copies out of wasm memory.
    fn from(bytes: &[u8]) -> Self {
        Self::new(Uint8ClampedArray::from(bytes))
    }
}

impl Chunk {
    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.0.byte_length()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its first bytes; none where it has fewer.
    #[must_use]
    pub fn head<const N: usize>(&self) -> Option<[u8; N]> {
        let length = u32::try_from(N).ok().filter(|length| *length <= self.len())?;
        let mut head = [0; N];
        Uint8Array::new_with_byte_offset_and_length(&self.0, 0, length).copy_to(&mut head);
        Some(head)
    }
}

impl From<&[u8]> for Chunk {
    /// Copies out of wasm memory.
    fn from(bytes: &[u8]) -> Self {
        Self(Uint8Array::from(bytes).buffer())
    }
}

/// In steps of 64 KiB, so that wasm memory does not grow by the size of the payload.
fn sha256_in_wasm(bytes: &Uint8ClampedArray) -> [u8; 32] {
    const STEP: u32 = 64 * 1024;
    let mut buffer = vec![0; STEP as usize];
    let mut hasher = Sha256::new();
    let mut done = 0;
    while done < bytes.length() {
        let step = STEP.min(bytes.length() - done);
        let buffer = &mut buffer[..step as usize];
        bytes.subarray(done, done + step).copy_to(buffer);
        hasher.update(buffer);
        done += step;
    }
    hasher.finalize().into()
}
