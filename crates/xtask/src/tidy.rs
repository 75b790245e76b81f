//! The architecture's invariants, as tests: each rule is a sentence of absence, and each has a
//! sample that breaks it.

mod mentions;

use std::fs;
use std::path::Path;
use std::process::Command;

use mentions::{Mention, mentions};

use crate::process::{self, QUICK};

/// What a rule found against a file: a sentence with its place.
type Broken = Vec<String>;

/// A rule over one file's path in the repository and its text.
type Rule = fn(&str, &str) -> Broken;

#[test]
fn session_and_protocol_do_no_io() {
    hold(pure_sources, &["crates/session/src/", "crates/protocol/src/"]);
    for package in ["snaproom-session", "snaproom-protocol"] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(root())
            .args(["tree", "-p", package, "--target", "wasm32-unknown-unknown"])
            .args(["-e", "normal", "--prefix", "none", "--format", "{p}"]);
        let tree = process::output(&mut cargo, QUICK).unwrap();
        assert!(tree.contains(package), "cargo tree printed no tree:\n{tree}");
        assert_eq!(impure_crates(&tree), Vec::<&str>::new(), "below {package}");
    }
}

#[test]
fn only_the_browser_folder_and_the_surface_speak_to_javascript() {
    hold(no_javascript, &["src/room", "src/ui/", "src/browser/"]);
}

#[test]
fn nothing_is_leaked_to_javascript() {
    hold(no_forget, &["src/room", "src/ui/", "src/browser/", "tests/"]);
}

#[test]
fn the_browser_folder_knows_neither_the_framework_nor_the_rules() {
    hold(plain_browser, &["src/browser/"]);
}

#[test]
fn the_user_interface_sees_plain_data() {
    hold(plain_ui, &["src/ui/"]);
}

#[test]
fn one_driver_holds_the_session() {
    hold(one_driver, &["src/room", "src/ui/"]);
}

#[test]
fn the_two_programs_know_nothing_of_each_others_drivers() {
    hold(two_programs, &["src/room", "src/check/", "src/ui/check/"]);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    hold(no_machine_paths, &["Cargo.toml", "src/", "crates/", "tests/"]);
}

fn pure_sources(path: &str, text: &str) -> Broken {
    let inside = ["crates/session/src/", "crates/protocol/src/"];
    if !inside.iter().any(|folder| path.starts_with(folder)) {
        return Broken::new();
    }
    let banned = ["time::Instant", "time::SystemTime", "fs", "net", "thread"];
    complain(path, text, "does IO or tells the time", |mention| {
        banned.iter().any(|name| mention.leads_to("std", name))
    })
}

fn impure_crates(tree: &str) -> Vec<&str> {
    // A seed is an argument too, so getrandom has no business here under any feature.
    let exact = ["js-sys", "web-sys", "web-time", "mio", "socket2", "getrandom", "async-std"];
    let families = ["wasm-bindgen", "gloo", "leptos", "tokio"];
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| exact.contains(name) || families.iter().any(|family| name.starts_with(family)))
        .collect()
}

fn no_javascript(path: &str, text: &str) -> Broken {
    if !in_app(path) || in_browser(path) || path == SURFACE {
        return Broken::new();
    }
    let banned = ["JsValue", "Closure", "web_sys", "js_sys", "wasm_bindgen"];
    complain(path, text, "speaks to JavaScript outside src/browser", |mention| {
        banned.iter().any(|name| mention.has(name))
    })
}

/// Only the app and its tests hold closures and listeners; `forget` may mean another thing elsewhere.
fn no_forget(path: &str, text: &str) -> Broken {
    let app = in_app(path) || path.starts_with("tests/");
    complain(path, text, "is never released", |mention| {
        mention.path.ends_with("Closure::forget") || app && mention.path == ".forget()"
    })
}

fn plain_browser(path: &str, text: &str) -> Broken {
    if !in_browser(path) {
        return Broken::new();
    }
    complain(path, text, "is above src/browser", |mention| {
        mention.has("snaproom_session") || mention.has("leptos")
    })
}

fn plain_ui(path: &str, text: &str) -> Broken {
    if !path.starts_with("src/ui") || path == SURFACE {
        return Broken::new();
    }
    complain(path, text, "is not for the user interface", |mention| {
        is_session(mention) || mention.is_in_own("browser")
    })
}

