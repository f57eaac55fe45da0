use serde::Deserialize;

use crate::text::name_fault;
use crate::unreachable::Unreachable;
use crate::updateinfo::{Document, Listed, RepositoryFeed, find};
use crate::{DocumentFault, Feed, FeedError, Limits, Probe};

/// Where the releases since the second are.
const CDN: &str = "https://cdn.amazonlinux.com";

/// Where the first release is. Clair asks the same host in the same way.
const FIRST_HOST: &str = "http://repo.us-west-2.amazonaws.com";

/// Bytes of a list of mirrors, which has a few lines.
const LIST_BYTES: usize = 64 << 10;

/// How many mirrors are asked.
const MAX_MIRRORS: usize = 16;

/// Bytes of the catalog, which is about 20 KiB.
const CATALOG_BYTES: usize = 4 << 20;

/// How many topics are asked for. There are about eighty.
const MAX_TOPICS: usize = 500;

/// An architecture as addresses name it, and those of the packages that are read from there. Each
/// repository repeats what bulletins say of the packages of other architectures.
struct Architecture {
    name: &'static str,
    packages: &'static [&'static str],
}

const X86_64: Architecture = Architecture {
    name: "x86_64",
    packages: &["x86_64", "i686", "i586", "i386", "noarch"],
};

const AARCH64: Architecture = Architecture {
    name: "aarch64",
    packages: &["aarch64", "noarch"],
};

/// A repository that may be there.
struct Place {
    /// The release as the feed calls it: `AL2`.
    release: &'static str,
    namespace: &'static str,
    /// The repository as the feed calls it: `core`, `extras-nginx1`.
    feed: String,
    /// The repository as its advisories call it.
    name: String,
    /// The list of mirrors, with `ARCH` for the architecture.
    list: String,
    architectures: &'static [Architecture],
    page: fn(&str) -> Option<String>,
}

/// The search for repositories.
pub(super) struct Discovery<'a> {
    probe: &'a mut dyn Probe,
    mirror: Option<&'a str>,
    limits: &'a Limits,
    feeds: Vec<Box<dyn Feed>>,
}

impl<'a> Discovery<'a> {
    pub(super) fn new(
        probe: &'a mut dyn Probe,
        mirror: Option<&'a str>,
        limits: &'a Limits,
    ) -> Self {
        Self {
            probe,
            mirror,
            limits,
            feeds: Vec::new(),
        }
    }

    /// Looks for every repository of every release.
    pub(super) fn look_everywhere(&mut self) {
        for repository in ["updates", "main"] {
            let host = self.mirror.unwrap_or(FIRST_HOST);
            self.look(&Place {
                release: "AL1",
                namespace: "amzn:2018.03",
                feed: repository.into(),
                name: "core".into(),
                list: format!("{host}/2018.03/{repository}/ARCH/mirror.list"),
                architectures: &[X86_64],
                page: |id| page("", id, ""),
            });
        }
        let host = self.mirror.unwrap_or(CDN);
        self.look(&Place::second("core", "core", format!("{host}/2/core")));
        for topic in self.topics(&format!("{host}/2/extras-catalog.json")) {
            let name = match topic.as_str() {
                "livepatch" => topic.clone(),
                _ => format!("extras-{topic}"),
            };
            let folder = format!("{host}/2/extras/{topic}");
            self.look(&Place::second(&name, &name, folder));
        }
        self.look(&Place {
            release: "AL2022",
            namespace: "amzn:2022",
            feed: "core".into(),
            name: "core".into(),
            list: format!("{host}/al2022/core/mirrors/latest/ARCH/mirror.list"),
            architectures: &[X86_64, AARCH64],
            page: |id| page("AL2022/", id, "2022"),
        });
        for (folder, name) in [
            ("core", "core"),
            ("kernel-livepatch", "livepatch"),
            ("nvidia", "nvidia"),
        ] {
            self.look(&Place {
                release: "AL2023",
                namespace: "amzn:2023",
                feed: name.into(),
                name: name.into(),
                list: format!("{host}/al2023/{folder}/mirrors/latest/ARCH/mirror.list"),
                architectures: &[X86_64, AARCH64],
                page: |id| page("AL2023/", id, "2023"),
            });
        }
    }

