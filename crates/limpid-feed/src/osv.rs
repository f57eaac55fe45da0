//! OSV: one feed per ecosystem, whose document is a zip archive with one JSON file per
//! vulnerability, in the schema of <https://ossf.github.io/osv-schema/>.
//!
//! | member | becomes |
//! |---|---|
//! | `id`, `aliases` | id and aliases; `related` and `upstream` are other vulnerabilities |
//! | `withdrawn` | the entry is counted and left out, unless the date lies in the future |
//! | `affected[]` of this ecosystem | one advisory each; other ecosystems have their own feeds |
//! | `affected[].package.ecosystem` | `Debian:12` gives the namespace `osv:debian:12` |
//! | `affected[].ranges[]` of `SEMVER`, `ECOSYSTEM` | ranges; `GIT` ranges are passed by |
//! | `affected[].versions[]` | versions that are listed one by one |
//! | `severity`, `database_specific.severity` | the rating |
//! | `summary`, or else `details` | the description |
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
mod ecosystem;
pub(crate) mod entry;
mod module;
mod ranges;
mod statements;

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use serde::Deserialize;

use crate::run::{Run, TOO_LARGE, open_required};
use crate::{
    DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError, Limits, Probe, ReadSeek,
    Settings, Sink, Tally,
};
use ecosystem::Ecosystem;

/// How much of a document that is no archive is quoted.
const QUOTED_BYTES: u64 = 40;

/// Where the databases in the format of OSV are, and which of them are taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OsvSettings {
    /// Address of the folder that holds one folder per ecosystem.
    pub url: String,
    /// The ecosystems to fetch beside those of distributions, as OSV spells them. Empty unless
    /// somebody can match what is fetched: data that nothing is compared with costs time and space
    /// and helps nobody.
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
    ecosystems: Vec<String>,
    limits: Limits,
}

impl Osv {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.osv.url.trim_end_matches('/').to_owned(),
            ecosystems: settings.osv.allowlist.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Osv {
    fn name(&self) -> &'static str {
        "osv"
    }

    /// The ecosystems are the databases of distributions and those of the settings. The source's
    /// own list (`ecosystems.txt`) is not asked: it could only take feeds away, all of them when it
    /// has a bad day.
    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut ecosystems: Vec<&'static Ecosystem> = Ecosystem::of_distributions().collect();
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        let mut unknown: Vec<Box<dyn Feed>> = Vec::new();
        for name in &self.ecosystems {
            match Ecosystem::find(name) {
                Some(known) if ecosystems.iter().any(|other| other.name == known.name) => {}
                Some(ecosystem) => ecosystems.push(ecosystem),
                None => unknown.push(Box::new(UnknownFeed {
                    name: format!("osv/{}", name.to_lowercase()),
                    ecosystem: name.clone(),
                })),
            }
        }
        for ecosystem in ecosystems {
            feeds.push(Box::new(EcosystemFeed {
                name: ecosystem.feed_name(),
                url: format!(
                    "{}/{}/all.zip",
                    self.base,
                    ecosystem.name.replace(' ', "%20")
                ),
                ecosystem,
                limits: self.limits.clone(),
            }));
        }
        feeds.extend(unknown);
        Ok(feeds)
    }
}

/// An ecosystem whose versions cannot be compared. It fails for itself, so that the others serve
/// and everybody sees which one does not.
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
    ecosystem: &'static Ecosystem,
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
        let mut archive = self.open(documents)?;
        let mut run = Run::new(&self.name, &self.url, sink);
        let mut unpacked = 0;
        let mut content = Vec::new();
        for index in 0..archive.len() {
            let name = match read_entry(&mut archive, index, self.limits.record_bytes, &mut content)
            {
                Ok(Some(name)) => name,
                Ok(None) => continue,
                Err((name, reason)) => {
                    run.quarantine(name, None, reason)?;
                    continue;
                }
            };
            unpacked += content.len() as u64;
            if unpacked > self.limits.unpacked_bytes {
                return Err(self.over_limit("unpacked bytes", self.limits.unpacked_bytes));
            }
            statements::read(self.ecosystem, &name, &content, &mut run)?;
        }
        Ok(run.finish())
    }
}

impl EcosystemFeed {
    fn open(
        &self,
        documents: &mut dyn Documents,
    ) -> Result<ZipArchive<Box<dyn ReadSeek>>, FeedError> {
        let mut input = open_required(documents, &self.url)?;
        let mut start = Vec::new();
        (&mut input)
            .take(QUOTED_BYTES)
            .read_to_end(&mut start)
            .and_then(|_| input.seek(SeekFrom::Start(0)))
            .map_err(|source| self.fail(DocumentFault::Unreadable { offset: 0, source }))?;
        if !start.starts_with(b"PK") {
            return Err(self.fail(DocumentFault::WrongFormat {
                expected: "a zip archive",
                begins: String::from_utf8_lossy(&start).into_owned(),
            }));
        }
        let archive =
            ZipArchive::new(input).map_err(|error| self.fail(DocumentFault::Archive(error)))?;
        if archive.len() > self.limits.archive_entries {
            return Err(self.over_limit("entries", self.limits.archive_entries as u64));
        }
        Ok(archive)
    }

    fn over_limit(&self, what: &'static str, limit: u64) -> FeedError {
        self.fail(DocumentFault::OverLimit { what, limit })
    }

    fn fail(&self, fault: DocumentFault) -> FeedError {
        FeedError::document(&self.url, fault)
    }
}

/// Unpacks an entry and returns its name; none when it is not one of JSON. An entry that cannot be
/// unpacked gives its name and the reason.
fn read_entry(
    archive: &mut ZipArchive<Box<dyn ReadSeek>>,
    index: usize,
    max_bytes: usize,
    content: &mut Vec<u8>,
) -> Result<Option<String>, (String, String)> {
    let entry = archive
        .by_index(index)
        .map_err(|error| (format!("entry {index}"), error.to_string()))?;
    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
    if !entry.is_file() || !name.to_ascii_lowercase().ends_with(".json") {
        return Ok(None);
    }
    content.clear();
    // What the entry says of its size is not believed: one byte more than allowed is enough to
    // know.
    match entry.take(max_bytes as u64 + 1).read_to_end(content) {
        Ok(_) if content.len() > max_bytes => Err((name, TOO_LARGE.to_owned())),
        Ok(_) => Ok(Some(name)),
        Err(error) => Err((name, format!("cannot unpack: {error}"))),
    }
}
