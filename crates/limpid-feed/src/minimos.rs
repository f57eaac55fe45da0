//! The advisories of `MinimOS`.
//!
//! It is one document in the format of `secdb`, about source packages.

use serde::Deserialize;

use crate::Settings;
use crate::secdb::Rolling;

/// Where `MinimOS`'s advisories are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinimosSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for MinimosSettings {
    fn default() -> Self {
        Self {
            url: "https://packages.mini.dev/advisories/secdb/security.json".into(),
        }
    }
}

/// Makes the family, which has one feed.
pub(crate) fn family(settings: &Settings) -> Rolling {
    Rolling::new("minimos", &settings.minimos.url, &settings.limits)
}
