use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;

/// Paths of a certificate, its key, and authorities to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// The certificate, with its chain.
    pub cert: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
    /// Authorities to trust besides the system's.
    pub root_ca: PathBuf,
}

impl Tls {
    pub(crate) fn lint_listener(&self, at: &KeyPath, lints: &mut Lints) {
        lints.add_if(
            is_given(&self.root_ca),
            at.key("root_ca"),
            "key is deprecated, add the authority to the system's or set SSL_CERT_DIR",
        );
    }

    /// A listener cannot do without certificate and key.
    pub(crate) fn check_listener(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        self.check_client(at, faults);
        if !is_given(&self.cert) && !is_given(&self.key) && is_given(&self.root_ca) {
            let text = "a listener needs cert and key besides root_ca";
            faults.push(Fault::new(at.clone(), text));
        }
    }

    /// A client may have certificate and key, or neither.
    pub(crate) fn check_client(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if is_given(&self.cert) != is_given(&self.key) {
            faults.push(Fault::new(
                at.clone(),
                "cert and key must be given together",
            ));
        }
        for (key, path) in [
            ("cert", &self.cert),
            ("key", &self.key),
            ("root_ca", &self.root_ca),
        ] {
            if is_given(path)
                && let Err(error) = fs::metadata(path)
            {
                let text = format!("cannot find file: {}: {error}", path.display());
                faults.push(Fault::new(at.key(key), text));
            }
        }
    }
}

fn is_given(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}
