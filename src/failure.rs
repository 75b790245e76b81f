//! Why a camera or a microphone cannot be used: the same in both programs.

use crate::browser::CaptureError;

/// Why a camera or a microphone cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraFailure {
    /// The person, or a rule of the browser, said no.
    Denied,
    /// There is none.
    Missing,
    /// Another program has it.
    Busy,
    /// It cannot do what was asked; the name of the constraint.
    Impossible(String),
    /// The page did not come over a secure connection.
    Insecure,
    /// It was on and went away.
    Unplugged,
    /// Something else; the browser's words.
    Other(String),
}

impl From<CaptureError> for CameraFailure {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Insecure => Self::Insecure,
            CaptureError::Denied => Self::Denied,
            CaptureError::Missing => Self::Missing,
            CaptureError::Busy => Self::Busy,
            CaptureError::Impossible(constraint) => Self::Impossible(constraint),
            CaptureError::Other(error) => Self::Other(error.to_string()),
        }
    }
}
