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
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{
    fs::{self, File},
    io::AsyncReadExt,
};
use tower_http::services::ServeDir;

use crate::policy::content_security_policy;

/// The largest `index.html` in bytes; it is held in memory.
const MAX_INDEX_BYTES: u64 = 1024 * 1024;

const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The folder of `--app`.
#[derive(Debug)]
pub(crate) struct AppFiles {
    folder: ServeDir,
    index_path: PathBuf,
    /// The last one read. People who develop the app build a new one while the server runs.
    index: Mutex<Option<Arc<Index>>>,
}

#[derive(Debug)]
struct Index {
    modified: SystemTime,
    length: u64,
    html: Bytes,
    policy: HeaderValue,
}

impl AppFiles {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            index_path: folder.join("index.html"),
            folder: ServeDir::new(folder).append_index_html_on_directories(false),
            index: Mutex::new(None),
        }
    }

    /// The page and its policy as they are on the disk now.
    async fn index(&self) -> io::Result<Arc<Index>> {
        let metadata = fs::metadata(&self.index_path).await?;
        let (modified, length) = (metadata.modified()?, metadata.len());
        let known = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(index) = known
            && (index.modified, index.length) == (modified, length)
        {
            return Ok(index);
        }
        let mut html = String::new();
        let file = File::open(&self.index_path).await?;
        file.take(MAX_INDEX_BYTES + 1).read_to_string(&mut html).await?;
        if html.len() as u64 > MAX_INDEX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
        }
        let policy = content_security_policy(&html);
        let index = Arc::new(Index { modified, length, html: html.into(), policy });
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&index));
        Ok(index)
    }

    /// The file that the request's path names, or 404.
    async fn file(&self, request: Request) -> Response {
        use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound, PermissionDenied};
        match self.folder.clone().try_call(request).await {
            Ok(response) => response.map(Body::new),
            Err(error)
                if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied | InvalidFilename) =>
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

/// Answers everything that is no route of the server.
pub(crate) async fn serve(State(files): State<Arc<AppFiles>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let index = match files.index().await {
        Ok(index) => index,
        Err(error) => {
            let path = files.index_path.display();
            tracing::warn!("the app cannot be served: {path}: {error}");
            return (StatusCode::SERVICE_UNAVAILABLE, NO_INDEX).into_response();
        }
    };
    let path = request.uri().path().to_owned();
    let mut response = if matches!(path.as_str(), "/" | "/index.html") {
        page(&index)
    } else {
        let file = files.file(request).await;
        if file.status() == StatusCode::NOT_FOUND && !looks_like_a_file(&path) {
            page(&index)
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

fn page(index: &Index) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, NO_CACHE)];
    (headers, index.html.clone()).into_response()
}

fn with_caching(mut response: Response, path: &str) -> Response {
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let caching = if found && has_hashed_name(path) { IMMUTABLE } else { NO_CACHE };
    response.headers_mut().insert(header::CACHE_CONTROL, caching);
    response
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
