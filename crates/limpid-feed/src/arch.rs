//! Arch Linux's security tracker: one JSON document, an array of groups of vulnerabilities.
//!
//! | member | holds |
//! |---|---|
//! | `name` | the group: `AVG-2843` |
//! | `packages` | names of installed packages |
//! | `status` | `Vulnerable`, `Testing`, `Fixed`, `Not affected`, `Unknown` |
//! | `severity` | `Unknown`, `Low`, `Medium`, `High`, `Critical` |
//! | `type` | what it allows to do: `information disclosure` |
//! | `affected` | the version that was found to be affected; older ones are as well |
//! | `fixed` | the first version with the fix, or null |
//! | `issues` | CVE ids |
//! | `advisories` | bulletins about the group: `ASA-201611-12` |
//!
//! The format is that of <https://security.archlinux.org/all.json>, the tracker that makes it
//! <https://github.com/archlinux/arch-security-tracker>.

mod group;

use serde::Deserialize;

use crate::json::{JsonReader, Value};
use crate::run::{Run, TOO_LARGE, open_required};
use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};

/// Where Arch Linux's tracker is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArchSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for ArchSettings {
    fn default() -> Self {
        Self {
            url: "https://security.archlinux.org/all.json".into(),
        }
    }
}

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct Arch {
    url: String,
    limits: Limits,
}

impl Arch {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            url: settings.arch.url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Arch {
    fn name(&self) -> &'static str {
        "arch"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Arch {
    fn name(&self) -> &'static str {
        "arch"
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
        let mut run = Run::new("arch", &self.url, sink);
        json.enter_document_array()?;
        while json.next_element()? {
            let offset = json.offset();
            match json.value()? {
                Value::Whole(record) => group::read(record, offset, &mut run)?,
                Value::TooLarge => run.quarantine("", Some(offset), TOO_LARGE)?,
            }
        }
        json.finish()?;
        Ok(run.finish())
    }
}
