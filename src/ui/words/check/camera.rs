//! The words of `/check/camera`.

use crate::check::camera::{
    Applied, Asked, CameraCapabilities, CameraSettings, CaptureError, Device, Facing, Guide, Heard, Limit,
    Part, Permission, Range, State, Verdict,
};

pub const PICTURE: &str = "Picture";
pub const YOUR_PICTURE: &str = "Your camera’s picture";
pub const STOP: &str = "Stop";
pub const MIRROR: &str = "Mirror";
pub const FACTS: &str = "What the camera gives";
pub const SIZE: &str = "Size of the picture";
pub const DEVICE: &str = "Camera";
pub const RATE: &str = "Frames a second, as they come";
pub const NOTHING_YET: &str = "–";
pub const MIRROR_TEST: &str = "Hold something written up to the camera and switch Mirror off: it has to be readable. If \
                               it is not, the camera itself mirrors its picture; look for Mirror or Flip in the camera’s \
                               own program.";

pub const WISHES: &str = "What the camera is asked for";
pub const WISHES_HINT: &str =
    "A wish (ideal) is met as well as the camera can. With min, exact and max it does that, or refuses.";
pub const VALUE: &str = "Asked";
pub const ANSWER: &str = "Answer";
pub const POSSIBLE: &str = "Possible";
pub const APPLY: &str = "Apply";
pub const NOT_ASKED: &str = "not asked";
pub const ANY_CAMERA: &str = "Any camera";
pub const GONE: &str = "A camera that is not connected";
pub const CONSOLE: &str = "For the console";
pub const CALL_HINT: &str = "This is what the page asked the browser for, as JavaScript:";
pub const CONSOLE_HINT: &str =
    "While it runs, the camera is called stream in the console of the developer tools. Try there:";
pub const CONSOLE_TRY: &str = "stream.getVideoTracks()[0].getSettings()";
pub const NO_CALL: &str = "Nothing was asked yet.";

pub const SOUND: &str = "Microphone";
pub const LOUDNESS: &str = "How loud it is";

pub const PERMISSIONS: &str = "Permission";
pub const HOW_TO_CHANGE: &str = "How to change it in this browser";
pub const BOTH: &str = "camera and microphone";

/// What the button that starts a device says.
#[must_use]
pub fn start(state: &State) -> &'static str {
    match state {
        State::Off | State::On => "Start",
        State::Starting => "Starting…",
        State::Failed(_) | State::Ended => "Try again",
    }
}

/// What the button of the microphone says: it starts and stops.
#[must_use]
pub fn listen(state: &State) -> &'static str {
    match state {
        State::Off => "Listen to the microphone",
        State::Starting => "Starting… Press to stop",
        State::On => "Stop listening",
        State::Failed(_) | State::Ended => "Try again",
    }
}

/// How the camera is, and what to do.
#[must_use]
pub fn status(state: &State, permission: Permission, guide: Guide) -> [String; 2] {
    match state {
        State::On => ["The camera is on.".into(), "Its pictures stay on this page.".into()],
        State::Off if permission == Permission::Denied => denied("camera", permission, guide),
        State::Off => ["The camera is off.".into(), before("camera", permission)],
        State::Starting => ["Starting the camera…".into(), "If the browser asks, allow it.".into()],
        State::Ended => ended("camera"),
        State::Failed(error) => failed(error, "camera", permission, guide),
    }
}

/// How the microphone is, and what to do.
#[must_use]
pub fn sound(state: &State, permission: Permission, guide: Guide) -> [String; 2] {
    match state {
        State::On => {
            ["The microphone is on.".into(), "Say something. Nothing of it is played or kept.".into()]
        }
        State::Off if permission == Permission::Denied => denied("microphone", permission, guide),
        State::Off => ["The microphone is off.".into(), before("microphone", permission)],
        State::Starting => ["Starting the microphone…".into(), "If the browser asks, allow it.".into()],
        State::Ended => ended("microphone"),
        State::Failed(error) => failed(error, "microphone", permission, guide),
    }
}

