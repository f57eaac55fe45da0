use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::secret::Secret;

/// Who may use the API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Auth {
    /// A key that the service shares with its clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psk: Option<Psk>,
    /// A key server of old. Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyserver: Option<KeyServer>,
}

/// A key that is shared with clients, who sign tokens with it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Psk {
    /// The key.
    pub key: PskKey,
    /// Issuers that are believed; the first is our own name.
    pub iss: Vec<String>,
}

/// A key server of old.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyServer {
    /// Its address.
    pub api: String,
    /// A key for requests between services.
    pub intraservice: Secret,
}

/// The bytes of a shared key, written as base64 and never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PskKey(Vec<u8>);

impl PskKey {
    /// Returns the bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PskKey")
    }
}

impl Serialize for PskKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = if self.0.is_empty() { "" } else { "psk" };
        Secret::new(shown).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PskKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        // Go passes over line ends, which folded texts contain.
        text.retain(|c| c != '\n' && c != '\r');
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(|_| D::Error::custom("expected base64 with its padding"))
    }
}

impl Auth {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lints.add_if(
            self.keyserver.is_some(),
            at.key("keyserver"),
            "key is deprecated and has no effect, use psk",
        );
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if let Some(psk) = &self.psk {
            check_psk(psk, &at.key("psk"), faults);
        }
    }
}

/// Says what a shared key lacks.
pub(super) fn check_psk(psk: &Psk, at: &KeyPath, faults: &mut Vec<Fault>) {
    if psk.key.0.is_empty() {
        faults.push(Fault::new(at.key("key"), "a key is required"));
    }
    if psk.iss.is_empty() {
        faults.push(Fault::new(at.key("iss"), "at least one issuer is required"));
    }
}
