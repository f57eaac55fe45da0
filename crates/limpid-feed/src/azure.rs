//! Azure Linux and its predecessor CBL-Mariner: one OVAL document per release, one definition per
//! vulnerability and package.
//!
//! | part of a definition | holds |
//! |---|---|
//! | `reference` of source `CVE` | the CVE |
//! | `metadata/patchable` | `true`; `false`: there is no fix; `Not Applicable`: it does not concern the package |
//! | `metadata/severity` | `Low`, `Medium`, `High`, `Critical` |
//! | `metadata/advisory_date` | when it was published, RFC 3339 |
//! | criteria | a package and its versions; the release is the document's |
//!
//! The documents are those of <https://github.com/microsoft/AzureLinuxVulnerabilityData>.

use limpid_types::VersionConstraint;
use serde::Deserialize;

use crate::oval::{Bulletin, Claim, Definition, OvalFeed, OvalSource, Statement};
use crate::run::Run;
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};

/// The first two releases, which have names of their own: file and namespace.
const MARINER: [&str; 2] = ["1.0", "2.0"];

/// The first release that is called Azure Linux, and where the search for more ends.
const AZURE_LINUX: std::ops::RangeInclusive<u32> = 3..=20;

/// How many releases in a row may be missing.
const MISSING_AT_MOST: u32 = 2;

/// Where Azure Linux publishes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureSettings {
    /// Address of the folder that holds `azurelinux-3.0-oval.xml` and so on.
    pub url: String,
}

impl Default for AzureSettings {
    fn default() -> Self {
        Self {
            url: "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
                .into(),
        }
    }
}

/// The family of all releases.
pub(crate) struct Azure {
    base: String,
    limits: Limits,
}

impl Azure {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.azure.url.trim_end_matches('/').to_owned(),
            limits: settings.limits.clone(),
        }
    }

    fn release(&self, file: &str, distribution: &str, version: &str) -> OvalFeed<Release> {
        OvalFeed {
            name: format!("azure/{distribution}-{version}"),
            url: format!("{}/{file}-{version}-oval.xml", self.base),
            limits: self.limits.clone(),
            source: Release {
                namespace: format!("{distribution}:{version}"),
            },
        }
    }
}

impl Family for Azure {
    fn name(&self) -> &'static str {
        "azure"
    }

    /// Looks for one release after the other; there is no list of them.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        for version in MARINER {
            let release = self.release("cbl-mariner", "mariner", version);
            if exists(probe, &release)? {
                feeds.push(Box::new(release));
            }
        }
        let mut missing = 0;
        for number in AZURE_LINUX {
            let release = self.release("azurelinux", "azurelinux", &format!("{number}.0"));
            if exists(probe, &release)? {
                feeds.push(Box::new(release));
                missing = 0;
                continue;
            }
            missing += 1;
            if missing > MISSING_AT_MOST {
                break;
            }
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "azure",
                url: self.base.clone(),
            });
        }
        Ok(feeds)
    }
}

fn exists(probe: &mut dyn Probe, release: &OvalFeed<Release>) -> Result<bool, FeedError> {
    let url = release.url.clone();
    probe
        .exists(&url)
        .map_err(|source| FeedError::Probe { url, source })
}

struct Release {
    namespace: String,
}

impl OvalSource for Release {
    fn handle(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
        let metadata = definition.metadata;
        let is_not_affected = match metadata
            .child_text("patchable")
            .to_ascii_lowercase()
            .as_str()
        {
            // The range says whether there is a fix; a word that is missing takes nothing away.
            "true" | "false" | "" => false,
            "not applicable" => true,
            word => {
                let reason = format!("unknown word for patchable: {word:?}");
                return run.quarantine(definition.id, Some(definition.offset), reason);
            }
        };
        let statements: Vec<Statement> = definition
            .statements
            .iter()
            .cloned()
            .map(|statement| as_said(statement, is_not_affected))
            .collect();
        if statements.is_empty() {
            let reason = "no package in the criteria";
            return run.quarantine(definition.id, Some(definition.offset), reason);
        }
        let claims: Vec<Claim<'_>> = statements
            .iter()
            .map(|statement| Claim {
                namespace: self.namespace.clone(),
                repository: "",
                statement,
            })
            .collect();
        let mut bulletin = Bulletin::new(definition, definition.id);
        let date = metadata.child_text("advisory_date");
        if date.parse::<jiff::Timestamp>().is_ok() {
            date.clone_into(&mut bulletin.details.published);
        }
        bulletin.emit(&claims, run)
    }
}

fn as_said(mut statement: Statement, is_not_affected: bool) -> Statement {
    if is_not_affected {
        statement.is_not_affected = true;
        statement.versions = VersionConstraint::any(statement.versions.scheme);
    }
    statement
}
