//! What a person asks of a camera, as they typed it, and which part of it failed.

use crate::browser::{CameraConstraints, CameraSettings, Constrain, Facing};

/// One thing that can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Pixels.
    Width,
    /// Pixels.
    Height,
    /// In a second.
    FrameRate,
    /// Where it looks.
    Facing,
    /// Which one.
    Device,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Width, Self::Height, Self::FrameRate, Self::Facing, Self::Device];

    /// Its name in `MediaTrackConstraints`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Height => "height",
            Self::FrameRate => "frameRate",
            Self::Facing => "facingMode",
            Self::Device => "deviceId",
        }
    }

    /// The one that an `OverconstrainedError` names.
    #[must_use]
    pub fn named(constraint: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == constraint)
    }
}

/// How strictly it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// That or more.
    Min,
    /// As near as can be.
    Ideal,
    /// That and nothing else.
    Exact,
    /// That or less.
    Max,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Min, Self::Ideal, Self::Exact, Self::Max];

    /// Its name in `ConstrainULong`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Ideal => "ideal",
            Self::Exact => "exact",
            Self::Max => "max",
        }
    }

    /// The one of that name; none asks for nothing.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }

    fn on<T>(self, value: T) -> Constrain<T> {
        match self {
            Self::Min => Constrain::Min(value),
            Self::Ideal => Constrain::Ideal(value),
            Self::Exact => Constrain::Exact(value),
            Self::Max => Constrain::Max(value),
        }
    }
}

/// A number that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As it was typed.
    pub text: String,
    /// None asks for nothing.
    pub limit: Option<Limit>,
}

impl Number {
    fn new(text: &str, limit: Option<Limit>) -> Self {
        Self { text: text.to_owned(), limit }
    }

    /// Not a number is an error; browsers would take it for nothing asked, or for 0.
    fn constrain(&self, part: Part) -> Result<Option<Constrain<f64>>, Part> {
        let Some(limit) = self.limit else { return Ok(None) };
        let number = self.text.trim().parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite() && *number > 0.0);
        number.map(|number| Some(limit.on(number))).ok_or(part)
    }
}

/// All that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Pixels.
    pub width: Number,
    /// Pixels.
    pub height: Number,
    /// In a second.
    pub frame_rate: Number,
    /// Where it is to look.
    pub facing: Facing,
    /// `Ideal`, `Exact` or none, which asks for nothing.
    pub facing_limit: Option<Limit>,
    /// A `deviceId`: this camera and no other.
    pub device: Option<String>,
}

impl Default for Asked {
    /// What the room asks for, and a frame rate to begin with.
    fn default() -> Self {
        Self {
            width: Number::new("1280", Some(Limit::Ideal)),
            height: Number::new("720", Some(Limit::Ideal)),
            frame_rate: Number::new("30", None),
            facing: Facing::User,
            facing_limit: None,
            device: None,
        }
    }
}

/// What is asked, as one writes it in JavaScript.
#[must_use]
pub fn literal(constraints: &CameraConstraints) -> String {
    let CameraConstraints { width, height, frame_rate, facing_mode, device_id } = constraints;
    let number = |number: &f64| number.to_string();
    let parts = [
        (Part::Width, width.as_ref().map(|width| member(width, number))),
        (Part::Height, height.as_ref().map(|height| member(height, number))),
        (Part::FrameRate, frame_rate.as_ref().map(|rate| member(rate, number))),
        (
            Part::Facing,
            facing_mode.as_ref().map(|facing| member(facing, |facing| format!("{:?}", mode(*facing)))),
        ),
        (Part::Device, device_id.as_ref().map(|id| member(id, |id| format!("{id:?}")))),
    ];
    let parts = parts.into_iter().filter_map(|(part, member)| Some(format!("{}: {}", part.name(), member?)));
    match parts.collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => "{}".into(),
        parts => format!("{{ {parts} }}"),
    }
}

fn member<T>(constrain: &Constrain<T>, write: impl Fn(&T) -> String) -> String {
    let (limit, value) = match constrain {
        Constrain::Min(value) => (Limit::Min, value),
        Constrain::Ideal(value) => (Limit::Ideal, value),
        Constrain::Exact(value) => (Limit::Exact, value),
        Constrain::Max(value) => (Limit::Max, value),
    };
    format!("{{ {}: {} }}", limit.name(), write(value))
}

/// A frame rate of 29.97 is one of 30.
const NEAR: f64 = 0.5;

