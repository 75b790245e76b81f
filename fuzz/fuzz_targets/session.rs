//! A session among strangers: any course of events, with every bound checked after each.

#![no_main]

#[path = "../../crates/session/tests/stranger/mod.rs"]
mod stranger;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stranger::script::play(bytes));
