//! Clair's names of updaters, which clients see and compare.

const MAIN: &str = "main";
const COMMUNITY: &str = "community";
const DEBIAN: &str = "debian/updater";

/// Names the updater of a record as Clair would: one per Alpine repository and release, one for
/// Debian.
pub(crate) fn of_record(feed: &str, namespace: &str, repository: &str) -> String {
    match namespace.split_once(':') {
        Some(("alpine", release)) => {
            let repository = match repository {
                "" => MAIN,
                repository => repository,
            };
            let release = match release {
                "edge" => release.to_owned(),
                number => format!("v{number}"),
            };
            of_alpine(repository, &release)
        }
        Some(("debian", _)) => DEBIAN.into(),
        _ => feed.into(),
    }
}

/// One of Clair's updaters that a feed stands for: a name, and which records are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Updater {
    /// The name.
    pub(crate) name: String,
    records: RecordsOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RecordsOf {
    Every,
    Community,
    /// Everything but what is another updater's, so that no record belongs to none.
    Others,
}

impl Updater {
    /// Tells whether a record of the feed is the updater's.
    pub(crate) fn has(&self, repository: &str) -> bool {
        match self.records {
            RecordsOf::Every => true,
            RecordsOf::Community => repository == COMMUNITY,
            RecordsOf::Others => repository != COMMUNITY,
        }
    }
}

/// Returns the updaters that a feed stands for. Together they have every record of it once.
pub(crate) fn of_feed(feed: &str) -> Vec<Updater> {
    match feed.split_once('/') {
        Some(("alpine", release)) => vec![
            Updater {
                name: of_alpine(MAIN, release),
                records: RecordsOf::Others,
            },
            Updater {
                name: of_alpine(COMMUNITY, release),
                records: RecordsOf::Community,
            },
        ],
        _ => vec![Updater {
            name: match feed {
                "debian" => DEBIAN,
                _ => feed,
            }
            .into(),
            records: RecordsOf::Every,
        }],
    }
}

fn of_alpine(repository: &str, release: &str) -> String {
    format!("alpine-{repository}-{release}-updater")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_stands_for_the_updaters_of_its_records() {
        for (feed, namespace) in [
            ("alpine/v3.15", "alpine:3.15"),
            ("alpine/edge", "alpine:edge"),
            ("debian", "debian:bookworm"),
            ("osv/pypi", "osv:pypi"),
        ] {
            let repositories = match feed {
                "debian" | "osv/pypi" => &[""][..],
                _ => &["main", "community"],
            };
            for repository in repositories {
                let owners: Vec<String> = of_feed(feed)
                    .into_iter()
                    .filter(|updater| updater.has(repository))
                    .map(|updater| updater.name)
                    .collect();
                assert_eq!(owners, [of_record(feed, namespace, repository)]);
            }
        }
    }
}