fn one_driver(path: &str, text: &str) -> Broken {
    if !in_app(path) || path == "src/room.rs" || path.starts_with("src/room/") {
        return Broken::new();
    }
    complain(path, text, "belongs to src/room", is_session)
}

/// Else one would be in the wasm of the other. Sentences about devices are the same in both.
fn two_programs(path: &str, text: &str) -> Broken {
    if path.starts_with("src/check/") {
        return complain(path, text, "is of the room", |mention| mention.is_in_own("room"));
    }
    let both = ["src/ui/check/", "src/ui/words/check/", "src/ui/words.rs", "src/ui/mod.rs", SURFACE];
    if !in_app(path) || path == "src/app.rs" || both.iter().any(|place| path.starts_with(place)) {
        return Broken::new();
    }
    complain(path, text, "is of the pages under /check", |mention| mention.is_in_own("check"))
}

fn no_machine_paths(path: &str, text: &str) -> Broken {
    // In two halves, so that this file does not break its own rule.
    let needles =
        [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
    let mut broken = Broken::new();
    for (number, line) in text.lines().enumerate() {
        for needle in needles {
            let starts_a_path = |at: usize| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-~}".contains(c))
            };
            if line.match_indices(needle).any(|(at, _)| starts_a_path(at)) {
                broken.push(format!("{path}:{}: names a machine's {needle}", number + 1));
            }
        }
    }
    broken
}

/// The one file that may hold the elements of video and canvas.
const SURFACE: &str = "src/ui/surface.rs";

fn in_app(path: &str) -> bool {
    path.starts_with("src/")
}

fn in_browser(path: &str) -> bool {
    path == "src/browser.rs" || path.starts_with("src/browser/")
}

/// The session itself, a glob that brings it, or the whole crate under another name.
fn is_session(mention: &Mention) -> bool {
    mention.path == "snaproom_session"
        || mention.leads_to("snaproom_session", "Session")
        || mention.leads_to("snaproom_session", "*")
}

fn complain(path: &str, text: &str, why: &str, against: impl Fn(&Mention) -> bool) -> Broken {
    if Path::new(path).extension().is_none_or(|kind| kind != "rs") {
        return Broken::new();
    }
    let found = match mentions(text) {
        Ok(found) => found,
        Err(error) => return vec![format!("{path}: {error}")],
    };
    let against = found.iter().filter(|mention| against(mention));
    against.map(|Mention { line, path: what }| format!("{path}:{line}: `{what}` {why}")).collect()
}

