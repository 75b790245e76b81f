//! The words of `/check`.

use snaproom_protocol::server::Refusal;

use crate::{
    check::all::{Capture, Check, Finding, Handed, Line, Outcome, Reach, Server, Way},
    room::CameraView,
    ui::words,
};

pub const AGAIN: &str = "Check again";
pub const LOOK_CLOSER: &str = "Look closer";
pub const REPORT: &str = "Report";
pub const REPORT_HINT: &str =
    "If somebody helps you, give them this report. It leaves this page only when you copy or save it.";
pub const WITH_ADDRESSES: &str = "With network addresses, which say roughly where you are";
pub const COPY: &str = "Copy report";
pub const SAVE: &str = "Save report";
pub const SHOW_REPORT: &str = "Show the report";
pub const SHOW_UNFINISHED: &str = "Show the report as far as it is";

/// `li[data-check]`.
#[must_use]
pub fn id(check: Check) -> &'static str {
    match check {
        Check::Secure => "secure",
        Check::Browser => "browser",
        Check::Devices => "devices",
        Check::Camera => "camera",
        Check::Microphone => "microphone",
        Check::Server => "server",
        Check::Stun => "stun",
        Check::TurnUdp => "turn-udp",
        Check::TurnTcp => "turn-tcp",
        Check::Path => "path",
        Check::Speed => "speed",
    }
}

/// What is looked at.
#[must_use]
pub fn title(check: Check) -> &'static str {
    match check {
        Check::Secure => "Secure page",
        Check::Browser => "Browser",
        Check::Devices => "Devices",
        Check::Camera => "Camera",
        Check::Microphone => "Microphone",
        Check::Server => "Snaproom server",
        Check::Stun => "Your address, as others see it (STUN)",
        Check::TurnUdp => "Relay (TURN over UDP)",
        Check::TurnTcp => "Relay for strict networks (TURN over TCP)",
        Check::Path => "The way to others",
        Check::Speed => "Speed of this device",
    }
}

/// What the mark beside a line means, for people who do not see it.
#[must_use]
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Waiting | Outcome::Running | Outcome::Skipped => "",
        Outcome::Good => "Good: ",
        Outcome::Note => "Note: ",
        Outcome::Bad => "Problem: ",
    }
}

/// Lets the browser ask.
#[must_use]
pub fn ask(check: Check) -> &'static str {
    if check == Check::Camera { "Try the camera" } else { "Try the microphone" }
}

/// All of it in one sentence, and how good that is.
#[must_use]
pub fn verdict(lines: &[Line], is_over: bool) -> (Outcome, String) {
    let of = |outcome| {
        let found = lines.iter().filter(move |line| line.outcome() == outcome);
        found.map(|line| title(line.check)).collect::<Vec<_>>()
    };
    let bad = of(Outcome::Bad);
    if !is_over {
        return (Outcome::Running, "Checking this browser, its devices and its network…".into());
    }
    let is_bad = |wanted| lines.iter().any(|line| line.check == wanted && line.outcome() == Outcome::Bad);
    match bad.as_slice() {
        [] if of(Outcome::Note).is_empty() => (Outcome::Good, "Everything works.".into()),
        [] => (Outcome::Good, "Nothing stands in the way. What is marked is worth a look.".into()),
        _ if is_bad(Check::Browser) => {
            (Outcome::Bad, "This browser cannot hold a room. Update it, or use another one.".into())
        }
        _ if is_bad(Check::Server) => {
            let refuses = |line: &Line| matches!(line.finding, Some(Finding::Server(Server::Refuses(_))));
            if lines.iter().any(refuses) {
                (Outcome::Bad, "The Snaproom server does not serve this page just now.".into())
            } else {
                (Outcome::Bad, "The Snaproom server does not answer, so nobody can be reached.".into())
            }
        }
        [one] => (Outcome::Bad, format!("One thing needs attention: {one}.")),
        several => {
            (Outcome::Bad, format!("{} things need attention: {}.", several.len(), several.join("; ")))
        }
    }
}

