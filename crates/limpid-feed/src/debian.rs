//! Debian's security tracker: one JSON document for all releases.
//!
//! ```text
//! { source package: { id: { "description": text,
//!     "releases": { code name: { "status", "fixed_version", "urgency", "nodsa_reason" } } } } }
//! ```
//!
//! The document has more than 70 MB, and one source such as `linux` has many thousands of ids. So
//! both outer levels are walked, and one (source, id) pair at a time is held. The members that say
//! something:
//!
//! | member | values |
//! |---|---|
//! | `status` | `resolved`, `open`, `undetermined` |
//! | `fixed_version` | with `resolved`: a version, or `0` for "never affected" |
//! | `urgency` | `high`, `medium`, `low`, also with stars; `unimportant`; `not yet assigned`; `end-of-life` |
//! | `nodsa_reason` | `ignored`, `postponed`, or empty |
//!
//! The tracker that makes it is <https://salsa.debian.org/security-tracker-team/security-tracker>.

mod record;

use serde::Deserialize;

use crate::json::{JsonReader, Value};
use crate::run::{Run, TOO_LARGE, open_required};
use crate::source_ids::read_source_ids;

use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};

/// Where Debian's security tracker is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DebianSettings {
    /// Address of the one document.
    pub json_url: String,
    /// Accepted because Clair has it, to look for releases. The releases stand in the document.
    pub mirror_url: Option<String>,
    /// Accepted because older versions of Clair had it.
    pub archive_url: Option<String>,
    /// Accepted because older versions of Clair had it.
    pub oval_url: Option<String>,
}

impl Default for DebianSettings {
    fn default() -> Self {
        Self {
            json_url: "https://security-tracker.debian.org/tracker/data/json".into(),
            mirror_url: None,
            archive_url: None,
            oval_url: None,
        }
    }
}

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct Debian {
    url: String,
    limits: Limits,
}

impl Debian {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            url: settings.debian.json_url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Debian {
    fn name(&self) -> &'static str {
        "debian"
    }

    /// The releases stand in the document, so a release that left the mirrors is not lost.
    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Debian {
    fn name(&self) -> &'static str {
        "debian"
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
        let mut json = JsonReader::new(&self.url, input, self.limits.record_bytes);
        let mut run = Run::new("debian", &self.url, sink);
        read_source_ids(&mut json, &mut run, |pair, value, run| {
            let (id, offset) = (pair.id, pair.offset);
            let pair = record::Pair {
                source: pair.source,
                id: &id.text,
                offset,
            };
            match (id.fault(), value) {
                (None, Value::Whole(value)) => pair.read(value, run),
                (None, Value::TooLarge) => pair.quarantine(run, TOO_LARGE),
                (Some(fault), _) => pair.quarantine(run, fault),
            }
        })?;
        Ok(run.finish())
    }
}
