//! Where settings come from, and what is said of wrong ones.

use std::{fs, path::PathBuf, process::Stdio};

use tempfile::TempDir;
use tokio::process::Command;

use crate::{harness::within, tls::Certificate};

/// How a start ends that only looks at its settings.
struct Told {
    success: bool,
    stdout: String,
    stderr: String,
}

async fn check(arguments: &[&str], environment: &[(&str, &str)]) -> Told {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snaproom"));
    command.args(arguments).arg("check-config").stdin(Stdio::null()).kill_on_drop(true);
    command.env_clear().envs(environment.iter().copied());
    let output = within(command.output()).await.unwrap();
    Told {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snaproom.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let (_folder, path) = file(
        "room-capacity = 2\nlease = 2\norigin = [\"https://a.example\", \"https://b.example\"]\nlisten = \"[::1]:0\"\n",
    );
    let path = path.to_str().unwrap();
    let environment = [("SNAPROOM_LEASE", "3"), ("SNAPROOM_ROOM_CAPACITY", "3"), ("SNAPROOM_CONFIG", path)];
    let told = check(&["--room-capacity", "4"], &environment).await;
    assert!(told.success, "{}", told.stderr);
    for line in [
        "room-capacity = 4 # flag",
        "lease = 3 # environment",
        "origin = [\"https://a.example\", \"https://b.example\"] # file",
        "listen = \"[::1]:0\" # file",
    ] {
        assert!(told.stdout.lines().any(|said| said == line), "{line} is not in\n{}", told.stdout);
    }
    // A list is taken whole from where it is said.
    let told = check(&["--config", path, "--origin", "https://c.example"], &[]).await;
    assert!(told.stdout.contains("origin = [\"https://c.example\"] # flag"), "{}", told.stdout);
}

#[tokio::test]
async fn what_is_printed_can_be_read_as_a_file() {
    let told =
        check(&["--lease", "7"], &[("SNAPROOM_ORIGIN", "https://a.example,http://b.example:80")]).await;
    let (_folder, path) = file(&told.stdout);
    let again = check(&["--config", path.to_str().unwrap()], &[]).await;
    assert!(again.success, "{}", again.stderr);
    let values = |text: &str| {
        let value = |line: &str| line.split_once(" # ").unwrap().0.to_owned();
        text.lines().map(value).collect::<Vec<_>>()
    };
    assert_eq!(values(&again.stdout), values(&told.stdout));
}

#[tokio::test]
async fn a_wrong_value_is_refused_with_its_name_and_the_reason_wherever_it_stands() {
    for (key, value, reason) in [
        ("room-capacity", "0", "0 is not in 1..=65"),
        ("room-capacity", "66", "66 is not in 1..=65"),
        ("room-capacity", "many", "invalid digit"),
        ("lease", "3601", "3601 is not in"),
        ("lease", "-1", "-1"),
        ("origin", "example.org", "not an origin"),
        ("origin", "https://example.org/", "not an origin"),
        ("ice-server", "turn:example.org", "credentials"),
        ("ice-server", "example.org", "not a STUN address"),
        ("listen", "127.0.0.1", "not an address and a port"),
        ("listen", "8080", "not an address and a port"),
        ("listen", ":8080", "not an address and a port"),
        ("listen", "::1:8080", "not an address and a port"),
        ("listen", "[127.0.0.1]:8080", "not an address and a port"),
        ("listen", "127.0.0.1:65536", "not an address and a port"),
        ("listen", "http://127.0.0.1:8080", "not an address and a port"),
        ("metrics", "", "not an address and a port"),
        ("metrics", "9090", "not an address and a port"),
        ("ice-server", "stun:example.org:99999", "not a STUN address"),
        ("trusted-proxy", "0.0.0.0/0", "everybody would be a proxy"),
        ("tls-cert", "there.pem", "--tls-key"),
        ("tls-key", "there.pem", "--tls-cert"),
        ("trusted-proxy", "proxy.example", "neither an address nor a network"),
        ("connections-per-address", "0", "0 is not in"),
        ("joins-per-second", "0", "zero"),
        ("messages-per-second", "-1", "-1"),
        ("max-connections", "1000001", "is not in"),
        ("max-rooms", "none", "invalid digit"),
        ("app", "/nowhere/at/all", "no such folder"),
        ("turn-address", "relay.example", "invalid IP address"),
        ("turn-ports", "0-1", "not a range of ports"),
        ("turn-ports", "2-1", "not a range of ports"),
        ("turn-ports", "50000", "not a range of ports"),
        ("turn-allocations", "0", "0 is not in"),
        ("turn-allocations-per-address", "0", "0 is not in"),
        ("turn-mbits", "0", "0 is not in"),
        ("turn-url", "stun:example.org", "not a TURN address"),
        ("turn-url", "turn:example.org", "--turn-secret"),
        ("turn-secret", "too short", "16 characters"),
    ] {
        let variable = format!("SNAPROOM_{}", key.to_uppercase().replace('-', "_"));
        let (_folder, path) = file(&format!("{key} = {value:?}\n"));
        let path = path.to_str().unwrap();
        for told in [
            check(&[&format!("--{key}={value}")], &[]).await,
            check(&[], &[(&variable, value)]).await,
            check(&["--config", path], &[]).await,
        ] {
            assert!(!told.success, "{key} = {value} was taken");
            assert!(told.stderr.contains(&format!("--{key}")), "no name in {}", told.stderr);
            assert!(told.stderr.contains(reason), "no {reason:?} in {}", told.stderr);
        }
        assert!(check(&["--config", path], &[]).await.stderr.starts_with(path), "the file is named");
    }
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    for (one, other) in [
        (("turn-listen", "127.0.0.1:0"), ("stun-listen", "127.0.0.1:0")),
        (("turn-listen", "127.0.0.1:0"), ("no-stun", "true")),
        (("stun-listen", "127.0.0.1:0"), ("no-stun", "true")),
    ] {
        let (_folder, path) = file(&format!("{} = \"{}\"\n", one.0, one.1));
        let flag =
            if other.1 == "true" { format!("--{}", other.0) } else { format!("--{}={}", other.0, other.1) };
        let told = check(&["--config", path.to_str().unwrap(), &flag], &[]).await;
        assert!(!told.success && told.stderr.contains("cannot be used with"), "{}", told.stderr);
    }
}

#[tokio::test]
async fn a_secret_is_never_shown() {
    const SECRET: &str = "nobody is to read this";
    let variable = [("SNAPROOM_TURN_SECRET", SECRET)];
    let told = check(&["--turn-url", "turn:a.example"], &variable).await;
    assert!(told.success, "{}", told.stderr);
    assert!(told.stdout.contains("turn-secret = \"(a secret)\" # environment"), "{}", told.stdout);
    let output = Command::new(env!("CARGO_BIN_EXE_snaproom")).arg("--help").envs(variable).output();
    let help = String::from_utf8(within(output).await.unwrap().stdout).unwrap();
    for text in [told.stdout, told.stderr, help] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn certificates_that_cannot_serve_are_refused_before_there_is_a_server() {
    let [one, other] = [Certificate::new(), Certificate::new()];
    let missing = one.chain().with_file_name("missing.pem");
    for (chain, key, reason) in [
        (one.chain(), one.key(), None),
        (missing.clone(), one.key(), Some("missing.pem")),
        (one.chain(), missing, Some("missing.pem")),
        (one.key(), one.key(), Some("has no certificate")),
        (one.chain(), one.chain(), Some("no private key")),
        (one.chain(), other.key(), Some("KeyMismatch")),
        // A folder.
        (one.chain(), one.key().parent().unwrap().to_owned(), Some("no private key")),
    ] {
        let [chain, key] = [chain, key].map(|path| path.to_str().unwrap().to_owned());
        let told = check(&["--tls-cert", &chain, "--tls-key", &key], &[]).await;
        assert_eq!(told.success, reason.is_none(), "{chain} {key}: {}", told.stderr);
        if let Some(reason) = reason {
            for part in ["--tls-cert", "--tls-key", reason] {
                assert!(told.stderr.contains(part), "{part} is not in {}", told.stderr);
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_says_nothing_one_can_use_is_refused() {
    for (text, reason) in [
        ("capacity = 3", "no setting `capacity`"),
        ("config = \"other.toml\"", "no setting `config`"),
        ("exit-with-pid = 1", "no setting `exit-with-pid`"),
        ("log-json = \"yes\"", "--log-json"),
        ("lease = true", "`lease` is no value"),
        ("lease = [1, 2]", "`lease` is no value"),
        ("lease = 1.5", "`lease` is no value"),
        ("lease = { seconds = 1 }", "`lease` is no value"),
        ("origin = [[\"https://a.example\"]]", "`origin` is no value"),
        ("lease = ", "is no TOML"),
        ("lease = 1\nlease = 2", "is no TOML"),
    ] {
        let (_folder, path) = file(text);
        let told = check(&["--config", path.to_str().unwrap()], &[]).await;
        assert!(!told.success && told.stderr.contains(reason), "{text}: {}", told.stderr);
    }
    let told = check(&["--config", "/nowhere/snaproom.toml"], &[]).await;
    assert!(
        !told.success && told.stderr.contains("/nowhere/snaproom.toml cannot be read"),
        "{}",
        told.stderr
    );
}

#[tokio::test]
async fn the_help_names_every_setting_with_its_variable_and_fits_a_terminal() {
    let output = Command::new(env!("CARGO_BIN_EXE_snaproom")).arg("--help").env_clear().output();
    let help = String::from_utf8(within(output).await.unwrap().stdout).unwrap();
    for setting in check(&[], &[]).await.stdout.lines() {
        let key = setting.split_once(" = ").unwrap().0;
        let named = [" ", "\n"].iter().any(|end| help.contains(&format!("--{key}{end}")));
        assert!(named, "{key}");
        assert!(help.contains(&format!("SNAPROOM_{}", key.to_uppercase().replace('-', "_"))), "{key}");
    }
    let widest = help.lines().max_by_key(|line| line.chars().count()).unwrap();
    assert!(widest.chars().count() <= 100, "{widest}");
}
