mod signer;
mod verifier;

pub use self::signer::Signer;
pub use self::verifier::{Caller, Refusal, Verifier};

use std::fmt;

/// The issuer that Clair's services name when they call each other; it is always believed.
pub const INTRASERVICE_ISSUER: &str = "clair-intraservice";

/// A key that the service shares with clients, and whom it believes when they sign with it.
#[derive(Clone)]
pub struct PresharedKey {
    secret: Vec<u8>,
    issuers: Vec<String>,
}

impl PresharedKey {
    /// Makes a key of its bytes, not their base64, and of the issuers that may use it besides
    /// [`INTRASERVICE_ISSUER`].
    pub fn new(secret: &[u8], issuers: impl IntoIterator<Item = String>) -> Self {
        Self {
            secret: secret.to_vec(),
            issuers: issuers.into_iter().collect(),
        }
    }
}

/// Does not show the key.
impl fmt::Debug for PresharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresharedKey")
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}
