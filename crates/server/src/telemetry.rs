//! What the server counts of itself. Nothing of it names a room, a person or an address.

use axum::{Router, http::header, routing::get};
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};

const SOCKETS: &str = "snaproom_sockets";
const ROOMS: &str = "snaproom_rooms";
const JOINS: &str = "snaproom_joins_total";
const RELAYED: &str = "snaproom_relayed_total";
const RELAYED_BYTES: &str = "snaproom_relayed_bytes_total";
const REFUSALS: &str = "snaproom_refusals_total";
const ALLOCATIONS: &str = "snaproom_turn_allocations";
const CARRIED_BYTES: &str = "snaproom_turn_relayed_bytes_total";
const TURNED_AWAY: &str = "snaproom_turn_refusals_total";
const TOLD: &str = "snaproom_stun_answers_total";

/// A socket was opened.
pub(crate) fn socket_opened() {
    gauge!(SOCKETS).increment(1);
}

/// It is gone.
pub(crate) fn socket_gone() {
    gauge!(SOCKETS).decrement(1);
}

/// So many rooms there are now.
pub(crate) fn rooms(count: usize) {
    gauge!(ROOMS).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// Somebody took a seat.
pub(crate) fn joined() {
    counter!(JOINS).increment(1);
}

/// An envelope of so many bytes went to its receiver.
pub(crate) fn relayed(bytes: usize) {
    counter!(RELAYED).increment(1);
    counter!(RELAYED_BYTES).increment(bytes as u64);
}

/// Somebody was refused.
pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSALS, "reason" => reason).increment(1);
}

/// Somebody was told the address that it is seen at.
pub(crate) fn told_address() {
    counter!(TOLD).increment(1);
}

/// The relay has one more user.
pub(crate) fn allocated() {
    gauge!(ALLOCATIONS).increment(1);
}

/// It has one less.
pub(crate) fn released() {
    gauge!(ALLOCATIONS).decrement(1);
}

/// So many bytes went on to a peer, or came from one.
pub(crate) fn carried(bytes: usize) {
    counter!(CARRIED_BYTES).increment(bytes as u64);
}

/// The relay, or STUN, did not do what it was asked to.
pub(crate) fn turned_away(reason: &'static str) {
    counter!(TURNED_AWAY, "reason" => reason).increment(1);
}

/// Counts from now on, and gives what answers `GET /metrics` in the format of Prometheus.
pub fn metrics() -> Result<Router, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    describe_gauge!(SOCKETS, "WebSockets that are open");
    describe_gauge!(ROOMS, "Rooms in which somebody sits or has a seat kept");
    describe_counter!(JOINS, "Seats that were taken");
    describe_counter!(RELAYED, "Envelopes that were handed on");
    describe_counter!(RELAYED_BYTES, "Bytes of envelopes that were handed on");
    describe_counter!(REFUSALS, "What was refused, by its reason");
    describe_counter!(TOLD, "Answers of STUN");
    describe_gauge!(ALLOCATIONS, "Users of the relay: connections, and not people");
    describe_counter!(CARRIED_BYTES, "Bytes that the relay carried, in both directions");
    describe_counter!(TURNED_AWAY, "What STUN and the relay refused, by its reason");
    let answer = async move || ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render());
    Ok(Router::new().route("/metrics", get(answer)))
}
