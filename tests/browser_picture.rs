//! Pictures: canvas, JPEG, PNG, and the file a person saves.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "clippy does not know wasm-bindgen's tests for tests")]

mod support;

use std::{cell::RefCell, rc::Rc};

use snaproom_app::browser::{Blob, Camera, Canvas, Payload, Picture, Wish, join, live, save, task::sleep};
use support::{Replaced, bytes, canvas, noise, soon, until, video};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    export async function decode(blob) {
        const bitmap = await createImageBitmap(blob);
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
    }
    export function recordingClick() {
        const click = function () { click.links.push({ href: this.href, download: this.download }); };
        click.links = [];
        return click;
    }
    export async function fetchText(url) {
        try { return await (await fetch(url)).text(); } catch { return undefined; }
    }
")]
extern "C" {
    /// Decodes with nothing of ours. Gives an `ImageData`.
    #[wasm_bindgen(catch)]
    async fn decode(blob: &web_sys::Blob) -> Result<JsValue, JsValue>;

    type Clicks;
    #[wasm_bindgen(js_name = recordingClick)]
    fn recording_click() -> Clicks;
    #[wasm_bindgen(method, getter)]
    fn links(this: &Clicks) -> Vec<Link>;
    type Link;
    #[wasm_bindgen(method, getter)]
    fn href(this: &Link) -> String;
    #[wasm_bindgen(method, getter)]
    fn download(this: &Link) -> String;
    #[wasm_bindgen(js_name = fetchText)]
    async fn fetch_text(url: &str) -> JsValue;
}

async fn decoded(blob: &Blob) -> (u32, u32, Vec<u8>) {
    let data: web_sys::ImageData = soon("the decoder", decode(blob.as_ref())).await.unwrap().unchecked_into();
    (data.width(), data.height(), data.data().0)
}

#[wasm_bindgen_test]
fn pixels_come_back_exactly_as_they_were_painted() {
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080), (321, 241), (1, 1)] {
        let (_, canvas) = canvas();
        let picture = noise(width, height);
        canvas.paint(&picture).unwrap();
        let back = canvas.pixels().unwrap();
        assert_eq!((back.width, back.height), (width, height));
        assert!(bytes(&back.pixels) == bytes(&picture.pixels), "{width}×{height} differ");
    }
}

#[wasm_bindgen_test]
fn a_picture_of_the_wrong_length_is_not_painted() {
    let (element, canvas) = canvas();
    let size = (element.width(), element.height());
    for (width, height) in [(8, 8), (8, 7), (0, 0), (u32::MAX, u32::MAX), (1 << 30, 4)] {
        let pixels = Payload::allocate(8 * 8 * 4 - 4).unwrap();
        assert!(canvas.paint(&Picture { width, height, pixels }).is_err());
    }
    assert_eq!((element.width(), element.height()), size);
}

#[wasm_bindgen_test]
async fn the_canvas_takes_the_size_and_the_frame_of_the_video() {
    let before = live();
    let ((element, canvas), (_, video)) = (canvas(), video());
    assert_eq!(canvas.draw_video(&video).unwrap_err().name, "InvalidStateError");

    let camera = soon("the camera", Camera::open(&Wish::default(), || {})).await.unwrap();
    camera.show_in(&video);
    until("a frame", || video.size().is_some()).await;
    assert_eq!(canvas.draw_video(&video).unwrap(), (1280, 720));
    let pixels = bytes(&canvas.pixels().unwrap().pixels);
    assert_eq!(pixels.len(), 1280 * 720 * 4);
    assert!(pixels.chunks_exact(4).all(|pixel| pixel[3] == 255));
    // The fake camera draws shapes and a clock from its first frame on.
    assert!(pixels.chunks_exact(4).any(|pixel| pixel[..3] != pixels[..3]));
    assert_eq!((element.width(), element.height()), (1280, 720));
    drop(camera);
    assert_eq!(live(), before);
}

