//! The app's files and the headers of every response.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use snaproom_server::{App, Settings};
use tempfile::TempDir;

use crate::harness::{Response, Server, get, http};

const SCRIPT: &str = "\nimport init from '/snaproom-app-0123456789abcdef.js';\nawait init();\n";
const STYLE: &str = "body { margin: 0 }";
const JS: &str = "/snaproom-app-0123456789abcdef.js";
const WASM: &str = "/snaproom-app-0123456789abcdef_bg.wasm";

fn index(script: &str) -> String {
    format!(
        "<!doctype html><link rel=modulepreload href={JS}><style>{STYLE}</style>\
         <script type=\"module\">{script}</script><script src=\"/extra.js\"></script>"
    )
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

async fn app() -> (TempDir, Server) {
    let outer = tempfile::tempdir().unwrap();
    write(outer.path(), "secret.txt", "not the app's");
    let folder = outer.path().join("dist");
    write(&folder, "index.html", &index(SCRIPT));
    write(&folder, JS, "export default () => {}");
    write(&folder, WASM, "\0asm");
    write(&folder, "style.css", "p {}");
    write(&folder, "icons/a.svg", "<svg/>");
    let server = Server::start(Settings { app: Some(App::Folder(folder)), ..Settings::default() }).await;
    (outer, server)
}

fn source(content: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)))
}

/// The sources of one directive of the response's Content-Security-Policy.
fn directive(response: &Response, name: &str) -> Vec<String> {
    let policy = response.header("content-security-policy").expect("a policy");
    let directive = policy.split("; ").find_map(|directive| directive.strip_prefix(name)?.strip_prefix(' '));
    directive.expect(name).split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn files_have_their_types_and_only_hashed_names_are_kept() {
    let (_folder, server) = app().await;
    let immutable = "public, max-age=31536000, immutable";
    for (path, kind, caching) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        (JS, "text/javascript", immutable),
        (WASM, "application/wasm", immutable),
        ("/style.css", "text/css", "no-cache"),
        ("/icons/a.svg", "image/svg+xml", "no-cache"),
    ] {
        let response = get(server.address, path).await;
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.header("content-type"), Some(kind), "{path}");
        assert_eq!(response.header("cache-control"), Some(caching), "{path}");
    }
}

/// Asks for `path` with these headers besides.
async fn ask(server: &Server, path: &str, headers: &str) -> Response {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    http(server.address, &request).await
}

#[tokio::test]
async fn who_takes_brotli_gets_what_was_compressed_when_the_app_was_built() {
    let (folder, server) = app().await;
    for path in ["index.html", JS] {
        write(&folder.path().join("dist"), &format!("{path}.br"), "small");
    }
    let asked = ["Accept-Encoding: gzip, deflate, br, zstd\r\n", "Accept-Encoding: br;q=0.1\r\n"];
    let not_asked =
        ["", "Accept-Encoding: gzip\r\n", "Accept-Encoding: br;q=0\r\n", "Accept-Encoding: xbr\r\n"];
    // The page is read anew with its file alone.
    write(&folder.path().join("dist"), "index.html", &index("1"));
    for path in ["/", "/check/camera", JS] {
        for headers in asked {
            let response = ask(&server, path, headers).await;
            assert_eq!(response.header("content-encoding"), Some("br"), "{path} {headers}");
            assert_eq!(response.header("vary"), Some("accept-encoding"));
            assert_eq!(response.body, "small");
        }
        for headers in not_asked {
            let response = ask(&server, path, headers).await;
            assert_eq!(
                (response.status, response.header("content-encoding")),
                (200, None),
                "{path} {headers}"
            );
            assert_eq!(response.header("vary"), Some("accept-encoding"), "{path}");
            assert_ne!(response.body, "small");
        }
    }
    // Two forms, two tags (RFC 9110, section 8.8.3.3).
    for path in ["/", JS] {
        let tag = async |headers| ask(&server, path, headers).await.header("etag").unwrap().to_owned();
        let (plain, small) = (tag("").await, tag(asked[0]).await);
        assert_ne!(plain, small, "{path}");
        let known = ask(&server, path, &format!("{}If-None-Match: {small}\r\n", asked[0])).await;
        assert_eq!(known.status, 304, "{path}");
    }
    // What nobody compressed.
    assert_eq!(ask(&server, WASM, asked[0]).await.header("content-encoding"), None);
}

