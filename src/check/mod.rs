//! The pages under `/check`: whether camera, connection and network work in this browser, and each API for itself, as a
//! learner meets it. None of them needs anybody else.
//!
//! | file | page | what it shows |
//! |---|---|---|
//! | [`all`] | `/check` | all of it by itself, with a verdict and a report |
//! | [`camera`] | `/check/camera` | a camera's pictures, constraints and permission; how loud the microphone is |
//! | [`call`] | `/check/call` | a call from the page to itself, step by step |
//! | [`data`] | `/check/data` | a data channel: texts, options, speed, limits |
//! | [`queue`] | all | what a person wants and what the browser reports, in their order |

pub mod all;
pub mod call;
pub mod camera;
pub mod data;
pub mod queue;
