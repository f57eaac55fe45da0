//! SUSE and openSUSE: one OVAL document per product line, one definition per CVE.
//!
//! | file below the folder | product line |
//! |---|---|
//! | `suse.linux.enterprise.server.15` | server, with all its service packs and modules |
//! | `suse.linux.enterprise.desktop.15` | the same for the desktop |
//! | `suse.linux.enterprise.micro.5`, `suse.linux.micro.6` | SLE Micro, SL Micro |
//! | `opensuse.leap.15.6`, `opensuse.leap.micro.5.5`, `opensuse.tumbleweed` | openSUSE |
//!
//! Each comes as `….xml.gz` (fixed vulnerabilities), `…-affected.xml.gz` (these and the ones
//! without a fix) and `…-patch.xml.gz` (by update instead of by CVE). The second is taken where it
//! exists. Some lines have files for their parts, too (`…server.15-sp5`, `…micro.5.3`), which say
//! nothing that the file of the whole does not.
//!
//! The criteria take products together: `SUSE Linux Enterprise Server 15 SP5 is installed`,
//! `SUSE Linux Enterprise Module for Basesystem 15 SP5 is installed`. Which of them are part of
//! which distribution is in `product`.
//!
//! The documents are at <https://ftp.suse.com/pub/projects/security/oval/>.

mod line;
mod listing;
mod product;

use serde::Deserialize;

use crate::oval::{Bulletin, Claim, Definition, Namespaces, OvalFeed, OvalSource};
use crate::run::Run;
use crate::{Family, Feed, FeedError, Limits, Probe, Settings};
use line::Line;
use product::namespaces_of;

/// Bytes of the folder's listing. It has some hundred files.
const LISTING_BYTES: usize = 4 << 20;

/// Where SUSE publishes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuseSettings {
    /// Address of the folder that holds the documents. It answers with a page that links to them.
    pub url: String,
}

impl Default for SuseSettings {
    fn default() -> Self {
        Self {
            url: "https://ftp.suse.com/pub/projects/security/oval/".into(),
        }
    }
}

/// The family of all product lines.
pub(crate) struct Suse {
    base: String,
    limits: Limits,
}

impl Suse {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            base: settings.suse.url.trim_end_matches('/').to_owned(),
            limits: settings.limits.clone(),
        }
    }

    fn listing(&self, probe: &mut dyn Probe) -> Result<Vec<String>, FeedError> {
        // A server of static files may need the name of the page.
        for url in [
            format!("{}/", self.base),
            format!("{}/index.html", self.base),
        ] {
            let page = probe
                .read(&url, LISTING_BYTES)
                .map_err(|source| FeedError::Probe { url, source })?;
            if let Some(page) = page {
                let files = listing::files(&String::from_utf8_lossy(&page));
                if !files.is_empty() {
                    return Ok(files);
                }
            }
        }
        Ok(Vec::new())
    }
}

impl Family for Suse {
    fn name(&self) -> &'static str {
        "suse"
    }

    /// Takes what the folder lists, and asks for the lines that it once had: what was taken off
    /// the list may still be there.
    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let listed = self.listing(probe)?;
        let mut lines = Line::choose(listed.iter().map(String::as_str));
        for known in Line::known() {
            if lines.iter().any(|line| line.stem() == known.stem()) {
                continue;
            }
            let url = format!("{}/{}", self.base, known.file());
            if probe
                .exists(&url)
                .map_err(|source| FeedError::Probe { url, source })?
            {
                lines.push(known);
            }
        }
        if lines.is_empty() {
            return Err(FeedError::NothingFound {
                family: "suse",
                url: self.base.clone(),
            });
        }
        Ok(lines
            .into_iter()
            .map(|line| {
                let feed: Box<dyn Feed> = Box::new(OvalFeed {
                    name: format!("suse/{}", line.stem()),
                    url: format!("{}/{}", self.base, line.file()),
                    limits: self.limits.clone(),
                    source: ProductLine { line },
                });
                feed
            })
            .collect())
    }
}

struct ProductLine {
    line: Line,
}

impl OvalSource for ProductLine {
    /// Products that are no distribution, such as SUSE Manager, are passed by.
    fn handle(&self, definition: &Definition<'_>, run: &mut Run<'_>) -> Result<(), FeedError> {
        let mut claims = Vec::new();
        let of_platform = |platform: &str| namespaces_of(platform, self.line.edition());
        let mut namespaces = Namespaces::new(&of_platform);
        for statement in &definition.statements {
            let Some(found) = namespaces.of(statement) else {
                let reason = format!("package of no product: {}", statement.package);
                return run.quarantine(definition.id, Some(definition.offset), reason);
            };
            claims.extend(found.into_iter().map(|namespace| Claim {
                namespace,
                repository: "",
                statement,
            }));
        }
        if definition.statements.is_empty() {
            let reason = "no package in the criteria";
            return run.quarantine(definition.id, Some(definition.offset), reason);
        }
        let title = definition.metadata.child_text("title");
        let own_id = title.split_whitespace().next().unwrap_or(definition.id);
        Bulletin::new(definition, own_id).emit(&claims, run)
    }
}