fn before(device: &str, permission: Permission) -> String {
    match permission {
        Permission::Granted => format!("This page may use the {device}."),
        _ => "The browser will ask whether this page may use it.".into(),
    }
}

fn ended(device: &str) -> [String; 2] {
    [format!("The {device} went away."), "Connect it again, then try again.".into()]
}

fn failed(error: &CaptureError, device: &str, permission: Permission, guide: Guide) -> [String; 2] {
    let [problem, remedy] = match error {
        CaptureError::Denied => return denied(device, permission, guide),
        CaptureError::Missing => {
            [format!("No {device} was found."), "Connect one, and switch it on, then try again.".into()]
        }
        CaptureError::Busy => [
            format!("Something else is using the {device}, or the system cannot start it."),
            "Close other programs and pages that use it, or connect it again, then try again.".into(),
        ],
        CaptureError::Impossible(_) => [
            format!("No {device} does what is asked for."),
            "Below it is said which part that is: change it, then try again.".into(),
        ],
        CaptureError::Insecure => [
            format!("Browsers give the {device} to secure pages only."),
            "Open this page by an address that begins with https, or on localhost.".into(),
        ],
        CaptureError::Other(words) => [format!("The {device} did not start ({words})."), "Try again.".into()],
    };
    [problem, remedy]
}

fn denied(device: &str, permission: Permission, guide: Guide) -> [String; 2] {
    match permission {
        Permission::Granted => [
            format!("This page may use the {device}, but it was refused a moment ago."),
            format!("Try again. If it is refused again, the system itself does it: {}", system(guide)),
        ],
        Permission::Prompt => [
            format!("This page was not allowed to use the {device}."),
            "Start it again, and allow it when the browser asks.".into(),
        ],
        Permission::Denied | Permission::Unknown => {
            [format!("This page may not use the {device}."), how_to_allow(guide, device)]
        }
    }
}

/// Whether the browser gives it.
#[must_use]
pub fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Granted => "allowed. It starts without a question.",
        Permission::Prompt => "not decided. The browser asks when it is to start.",
        Permission::Denied => "refused. The browser does not even ask.",
        Permission::Unknown => "this browser does not say. It tells when it is to start.",
    }
}

/// For code that looks at the page.
#[must_use]
pub fn permission_state(permission: Permission) -> &'static str {
    match permission {
        Permission::Granted => "granted",
        Permission::Prompt => "prompt",
        Permission::Denied => "denied",
        Permission::Unknown => "unknown",
    }
}

fn how_to_allow(guide: Guide, device: &str) -> String {
    format!("{} Then try again.", how_to_change(guide, device))
}

/// Where this browser keeps it; `device` is `camera` or `microphone`, or both.
#[must_use]
pub fn how_to_change(guide: Guide, device: &str) -> String {
    match guide {
        Guide::Chromium => format!(
            "Press the sign at the left end of the address bar and set {device} to allowed, or press Reset permission."
        ),
        Guide::ChromiumPhone => {
            format!("Press the sign to the left of the address, then Permissions, and allow the {device}.")
        }
        Guide::Firefox => format!(
            "Press the sign of the {device} to the left of the address, which may be crossed out, and remove Blocked."
        ),
        Guide::FirefoxPhone => {
            format!("Press the lock to the left of the address, and allow the {device}.")
        }
        Guide::Safari => {
            format!("In the menu Safari choose Settings for this website, and set {device} to Allow.")
        }
        Guide::SafariPhone => {
            format!("Press the sign in the address bar, then Website Settings, and set {device} to Allow.")
        }
        Guide::AppOnPhone => {
            format!("Open the Settings of the phone, then Apps, this browser, and switch the {device} on.")
        }
        Guide::Other => {
            format!(
                "Look beside the address, or in the browser’s settings for privacy, and allow the {device}."
            )
        }
    }
}

