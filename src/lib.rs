//! Snaproom's app: a room in the browser that no server can look into.
//!
//! | module | what | may call |
//! |---|---|---|
//! | `app` | which screen | `room`, `ui` |
//! | [`ui`] | what a person sees: plain data in, commands out | the handles and signals of `room` and `check` |
//! | [`room`] | the driver: one task that owns every connection | `snaproom-session`, `snaproom-protocol`, `browser` |
//! | [`check`] | the pages under `/check`: a program of their own, `src/bin/check.rs` | `browser` |
//! | `failure` | why a camera or a microphone cannot be used, for both programs | `browser` |
//! | [`browser`] | the one door to JavaScript | `snaproom-protocol` |
//!
//! A photo goes: [`room::Room::snap`] → `Studio::snap` → `Canvas::draw_video` → `Canvas::pixels` →
//! `Studio::prepare` → `Visit::send_photo` → `Session::handle` → `Connection::send_bytes` ⇢ the other tab:
//! `Visit::on_connection` → `Session::handle` → `Vault::store` → `Vault::hash` → `Gallery::show` →
//! `Canvas::paint`.

mod app;
pub mod browser;
pub mod check;
mod failure;
pub mod room;
pub mod ui;

pub use app::{App, CheckApp, mount, mount_check};
