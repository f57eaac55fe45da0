//! TLS as libpq's parameters describe it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure::Failure;

/// What is verified of a server, and with which files.
#[derive(Clone, Debug)]
pub(crate) struct Verification {
    mode: Mode,
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// libpq's `sslmode`. Its `allow` is taken for `prefer`: both take what the server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyAuthority,
    VerifyFull,
}

impl Verification {
    /// Takes the parameters of TLS out of those of a connection.
    pub(crate) fn take(parameters: &mut BTreeMap<String, String>) -> Result<Self, Failure> {
        let given = parameters.remove("sslmode");
        let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_empty());
        let roots = take("sslrootcert");
        let (certificate, key) = (take("sslcert"), take("sslkey"));
        for name in ["sslpassword", "sslcrl", "sslcrldir"] {
            if take(name).is_some() {
                return Err(Failure::Parameter(name.to_owned()));
            }
        }
        // The server's name tells it apart in any case.
        take("sslsni");
        let mode = match given.as_deref() {
            Some("disable") => Mode::Disable,
            None | Some("" | "allow" | "prefer") => Mode::Prefer,
            // libpq verifies more than `require` says when it has something to verify it with.
            Some("require") if roots.is_some() => Mode::VerifyAuthority,
            Some("require") => Mode::Require,
            Some("verify-ca") => Mode::VerifyAuthority,
            Some("verify-full") => Mode::VerifyFull,
            Some(_) => return Err(Failure::Parameter("sslmode".to_owned())),
        };
        Ok(Self {
            mode,
            roots,
            certificate,
            key,
        })
    }

    /// Returns what the driver has to know of it.
    pub(crate) fn mode(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyAuthority | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// Makes what connects with TLS; reads the files that the parameters name.
    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, Failure> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(tls)?;
        let verifier: Arc<dyn ServerCertVerifier> = match self.mode {
            Mode::Disable | Mode::Prefer | Mode::Require => Arc::new(Lenient::Anyone(provider)),
            Mode::VerifyAuthority => Arc::new(Lenient::AnyName(self.verifier(provider)?)),
            Mode::VerifyFull => self.verifier(provider)?,
        };
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| Failure::Tls(format!("sslkey: {error}")))?;
                builder
                    .with_client_auth_cert(certificates("sslcert", certificate)?, key)
                    .map_err(tls)?
            }
            _ => builder.with_no_client_auth(),
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, Failure> {
        let mut roots = RootCertStore::empty();
        let found = match self.roots.as_deref() {
            Some(path) if path != "system" => certificates("sslrootcert", path)?,
            _ => rustls_native_certs::load_native_certs().certs,
        };
        roots.add_parsable_certificates(found);
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(tls)
    }
}

fn certificates(
    parameter: &'static str,
    path: &str,
) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(Path::new(path))
        .and_then(Iterator::collect)
        .map_err(|error| Failure::Tls(format!("{parameter}: {error}")))
}

fn tls(error: impl std::fmt::Display) -> Failure {
    Failure::Tls(error.to_string())
}

/// Verifies less than rustls does by itself, as the modes below `verify-full` have it.
#[derive(Debug)]
enum Lenient {
    /// Any certificate will do.
    Anyone(Arc<CryptoProvider>),
    /// The certificate must come from an authority, whatever name it is for.
    AnyName(Arc<WebPkiServerVerifier>),
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Self::AnyName(verifier) = self else {
            return Ok(ServerCertVerified::assertion());
        };
        // The name is compared after everything else was found to be in order.
        match verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Anyone(provider) => rustls::crypto::verify_tls12_signature(
                message,
                certificate,
                signature,
                &provider.signature_verification_algorithms,
            ),
            Self::AnyName(verifier) => {
                verifier.verify_tls12_signature(message, certificate, signature)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Anyone(provider) => rustls::crypto::verify_tls13_signature(
                message,
                certificate,
                signature,
                &provider.signature_verification_algorithms,
            ),
            Self::AnyName(verifier) => {
                verifier.verify_tls13_signature(message, certificate, signature)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self {
            Self::Anyone(provider) => provider
                .signature_verification_algorithms
                .supported_schemes(),
            Self::AnyName(verifier) => verifier.supported_verify_schemes(),
        }
    }
}