/// The same of the system.
#[must_use]
pub fn system_too(guide: Guide) -> String {
    format!("If it is allowed and does not start, the system may refuse it: {}", system(guide))
}

/// Where the system keeps it, which may refuse what the browser allows.
fn system(guide: Guide) -> &'static str {
    match guide {
        Guide::ChromiumPhone | Guide::FirefoxPhone => {
            "open the phone’s Settings, then Apps, this browser, Permissions."
        }
        Guide::SafariPhone | Guide::AppOnPhone => {
            "open the phone’s Settings, then Apps, this browser; and Screen Time, if it restricts it."
        }
        Guide::Safari => "open System Settings, then Privacy & Security, and allow this browser.",
        Guide::Chromium | Guide::Firefox | Guide::Other => {
            "open the system’s privacy settings, and allow this browser. Some laptops have a switch for it."
        }
    }
}

/// How the picture is, and what to do.
#[must_use]
pub fn verdict(state: &State, verdict: Verdict) -> [&'static str; 2] {
    match verdict {
        _ if *state != State::On => ["Start the camera, and this page looks at its picture.", ""],
        Verdict::Waiting => ["Looking at the picture…", ""],
        Verdict::Good => ["The picture is good: it has light, and it moves.", ""],
        Verdict::Nothing => [
            "The camera is on, but no picture comes.",
            "Stop it, close other programs that use it, or choose another camera below. Then start it.",
        ],
        Verdict::Muted => [
            "The system gives no picture of the camera just now.",
            "Open the lid, look for a key or a switch that turns the camera off, and close other programs that use it.",
        ],
        Verdict::Black => [
            "The picture is black.",
            "Take the cover off the lens, make light, and look for a switch at the camera. If it stays black, choose \
             another camera below.",
        ],
        Verdict::Frozen => [
            "The picture is frozen: no pixel changes.",
            "Every real camera has a little noise. Stop and start it, or connect it again. If a program makes this \
             picture, look whether it still runs.",
        ],
    }
}

/// For code that looks at the page, and for colours.
#[must_use]
pub fn verdict_state(state: &State, verdict: Verdict) -> &'static str {
    match verdict {
        _ if *state != State::On => "off",
        Verdict::Waiting => "waiting",
        Verdict::Good => "good",
        Verdict::Nothing => "nothing",
        Verdict::Muted => "muted",
        Verdict::Black => "black",
        Verdict::Frozen => "frozen",
    }
}

/// Who sees what of it.
#[must_use]
pub fn mirrored(mirrors: bool) -> &'static str {
    if mirrors {
        "This page shows you as a mirror does. Others see you the right way round."
    } else {
        "This page shows you as others see you."
    }
}

/// A size in pixels.
#[must_use]
pub fn size(size: Option<(u32, u32)>) -> String {
    size.map_or_else(|| NOTHING_YET.into(), |(width, height)| format!("{width} × {height}"))
}

/// The last frame rate that was measured.
#[must_use]
pub fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| NOTHING_YET.into(), number)
}

/// What can be asked.
#[must_use]
pub fn title(part: Part) -> &'static str {
    match part {
        Part::Width => "Width",
        Part::Height => "Height",
        Part::FrameRate => "Frame rate",
        Part::Facing => "Looks at",
        Part::Device => "Camera",
    }
}

/// In what it is counted.
#[must_use]
pub fn unit(part: Part) -> &'static str {
    match part {
        Part::Width | Part::Height => "pixels",
        Part::FrameRate => "a second",
        Part::Facing | Part::Device => "",
    }
}

/// The field of its value, for people who do not see where it stands.
#[must_use]
pub fn value(part: Part) -> String {
    [title(part), unit(part)].join(" ").trim().to_owned()
}

/// The field that says how strictly it is asked.
#[must_use]
pub fn strictness(part: Part) -> String {
    format!("{}: how strictly", title(part))
}

