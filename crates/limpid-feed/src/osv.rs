//! OSV: one feed per ecosystem, whose document is a zip archive with one JSON file per
//! vulnerability, in the schema of <https://ossf.github.io/osv-schema/>.
//!
//! | member | becomes |
//! |---|---|
//! | `id`, `aliases` | id and aliases; `related` and `upstream` are other vulnerabilities |
//! | `withdrawn` | the entry is counted and left out, unless the date lies in the future |
//! | `affected[]` of this ecosystem | one advisory each; other ecosystems have their own feeds |
//! | `affected[].package.ecosystem` | the namespace, which is the key of the language: `pypi`, `npm` |
//! | `affected[].package.name` | a binary package, in the form in which the language compares names |
//! | `affected[].ranges[]` of `SEMVER`, `ECOSYSTEM` | ranges; `GIT` ranges are passed by |
//! | `affected[].versions[]` | versions that are listed one by one and in no range |
//! | `severity`, `database_specific.severity` | the rating: the newest score that can be read, or else the word |
//! | `summary`, or else `details` | the description |
//!
//! Both types of ranges are read by the version scheme of the ecosystem, which is SemVer where the
//! schema demands it. Which functions of a package are affected (`ecosystem_specific`) is not
//! judged. Entries about packages that were made to do harm (`MAL-…`) are critical, unless they
//! have a rating.
//!
//! Some distributions publish their bulletins in this form and in no better one. What is different
//! about them:
//!
//! | ecosystem | namespace | names of | CVE ids in |
//! |---|---|---|---|
//! | `AlmaLinux:9` | `almalinux:9` | binary packages | `related` |
//! | `Rocky Linux:9` | `rocky:9` | source packages | `upstream`, once `aliases` or `related` |
//! | `openEuler:24.03-LTS-SP1` | `openeuler:24.03-LTS-SP1` | source packages | `upstream` |
//! | `Mageia:9` | `mageia:9` | source packages | `upstream`, once `related` |
//!
//! There is one advisory per CVE id and package, the word that begins the summary ("Important: …")
//! is a rating, packages in modules have the stream that the summary names, the section of Mageia
//! (`ecosystem_specific.section`) is the repository, and bulletins that are not about security are
//! passed by.

pub(crate) mod affected;
pub(crate) mod database;
pub(crate) mod entry;
mod module;
mod ranges;
mod releases;
pub(crate) mod statements;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use crate::archive::{ArchiveEntry, ZipReader, is_json};
use crate::run::{Run, open_required};
use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};
use database::{Database, Subject};
use entry::Entry;
use statements::Scope;

/// The document that lists the ecosystems, one a line, some with a release behind a colon.
const LIST: &str = "ecosystems.txt";

/// Bytes that the list may have; it has about a thousand.
const LIST_BYTES: usize = 1 << 20;

/// Where the databases in the format of OSV are, and which of them are taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OsvSettings {
    /// Address of the folder that holds one folder per ecosystem.
    pub url: String,
    /// The ecosystems of programming languages to take, as OSV spells them, in any case. Without
    /// any, all are taken that something can be judged by. Those of distributions are taken
    /// always: Clair, whose setting this is, knows none of them.
    pub allowlist: Vec<String>,
}

impl Default for OsvSettings {
    fn default() -> Self {
        Self {
            url: "https://osv-vulnerabilities.storage.googleapis.com/".into(),
            allowlist: Vec::new(),
        }
    }
}

/// The family of all ecosystems.
pub(crate) struct Osv {
    base: String,
    allowlist: Vec<String>,
    limits: Limits,
}

