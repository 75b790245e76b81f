//! The app inside of the binary: `dist` as it was when the server was built.

use std::{
    borrow::Cow,
    future::{Ready, ready},
    io::{self, Cursor},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use rust_embed::{EmbeddedFile, RustEmbed};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

#[derive(RustEmbed)]
#[folder = "../../dist"]
struct Dist;

/// A file of the app by its path below `dist`, if there is one.
pub(crate) fn file(path: &Path) -> Option<EmbeddedFile> {
    // `ServeDir` begins at the present folder.
    Dist::get(path.strip_prefix(".").unwrap_or(path).to_str()?)
}

/// What `ServeDir` takes for the disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedded;

impl Backend for Embedded {
    type File = Open;
    type Metadata = Facts;
    type OpenFuture = Ready<io::Result<Open>>;
    type MetadataFuture = Ready<io::Result<Facts>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(file(&path).map(Open::from).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(file(&path).map(|file| Open::from(file).facts).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }
}

/// A file that is being read.
pub(crate) struct Open {
    bytes: Cursor<Cow<'static, [u8]>>,
    facts: Facts,
}

/// What stands in its headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    modified: SystemTime,
    length: u64,
}

impl From<EmbeddedFile> for Open {
    fn from(file: EmbeddedFile) -> Self {
        let seconds = file.metadata.last_modified().unwrap_or_default();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let facts = Facts { modified, length: file.data.len() as u64 };
        Self { bytes: Cursor::new(file.data), facts }
    }
}

impl AsyncRead for Open {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(cx, buffer)
    }
}

impl AsyncSeek for Open {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.bytes).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.bytes).poll_complete(cx)
    }
}

impl File for Open {
    type Metadata = Facts;
    type MetadataFuture<'a> = Ready<io::Result<Facts>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.facts))
    }
}

impl Metadata for Facts {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }

    fn len(&self) -> u64 {
        self.length
    }
}
