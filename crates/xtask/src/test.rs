//! `cargo xtask test`: everything that CI runs, in order, with a tally that CI can trust.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;

use crate::process::{self, QUICK, STEP};
use crate::setup::{self, Need, WasmRoute, seconds};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{bench, build};

/// One thing that CI checks.
struct Step {
    name: &'static str,
    needs: &'static [Need],
    /// Whether it runs tests; then running none is a failure.
    tests: bool,
    run: fn(&Workspace, &mut Tally) -> Result<()>,
}

const STEPS: [Step; 13] = [
    Step { name: "format", needs: &[Need::Components], tests: false, run: format },
    Step { name: "clippy", needs: &[Need::Components], tests: false, run: clippy },
    Step {
        name: "clippy-wasm",
        needs: &[Need::Components, Need::WasmTarget],
        tests: false,
        run: clippy_wasm,
    },
    Step { name: "native", needs: &[], tests: true, run: native },
    Step { name: "soak", needs: &[], tests: true, run: soak },
    Step {
        name: "session-wasm",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::Node],
        tests: true,
        run: session_wasm,
    },
    Step {
        name: "app",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::Chromium],
        tests: true,
        run: app,
    },
    Step { name: "build", needs: setup::BUILD, tests: false, run: |workspace, _| build::check(workspace) },
    Step {
        name: "insecure-app",
        needs: setup::BUILD,
        tests: false,
        run: |workspace, _| build::insecure(workspace),
    },
    Step {
        name: "e2e",
        needs: &[Need::Chromium, Need::Firefox, Need::Geckodriver, Need::Axe, Need::Network],
        tests: true,
        run: e2e,
    },
    Step { name: "bench", needs: bench::NEEDS, tests: false, run: |workspace, _| bench::check(workspace) },
    Step { name: "licences", needs: &[Need::CargoDeny], tests: false, run: licences },
    Step { name: "docs", needs: &[Need::WasmTarget], tests: false, run: docs },
];

/// The steps' names, for the command line.
pub fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

/// Runs every step, or the one called `only`; the first failure ends it.
pub fn run(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let steps = STEPS.iter().filter(|step| only.is_none_or(|name| name == step.name));
    let mut needs = Vec::new();
    for need in steps.clone().flat_map(|step| step.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    let mut report = Report::default();
    let result = report
        .time("set-up", || setup::prepare(workspace, &needs, WasmRoute::Auto))
        .and_then(|()| steps.clone().try_for_each(|step| report.step(workspace, step)));
    report.print();
    result
}

/// What has been run so far.
#[derive(Default)]
struct Report {
    times: Vec<(&'static str, Duration)>,
    tally: Tally,
}

impl Report {
    fn step(&mut self, workspace: &Workspace, step: &Step) -> Result<()> {
        let name = step.name;
        println!("\n== {name}");
        let mut tally = Tally::default();
        let result = self.time(name, || (step.run)(workspace, &mut tally));
        self.tally += tally;
        result
            .and_then(|()| check(step, tally))
            .with_context(|| format!("step {name} failed; alone it is `cargo xtask test {name}`"))?;
        if let Some((_, time)) = self.times.last() {
            println!("== {name}: {}", seconds(*time));
        }
        Ok(())
    }

    fn time(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        let result = work();
        self.times.push((name, started.elapsed()));
        result
    }

    /// The table, and the tally alone on its line.
    fn print(&self) {
        println!();
        for (name, time) in &self.times {
            println!("{name:<14} {:>10}", seconds(*time));
        }
        let all: Duration = self.times.iter().map(|(_, time)| *time).sum();
        println!("{:<14} {:>10}", "in all", seconds(all));
        println!("{}", self.tally);
    }
}

/// A green step may still hide that nothing was tested.
fn check(step: &Step, tally: Tally) -> Result<()> {
    if tally.failed > 0 {
        bail!("{} tests failed", tally.failed);
    }
    if tally.skipped > 0 {
        bail!("{} tests were skipped: every test must run", tally.skipped);
    }
    if step.tests && tally.passed == 0 {
        bail!("no test ran, and this step should have some");
    }
    Ok(())
}

/// fuzz/ is a workspace of its own.
fn format(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    cargo(workspace, &["fmt", "--all", "--check"])?;
    cargo(workspace, &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])
}

fn clippy(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    let what = ["--workspace", "--exclude", "snaproom-app", "--all-targets"];
    process::run(workspace.cargo().arg("clippy").args(what).args(["--", "-Dwarnings"]), STEP)
}

fn clippy_wasm(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["clippy", "--target", "wasm32-unknown-unknown", "--all-targets"])
        .args(["-p", "snaproom-app", "-p", "snaproom-session", "-p", "snaproom-protocol"])
        .args(["--", "-Dwarnings"]);
    process::run(&mut cargo, STEP)
}

fn native(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--no-fail-fast", "-p", "snaproom-protocol", "-p", "snaproom-session"]).args([
        "-p",
        "snaproom-server",
        "-p",
        "snaproom-bench",
        "-p",
        "xtask",
    ]);
    process::run_lines(&mut cargo, STEP, |line| tally.read(line))
}

/// The session's soak with all its seeds. In the dev profile, where it takes three times as long, `native` runs few.
fn soak(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    process::run_lines(&mut session_soak(workspace), STEP, |line| tally.read(line))
}

/// The tests that play whole rooms, and relays that lie, with as many seeds as `SNAPROOM_SEEDS` says.
pub fn session_soak(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--release", "-p", "snaproom-session", "--test", "soak", "--test", "relay"]);
    cargo
}

/// The same tests as natively, in Node.js.
fn session_wasm(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--tests", "-p", "snaproom-session"])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    process::run_lines(&mut cargo, STEP, |line| tally.read(line))
}

