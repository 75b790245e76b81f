//! What is seen and heard, as a file (W3C `MediaStream` Recording).

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::channel::oneshot;
use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AudioContext, BlobEvent, HtmlVideoElement, MediaRecorder, MediaRecorderOptions, MediaStream,
    MediaStreamAudioDestinationNode, MediaStreamAudioSourceNode,
};

use super::{
    Blob, Canvas, Error, Listener, Track, Tracks, Video,
    live::Held,
    page, save,
    task::{self, Task},
    window,
};

/// Of the recording's picture, in pixels.
const SIZE: (u32, u32) = (1280, 720);

/// Between two pictures; hidden pages that play no sound have one a second.
const PICTURE_MS: u32 = 50;

/// The browser hands out what it has encoded this often, so that it need not keep it in memory.
const PART_MS: i32 = 1_000;

/// Largest file in bytes: some two hours. Beyond that it ends by itself.
const MAX_BYTES: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;

/// From the end to the last part.
const ENDING_MS: u32 = 10_000;

/// In the order of what most programs play.
const FORMATS: [&str; 3] = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];

/// A recording that runs. Dropping it throws it away.
pub struct Recorder {
    inner: MediaRecorder,
    scene: Rc<Scene>,
    parts: Rc<RefCell<Vec<Blob>>>,
    _listeners: [Listener; 2],
    _drawing: Task,
    _asks: Listener,
    ended: Option<oneshot::Receiver<()>>,
    /// Its end was wanted.
    is_wanted: Rc<Cell<bool>>,
    _held: Held,
}

/// What is in it just now.
struct Scene {
    canvas: Canvas,
    pictures: RefCell<Vec<(Track, Video)>>,
    mixer: AudioContext,
    mixed: MediaStreamAudioDestinationNode,
    sounds: RefCell<Vec<(Track, MediaStreamAudioSourceNode)>>,
}

impl Recorder {
    /// Whether this browser can.
    #[must_use]
    pub fn is_there() -> bool {
        js_sys::Reflect::has(&window(), &"MediaRecorder".into()).unwrap_or(false) && format().is_some()
    }

    /// Begins with nothing in it. `on_ended` is called when it has grown too large, or the browser gave up: what was
    /// recorded so far is there.
    pub fn start(on_ended: impl FnMut() + 'static) -> Result<Self, Error> {
        let format = format().ok_or_else(|| Error::new("NotSupportedError", "the browser cannot record"))?;
        let scene = Rc::new(Scene::new()?);
        let options = MediaRecorderOptions::new();
        options.set_mime_type(format);
        let recorder =
            MediaRecorder::new_with_media_stream_and_media_recorder_options(&scene.stream()?, &options)
                .map_err(Error::from_js)?;

        let parts = Rc::<RefCell<Vec<Blob>>>::default();
        let (say_ended, ended) = oneshot::channel();
        let (bytes, mut say_ended) = (Cell::new(0.0), Some(say_ended));
        let is_wanted = Rc::new(Cell::new(false));
        let (kept, mut on_ended, by_us) = (parts.clone(), on_ended, is_wanted.clone());
        let on_data = Listener::new(&recorder, "dataavailable", {
            let recorder = recorder.clone();
            move |event| {
                let Some(part) = event.unchecked_ref::<BlobEvent>().data() else { return };
                bytes.set(bytes.get() + part.size());
                kept.borrow_mut().push(Blob::from(part));
                if bytes.get() > MAX_BYTES {
                    stop(&recorder);
                }
            }
        });
        let on_stop = Listener::new(&recorder, "stop", move |_| {
            if let Some(ended) = say_ended.take() {
                // It is kept until somebody waits for it.
                let _ = ended.send(());
            }
            if !by_us.get() {
                on_ended();
            }
        });
        recorder.start_with_time_slice(PART_MS).map_err(Error::from_js)?;

        let drawn = scene.clone();
        let drawing = task::spawn(async move {
            loop {
                drawn.draw();
                task::sleep(PICTURE_MS).await;
            }
        });
        Ok(Self {
            inner: recorder,
            scene,
            parts,
            _listeners: [on_data, on_stop],
            _drawing: drawing,
            _asks: page::ask_before_leaving(),
            ended: Some(ended),
            is_wanted,
            _held: Held::new(|live| &mut live.captures),
        })
    }

