//! The app's files. Every path that names no file and looks like none is the app's own page.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::AsyncReadExt,
};
use tower_http::services::{
    ServeDir,
    fs::{Backend, DefaultServeDirFallback},
};

#[cfg(feature = "embedded-app")]
use crate::embedded::{self, Embedded};
use crate::policy::content_security_policy;

/// The app's page.
const INDEX: &str = "index.html";

/// The largest `index.html` in bytes; it is held in memory.
const MAX_INDEX_BYTES: u64 = 1024 * 1024;

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Where the app's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum App {
    /// In a folder that `cargo xtask build`, or `trunk build`, left.
    Folder(PathBuf),
    /// In this binary.
    #[cfg(feature = "embedded-app")]
    Embedded,
}

/// The same, ready to be served.
#[derive(Debug)]
pub(crate) struct AppFiles {
    files: Files,
    /// The last one read. People who develop the app build a new one while the server runs.
    index: Mutex<Option<Arc<Index>>>,
}

#[derive(Debug)]
enum Files {
    Folder {
        folder: ServeDir,
        path: PathBuf,
    },
    #[cfg(feature = "embedded-app")]
    Embedded(ServeDir<DefaultServeDirFallback, Embedded>),
}

#[derive(Debug)]
struct Index {
    stamp: Stamp,
    html: Form,
    /// The same after brotli, where the app was built so.
    brotli: Option<Form>,
    policy: HeaderValue,
}

/// A form of the page with its tag, which is strong (RFC 9110, section 8.8.3).
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

impl Form {
    fn of(bytes: Bytes) -> Self {
        let digest = Sha256::digest(&bytes);
        // Cannot fail: base64 is printable ASCII.
        #[expect(clippy::expect_used)]
        let tag =
            HeaderValue::try_from(format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..12]))).expect("a tag");
        Self { bytes, tag }
    }
}

/// Changes with the file; of a file in this binary there is none.
type Stamp = Option<(SystemTime, u64)>;

impl AppFiles {
    pub(crate) fn new(app: App) -> Self {
        let files = match app {
            App::Folder(path) => Files::Folder { folder: served(ServeDir::new(&path)), path },
            #[cfg(feature = "embedded-app")]
            App::Embedded => Files::Embedded(served(ServeDir::with_backend("", Embedded))),
        };
        Self { files, index: Mutex::new(None) }
    }

    /// The page and its policy as they are now.
    async fn index(&self) -> io::Result<Arc<Index>> {
        let stamp = self.files.stamp().await?;
        let known = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(index) = known.filter(|index| index.stamp == stamp) {
            return Ok(index);
        }
        let index = Arc::new(self.files.read_index(stamp).await?);
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&index));
        Ok(index)
    }
}

impl Files {
    async fn stamp(&self) -> io::Result<Stamp> {
        match self {
            Self::Folder { path, .. } => {
                let metadata = fs::metadata(path.join(INDEX)).await?;
                Ok(Some((metadata.modified()?, metadata.len())))
            }
            #[cfg(feature = "embedded-app")]
            Self::Embedded(_) => Ok(None),
        }
    }

    async fn read_index(&self, stamp: Stamp) -> io::Result<Index> {
        let html = self.read(INDEX).await?;
        let text =
            str::from_utf8(&html).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let policy = content_security_policy(text);
        let brotli = self.read(&format!("{INDEX}.br")).await.ok();
        Ok(Index { stamp, html: Form::of(html), brotli: brotli.map(Form::of), policy })
    }

