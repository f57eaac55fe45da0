//! Fedora: one feed per release, one updateinfo document per repository and architecture.
//!
//! The repository with the updates of a release is
//! `updates/RELEASE/Everything/ARCH/` of the mirrors, and of the archive once the release has ended.
//! Up to release 38 the packages of modules have one of their own, `updates/RELEASE/Modular/ARCH/`.
//! Its bulletins name CVEs in the titles of the bugs that they refer to, if at all: many are known
//! by their own id only.

use serde::Deserialize;

use crate::unreachable::Unreachable;
use crate::updateinfo::{Document, Listed, RepositoryFeed, find};
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};

/// The oldest release whose bulletins are complete enough to judge by.
const FIRST_RELEASE: u32 = 32;

/// The last release with a repository of modules.
const LAST_MODULAR: u32 = 38;

/// Where the search for releases ends even if the source claims to have more.
const LAST_RELEASE: u32 = 199;

/// How many releases in a row may be missing before the first that is there.
const MISSING_AT_FIRST: u32 = 40;

/// How many releases in a row may be missing after one that is there.
const MISSING_AT_LAST: u32 = 2;

/// The architectures, and those of the packages that are read from each.
const ARCHITECTURES: [(&str, &[&str]); 2] = [
    ("x86_64", &["x86_64", "i686", "i386", "noarch"]),
    ("aarch64", &["aarch64", "noarch"]),
];

/// Where Fedora's updates are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FedoraSettings {
    /// Address of the folder that holds one folder per release.
    pub url: String,
    /// Address of the same for releases that have ended.
    pub archive_url: String,
}

impl Default for FedoraSettings {
    fn default() -> Self {
        Self {
            url: "https://dl.fedoraproject.org/pub/fedora/linux/updates/".into(),
            archive_url: "https://archives.fedoraproject.org/pub/archive/fedora/linux/updates/"
                .into(),
        }
    }
}

/// The family of all Fedora releases.
pub(crate) struct Fedora {
    bases: [String; 2],
    limits: Limits,
}

impl Fedora {
    pub(crate) fn new(settings: &Settings) -> Self {
        let FedoraSettings { url, archive_url } = &settings.fedora;
        Self {
            bases: [url, archive_url].map(|url| url.trim_end_matches('/').to_owned()),
            limits: settings.limits.clone(),
        }
    }

    /// Makes the feed of a release; none when it is nowhere. A release whose metadata is broken
    /// fails for itself.
    fn release(
        &self,
        release: u32,
        probe: &mut dyn Probe,
    ) -> Result<Option<Box<dyn Feed>>, FeedError> {
        let name = format!("fedora/{release}");
        let documents = match self.documents(release, probe) {
            Ok(documents) => documents,
            Err(error @ FeedError::Document { .. }) => {
                return Ok(Some(Box::new(Unreachable::new(name, &error))));
            }
            Err(error) => return Err(error),
        };
        if documents.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(RepositoryFeed {
            name,
            namespace: format!("fedora:{release}"),
            repository: String::new(),
            documents,
            page: |id| Some(format!("https://bodhi.fedoraproject.org/updates/{id}")),
            limits: self.limits.clone(),
        })))
    }

    /// Finds the documents of a release where it is.
    fn documents(&self, release: u32, probe: &mut dyn Probe) -> Result<Vec<Document>, FeedError> {
        for base in &self.bases {
            let base = format!("{base}/{release}");
            let mut documents = self.repository(&format!("{base}/Everything"), probe)?;
            if documents.is_empty() {
                continue;
            }
            if release <= LAST_MODULAR {
                documents.extend(self.repository(&format!("{base}/Modular"), probe)?);
            }
            return Ok(documents);
        }
        Ok(Vec::new())
    }

    /// Finds the documents of a repository.
    fn repository(&self, base: &str, probe: &mut dyn Probe) -> Result<Vec<Document>, FeedError> {
        let mut documents = Vec::new();
        for (architecture, packages) in ARCHITECTURES {
            let folder = format!("{base}/{architecture}");
            if let Listed::Document(document) = find(probe, &folder, packages, &self.limits)? {
                documents.push(document);
            }
        }
        Ok(documents)
    }
}

impl Family for Fedora {
    fn name(&self) -> &'static str {
        "fedora"
    }

    /// Looks for one release after the other. A mirror may have only the present ones.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        let mut missing = 0;
        for release in FIRST_RELEASE..=LAST_RELEASE {
            if let Some(feed) = self.release(release, probe)? {
                feeds.push(feed);
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
        if feeds.is_empty() {
            let [url, _] = &self.bases;
            return Err(FeedError::NothingFound {
                family: "fedora",
                url: url.clone(),
            });
        }
        Ok(feeds)
    }
}
