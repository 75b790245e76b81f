//! HTTPS: with a certificate's files, which are renewed, and with one that signs itself.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use sha2::{Digest, Sha256};
use snaproom_protocol::server::{FromServer, Welcome, Welcomed};
use snaproom_protocol::wire;
use snaproom_server::{Settings, Timeouts, Tls};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::harness::{Response, Server, capacity, join_message, room, within};

/// A certificate for localhost in a folder, as its files are named by those who hand them out.
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    pub fn new() -> Self {
        let certificate = Self { folder: tempfile::tempdir().unwrap() };
        certificate.renew();
        certificate
    }

    fn renew(&self) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.key(), signing_key.serialize_pem()).unwrap();
        fs::write(self.chain(), cert.pem()).unwrap();
    }

    pub fn chain(&self) -> PathBuf {
        self.folder.path().join("fullchain.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("privkey.pem")
    }

    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.chain()).unwrap()
    }

    pub fn tls(&self) -> Arc<Tls> {
        Arc::new(Tls::of_files(self.chain(), self.key()).unwrap())
    }

    async fn serve(&self) -> Server {
        let timeouts = Timeouts {
            header: Duration::from_millis(500),
            certificate: Duration::from_millis(50),
            ..Timeouts::default()
        };
        Server::start(Settings { tls: Some(self.tls()), timeouts, ..capacity(2) }).await
    }
}

/// Of somebody who trusts this certificate alone.
pub fn trusting(certificate: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// TLS over a connection, by somebody who trusts this certificate alone.
pub async fn over(
    stream: TcpStream,
    trusted: CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    within(TlsConnector::from(trusting(trusted)).connect(name, stream)).await
}

async fn connect(
    address: SocketAddr,
    trusted: CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    over(TcpStream::connect(address).await?, trusted).await
}

pub async fn get(address: SocketAddr, trusted: CertificateDer<'static>, path: &str) -> Response {
    let mut stream = connect(address, trusted).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // Some end their TCP connection without a word of TLS.
    let _ = within(stream.read_to_end(&mut bytes)).await;
    Response::parse(&bytes)
}

/// What somebody hears who joins with this token.
pub async fn join(address: SocketAddr, trusted: CertificateDer<'static>, token: u8) -> FromServer {
    let stream = connect(address, trusted).await.unwrap();
    let mut request = "wss://localhost/ws".into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://localhost".parse().unwrap());
    let (mut socket, _) = within(Box::pin(client_async(request, stream))).await.unwrap();
    within(socket.send(Message::text(wire::to_text(&join_message(room(1), token))))).await.unwrap();
    let Some(Ok(Message::Text(text))) = within(socket.next()).await else { panic!("no answer") };
    wire::from_text(&text).unwrap()
}

#[tokio::test]
async fn pages_and_sockets_come_over_it_and_browsers_are_told_to_stay() {
    let certificate = Certificate::new();
    let server = certificate.serve().await;
    let response = get(server.address, certificate.der(), "/healthz").await;
    assert_eq!((response.status, response.body.as_str()), (200, "ok"));
    assert_eq!(response.header("strict-transport-security"), Some("max-age=31536000"));

    let welcome = join(server.address, certificate.der(), 1).await;
    assert!(matches!(welcome, FromServer::Welcome(Welcome { how: Welcomed::Created, .. })), "{welcome:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_read_and_a_broken_one_changes_nothing() {
    let certificate = Certificate::new();
    let first = certificate.der();
    let server = certificate.serve().await;
    fs::write(certificate.chain(), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(get(server.address, first.clone(), "/healthz").await.status, 200);
    certificate.renew();
    within(async {
        while connect(server.address, certificate.der()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(connect(server.address, first).await.is_err(), "the old one is gone");
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_let_go() {
    let certificate = Certificate::new();
    let server = certificate.serve().await;
    for said in ["", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let _ = within(stream.read_to_end(&mut bytes)).await;
        assert!(!bytes.starts_with(b"HTTP"), "{said}");
    }
    assert_eq!(get(server.address, certificate.der(), "/healthz").await.status, 200);
}

#[test]
fn files_that_are_none_are_refused_by_name() {
    let [certificate, other] = [Certificate::new(), Certificate::new()];
    let missing = certificate.folder.path().join("missing.pem");
    let empty = certificate.folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for (chain, key, names) in [
        (&missing, &certificate.key(), "missing.pem"),
        (&certificate.chain(), &missing, "missing.pem"),
        (&empty, &certificate.key(), "empty.pem"),
        (&certificate.chain(), &empty, "empty.pem"),
        (&certificate.key(), &certificate.key(), "privkey.pem"),
        // Each is fine, and they do not belong together.
        (&certificate.chain(), &other.key(), "fullchain.pem"),
    ] {
        let sentence = Tls::of_files(chain.clone(), key.clone()).unwrap_err();
        assert!(sentence.contains(names), "{sentence}");
    }
}

#[tokio::test]
async fn one_that_signs_itself_has_the_fingerprint_that_is_shown_and_binds_no_browser() {
    let address = "127.0.0.1".parse().unwrap();
    let (tls, fingerprint) = Tls::self_signed(&[address]).unwrap();
    let (_, another) = Tls::self_signed(&[address]).unwrap();
    assert_ne!(fingerprint, another);
    let server = Server::start(Settings { tls: Some(Arc::new(tls)), ..capacity(2) }).await;

    let seen = look_at(server.address).await;
    let digest = Sha256::digest(&seen);
    let shown = digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    assert_eq!(fingerprint.to_string(), shown);
    let response = get(server.address, seen, "/").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("strict-transport-security"), None);
}

/// The certificate that the server shows to whoever comes: of a handshake that is broken off, since nobody trusts it.
async fn look_at(address: SocketAddr) -> CertificateDer<'static> {
    #[derive(Debug, Default)]
    struct Look(std::sync::Mutex<Option<CertificateDer<'static>>>);
    use tokio_rustls::rustls::{
        DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        pki_types::UnixTime,
    };
    fn seen<T>() -> Result<T, Error> {
        Err(Error::General("seen".into()))
    }
    impl ServerCertVerifier for Look {
        fn verify_server_cert(
            &self,
            shown: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            *self.0.lock().unwrap() = Some(shown.clone().into_owned());
            seen()
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            seen()
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            seen()
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    let look = Arc::new(Look::default());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&look) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let _ = within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
    let seen = look.0.lock().unwrap().take();
    seen.expect("a certificate was shown")
}
