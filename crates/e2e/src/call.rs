//! Calls, as people make them, and what really comes over the connections.

use std::time::Duration;

use anyhow::{Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{Launch, Server, Tab, poll, two_tabs};

/// A camera whose small pictures leave the machine to the test of a call.
pub fn call_camera() -> Launch {
    Tab::with_camera_of(320, 180).listening().remembered()
}

/// Two people in a call, of whom the first called: the server, and both of them.
pub async fn in_call(first: Launch, second: Launch) -> Result<(Server, Tab, Tab)> {
    let (server, alice, bob) = two_tabs(first, second).await?;
    alice.call().await?;
    bob.accept_call().await?;
    for tab in [&alice, &bob] {
        tab.wait_pictures(1).await?;
    }
    Ok((server, alice, bob))
}

impl Launch {
    /// Lets [`Tab`] look at what comes and goes over the page's connections.
    pub fn listening(self) -> Self {
        self.inject(include_str!("../inject/media.js"))
    }
}

impl Tab {
    /// Calls everybody, or joins the call that there is, with camera and microphone.
    pub async fn call(&self) -> Result<()> {
        self.click("#callButton").await?;
        self.wait_in_call().await
    }

    /// Waits until somebody calls, and answers with camera and microphone.
    pub async fn accept_call(&self) -> Result<()> {
        self.wait_ringing().await?;
        self.click("#acceptCall").await?;
        self.wait_in_call().await
    }

    /// Waits until somebody calls.
    pub async fn wait_ringing(&self) -> Result<()> {
        self.until("somebody calls", "!document.querySelector('#ringing').hidden").await
    }

    /// Waits until the call is on the page.
    pub async fn wait_in_call(&self) -> Result<()> {
        self.until("the call", IN_CALL).await
    }

    /// Whether the page takes part in the call.
    pub async fn is_in_call(&self) -> Result<bool> {
        self.evaluate(IN_CALL).await
    }

    /// Waits until the page takes part in no call.
    pub async fn wait_no_call(&self) -> Result<()> {
        self.until("no call", "document.querySelector('#call').hidden").await
    }

    /// Waits until pictures of so many others come and are shown.
    pub async fn wait_pictures(&self, people: usize) -> Result<()> {
        let shown = format!(
            "((videos) => videos.length === {people} && videos.every((video) =>
                video.videoWidth > 0 && video.currentTime > 0 && !video.paused && video.checkVisibility()))
             ([...document.querySelectorAll('.remoteVideo')])"
        );
        self.until(&format!("pictures of {people} others"), &shown).await?;
        let before = self.frames_decoded().await?;
        let more =
            poll(crate::PATIENCE, async || Ok((self.frames_decoded().await? > before + 5).then_some(())));
        ensure!(more.await?.is_some(), "the pictures stand still\n{}", self.explain().await);
        Ok(())
    }

    /// Frames of video that came and were decoded, over all connections.
    pub async fn frames_decoded(&self) -> Result<u64> {
        self.evaluate("media.framesDecoded()").await
    }

    /// Tracks that the page sends, over all connections.
    pub async fn tracks_sent(&self) -> Result<usize> {
        self.evaluate("media.tracks()").await
    }

    /// How much is heard in so much time (W3C WebRTC Statistics, `totalAudioEnergy`).
    pub async fn hears(&self, time: Duration) -> Result<f64> {
        let before: f64 = self.evaluate("media.energy()").await?;
        tokio::time::sleep(time).await;
        Ok(self.evaluate::<f64>("media.energy()").await? - before)
    }

    /// Waits until Chromium's fake microphone is heard, which beeps once a second; gives the energy of two seconds of it.
    /// A call begins with less than that: what is heard before the first packets.
    pub async fn wait_heard(&self) -> Result<f64> {
        const BEEPS: f64 = 0.1;
        let mut heard = 0.0;
        let beeps = poll(crate::PATIENCE, async || {
            heard = self.hears(Duration::from_secs(2)).await?;
            Ok((heard > BEEPS).then_some(()))
        });
        ensure!(beeps.await?.is_some(), "no more than {heard} is heard");
        Ok(heard)
    }

    /// Chooses one of a list; gives its value.
    pub async fn choose(&self, selector: &str, place: usize) -> Result<String> {
        self.evaluate(&format!(
            "((select) => {{
                select.selectedIndex = {place};
                select.dispatchEvent(new Event('change', {{ bubbles: true }}));
                return select.value;
            }})(document.querySelector({selector:?}))"
        ))
        .await
    }

    /// The longest time between two frames of what the element there shows since this was asked the last time.
    pub async fn gap(&self, selector: &str) -> Result<Duration> {
        let milliseconds: f64 =
            self.evaluate(&format!("media.gap(document.querySelector({selector:?}))")).await?;
        Ok(Duration::from_secs_f64(milliseconds / 1000.0))
    }

    /// The colour in the middle of what the first element there shows, from 0 to 255 each.
    pub async fn colour(&self, selector: &str) -> Result<[u8; 3]> {
        self.evaluate(&format!("media.colour(document.querySelector({selector:?}))")).await
    }

    /// Plays a recording.
    pub async fn play(&self, file: &[u8]) -> Result<Played> {
        self.evaluate(&format!("{PLAY}({:?})", STANDARD.encode(file))).await
    }

    /// Waits until that colour is about this one: what comes over a connection is encoded.
    pub async fn wait_colour(&self, selector: &str, colour: [u8; 3]) -> Result<()> {
        const NEAR: u8 = 40;
        let mut last = [0; 3];
        let near = poll(crate::PATIENCE, async || {
            last = self.colour(selector).await?;
            Ok(last.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < NEAR).then_some(()))
        });
        ensure!(near.await?.is_some(), "{selector} shows {last:?}, not {colour:?}");
        Ok(())
    }
}

/// What is seen and heard when a recording is played.
#[derive(Debug, Deserialize)]
pub struct Played {
    /// How long it is.
    pub seconds: f64,
    /// The colour in the middle of its left half, a second in; from 0 to 255 each.
    pub left: [u8; 3],
    /// Of its right half.
    pub right: [u8; 3],
    /// The loudest moment, of 1.
    pub loudest: f64,
}

/// What plays a recording. Recorders do not know beforehand how long it gets: a browser finds out at the end.
const PLAY: &str = "(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const video = document.createElement('video');
    const when = (event) => new Promise((resolve, reject) => {
        video.addEventListener(event, resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error.message)), { once: true });
    });
    video.muted = true;
    video.src = URL.createObjectURL(new Blob([bytes]));
    await when('loadeddata');
    const go = async (time) => {
        const there = when('seeked');
        video.currentTime = time;
        await there;
    };
    await go(1e6);
    const seconds = video.currentTime;
    await go(1);
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const colour = (x) => [...context.getImageData(canvas.width * x, canvas.height / 2, 1, 1).data].slice(0, 3);
    const audio = new OfflineAudioContext(1, 1, 48000);
    const heard = (await audio.decodeAudioData(bytes.buffer)).getChannelData(0);
    URL.revokeObjectURL(video.src);
    return {
        seconds,
        left: colour(0.25),
        right: colour(0.75),
        loudest: heard.reduce((most, level) => Math.max(most, Math.abs(level)), 0),
    };
})";

const IN_CALL: &str = "!document.querySelector('#call').hidden";
