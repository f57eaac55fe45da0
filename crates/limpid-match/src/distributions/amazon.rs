use limpid_types::Package;
use limpid_version::{Range, RangeEnd};

use crate::Candidate;

/// What the repositories of Amazon Linux Extras are called in advisories: `extras-nginx1`.
const EXTRAS: &str = "extras-";

/// Tells whether an advisory is about packages of the same line as an installed one.
///
/// A topic of Amazon Linux Extras has packages under the names of the core repository in much newer
/// versions: `postgresql` of the core is 9.2, that of a topic 14. An image does not say from which
/// of them a package is, so its version has to: an advisory about a topic holds for what has the
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