    /// Returns what was found.
    pub(super) fn finish(self) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        if self.feeds.is_empty() {
            return Err(FeedError::NothingFound {
                family: "aws",
                url: self.mirror.unwrap_or(CDN).to_owned(),
            });
        }
        Ok(self.feeds)
    }

    /// Looks for a repository. One that cannot be asked is a feed nevertheless, which fails.
    fn look(&mut self, place: &Place) {
        let name = format!("aws/{}/{}", place.release, place.feed);
        match self.documents(place) {
            Ok(documents) if documents.is_empty() => {}
            Ok(documents) => self.feeds.push(Box::new(RepositoryFeed {
                name,
                namespace: place.namespace.to_owned(),
                repository: place.name.clone(),
                documents,
                page: place.page,
                limits: self.limits.clone(),
            })),
            Err(error) => self.feeds.push(Box::new(Unreachable::new(name, &error))),
        }
    }

    /// Finds the documents of a repository, at most one per architecture. One that is alone speaks
    /// for all architectures.
    fn documents(&mut self, place: &Place) -> Result<Vec<Document>, FeedError> {
        let mut documents = Vec::new();
        for architecture in place.architectures {
            let url = place.list.replace("ARCH", architecture.name);
            let Some(list) = self.read(&url, LIST_BYTES)? else {
                continue;
            };
            let document = self.ask_mirrors(&url, &list, architecture.packages)?;
            documents.extend(document);
        }
        if let [document] = documents.as_mut_slice() {
            document.architectures = &[];
        }
        Ok(documents)
    }

    /// Asks one mirror after the other until one has the repository.
    fn ask_mirrors(
        &mut self,
        url: &str,
        list: &[u8],
        architectures: &'static [&'static str],
    ) -> Result<Option<Document>, FeedError> {
        let list = String::from_utf8_lossy(list);
        let lines = list.lines().map(str::trim);
        let mut failure = FeedError::document(url, DocumentFault::Absent);
        for line in lines.filter(|line| is_address(line)).take(MAX_MIRRORS) {
            let base = resolve(self.mirror, line);
            match find(self.probe, &base, architectures, self.limits) {
                Ok(Listed::Document(document)) => return Ok(Some(document)),
                Ok(Listed::NoUpdateinfo) => return Ok(None),
                Ok(Listed::NoRepository) => {}
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Returns the topics of the extras. Without the catalog nobody knows them, and that is said.
    fn topics(&mut self, url: &str) -> Vec<String> {
        match self.catalog(url) {
            Ok(topics) => topics,
            Err(error) => {
                let feed = "aws/AL2/extras".to_owned();
                self.feeds.push(Box::new(Unreachable::new(feed, &error)));
                Vec::new()
            }
        }
    }

    fn catalog(&mut self, url: &str) -> Result<Vec<String>, FeedError> {
        let Some(content) = self.read(url, CATALOG_BYTES)? else {
            return Ok(Vec::new());
        };
        let catalog: Catalog = serde_json::from_slice(&content).map_err(|source| {
            let source = source.into();
            FeedError::document(url, DocumentFault::Unreadable { offset: 0, source })
        })?;
        let mut topics: Vec<String> = catalog
            .topics
            .into_iter()
            .map(|topic| topic.n)
            .filter(|topic| is_folder(topic))
            .take(MAX_TOPICS)
            .collect();
        topics.sort_unstable();
        topics.dedup();
        Ok(topics)
    }

    fn read(&mut self, url: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, FeedError> {
        self.probe
            .read(url, max_bytes)
            .map_err(|source| FeedError::Probe {
                url: url.to_owned(),
                source,
            })
    }
}

impl Place {
    /// Makes a repository of the second release.
    fn second(feed: &str, name: &str, folder: String) -> Self {
        Self {
            release: "AL2",
            namespace: "amzn:2",
            feed: feed.into(),
            name: name.into(),
            list: folder + "/latest/ARCH/mirror.list",
            architectures: &[X86_64, AARCH64],
            page: |id| page("AL2/", id, "2"),
        }
    }
}

/// `extras-catalog.json`.
#[derive(Deserialize)]
struct Catalog {
    topics: Vec<Topic>,
}

/// A topic of the extras.
#[derive(Deserialize)]
struct Topic {
    n: String,
}

/// Tells whether a line of a list of mirrors is the address of a repository.
fn is_address(line: &str) -> bool {
    (line.starts_with("https://") || line.starts_with("http://")) && name_fault(line).is_none()
}

/// Tells whether the name of a topic can be that of a folder.
fn is_folder(topic: &str) -> bool {
    name_fault(topic).is_none()
        && topic.starts_with(|c: char| c.is_ascii_alphanumeric())
        && topic
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
}

/// Puts the path of an address below a mirror, if there is one.
fn resolve(mirror: Option<&str>, address: &str) -> String {
    let Some(mirror) = mirror else {
        return address.to_owned();
    };
    let host_and_path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = host_and_path.split_once('/').map_or("", |(_, path)| path);
    format!("{mirror}/{path}")
}

/// Returns the page of a bulletin, whose address leaves the number of the release out of the name.
fn page(folder: &str, id: &str, release: &str) -> Option<String> {
    let rest = id.strip_prefix("ALAS")?;
    let rest = rest.strip_prefix(release).unwrap_or(rest);
    Some(format!(
        "https://alas.aws.amazon.com/{folder}ALAS{rest}.html"
    ))
}
