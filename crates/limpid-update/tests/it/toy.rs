//! A family whose documents are lines of text.

use std::io::Read as _;

use limpid_feed::{
    DocumentAddress, Documents, Family, Feed, FeedError, Note, Probe, Quarantined, Sink, Tally,
};
use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Status, VersionConstraint,
};
use limpid_version::Scheme;

/// Host of all documents.
pub(crate) const HOST: &str = "feeds.example";

/// Finds the feeds that its index document lists, one name a line. A line says one of
///
/// | line | the feed |
/// |---|---|
/// | `name` | has the one document `name.txt` |
/// | `name+` | has the documents `name.txt` and, if it is there, `name-more.txt` |
pub(crate) struct Toy {
    pub(crate) name: &'static str,
}

impl Family for Toy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn discover(&self, probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        let url = format!("https://{HOST}/{}.index", self.name);
        let index = match probe.read(&url, 1000) {
            Ok(Some(index)) => String::from_utf8(index).unwrap(),
            Ok(None) => {
                return Err(FeedError::NothingFound {
                    family: self.name,
                    url,
                });
            }
            Err(source) => return Err(FeedError::Probe { url, source }),
        };
        assert!(!index.contains("panic"), "panic in the index");
        let feeds = index.lines().map(|line| {
            let has_more = line.ends_with('+');
            let feed: Box<dyn Feed> = Box::new(ToyFeed {
                name: line.trim_end_matches('+').to_owned(),
                has_more,
            });
            feed
        });
        Ok(feeds.collect())
    }
}

struct ToyFeed {
    name: String,
    has_more: bool,
}

/// Returns the address of a feed's document.
pub(crate) fn url(name: &str) -> String {
    format!("https://{HOST}/{name}.txt")
}

impl Feed for ToyFeed {
    fn name(&self) -> &str {
        &self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        let mut documents = vec![DocumentAddress {
            url: url(&self.name),
            is_required: true,
            is_local: false,
        }];
        if self.has_more {
            documents.push(DocumentAddress {
                url: url(&format!("{}-more", self.name)),
                is_required: false,
                is_local: false,
            });
        }
        documents
    }

    /// A line is an advisory about a package, with `@` and a namespace if that is not `toy:1`; one
    /// that begins with `!` is a bad record, with `#` a note, `panic` a defect of the parser, `fail`
    /// a broken document.
    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut tally = Tally::default();
        for address in self.documents() {
            let Some(mut document) = documents.open(&address.url).unwrap() else {
                continue;
            };
            let mut text = String::new();
            document.read_to_string(&mut text).unwrap();
            for line in text.lines() {
                assert_ne!(line, "panic", "panic in the document");
                if line == "fail" {
                    return Err(FeedError::UnknownEcosystem("toy".into()));
                }
                let taken = if let Some(bad) = line.strip_prefix('!') {
                    tally.quarantined += 1;
                    sink.quarantine(Quarantined {
                        feed: self.name.clone(),
                        id: bad.to_owned(),
                        document: address.url.clone(),
                        offset: Some(7),
                        reason: "bad line".into(),
                    })
                } else if let Some(key) = line.strip_prefix('#') {
                    sink.note(Note {
                        table: "toy".into(),
                        key: key.to_owned(),
                        value: self.name.clone(),
                    })
                } else {
                    tally.advisories += 1;
                    let (package, namespace) = line.split_once('@').unwrap_or((line, "toy:1"));
                    sink.advisory(&advisory(&format!("CVE-{package}"), package, namespace))
                };
                taken.map_err(|source| FeedError::Sink {
                    url: address.url.clone(),
                    source,
                })?;
            }
        }
        Ok(tally)
    }
}

pub(crate) fn advisory(id: &str, package: &str, namespace: &str) -> Advisory {
    Advisory {
        id: id.to_owned(),
        namespace: namespace.to_owned(),
        package: AffectedPackage {
            name: package.to_owned(),
            kind: PackageKind::Source,
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions: VersionConstraint::any(Scheme::Dpkg),
        rating: Rating::default(),
        details: Details::default(),
    }
}
