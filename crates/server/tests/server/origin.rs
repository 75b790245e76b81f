//! Which pages may open a WebSocket.

use std::net::SocketAddr;

use snaproom_server::Settings;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Response, Server, capacity, within};

/// The status of a handshake with these headers.
async fn handshake(address: SocketAddr, headers: &str) -> u16 {
    let request = format!(
        "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(within(stream.read_buf(&mut bytes)).await.unwrap(), 0, "the header has no end");
    }
    Response::parse(&bytes).status
}

#[tokio::test]
async fn only_the_servers_own_pages_and_the_listed_ones_may_connect() {
    let origins = vec!["http://localhost:8080".parse().unwrap(), "https://app.example".parse().unwrap()];
    let server = Server::start(Settings { origins, ..capacity(2) }).await;
    let own = "Host: room.example:8443\r\n";
    for headers in [
        "Origin: http://room.example:8443\r\n",
        "Origin: https://room.example:8443\r\n",
        "Origin: https://ROOM.example:8443\r\n",
        "Origin: http://localhost:8080\r\n",
        "Origin: https://app.example\r\n",
        "Origin: https://app.example:443\r\n",
    ] {
        assert_eq!(handshake(server.address, &format!("{own}{headers}")).await, 101, "{headers}");
    }
    for headers in [
        "",
        "Origin: \r\n",
        "Origin: null\r\n",
        "Origin: *\r\n",
        "Origin: http://room.example\r\n",
        "Origin: http://room.example:8444\r\n",
        "Origin: http://room.example:84430\r\n",
        "Origin: http://evil-room.example:8443\r\n",
        "Origin: http://room.example.evil:8443\r\n",
        "Origin: http://room.example:8443@evil\r\n",
        "Origin: http://room.example:8443/\r\n",
        "Origin: http://user@room.example:8443\r\n",
        "Origin: ws://room.example:8443\r\n",
        "Origin: file://room.example:8443\r\n",
        "Origin: room.example:8443\r\n",
        "Origin: https://localhost:8080\r\n",
        "Origin: http://localhost:8081\r\n",
        "Origin: http://127.0.0.1:8080\r\n",
        "Origin: http://app.example\r\n",
        "Origin: https://sub.app.example\r\n",
        "Origin: http://evil\r\nOrigin: http://room.example:8443\r\n",
        "Origin: http://room.example:8443\r\nOrigin: http://evil\r\n",
        "Origin: http://evil http://room.example:8443\r\n",
        "Origin: http://evil\r\nX-Forwarded-Host: evil\r\n",
        "Origin: http://evil\r\nHost: evil\r\n",
    ] {
        let status = handshake(server.address, &format!("{own}{headers}")).await;
        assert!(matches!(status, 400 | 403), "{headers}: {status}");
    }
    // The scheme's own port is the same with and without its number.
    assert_eq!(
        handshake(server.address, "Host: room.example\r\nOrigin: https://room.example\r\n").await,
        101
    );
    assert_eq!(
        handshake(server.address, "Host: room.example:443\r\nOrigin: https://room.example\r\n").await,
        101
    );
    for (headers, status) in [
        ("Host: [::1]:80\r\nOrigin: http://[::1]\r\n", 101),
        ("Host: [::1]:8080\r\nOrigin: http://[::1]:8080\r\n", 101),
        ("Host: [::1]:8080\r\nOrigin: http://[::2]:8080\r\n", 403),
        ("Host: [::1]:8080\r\nOrigin: http://::1:8080\r\n", 403),
        ("Host: [::1]:8080\r\nOrigin: http://[::1]\r\n", 403),
        ("Host: [2001:db8::1]\r\nOrigin: https://[2001:DB8::1]\r\n", 101),
        ("Host: 10.0.0.1:8080\r\nOrigin: http://10.0.0.1:8080\r\n", 101),
        ("Host: 10.0.0.1:8080\r\nOrigin: http://10.0.0.10:8080\r\n", 403),
        ("Host: room.example:8443\r\nOrigin: HTTPS://room.example:8443\r\n", 101),
        ("Host: room.example\r\nOrigin: http://room.example.\r\n", 403),
        ("Host: room.example, evil\r\nOrigin: http://evil\r\n", 403),
        ("Host: evil/room.example\r\nOrigin: http://evil\r\n", 403),
        ("Host: room.example\r\nOrigin: http://evil%2froom.example\r\n", 403),
        ("Host: room.example\r\nOrigin: http://room.example\\@evil\r\n", 403),
        ("Host: room.example\r\nOrigin: http://r\u{f6}om.example\r\n", 403),
        ("Host: \r\nOrigin: http://\r\n", 403),
        // Who names no host is no browser.
        ("Origin: http://room.example\r\n", 403),
        ("Origin: http://localhost:8080\r\n", 101),
    ] {
        assert_eq!(handshake(server.address, headers).await, status, "{headers}");
    }
}
