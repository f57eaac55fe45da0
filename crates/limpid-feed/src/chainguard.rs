//! The advisories of Chainguard OS, in which those of Wolfi are repeated.
//!
//! It is one document in the format of `secdb`, about source packages.

use serde::Deserialize;

use crate::Settings;
use crate::secdb::Rolling;

/// Where Chainguard OS's advisories are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChainguardSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for ChainguardSettings {
    fn default() -> Self {
        Self {
            url: "https://packages.cgr.dev/chainguard/security.json".into(),
        }
    }
}

/// Makes the family, which has one feed.
pub(crate) fn family(settings: &Settings) -> Rolling {
    Rolling::new("chainguard", &settings.chainguard.url, &settings.limits)
}