#[wasm_bindgen_test]
async fn the_frame_has_the_filter_of_the_video_and_nothing_shines_through() {
    assert!(Canvas::can_filter());
    let ((_, canvas), (element, video)) = (canvas(), video());
    let camera = soon("the camera", Camera::open(&Wish::default(), || {})).await.unwrap();
    camera.show_in(&video);
    until("a frame", || video.size().is_some()).await;
    // Whatever the camera shows, nothing of it is left; a blur and a half transparent picture leave no holes.
    for (filter, is_black) in [("brightness(0)", true), ("blur(4px)", false), ("opacity(0.5)", false)] {
        element.set_attribute("style", &format!("width: 160px; --filter: {filter}")).unwrap();
        canvas.draw_video(&video).unwrap();
        let pixels = bytes(&canvas.pixels().unwrap().pixels);
        assert!(pixels.chunks_exact(4).all(|pixel| pixel[3] == 255), "{filter}");
        assert_eq!(pixels.chunks_exact(4).all(|pixel| pixel[..3] == [0; 3]), is_black, "{filter}");
    }
}

#[wasm_bindgen_test]
async fn a_jpeg_keeps_its_bounds_and_its_proportions() {
    for (width, height, max_side, expected) in [
        (640, 480, 2048, (640, 480)),
        (1920, 1080, 960, (960, 540)),
        (241, 321, 100, (76, 100)),
        (3000, 2, 2048, (2048, 2)),
    ] {
        let jpeg = noise(width, height).preview(max_side, 4_000_000).unwrap();
        assert_eq!(&bytes(&jpeg)[..3], [0xFF, 0xD8, 0xFF]);
        let (width, height, _) = decoded(&Blob::new(bytes(&jpeg).as_slice())).await;
        assert_eq!((width, height), expected);
    }
}

#[wasm_bindgen_test]
async fn a_jpeg_gets_smaller_until_it_fits() {
    let picture = noise(1920, 1080);
    let roomy = picture.preview(2048, 4_000_000).unwrap();
    let tight = picture.preview(2048, 256 * 1024).unwrap();
    assert!(roomy.len() > 256 * 1024, "noise compresses badly, or this tests nothing");
    assert!(tight.len() <= 256 * 1024);
    let (width, height, _) = decoded(&Blob::new(bytes(&tight).as_slice())).await;
    assert!(width < 1920 && width.abs_diff(height * 16 / 9) <= 2, "{width}×{height}");

    assert_eq!(picture.preview(2048, 10).err().unwrap().name, "RangeError");
}

#[wasm_bindgen_test]
async fn a_jpeg_is_shown_at_the_size_of_the_photo() {
    let mut pixels = Vec::new();
    for row in 0..60 {
        let colour = if row < 30 { [200, 30, 30, 255] } else { [30, 30, 200, 255] };
        pixels.extend(colour.repeat(80));
    }
    let picture = Picture { width: 80, height: 60, pixels: Payload::from(pixels.as_slice()) };
    let jpeg = picture.preview(80, 100_000).unwrap();

    let (element, canvas) = canvas();
    soon("the preview", canvas.paint_jpeg(&jpeg, 320, 240)).await.unwrap();
    assert_eq!((element.width(), element.height()), (320, 240));
    let shown = bytes(&canvas.pixels().unwrap().pixels);
    let pixel = |x: usize, y: usize| &shown[(y * 320 + x) * 4..][..4];
    let near = |pixel: &[u8], colour: [u8; 3]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 12);
    assert!(near(pixel(160, 20), [200, 30, 30]), "{:?}", pixel(160, 20));
    assert!(near(pixel(160, 220), [30, 30, 200]), "{:?}", pixel(160, 220));

    let garbage = Payload::from([0xFF, 0xD8, 0xFF, 1, 2, 3].as_slice());
    assert!(soon("a refusal", canvas.paint_jpeg(&garbage, 10, 10)).await.is_err());
    assert_eq!((element.width(), element.height()), (320, 240));
}

