use std::cmp::Ordering;

use limpid_types::VersionConstraint;
use limpid_version::{Range, RangeEnd, Scheme};

/// Tells whether a version has the fix of its own minor release.
///
/// Red Hat and those who rebuild its packages fix a vulnerability in several minor releases of one
/// product: glibc in `2.28-236.el8_9.13` and in `2.28-251.el8_10.1`. A build for the older one has
/// the fix although it is below the other, so only fixes for the same minor release count for it,
/// and all of these, since a first fix may not have been complete. `None`: there is no such fix.
pub(crate) fn has_its_fix<'a>(
    version: &str,
    constraints: impl Iterator<Item = &'a VersionConstraint>,
) -> Option<bool> {
    let own = minor_release(version)?;
    let mut of_own = constraints
        .filter(|constraint| constraint.scheme == Scheme::Rpm)
        .flat_map(|constraint| &constraint.ranges)
        .filter_map(fix)
        .filter(|fix| minor_release(fix) == Some(own))
        .map(|fix| Scheme::Rpm.compare(version, fix).is_ok_and(Ordering::is_ge))
        .peekable();
    of_own.peek()?;
    Some(of_own.all(|is_in| is_in))
}

fn fix(range: &Range) -> Option<&str> {
    match &range.end {
        Some(RangeEnd::Fixed(fix)) => Some(fix),
        _ => None,
    }
}

/// Returns major and minor number of the release that an rpm is built for: `8` and `9` of
/// `el8_9` and of `module+el8.9.0`.
fn minor_release(version: &str) -> Option<(&str, &str)> {
    let separated = |before: &str, separator: char| {
        let (_, rest) = version.split_once(before)?;
        let (major, rest) = rest.split_once(separator)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let is_number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && digits > 0).then_some((major, rest.get(..digits)?))
    };
    separated("module+el", '.').or_else(|| separated(".el", '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_release_is_in_the_release_of_a_build() {
        for (version, expected) in [
            ("2.28-236.el8_9.13", Some(("8", "9"))),
            ("1:3.0.7-16.el9_10", Some(("9", "10"))),
            ("12.15-1.module+el8.8.0+19427+d1071523", Some(("8", "8"))),
            ("2.34-100.el9", None),
            ("2.34-100.el9_", None),
            ("1-1.elx_2", None),
            ("", None),
        ] {
            assert_eq!(minor_release(version), expected, "{version}");
        }
    }

    #[test]
    fn only_all_fixes_of_the_own_minor_release_count() {
        let fixes = [
            "2.28-236.el8_9.12",
            "2.28-236.el8_9.13",
            "2.28-251.el8_10.1",
        ]
        .map(|fix| VersionConstraint::below(Scheme::Rpm, fix));
        for (version, expected) in [
            ("2.28-236.el8_9.13", Some(true)),
            ("2.28-236.el8_9.12", Some(false)),
            ("2.28-251.el8_10.1", Some(true)),
            ("2.28-225.el8_8.11", None),
            ("2.28-251.el8", None),
        ] {
            assert_eq!(has_its_fix(version, fixes.iter()), expected, "{version}");
        }
    }
}
