//! All of it as JSON, for whoever is to help. Addresses are masked unless the person wants them in it.

use serde::Serialize;
use snaproom_protocol::VERSION;

use super::{
    Line,
    finding::{Capture, Check, Finding, Outcome, Reach, Server},
};
use crate::browser::{Error, Found, page, task, user_agent};

/// A report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Milliseconds since 1970.
    made: f64,
    /// Where the page came from.
    page: String,
    /// What the browser calls itself.
    browser: String,
    /// Of the protocol that this page speaks with its server.
    version: u16,
    /// In the order in which they were made.
    checks: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    check: Check,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details,
}

/// What a finding consists of, each part under its name.
#[derive(Debug, Default, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lacks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<(u32, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<Candidate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_per_second: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Candidate {
    kind: String,
    protocol: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

/// The report as JSON, indented.
pub(super) fn json(lines: &[Line], with_addresses: bool) -> Result<String, Error> {
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 287396")]
    let made = task::unix_ms() as f64;
    let entry = |line: &Line| {
        let details = line.finding.as_ref().map(|finding| Details::of(finding, with_addresses));
        Entry { check: line.check, outcome: line.outcome(), details: details.unwrap_or_default() }
    };
    page::json(&Report {
        made,
        page: if with_addresses { page::origin() } else { masked_origin(&page::origin()) },
        browser: user_agent(),
        version: VERSION,
        checks: lines.iter().map(entry).collect(),
    })
}

impl Details {
    fn of(finding: &Finding, with_addresses: bool) -> Self {
        let says = |words: String| Self { says: Some(words), ..Self::default() };
        match finding {
            Finding::Secure(_) | Finding::DevicesHidden => Self::default(),
            Finding::Browser(abilities) => Self {
                lacks: abilities.iter().filter(|one| !one.is_there).map(|one| one.name).collect(),
                ..Self::default()
            },
            Finding::Devices { cameras, microphones } => {
                Self { count: Some([*cameras, *microphones]), ..Self::default() }
            }
            Finding::Camera(Capture::Works, size) => Self { size: *size, ..Self::default() },
            Finding::Camera(capture, _) | Finding::Microphone(capture) => match capture {
                Capture::Works => Self::default(),
                Capture::Allowed => says("allowed, not tried".into()),
                Capture::WouldAsk => says("would ask".into()),
                Capture::Unanswered => says("not answered".into()),
                Capture::Failed(error) => says(error.to_string()),
            },
            Finding::Server(Server::Answers(round_trip)) => {
                Self { milliseconds: Some(*round_trip), ..Self::default() }
            }
            Finding::Server(server) => says(format!("{server:?}")),
            Finding::Reach(Reach::Answers { after, found }) => Self {
                milliseconds: Some(*after),
                candidate: found.as_ref().map(|found| Candidate::of(found, with_addresses)),
                ..Self::default()
            },
            Finding::Reach(reach) => says(format!("{reach:?}")),
            Finding::Path(way) => says(format!("{way:?}")),
            Finding::Speed(speed) => Self { bytes_per_second: *speed, ..Self::default() },
        }
    }

    fn is_empty(&self) -> bool {
        let Self { says, lacks, count, size, milliseconds, candidate, bytes_per_second } = self;
        says.is_none()
            && lacks.is_empty()
            && count.is_none()
            && size.is_none()
            && milliseconds.is_none()
            && candidate.is_none()
            && bytes_per_second.is_none()
    }
}

impl Candidate {
    fn of(found: &Found, with_address: bool) -> Self {
        let Found { kind, protocol, address, port } = found.clone();
        let address = if with_address { address } else { masked(&address) };
        Self { kind, protocol, address, port: with_address.then_some(port) }
    }
}

/// Whoever serves a room at home has an address there in place of a name.
fn masked_origin(origin: &str) -> String {
    let Some((scheme, host)) = origin.split_once("://") else { return origin.to_owned() };
    let bare =
        host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(bare, _)| bare);
    let bare = bare.trim_start_matches('[').trim_end_matches(']');
    let is_address = bare.parse::<std::net::IpAddr>().is_ok_and(|address| !address.is_loopback());
    if is_address { format!("{scheme}://{}", masked(bare)) } else { origin.to_owned() }
}

/// What is left of an address when nobody is to be found by it: whose network it is, roughly.
#[must_use]
pub fn masked(address: &str) -> String {
    use std::net::IpAddr;
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            let [first, second, ..] = address.octets();
            format!("{first}.{second}.x.x")
        }
        Ok(IpAddr::V6(address)) => {
            let [first, second, ..] = address.segments();
            format!("{first:x}:{second:x}:x")
        }
        // A name that the browser made up, or something that we do not know.
        Err(_) => "x".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn an_address_is_masked() {
        assert_eq!(masked("203.0.113.77"), "203.0.x.x");
        assert_eq!(masked("2001:db8:1:2::77"), "2001:db8:x");
        assert_eq!(masked("0e2b3b1c-77.local"), "x");
    }

    #[wasm_bindgen_test]
    fn a_server_at_home_has_its_address_masked_and_a_name_stays() {
        assert_eq!(masked_origin("http://192.0.2.2:8080"), "http://192.0.x.x");
        assert_eq!(masked_origin("https://[2001:db8::7]"), "https://2001:db8:x");
        for name in ["https://snaproom.example", "http://localhost:8080", "http://127.0.0.1:8080"] {
            assert_eq!(masked_origin(name), name);
        }
    }

    #[wasm_bindgen_test]
    fn a_report_has_addresses_only_where_the_person_wants_that() {
        let found = Found {
            kind: "srflx".into(),
            protocol: "udp".into(),
            address: "203.0.113.77".into(),
            port: 4711,
        };
        let finding = Finding::Reach(Reach::Answers { after: 12.0, found: Some(found) });
        let lines = [Line { check: Check::Stun, is_running: false, finding: Some(finding) }];
        let hidden = json(&lines, false).unwrap();
        assert!(hidden.contains("203.0.x.x") && !hidden.contains("203.0.113.77"), "{hidden}");
        let shown = json(&lines, true).unwrap();
        assert!(shown.contains("203.0.113.77") && shown.contains("\"outcome\": \"good\""), "{shown}");
    }
}
