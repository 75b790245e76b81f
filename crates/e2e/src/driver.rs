use std::{
    collections::VecDeque,
    fs,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinSet,
    time::timeout,
};

use crate::{
    PATIENCE,
    browser::{Browser, DriverProgram},
    place::{Door, Place},
};

/// Ends its whole process group, the browser included, as soon as nobody holds the other end of its stdin: when
/// the handle is dropped, and also when the test is killed. The driver alone would leave the browser behind. The
/// shell gives its own stdout up, so that an end of the driver is seen as the end of its output.
const LEASH: &str = r#""$0" "$@" & exec >/dev/null; read -r _; kill -KILL 0"#;

/// chromedriver takes a free port of IPv6 and then the same one of IPv4; it ends where somebody else has that. And the
/// port of a host of the bad network is to be free on this machine too.
const ATTEMPTS: u32 = 3;

/// How long dropping waits for the processes and their files to be gone.
const END: Duration = Duration::from_secs(5);

/// chromedriver or geckodriver on a free port, for one browser, and a folder for all that both of them write.
pub(crate) struct Driver {
    pub(crate) url: String,
    /// Held open for the url.
    _door: Door,
    leash: Option<ChildStdin>,
    shell: Child,
    /// Reads what else is said: Firefox shares the driver's stdout, and would wait where nobody reads.
    _listener: JoinSet<()>,
    said: Arc<Mutex<VecDeque<String>>>,
    folder: TempDir,
}

impl Driver {
    pub(crate) async fn start(browser: Browser, place: &Place) -> Result<Self> {
        let driver = browser.driver();
        let mut attempt = 1;
        loop {
            match Self::try_to_start(driver, place).await {
                Err(error) if attempt < ATTEMPTS => {
                    eprintln!("the driver of {browser:?}, attempt {attempt}: {error:#}");
                }
                result => return result,
            }
            attempt += 1;
        }
    }

    async fn try_to_start(driver: &DriverProgram, place: &Place) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut command = Command::new("sh");
        command
            .args(["-c", LEASH])
            .arg(driver.program.find()?)
            .args(driver.arguments)
            .env("TMPDIR", folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if driver.wants_home {
            command.env("HOME", folder.path());
            for elsewhere in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
                command.env_remove(elsewhere);
            }
        }
        let mut shell = place.spawn(&mut command)?;
        let leash = shell.stdin.take();
        let mut stdout = BufReader::new(shell.stdout.take().context("the driver has no stdout")?).lines();
        let mut said = Vec::new();
        let port = timeout(PATIENCE, port(&mut stdout, driver.announcement, &mut said)).await;
        let port = port
            .context("no port in time")
            .flatten()
            .with_context(|| format!("it says:\n{}", said.join("\n")))?;
        let said = Arc::default();
        let mut listener = JoinSet::new();
        listener.spawn(listen(stdout, Arc::clone(&said)));
        let door = place.door(port).await?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _door: door,
            leash,
            shell,
            _listener: listener,
            said,
            folder,
        })
    }

    /// The shell leads the group of all that it started.
    pub(crate) fn process_group(&self) -> Option<u32> {
        self.shell.id()
    }

    /// The last lines that the driver and its browser wrote.
    pub(crate) fn said(&self) -> String {
        self.said.lock().map(|said| Vec::from(said.clone()).join("\n")).unwrap_or_default()
    }

    /// Gone when this is dropped.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.leash.take());
        let end = Instant::now() + END;
        // The shell ends with its group. A process that was killed may still have been writing a file.
        while Instant::now() < end {
            let ended = !matches!(self.shell.try_wait(), Ok(None));
            if ended && fs::remove_dir_all(self.folder()).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

async fn listen(mut stdout: Lines<BufReader<ChildStdout>>, said: Arc<Mutex<VecDeque<String>>>) {
    const LAST: usize = 30;
    while let Ok(Some(line)) = stdout.next_line().await {
        let Ok(mut said) = said.lock() else { return };
        if said.len() == LAST {
            said.pop_front();
        }
        said.push_back(line);
    }
}

/// From the line with the announcement; what else is said goes into `said`.
async fn port(
    stdout: &mut Lines<BufReader<ChildStdout>>,
    announcement: &str,
    said: &mut Vec<String>,
) -> Result<u16> {
    while let Some(line) = stdout.next_line().await? {
        if let Some((_, port)) = line.split_once(announcement) {
            return port.trim_end_matches('.').parse().with_context(|| format!("no port in {line:?}"));
        }
        said.push(line);
    }
    bail!("it ended at once")
}
