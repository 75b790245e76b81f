//! A link as a code that a phone's camera reads.

use std::fmt::Write;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use super::words::labels;

/// Light modules around the code (ISO/IEC 18004: four at least).
const QUIET_ZONE: i32 = 4;

/// The code and what to do with it, or a sentence where the link is too long for one.
#[component]
pub fn QrPicture(#[prop(into)] url: Signal<String>) -> impl IntoView {
    move || match url.with(|url| drawing(url)) {
        Some((size, path)) => view! {
            <svg class="qr" role="img" aria-label=labels::QR_PICTURE viewBox=format!("0 0 {size} {size}")>
                <rect class="qrGround" width="100%" height="100%"></rect>
                <path class="qrInk" d=path></path>
            </svg>
            <p class="scan">{labels::SCAN}</p>
        }
        .into_any(),
        None => view! { <p class="noQr">{labels::NO_QR}</p> }.into_any(),
    }
}

/// Modules a side, and the dark ones as an SVG path. None for more than the largest code holds.
fn drawing(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Into a string, which takes everything.
            let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
        }
    }
    Some((code.size() + 2 * QUIET_ZONE, path))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_link_has_a_code_with_its_three_finders() {
        let (size, path) = drawing("https://snaproom.example/#abcdefghijklmnopqrstuv").unwrap();
        assert_eq!(size, 33 + 2 * QUIET_ZONE, "version 4, medium");
        let far = size - QUIET_ZONE - 1;
        for (x, y) in [(QUIET_ZONE, QUIET_ZONE), (far, QUIET_ZONE), (QUIET_ZONE, far)] {
            assert!(path.contains(&format!("M{x},{y}h1v1h-1z")), "no finder at {x},{y}");
        }
    }

    #[wasm_bindgen_test]
    fn a_link_beyond_the_largest_code_has_none() {
        assert_eq!(drawing(&"x".repeat(5000)), None);
    }
}