    /// Has these people in it from now on.
    pub fn show(&self, people: &[Tracks]) {
        let pictures = people.iter().flat_map(|tracks| [&tracks.screen, &tracks.camera]).flatten();
        self.scene.set_pictures(pictures.collect());
        self.scene.set_sounds(people.iter().filter_map(|tracks| tracks.sound.as_ref()).collect());
    }

    /// The file, and how its name ends.
    pub async fn finish(mut self) -> Result<(Blob, &'static str), Error> {
        self.is_wanted.set(true);
        stop(&self.inner);
        if let Some(ended) = self.ended.take() {
            // What came so far is more than nothing.
            let _ = task::within(ENDING_MS, ended).await;
        }
        let mime = self.inner.mime_type();
        let ending = if mime.starts_with("video/mp4") { "mp4" } else { "webm" };
        let file = save::join(&self.parts.borrow(), &mime)?;
        Ok((file, ending))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        stop(&self.inner);
    }
}

fn format() -> Option<&'static str> {
    FORMATS.into_iter().find(|format| MediaRecorder::is_type_supported(format))
}

fn stop(recorder: &MediaRecorder) {
    // It throws where it has ended already.
    let _ = recorder.stop();
}

impl Scene {
    fn new() -> Result<Self, Error> {
        let mixer = AudioContext::new().map_err(Error::from_js)?;
        let mixed = mixer.create_media_stream_destination().map_err(Error::from_js)?;
        let canvas = Canvas::detached()?;
        canvas.show_side_by_side(SIZE, &[])?;
        Ok(Self { canvas, pictures: RefCell::default(), mixer, mixed, sounds: RefCell::default() })
    }

    /// One picture and one sound, from its first to its last moment.
    fn stream(&self) -> Result<MediaStream, Error> {
        let stream = self.canvas.stream()?;
        for track in self.mixed.stream().get_audio_tracks() {
            stream.add_track(&track.unchecked_into());
        }
        Ok(stream)
    }

    fn draw(&self) {
        let pictures = self.pictures.borrow();
        let videos: Vec<&Video> = pictures.iter().map(|(_, video)| video).collect();
        // A canvas that cannot be drawn to shows what it showed before.
        let _ = self.canvas.show_side_by_side(SIZE, &videos);
    }

    fn set_pictures(&self, tracks: Vec<&Track>) {
        let mut pictures = self.pictures.borrow_mut();
        if pictures.iter().map(|(track, _)| track).eq(tracks.iter().copied()) {
            return;
        }
        let mut before = std::mem::take(&mut *pictures);
        for track in tracks {
            let known = before.iter().position(|(known, _)| known == track);
            let video = known.map(|place| before.swap_remove(place).1).or_else(|| Video::of(track).ok());
            pictures.extend(video.map(|video| (track.clone(), video)));
        }
        for (_, video) in &before {
            video.clear();
        }
    }

    fn set_sounds(&self, tracks: Vec<&Track>) {
        let mut sounds = self.sounds.borrow_mut();
        sounds.retain(|(track, source)| {
            let stays = tracks.contains(&track);
            if !stays {
                // It throws where it is connected to nothing.
                let _ = source.disconnect();
            }
            stays
        });
        for track in tracks {
            if !sounds.iter().any(|(known, _)| known == track) {
                sounds.extend(self.listen(track).ok().map(|source| (track.clone(), source)));
            }
        }
    }

    fn listen(&self, track: &Track) -> Result<MediaStreamAudioSourceNode, Error> {
        let source = self.mixer.create_media_stream_source(&track.alone()?).map_err(Error::from_js)?;
        source.connect_with_audio_node(&self.mixed).map_err(Error::from_js)?;
        Ok(source)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for (_, video) in self.pictures.borrow().iter() {
            video.clear();
        }
        if let Ok(closing) = self.mixer.close() {
            drop(JsFuture::from(closing));
        }
        self.canvas.clear();
    }
}

impl Video {
    /// One that is in no page.
    fn of(track: &Track) -> Result<Self, Error> {
        let document = window().document().ok_or_else(|| Error::new("InvalidStateError", "no document"))?;
        let element: JsValue = document.create_element("video").map_err(Error::from_js)?.into();
        let video = Self(element.unchecked_into::<HtmlVideoElement>());
        video.show(&track.alone()?);
        Ok(video)
    }
}
