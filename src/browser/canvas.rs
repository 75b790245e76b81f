use base64ct::{Base64, Encoding};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, ContextAttributes2d, HtmlCanvasElement, ImageBitmap, MediaStream};

use super::{Blob, Error, Payload, Picture, Video, externs, picture::Scratch, watch::Watch, window};

/// A `<canvas>` element of the page.
#[derive(Clone)]
pub struct Canvas(HtmlCanvasElement);

impl From<HtmlCanvasElement> for Canvas {
    fn from(element: HtmlCanvasElement) -> Self {
        Self(element)
    }
}

impl Canvas {
    /// One that is in no page.
    pub(super) fn detached() -> Result<Self, Error> {
        let document = window().document().ok_or_else(|| Error::new("InvalidStateError", "no document"))?;
        let element = document.create_element("canvas").map_err(Error::from_js)?;
        Ok(Self(element.unchecked_into()))
    }

    /// Whether a frame can be drawn with a filter. Safari draws it without.
    #[must_use]
    pub fn can_filter() -> bool {
        let context = Self::detached().and_then(|canvas| canvas.context());
        context.is_ok_and(|context| context.unchecked_ref::<externs::Context>().filter().is_some())
    }

    /// Takes the size of the video and draws the frame that it shows, with the filter that it is shown with, and never
    /// mirrored. Gives width and height in pixels.
    pub fn draw_video(&self, video: &Video) -> Result<(u32, u32), Error> {
        let (width, height) =
            video.size().ok_or_else(|| Error::new("InvalidStateError", "the video has no frame yet"))?;
        let draw = |context: &CanvasRenderingContext2d, width, height| {
            context.draw_image_with_html_video_element_and_dw_and_dh(&video.0, 0.0, 0.0, width, height)
        };
        self.draw_filtered((width, height), video, draw)?;
        Ok((width, height))
    }

    /// Takes the given size and draws a photo of the same camera, likewise.
    pub(super) fn draw_photo(
        &self,
        photo: &Bitmap,
        width: u32,
        height: u32,
        video: &Video,
    ) -> Result<(), Error> {
        let draw = |context: &CanvasRenderingContext2d, width, height| {
            context.draw_image_with_image_bitmap_and_dw_and_dh(&photo.0, 0.0, 0.0, width, height)
        };
        self.draw_filtered((width, height), video, draw)
    }

    fn draw_filtered(
        &self,
        (width, height): (u32, u32),
        video: &Video,
        draw: impl Fn(&CanvasRenderingContext2d, f64, f64) -> Result<(), JsValue>,
    ) -> Result<(), Error> {
        let context = self.resize(width, height)?;
        let draw = || draw(&context, width.into(), height.into()).map_err(Error::from_js);
        draw()?;
        let filter = video.filter((width, height));
        if !filter.is_empty() {
            // Over the plain frame: a blur lets its edges shine through, and a photo has nothing behind it.
            context.set_filter(&filter);
            draw()?;
        }
        Ok(())
    }

    /// Takes the given size and shows the videos that have a frame in a grid, each as large as it fits.
    pub(super) fn show_side_by_side(
        &self,
        (width, height): (u32, u32),
        videos: &[&Video],
    ) -> Result<(), Error> {
        let context = self.resize(width, height)?;
        let shown: Vec<_> = videos.iter().filter_map(|video| Some((video, video.size()?))).collect();
        let count = shown.len() as u32;
        let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
        let rows = count.div_ceil(columns).max(1);
        let cell = (f64::from(width) / f64::from(columns), f64::from(height) / f64::from(rows));
        context.fill_rect(0.0, 0.0, width.into(), height.into());
        for (place, (video, (width, height))) in (0..count).zip(shown) {
            let scale = (cell.0 / f64::from(width)).min(cell.1 / f64::from(height));
            let (width, height) = (f64::from(width) * scale, f64::from(height) * scale);
            let left = f64::from(place % columns) * cell.0 + (cell.0 - width) / 2.0;
            let top = f64::from(place / columns) * cell.1 + (cell.1 - height) / 2.0;
            context
                .draw_image_with_html_video_element_and_dw_and_dh(&video.0, left, top, width, height)
                .map_err(Error::from_js)?;
        }
        Ok(())
    }

