//! Feeds whose documents are somewhere else than their family says: Clair's settings can name an
//! address for each single updater.

use std::collections::BTreeMap;
use std::io;

use crate::{
    Collection, DocumentAddress, Documents, Family, Feed, FeedError, Probe, ReadSeek, Sink, Tally,
};

/// Addresses that settings give for single documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(BTreeMap<Target, String>);

/// A document that an address is given for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// Name of the feed.
    feed: String,
    /// How the address of the document ends otherwise, where the feed has several.
    ending: &'static str,
}

impl Addresses {
    /// Gives a document of an updater another address, by Clair's or limpid's name of it. Tells
    /// whether there is such an updater as far as the name says.
    pub fn set(&mut self, updater: &str, url: String) -> bool {
        let target = target(updater);
        let is_known = target.is_some();
        if let Some(target) = target {
            self.0.insert(target, url);
        }
        is_known
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, feed: &dyn Feed) -> BTreeMap<String, String> {
        let targets = self
            .0
            .iter()
            .filter(|(target, _)| target.feed == feed.name());
        targets
            .flat_map(|(target, url)| {
                let documents = feed.documents().into_iter();
                documents
                    .filter(|document| document.url.ends_with(target.ending))
                    .map(|document| (document.url, url.clone()))
            })
            .collect()
    }
}

/// Returns what one of Clair's updaters is called here: `alpine-main-v3.18-updater` is a document
/// of the feed `alpine/v3.18`.
fn target(updater: &str) -> Option<Target> {
    let whole = |feed: String| Some(Target { feed, ending: "" });
    if let Some(name) = updater
        .strip_prefix("alpine-")
        .and_then(|rest| rest.strip_suffix("-updater"))
    {
        let (repository, release) = name.split_once('-')?;
        let ending = match repository {
            "main" => "/main.json",
            "community" => "/community.json",
            _ => return None,
        };
        let feed = format!("alpine/{release}");
        return Some(Target { feed, ending });
    }
    if let Some(year) = updater
        .strip_prefix("oracle-")
        .and_then(|rest| rest.strip_suffix("-updater"))
    {
        return whole(format!("oracle/{year}"));
    }
    for (prefix, family) in [
        ("ubuntu/updater/", "ubuntu"),
        ("photon-updater-", "photon"),
        ("suse-updater-", "suse"),
    ] {
        if let Some(name) = updater.strip_prefix(prefix) {
            return whole(format!("{family}/{name}"));
        }
    }
    match updater {
        "debian/updater" => whole("debian".into()),
        "aws-AL1-updater" => whole("aws/AL1/updates".into()),
        "aws-AL2-updater" => whole("aws/AL2/core".into()),
        "aws-AL2023-updater" => whole("aws/AL2023/core".into()),
        name if name.contains('/') => whole(name.to_owned()),
        _ => None,
    }
}

/// A family some of whose feeds have other addresses.
pub(crate) struct ReaddressedFamily {
    pub(crate) family: Box<dyn Family>,
    pub(crate) addresses: Addresses,
}

impl Family for ReaddressedFamily {
    fn name(&self) -> &'static str {
        self.family.name()
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let feeds = self.family.discover(probe)?;
        let readdress = |feed: Box<dyn Feed>| {
            let addresses = self.addresses.of(feed.as_ref());
            if addresses.is_empty() {
                return feed;
            }
            Box::new(ReaddressedFeed { feed, addresses })
        };
        Ok(feeds.into_iter().map(readdress).collect())
    }
}

/// A feed some of whose documents have other addresses.
struct ReaddressedFeed {
    feed: Box<dyn Feed>,
    /// By the address that the feed gives.
    addresses: BTreeMap<String, String>,
}

impl Feed for ReaddressedFeed {
    fn name(&self) -> &str {
        self.feed.name()
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        let mut documents = self.feed.documents();
        for document in &mut documents {
            if let Some(url) = self.addresses.get(&document.url) {
                document.url.clone_from(url);
            }
        }
        documents
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut documents = ReaddressedDocuments {
            documents,
            addresses: &self.addresses,
        };
        self.feed.parse(&mut documents, sink)
    }

    fn collection(&self) -> Option<&dyn Collection> {
        self.feed.collection()
    }
}

/// Documents as the feed asks for them.
struct ReaddressedDocuments<'a> {
    documents: &'a mut dyn Documents,
    addresses: &'a BTreeMap<String, String>,
}

impl Documents for ReaddressedDocuments<'_> {
    fn open(&mut self, url: &str) -> io::Result<Option<Box<dyn ReadSeek>>> {
        let url = self.addresses.get(url).map_or(url, String::as_str);
        self.documents.open(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(updater: &str, expected: Option<(&str, &str)>) {
        let found = target(updater);
        let found = found.as_ref().map(|it| (it.feed.as_str(), it.ending));
        assert_eq!(found, expected, "{updater}");
    }

    #[test]
    fn clairs_updaters_are_documents_of_feeds() {
        check(
            "alpine-main-v3.18-updater",
            Some(("alpine/v3.18", "/main.json")),
        );
        check(
            "alpine-community-edge-updater",
            Some(("alpine/edge", "/community.json")),
        );
        check("alpine-testing-edge-updater", None);
        check("debian/updater", Some(("debian", "")));
        check("ubuntu/updater/jammy", Some(("ubuntu/jammy", "")));
        check("osv/npm", Some(("osv/npm", "")));
        check("oracle-2019-updater", Some(("oracle/2019", "")));
        check("photon-updater-3.0", Some(("photon/3.0", "")));
        check(
            "suse-updater-opensuse.leap.15.6",
            Some(("suse/opensuse.leap.15.6", "")),
        );
        check("unheard-of", None);
    }
}
