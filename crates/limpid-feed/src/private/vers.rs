//! Ranges of versions as `vers:TYPE/CONSTRAINTS`, by the specification of
//! <https://github.com/package-url/vers-spec>: comparisons with a version, separated by `|` and
//! sorted by version.

use limpid_types::VersionConstraint;
use limpid_version::{Range, RangeEnd, Scheme};

/// How many comparisons a text may have.
const MAX_COMPARISONS: usize = 1_000;

/// Reads a text; the error says what is wrong with it.
pub(super) fn parse(text: &str, scheme: Scheme) -> Result<VersionConstraint, &'static str> {
    let rest = text
        .strip_prefix("vers:")
        .ok_or("no `vers:` at the beginning")?;
    let (_, comparisons) = rest.split_once('/').ok_or("no constraints in a range")?;
    let mut constraint = VersionConstraint::none(scheme);
    if comparisons == "*" {
        return Ok(VersionConstraint::any(scheme));
    }
    let mut open: Option<String> = None;
    for (number, comparison) in comparisons.split('|').enumerate() {
        if number == MAX_COMPARISONS {
            return Err("more than 1000 comparisons in a range");
        }
        let at = comparison.find(|first: char| !"<>=!".contains(first));
        let (operator, version) = comparison.split_at(at.ok_or("no version in a range")?);
        if scheme.compare(version, version).is_err() {
            return Err("a version in a range that cannot be compared");
        }
        let version = version.to_owned();
        let end = match operator {
            "" | "=" => {
                constraint.enumerated.push(version);
                continue;
            }
            ">=" if open.is_none() => {
                open = Some(version);
                continue;
            }
            "<" => RangeEnd::Fixed(version),
            "<=" => RangeEnd::LastAffected(version),
            // A range that begins behind a version, or leaves one out, would have to name the next.
            _ => return Err("a comparison that is not supported in a range"),
        };
        constraint.ranges.push(Range {
            introduced: open.take(),
            end: Some(end),
        });
    }
    if open.is_some() {
        constraint.ranges.push(Range {
            introduced: open,
            end: None,
        });
    }
    Ok(constraint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_become_ranges() {
        let found = parse("vers:npm/1.0.0|>=2.0.0|<2.1.0|>=3.0.0", Scheme::Npm).unwrap();
        assert_eq!(found.enumerated, ["1.0.0"]);
        let range = |introduced: &str, end| Range {
            introduced: Some(introduced.into()),
            end,
        };
        assert_eq!(
            found.ranges,
            [
                range("2.0.0", Some(RangeEnd::Fixed("2.1.0".into()))),
                range("3.0.0", None)
            ]
        );
        let all = parse("vers:npm/*", Scheme::Npm).unwrap();
        assert_eq!(all, VersionConstraint::any(Scheme::Npm));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for text in [
            "npm/*",
            "vers:npm",
            "vers:npm/>1",
            "vers:npm/!=1",
            "vers:npm/<",
            "vers:npm/",
        ] {
            assert!(parse(text, Scheme::Npm).is_err(), "{text}");
        }
    }
}