impl Osv {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.osv.url.trim_end_matches('/').to_owned(),
            allowlist: settings.osv.allowlist.clone(),
            limits: settings.limits.clone(),
        }
    }

    /// Returns the ecosystems that the source lists; none when it has no list.
    fn listed(&self, probe: &mut dyn Probe) -> Result<BTreeSet<String>, FeedError> {
        let url = format!("{}/{LIST}", self.base);
        let list = probe
            .read(&url, LIST_BYTES)
            .map_err(|source| FeedError::Probe { url, source })?;
        let list = list.unwrap_or_default();
        let lines = String::from_utf8_lossy(&list);
        let names = lines.lines().filter_map(|line| line.split(':').next());
        Ok(names.map(|name| name.trim().to_owned()).collect())
    }

    fn is_wanted(&self, database: &Database) -> bool {
        let mut allowed = self.allowlist.iter();
        !matches!(database.subject, Subject::Language(_))
            || self.allowlist.is_empty()
            || allowed.any(|name| name.eq_ignore_ascii_case(database.name))
    }

    fn feed(&self, database: &'static Database) -> EcosystemFeed {
        let folder = database.name.replace(' ', "%20");
        EcosystemFeed {
            name: database.feed_name(),
            url: format!("{}/{folder}/all.zip", self.base),
            database,
            limits: self.limits.clone(),
        }
    }
}

impl Family for Osv {
    fn name(&self) -> &'static str {
        "osv"
    }

    /// The ecosystems are those that are known here and that the source lists, or has though it
    /// does not list them: a list that is cut short takes no feed away.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let listed = self.listed(probe)?;
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        for database in Database::all().iter().filter(|it| self.is_wanted(it)) {
            let feed = self.feed(database);
            if listed.contains(database.name) || has(probe, &feed.url)? {
                feeds.push(Box::new(feed));
            }
        }
        let unknown = self.allowlist.iter();
        for name in unknown.filter(|name| Database::find(name).is_none()) {
            feeds.push(Box::new(UnknownFeed {
                name: format!("osv/{}", name.to_lowercase()),
                ecosystem: name.clone(),
            }));
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: self.name(),
                url: format!("{}/{LIST}", self.base),
            });
        }
        Ok(feeds)
    }
}

fn has(probe: &mut dyn Probe, url: &str) -> Result<bool, FeedError> {
    probe.exists(url).map_err(|source| FeedError::Probe {
        url: url.to_owned(),
        source,
    })
}

/// An ecosystem that nothing can be judged by. It fails for itself, so that the others serve and
/// everybody sees which one does not.
struct UnknownFeed {
    name: String,
    ecosystem: String,
}

impl Feed for UnknownFeed {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        Vec::new()
    }

    fn parse(&self, _: &mut dyn Documents, _: &mut dyn Sink) -> Result<Tally, FeedError> {
        Err(FeedError::UnknownEcosystem(self.ecosystem.clone()))
    }
}

/// One ecosystem.
struct EcosystemFeed {
    name: String,
    url: String,
    database: &'static Database,
    limits: Limits,
}

impl Feed for EcosystemFeed {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let input = open_required(documents, &self.url)?;
        let mut archive = ZipReader::open(&self.url, input, &self.limits)?;
        let mut run = Run::new(&self.name, &self.url, sink);
        let scope = Scope::Database(self.database);
        let mut newest: Option<Timestamp> = None;
        let mut doubtful = Vec::new();
        while let Some(ArchiveEntry {
            index,
            name,
            content,
        }) = archive.next_entry()?
        {
            if !is_json(&name) {
                continue;
            }
            let entry = match content.and_then(Entry::parse) {
                Ok(entry) => entry,
                Err(reason) => {
                    run.quarantine(name, None, reason)?;
                    continue;
                }
            };
            newest = newest.max(entry.modified());
            if !entry.is_withdrawn() {
                statements::read(scope, &entry, &mut run)?;
            } else if entry.is_withdrawn_at(newest) {
                run.withdrawn();
            } else {
                doubtful.push(index);
            }
        }
        // There is no other clock here than the source's: what it changed last was not long ago.
        for index in doubtful {
            let content = archive.entry(index)?.and_then(|entry| entry.content.ok());
            match content.map(Entry::parse) {
                Some(Ok(entry)) if !entry.is_withdrawn_at(newest) => {
                    statements::read(scope, &entry, &mut run)?;
                }
                _ => run.withdrawn(),
            }
        }
        Ok(run.finish())
    }
}
