//! `cargo xtask serve`: the release app and server, on one address.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{build, setup};

const LISTEN: &str = "127.0.0.1:8080";

/// Builds, then becomes the server, so that Ctrl-C and every signal reach it alone.
pub fn run(workspace: &Workspace, mut flags: Vec<String>) -> Result<()> {
    setup::prepare(workspace, setup::BUILD, setup::WasmRoute::Auto)?;
    build::both(workspace)?;
    if value(&flags, "--listen").is_none() {
        flags.extend(["--listen".into(), LISTEN.into()]);
    }
    if value(&flags, "--app").is_none() {
        flags.extend(["--app".into(), workspace.dist().display().to_string()]);
    }
    let address = value(&flags, "--listen").unwrap_or(LISTEN);
    println!("Open {} in two tabs; Ctrl-C ends it.", to_open(address));
    let error = workspace.command(workspace.server()).args(&flags).exec();
    Err(error).with_context(|| format!("cannot start {}", workspace.server().display()))
}

/// The value of `flag`, given as `--flag value` or `--flag=value`.
fn value<'a>(flags: &'a [String], flag: &str) -> Option<&'a str> {
    flags.iter().enumerate().find_map(|(at, text)| {
        let rest = text.strip_prefix(flag)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => flags.get(at + 1).map(String::as_str),
            None => None,
        }
    })
}

/// The address for this machine's browser: cameras work on localhost, not on 0.0.0.0.
fn to_open(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("127.0.0.1" | "0.0.0.0" | "[::]" | "[::1]", port)) => {
            format!("http://localhost:{port}")
        }
        _ => format!("http://{listen}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_both_forms() {
        let flags = ["--listen=0.0.0.0:9000", "--app", "there"].map(String::from);
        assert_eq!(value(&flags, "--listen"), Some("0.0.0.0:9000"));
        assert_eq!(value(&flags, "--app"), Some("there"));
        assert_eq!(value(&flags, "--li"), None);
    }

    #[test]
    fn the_printed_address_is_one_where_cameras_work() {
        assert_eq!(to_open("127.0.0.1:8080"), "http://localhost:8080");
        assert_eq!(to_open("[::]:9000"), "http://localhost:9000");
        assert_eq!(to_open("192.0.2.7:9000"), "http://192.0.2.7:9000");
    }
}