/// The first part in which a camera that runs so does not do what had to be, whatever the browser said.
#[must_use]
pub fn unmet(constraints: &CameraConstraints, runs: &CameraSettings) -> Option<Part> {
    let unmet = unmet_as_it_lies(constraints, runs);
    // Some browsers turn what they say when a phone is turned, others do not.
    let turned = CameraSettings { width: runs.height, height: runs.width, ..runs.clone() };
    unmet.filter(|_| unmet_as_it_lies(constraints, &turned).is_some())
}

fn unmet_as_it_lies(constraints: &CameraConstraints, runs: &CameraSettings) -> Option<Part> {
    let CameraConstraints { width, height, frame_rate, facing_mode, device_id } = constraints;
    let is_exact = |asked: Option<&str>, runs: &Option<String>| {
        asked.is_none_or(|asked| runs.as_deref().is_none_or(|runs| runs == asked))
    };
    let facing = match facing_mode {
        Some(Constrain::Exact(facing)) => Some(mode(*facing)),
        _ => None,
    };
    let device = match device_id {
        Some(Constrain::Exact(device)) => Some(device.as_str()),
        _ => None,
    };
    let met = [
        (Part::Width, is_met(width.as_ref(), runs.width)),
        (Part::Height, is_met(height.as_ref(), runs.height)),
        (Part::FrameRate, is_met(frame_rate.as_ref(), runs.frame_rate)),
        (Part::Facing, is_exact(facing, &runs.facing)),
        (Part::Device, is_exact(device, &runs.device)),
    ];
    met.into_iter().find(|(_, is_met)| !is_met).map(|(part, _)| part)
}

/// What the browser does not say is taken for what was asked.
fn is_met(asked: Option<&Constrain<f64>>, runs: Option<f64>) -> bool {
    let (Some(asked), Some(runs)) = (asked, runs) else { return true };
    match asked {
        Constrain::Min(least) => runs >= least - NEAR,
        Constrain::Ideal(_) => true,
        Constrain::Exact(exact) => (runs - exact).abs() <= NEAR,
        Constrain::Max(most) => runs <= most + NEAR,
    }
}

/// Its name in `VideoFacingModeEnum`.
fn mode(facing: Facing) -> &'static str {
    match facing {
        Facing::User => "user",
        Facing::Environment => "environment",
    }
}

impl Asked {
    /// The number of that part, where it is one.
    #[must_use]
    pub fn number(&self, part: Part) -> Option<&Number> {
        match part {
            Part::Width => Some(&self.width),
            Part::Height => Some(&self.height),
            Part::FrameRate => Some(&self.frame_rate),
            Part::Facing | Part::Device => None,
        }
    }

    /// The same, to be changed.
    pub fn number_mut(&mut self, part: Part) -> Option<&mut Number> {
        match part {
            Part::Width => Some(&mut self.width),
            Part::Height => Some(&mut self.height),
            Part::FrameRate => Some(&mut self.frame_rate),
            Part::Facing | Part::Device => None,
        }
    }

    /// For the browser. Where something is no number above 0, that part.
    pub fn constraints(&self) -> Result<CameraConstraints, Part> {
        Ok(CameraConstraints {
            width: self.width.constrain(Part::Width)?,
            height: self.height.constrain(Part::Height)?,
            frame_rate: self.frame_rate.constrain(Part::FrameRate)?,
            facing_mode: self.facing_limit.map(|limit| limit.on(self.facing)),
            device_id: self.device.clone().map(Constrain::Exact),
        })
    }

