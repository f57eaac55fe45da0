//! Gentoo's GLSAs: one archive with one XML document per bulletin, `glsa-YYYYMM-NN.xml`.
//!
//! | element | holds |
//! |---|---|
//! | `synopsis` | what it is about, in a sentence |
//! | `announced`, `revised` | dates: `2023-01-11` |
//! | `impact` with `type` | `minimal`, `low`, `normal`, `high` |
//! | `references/uri` | what it fixes: `CVE-2022-1234` |
//! | `affected/package` with `name`, `arch` | `dev-libs/openssl`; `*` or architectures |
//! | `vulnerable`, `unaffected` with `range`, `slot` | versions; the second takes from the first |
//!
//! | range | versions |
//! |---|---|
//! | `lt`, `le`, `eq`, `ge`, `gt` | as they say; with `eq` a version may end in `*` |
//! | `rlt`, `rle`, `rge`, `rgt` | the same among the revisions of that one version |
//!
//! What holds for one slot only is an advisory with the module `slot:SLOT`. The format is defined by
//! <https://www.gentoo.org/dtd/glsa.dtd> and read by `lib/portage/glsa.py` of Portage.
//!
//! The archive is the one that Gentoo's repository of bulletins offers. Any other that holds such
//! files will do, such as a snapshot of the ebuild repository, which has them in `metadata/glsa`.

mod glsa;
mod interval;

use std::io::Cursor;

use serde::Deserialize;

use crate::run::{Run, TOO_LARGE, open_required};
use crate::tar::TarReader;
use crate::xml::XmlReader;
use crate::{
    DocumentAddress, DocumentFault, Documents, Family, Feed, FeedError, Limits, Probe, Settings,
    Sink, Tally,
};

/// Where Gentoo's bulletins are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GentooSettings {
    /// Address of the archive, a tar file in any packing.
    pub url: String,
}

impl Default for GentooSettings {
    fn default() -> Self {
        Self {
            url: "https://gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz".into(),
        }
    }
}

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct Gentoo {
    url: String,
    limits: Limits,
}

impl Gentoo {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            url: settings.gentoo.url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Gentoo {
    fn name(&self) -> &'static str {
        "gentoo"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Gentoo {
    fn name(&self) -> &'static str {
        "gentoo"
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
        let mut archive = TarReader::open(&self.url, input, &self.limits)?;
        let mut run = Run::new("gentoo", &self.url, sink);
        let mut has_bulletins = false;
        while let Some(member) = archive.next_member()? {
            let Some(id) = bulletin(&member.name) else {
                continue;
            };
            has_bulletins = true;
            let Some(content) = member.content else {
                run.quarantine(id, None, TOO_LARGE)?;
                continue;
            };
            self.read(&id, content.to_vec(), &mut run)?;
        }
        if has_bulletins {
            Ok(run.finish())
        } else {
            Err(archive.fail(DocumentFault::MissingMember("glsa-YYYYMM-NN.xml")))
        }
    }
}

impl Gentoo {
    /// Reads a bulletin. One that is broken costs itself, since it is a record of the archive.
    fn read(&self, id: &str, content: Vec<u8>, run: &mut Run<'_>) -> Result<(), FeedError> {
        let bulletin = XmlReader::open(&self.url, Box::new(Cursor::new(content)), &self.limits)
            .and_then(|mut xml| glsa::read(&mut xml));
        match bulletin {
            Ok(bulletin) => bulletin.write(id, run),
            Err(FeedError::Document { fault, .. }) => run.quarantine(id, None, fault),
            Err(error) => Err(error),
        }
    }
}

/// Returns the id of the bulletin in a file: `GLSA-202301-01`; none when it is another file.
fn bulletin(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let number = file.strip_prefix("glsa-")?.strip_suffix(".xml")?;
    let (month, rest) = number.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (month.len() == 6 && is_number(month) && rest.len() <= 4 && is_number(rest))
        .then(|| format!("GLSA-{number}"))
}
