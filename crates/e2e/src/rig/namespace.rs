//! Network namespaces without a name. One lives as long as somebody holds its file or a process runs in it: whoever
//! crashes leaves nothing behind, and there is nothing to clean up.

use std::{
    env,
    fs::File,
    io::Write,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

use anyhow::{Context, Result, ensure};
use nix::{
    errno::Errno,
    sched::{CloneFlags, setns, unshare},
};

/// A network of its own, with nothing in it but a loopback that is up. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Namespace(Arc<File>);

impl Namespace {
    /// Needs the rights of root.
    pub fn new() -> Result<Self> {
        let file = apart(|| {
            match unshare(CloneFlags::CLONE_NEWNET) {
                Err(Errno::EPERM) => Err(Errno::EPERM).context(RIGHTS),
                result => result.context("this kernel gives no network namespace"),
            }?;
            File::open("/proc/thread-self/ns/net").context("the new network namespace cannot be opened")
        })?;
        let namespace = Self(Arc::new(file));
        // Packets of IPv6 would only be counted as unrouted. The loopback keeps it: chromedriver listens there.
        // Where /proc/sys cannot be written to, as in many a container, they are.
        let _ = namespace.configure("net/ipv6/conf/default/disable_ipv6", "1");
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Does `work` on a thread that is inside. The sockets that it opens and the processes that it starts stay there,
    /// whoever uses them later.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        apart(|| {
            setns(&*self.0, CloneFlags::CLONE_NEWNET).context("the network namespace cannot be entered")?;
            work()
        })
    }

    /// What tells it from all others that exist: `net:[…]` in /proc/PID/ns and /proc/PID/fd.
    pub fn inode(&self) -> Result<u64> {
        Ok(self.0.metadata()?.ino())
    }

    /// How another process names it.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }

    /// Does commands of `ip`, one a line.
    pub fn ip(&self, commands: &str) -> Result<()> {
        self.run("ip", &["-batch", "-"], commands).map(drop)
    }

    /// Runs one of the machine's programs inside; gives what it says.
    pub(super) fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<String> {
        self.inside(|| {
            let mut command = Command::new(installed(program)?);
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
            if let Some(mut stdin) = child.stdin.take() {
                // Who ends without reading says why.
                let _ = stdin.write_all(input.as_bytes());
            }
            let output = child.wait_with_output()?;
            let error = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{program} {} says: {error}\n{input}", arguments.join(" "));
            Ok(String::from_utf8(output.stdout)?)
        })
    }

    /// Writes a file below /proc/sys.
    pub(super) fn configure(&self, name: &str, value: &str) -> Result<()> {
        let path = Path::new("/proc/sys").join(name);
        self.inside(|| {
            // A kernel without IPv6 has no switch for it.
            if path.exists() {
                std::fs::write(&path, value).with_context(|| {
                    format!("{} cannot be set: a container needs --privileged for it", path.display())
                })?;
            }
            Ok(())
        })
    }
}

const RIGHTS: &str = "the bad network needs network namespaces of its own: run the tests as root, or through \
                      `unshare --map-root-user`; a container needs CAP_SYS_ADMIN and CAP_NET_ADMIN for it";

/// On PATH, or where Debian has what is for administrators, which is not in everybody's PATH.
fn installed(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(program)).find(|path| path.is_file());
    found.with_context(|| format!("{program} is missing: on Debian or Ubuntu, install iproute2 and nftables"))
}

/// A thread enters a namespace for good, so each piece of work has one of its own.
fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("namespace".to_owned()).spawn_scoped(scope, work)?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
