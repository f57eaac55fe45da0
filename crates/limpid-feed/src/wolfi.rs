//! Wolfi's advisories.
//!
//! It is one document in the format of `secdb`, about source packages.

use serde::Deserialize;

use crate::Settings;
use crate::secdb::Rolling;

/// Where Wolfi's advisories are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WolfiSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for WolfiSettings {
    fn default() -> Self {
        Self {
            url: "https://packages.wolfi.dev/os/security.json".into(),
        }
    }
}

/// Makes the family, which has one feed.
pub(crate) fn family(settings: &Settings) -> Rolling {
    Rolling::new("wolfi", &settings.wolfi.url, &settings.limits)
}
