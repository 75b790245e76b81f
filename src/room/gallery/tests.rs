use leptos::{html, mount::mount_to_body, prelude::*};
use snaproom_protocol::{ItemId, PeerId};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::{
    browser::{Blob, Picture, live},
    room::original::{Keepsake, Original},
};

wasm_bindgen_test_configure!(run_in_browser);

const FULL: (u32, u32) = (1920, 1080);
const THUMBNAIL: (u32, u32) = (384, 216);
const SMALL: (u32, u32) = (64, 36);

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            task::sleep(5).await;
        }
    };
    assert!(task::within(20_000, waiting).await.is_some(), "still waiting: {what}");
}

fn gallery() -> Gallery {
    Gallery::new(RoomView::new(), Inbox::default())
}

/// A canvas in the page.
fn canvas() -> Canvas {
    let element = NodeRef::<html::Canvas>::new();
    mount_to_body(move || view! { <canvas node_ref=element></canvas> });
    element.get_untracked().unwrap().into()
}

/// Opaque pixels in which no two neighbours are alike, others for each `seed`.
fn pixels(seed: u8, (width, height): (u32, u32)) -> Vec<u8> {
    let pixel = |index: u32| [index as u8, (index >> 8) as u8, seed, 255];
    (0..width * height).flat_map(pixel).collect()
}

fn state(gallery: &mut Gallery, seed: u8, size: (u32, u32), state: TransferState) -> PhotoKey {
    come(gallery, seed, size, state, false)
}

fn come(
    gallery: &mut Gallery,
    seed: u8,
    (width, height): (u32, u32),
    state: TransferState,
    on_request: bool,
) -> PhotoKey {
    let (from, item) = (PeerId([7; 16]), ItemId([seed; 16]));
    // Each was taken in the same second.
    let kind = Kind::Photo { width, height, taken: 1_700_000_000_000 };
    let bytes = u64::from(state != TransferState::Waiting && on_request);
    let name = String::new();
    gallery.on_incoming(&Incoming { item, from, name, kind, on_request, bytes, total: 2, state });
    let key = PhotoKey { owner: from, item };
    gallery.list(key);
    key
}

fn listed(gallery: &Gallery) -> Vec<PhotoKey> {
    gallery.view.trail.get_untracked().iter().map(|entry| entry.key).collect()
}

/// A photo that arrived, in its canvas.
fn arrive(gallery: &mut Gallery, seed: u8, size: (u32, u32)) -> (PhotoKey, Canvas) {
    let key = state(gallery, seed, size, TransferState::Active);
    let canvas = canvas();
    gallery.attach(key, Some(canvas.clone()));
    gallery.show(key, Part::Exact, Payload::from(pixels(seed, size).as_slice()));
    state(gallery, seed, size, TransferState::Verified);
    (key, canvas)
}

fn size(canvas: &Canvas) -> Option<(u32, u32)> {
    canvas.pixels().ok().map(|picture| (picture.width, picture.height))
}

fn holds(canvas: &Canvas, expected: &[u8]) -> bool {
    canvas.pixels().is_ok_and(|picture| picture.pixels.to_vec(usize::MAX).unwrap() == expected)
}

fn has_encoded(gallery: &Gallery) -> bool {
    gallery.encoder.is_idle()
}

#[wasm_bindgen_test]
async fn the_newest_are_exact_and_older_ones_are_thumbnails_over_an_exact_original() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let photos: Vec<_> = (1..=3).map(|seed| arrive(&mut gallery, seed, FULL)).collect();
    assert!(holds(&photos[1].1, &pixels(2, FULL)) && holds(&photos[2].1, &pixels(3, FULL)));
    assert_eq!(size(&photos[0].1), Some(THUMBNAIL));
    let shows: Vec<_> =
        gallery.view.trail.get_untracked().iter().map(|entry| entry.view.get_untracked().shows).collect();
    assert_eq!(shows, [Shows::Exact, Shows::Exact, Shows::Preview], "newest first");

    until("the PNGs", || has_encoded(&gallery)).await;
    let png = gallery.photo(photos[0].0).unwrap().original.png().await.unwrap().unwrap();
    assert_eq!(png.raw_mime_type(), "image/png");
    let decoded = canvas();
    decoded.paint_file(&png, FULL.0, FULL.1).await.unwrap();
    assert!(holds(&decoded, &pixels(1, FULL)));
    drop((gallery, photos));
    until("everything to be released", || live().is_zero()).await;
}

