//! Ubuntu: Canonical's data in one of three forms.
//!
//! | form | documents | names of | tells apart |
//! |---|---|---|---|
//! | OVAL | one per release | binary packages | fixed, needed, to be triaged, deferred, ignored |
//! | OSV | one archive | source packages | fixed and not |
//! | VEX | one archive | source packages | all, but knows no older fix than the version of today |
//!
//! All three speak of `ubuntu:jammy`, by the code name of the release. Fixes of Ubuntu Pro are in
//! them; they have the name of their pocket (`esm-infra`, `esm-apps`) as repository.

mod archive;
mod claims;
mod osv;
mod oval;
mod product;
mod series;
mod vex;

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{Family, Feed, FeedError, Limits, Probe};
pub(crate) use series::code_name;

use archive::ArchiveFeed;
use oval::Release;

/// Which form of Canonical's data is taken, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UbuntuSettings {
    /// The form.
    pub format: UbuntuFormat,
    /// Address of the folder of the OVAL documents.
    pub oval_url: String,
    /// Whether the OVAL documents are those that are compressed by bzip2.
    pub use_bzip2: bool,
    /// Address of the archive of OSV records.
    pub osv_url: String,
    /// Address of the archive of VEX documents.
    pub vex_url: String,
    /// Address of the service that knows the releases, below which `ubuntu/series` is asked.
    pub url: String,
    /// The name of the distribution there.
    pub name: String,
    /// Releases that have a feed whether or not anything tells of them.
    pub force: Vec<UbuntuSeries>,
}

/// A form of Canonical's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UbuntuFormat {
    /// One OVAL document per release.
    #[default]
    Oval,
    /// One archive of OSV records.
    Osv,
    /// One archive of VEX documents.
    Vex,
}

/// A release of Ubuntu.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UbuntuSeries {
    /// The code name, `jammy`.
    pub name: String,
    /// The number, `22.04`.
    #[serde(default)]
    pub version: String,
}

impl Default for UbuntuSettings {
    fn default() -> Self {
        Self {
            format: UbuntuFormat::default(),
            oval_url: "https://security-metadata.canonical.com/oval/".into(),
            use_bzip2: true,
            osv_url: "https://security-metadata.canonical.com/osv/osv-all.tar.xz".into(),
            vex_url: "https://security-metadata.canonical.com/vex/vex-all.tar.xz".into(),
            url: "https://api.launchpad.net/1.0/".into(),
            name: "ubuntu".into(),
            force: Vec::new(),
        }
    }
}

/// The family: one feed per release, or one for all of them.
pub(crate) struct Ubuntu {
    settings: UbuntuSettings,
    limits: Limits,
}

impl Ubuntu {
    pub(crate) fn new(settings: &UbuntuSettings, limits: &Limits) -> Self {
        Self {
            settings: settings.clone(),
            limits: limits.clone(),
        }
    }
}

impl Family for Ubuntu {
    fn name(&self) -> &'static str {
        "ubuntu"
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let archive = match self.settings.format {
            UbuntuFormat::Oval => return self.releases(probe),
            UbuntuFormat::Osv => ArchiveFeed {
                name: "ubuntu/osv",
                url: self.settings.osv_url.clone(),
                limits: self.limits.clone(),
                read: osv::read,
            },
            UbuntuFormat::Vex => ArchiveFeed {
                name: "ubuntu/vex",
                url: self.settings.vex_url.clone(),
                limits: self.limits.clone(),
                read: vex::read,
            },
        };
        Ok(vec![Box::new(archive)])
    }
}

impl Ubuntu {
    /// Returns a feed for each release that there is an OVAL document for, dead or alive.
    ///
    /// A release that is forced has a feed in any case, so that everybody sees when it has no
    /// document.
    fn releases(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let list_url = format!(
            "{}/{}/series",
            self.settings.url.trim_end_matches('/'),
            self.settings.name
        );
        let forced: BTreeSet<&str> = self
            .settings
            .force
            .iter()
            .map(|series| &*series.name)
            .collect();
        let mut names = series::all(probe, &list_url);
        names.extend(forced.iter().map(|&name| name.to_owned()));
        let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
        for name in names {
            let url = self.oval_url(&name);
            let is_there = forced.contains(&*name)
                || probe.exists(&url).map_err(|source| FeedError::Probe {
                    url: url.clone(),
                    source,
                })?;
            if is_there {
                feeds.push(Box::new(Release::new(&name, url, &self.limits)));
            }
        }
        if feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "ubuntu",
                url: self.settings.oval_url.clone(),
            });
        }
        Ok(feeds)
    }

    fn oval_url(&self, code_name: &str) -> String {
        let base = self.settings.oval_url.trim_end_matches('/');
        let packing = if self.settings.use_bzip2 { ".bz2" } else { "" };
        format!("{base}/com.ubuntu.{code_name}.cve.oval.xml{packing}")
    }
}
