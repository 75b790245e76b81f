use js_sys::futures::JsFuture;
use web_sys::{AudioContext, OscillatorType};

use super::{Error, live::Held, navigator};

/// Times that it rings: 45 seconds in all.
const RINGS: u32 = 15;

/// From the beginning of one ring to the next, of which the first third is heard, in milliseconds.
const PERIOD_MS: u32 = 3_000;

/// A fourth upwards, in hertz.
const TONES: [f32; 2] = [587.33, 783.99];

/// Soft: of 1.
const VOLUME: f32 = 0.1;

/// Rings as long as it lives, at most 45 seconds, and is felt where the device can. A browser that lets a page make no
/// sound before its person has pressed something there leaves it silent.
pub struct Ring {
    sound: Option<AudioContext>,
    _held: Held,
}

impl Ring {
    /// Begins at once.
    #[must_use]
    pub fn start() -> Self {
        let navigator = navigator();
        if navigator.vibrate_function().is_some() {
            let pattern: Vec<u32> = [PERIOD_MS / 3, PERIOD_MS - PERIOD_MS / 3].repeat(RINGS as usize);
            navigator.vibrate(&pattern);
        }
        Self { sound: play().ok(), _held: Held::new(|live| &mut live.rings) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if let Some(closing) = self.sound.as_ref().and_then(|sound| sound.close().ok()) {
            drop(JsFuture::from(closing));
        }
        let navigator = navigator();
        if navigator.vibrate_function().is_some() {
            navigator.vibrate(&[]);
        }
    }
}

/// All of it is said to the browser beforehand, whose clock keeps the time also in a page that is hidden.
fn play() -> Result<AudioContext, Error> {
    let sound = AudioContext::new().map_err(Error::from_js)?;
    match schedule(&sound) {
        Ok(()) => Ok(sound),
        Err(thrown) => {
            drop(sound.close().map(JsFuture::from));
            Err(Error::from_js(thrown))
        }
    }
}

fn schedule(sound: &AudioContext) -> Result<(), wasm_bindgen::JsValue> {
    let (oscillator, gain) = (sound.create_oscillator()?, sound.create_gain()?);
    oscillator.set_type(OscillatorType::Sine);
    oscillator.connect_with_audio_node(&gain)?;
    gain.connect_with_audio_node(&sound.destination())?;
    let (frequency, volume) = (oscillator.frequency(), gain.gain());
    volume.set_value(0.0);
    let begin = sound.current_time();
    for ring in 0..RINGS {
        let mut at = begin + f64::from(ring * PERIOD_MS) / 1_000.0;
        let half = f64::from(PERIOD_MS) / 6_000.0;
        for tone in TONES {
            frequency.set_value_at_time(tone, at)?;
            // As a bell: nearly at once, which makes no click, and then less and less.
            volume.set_value_at_time(0.0, at)?;
            volume.linear_ramp_to_value_at_time(VOLUME, at + 0.02)?;
            volume.linear_ramp_to_value_at_time(0.0, at + half)?;
            at += half;
        }
    }
    oscillator.start()?;
    oscillator.stop_with_when(begin + f64::from(RINGS * PERIOD_MS) / 1_000.0)
}
