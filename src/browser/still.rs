//! A photo of the camera in its full size, which is often several times what it shows in a video.

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Blob, Canvas, Error, Picture, Track, Video, Wish,
    canvas::Bitmap,
    capture::Constrain,
    error::number,
    externs::{CapableTrack, ImageCapture},
    task,
};

/// A camera that focuses and lights up takes a second or two.
const PATIENCE_MS: u32 = 10_000;

/// From asking for a larger video to its first frame.
const ADJUSTING_MS: u32 = 3_000;
const LOOK_MS: u32 = 50;

/// More than any camera's video has, where the browser does not say what this one has.
const LARGEST: [u32; 2] = [7680, 4320];

/// Takes a photo of the camera that `video` shows, with the filter that it is shown with: by `takePhoto` where there is
/// one and it is larger than the video (W3C `MediaStream` Image Capture, section 4), else a frame of the largest video
/// that the camera gives. `fit` says how many pixels of so many are taken.
///
/// Whether anybody waits for it or not, the camera has its usual size again in the end.
pub async fn take_still(
    track: Track,
    video: Video,
    fit: fn(u32, u32) -> (u32, u32),
) -> Result<Picture, Error> {
    let taken = task::see_through(take(track, video, fit)).await;
    taken.unwrap_or_else(|| Err(Error::new("AbortError", "the page is closing")))
}

async fn take(track: Track, video: Video, fit: fn(u32, u32) -> (u32, u32)) -> Result<Picture, Error> {
    let canvas = Canvas::detached()?;
    let shown = video.size().map_or(0, |(width, _)| width);
    match task::within(PATIENCE_MS, take_photo(&track)).await {
        Some(Ok(photo)) if photo.0.width() > shown => {
            let (width, height) = fit(photo.0.width(), photo.0.height());
            canvas.draw_photo(&photo, width, height, &video)?;
        }
        _ => {
            let adjusted = Adjusted::to_largest(track, &video).await;
            let drawn = canvas.draw_video(&video);
            adjusted.undo().await;
            drawn?;
        }
    }
    let picture = canvas.pixels();
    canvas.clear();
    picture
}

async fn take_photo(Track(track): &Track) -> Result<Bitmap, Error> {
    let taking = ImageCapture::new(track).map_err(Error::from_js)?.take_photo();
    let blob: JsValue = taking.await.map_err(Error::from_js)?;
    Bitmap::decode(&Blob::from(blob.unchecked_into::<web_sys::Blob>())).await
}

/// A camera whose video has another size for a moment.
struct Adjusted {
    track: CapableTrack,
}

impl Adjusted {
    #[expect(clippy::cast_sign_loss, reason = "sides of a picture; float casts saturate")]
    async fn to_largest(Track(track): Track, video: &Video) -> Self {
        let adjusted = Self { track: track.unchecked_into() };
        let all = adjusted.track.capabilities_function().and_then(|_| adjusted.track.capabilities().ok());
        let largest = ["width", "height"].map(|name| {
            let range = Reflect::get(all.as_ref()?, &name.into()).ok()?;
            number(&range, "max").map(|side| side as u32)
        });
        let [width, height] = largest;
        adjusted.apply([width.unwrap_or(LARGEST[0]), height.unwrap_or(LARGEST[1])].map(Some)).await;
        // The frames on their way are of the size before; a camera that can no more stays at it.
        let shown = video.size();
        let _ = task::within(ADJUSTING_MS, async {
            while video.size() == shown {
                task::sleep(LOOK_MS).await;
            }
        })
        .await;
        adjusted
    }

    /// What the camera was opened with, and not what it has: another photo of it may be on its way.
    async fn undo(self) {
        let Wish { width, height, .. } = Wish::default();
        self.apply([width, height]).await;
    }

    /// A camera that cannot stays as it is.
    async fn apply(&self, [width, height]: [Option<u32>; 2]) {
        let wish = Sides { width: width.map(Constrain::Ideal), height: height.map(Constrain::Ideal) };
        let Ok(wish) = serde_wasm_bindgen::to_value(&wish) else { return };
        let Ok(applying) = self.track.apply_constraints_with_constraints(wish.unchecked_ref()) else {
            return;
        };
        let _: Option<Result<JsValue, JsValue>> = task::within(ADJUSTING_MS, applying.into_future()).await;
    }
}

/// `MediaTrackConstraints`.
#[derive(Serialize)]
struct Sides {
    width: Option<Constrain<u32>>,
    height: Option<Constrain<u32>>,
}