#[tokio::test]
async fn what_a_browser_has_already_is_not_sent_again() {
    let (folder, server) = app().await;
    for path in ["/", "/check/data", JS, "/style.css"] {
        let tag = ask(&server, path, "").await.header("etag").expect(path).to_owned();
        for (headers, status) in [
            (format!("If-None-Match: {tag}\r\n"), 304),
            (format!("If-None-Match: \"other\", W/{tag}\r\n"), 304),
            ("If-None-Match: *\r\n".to_owned(), 304),
            ("If-None-Match: \"other\"\r\n".to_owned(), 200),
        ] {
            let response = ask(&server, path, &headers).await;
            assert_eq!(response.status, status, "{path} {headers}");
            assert_eq!(response.header("etag"), Some(tag.as_str()));
            assert_eq!(response.body.is_empty(), status == 304);
            assert!(response.header("content-security-policy").is_some());
        }
    }
    let before = ask(&server, "/", "").await.header("etag").unwrap().to_owned();
    write(folder.path(), "dist/index.html", &index("await news();"));
    assert_eq!(ask(&server, "/", &format!("If-None-Match: {before}\r\n")).await.status, 200);
}

#[tokio::test]
async fn paths_of_the_app_are_its_page_and_missing_files_are_missing() {
    let (_folder, server) = app().await;
    for path in
        ["/check/camera", "/check/call/", "/icons", "/icons/", "/x?file=a.js", "/a.b/c", &"/x".repeat(3000)]
    {
        let response = get(server.address, path).await;
        assert_eq!(response.header("cache-control"), Some("no-cache"), "{path}");
        assert_eq!((response.status, response.body), (200, index(SCRIPT)), "{path}");
    }
    for path in [
        "/missing.js",
        "/missing-0123456789abcdef.js",
        "/check/a.png",
        "/style.css/a.js",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/icons/..%2f..%2fsecret.txt",
    ] {
        let response = get(server.address, path).await;
        assert_eq!(response.status, 404, "{path}");
        assert!(!response.body.contains("not the app's"));
        assert_ne!(response.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
    }
    for (method, status, allow) in
        [("HEAD", 200, None), ("POST", 405, Some("GET,HEAD")), ("DELETE", 405, Some("GET,HEAD"))]
    {
        let request = format!("{method} /check/camera HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = http(server.address, &request).await;
        assert_eq!((response.status, response.body.as_str()), (status, ""), "{method}");
        assert_eq!(response.header("allow"), allow, "{method}");
    }
    let whole = get(server.address, JS).await;
    let request = format!("HEAD {JS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let head = http(server.address, &request).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for name in ["content-length", "content-type", "cache-control", "etag"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
}

#[tokio::test]
async fn paths_that_no_browser_asks_for_give_nothing_away() {
    let (folder, server) = app().await;
    write(folder.path(), "dist/.env", "not the app's");
    write(folder.path(), "dist/.git/config", "not the app's");
    write(folder.path(), "dist/.well-known/security.txt", "everybody's");
    for (path, status) in [
        ("/.env", 404),
        ("/%2eenv", 404),
        ("/.git/config", 404),
        ("/icons/../.git/config", 404),
        ("/.git", 404),
        ("/.git/", 404),
        ("/.well-known/security.txt", 200),
        ("/a%00.js", 404),
        ("/%00", 200),
        ("/a%ff.js", 404),
        ("/a%2fb.js", 404),
        ("/%2fetc%2fpasswd.js", 404),
        ("//etc/passwd.js", 404),
        ("/..%5c..%5csecret.txt", 404),
        ("/style.css/", 200),
        ("/style.css%2f", 200),
        (&format!("/{}.js", "x".repeat(5_000)), 404),
    ] {
        let response = get(server.address, path).await;
        assert_eq!(response.status, status, "{path}: {}", response.body);
        assert!(!response.body.contains("not the app's"), "{path}");
        assert_eq!(response.header("location"), None, "{path}");
    }
}

#[tokio::test]
async fn ranges_are_parts_of_the_file_and_nothing_else() {
    let (_folder, server) = app().await;
    let whole = "export default () => {}";
    for (range, status, body) in [
        ("bytes=0-5", 206, "export"),
        ("bytes=-2", 206, "{}"),
        ("bytes=7-", 206, "default () => {}"),
        ("bytes=0-999", 206, whole),
        ("bytes=999-", 416, ""),
        ("bytes=5-0", 416, ""),
    ] {
        let response = ask(&server, JS, &format!("Range: {range}\r\n")).await;
        assert_eq!((response.status, response.body.as_str()), (status, body), "{range}");
        assert!(response.header("content-security-policy").is_some());
    }
    // Many ranges, overlapping, would be many times the file.
    let many = format!("Range: bytes={}\r\n", vec!["0-"; 1_000].join(","));
    assert_eq!(ask(&server, JS, &many).await.status, 416);
}

#[tokio::test]
async fn every_response_carries_the_headers() {
    let (_folder, server) = app().await;
    let bare = Server::start(Settings::default()).await;
    for (server, path, status) in [
        (&server, "/", 200),
        (&server, WASM, 200),
        (&server, "/missing.js", 404),
        (&server, "/healthz", 200),
        (&server, "/ws", 403),
        (&bare, "/", 200),
        (&bare, "/missing", 404),
    ] {
        let response = get(server.address, path).await;
        assert_eq!(response.status, status, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("permissions-policy", "camera=(self), microphone=(self), display-capture=(self)"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
        for (name, value) in [
            ("default-src", "'none'"),
            ("connect-src", "'self'"),
            ("base-uri", "'none'"),
            ("form-action", "'none'"),
            ("frame-ancestors", "'none'"),
            ("manifest-src", "'self'"),
            ("img-src", "'self' blob: data:"),
            ("media-src", "'self' blob: mediastream:"),
        ] {
            assert_eq!(directive(&response, name).join(" "), value, "{path}");
        }
        let policy = response.header("content-security-policy").unwrap();
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}");
    }
}

#[tokio::test]
async fn the_policy_allows_the_inline_script_of_the_page_on_the_disk() {
    let (folder, server) = app().await;
    let page = get(server.address, "/").await;
    assert_eq!(directive(&page, "script-src"), ["'self'", "'wasm-unsafe-eval'", &source(SCRIPT)]);
    assert_eq!(directive(&page, "style-src"), ["'self'", &source(STYLE)]);

    // The app is built anew while the server runs.
    write(folder.path(), "dist/index.html", &index("await news();"));
    let page = get(server.address, "/check/data").await;
    assert_eq!(page.body, index("await news();"));
    assert_eq!(directive(&page, "script-src"), ["'self'", "'wasm-unsafe-eval'", &source("await news();")]);
}

#[tokio::test]
async fn a_page_that_is_missing_or_huge_is_a_sentence() {
    let (folder, server) = app().await;
    let limit = 1024 * 1024;
    for (size, status) in [(limit, 200), (limit + 1, 503)] {
        write(folder.path(), "dist/index.html", &" ".repeat(size));
        assert_eq!(get(server.address, "/").await.status, status, "{size}");
    }
    fs::remove_file(folder.path().join("dist/index.html")).unwrap();
    let response = get(server.address, "/").await;
    assert_eq!(response.status, 503);
    assert!(response.body.contains("cargo xtask build"));
}

#[tokio::test]
async fn a_server_without_the_app_says_where_it_comes_from() {
    let server = Server::start(Settings::default()).await;
    let page = get(server.address, "/").await;
    assert_eq!(page.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(page.body.contains("--app"));
    assert_eq!(get(server.address, "/healthz").await.body, "ok");
}