/// How strictly.
#[must_use]
pub fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Min => "at least (min)",
        Limit::Ideal => "a wish (ideal)",
        Limit::Exact => "exactly (exact)",
        Limit::Max => "at most (max)",
    }
}

/// Where a camera is to look.
#[must_use]
pub fn facing(facing: Facing) -> &'static str {
    match facing {
        Facing::User => "you (user)",
        Facing::Environment => "what you see (environment)",
    }
}

/// How the camera runs, of that part.
#[must_use]
pub fn answer(part: Part, settings: &CameraSettings, cameras: &[Device]) -> String {
    let said = match part {
        Part::Width => settings.width.map(number),
        Part::Height => settings.height.map(number),
        Part::FrameRate => settings.frame_rate.map(number),
        Part::Facing => settings.facing.clone(),
        Part::Device => settings.device.as_ref().map(|id| {
            let known = cameras.iter().find(|camera| camera.id == *id);
            known.map_or_else(|| GONE.to_owned(), |camera| camera.label.clone())
        }),
    };
    said.unwrap_or_else(|| NOTHING_YET.into())
}

/// What that part can be, as far as the browser says.
#[must_use]
pub fn possible(part: Part, capabilities: &CameraCapabilities, cameras: &[Device]) -> String {
    let said = match part {
        Part::Facing => (!capabilities.facing.is_empty()).then(|| capabilities.facing.join(", ")),
        Part::Device => match cameras.len() {
            0 => None,
            1 => Some("1 camera".into()),
            many => Some(format!("{many} cameras")),
        },
        part => range_of(part, capabilities).map(range),
    };
    said.unwrap_or_else(|| NOTHING_YET.into())
}

fn range_of(part: Part, capabilities: &CameraCapabilities) -> Option<Range> {
    match part {
        Part::Width => capabilities.width,
        Part::Height => capabilities.height,
        Part::FrameRate => capabilities.frame_rate,
        Part::Facing | Part::Device => None,
    }
}

/// Why that part of what was asked failed, and what to do; nothing where it did not.
#[must_use]
pub fn refusal(
    part: Part,
    applied: Option<&Applied>,
    asked: &Asked,
    capabilities: &CameraCapabilities,
) -> Option<String> {
    match applied? {
        Applied::NotANumber(failed) if *failed == part => {
            Some("Type a number above 0, or choose “not asked”.".into())
        }
        Applied::Ignored(failed) if *failed == part => Some(
            "The browser agreed, but the answer is another. If what you ask is possible, stop and start the camera: some \
             browsers ask it only then."
                .into(),
        ),
        Applied::Impossible(Some(failed)) if *failed == part => Some(impossible(part, asked, capabilities)),
        _ => None,
    }
}

fn impossible(part: Part, asked: &Asked, capabilities: &CameraCapabilities) -> String {
    match (part, asked.number(part)) {
        (Part::Facing, _) => {
            let possible = match capabilities.facing.as_slice() {
                [] => "The camera does not say where it looks".into(),
                modes => format!("Possible is {}", modes.join(", ")),
            };
            format!("No camera looks there for certain. {possible}: ask for it as a wish.")
        }
        (_, Some(number)) => {
            let what = match number.limit {
                Some(Limit::Min) => "at least ",
                Some(Limit::Max) => "at most ",
                _ => "exactly ",
            };
            let unit = if part == Part::FrameRate { "frames a second" } else { "pixels" };
            let possible = match range_of(part, capabilities) {
                Some(possible) => format!("Possible is {} {unit}", range(possible)),
                None => "Try another number".into(),
            };
            format!(
                "The camera cannot do {what}{} {unit}. {possible}, or ask for it as a wish.",
                number.text.trim()
            )
        }
        _ => "That camera is not connected any more. Choose another one, or any.".into(),
    }
}

