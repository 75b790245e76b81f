//! Whoever is killed in the middle leaves nothing of the network behind: no namespace, no device, no browser.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use snaproom_e2e::{PATIENCE, poll, rig::Namespace};

const SIGKILL: i32 = 9;

#[tokio::test]
async fn a_crash_leaves_nothing() -> Result<()> {
    // A browser that is killed leaves its profile.
    let folder = tempfile::tempdir()?;
    let mut victim = Command::new(env!("CARGO_BIN_EXE_victim"))
        .env("TMPDIR", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = BufReader::new(victim.stdout.take().context("no stdout")?);
    let mut lines = stdout.lines().map_while(Result::ok);
    let inodes = lines.find_map(|line| Some(line.split_once("it is in ")?.1.to_owned()));
    let inodes = inodes.context("the victim has no network")?;
    let inodes: Vec<u64> = inodes.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    assert_eq!(inodes.len(), 2, "a home and its router");

    // One end of a cable in each of its namespaces, the other in one of ours. The kernel takes both ends away when
    // either one's namespace ends, and not before.
    let witness = Namespace::new()?;
    for inode in &inodes {
        let holders = holders(*inode)?;
        let of_victim = format!("/proc/{}/fd/", victim.id());
        let file =
            holders.iter().find(|path| path.starts_with(&of_victim)).context("the victim holds nothing")?;
        witness.ip(&format!("link add cable{inode} type veth peer name end netns {file}"))?;
        ensure!(has_cable(&witness, *inode)?, "the cable was not made");
    }
    ensure!(holders(inodes[0])?.iter().any(|path| path.ends_with("/ns/net")), "nobody's browser is in it");

    victim.kill()?;
    assert_eq!(victim.wait()?.signal(), Some(SIGKILL));
    for inode in inodes {
        let gone = poll(PATIENCE, async || Ok((!has_cable(&witness, inode)?).then_some(()))).await?;
        gone.with_context(|| format!("still there, held by {:?}", holders(inode)))?;
        assert_eq!(holders(inode)?, [""; 0]);
    }
    Ok(())
}

/// Everything by which a process keeps a namespace: itself, or an open file.
fn holders(inode: u64) -> Result<Vec<String>> {
    let name = format!("net:[{inode}]");
    let mut found = Vec::new();
    for process in fs::read_dir("/proc")? {
        let process = process?.path();
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten().map(|file| file.path());
        let links = files.chain([process.join("ns/net")]);
        let that =
            links.filter(|link| fs::read_link(link).is_ok_and(|target| target.as_os_str() == name.as_str()));
        found.extend(that.map(|link| link.display().to_string()));
    }
    Ok(found)
}

/// Whether the cable to that namespace is still there.
fn has_cable(witness: &Namespace, inode: u64) -> Result<bool> {
    let devices = witness.inside(|| Ok(fs::read_to_string("/proc/thread-self/net/dev")?))?;
    Ok(devices.contains(&format!("cable{inode}:")))
}