    /// Whether the camera that runs may be the one that is asked for: a track never changes to another device.
    #[must_use]
    pub fn may_be(&self, runs: &CameraSettings) -> bool {
        let is_device = self.device.is_none() || self.device == runs.device;
        // A camera on a desk does not say where it looks, and is not left for one that does.
        let faces = runs.facing.as_deref().is_none_or(|runs| runs == mode(self.facing));
        is_device && (self.facing_limit.is_none() || self.device.is_some() || faces)
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn only_what_has_a_limit_is_asked() {
        let asked = Asked::default().constraints();
        let (width, height) = (Some(Constrain::Ideal(1280.0)), Some(Constrain::Ideal(720.0)));
        assert_eq!(asked, Ok(CameraConstraints { width, height, ..CameraConstraints::default() }));

        let asked = Asked {
            width: Number::new(" 640 ", Some(Limit::Exact)),
            height: Number::new("of no interest", None),
            frame_rate: Number::new("12.5", Some(Limit::Max)),
            facing: Facing::Environment,
            facing_limit: Some(Limit::Ideal),
            device: Some("front".into()),
        };
        let expected = CameraConstraints {
            width: Some(Constrain::Exact(640.0)),
            height: None,
            frame_rate: Some(Constrain::Max(12.5)),
            facing_mode: Some(Constrain::Ideal(Facing::Environment)),
            device_id: Some(Constrain::Exact("front".into())),
        };
        assert_eq!(
            literal(&expected),
            r#"{ width: { exact: 640 }, frameRate: { max: 12.5 }, facingMode: { ideal: "environment" }, deviceId: { exact: "front" } }"#
        );
        assert_eq!(literal(&CameraConstraints::default()), "{}");
        assert_eq!(asked.constraints(), Ok(expected));
    }

    #[wasm_bindgen_test]
    fn what_is_no_number_is_named() {
        for text in ["", "wide", "-1", "0", "NaN", "inf"] {
            let asked = Asked { height: Number::new(text, Some(Limit::Min)), ..Asked::default() };
            assert_eq!(asked.constraints(), Err(Part::Height), "{text:?}");
        }
    }

    #[wasm_bindgen_test]
    fn another_camera_is_opened_only_where_the_one_that_runs_is_another() {
        let runs = |facing: Option<&str>| CameraSettings {
            device: Some("front".into()),
            facing: facing.map(Into::into),
            ..CameraSettings::default()
        };
        let asked = |device: Option<&str>, facing_limit| Asked {
            device: device.map(Into::into),
            facing: Facing::Environment,
            facing_limit,
            ..Asked::default()
        };
        assert!(asked(None, None).may_be(&runs(Some("user"))));
        assert!(asked(Some("front"), None).may_be(&runs(None)));
        assert!(!asked(Some("back"), None).may_be(&runs(None)));
        for limit in [Limit::Ideal, Limit::Exact] {
            assert!(!asked(None, Some(limit)).may_be(&runs(Some("user"))));
            assert!(asked(None, Some(limit)).may_be(&runs(Some("environment"))));
            assert!(asked(None, Some(limit)).may_be(&runs(None)), "a camera on a desk");
            assert!(asked(Some("front"), Some(limit)).may_be(&runs(Some("user"))), "it was chosen by name");
        }
    }

    #[wasm_bindgen_test]
    fn a_browser_that_only_says_that_it_is_done_is_found_out() {
        let runs = |width: f64, height: f64| CameraSettings {
            width: Some(width),
            height: Some(height),
            frame_rate: Some(29.97),
            ..CameraSettings::default()
        };
        let width = |limit: Limit| CameraConstraints {
            width: Some(limit.on(640.0)),
            height: Some(Constrain::Ideal(480.0)),
            ..CameraConstraints::default()
        };
        let rate = |limit: Limit| CameraConstraints {
            frame_rate: Some(limit.on(30.0)),
            ..CameraConstraints::default()
        };
        assert_eq!(unmet(&width(Limit::Exact), &runs(640.0, 480.0)), None);
        assert_eq!(unmet(&width(Limit::Exact), &runs(1280.0, 720.0)), Some(Part::Width));
        assert_eq!(unmet(&width(Limit::Min), &runs(1280.0, 720.0)), None);
        assert_eq!(unmet(&width(Limit::Max), &runs(1280.0, 720.0)), Some(Part::Width));
        assert_eq!(unmet(&width(Limit::Min), &runs(320.0, 240.0)), Some(Part::Width));
        assert_eq!(unmet(&width(Limit::Ideal), &runs(320.0, 240.0)), None);
        assert_eq!(unmet(&width(Limit::Exact), &runs(480.0, 640.0)), None, "a phone that is held upright");
        assert_eq!(unmet(&rate(Limit::Exact), &runs(640.0, 480.0)), None);
        assert_eq!(unmet(&width(Limit::Exact), &CameraSettings::default()), None, "it does not say");

        let other = CameraConstraints {
            facing_mode: Some(Constrain::Exact(Facing::User)),
            device_id: Some(Constrain::Exact("front".into())),
            ..CameraConstraints::default()
        };
        let back = CameraSettings { facing: Some("environment".into()), ..CameraSettings::default() };
        assert_eq!(unmet(&other, &back), Some(Part::Facing));
        let front = CameraSettings { device: Some("another".into()), ..CameraSettings::default() };
        assert_eq!(unmet(&other, &front), Some(Part::Device));
    }

    #[wasm_bindgen_test]
    fn a_constraint_that_failed_is_found_by_its_name() {
        for part in Part::ALL {
            assert_eq!(Part::named(part.name()), Some(part));
        }
        assert_eq!(Part::named(""), None, "Chromium names none where the camera itself cannot be used");
        assert_eq!(Limit::named("exact"), Some(Limit::Exact));
        assert_eq!(Limit::named(""), None);
    }
}
