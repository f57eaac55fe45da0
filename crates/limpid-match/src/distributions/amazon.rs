use limpid_types::{Package, Repository};
use limpid_version::{Range, RangeEnd};

use crate::Candidate;

/// What the repositories of Amazon Linux Extras are called in advisories: `extras-nginx1`.
const EXTRAS: &str = "extras-";

/// How yum and dnf know the repositories of Amazon Linux, and what these are called in advisories.
///
/// Topics of the extras are `amzn2extra-nginx1` there, but for that of the live patches. Other ids
/// say nothing: those of a mirror, or of the systems that base images are built by.
const REPOSITORIES: [(&str, &str); 5] = [
    ("amzn2-core", CORE),
    ("amzn2extra-livepatch", "livepatch"),
    ("amazonlinux", CORE),
    ("kernel-livepatch", "livepatch"),
    ("amazonlinux-nvidia", "nvidia"),
];

/// The repository of the release itself, in advisories.
pub(crate) const CORE: &str = "core";

/// How yum's ids of topics begin.
const TOPIC_IDS: &str = "amzn2extra-";

/// Returns what advisories call the repository that a package came from, if that is known.
pub(crate) fn repository(known: &[&Repository]) -> Option<String> {
    let [repository] = known else {
        return None;
    };
    let id = repository.name.as_str();
    if let Some((_, name)) = REPOSITORIES.iter().find(|(known, _)| *known == id) {
        return Some((*name).to_owned());
    }
    let topic = id.strip_prefix(TOPIC_IDS)?;
    (!topic.is_empty()).then(|| format!("{EXTRAS}{topic}"))
}

/// Tells whether an advisory is about packages of the same line as an installed one, of which
/// nobody knows the repository.
///
/// A topic of Amazon Linux Extras has packages under the names of the core repository in much newer
/// versions: `postgresql` of the core is 9.2, that of a topic 14. So the version has to tell them
/// apart: an advisory about a topic holds for what has the
/// same first number as its fix, and for kernels the same two.
pub(super) fn concerns(package: &Package, candidate: &Candidate<'_>) -> bool {
    if candidate.module != package.module {
        return false;
    }
    if !candidate.repository.starts_with(EXTRAS) {
        return true;
    }
    let numbers = if package.name.starts_with("kernel") {
        2
    } else {
        1
    };
    let installed = line(&package.version, numbers);
    let is_of_line = |range: &Range| match &range.end {
        Some(RangeEnd::Fixed(version) | RangeEnd::LastAffected(version)) => {
            line(version, numbers) == installed
        }
        None => true,
    };
    candidate.versions.ranges.iter().any(is_of_line)
}

/// Returns the first numbers of the upstream version: `5.10` of `0:5.10.35-31.135.amzn2`.
fn line(version: &str, numbers: usize) -> Vec<&str> {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    upstream.split(['.', '-']).take(numbers).collect()
}