/// What became of what was asked.
#[must_use]
pub fn applied(applied: Option<&Applied>, state: &State) -> String {
    match applied {
        // Why it did not start stands beside the button.
        None | Some(Applied::Failed(_)) if *state != State::On => {
            "The camera is asked for this when it starts.".into()
        }
        None => String::new(),
        Some(Applied::Waiting) => "Asking the camera…".into(),
        Some(Applied::Done) => "The camera took it. Its answer stands beside each part.".into(),
        Some(Applied::NotANumber(part)) => format!("Nothing was asked: {} is not a number.", title(*part)),
        Some(Applied::Ignored(part)) => {
            format!("The browser agreed, but the camera does not do it: {}.", title(*part))
        }
        Some(Applied::Impossible(Some(part))) => {
            let on = if *state == State::On { " and runs on as before" } else { "" };
            format!("The camera refused{on}, because of: {}.", title(*part))
        }
        Some(Applied::Impossible(None)) => {
            "The camera cannot do this, and the browser does not say which part. Ask for less.".into()
        }
        Some(Applied::Failed(error)) => format!("The camera could not be asked ({error}). Try again."),
    }
}

/// How loud it is.
#[must_use]
pub fn heard(state: &State, heard: Heard) -> &'static str {
    match heard {
        _ if *state != State::On => NOTHING_YET,
        Heard::Waiting => "Listening…",
        Heard::Nothing => {
            "Nothing at all, not even noise: it is muted, by a switch at it or in the system’s sound settings."
        }
        Heard::Quiet => {
            "Quiet. While you speak this is too little: come nearer, or turn it up in the system."
        }
        Heard::Good => "Good: others would hear that well.",
        Heard::TooLoud => {
            "Too loud, so that it is distorted: turn it down in the system, or go further away."
        }
    }
}

fn range(Range { min, max }: Range) -> String {
    format!("{} to {}", number(min), number(max))
}

/// With one digit behind the point, where that is not 0.
fn number(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::check::camera::Number;

    #[wasm_bindgen_test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!([number(1280.0), number(29.97), number(0.04), number(7.5)], ["1280", "30", "0", "7.5"]);
        assert_eq!(size(Some((1280, 720))), "1280 × 720");
        assert_eq!((size(None), rate(None)), (NOTHING_YET.into(), NOTHING_YET.into()));
    }

    #[wasm_bindgen_test]
    fn a_refusal_stands_at_its_part_and_says_what_is_possible() {
        let width = Some(Range { min: 1.0, max: 1920.0 });
        let can = CameraCapabilities { width, ..CameraCapabilities::default() };
        let asked =
            |limit| Asked { width: Number { text: "9999".into(), limit: Some(limit) }, ..Asked::default() };
        let failed = Applied::Impossible(Some(Part::Width));
        let says = |part, limit, can| refusal(part, Some(&failed), &asked(limit), can);
        assert_eq!(
            says(Part::Width, Limit::Exact, &can).as_deref(),
            Some(
                "The camera cannot do exactly 9999 pixels. Possible is 1 to 1920 pixels, or ask for it as a wish."
            )
        );
        assert!(says(Part::Width, Limit::Min, &can).is_some_and(|says| says.contains("at least 9999")));
        let unknown = CameraCapabilities::default();
        assert!(says(Part::Width, Limit::Min, &unknown).is_some_and(|says| says.contains("another number")));
        assert_eq!(says(Part::Height, Limit::Exact, &can), None);
        assert_eq!(refusal(Part::Width, Some(&Applied::Done), &Asked::default(), &can), None);
    }

    #[wasm_bindgen_test]
    fn who_refused_decides_what_to_do() {
        let says = |permission| failed(&CaptureError::Denied, "camera", permission, Guide::Chromium);
        assert!(says(Permission::Denied)[1].contains("address bar"));
        assert!(says(Permission::Granted)[1].contains("the system itself"));
        assert!(says(Permission::Prompt)[1].contains("allow it when the browser asks"));
    }
}