    /// Its width and height in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    /// What it shows, as a video: a frame whenever something is drawn.
    pub(super) fn stream(&self) -> Result<MediaStream, Error> {
        self.0.capture_stream().map_err(Error::from_js)
    }

    /// All of its pixels, outside of wasm memory.
    pub fn pixels(&self) -> Result<Picture, Error> {
        let (width, height) = self.size();
        let data = self
            .context()?
            .get_image_data(0.0, 0.0, f64::from(width), f64::from(height))
            .map_err(Error::from_js)?;
        let pixels = Payload::new(data.unchecked_ref::<externs::ImageData>().data());
        Ok(Picture { width, height, pixels })
    }

    /// Takes the size of the picture and shows its pixels unchanged.
    pub fn paint(&self, picture: &Picture) -> Result<(), Error> {
        let data = picture.image_data()?;
        let context = self.resize(picture.width, picture.height)?;
        context.put_image_data(&data, 0.0, 0.0).map_err(Error::from_js)
    }

    /// Takes the given size and shows a JPEG scaled to it. The caller has read the JPEG's own size from its
    /// header and found it small: the browser decodes whatever it is given. Dropping the future before it ends
    /// leaves the canvas as it is.
    pub async fn paint_jpeg(&self, jpeg: &Payload, width: u32, height: u32) -> Result<(), Error> {
        self.draw_bitmap(&Bitmap::of_jpeg(jpeg).await?, width, height)
    }

    /// The same for an encoded picture of our own.
    pub async fn paint_file(&self, file: &Blob, width: u32, height: u32) -> Result<(), Error> {
        let bitmap = Bitmap::decode(file).await?;
        self.draw_bitmap(&bitmap, width, height)
    }

    /// Takes the given size and shows the bitmap scaled to it.
    pub fn draw_bitmap(&self, bitmap: &Bitmap, width: u32, height: u32) -> Result<(), Error> {
        let context = self.resize(width, height)?;
        context
            .draw_image_with_image_bitmap_and_dw_and_dh(
                &bitmap.0,
                0.0,
                0.0,
                f64::from(width),
                f64::from(height),
            )
            .map_err(Error::from_js)
    }

    /// A JPEG of what it shows, at most `max_side` pixels a side and `max_bytes` bytes: lower in quality, then smaller,
    /// until it fits.
    pub fn preview(&self, max_side: u32, max_bytes: u32) -> Result<Payload, Error> {
        const QUALITIES: [f64; 3] = [0.8, 0.6, 0.4];
        let (width, height) = self.size();
        let longer = width.max(height);
        let mut small = None;
        let mut side = max_side.min(longer);
        while side > 0 {
            let canvas = if side == longer { self } else { small.insert(self.scaled_to(side)?) };
            for quality in QUALITIES {
                let jpeg = canvas.jpeg(quality)?;
                if jpeg.len() as u64 <= u64::from(max_bytes) {
                    small.inspect(Self::clear);
                    return Ok(Payload::from(jpeg.as_slice()));
                }
            }
            side /= 2;
        }
        Err(Error::new("RangeError", format!("no JPEG of {max_side} pixels a side fits {max_bytes} bytes")))
    }

    /// Another one that shows the same with a longer side of `side`, and no side under one pixel.
    fn scaled_to(&self, side: u32) -> Result<Self, Error> {
        let (width, height) = self.size();
        let longer = u64::from(width.max(height).max(1));
        let [width, height] = [width, height]
            .map(|length| (u64::from(length) * u64::from(side)).div_ceil(longer).max(1) as u32);
        let scaled = Self::detached()?;
        let context = scaled.resize(width, height)?;
        let (width, height) = (f64::from(width), f64::from(height));
        context
            .draw_image_with_html_canvas_element_and_dw_and_dh(&self.0, 0.0, 0.0, width, height)
            .map_err(Error::from_js)?;
        Ok(scaled)
    }

