//! Alpine's secdb: one feed per release, one JSON document per repository of the release.
//!
//! | member | holds |
//! |---|---|
//! | `distroversion` | the release: `v3.15`, `edge` |
//! | `reponame` | the repository: `main`, `community` |
//! | `packages[].pkg.name` | name of a source package |
//! | `packages[].pkg.secfixes` | object: fixed version → array of ids; `0` for "never affected" |
//!
//! Everything else is passed by. The format is that of <https://secdb.alpinelinux.org/>.

mod identifier;
mod package;

use crate::json::{JsonReader, Value};
use crate::run::{Run, TOO_LARGE, open, open_required};
use crate::text::clip;
use crate::{
    DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError, Limits, Probe, Settings,
    Sink, Tally,
};

/// The oldest release that the source has.
const FIRST_MINOR: u32 = 3;

/// Where the search for releases ends even if the source claims to have more: a server that
/// answers every address would otherwise be asked for ever.
const LAST_MINOR: u32 = 199;

const REPOSITORIES: [&str; 2] = ["main", "community"];

/// The family of all Alpine releases.
pub(crate) struct Alpine {
    base: String,
    limits: Limits,
}

impl Alpine {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.alpine_url.trim_end_matches('/').to_owned(),
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

    /// Releases are numbered without gaps, so the first number that is missing is the end. `edge`
    /// has no number.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        for minor in FIRST_MINOR..=LAST_MINOR {
            let release = self.release(format!("v3.{minor}"));
            let url = release.url("main");
            let exists = probe.exists(&url).map_err(|source| FeedError::Probe {
                url: url.clone(),
                source,
            })?;
            if !exists {
                if feeds.is_empty() {
                    // The oldest release is never removed: this is not the address of a secdb.
                    return Err(FeedError::NothingFound {
                        family: "alpine",
                        url,
                    });
                }
                break;
            }
            feeds.push(Box::new(release));
        }
        feeds.push(Box::new(self.release("edge".to_owned())));
        Ok(feeds)
    }
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

    /// Early releases had no `community`, so only `main` must be there.
    fn documents(&self) -> Vec<DocumentAddress> {
        REPOSITORIES
            .iter()
            .map(|&repository| DocumentAddress {
                url: self.url(repository),
                is_required: repository == "main",
            })
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
            let input = if repository == "main" {
                open_required(documents, &url)?
            } else if let Some(input) = open(documents, &url)? {
                input
            } else {
                continue;
            };
            let mut json = JsonReader::new(&url, input, self.limits.record_bytes);
            let mut run = Run::new(&self.name, &url, sink);
            let document = Document {
                release: &self.version,
                repository,
            };
            document.read(&mut json, &mut run)?;
            tally = tally + run.finish();
        }
        Ok(tally)
    }
}

/// What the address of a document says about it.
struct Document<'a> {
    release: &'a str,
    repository: &'a str,
}

impl Document<'_> {
    fn read(&self, json: &mut JsonReader, run: &mut Run<'_>) -> Result<(), FeedError> {
        let mut has_packages = false;
        json.enter_document()?;
        while let Some(name) = json.next_member()? {
            match name.text.as_str() {
                "distroversion" => verify(json, "distroversion", self.release)?,
                "reponame" => verify(json, "reponame", self.repository)?,
                "packages" => {
                    self.read_packages(json, run)?;
                    has_packages = true;
                }
                _ => json.skip_value()?,
            }
        }
        json.finish()?;
        if has_packages {
            Ok(())
        } else {
            Err(json.fail(DocumentFault::MissingMember("packages")))
        }
    }

    fn read_packages(&self, json: &mut JsonReader, run: &mut Run<'_>) -> Result<(), FeedError> {
        json.enter_array("an array of packages")?;
        let place = package::Place {
            namespace: format!("alpine:{}", self.release.trim_start_matches('v')),
            repository: self.repository,
        };
        while json.next_element()? {
            let offset = json.offset();
            match json.value()? {
                Value::Whole(record) => place.read(record, offset, run)?,
                Value::TooLarge => run.quarantine("", Some(offset), TOO_LARGE)?,
            }
        }
        Ok(())
    }
}

/// Compares what a document says about itself with its address. A document of another release
/// would be believed for every image of this one.
fn verify(json: &mut JsonReader, member: &'static str, expected: &str) -> Result<(), FeedError> {
    let found = match json.value()? {
        Value::Whole(value) => serde_json::from_slice::<String>(value)
            .unwrap_or_else(|_| String::from_utf8_lossy(value).into_owned()),
        Value::TooLarge => String::new(),
    };
    if found == expected {
        return Ok(());
    }
    Err(json.fail(DocumentFault::Mismatch {
        member,
        found: clip(found, 80),
        expected: expected.to_owned(),
    }))
}