#[wasm_bindgen_test]
async fn a_thumbnail_takes_memory_only_where_it_is_seen() {
    let mut gallery = gallery();
    let photos: Vec<_> = (1..=3).map(|seed| arrive(&mut gallery, seed, FULL)).collect();
    let ((old, thumbnail), (new, exact)) = (&photos[0], &photos[2]);
    let shown = bytes(thumbnail);
    for key in [*old, *new] {
        gallery.on_seen(key, false);
    }
    assert_eq!((size(thumbnail), size(exact)), (None, Some(FULL)));
    // In the lightbox it is not what the empty canvas shows.
    let large = canvas();
    gallery.attach_large(*old, Some(large.clone()));
    until("the original", || holds(&large, &pixels(1, FULL))).await;

    gallery.on_seen(*old, true);
    until("the thumbnail", || size(thumbnail) == Some(THUMBNAIL)).await;
    let again = bytes(thumbnail);
    let furthest = shown.iter().zip(&again).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(shown.len() == again.len() && furthest < Some(64), "{furthest:?}: another picture");
}

fn bytes(canvas: &Canvas) -> Vec<u8> {
    canvas.pixels().unwrap().pixels.to_vec(usize::MAX).unwrap()
}

#[wasm_bindgen_test]
async fn stepping_quickly_never_ends_on_an_older_photo() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let photos: Vec<_> = (1..=5).map(|seed| arrive(&mut gallery, seed, FULL)).collect();
    until("the PNGs", || has_encoded(&gallery)).await;
    let large = canvas();
    for (key, _) in &photos[..3] {
        gallery.attach_large(*key, Some(large.clone()));
        // Something of this photo, and nothing of the one before, from the first moment on.
        assert_eq!(size(&large), Some(THUMBNAIL));
    }
    until("the third photo", || holds(&large, &pixels(3, FULL))).await;
    // This one takes time to decode, and the next one none.
    gallery.attach_large(photos[1].0, Some(large.clone()));
    gallery.attach_large(photos[4].0, Some(large.clone()));
    assert!(holds(&large, &pixels(5, FULL)), "what the trail shows exactly is there at once");
    task::sleep(500).await;
    assert!(holds(&large, &pixels(5, FULL)), "an older photo came later");
    gallery.attach_large(photos[0].0, None);
    assert!(holds(&large, &pixels(5, FULL)), "another photo's farewell");
    gallery.attach_large(photos[4].0, None);
    assert_eq!(size(&large), None);
    drop((gallery, photos));
    until("everything to be released", || live().is_zero()).await;
}

#[wasm_bindgen_test]
async fn a_large_photo_that_is_still_coming_becomes_exact() {
    let mut gallery = gallery();
    let key = state(&mut gallery, 1, (64, 36), TransferState::Active);
    let large = canvas();
    gallery.attach_large(key, Some(large.clone()));
    assert_eq!(size(&large), None);
    let picture = Picture { width: 64, height: 36, pixels: Payload::from(pixels(9, (64, 36)).as_slice()) };
    gallery.show(key, Part::Preview, picture.preview(64, 100_000).unwrap());
    until("the preview", || size(&large) == Some((64, 36))).await;
    gallery.show(key, Part::Exact, Payload::from(pixels(1, (64, 36)).as_slice()));
    until("the photo", || holds(&large, &pixels(1, (64, 36)))).await;
}

