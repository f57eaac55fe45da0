use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// A certificate and its key, read anew when their files change.
pub struct ReloadingCertificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read file: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("invalid PEM file: {}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key cannot be used, or do not belong together.
    #[error("unusable certificate or key: {}", path.display())]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// What the files looked like, to tell whether they changed.
type Looks = [Option<(SystemTime, u64)>; 2];

impl ReloadingCertificate {
    /// Reads a certificate with its chain, and its key, both PEM.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = load(certificate, key, &provider)?;
        Ok(Arc::new(Self {
            certificate: certificate.into(),
            key: key.into(),
            provider,
            current: RwLock::new(Arc::new(current)),
        }))
    }

    /// Reads the files again. When they cannot be used, the certificate stays what it was.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let read = load(&self.certificate, &self.key, &self.provider)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        Ok(())
    }

    /// Looks at the files every `period`, and reads them again when they have changed, until
    /// stopped. Files that cannot be used are read again once they have changed once more.
    pub async fn watch(self: Arc<Self>, period: Duration, stop: CancellationToken) {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = self.looks();
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            // Two small files on a local disk: not worth another thread.
            let looks = self.looks();
            if looks == known {
                continue;
            }
            known = looks;
            match self.reload() {
                Ok(()) => tracing::info!("certificate read again"),
                Err(error) => tracing::error!(
                    reason = &error as &dyn std::error::Error,
                    "cannot use changed certificate, keeping the former one"
                ),
            }
        }
    }

    fn looks(&self) -> Looks {
        [&self.certificate, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }

    /// Returns a configuration that presents this certificate, whatever it is at the time.
    pub(super) fn server_config(self: &Arc<Self>) -> Arc<ServerConfig> {
        // The provider supports the versions that rustls deems safe: 1.2 and 1.3.
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has cipher suites for all versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

impl fmt::Debug for ReloadingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadingCertificate")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ReloadingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

fn load(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, CertificateError> {
    let text = read(certificate)?;
    let chain = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| pem_error(certificate, source))?;
    let key =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|source| pem_error(key, source))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|source| CertificateError::Unusable {
        path: certificate.into(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|source| CertificateError::Read {
        path: path.into(),
        source,
    })
}

fn pem_error(path: &Path, source: pem::Error) -> CertificateError {
    CertificateError::Pem {
        path: path.into(),
        source,
    }
}
