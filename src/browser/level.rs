use js_sys::futures::JsFuture;
use web_sys::{AnalyserNode, AudioContext, AudioContextState, MediaStreamAudioSourceNode};

use super::{Error, Microphone, live::Held};

/// Samples of one look: a power of two, a twelfth of a second at 48 kHz.
const SAMPLES: usize = 4096;

/// How loud a microphone is. Nothing of it is heard or kept.
pub struct Level {
    sound: AudioContext,
    analyser: AnalyserNode,
    /// Held for as long as it is measured.
    source: MediaStreamAudioSourceNode,
    _held: Held,
}

impl Level {
    /// In reply to a click: before one, browsers let no page process sound.
    pub fn of(microphone: &Microphone) -> Result<Self, Error> {
        let missing = || Error::new("InvalidStateError", "the microphone has no track");
        let stream = microphone.track().ok_or_else(missing)?.alone()?;
        let sound = AudioContext::new().map_err(Error::from_js)?;
        // From here on an end is a drop.
        let analyser = sound.create_analyser();
        let source = sound.create_media_stream_source(&stream);
        let (analyser, source) = match (analyser, source) {
            (Ok(analyser), Ok(source)) => (analyser, source),
            (Err(thrown), _) | (_, Err(thrown)) => {
                drop(sound.close().map(JsFuture::from));
                return Err(Error::from_js(thrown));
            }
        };
        let level = Self { sound, analyser, source, _held: Held::new(|live| &mut live.rings) };
        level.analyser.set_fft_size(SAMPLES as u32);
        level.source.connect_with_audio_node(&level.analyser).map_err(Error::from_js)?;
        drop(level.sound.resume().map(JsFuture::from));
        Ok(level)
    }

    /// The largest sample of the last moment, from 0 to 1; none while the browser lets the page process no sound.
    #[must_use]
    pub fn peak(&self) -> Option<f64> {
        if self.sound.state() != AudioContextState::Running {
            return None;
        }
        let mut samples = [0.0; SAMPLES];
        self.analyser.get_float_time_domain_data(&mut samples);
        Some(samples.into_iter().map(f32::abs).fold(0.0, f32::max).into())
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        if let Ok(closing) = self.sound.close() {
            drop(JsFuture::from(closing));
        }
    }
}