/// How it is.
#[must_use]
pub fn says(line: &Line) -> String {
    let Some(finding) = line.finding.as_ref().filter(|_| !line.is_running) else {
        return if line.is_running { "Checking…" } else { "Not checked yet" }.into();
    };
    match finding {
        Finding::Secure(true) => "The browser trusts the way this page came.".into(),
        Finding::Secure(false) => "This page did not come over a secure connection.".into(),
        Finding::Browser(abilities) => {
            let lacking = |needed| {
                let lacking = abilities.iter().filter(move |one| !one.is_there && one.is_needed == needed);
                lacking.map(|one| one.name).collect::<Vec<_>>()
            };
            match (lacking(true).as_slice(), lacking(false).as_slice()) {
                ([], []) => "It has everything that Snaproom uses.".into(),
                ([], lacking) => format!("It can do what is needed. It has no {}.", lacking.join(", no ")),
                (lacking, _) => format!("It has no {}.", lacking.join(", no ")),
            }
        }
        Finding::Devices { cameras, microphones } => {
            format!("{} and {}.", count(*cameras, "camera"), count(*microphones, "microphone").to_lowercase())
        }
        Finding::Camera(Capture::Works, Some((width, height))) => {
            format!("It gives pictures of {width} × {height} pixels.")
        }
        Finding::DevicesHidden => "Not known: browsers tell only secure pages.".into(),
        Finding::Camera(capture, _) => capture_says(capture, true),
        Finding::Microphone(capture) => capture_says(capture, false),
        Finding::Server(server) => match server {
            Server::Answers(round_trip) => format!("It answers within {}.", milliseconds(*round_trip)),
            Server::Unreachable => "It cannot be reached.".into(),
            Server::Silent => "It took the connection, and says nothing.".into(),
            Server::Refuses(Refusal::Version) => "It is newer or older than this page.".into(),
            Server::Refuses(Refusal::TooMany | Refusal::TooFast) => {
                "Too many pages from this network use it just now.".into()
            }
            Server::Refuses(Refusal::Busy) => "It has as many rooms or people as it may.".into(),
            Server::Refuses(_) => "It does not serve this page just now.".into(),
        },
        Finding::Reach(reach) => reach_says(reach, line.check),
        Finding::Path(way) => match way {
            Way::DirectOrRelay => "From browser to browser; where that is blocked, through the relay.",
            Way::Direct => "From browser to browser. Here is no relay for networks that block that.",
            Way::Relay => {
                "Through the relay. Whether directly as well cannot be told: the server has no STUN."
            }
            Way::RelayOnly => "Through the relay alone: this network lets no direct connection through.",
            Way::Local => "Only people in this same network, as far as can be told from here.",
            Way::NotKnown => "It cannot be told without a server that says the address.",
        }
        .into(),
        Finding::Speed(Some(speed)) => {
            let digits = usize::from(*speed < 10e6);
            format!(
                "{:.digits$} MB a second from this page to itself. Nothing that is sent here goes faster, whatever the network.",
                speed / 1e6
            )
        }
        Finding::Speed(None) => "No data channel opened, not even from this page to itself.".into(),
    }
}

fn capture_says(capture: &Capture, is_camera: bool) -> String {
    match capture {
        Capture::Works => "It works.".into(),
        Capture::Allowed => "This page may use it. Whether it works was not tried yet.".into(),
        Capture::WouldAsk => "The browser has not been asked yet whether this page may use it.".into(),
        Capture::Unanswered => "The browser’s question was not answered.".into(),
        Capture::Failed(error) if is_camera => words::camera(&CameraView::Failed(error.clone().into()))
            .map_or_else(String::new, |[says, _]| says),
        Capture::Failed(error) => {
            let [says, _] = super::microphone(&error.clone().into());
            says
        }
    }
}

fn reach_says(reach: &Reach, check: Check) -> String {
    match reach {
        Reach::NotOffered => "Not offered here.".into(),
        Reach::NotKnown => "Not known, because the Snaproom server was not reached.".into(),
        Reach::Answers { after, found: Some(_) } => format!("Answers within {}.", milliseconds(*after)),
        Reach::Answers { after, found: None } => {
            format!(
                "Answers within {}. Others see the address that this device has itself.",
                milliseconds(*after)
            )
        }
        Reach::Silent => "No answer.".into(),
        Reach::NoAddresses => {
            "The browser keeps WebRTC off the network: it has no address to ask from.".into()
        }
        Reach::Refuses(401, _) if check != Check::Stun => {
            "It does not accept the password that the Snaproom server gave.".into()
        }
        Reach::Refuses(code, text) => format!("It refuses, with the code {code} ({text})."),
        Reach::Impossible(reason) => format!("The browser does not try it ({reason})."),
    }
}