    /// A file of at most [`MAX_INDEX_BYTES`].
    async fn read(&self, name: &str) -> io::Result<Bytes> {
        match self {
            Self::Folder { path, .. } => {
                let mut bytes = Vec::new();
                let file = File::open(path.join(name)).await?;
                file.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes).await?;
                if bytes.len() as u64 > MAX_INDEX_BYTES {
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
                }
                Ok(bytes.into())
            }
            #[cfg(feature = "embedded-app")]
            Self::Embedded(_) => {
                let file = embedded::file(name.as_ref()).ok_or(io::ErrorKind::NotFound)?;
                Ok(file.data.into_owned().into())
            }
        }
    }

    /// The file that the request's path names, or 404.
    async fn respond(&self, request: Request) -> Response {
        use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
        let response = match self {
            Self::Folder { folder, .. } => folder.clone().try_call(request).await,
            #[cfg(feature = "embedded-app")]
            Self::Embedded(files) => files.clone().try_call(request).await,
        };
        match response {
            Ok(response) => response.map(Body::new),
            Err(error)
                if matches!(
                    error.kind(),
                    NotFound | NotADirectory | PermissionDenied | InvalidFilename | InvalidInput
                ) =>
            {
                StatusCode::NOT_FOUND.into_response()
            }
            Err(error) => {
                tracing::warn!("a file of the app cannot be read: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn served<B: Backend>(folder: ServeDir<DefaultServeDirFallback, B>) -> ServeDir<DefaultServeDirFallback, B> {
    folder.append_index_html_on_directories(false).precompressed_br()
}

/// Answers everything that is no route of the server.
pub(crate) async fn serve(State(files): State<Arc<AppFiles>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response();
    }
    if is_hidden(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let index = match files.index().await {
        Ok(index) => index,
        Err(error) => {
            tracing::warn!("the app cannot be served: {INDEX}: {error}");
            return (StatusCode::SERVICE_UNAVAILABLE, NO_INDEX).into_response();
        }
    };
    let path = request.uri().path().to_owned();
    let asked = request.headers().clone();
    let mut response = if matches!(path.as_str(), "/" | "/index.html") {
        page(&index, &asked)
    } else {
        let file = files.files.respond(request).await;
        if file.status() == StatusCode::NOT_FOUND && !looks_like_a_file(&path) {
            page(&index, &asked)
        } else {
            with_caching(file, &path)
        }
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, index.policy.clone());
    response
}

/// The answer of a server without `--app`.
pub(crate) async fn no_app(request: Request) -> Response {
    match request.uri().path() {
        "/" => NO_APP.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

const NO_APP: &str = "\
This is a Snaproom server without the app.

Build the app with `cargo xtask build`, then start the server with `snaproom --app dist`.
`cargo xtask serve` does both.
";

const NO_INDEX: &str = "\
The app's index.html is missing or cannot be read. Build the app with `cargo xtask build`, then reload this page.
";

fn page(index: &Index, asked: &HeaderMap) -> Response {
    let encoded = index.brotli.as_ref().filter(|_| has_token(asked, header::ACCEPT_ENCODING, takes_brotli));
    let form = encoded.unwrap_or(&index.html);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, NO_CACHE),
        (header::ETAG, form.tag.clone()),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let is_known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == form.tag;
    if has_token(asked, header::IF_NONE_MATCH, is_known) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let mut response = (headers, form.bytes.clone()).into_response();
    if encoded.is_some() {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

/// Whether one of the header's entries is as wanted.
fn has_token(asked: &HeaderMap, name: header::HeaderName, is_wanted: impl Fn(&str) -> bool) -> bool {
    let lines = asked.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|token| is_wanted(token.trim()))
}

/// RFC 9110, section 12.5.3; a quality of 0 says no.
fn takes_brotli(token: &str) -> bool {
    let (coding, quality) = token.split_once(';').unwrap_or((token, ""));
    let is_refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
    coding.trim().eq_ignore_ascii_case("br") && !is_refused
}

fn with_caching(mut response: Response, path: &str) -> Response {
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let caching = if found && has_hashed_name(path) { IMMUTABLE } else { NO_CACHE };
    response.headers_mut().insert(header::CACHE_CONTROL, caching);
    response
}

/// Whether a part of the path begins with a dot, as `.git` and `.env` do: nothing of the app's does, and somebody may
/// serve the folder of a whole project. What `.well-known` holds is meant to be known (RFC 8615).
fn is_hidden(path: &str) -> bool {
    // What else may be written so is neither a dot nor ends a part.
    let path = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    path.split('/').any(|part| part.starts_with('.') && part != ".well-known")
}

fn looks_like_a_file(path: &str) -> bool {
    last_segment(path).contains('.')
}

/// Trunk's names: `app-0123456789abcdef.js`, `app-0123456789abcdef_bg.wasm`. It drops a leading zero of the hash.
fn has_hashed_name(path: &str) -> bool {
    let Some((_, tail)) = last_segment(path).rsplit_once('-') else { return false };
    let Some((stem, _)) = tail.split_once('.') else { return false };
    let hash = stem.strip_suffix("_bg").unwrap_or(stem);
    (15..=16).contains(&hash.len()) && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_may_be_kept_for_ever() {
        for hashed in
            ["/a-0123456789abcdef.js", "/x/snaproom-app-0123456789abcdef_bg.wasm", "/a-123456789abcdef.css"]
        {
            assert!(has_hashed_name(hashed), "{hashed}");
        }
        for plain in [
            "/",
            "/index.html",
            "/app.js",
            "/app-v2.js",
            "/photo-20261120123456.png",
            "/a-0123456789ABCDEF.js",
            "/a-0123456789abcdef",
            "/a-0123456789abcdef0.js",
            "/dir-0123456789abcdef.d/app.js",
        ] {
            assert!(!has_hashed_name(plain), "{plain}");
        }
    }
}