#[wasm_bindgen_test]
async fn a_canvas_is_copied_shrunk_and_cleared() {
    let ((_, canvas), (element, other)) = (canvas(), canvas());
    let colour = [200, 30, 90, 255].repeat(400 * 300);
    canvas.paint(&Picture { width: 400, height: 300, pixels: Payload::from(colour.as_slice()) }).unwrap();
    other.copy(&canvas).unwrap();
    assert_eq!((element.width(), element.height()), (400, 300));
    assert!(bytes(&other.pixels().unwrap().pixels) == colour);

    let jpeg = other.shrink(40, 30).unwrap();
    assert_eq!((element.width(), element.height()), (40, 30));
    assert!(bytes(&other.pixels().unwrap().pixels) == colour[..40 * 30 * 4]);
    let jpeg = soon("the JPEG", jpeg).await.unwrap();
    assert_eq!(jpeg.raw_mime_type(), "image/jpeg");
    soon("the JPEG", other.paint_file(&jpeg, 80, 60)).await.unwrap();
    let shown = bytes(&other.pixels().unwrap().pixels);
    assert!(shown.len() == 80 * 60 * 4 && shown.iter().zip(&colour).all(|(a, b)| a.abs_diff(*b) < 8));

    other.clear();
    assert_eq!((element.width(), element.height()), (0, 0));
    assert!(canvas.copy(&other).is_err(), "there is nothing to copy");
}

#[wasm_bindgen_test]
async fn a_watched_canvas_tells_when_it_comes_and_goes() {
    let before = live();
    let (element, canvas) = canvas();
    element.set_attribute("style", "position: fixed; top: 0").unwrap();
    let told = Rc::new(RefCell::new(Vec::new()));
    let telling = told.clone();
    let watch = canvas.watch(move |seen| telling.borrow_mut().push(seen));
    assert_eq!(live().listeners, before.listeners + 1);
    until("the first word", || *told.borrow() == [true]).await;
    element.set_attribute("style", "position: fixed; top: 30000px").unwrap();
    until("the second word", || *told.borrow() == [true, false]).await;
    drop(watch);
    assert_eq!(live(), before);
    element.set_attribute("style", "position: fixed; top: 0").unwrap();
    sleep(100).await;
    assert_eq!(*told.borrow(), [true, false]);
    element.remove();

    let _missing = Replaced::with("IntersectionObserver", &JsValue::UNDEFINED);
    drop(canvas.watch(|_| unreachable!("nobody can tell")));
}

#[wasm_bindgen_test]
async fn files_are_joined_in_their_order() {
    let parts = ["first, ", "", "second"].map(Blob::new);
    let joined = join(&parts, "application/zip").unwrap();
    assert_eq!((joined.raw_mime_type().as_str(), joined.size()), ("application/zip", 13));
    let all = soon("the bytes", Payload::from_blob(&joined)).await.unwrap();
    assert_eq!(bytes(&all), b"first, second");
}

#[wasm_bindgen_test]
async fn a_png_has_the_same_pixels() {
    for (width, height) in [(640, 480), (321, 241)] {
        let picture = noise(width, height);
        let png = soon("a PNG", picture.png()).await.unwrap();
        assert_eq!(png.raw_mime_type(), "image/png");
        let (decoded_width, decoded_height, pixels) = decoded(&png).await;
        assert_eq!((decoded_width, decoded_height), (width, height));
        assert!(pixels == bytes(&picture.pixels), "{width}×{height} differ");
    }
}

#[wasm_bindgen_test]
async fn saving_offers_a_file_and_keeps_few_urls() {
    let before = live().object_urls;
    let clicks = recording_click();
    let _replaced = Replaced::with("HTMLAnchorElement.prototype.click", clicks.as_ref());
    for photo in 0..9 {
        save(&Blob::new(format!("photo {photo}").as_str()), &format!("{photo}.png")).unwrap();
    }
    until("the oldest URL's end", || live().object_urls == before + 8).await;
    let links = clicks.links();
    assert_eq!(links.len(), 9);
    assert_eq!(links[8].download(), "8.png");
    assert_eq!(soon("the newest", fetch_text(&links[8].href())).await, "photo 8");
    assert_eq!(soon("the oldest", fetch_text(&links[0].href())).await, JsValue::UNDEFINED);
}
