//! Red Hat's advisories: one CSAF document per vulnerability, in folders by year.
//!
//! | document | holds |
//! |---|---|
//! | `archive_latest.txt` | the name of the newest archive, `csaf_vex_2025-03-01.tar.zst` |
//! | `changes.csv` | a line for each document: `"2024/cve-2024-5154.json","2025-03-04T06:17:00+00:00"` |
//! | `deletions.csv` | the same for documents that were taken back |
//! | the archive | the documents, under the same paths, as they were on that day |
//!
//! There are two such sources, `vex/` and the newer `vex-feed/`, which differ in the documents; see
//! `csaf`. The mappings that tell products by what is installed are feeds of their own; see
//! `mapping`.

mod listings;
mod mapping;

use serde::{Deserialize, Deserializer};

use crate::csaf;
use crate::run::{Run, TOO_LARGE};
use crate::tar::TarReader;
use crate::{
    Collection, Contents, DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError,
    Limits, Probe, ReadSeek, Settings, Sink, Tally,
};

pub(crate) use mapping::RedHatMapping;
pub use mapping::RedHatMappingSettings;

const NAME: &str = "rhel-vex";

/// Bytes that a document may have. The largest known one has 18 MB without blanks.
const DOCUMENT_BYTES: usize = 64 << 20;

/// Where Red Hat's advisories are, and what is taken of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedHatVexSettings {
    /// Address of the folder; none means Red Hat's own, the newer of the two that is there.
    pub url: Option<String>,
    /// Accepted because Clair has it. How long a download may take is not limited, as long as
    /// something arrives.
    pub compressed_file_timeout: Option<serde_json::Value>,
    /// Whether packages whose names begin with `kernel` are left out. Containers use the kernel of
    /// their host.
    pub ignore_kernel_packages: bool,
    /// Clair's expressions that rewrite fixed versions, which are refused.
    #[serde(deserialize_with = "no_expression")]
    pub fixed_in_version_cel: (),
}

fn no_expression<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(()),
        Some(_) => Err(serde::de::Error::custom(
            "fixed versions are taken as they are published, expressions that rewrite them are not supported: fixed_in_version_cel",
        )),
    }
}

/// Red Hat's own folders, the newer first. Mirrors may have only one of them.
const FOLDERS: [&str; 2] = [
    "https://security.access.redhat.com/data/csaf/v2/vex-feed",
    "https://security.access.redhat.com/data/csaf/v2/vex",
];

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct RedHatVex {
    /// The folder, unless it has to be looked for.
    folder: Option<String>,
    base: String,
    ignores_kernel: bool,
    limits: Limits,
}

impl RedHatVex {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            folder: settings
                .rhel_vex
                .url
                .as_ref()
                .map(|url| url.trim_end_matches('/').to_owned()),
            base: String::new(),
            ignores_kernel: settings.rhel_vex.ignore_kernel_packages,
            limits: Limits {
                record_bytes: DOCUMENT_BYTES,
                ..settings.limits.clone()
            },
        }
    }

    fn read(&self, member: &str, content: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
        let url = self.address(member);
        let id = self.id(member);
        if content.len() > self.limits.record_bytes {
            return run.quarantine(id, None, TOO_LARGE);
        }
        let address = csaf::Address { id: &id, url: &url };
        let is_wanted = |package: &str| !(self.ignores_kernel && package.starts_with("kernel"));
        csaf::read(&address, content, &is_wanted, run)
    }
}

impl Family for RedHatVex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let feed = |base: &str| -> Vec<Box<dyn Feed>> {
            vec![Box::new(Self {
                base: base.to_owned(),
                ..self.clone()
            })]
        };
        if let Some(folder) = &self.folder {
            return Ok(feed(folder));
        }
        for folder in FOLDERS {
            let url = listings::changes(folder);
            let is_there = probe
                .exists(&url)
                .map_err(|source| FeedError::Probe { url, source })?;
            if is_there {
                return Ok(feed(folder));
            }
        }
        Err(FeedError::NothingFound {
            family: NAME,
            url: FOLDERS[0].to_owned(),
        })
    }
}

impl Feed for RedHatVex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        self.listings()
    }

    /// Fails: the documents are read one by one.
    fn parse(&self, _: &mut dyn Documents, _: &mut dyn Sink) -> Result<Tally, FeedError> {
        Err(FeedError::document(
            &self.base,
            DocumentFault::MissingMember("one document with everything"),
        ))
    }

    fn collection(&self) -> Option<&dyn Collection> {
        Some(self)
    }
}

impl Collection for RedHatVex {
    fn listings(&self) -> Vec<DocumentAddress> {
        listings::addresses(&self.base)
    }

    fn contents(&self, listings: &mut dyn Documents) -> Result<Contents, FeedError> {
        listings::read(&self.base, listings)
    }

    fn address(&self, member: &str) -> String {
        format!("{}/{member}", self.base)
    }

    /// Returns the id of the vulnerability, which documents are named after.
    fn id(&self, member: &str) -> String {
        let name = member.rsplit('/').next().unwrap_or_default();
        let stem = name.strip_suffix(".json").unwrap_or(name);
        stem.to_ascii_uppercase()
    }

    fn parse_member(
        &self,
        member: &str,
        content: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let url = self.address(member);
        let mut run = Run::new(NAME, &url, sink);
        self.read(member, content, &mut run)?;
        Ok(run.finish())
    }

    fn parse_archive(
        &self,
        url: &str,
        archive: Box<dyn ReadSeek>,
        is_wanted: &mut dyn FnMut(&str) -> bool,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut archive = TarReader::open(url, archive, &self.limits)?;
        let mut run = Run::new(NAME, url, sink);
        let mut has_members = false;
        while let Some(file) = archive.next_member()? {
            let Some(member) = listings::member(&file.name) else {
                continue;
            };
            has_members = true;
            if !is_wanted(member) {
                continue;
            }
            match file.content {
                Some(content) => self.read(member, content, &mut run)?,
                None => run.quarantine(self.id(member), None, TOO_LARGE)?,
            }
        }
        if has_members {
            Ok(run.finish())
        } else {
            Err(archive.fail(DocumentFault::MissingMember("cve-….json")))
        }
    }
}
