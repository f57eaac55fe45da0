//! Releases of distributions as OSV writes them, and their namespaces.

use crate::ubuntu;

/// The releases of Debian since containers exist.
const DEBIAN: [(&str, &str); 9] = [
    ("7", "wheezy"),
    ("8", "jessie"),
    ("9", "stretch"),
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
    ("14", "forky"),
    ("unstable", "sid"),
];

/// Returns the namespace of `v3.18` of Alpine.
pub(super) fn alpine(release: &str) -> Option<String> {
    let number = release.strip_prefix('v').unwrap_or(release);
    let (major, minor) = number.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("alpine:{number}"))
}

/// Returns the namespace of `12` of Debian.
pub(super) fn debian(release: &str) -> Option<String> {
    let mut known = DEBIAN.iter();
    let (_, name) = known.find(|(number, name)| *number == release || *name == release)?;
    Some(format!("debian:{name}"))
}

/// Returns the namespace of `22.04:LTS` of Ubuntu. What only subscribers get has none.
pub(super) fn ubuntu(release: &str) -> Option<String> {
    let number = release.strip_suffix(":LTS").unwrap_or(release);
    let name = ubuntu::code_name(number)?;
    Some(format!("ubuntu:{name}"))
}

/// Returns the namespace of Wolfi, which has no releases.
pub(super) fn wolfi(release: &str) -> Option<String> {
    rolling("wolfi", release)
}

/// Returns the namespace of Chainguard OS, which has no releases.
pub(super) fn chainguard(release: &str) -> Option<String> {
    rolling("chainguard", release)
}

/// Returns the namespace of `MinimOS`, which has no releases.
pub(super) fn minimos(release: &str) -> Option<String> {
    rolling("minimos", release)
}

fn rolling(id: &str, release: &str) -> Option<String> {
    release.is_empty().then(|| format!("{id}:rolling"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_the_namespaces_of_their_own_feeds() {
        assert_eq!(alpine("v3.18").as_deref(), Some("alpine:3.18"));
        assert_eq!(debian("12").as_deref(), Some("debian:bookworm"));
        assert_eq!(ubuntu("22.04:LTS").as_deref(), Some("ubuntu:jammy"));
        assert_eq!(ubuntu("24.10").as_deref(), Some("ubuntu:oracular"));
        assert_eq!(wolfi("").as_deref(), Some("wolfi:rolling"));
    }

    #[test]
    fn what_is_no_release_has_no_namespace() {
        for release in ["", "v3", "v3.x", "edge", "v.1"] {
            assert_eq!(alpine(release), None, "{release}");
        }
        assert_eq!(debian("1"), None);
        assert_eq!(ubuntu("Pro:22.04:LTS"), None);
        assert_eq!(chainguard("1"), None);
    }
}