/// Applies `rule` to every file of the repository, `scope` being places that it must have seen.
fn hold(rule: Rule, scope: &[&str]) {
    let mut git = Command::new("git");
    // New files count before they are committed; a checkout of another user counts too.
    git.current_dir(root())
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"])
        .arg("--exclude-standard");
    let list = process::output(&mut git, QUICK).unwrap();
    let mut files: Vec<&str> = list.trim_end().split('\0').filter(|path| !path.is_empty()).collect();
    // Deleted and not yet committed.
    files.retain(|path| root().join(path).is_file());
    for place in scope {
        let seen = files.iter().any(|path| path.starts_with(place));
        assert!(seen, "the rule speaks of {place}, and there is no such file");
    }
    let broken: Broken = files
        .iter()
        .flat_map(|path| {
            let bytes = fs::read(root().join(path)).unwrap();
            rule(path, &String::from_utf8_lossy(&bytes))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// `rule` objects to `bad` in `path`, once, and to none of `good`.
#[track_caller]
fn objects(rule: Rule, path: &str, bad: &[&str], good: &[(&str, &str)]) {
    for text in bad {
        assert_eq!(rule(path, text).len(), 1, "in {path}: {text}");
    }
    for (path, text) in good {
        assert_eq!(rule(path, text), Broken::new(), "in {path}: {text}");
    }
}

#[test]
fn an_impure_source_is_found() {
    objects(
        pure_sources,
        "crates/session/src/peer.rs",
        &[
            "use std::time::Instant;",
            "use std::{time::{Duration, SystemTime}};",
            "fn f() { std::thread::spawn(g); }",
            "use std::net::IpAddr;",
            "use std::*; fn f() { std::fs::read(p) }",
        ],
        &[
            ("crates/session/src/peer.rs", "use std::time::Duration; // std::fs is elsewhere"),
            ("crates/server/src/main.rs", "use std::time::Instant;"),
        ],
    );
}

#[test]
fn an_impure_crate_is_found() {
    let tree = "snaproom-session v0.1.0 (here)\nserde v1.0.1\ngetrandom v0.3.4\n\
                wasm-bindgen-futures v0.4.80\ntokio v1.54.0 (*)\nmiow v1.0.0\n";
    assert_eq!(impure_crates(tree), ["getrandom", "wasm-bindgen-futures", "tokio"]);
}

#[test]
fn javascript_in_the_wrong_place_is_found() {
    objects(
        no_javascript,
        "src/room/driver.rs",
        &[
            "fn f(v: JsValue) {}",
            "use web_sys::Window;",
            "use leptos::web_sys;",
            "fn f() { let c = Closure::once(g); }",
            "fn f() { view! { <p on:click=move |_| js_sys::Date::now()/> } }",
        ],
        &[
            ("src/room/driver.rs", "/// No JsValue here.\nfn f() { log(\"web_sys::\") }"),
            ("src/room/driver.rs", "use wasm_bindgen_test::wasm_bindgen_test;"),
            ("src/browser/camera.rs", "fn f(v: JsValue) {}"),
            ("src/browser.rs", "use wasm_bindgen::JsCast;"),
            (SURFACE, "use web_sys::HtmlCanvasElement;"),
        ],
    );
}

#[test]
fn a_leak_is_found() {
    objects(
        no_forget,
        "src/browser/camera.rs",
        &[concat!("fn f() { closure.for", "get(); }"), concat!("fn f() { Closure::for", "get(closure) }")],
        &[
            ("src/room/inbox.rs", "fn f() { forget(item); item.forget_me(); inbox.forget(id); }"),
            ("crates/session/tests/net.rs", concat!("fn f() { server.for", "get(); }")),
        ],
    );
}

#[test]
fn a_browser_folder_that_looks_up_is_found() {
    objects(
        plain_browser,
        "src/browser/camera.rs",
        &["use leptos::prelude::*;", "fn f(s: snaproom_session::Peer) {}"],
        &[
            ("src/browser/camera.rs", "// leptos is above us\nuse gloo_events::EventListener;"),
            ("src/room.rs", "use leptos::prelude::*;"),
        ],
    );
}

#[test]
fn a_user_interface_that_looks_down_is_found() {
    objects(
        plain_ui,
        "src/ui/trail.rs",
        &[
            "use crate::browser::Camera;",
            "use crate::{room::Handle, browser::{Camera}};",
            "fn f() { super::super::browser::start() }",
            "use snaproom_session::{PeerId, Session};",
            "use snaproom_session as s;",
        ],
        &[
            ("src/ui/trail.rs", "use snaproom_session::PeerId; fn f() { text(\"crate::browser\") }"),
            ("src/ui/trail.rs", "fn f(browser: Name) { show(browser) }"),
            (SURFACE, "use crate::browser::Canvas;"),
        ],
    );
}

#[test]
fn a_second_driver_is_found() {
    objects(
        one_driver,
        "src/app.rs",
        &["use snaproom_session::Session;", "use snaproom_session::*;"],
        &[
            ("src/app.rs", "use snaproom_session::PeerId;"),
            ("src/room.rs", "use snaproom_session::Session;"),
            ("src/room/peers.rs", "use snaproom_session::Session;"),
            ("crates/e2e/tests/room.rs", "use snaproom_session::Session;"),
        ],
    );
}

#[test]
fn a_program_that_takes_the_other_along_is_found() {
    objects(
        two_programs,
        "src/check/all/mod.rs",
        &["use crate::room::Room;", "use crate::{browser, room::view};"],
        &[("src/check/all/mod.rs", "use crate::browser::Camera;")],
    );
    objects(
        two_programs,
        "src/room/call.rs",
        &["use crate::check::all::All;"],
        &[("src/ui/check/all.rs", "use crate::check::all::All;"), ("src/room/call.rs", "fn check() {}")],
    );
}

#[test]
fn a_machines_path_is_found() {
    objects(
        no_machine_paths,
        "README.md",
        &[
            concat!("cd /ho", "me/somebody/snaproom"),
            concat!("path = \"/wo", "rk/main\""),
            concat!("(/ro", "ot/.cargo)"),
        ],
        &[
            ("README.md", concat!("https://example.org/wo", "rk/main and $HOME/wo", "rk/main")),
            (".ci/run", "cat .github/workflows/ci.yml"),
        ],
    );
}