/// The app's tests, in headless Chromium with a fake camera.
fn app(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--tests", "-p", "snaproom-app"])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
        // Five seconds is the default: too short for a busy machine's first start.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities(workspace)?)
        .env("CHROMEDRIVER", setup::chromedriver(workspace).context("no chromedriver")?)
        // The runner would take it before chromedriver; one on PATH comes after what the environment names.
        .env_remove("GECKODRIVER")
        .env_remove("GECKODRIVER_REMOTE");
    process::run_lines(&mut cargo, STEP, |line| tally.read(line))
}

/// `webdriver.json` with the browser's path, which a committed file cannot know.
fn capabilities(workspace: &Workspace) -> Result<std::path::PathBuf> {
    let text =
        fs::read_to_string(workspace.root.join("webdriver.json")).context("cannot read webdriver.json")?;
    let mut json: serde_json::Value = serde_json::from_str(&text).context("webdriver.json is no JSON")?;
    let browser = setup::chromium(workspace).context("no chromium")?;
    json["goog:chromeOptions"]["binary"] = browser.display().to_string().into();
    fs::create_dir_all(workspace.tools())?;
    let file = workspace.tools().join("webdriver.json");
    fs::write(&file, json.to_string())?;
    Ok(file)
}

/// Two and more real browsers against the built app and server, on good and on bad networks.
fn e2e(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let mut cargo = browsers(workspace)?;
    process::run_lines(cargo.env_remove("SNAPROOM_LONG"), STEP, |line| tally.read(line))
}

/// The same, as long as they can be: hundreds of cycles, minutes without a path.
pub fn long_e2e(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let mut cargo = browsers(workspace)?;
    process::run_lines(cargo.env("SNAPROOM_LONG", "1"), 4 * STEP, |line| tally.read(line))
}

fn browsers(workspace: &Workspace) -> Result<Command> {
    if !build::is_insecure_there(workspace) {
        bail!("the app to attack is not built; `cargo xtask test insecure-app` does that");
    }
    let mut cargo = as_root(workspace)?;
    cargo.env("SNAPROOM_INSECURE_APP", workspace.insecure_app());
    cargo.args(["test", "--no-fail-fast", "-p", "snaproom-e2e", "--", "--test-threads=1"]);
    with_browsers(workspace, &mut cargo)?
        .env("GECKODRIVER", setup::geckodriver(workspace).context("no geckodriver")?)
        .env("FIREFOX", setup::firefox(workspace).context("no firefox")?);
    Ok(cargo)
}

/// Cargo as whoever may make network namespaces: root, or what counts as root in a user namespace of its own.
fn as_root(workspace: &Workspace) -> Result<Command> {
    let cargo = workspace.cargo();
    if workspace.is_root()? {
        return Ok(cargo);
    }
    let in_own_namespace = || {
        let mut unshare = workspace.command("unshare");
        unshare.args(["--user", "--map-root-user"]);
        unshare
    };
    process::output(in_own_namespace().arg("true"), QUICK).context(
        "the bad network needs root, or a user namespace, which this machine refuses: run the tests as root, or \
         allow it (on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0)",
    )?;
    let mut unshare = in_own_namespace();
    unshare.arg(cargo.get_program());
    Ok(unshare)
}

/// Tells crates/e2e where the programs are that it drives.
pub fn with_browsers<'a>(workspace: &Workspace, command: &'a mut Command) -> Result<&'a mut Command> {
    if !build::is_there(workspace) {
        bail!("the app and the server are not built; `cargo xtask build` does that");
    }
    Ok(command
        .env("SNAPROOM_SERVER", workspace.server())
        .env("SNAPROOM_APP", workspace.dist())
        .env("SNAPROOM_AXE", setup::axe::script(workspace))
        .env("CHROMEDRIVER", setup::chromedriver(workspace).context("no chromedriver")?)
        .env("CHROMIUM", setup::chromium(workspace).context("no chromium")?))
}

/// Advisories change without us, so they belong to no commit's test.
fn licences(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    cargo(workspace, &["deny", "--workspace", "check", "licenses", "bans", "sources"])
}

fn docs(workspace: &Workspace, _: &mut Tally) -> Result<()> {
    let app = ["-p", "snaproom-app", "--lib", "--target", "wasm32-unknown-unknown"];
    for what in [["--workspace", "--exclude", "snaproom-app"].as_slice(), &app] {
        let mut cargo = workspace.cargo();
        cargo.args(["doc", "--no-deps"]).args(what).env("RUSTDOCFLAGS", "-Dwarnings");
        process::run(&mut cargo, STEP)?;
    }
    Ok(())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    process::run(workspace.cargo().args(arguments), STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(tests: bool, passed: u64, failed: u64, skipped: u64) -> Result<()> {
        let step = Step { name: "sample", needs: &[], tests, run: |_, _| Ok(()) };
        check(&step, Tally { passed, failed, skipped })
    }

    #[test]
    fn a_step_is_green_only_when_its_tests_ran_and_passed() {
        assert!(outcome(true, 3, 0, 0).is_ok());
        assert!(outcome(false, 0, 0, 0).is_ok());
        assert!(outcome(true, 0, 0, 0).is_err(), "nothing ran");
        assert!(outcome(true, 3, 0, 1).is_err(), "one was skipped");
        assert!(outcome(true, 3, 1, 0).is_err(), "one failed");
    }

    #[test]
    fn set_up_for_tests_covers_every_step() {
        let prepared = setup::Purpose::Test.needs();
        for step in &STEPS {
            assert!(step.needs.iter().all(|need| prepared.contains(need)), "{}", step.name);
        }
    }
}
