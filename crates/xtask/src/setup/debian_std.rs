//! The wasm32 standard library, built from Debian's `rust-src` of rustc's own version.
//!
//! For machines that reach a Debian mirror and not rustup's servers. Apt gets folders of its own,
//! so the machine's sources and package lists stay as they are, and none of it needs root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::toolchain;
use crate::process::{self, QUICK};
use crate::workspace::Workspace;

/// Suites that carry current compilers, the most likely one first.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];
/// Where every Debian machine may ask when its own sources name no mirror.
const MIRROR: &str = "http://deb.debian.org/debian";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

const DOWNLOAD: Duration = Duration::from_mins(5);
const BUILD: Duration = Duration::from_mins(15);

/// Downloads, builds and puts the libraries where rustc looks for them.
pub fn install(workspace: &Workspace) -> Result<()> {
    for tool in ["apt-get", "apt-cache", "dpkg-deb"] {
        if workspace.find(tool).is_none() {
            bail!("the Debian route needs {tool}, which this machine does not have");
        }
    }
    let compiler = Compiler::ask(workspace)?;
    compiler.check_writable()?;
    let apt = Apt::new(workspace, workspace.tools().join("rust-src"))?;
    let package = apt.find_rust_src(&compiler.version)?;
    println!("set-up: downloading rust-src {package} (45 MB)");
    let library = apt.download(&package)?;
    println!("set-up: building std for {} (about half a minute)", toolchain::WASM);
    compiler.build(workspace, &library, &apt.folder)?;
    fs::remove_dir_all(&apt.folder).context("cannot remove the build's leftovers")
}

/// The toolchain to complete.
struct Compiler {
    version: String,
    commit: String,
    rustlib: PathBuf,
}

impl Compiler {
    fn ask(workspace: &Workspace) -> Result<Self> {
        let text = toolchain::ask(workspace, &["--version", "--verbose"])?;
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            value
                .map(|value| value.trim().to_owned())
                .with_context(|| format!("rustc --version --verbose has no `{name}`"))
        };
        let sysroot = toolchain::ask(workspace, &["--print", "sysroot"])?;
        Ok(Self {
            version: field("release:")?,
            commit: field("commit-hash:")?,
            rustlib: Path::new(sysroot.trim()).join("lib/rustlib"),
        })
    }

    /// Found out before 45 MB are downloaded.
    fn check_writable(&self) -> Result<()> {
        let probe = self.rustlib.join(".snaproom-set-up");
        fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).with_context(|| {
            let folder = self.rustlib.display();
            format!("the toolchain in {folder} belongs to another user: run this step as that one")
        })
    }

    fn build(&self, workspace: &Workspace, library: &Path, scratch: &Path) -> Result<()> {
        let sources = self.rustlib.join("src");
        // Cargo looks for std's sources here alone. They go again, so that rustup can add its own.
        let borrowed = !sources.exists();
        if borrowed {
            fs::create_dir_all(sources.join("rust"))?;
            copy_tree(workspace, library, &sources.join("rust"))?;
        }
        let built = self.compile(workspace, &sources.join("rust"), scratch);
        if borrowed {
            fs::remove_dir_all(&sources).context("cannot remove the borrowed sources")?;
        }
        self.put(workspace, &built?)
    }

    /// Builds an empty crate, and with it all of std; answers the folder of the libraries.
    fn compile(&self, workspace: &Workspace, sources: &Path, scratch: &Path) -> Result<PathBuf> {
        let project = scratch.join("empty");
        fs::create_dir_all(project.join("src"))?;
        fs::write(project.join("src/lib.rs"), "")?;
        fs::write(
            project.join("Cargo.toml"),
            "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
        )?;
        let target = scratch.join("build");
        // Without the bitcode `lto = "fat"` cannot see into std; the paths become rustup's own.
        let flags = format!(
            "-Cembed-bitcode=yes\u{1f}--remap-path-prefix={}=/rustc/{}",
            sources.display(),
            self.commit
        );
        let mut cargo = workspace.cargo();
        cargo
            .current_dir(&project)
            .args(["build", "--release", "--target", toolchain::WASM])
            .arg("-Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro")
            // A stable compiler takes -Z only so; the sources are its own version's.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", &target);
        process::run(&mut cargo, BUILD)?;
        Ok(target.join(toolchain::WASM).join("release/deps"))
    }

    /// Copies beside the final place and renames, so that a half-copied std is never found.
    fn put(&self, workspace: &Workspace, built: &Path) -> Result<()> {
        let place = toolchain::wasm_libraries(workspace)?;
        let fresh = self.rustlib.join(".snaproom-wasm");
        if fresh.exists() {
            fs::remove_dir_all(&fresh)?;
        }
        fs::create_dir_all(&fresh)?;
        let mut copied = 0;
        for entry in fs::read_dir(built)? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if file.extension().is_some_and(|kind| kind == "rlib") && !name.starts_with("libempty-") {
                fs::copy(&file, fresh.join(&*name))?;
                copied += 1;
            }
        }
        if copied == 0 {
            bail!("the build left no libraries in {}", built.display());
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&fresh, &place)
            .with_context(|| format!("cannot put the libraries into {}", place.display()))
    }
}