#[wasm_bindgen_test]
async fn only_what_has_ended_is_removed_and_it_stays_away() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let (key, canvas) = arrive(&mut gallery, 1, (64, 36));
    let coming = state(&mut gallery, 2, (64, 36), TransferState::Active);
    gallery.attach_large(key, Some(canvas));
    gallery.remove(coming);
    assert_eq!(gallery.view.trail.get_untracked().len(), 2);
    gallery.remove(key);
    state(&mut gallery, 1, (64, 36), TransferState::Verified);
    assert_eq!(listed(&gallery), [coming]);
    assert!(gallery.large.is_none() && gallery.exact.is_empty() && gallery.photos.len() == 1);
    until("everything to be released", || live().is_zero()).await;
    drop(gallery);
}

/// An empty place in the page would only make the picture for it wait.
#[wasm_bindgen_test]
async fn a_photo_is_listed_with_its_preview_or_after_a_while_and_in_its_place() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let come = |gallery: &mut Gallery, seed: u8| {
        let key = PhotoKey { owner: PeerId([7; 16]), item: ItemId([seed; 16]) };
        let kind = Kind::Photo { width: SMALL.0, height: SMALL.1, taken: 0 };
        let (name, state) = (String::new(), TransferState::Active);
        let PhotoKey { owner: from, item } = key;
        gallery.on_incoming(&Incoming {
            item,
            from,
            name,
            kind,
            on_request: false,
            bytes: 0,
            total: 2,
            state,
        });
        key
    };
    let [first, second, third] = [1, 2, 3].map(|seed| come(&mut gallery, seed));
    assert!(listed(&gallery).is_empty());

    let picture =
        Picture { width: SMALL.0, height: SMALL.1, pixels: Payload::from(pixels(9, SMALL).as_slice()) };
    gallery.show(second, Part::Preview, picture.preview(64, 100_000).unwrap());
    assert_eq!(listed(&gallery), [second]);
    // It was decoded before it had a place.
    let canvas = canvas();
    gallery.attach(second, Some(canvas.clone()));
    until("the preview", || size(&canvas) == Some(SMALL)).await;

    while listed(&gallery).len() < 3 {
        let happened = task::within(20_000, gallery.inbox.next()).await.expect("they are listed in time");
        if let Happened::Listed(key) = happened {
            gallery.list(key);
        }
    }
    assert_eq!(listed(&gallery), [third, second, first], "newest first");
    drop(gallery);
    until("everything to be released", || live().is_zero()).await;
}

#[wasm_bindgen_test]
async fn pixels_that_come_before_the_canvas_are_not_covered_by_their_preview() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let key = state(&mut gallery, 1, SMALL, TransferState::Active);
    let picture =
        Picture { width: SMALL.0, height: SMALL.1, pixels: Payload::from(pixels(9, SMALL).as_slice()) };
    gallery.show(key, Part::Preview, picture.preview(64, 100_000).unwrap());
    gallery.show(key, Part::Exact, Payload::from(pixels(1, SMALL).as_slice()));
    let canvas = canvas();
    gallery.attach(key, Some(canvas.clone()));
    until("all that is decoded", || has_encoded(&gallery)).await;
    task::sleep(200).await;
    assert!(holds(&canvas, &pixels(1, SMALL)));
    assert!(gallery.photo(key).unwrap().view.get_untracked().shows == Shows::Exact);
    drop(gallery);
    until("everything to be released", || live().is_zero()).await;
}

