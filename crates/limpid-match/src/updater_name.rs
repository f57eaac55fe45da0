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
        _ => of_whole_feed(feed),
    }
}

/// Names the updater of a feed that is one updater of Clair's; a feed that Clair does not have
/// keeps its own name.
fn of_whole_feed(feed: &str) -> String {
    let (family, rest) = feed.split_once('/').unwrap_or((feed, ""));
    match (family, rest) {
        ("debian", "") => DEBIAN.into(),
        ("aws", "AL1/updates") => "aws-AL1-updater".into(),
        ("aws", "AL2/core") => "aws-AL2-updater".into(),
        ("aws", "AL2023/core") => "aws-AL2023-updater".into(),
        ("oracle", year) if !year.is_empty() => format!("oracle-{year}-updater"),
        ("photon", release) if !release.is_empty() => format!("photon-updater-{release}"),
        ("suse", document) if !document.is_empty() => format!("suse-updater-{document}"),
        ("ubuntu", release) if !matches!(release, "" | "osv" | "vex") => {
            format!("ubuntu/updater/{release}")
        }
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
            name: of_whole_feed(feed),
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
    fn clairs_updaters_keep_their_names() {
        for (feed, updater) in [
            ("aws/AL2/core", "aws-AL2-updater"),
            ("aws/AL2/livepatch", "aws/AL2/livepatch"),
            ("oracle/2019", "oracle-2019-updater"),
            ("photon/3.0", "photon-updater-3.0"),
            ("suse/opensuse.leap.15.6", "suse-updater-opensuse.leap.15.6"),
            ("ubuntu/jammy", "ubuntu/updater/jammy"),
            ("ubuntu/vex", "ubuntu/vex"),
            ("rhel-vex", "rhel-vex"),
            ("wolfi", "wolfi"),
        ] {
            assert_eq!(of_feed(feed)[0].name, updater);
        }
    }

    #[test]
    fn a_feed_stands_for_the_updaters_of_its_records() {
        for (feed, namespace) in [
            ("alpine/v3.15", "alpine:3.15"),
            ("alpine/edge", "alpine:edge"),
            ("debian", "debian:bookworm"),
            ("osv/pypi", "osv:pypi"),
            ("rhel-vex", "redhat:enterprise_linux:9"),
            ("ubuntu/jammy", "ubuntu:jammy"),
        ] {
            let repositories = match feed {
                "alpine/v3.15" | "alpine/edge" => &["main", "community"],
                _ => &[""][..],
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