    /// A JPEG of what it shows, at once, for which the page waits some milliseconds. `toBlob` and `convertToBlob` wait
    /// themselves, up to a second, until the page has nothing else to do, and a camera keeps it busy.
    fn jpeg(&self, quality: f64) -> Result<Vec<u8>, Error> {
        let url = self.0.to_data_url_with_type_and_encoder_options("image/jpeg", &quality.into());
        let url = url.map_err(Error::from_js)?;
        let bytes =
            url.strip_prefix("data:image/jpeg;base64,").and_then(|text| Base64::decode_vec(text).ok());
        bytes.ok_or_else(|| Error::new("NotSupportedError", "the browser makes no JPEG"))
    }

    /// Takes the size of the other canvas and shows what it shows.
    pub fn copy(&self, other: &Self) -> Result<(), Error> {
        let context = self.resize(other.0.width(), other.0.height())?;
        context.draw_image_with_html_canvas_element(&other.0, 0.0, 0.0).map_err(Error::from_js)
    }

    /// Takes the given size and keeps what it shows, scaled to it. Gives a JPEG of that, for who waits for it.
    pub fn shrink(
        &self,
        width: u32,
        height: u32,
    ) -> Result<impl Future<Output = Result<Blob, Error>> + 'static + use<>, Error> {
        let small = Scratch::new(width, height)?;
        small
            .context
            .draw_image_with_html_canvas_element_and_dw_and_dh(
                &self.0,
                0.0,
                0.0,
                f64::from(width),
                f64::from(height),
            )
            .map_err(Error::from_js)?;
        let context = self.resize(width, height)?;
        context.draw_image_with_offscreen_canvas(&small.canvas, 0.0, 0.0).map_err(Error::from_js)?;
        Ok(async move { small.encode("image/jpeg", 0.8).await })
    }

    /// Tells soon, and whenever it changes, whether it is on the screen or half a screen away from it.
    #[must_use = "dropping it ends the watch"]
    pub fn watch(&self, callback: impl FnMut(bool) + 'static) -> Watch {
        Watch::new(&self.0, callback)
    }

    /// Gives its memory back: it has no pixels any more.
    pub fn clear(&self) {
        self.0.set_width(0);
        self.0.set_height(0);
    }

    /// Setting a size clears the canvas, even when it is the same.
    pub(super) fn resize(&self, width: u32, height: u32) -> Result<CanvasRenderingContext2d, Error> {
        self.0.set_width(width);
        self.0.set_height(height);
        self.context()
    }

    fn context(&self) -> Result<CanvasRenderingContext2d, Error> {
        let context = self.0.get_context_with_context_options("2d", &read_often()).map_err(Error::from_js)?;
        context
            .map(JsCast::unchecked_into)
            .ok_or_else(|| Error::new("InvalidStateError", "the canvas has another kind of context"))
    }
}

/// Options of every 2D context here: kept in memory, since pixels are read back, and not on a graphics card.
pub(super) fn read_often() -> JsValue {
    let options = ContextAttributes2d::new();
    options.set_will_read_frequently(true);
    options.into()
}

/// A decoded picture; its memory is given back without waiting for the garbage collector.
pub struct Bitmap(pub(super) ImageBitmap);

impl Bitmap {
    /// Decodes a JPEG; the same holds as for [`Canvas::paint_jpeg`].
    pub async fn of_jpeg(jpeg: &Payload) -> Result<Self, Error> {
        Self::decode(&jpeg.to_blob("image/jpeg")?).await
    }

    pub(super) async fn decode(blob: &Blob) -> Result<Self, Error> {
        let decoding = window().create_image_bitmap_with_blob(blob.as_ref());
        let bitmap: JsValue = decoding.map_err(Error::from_js)?.await.map_err(Error::from_js)?;
        Ok(Self(bitmap.unchecked_into()))
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        self.0.close();
    }
}