/// Most of a burst is never asked for: what shows of it is small, and nothing of it while it is out of sight.
#[wasm_bindgen_test]
async fn a_preview_whose_original_stays_away_is_a_thumbnail_until_that_comes() {
    let mut gallery = gallery();
    let key = come(&mut gallery, 1, FULL, TransferState::Waiting, true);
    let thumbnail = canvas();
    gallery.attach(key, Some(thumbnail.clone()));
    let picture =
        Picture { width: FULL.0, height: FULL.1, pixels: Payload::from(pixels(1, FULL).as_slice()) };
    let jpeg = picture.preview(1280, 262_144).unwrap();
    gallery.show(key, Part::Preview, jpeg.clone());
    come(&mut gallery, 1, FULL, TransferState::Held, true);
    until("the thumbnail", || size(&thumbnail) == Some(THUMBNAIL)).await;
    gallery.on_seen(key, false);
    assert_eq!(size(&thumbnail), None);
    gallery.on_seen(key, true);
    until("the thumbnail again", || size(&thumbnail) == Some(THUMBNAIL)).await;
    // It is larger where it is looked at.
    let large = canvas();
    gallery.attach_large(key, Some(large.clone()));
    until("the preview", || size(&large) == Some((960, 540))).await;

    // Its JPEG is what there is to be saved.
    assert!(gallery.leaving.borrow().is_some());
    let (file, extension) = gallery.photo(key).unwrap().keepsake().file().await.unwrap().unwrap();
    assert_eq!((file.size(), extension), (u64::from(jpeg.len()), "jpg"));
    gallery.photo(key).unwrap().view.update(|view| view.saved = true);

    gallery.show(key, Part::Exact, picture.pixels);
    come(&mut gallery, 1, FULL, TransferState::Verified, true);
    assert!(holds(&thumbnail, &pixels(1, FULL)));
    assert!(!gallery.photo(key).unwrap().view.get_untracked().saved, "the original is another file");
    let (_, extension) = gallery.photo(key).unwrap().keepsake().file().await.unwrap().unwrap();
    assert_eq!(extension, "png");
    gallery.clear();
}

#[wasm_bindgen_test]
async fn the_zip_holds_every_photo_exactly() {
    let mut gallery = gallery();
    let photos: Vec<_> = (1..=3).map(|seed| arrive(&mut gallery, seed, (320, 240))).collect();
    let mut keepsakes: Vec<_> =
        photos.iter().map(|(key, _)| (1_700_000_000_000, gallery.photo(*key).unwrap().keepsake())).collect();
    // Its pixels are not there.
    keepsakes.insert(1, (1_700_000_000_000, Keepsake { original: Original::default(), jpeg: None }));
    let told = RefCell::<Vec<usize>>::default();
    let (zip, added) = album::zip(&keepsakes, |done| told.borrow_mut().push(done)).await.unwrap();
    assert_eq!((zip.raw_mime_type().as_str(), told.take()), ("application/zip", vec![1, 2, 3, 4]));
    assert_eq!(added, [0, 2, 3]);

    let file = Payload::from_blob(&zip).await.unwrap().to_vec(usize::MAX).unwrap();
    let number = |at: usize| u32::from_le_bytes(file[at..][..4].try_into().unwrap()) as usize;
    let end = file.len() - 22;
    let mut entry = number(end + 16);
    let name = file_name(1_700_000_000_000);
    let (stem, _) = name.split_once('.').unwrap();
    for (seed, name) in [(1, name.clone()), (2, format!("{stem}-2.png")), (3, format!("{stem}-3.png"))] {
        assert_eq!(file[entry..][..4], *b"PK\x01\x02");
        assert_eq!(&file[entry + 46..][..name.len()], name.as_bytes());
        let (length, header) = (number(entry + 24), number(entry + 42));
        let start = header + 30 + name.len();
        let decoded = canvas();
        let png = Blob::new(&file[start..][..length]);
        decoded.paint_file(&png, 320, 240).await.unwrap();
        assert!(holds(&decoded, &pixels(seed, (320, 240))), "{name} is another picture");
        entry += 46 + name.len();
    }
    assert_eq!(entry, end);
}

