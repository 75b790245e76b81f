//! What the fake camera sees where people look at the result: painted landscapes, one after the other; and, where pixels
//! are looked at, the same few colours all the time.

use std::{
    f32::consts::TAU,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use tempfile::{NamedTempFile, TempPath};

/// Pixels.
const WIDTH: usize = 1280;
const HEIGHT: usize = 720;
/// The camera shows each for half a second, then the next one, and begins anew after the last.
const SCENES: usize = 12;

/// A file for Chromium's fake camera, gone when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Film(Arc<TempPath>);

impl Film {
    /// Paints landscapes.
    pub fn paint() -> Result<Self> {
        let scenes: Vec<Scene> = (0..SCENES).map(Scene::new).collect();
        let size = (WIDTH, HEIGHT);
        Self::new(size, 2, scenes.iter().map(|scene| move |x, y| scene.colour(x, y)))
    }

    /// Upright stripes of these colours, red, green and blue from 0 to 1, from the left to the right of a picture of
    /// this size. It stands still.
    pub fn stripes(size: (usize, usize), colours: &[[f32; 3]]) -> Result<Self> {
        Self::new(size, 2, [|x: usize, _| colours[x * colours.len() / size.0]].into_iter())
    }

    fn new<P: Fn(usize, usize) -> Colour>(
        size: (usize, usize),
        rate: u32,
        pictures: impl Iterator<Item = P>,
    ) -> Result<Self> {
        let file = NamedTempFile::with_suffix(".y4m").context("no temporary file")?;
        write(file.as_file(), size, rate, pictures).context("the film cannot be written")?;
        Ok(Self(Arc::new(file.into_temp_path())))
    }

    /// The same colour for ever, red, green and blue from 0 to 255, at 30 frames a second.
    pub fn of(colour: [u8; 3]) -> Result<Self> {
        let colour = colour.map(|part| f32::from(part) / 255.0);
        Self::new((WIDTH, HEIGHT), 30, [|_, _| colour].into_iter())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// YUV4MPEG2: a line, then `FRAME` and the planes of each picture, the two of colour at half the width and height.
fn write<P: Fn(usize, usize) -> Colour>(
    file: &File,
    (width, height): (usize, usize),
    rate: u32,
    pictures: impl Iterator<Item = P>,
) -> Result<()> {
    let mut file = BufWriter::new(file);
    writeln!(file, "YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg")?;
    for colour in pictures {
        writeln!(file, "FRAME")?;
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels: Vec<[f32; 3]> = rows.map(|(x, y)| yuv(colour(x, y))).collect();
        let luma: Vec<u8> = pixels.iter().map(|[y, ..]| byte(*y)).collect();
        file.write_all(&luma)?;
        for plane in [1, 2] {
            let quarter = (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * x, 2 * y)));
            let chroma: Vec<u8> = quarter.map(|(x, y)| byte(pixels[y * width + x][plane])).collect();
            file.write_all(&chroma)?;
        }
    }
    file.flush()?;
    Ok(())
}

/// Red, green and blue from 0 to 1.
type Colour = [f32; 3];

/// A sky with a sun, and hills that fade with their distance.
struct Scene {
    number: usize,
    high: Colour,
    low: Colour,
    sun: Colour,
    ground: Colour,
    /// Fractions of the width and height.
    sun_at: (f32, f32),
}

/// The sky above, the sky at the horizon, the sun, the nearest hill.
const LIGHTS: [[Colour; 4]; 4] = [
    // Morning
    [[0.36, 0.53, 0.78], [0.99, 0.80, 0.66], [1.00, 0.95, 0.80], [0.13, 0.24, 0.27]],
    // Noon
    [[0.16, 0.47, 0.80], [0.76, 0.90, 0.97], [1.00, 1.00, 0.95], [0.12, 0.37, 0.25]],
    // Evening
    [[0.27, 0.22, 0.44], [0.97, 0.54, 0.36], [1.00, 0.86, 0.55], [0.16, 0.10, 0.22]],
    // Night
    [[0.03, 0.06, 0.17], [0.22, 0.33, 0.52], [0.95, 0.96, 1.00], [0.02, 0.05, 0.10]],
];
const HILLS: u8 = 5;

impl Scene {
    fn new(number: usize) -> Self {
        let [high, low, sun, ground] = LIGHTS[number % LIGHTS.len()];
        let turn = small(number) / small(SCENES);
        let sun_at = (0.2 + 0.6 * (turn * 5.0).fract(), 0.2 + 0.25 * (turn * 3.0).fract());
        Self { number, high, low, sun, ground, sun_at }
    }

    fn colour(&self, x: usize, y: usize) -> Colour {
        let (x, y) = (small(x) / small(WIDTH), small(y) / small(HEIGHT));
        let mut colour = self.sky(x, y);
        for hill in 1..=HILLS {
            let near = f32::from(hill) / f32::from(HILLS);
            let over = (y - self.ridge(hill, x)) * 360.0;
            // Mist lies in the valleys, so a hill is paler towards its foot.
            let mist = (1.0 - near) * 0.75 + 0.12 * (over / 120.0).clamp(0.0, 1.0);
            colour = blend(colour, blend(self.ground, self.low, mist), over);
        }
        colour
    }

    fn sky(&self, x: f32, y: f32) -> Colour {
        let sky = blend(self.high, self.low, (y / 0.62).powf(1.4));
        let (dx, dy) = ((x - self.sun_at.0) * small(WIDTH) / small(HEIGHT), y - self.sun_at.1);
        let distance = dx.hypot(dy);
        let glowing = blend(sky, self.sun, 0.45 * (-distance * 5.0).exp());
        blend(glowing, self.sun, (0.055 - distance) * 300.0)
    }

    /// How far from the top a hill begins.
    fn ridge(&self, hill: u8, x: f32) -> f32 {
        let near = f32::from(hill) / f32::from(HILLS);
        let phase = small(self.number) * 1.7 + f32::from(hill) * 2.3;
        let waves = [(1.1, 0.5), (2.7, 0.3), (6.3, 0.13), (17.0, 0.035)];
        let height: f32 = waves
            .iter()
            .map(|(often, much)| much * (TAU * often * x * (0.6 + near) + phase * often).sin())
            .sum();
        0.46 + 0.42 * near - 0.085 * (1.25 - 0.5 * near) * height
    }
}

fn blend(from: Colour, to: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    [0, 1, 2].map(|part| from[part] + (to[part] - from[part]) * share)
}

/// ITU-R BT.601, full range, from 0 to 1.
fn yuv([red, green, blue]: Colour) -> [f32; 3] {
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    [luma, 0.5 + 0.564 * (blue - luma), 0.5 + 0.713 * (red - luma)]
}

#[expect(clippy::cast_sign_loss, reason = "it is clamped to a byte")]
fn byte(part: f32) -> u8 {
    (part * 255.0).round().clamp(0.0, 255.0) as u8
}

/// Numbers of pixels and scenes are far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "at most 1280")]
fn small(number: usize) -> f32 {
    number as f32
}
