use serde::Serialize;

use super::{
    CaptureError, Track,
    capture::{Capture, Constrain, user_media},
};

/// A running microphone, without echo and noise as far as the browser can. Dropping it stops it.
pub struct Microphone(Capture);

impl Microphone {
    /// Asks for the microphone with this `deviceId` and no other, or for any. `on_ended` is called when it ends by
    /// itself: unplugged, or its permission taken away.
    ///
    /// When this future is dropped before the person answers, the microphone is stopped as soon as it comes.
    pub async fn open(device: Option<&str>, on_ended: impl FnMut() + 'static) -> Result<Self, CaptureError> {
        let audio = AudioConstraints {
            device_id: device.map(Constrain::Exact),
            echo_cancellation: Constrain::Ideal(true),
            noise_suppression: Constrain::Ideal(true),
            auto_gain_control: Constrain::Ideal(true),
        };
        Capture::open(user_media, &Constraints { audio }, on_ended).await.map(Self)
    }

    /// What a connection may send of it.
    #[must_use]
    pub fn track(&self) -> Option<Track> {
        self.0.track()
    }

    /// Whoever is sent it hears silence, until it is not muted any more.
    pub fn mute(&self, muted: bool) {
        if let Some(Track(track)) = self.track() {
            track.set_enabled(!muted);
        }
    }
}

/// `MediaStreamConstraints`.
#[derive(Serialize)]
struct Constraints<'a> {
    audio: AudioConstraints<'a>,
}

/// `MediaTrackConstraints`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioConstraints<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Constrain<&'a str>>,
    echo_cancellation: Constrain<bool>,
    noise_suppression: Constrain<bool>,
    auto_gain_control: Constrain<bool>,
}
