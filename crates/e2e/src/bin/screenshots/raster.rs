//! Pictures as pixels: decoded, put side by side, encoded.

use std::io::Cursor;

use anyhow::{Context, Result, ensure};

/// Red, green and blue, a byte each.
pub type Pixel = [u8; 3];

/// Rows from the top.
#[derive(Clone)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Pixel>,
}

impl Raster {
    pub fn plain(width: usize, height: usize, colour: Pixel) -> Self {
        Self { width, height, pixels: vec![colour; width * height] }
    }

    /// From a picture of the browser, which is opaque.
    pub fn decode(file: &[u8]) -> Result<Self> {
        let mut png = png::Decoder::new(Cursor::new(file)).read_info()?;
        let mut bytes = vec![0; png.output_buffer_size().context("the picture has no size")?];
        let frame = png.next_frame(&mut bytes)?;
        ensure!(frame.bit_depth == png::BitDepth::Eight, "the picture has no bytes");
        let samples = frame.color_type.samples();
        ensure!(samples >= 3, "the picture has no colours");
        let pixels = bytes[..frame.buffer_size()].chunks_exact(samples);
        let pixels = pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Ok(Self { width: frame.width as usize, height: frame.height as usize, pixels })
    }

    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        let mut png = png::Encoder::new(&mut file, u32::try_from(self.width)?, u32::try_from(self.height)?);
        png.set_color(png::ColorType::Rgb);
        png.set_compression(png::Compression::High);
        png.write_header()?.write_image_data(self.pixels.as_flattened())?;
        Ok(file)
    }

    /// Draws another one, whose left upper corner comes to (`x`, `y`); what does not fit is cut off.
    pub fn draw(&mut self, other: &Self, x: usize, y: usize) {
        let shown = other.width.min(self.width.saturating_sub(x));
        for row in 0..other.height.min(self.height.saturating_sub(y)) {
            let to = (y + row) * self.width + x;
            let from = row * other.width;
            self.pixels[to..to + shown].copy_from_slice(&other.pixels[from..from + shown]);
        }
    }
}