/// Apt with folders of its own.
struct Apt<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl<'a> Apt<'a> {
    fn new(workspace: &'a Workspace, folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).context("cannot remove an earlier attempt")?;
        }
        for part in ["lists/partial", "cache/archives/partial", "package"] {
            fs::create_dir_all(folder.join(part))?;
        }
        Ok(Self { workspace, folder })
    }

    /// The first package of `version` in any suite; its source becomes the one apt knows.
    fn find_rust_src(&self, version: &str) -> Result<String> {
        for mirror in self.mirrors() {
            for suite in SUITES {
                println!("set-up: looking for rust-src {version} in {suite} at {mirror}");
                let source = format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n");
                fs::write(self.folder.join("sources.list"), source)?;
                if let Err(error) = process::run(self.program("apt-get").arg("update"), DOWNLOAD) {
                    println!("set-up: {error:#}");
                    continue;
                }
                let list = process::output(self.program("apt-cache").args(["madison", "rust-src"]), QUICK)?;
                if let Some(found) = package_version(&list, version) {
                    return Ok(found.to_owned());
                }
            }
        }
        bail!("no Debian suite has a rust-src {version}: {}", SUITES.join(", "))
    }

    /// The mirrors that the machine's own sources name.
    fn mirrors(&self) -> Vec<String> {
        let mut apt = self.workspace.command("apt-get");
        apt.args(["indextargets", "--format", "$(ORIGIN) $(SITE)", "Created-By: Packages"]);
        let text = process::probe(&mut apt).unwrap_or_default();
        mirrors(&text)
    }

    /// The package's `library` folder.
    fn download(&self, package: &str) -> Result<PathBuf> {
        let place = self.folder.join("package");
        let mut apt = self.program("apt-get");
        apt.current_dir(&place).args(["download", &format!("rust-src={package}")]);
        process::run(&mut apt, DOWNLOAD)?;
        let file = fs::read_dir(&place)?
            .flatten()
            .map(|entry| entry.path())
            .find(|file| file.extension().is_some_and(|kind| kind == "deb"))
            .context("apt-get download left no package")?;
        let unpacked = self.folder.join("unpacked");
        let mut dpkg = self.workspace.command("dpkg-deb");
        process::run(dpkg.arg("-x").arg(&file).arg(&unpacked), DOWNLOAD)?;
        fs::read_dir(unpacked.join("usr/src"))?
            .flatten()
            .map(|entry| entry.path().join("library"))
            .find(|library| library.is_dir())
            .context("the package has no usr/src/rustc-*/library")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.workspace.command(name);
        for (option, part) in [
            ("Dir::Etc::SourceList", "sources.list"),
            ("Dir::State::Lists", "lists"),
            ("Dir::Cache", "cache"),
        ] {
            let value = format!("{option}={}", self.folder.join(part).display());
            command.args(["-o", &value]);
        }
        command.args(["-o", "Dir::Etc::SourceParts=/dev/null"]);
        // The sandbox user of a root's apt cannot write into a home directory.
        command.args(["-o", "APT::Sandbox::User=root"]);
        command
    }
}

fn copy_tree(workspace: &Workspace, from: &Path, to: &Path) -> Result<()> {
    let mut copy = workspace.command("cp");
    process::run(copy.arg("-a").arg(from).arg(to), DOWNLOAD)
}

/// From lines of `Debian http://mirror/debian`, each mirror once, the public one last.
fn mirrors(targets: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let named = targets.lines().filter_map(|line| line.strip_prefix("Debian "));
    // Security updates live on a mirror of their own, which has no other suites.
    let named = named.filter(|site| !site.trim_end_matches('/').ends_with("-security"));
    for site in named.chain([MIRROR]) {
        if !found.iter().any(|known| known == site) {
            found.push(site.to_owned());
        }
    }
    found
}

/// From `apt-cache madison`: the package whose upstream version is `rustc`'s.
fn package_version<'a>(madison: &'a str, rustc: &str) -> Option<&'a str> {
    madison.lines().find_map(|line| {
        let version = line.split('|').nth(1)?.trim();
        let rest = version.strip_prefix(rustc)?;
        // "1.95.0+dfsg1-2" and "1.95.0-1" are 1.95.0; "1.95.01" would not be.
        rest.starts_with(['+', '-', '~']).then_some(version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_the_compilers_own_version_is_taken() {
        let list = "  rust-src | 1.96.1+dfsg1-2~bpo13+1 | http://m/debian suite/main amd64 Packages\n\
                    \x20 rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://m/debian suite/main amd64 Packages\n";
        assert_eq!(package_version(list, "1.95.0"), Some("1.95.0+dfsg1-2~bpo13+1"));
        assert_eq!(package_version(list, "1.96.1"), Some("1.96.1+dfsg1-2~bpo13+1"));
        assert_eq!(package_version(list, "1.9"), None);
        assert_eq!(package_version(list, "1.94.0"), None);
        assert_eq!(package_version("", "1.95.0"), None);
    }

    #[test]
    fn the_machines_own_mirror_comes_first_and_the_public_one_once() {
        let targets = "Debian http://near/debian\nDebian http://near/debian\n\
                       Debian http://near/debian-security\nOther http://far/apt\n";
        assert_eq!(mirrors(targets), ["http://near/debian", MIRROR]);
        assert_eq!(mirrors(&format!("Debian {MIRROR}\n")), [MIRROR]);
        assert_eq!(mirrors(""), [MIRROR]);
    }
}