/// What to do about it, and which page shows more.
#[must_use]
pub fn remedy(check: Check, finding: &Finding) -> Option<(String, Option<&'static str>)> {
    let page = match check {
        Check::Camera | Check::Microphone | Check::Devices => Some("/check/camera"),
        Check::Speed => Some("/check/data"),
        _ => None,
    };
    let words = match finding {
        _ if matches!(finding.outcome(), Outcome::Good | Outcome::Skipped) => return None,
        Finding::Secure(_) => {
            "Open it by an address that begins with https, or on localhost: others give no camera.".into()
        }
        Finding::Browser(_) if finding.outcome() == Outcome::Bad => {
            "Update the browser, or open this page in another one.".into()
        }
        Finding::Browser(abilities)
            if abilities.iter().any(|one| one.name == "getUserMedia" && !one.is_there) =>
        {
            "Without getUserMedia there is no camera and no microphone here; you still see, hear and receive what \
             others send."
                .into()
        }
        Finding::Browser(_) => "Photos, files and calls work without it.".into(),
        Finding::Devices { .. } => "Without them you still see, hear and receive what others send.".into(),
        Finding::Camera(Capture::Failed(error), _) => {
            words::camera(&CameraView::Failed(error.clone().into())).map_or_else(String::new, |[_, what]| what)
        }
        Finding::Microphone(Capture::Failed(error)) => {
            let [_, what] = super::microphone(&error.clone().into());
            what
        }
        Finding::Camera(..) | Finding::Microphone(_) => "It is used only while you try it.".into(),
        Finding::Server(Server::Refuses(Refusal::Version)) => "Reload this page.".into(),
        Finding::Server(Server::Refuses(_)) => "Try again in a minute.".into(),
        Finding::Server(_) => "Check your internet connection. A company’s network may block WebSockets.".into(),
        Finding::Reach(Reach::Refuses(401, _)) => {
            "Whoever runs the server has to give both the same secret (--turn-secret).".into()
        }
        Finding::Reach(Reach::Refuses(..) | Reach::Impossible(_)) => {
            "Your network is not to blame: whoever runs the server has to look after it.".into()
        }
        Finding::Reach(Reach::NoAddresses) => {
            "An extension or a rule of the browser does that, often in the name of privacy. Turn it off for this page."
                .into()
        }
        Finding::Reach(_) if check == Check::Stun => {
            "Either this network blocks UDP, or the server’s UDP port is not open. Try another network, such as a \
             phone’s hotspot; if it is the same there, tell whoever runs the server."
                .into()
        }
        Finding::Reach(_) => {
            "Either this network blocks it, or the relay does not run or does not know the server’s secret, which not \
             every browser tells. Try another network, such as a phone’s hotspot; if it is the same there, tell whoever \
             runs the server."
                .into()
        }
        Finding::Path(Way::RelayOnly) => "Calls work, a little slower. Nothing has to be done.".into(),
        Finding::Path(Way::Local) => "Try another network, such as a phone’s hotspot.".into(),
        Finding::DevicesHidden | Finding::Path(_) => return None,
        Finding::Speed(_) => {
            "An extension or a rule of the browser may forbid WebRTC. Try a private window or another browser.".into()
        }
    };
    Some((words, page))
}

/// What became of the report.
#[must_use]
pub fn handed(handed: Handed) -> &'static str {
    match handed {
        Handed::Copied => "The report is on the clipboard.",
        Handed::Saved => "The report is among your downloads.",
        Handed::Failed => "The browser did not let the page do that. Show the report, and copy it by hand.",
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("No {what}"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

fn milliseconds(time: f64) -> String {
    if time < 1.0 { "a millisecond".into() } else { format!("{time:.0} ms") }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn said(check: Check, finding: Finding) -> String {
        says(&Line { check, is_running: false, finding: Some(finding) })
    }

    #[wasm_bindgen_test]
    fn who_was_allowed_is_not_told_to_be_unasked() {
        for (capture, words) in [(Capture::Allowed, "may use it"), (Capture::WouldAsk, "not been asked")] {
            let says = said(Check::Microphone, Finding::Microphone(capture));
            assert!(says.contains(words), "{says}");
        }
    }

    #[wasm_bindgen_test]
    fn what_is_slow_is_not_said_to_stand_still() {
        for (speed, words) in [(0.4e6, "0.4 MB"), (9.96e6, "10.0 MB"), (21.4e6, "21 MB")] {
            let says = said(Check::Speed, Finding::Speed(Some(speed)));
            assert!(says.starts_with(words), "{says}");
        }
    }
}
