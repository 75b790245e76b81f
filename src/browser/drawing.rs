use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, MediaStream, MediaStreamTrack};

use super::{
    Canvas, Error, Track,
    live::Held,
    task::{self, Task, now_ms},
};

/// Pixels.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;

/// Between two pictures; hidden pages have one a second.
const PICTURE_MS: u32 = 40;

const GROUND: &str = "#0b6b62";
const RING: &str = "#f5f4f1";

/// A moving picture for who has no camera: a ring that wanders, and the seconds that have passed. Dropping it stops it.
pub struct Drawing {
    _task: Task,
    stream: MediaStream,
    _held: Held,
}

impl Drawing {
    /// Begins to draw.
    pub fn start() -> Result<Self, Error> {
        let canvas = Canvas::detached()?;
        // Firefox makes a stream only of a canvas that has a context.
        let context = canvas.resize(WIDTH, HEIGHT)?;
        let stream = canvas.stream()?;
        let began = now_ms();
        let task = task::spawn(async move {
            loop {
                draw(&context, (now_ms() - began) / 1_000.0);
                task::sleep(PICTURE_MS).await;
            }
        });
        Ok(Self { _task: task, stream, _held: Held::new(|live| &mut live.captures) })
    }

    /// What a connection may send of it.
    #[must_use]
    pub fn track(&self) -> Option<Track> {
        self.tracks().next().map(Track)
    }

    fn tracks(&self) -> impl Iterator<Item = MediaStreamTrack> + use<> {
        self.stream.get_tracks().into_iter().map(JsCast::unchecked_into)
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.tracks().for_each(|track| track.stop());
    }
}

fn draw(context: &CanvasRenderingContext2d, seconds: f64) {
    let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
    context.set_fill_style_str(GROUND);
    context.fill_rect(0.0, 0.0, width, height);
    context.set_stroke_style_str(RING);
    context.set_line_width(18.0);
    context.begin_path();
    let (x, y) =
        (width * (0.5 + 0.36 * (seconds * 0.9).sin()), height * (0.5 + 0.24 * (seconds * 1.3).sin()));
    // Throws for a negative radius alone, and draws nothing where the browser cannot: the seconds are there.
    let _ = context.arc(x, y, 48.0, 0.0, std::f64::consts::TAU);
    context.stroke();
    context.set_fill_style_str(RING);
    context.set_font("600 32px ui-monospace, monospace");
    let _ = context.fill_text(&format!("{seconds:.1} s"), 24.0, height - 24.0);
}
