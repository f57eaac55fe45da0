use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Certificate, ClientBuilder};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where distributions keep all certificates in one file. The first one that is there is read.
const FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where they keep them file by file. All are read.
const DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// No bundle comes near this; a file that is larger holds something else.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Certificates of a file that are read, sound or not.
const MAX_CERTIFICATES: usize = 4096;

/// Files of a directory that are looked at.
const MAX_FILES: usize = 4096;

/// The certificates by which servers are trusted. Clones share them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TrustRoots {
    certificates: Arc<[CertificateDer<'static>]>,
}

impl fmt::Debug for TrustRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustRoots({} certificates)", self.certificates.len())
    }
}

impl TrustRoots {
    /// Reads the certificates of the system as a Go program does, and so as Clair does: from one
    /// file, which `SSL_CERT_FILE` may name instead of the usual ones, and from all files of some
    /// directories, which `SSL_CERT_DIR` may name, with colons between them. The values of both
    /// are given.
    ///
    /// What is missing, unreadable or no certificate is passed over, with a line in the log.
    pub fn of_system(file: Option<&OsStr>, directories: Option<&OsStr>) -> Self {
        let files = match file.filter(|file| !file.is_empty()) {
            Some(file) => vec![PathBuf::from(file)],
            None => FILES.map(PathBuf::from).to_vec(),
        };
        let directories = match directories.filter(|directories| !directories.is_empty()) {
            Some(directories) => directories
                .as_bytes()
                .split(|&byte| byte == b':')
                .map(|path| PathBuf::from(OsStr::from_bytes(path)))
                .collect(),
            None => DIRECTORIES.map(PathBuf::from).to_vec(),
        };
        Self::read(&files, &directories)
    }

    /// Reads the first file that is there, and all files of the directories.
    fn read(files: &[PathBuf], directories: &[PathBuf]) -> Self {
        let mut found = Vec::new();
        for path in files {
            match read_certificates(path) {
                Ok(certificates) => {
                    found.extend(certificates);
                    break;
                }
                Err(error) => pass_over(path, &error),
            }
        }
        for directory in directories {
            match fs::read_dir(directory) {
                Ok(entries) => {
                    for entry in entries.flatten().take(MAX_FILES) {
                        let path = entry.path();
                        match read_certificates(&path) {
                            Ok(certificates) => found.extend(certificates),
                            Err(error) => pass_over(&path, &error),
                        }
                    }
                }
                Err(error) => pass_over(directory, &error),
            }
        }
        // Directories are full of links to the same certificates.
        found.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
        found.dedup();
        found.retain(is_root);
        Self {
            certificates: found.into(),
        }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Makes a client trust these and no others, or those it finds itself when there are none.
    pub(crate) fn apply(&self, client: ClientBuilder) -> ClientBuilder {
        if self.is_empty() {
            return client;
        }
        let certificates = self.certificates.iter();
        client.tls_certs_only(certificates.filter_map(|one| Certificate::from_der(one).ok()))
    }
}

fn read_certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    // A pipe would be waited for without end.
    if !fs::metadata(path)?.is_file() {
        return Ok(Vec::new());
    }
    let mut text = Vec::new();
    let file = File::open(path)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut text)?;
    // A damaged certificate does not hide those after it.
    let certificates = CertificateDer::pem_slice_iter(&text).take(MAX_CERTIFICATES);
    Ok(certificates.filter_map(Result::ok).collect())
}

/// Tells whether the TLS library takes a certificate. One that it does not take would otherwise
/// make it refuse all of them.
fn is_root(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

fn pass_over(path: &Path, error: &io::Error) {
    if error.kind() != io::ErrorKind::NotFound {
        tracing::warn!(path = %path.display(), %error, "cannot read certificates");
    }
}
