//! The words of the pages under `/check`.

pub mod all;
pub mod call;
pub mod camera;
pub mod data;

use crate::room::CameraFailure;

pub const CHECKS: &str = "Checks";
pub const ALL: &str = "Everything";
pub const CAMERA: &str = "Camera";
pub const CALL: &str = "Call";
pub const DATA: &str = "Data";

/// Of a page's tab.
#[must_use]
pub fn title(page: &str) -> String {
    format!("{page}: Snaproom check")
}

/// Why there is no sound, and what to do.
#[must_use]
pub fn microphone(failure: &CameraFailure) -> [String; 2] {
    let [problem, remedy] = match failure {
        CameraFailure::Denied => [
            "This page may not use the microphone.",
            "Allow the microphone beside the address bar or in the device’s settings, then try again.",
        ],
        CameraFailure::Missing | CameraFailure::Unplugged => {
            ["No microphone was found.", "Connect one, then try again."]
        }
        CameraFailure::Busy => {
            ["Another program is using the microphone.", "Close that program, then try again."]
        }
        CameraFailure::Insecure => [
            "Browsers give the microphone to secure pages only.",
            "Open this page by an address that begins with https, or on localhost.",
        ],
        CameraFailure::Impossible(words) | CameraFailure::Other(words) => {
            return [format!("The microphone did not start ({words})."), "Try again.".into()];
        }
    };
    [problem.into(), remedy.into()]
}
