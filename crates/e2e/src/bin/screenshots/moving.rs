//! An animated PNG: one palette for all frames, and of each frame after the first only what has changed.

use std::collections::HashMap;

use anyhow::{Context, Result};

use super::raster::{Pixel, Raster};

/// One of the 256 places is kept for *as before*.
const COLOURS: usize = 255;
const AS_BEFORE: u8 = 255;

/// Frames, each with its tenths of a second. It begins anew after the last.
pub fn encode(frames: &[(Raster, u16)]) -> Result<Vec<u8>> {
    let (first, _) = frames.first().context("there is no frame")?;
    let mut palette = Palette::of(frames.iter().flat_map(|(frame, _)| &frame.pixels));
    let mut file = Vec::new();
    let mut png = png::Encoder::new(&mut file, u32::try_from(first.width)?, u32::try_from(first.height)?);
    png.set_color(png::ColorType::Indexed);
    png.set_compression(png::Compression::High);
    png.set_filter(png::Filter::NoFilter);
    png.set_palette(palette.colours.as_flattened().to_vec());
    let mut opaque = vec![u8::MAX; palette.colours.len()];
    opaque[usize::from(AS_BEFORE)] = 0;
    png.set_trns(opaque);
    png.set_animated(u32::try_from(frames.len())?, 0)?;
    png.set_blend_op(png::BlendOp::Over)?;
    let mut writer = png.write_header()?;
    let mut before = Vec::new();
    for (frame, tenths) in frames {
        writer.set_frame_delay(*tenths, 10)?;
        let now: Vec<u8> = frame.pixels.iter().map(|pixel| palette.nearest(*pixel)).collect();
        let changed = now.iter().enumerate().map(|(at, place)| match before.get(at) {
            Some(old) if old == place => AS_BEFORE,
            _ => *place,
        });
        writer.write_image_data(&changed.collect::<Vec<u8>>())?;
        before = now;
    }
    writer.finish()?;
    Ok(file)
}

struct Palette {
    colours: Vec<Pixel>,
    known: HashMap<Pixel, u8>,
}

impl Palette {
    /// Median cut: the box of colours that is spread most, weighted by its pixels, is halved until there are enough.
    fn of<'a>(pixels: impl Iterator<Item = &'a Pixel>) -> Self {
        let mut counts: HashMap<Pixel, usize> = HashMap::new();
        for pixel in pixels {
            *counts.entry(*pixel).or_default() += 1;
        }
        let mut boxes = vec![counts.into_iter().collect::<Vec<_>>()];
        while boxes.len() < COLOURS {
            let spreads = boxes.iter().map(|colours| spread(colours));
            let widest = spreads.enumerate().max_by_key(|(_, (weight, _))| *weight);
            let Some((at, (1.., part))) = widest else { break };
            let mut colours = boxes.swap_remove(at);
            colours.sort_unstable_by_key(|(colour, _)| (colour[part], *colour));
            let upper = colours.split_off(colours.len() / 2);
            boxes.extend([colours, upper]);
        }
        let mut colours: Vec<Pixel> = boxes.iter().map(|colours| mean(colours)).collect();
        colours.resize(COLOURS + 1, [0; 3]);
        Self { colours, known: HashMap::new() }
    }

    fn nearest(&mut self, pixel: Pixel) -> u8 {
        let Self { colours, known } = self;
        *known.entry(pixel).or_insert_with(|| {
            let distance = |colour: &Pixel| -> u32 {
                colour.iter().zip(pixel).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
            };
            let places = (0..AS_BEFORE).min_by_key(|place| distance(&colours[usize::from(*place)]));
            places.unwrap_or_default()
        })
    }
}

/// How much would be won by halving, and along which part.
fn spread(colours: &[(Pixel, usize)]) -> (usize, usize) {
    let range = |part: usize| {
        let values = || colours.iter().map(move |(colour, _)| colour[part]);
        usize::from(values().max().unwrap_or(0) - values().min().unwrap_or(0))
    };
    let (width, part) = [0, 1, 2].map(|part| (range(part), part)).into_iter().max().unwrap_or((0, 0));
    let pixels: usize = colours.iter().map(|(_, count)| count).sum();
    (width * width * pixels.isqrt(), part)
}

fn mean(colours: &[(Pixel, usize)]) -> Pixel {
    let pixels: usize = colours.iter().map(|(_, count)| count).sum();
    [0, 1, 2].map(|part| {
        let sum: usize = colours.iter().map(|(colour, count)| usize::from(colour[part]) * count).sum();
        // A mean of bytes is one.
        (sum / pixels.max(1)) as u8
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn every_frame_is_there_and_few_colours_stay_as_they_are() {
        let red = Raster::plain(4, 2, [0xfc, 0x04, 0x04]);
        let mut blue = red.clone();
        blue.draw(&Raster::plain(2, 2, [0x04, 0x04, 0xfc]), 1, 0);
        let file = encode(&[(red.clone(), 5), (blue, 10)]).unwrap();
        let mut decoder = png::Decoder::new(Cursor::new(&file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut png = decoder.read_info().unwrap();
        assert_eq!(png.info().animation_control().unwrap().num_frames, 2);
        let mut frames = Vec::new();
        for _ in 0..2 {
            let mut bytes = vec![0; png.output_buffer_size().unwrap()];
            png.next_frame(&mut bytes).unwrap();
            frames.push(bytes);
        }
        let pixel = |frame: usize, at: usize| &frames[frame][4 * at..4 * at + 4];
        assert_eq!(pixel(0, 0), [0xfc, 0x04, 0x04, 0xff]);
        assert_eq!(pixel(1, 1), [0x04, 0x04, 0xfc, 0xff]);
        assert_eq!(pixel(1, 0)[3], 0, "what has not changed is left out");
    }
}
