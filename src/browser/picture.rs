use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ImageData, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::{
    Blob, Error, Payload,
    canvas::{Canvas, read_often},
};

/// The RGBA bytes of an `ImageData`: `width · height · 4`, rows from the top, alpha not multiplied in.
#[derive(Clone)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Outside of wasm memory.
    pub pixels: Payload,
}

impl Picture {
    /// What [`Canvas::preview`] makes of a canvas that shows it.
    pub fn preview(&self, max_side: u32, max_bytes: u32) -> Result<Payload, Error> {
        let canvas = Canvas::detached()?;
        canvas.paint(self)?;
        let preview = canvas.preview(max_side, max_bytes);
        canvas.clear();
        preview
    }

    /// A PNG with exactly these pixels, if they are opaque.
    pub async fn png(&self) -> Result<Blob, Error> {
        let scratch = Scratch::new(self.width, self.height)?;
        scratch.context.put_image_data(&self.image_data()?, 0.0, 0.0).map_err(Error::from_js)?;
        scratch.encode("image/png", 1.0).await
    }

    /// The pixels of what [`png`](Self::png) made of a picture of this size.
    pub async fn from_png(png: &Blob, width: u32, height: u32) -> Result<Self, Error> {
        let scratch = Canvas::detached()?;
        scratch.paint_file(png, width, height).await?;
        let picture = scratch.pixels();
        scratch.clear();
        picture
    }

    /// Shares the pixels. Fails when there are not `width · height · 4` bytes of them.
    pub(super) fn image_data(&self) -> Result<ImageData, Error> {
        ImageData::new_with_js_u8_clamped_array_and_sh(self.pixels.array(), self.width, self.height)
            .map_err(Error::from_js)
    }
}

/// A canvas that nobody sees; its memory is given back without waiting for the garbage collector.
pub(super) struct Scratch {
    pub(super) canvas: OffscreenCanvas,
    pub(super) context: OffscreenCanvasRenderingContext2d,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.canvas.set_width(0);
    }
}

impl Scratch {
    pub(super) fn new(width: u32, height: u32) -> Result<Self, Error> {
        let canvas = OffscreenCanvas::new(width, height).map_err(Error::from_js)?;
        let context = canvas
            .get_context_with_context_options("2d", &read_often())
            .map_err(Error::from_js)?
            .ok_or_else(|| Error::new("InvalidStateError", "the browser has no canvas left"))?
            .unchecked_into();
        Ok(Self { canvas, context })
    }

    pub(super) async fn encode(&self, mime: &str, quality: f64) -> Result<Blob, Error> {
        let options = ImageEncodeOptions::new();
        options.set_type(mime);
        options.set_quality(quality);
        let encoding = self.canvas.convert_to_blob_with_options(&options);
        let blob: JsValue = encoding.map_err(Error::from_js)?.await.map_err(Error::from_js)?;
        Ok(Blob::from(blob.unchecked_into::<web_sys::Blob>()))
    }
}
