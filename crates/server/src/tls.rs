//! HTTPS: a certificate of one's own, read anew when it is renewed, or one that signs itself, for a local network.

use std::{
    fmt::{self, Write},
    fs, io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

/// A certificate with its key.
pub struct Tls {
    config: RwLock<Arc<ServerConfig>>,
    files: Option<Files>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// From a chain of certificates and a key, both in PEM.
    pub fn of_files(certificate: PathBuf, key: PathBuf) -> Result<Self, String> {
        let files = Files { certificate, key };
        Ok(Self { config: RwLock::new(files.load()?), files: Some(files) })
    }

    /// One that nobody but its reader can vouch for, by its fingerprint: for this computer's names and addresses, made
    /// anew each time. With it, its SHA-256.
    pub fn self_signed(addresses: &[IpAddr]) -> Result<(Self, Fingerprint), String> {
        let names = ["localhost".to_owned()].into_iter().chain(addresses.iter().map(ToString::to_string));
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names.collect::<Vec<_>>())
            .map_err(|error| format!("a certificate cannot be made: {error}"))?;
        let fingerprint = Fingerprint(Sha256::digest(cert.der()).into());
        let key = PrivateKeyDer::try_from(signing_key.serialize_der())
            .map_err(|error| format!("a certificate cannot be made: {error}"))?;
        let config = config(vec![cert.der().clone()], key)?;
        Ok((Self { config: RwLock::new(config), files: None }, fingerprint))
    }

    /// Whether browsers may be told to come by HTTPS alone from now on: one that does not know who vouches for the
    /// certificate would then not let anybody in any more.
    pub(crate) fn is_lasting(&self) -> bool {
        self.files.is_some()
    }

    /// The handshake.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Reads the files again when they have changed: certificates are renewed every few weeks, and nobody thinks of
    /// the server then. What cannot be read changes nothing. Never returns.
    pub(crate) async fn keep_fresh(&self, look_every: Duration) {
        let Some(files) = &self.files else { return std::future::pending().await };
        let mut seen = files.modified();
        loop {
            time::sleep(look_every).await;
            let modified = files.modified();
            if modified == seen {
                continue;
            }
            seen = modified;
            match files.load() {
                Ok(config) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("the certificate was read anew");
                }
                Err(sentence) => tracing::warn!("the old certificate stays: {sentence}"),
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Files {
    fn load(&self) -> Result<Arc<ServerConfig>, String> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("{certificate} is no certificate in PEM: {error}"))?;
        if chain.is_empty() {
            return Err(format!("{certificate} has no certificate"));
        }
        let private = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| format!("{key} is no private key in PEM: {error}"))?;
        config(chain, private).map_err(|error| format!("{certificate} with {key}: {error}"))
    }

    fn modified(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).and_then(|facts| facts.modified()).ok())
    }
}

/// TLS 1.2 and 1.3, and within it HTTP/1.1, in which a WebSocket opens.
fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, String> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// SHA-256 of a certificate, as browsers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_char(':')?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}
