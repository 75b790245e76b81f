//! The handshake by which a request becomes a WebSocket (RFC 6455, section 4.2).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Answers the request, and hands its connection to `then` once that is a WebSocket's, in a task of its own.
pub(crate) fn upgrade<T>(
    mut request: Request,
    then: impl FnOnce(TokioIo<Upgraded>) -> T + Send + 'static,
) -> Response
where
    T: Future<Output = ()> + Send,
{
    let headers = request.headers();
    if request.method() != Method::GET
        || !has(headers, header::CONNECTION, "upgrade")
        || !has(headers, header::UPGRADE, "websocket")
    {
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, WEBSOCKET)]).into_response();
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        return (StatusCode::UPGRADE_REQUIRED, [(header::SEC_WEBSOCKET_VERSION, VERSION)]).into_response();
    }
    let accept = headers.get(header::SEC_WEBSOCKET_KEY).and_then(accept);
    // Only HTTP/1.1 has it.
    let (Some(accept), Some(line)) = (accept, request.extensions_mut().remove::<OnUpgrade>()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    tokio::spawn(async move {
        match line.await {
            Ok(line) => then(TokioIo::new(line)).await,
            Err(error) => tracing::debug!("a WebSocket did not open: {error}"),
        }
    });
    let headers =
        [(header::CONNECTION, UPGRADE), (header::UPGRADE, WEBSOCKET), (header::SEC_WEBSOCKET_ACCEPT, accept)];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// Whether one of the header's entries is this, in any case.
fn has(headers: &HeaderMap, name: HeaderName, entry: &str) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|token| token.trim().eq_ignore_ascii_case(entry))
}

/// The proof that the key was read, which has 16 bytes.
fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    STANDARD.decode(key).ok().filter(|key| key.len() == 16)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()
}
