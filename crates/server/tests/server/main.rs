//! The server as its tabs meet it: real sockets on port 0, and the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the helpers of tests may panic as tests may")]

mod binary;
mod config;
mod files;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod forwarded;
mod frames;
mod harness;
#[cfg(target_os = "linux")]
mod idle;
mod lagging;
mod origin;
mod quotas;
mod refusals;
mod rooms;
mod shutdown;
#[cfg(target_os = "linux")]
mod slow;
mod tls;
mod turn;
