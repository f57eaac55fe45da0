//! Alpine's secdb: one feed per release, one JSON document per repository of the release.
//!
//! The documents are those of `secdb`. Each names its release (`distroversion`: `v3.15`, `edge`)
//! and its repository (`reponame`: `main`, `community`).

use serde::Deserialize;

use crate::run::{Run, open_required};
use crate::secdb::{Document, Place};
use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};

/// The oldest release that the source has.
const FIRST_MINOR: u32 = 3;

/// Where the search for releases ends even if the source claims to have more: a server that
/// answers every address would otherwise be asked for ever.
const LAST_MINOR: u32 = 199;

/// How many releases in a row may be missing before the first that is there.
const MISSING_AT_FIRST: u32 = 60;

/// How many releases in a row may be missing after one that is there.
const MISSING_AT_LAST: u32 = 3;

const REPOSITORIES: [&str; 2] = ["main", "community"];

/// Where Alpine's secdb is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlpineSettings {
    /// Address of the folder that holds `v3.3`, …, `edge`.
    pub url: String,
}

impl Default for AlpineSettings {
    fn default() -> Self {
        Self {
            url: "https://secdb.alpinelinux.org/".into(),
        }
    }
}

/// The family of all Alpine releases.
pub(crate) struct Alpine {
    base: String,
    limits: Limits,
}

impl Alpine {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.alpine.url.trim_end_matches('/').to_owned(),
            limits: settings.limits.clone(),
        }
    }

    fn release(&self, version: String) -> Release {
        Release {
            name: format!("alpine/{version}"),
            base: self.base.clone(),
            version,
            limits: self.limits.clone(),
        }
    }
}

impl Family for Alpine {
    fn name(&self) -> &'static str {
        "alpine"
    }

    /// Looks for one release after the other, and for `edge`, which has no number.
    ///
    /// The source has every release since the first. A mirror may have only some, so releases may
    /// be missing at the beginning, and a few in between.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        let mut missing = 0;
        for minor in FIRST_MINOR..=LAST_MINOR {
            let release = self.release(format!("v3.{minor}"));
            if exists(probe, &release)? {
                feeds.push(Box::new(release));
                missing = 0;
                continue;
            }
            missing += 1;
            let most = if feeds.is_empty() {
                MISSING_AT_FIRST
            } else {
                MISSING_AT_LAST
            };
            if missing > most {
                break;
            }
        }
        let edge = self.release("edge".to_owned());
        if exists(probe, &edge)? {
            feeds.push(Box::new(edge));
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "alpine",
                url: self.base.clone(),
            });
        }
        Ok(feeds)
    }
}

fn exists(probe: &mut dyn Probe, release: &Release) -> Result<bool, FeedError> {
    let url = release.url("main");
    probe
        .exists(&url)
        .map_err(|source| FeedError::Probe { url, source })
}

/// One release: `v3.15` or `edge`.
struct Release {
    name: String,
    base: String,
    version: String,
    limits: Limits,
}

impl Release {
    fn url(&self, repository: &str) -> String {
        format!("{}/{}/{repository}.json", self.base, self.version)
    }
}

impl Feed for Release {
    fn name(&self) -> &str {
        &self.name
    }

    /// Both must be there: without one of them, its packages would count as judged and clean.
    fn documents(&self) -> Vec<DocumentAddress> {
        REPOSITORIES
            .iter()
            .map(|&repository| DocumentAddress::required(self.url(repository)))
            .collect()
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut tally = Tally::default();
        for repository in REPOSITORIES {
            let url = self.url(repository);
            let input = open_required(documents, &url)?;
            let mut run = Run::new(&self.name, &url, sink);
            let document = Document {
                place: Place {
                    namespace: format!("alpine:{}", self.version.trim_start_matches('v')),
                    repository,
                    reference,
                },
                head: &[("distroversion", &self.version), ("reponame", repository)],
            };
            document.read(&url, input, &self.limits, &mut run)?;
            tally = tally + run.finish();
        }
        Ok(tally)
    }
}

fn reference(id: &str) -> String {
    format!("https://security.alpinelinux.org/vuln/{id}")
}
