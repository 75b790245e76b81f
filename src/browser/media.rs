//! The three places for media that every connection has from its first offer on: sound, camera and screen. A call
//! puts tracks into them, and no new offer is made.

use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAudioElement, MediaStream, RtcRtpTransceiver};

use super::{
    Connection, Error, Track, Video,
    externs::{Sender, Source, Speaker},
    live::Held,
    video::play,
};

/// What is sent: nothing in a place that is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tracks {
    /// Of the microphone.
    pub sound: Option<Track>,
    /// Of the camera.
    pub camera: Option<Track>,
    /// Of the screen.
    pub screen: Option<Track>,
}

/// What comes: heard as long as this lives, and shown in any number of elements. Dropping it takes it out of them.
pub struct Received {
    /// On its own: an element with a picture plays nothing before the first frame, and who only speaks sends none.
    sound: HtmlAudioElement,
    camera: MediaStream,
    screen: MediaStream,
    tracks: Tracks,
    shown_in: Vec<Video>,
    _held: Held,
}

/// One of the pictures that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The camera's.
    Camera,
    /// The screen.
    Screen,
}

impl Connection {
    /// Sends these from now on (`replaceTrack`, W3C WebRTC, section 5.2).
    pub fn send_tracks(&self, tracks: &Tracks) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let places = self.places();
        let tracks = [&tracks.sound, &tracks.camera, &tracks.screen].map(Clone::clone);
        let replaced: Vec<_> = places
            .into_iter()
            .zip(tracks)
            .filter_map(|(place, track)| Some((place?, track)))
            .map(|(place, track)| place.sender().replace_track(track.as_ref().map(|Track(track)| track)))
            .collect();
        self.until_closed(Box::pin(async move {
            for replaced in replaced {
                replaced.await.map_err(Error::from_js)?;
            }
            Ok(())
        }))
    }

    /// Whether the camera's pictures keep their size where the way is narrow, and there are fewer of them; else both
    /// give way (`degradationPreference`, W3C `MediaStreamTrack` Content Hints, section 4).
    pub fn keep_size(&self, keeps: bool) -> impl Future<Output = Result<(), Error>> + 'static + use<> {
        let [_, camera, _] = self.places();
        let applied = camera.map(|camera| {
            let sender: Sender = camera.sender().unchecked_into();
            let parameters = sender.parameters();
            parameters.set_degradation_preference(if keeps { "maintain-resolution" } else { "balanced" });
            sender.apply(&parameters)
        });
        self.until_closed(Box::pin(async move {
            if let Some(applied) = applied {
                let _: JsValue = applied.await.map_err(Error::from_js)?;
            }
            Ok(())
        }))
    }

    /// What comes from the other side.
    pub fn receive(&self) -> Result<Received, Error> {
        let [sound, camera, screen] =
            self.places().map(|place| place.map(|place| Track(place.receiver().track())));
        let stream = |track: &Option<Track>| match track {
            Some(track) => track.alone(),
            None => MediaStream::new().map_err(Error::from_js),
        };
        let audio = HtmlAudioElement::new().map_err(Error::from_js)?;
        play(&audio, &stream(&sound)?);
        Ok(Received {
            sound: audio,
            camera: stream(&camera)?,
            screen: stream(&screen)?,
            tracks: Tracks { sound, camera, screen },
            shown_in: Vec::new(),
            _held: Held::new(|live| &mut live.received),
        })
    }

    /// How loud the other side is just now, from 0 to 1.
    #[must_use]
    pub fn loudness(&self) -> f64 {
        let [sound, ..] = self.places();
        let sources = sound.map(|sound| sound.receiver().get_synchronization_sources());
        let levels = sources
            .into_iter()
            .flatten()
            .filter_map(|source| source.unchecked_into::<Source>().audio_level());
        levels.fold(0.0, f64::max)
    }

    /// The sections of the first offer, in their order: a peer may have made another one.
    fn places(&self) -> [Option<RtcRtpTransceiver>; 3] {
        let mut places = [None, None, None];
        for transceiver in self.peer().get_transceivers() {
            let transceiver: RtcRtpTransceiver = transceiver.unchecked_into();
            let is_sound = transceiver.receiver().track().kind() == "audio";
            let free = if is_sound { &mut places[..1] } else { &mut places[1..] };
            if let Some(place) = free.iter_mut().find(|place| place.is_none()) {
                *place = Some(transceiver);
            }
        }
        places
    }
}

impl Received {
    /// Is heard from the speaker with this `deviceId` from now on; of none, from the one that the system has for
    /// everything.
    pub fn hear_from(&self, speaker: &str) {
        if can_choose_speaker() {
            // It fails where that speaker was just pulled out, and what is heard stays where it is.
            drop(JsFuture::from(self.sound.unchecked_ref::<Speaker>().set_sink_id(speaker)));
        }
    }

    /// Whether its sound is heard.
    pub fn set_heard(&self, is_heard: bool) {
        self.sound.set_muted(!is_heard);
    }

    /// What comes in each of its places, whether anything is sent or not.
    #[must_use]
    pub fn tracks(&self) -> Tracks {
        self.tracks.clone()
    }

    /// Shows one of its pictures in `video` from now on.
    pub fn show_in(&mut self, shown: Shown, video: &Video) {
        video.show(if shown == Shown::Camera { &self.camera } else { &self.screen });
        self.shown_in.push(video.clone());
    }
}

/// Whether the browser lets a page choose where it is heard (W3C Audio Output Devices).
pub(super) fn can_choose_speaker() -> bool {
    HtmlAudioElement::new()
        .is_ok_and(|audio| audio.unchecked_ref::<Speaker>().set_sink_id_function().is_some())
}

impl Drop for Received {
    fn drop(&mut self) {
        self.sound.set_src_object(None);
        for video in &self.shown_in {
            video.hide(&self.camera);
            video.hide(&self.screen);
        }
    }
}