#[wasm_bindgen_test]
async fn one_zip_at_a_time_and_none_of_a_room_that_was_left() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    gallery.save_all();
    assert_eq!(gallery.view.saving.get_untracked(), None, "there is nothing to save");
    for seed in 1..=2 {
        arrive(&mut gallery, seed, FULL);
    }
    until("the PNGs", || has_encoded(&gallery)).await;
    let tasks = live().tasks;
    gallery.save_all();
    gallery.save_all();
    assert_eq!(live().tasks, tasks + 1);
    assert_eq!(gallery.view.saving.get_untracked(), Some(Saving { done: 0, total: 2 }));
    gallery.clear();
    assert_eq!(gallery.view.saving.get_untracked(), None);
    until("everything to be released", || live().is_zero()).await;
}

#[wasm_bindgen_test]
async fn leaving_is_asked_about_as_long_as_a_photo_would_be_lost() {
    until("the end of the test before", || live().is_zero()).await;
    let mut gallery = gallery();
    let asks = |gallery: &Gallery| gallery.leaving.borrow().is_some();
    for seed in 1..=2 {
        state(&mut gallery, seed, (64, 36), TransferState::Active);
    }
    assert!(!asks(&gallery) && live().listeners == 0, "nothing is there yet");
    let keys = [1, 2].map(|seed| state(&mut gallery, seed, (64, 36), TransferState::Verified));
    assert!(asks(&gallery));
    assert_eq!(live().listeners, 1, "one for all photos");
    gallery.photo(keys[0]).unwrap().view.update(|view| view.saved = true);
    ask_before_leaving(gallery.view.trail, &gallery.leaving);
    assert!(asks(&gallery), "the other one is not saved");
    gallery.remove(keys[1]);
    assert!(!asks(&gallery) && live().listeners == 0);

    state(&mut gallery, 3, (64, 36), TransferState::Active);
    state(&mut gallery, 3, (64, 36), TransferState::Verified);
    assert!(asks(&gallery));
    gallery.clear();
    assert_eq!(live().listeners, 0);
    until("everything to be released", || live().is_zero()).await;
}

#[wasm_bindgen_test]
fn what_failed_makes_way_first_then_what_is_saved_then_the_oldest() {
    let mut gallery = gallery();
    let size = (64, 36);
    let key = |number: usize| PhotoKey {
        owner: PeerId([number as u8; 16]),
        item: ItemId([(number >> 8) as u8; 16]),
    };
    let tell = |gallery: &mut Gallery, number: usize, state: TransferState| {
        let PhotoKey { owner: from, item } = key(number);
        let kind = Kind::Photo { width: size.0, height: size.1, taken: 0 };
        gallery.on_incoming(&Incoming {
            item,
            from,
            name: String::new(),
            kind,
            on_request: false,
            bytes: 0,
            total: 1,
            state,
        });
        gallery.list(key(number));
    };
    for number in 0..MAX_PHOTOS {
        tell(&mut gallery, number, TransferState::Active);
    }
    tell(&mut gallery, 2, TransferState::Verified);
    gallery.photo(key(2)).unwrap().view.update(|view| view.saved = true);
    tell(&mut gallery, 3, TransferState::Cancelled);
    for (new, gone) in [(300, 3), (301, 2), (302, 0), (303, 1)] {
        let is_lost = gone < 2;
        gallery.view.notice.set(None);
        tell(&mut gallery, new, TransferState::Active);
        let trail = gallery.view.trail.get_untracked();
        assert!(trail.len() == MAX_PHOTOS && trail[0].key == key(new) && gallery.photo(key(gone)).is_none());
        let said = gallery.view.notice.get_untracked();
        assert_eq!(said, (gone == 0).then_some(Notice::PhotoMadeWay), "once, and only of what is lost");
        // It is still coming.
        tell(&mut gallery, gone, if is_lost { TransferState::Active } else { TransferState::Verified });
        assert!(gallery.photo(key(gone)).is_none(), "{gone} came back");
    }
}
