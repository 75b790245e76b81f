use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    PATIENCE,
    place::{Door, Place},
};

/// Ends its whole process group, the browser included, as soon as nobody holds the other end of its stdin: when
/// the handle is dropped, and also when the test is killed. chromedriver alone would leave the browser behind.
/// The shell gives its own stdout up, so that an end of chromedriver is seen as the end of its output.
const LEASH: &str = r#""$0" --port=0 & exec >/dev/null; read -r _; kill -KILL 0"#;

/// chromedriver takes a free port of IPv6 and then the same one of IPv4; it ends where somebody else has that.
const ATTEMPTS: u32 = 3;

/// How long dropping waits for the processes and their files to be gone.
const END: Duration = Duration::from_secs(5);

/// A chromedriver on a free port, for one browser, and a folder for all that both of them write.
pub(crate) struct Chromedriver {
    pub(crate) url: String,
    /// Held open for the url.
    _door: Door,
    leash: Option<ChildStdin>,
    shell: Child,
    /// Held open, so that chromedriver may still write.
    _stdout: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl Chromedriver {
    pub(crate) async fn start(place: &Place) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::try_to_start(place).await {
                Err(error) if attempt < ATTEMPTS => eprintln!("chromedriver, attempt {attempt}: {error:#}"),
                result => return result,
            }
            attempt += 1;
        }
    }

    async fn try_to_start(place: &Place) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut command = Command::new("sh");
        command
            .args(["-c", LEASH])
            .arg(program("CHROMEDRIVER", "/usr/bin/chromedriver")?)
            .env("TMPDIR", folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut shell = place.spawn(&mut command)?;
        let leash = shell.stdin.take();
        let mut stdout = BufReader::new(shell.stdout.take().context("chromedriver has no stdout")?).lines();
        let mut said = Vec::new();
        let port = timeout(PATIENCE, port(&mut stdout, &mut said)).await;
        let port = port
            .context("no port in time")
            .flatten()
            .with_context(|| format!("chromedriver says:\n{}", said.join("\n")))?;
        let door = place.door(port).await?;
        Ok(Self {
            url: format!("http://127.0.0.1:{}", door.port),
            _door: door,
            leash,
            shell,
            _stdout: stdout,
            folder,
        })
    }

    /// The shell leads the group of all that it started.
    pub(crate) fn process_group(&self) -> Option<u32> {
        self.shell.id()
    }

    /// Gone when this is dropped.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Chromedriver {
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

/// From the line `ChromeDriver was started successfully on port 12345.`; what else is said goes into `said`.
async fn port(stdout: &mut Lines<BufReader<ChildStdout>>, said: &mut Vec<String>) -> Result<u16> {
    while let Some(line) = stdout.next_line().await? {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim_end_matches('.').parse().with_context(|| format!("no port in {line:?}"));
        }
        said.push(line);
    }
    bail!("chromedriver ended at once")
}

/// The browser.
pub(crate) fn chromium() -> Result<PathBuf> {
    program("CHROMIUM", "/usr/bin/chromium")
}

fn program(variable: &str, debian: &str) -> Result<PathBuf> {
    let path = env::var_os(variable).map_or_else(|| PathBuf::from(debian), PathBuf::from);
    ensure!(
        path.is_file(),
        "{} is missing: `cargo xtask test` installs it, or set {variable}",
        path.display()
    );
    Ok(path)
}
