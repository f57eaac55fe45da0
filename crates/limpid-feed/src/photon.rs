//! Photon OS: one OVAL document per release, one definition per security update.
//!
//! | part of a definition | holds |
//! |---|---|
//! | title | `PHSA-2020:00001 sqlite Security Update. (Important)` |
//! | `reference` | the update with its address, and each CVE |
//! | `severity` | `Low`, `Moderate`, `Important`, `Critical` |
//! | criteria | `Photon OS 3 is installed` and any of: a package below the fixed version |
//!
//! The documents are at <https://packages.vmware.com/photon/photon_oval_definitions/>.

use serde::Deserialize;

use crate::oval::{Bulletin, Claim, Definition, Namespaces, OvalFeed, OvalSource};
use crate::run::Run;
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};

/// Where the search for releases ends even if the source claims to have more.
const LAST_RELEASE: u32 = 30;

/// How many releases in a row may be missing.
const MISSING_AT_MOST: u32 = 4;

/// Where Photon OS publishes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhotonSettings {
    /// Address of the folder that holds `com.vmware.phsa-photon1.xml` and so on.
    pub url: String,
}

impl Default for PhotonSettings {
    fn default() -> Self {
        Self {
            url: "https://packages.vmware.com/photon/photon_oval_definitions/".into(),
        }
    }
}

/// The family of all releases.
pub(crate) struct Photon {
    base: String,
    limits: Limits,
}

impl Photon {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.photon.url.trim_end_matches('/').to_owned(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Photon {
    fn name(&self) -> &'static str {
        "photon"
    }

    /// Looks for one release after the other; there is no list of them.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        let mut missing = 0;
        for number in 1..=LAST_RELEASE {
            let url = format!("{}/com.vmware.phsa-photon{number}.xml", self.base);
            let exists = probe.exists(&url).map_err(|source| FeedError::Probe {
                url: url.clone(),
                source,
            })?;
            if exists {
                missing = 0;
                feeds.push(Box::new(OvalFeed {
                    name: format!("photon/{number}.0"),
                    url,
                    limits: self.limits.clone(),
                    source: Release {
                        namespace: format!("photon:{number}.0"),
                    },
                }));
                continue;
            }
            missing += 1;
            if missing > MISSING_AT_MOST {
                break;
            }
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "photon",
                url: self.base.clone(),
            });
        }
        Ok(feeds)
    }
}

struct Release {
    namespace: String,
}

impl OvalSource for Release {
    fn handle(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
        let mut claims = Vec::new();
        let mut namespaces = Namespaces::new(&namespace_of);
        for statement in &definition.statements {
            let namespaces = namespaces.of(statement).unwrap_or_default();
            if namespaces != [self.namespace.as_str()] {
                let reason = format!("package of another release: {}", statement.package);
                return run.quarantine(definition.id, Some(definition.offset), reason);
            }
            claims.push(Claim {
                namespace: self.namespace.clone(),
                repository: "",
                statement,
            });
        }
        if claims.is_empty() {
            let reason = "no package in the criteria";
            return run.quarantine(definition.id, Some(definition.offset), reason);
        }
        let title = definition.metadata.child_text("title");
        let update = title.split_whitespace().next().unwrap_or(definition.id);
        Bulletin::new(definition, update).emit(&claims, run)
    }
}

fn namespace_of(platform: &str) -> Vec<String> {
    let release = platform
        .strip_prefix("Photon OS ")
        .and_then(|rest| rest.strip_suffix(" is installed"))
        .map(|release| release.trim_end_matches(".0"))
        .filter(|release| release.parse::<u32>().is_ok());
    release
        .map(|release| format!("photon:{release}.0"))
        .into_iter()
        .collect()
}
