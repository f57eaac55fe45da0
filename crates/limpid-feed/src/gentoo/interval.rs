use std::cmp::Ordering;

use limpid_version::{Range, RangeEnd, Scheme};

/// A revision above all real ones.
const LAST_REVISION: &str = "999999999999999999";

/// The versions from a first one up to another.
///
/// Nothing lies between a version and its next revision, so both ends can always be given in this
/// way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    /// The first version inside; none means from the beginning.
    from: Option<String>,
    /// Where it ends; none means never.
    to: Option<End>,
}

/// The end of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    /// The first version outside.
    below: String,
    /// How a range says so.
    shown: RangeEnd,
}

impl End {
    fn fixed(version: &str) -> Self {
        Self {
            below: version.to_owned(),
            shown: RangeEnd::Fixed(version.to_owned()),
        }
    }

    fn last(version: &str) -> Result<Self, String> {
        Ok(Self {
            below: next_revision(version)?,
            shown: RangeEnd::LastAffected(version.to_owned()),
        })
    }
}

impl Interval {
    /// Reads `lt`, `rge` and the like with their version.
    pub(super) fn parse(range: &str, version: &str) -> Result<Self, String> {
        if let Some(prefix) = version.strip_suffix('*') {
            return match range {
                "eq" => Self::beginning_with(prefix),
                _ => Err(format!("range {range:?} of versions: {version:?}")),
            };
        }
        Scheme::Gentoo
            .compare(version, version)
            .map_err(|error| error.to_string())?;
        let base = without_revision(version);
        let this = || Some(version.to_owned());
        let (from, to) = match range {
            "lt" => (None, Some(End::fixed(version))),
            "le" => (None, Some(End::last(version)?)),
            "eq" => (this(), Some(End::last(version)?)),
            "ge" => (this(), None),
            "gt" => (Some(next_revision(version)?), None),
            "rlt" => (Some(base.to_owned()), Some(End::fixed(version))),
            "rle" => (Some(base.to_owned()), Some(End::last(version)?)),
            "rge" => (this(), Some(last_revision(base))),
            "rgt" => (Some(next_revision(version)?), Some(last_revision(base))),
            other => return Err(format!("unknown range: {other:?}")),
        };
        Ok(Self { from, to })
    }

    /// Makes the interval of `1.2*`: 1.2 with whatever follows, pre-releases included.
    fn beginning_with(prefix: &str) -> Result<Self, String> {
        let prefix = prefix.trim_end_matches('.');
        let start = prefix
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        let (head, number) = prefix.split_at_checked(start).unwrap_or_default();
        let is_plain = head.chars().all(|c| c.is_ascii_digit() || c == '.');
        let number: u64 = number
            .parse()
            .ok()
            .filter(|_| is_plain)
            .ok_or_else(|| format!("invalid beginning of versions: {prefix:?}"))?;
        let from = format!("{prefix}_alpha");
        Scheme::Gentoo
            .compare(&from, &from)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            from: Some(from),
            to: Some(End::fixed(&format!(
                "{head}{}_alpha",
                number.saturating_add(1)
            ))),
        })
    }

    fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => order(from, &to.below).is_ge(),
            _ => false,
        }
    }

    /// Tells whether another interval, which does not begin before this one, begins inside or
    /// right behind it.
    fn reaches(&self, other: &Self) -> bool {
        match (&self.to, &other.from) {
            (Some(to), Some(from)) => order(from, &to.below).is_le(),
            _ => true,
        }
    }

    /// Moves the end up to another, if that is further.
    fn extend_to(&mut self, end: Option<End>) {
        let is_further = match (&self.to, &end) {
            (Some(own), Some(end)) => order(&own.below, &end.below).is_lt(),
            (own, _) => own.is_some(),
        };
        if is_further {
            self.to = end;
        }
    }

    /// Returns what of this is below another interval, and what is above.
    fn without(self, other: &Self) -> [Self; 2] {
        let below = match &other.from {
            None => Self::NOTHING,
            Some(from) => Self {
                from: self.from.clone(),
                to: match &self.to {
                    Some(to) if order(&to.below, from).is_le() => Some(to.clone()),
                    _ => Some(End::fixed(from)),
                },
            },
        };
        let above = match &other.to {
            None => Self::NOTHING,
            Some(end) => Self {
                from: match self.from {
                    Some(from) if order(&from, &end.below).is_ge() => Some(from),
                    _ => Some(end.below.clone()),
                },
                to: self.to,
            },
        };
        [below, above]
    }

    /// An interval without versions, since its end is its beginning.
    const NOTHING: Self = Self {
        from: Some(String::new()),
        to: Some(End {
            below: String::new(),
            shown: RangeEnd::Fixed(String::new()),
        }),
    };
}

/// Versions, as intervals.
pub(super) struct Intervals(Vec<Interval>);

impl Intervals {
    /// Joins intervals that overlap or touch, so that there are never more than were given.
    pub(super) fn new(mut intervals: Vec<Interval>) -> Self {
        intervals.retain(|interval| !interval.is_empty());
        intervals.sort_by(|left, right| match (&left.from, &right.from) {
            (Some(left), Some(right)) => order(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        });
        let mut joined: Vec<Interval> = Vec::new();
        for interval in intervals {
            match joined.last_mut() {
                Some(last) if last.reaches(&interval) => last.extend_to(interval.to),
                _ => joined.push(interval),
            }
        }
        Self(joined)
    }

    /// Takes the versions of an interval away.
    pub(super) fn subtract(&mut self, other: &Interval) {
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .flat_map(|interval| interval.without(other))
            .filter(|interval| !interval.is_empty())
            .collect();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the same as ranges.
    pub(super) fn ranges(&self) -> Vec<Range> {
        self.0
            .iter()
            .map(|interval| Range {
                introduced: interval.from.clone(),
                end: interval.to.as_ref().map(|end| end.shown.clone()),
            })
            .collect()
    }
}

/// Orders versions, which were all checked before.
fn order(left: &str, right: &str) -> Ordering {
    Scheme::Gentoo
        .compare(left, right)
        .unwrap_or(Ordering::Equal)
}

fn without_revision(version: &str) -> &str {
    version.split_once("-r").map_or(version, |(base, _)| base)
}

/// Returns the version that follows directly.
fn next_revision(version: &str) -> Result<String, String> {
    let (base, revision) = version.split_once("-r").unwrap_or((version, "0"));
    let revision: u64 = revision
        .parse()
        .map_err(|_| format!("revision out of range: {version:?}"))?;
    Ok(format!("{base}-r{}", revision.saturating_add(1)))
}

fn last_revision(base: &str) -> End {
    let last = format!("{base}-r{LAST_REVISION}");
    End {
        shown: RangeEnd::LastAffected(last.clone()),
        below: last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subtracts ranges from ranges and writes what is left.
    fn check(vulnerable: &[(&str, &str)], unaffected: &[(&str, &str)], expected: &[&str]) {
        let parse = |(range, version): &(&str, &str)| Interval::parse(range, version).unwrap();
        let mut intervals = Intervals::new(vulnerable.iter().map(parse).collect());
        for range in unaffected {
            intervals.subtract(&parse(range));
        }
        let found: Vec<String> = intervals
            .ranges()
            .into_iter()
            .map(|range| {
                let from = range.introduced.unwrap_or_default();
                match range.end {
                    None => format!("{from}.."),
                    Some(RangeEnd::Fixed(version)) => format!("{from}<{version}"),
                    Some(RangeEnd::LastAffected(version)) => format!("{from}<={version}"),
                }
            })
            .collect();
        assert_eq!(found, expected, "{vulnerable:?} {unaffected:?}");
    }

    #[test]
    fn every_range_has_its_meaning() {
        check(&[("lt", "1.2")], &[], &["<1.2"]);
        check(&[("le", "1.2-r3")], &[], &["<=1.2-r3"]);
        check(&[("eq", "1.2")], &[], &["1.2<=1.2"]);
        check(&[("ge", "1.2")], &[], &["1.2.."]);
        check(&[("gt", "1.2")], &[], &["1.2-r1.."]);
        check(&[("rlt", "1.2-r3")], &[], &["1.2<1.2-r3"]);
        check(&[("rle", "1.2-r3")], &[], &["1.2<=1.2-r3"]);
        check(
            &[("rge", "1.2-r3")],
            &[],
            &["1.2-r3<=1.2-r999999999999999999"],
        );
        check(
            &[("rgt", "1.2-r3")],
            &[],
            &["1.2-r4<=1.2-r999999999999999999"],
        );
        check(&[("eq", "1.2*")], &[], &["1.2_alpha<1.3_alpha"]);
        check(&[("eq", "1.2.*")], &[], &["1.2_alpha<1.3_alpha"]);
        check(&[("eq", "9*")], &[], &["9_alpha<10_alpha"]);
    }

    #[test]
    fn what_is_unaffected_is_taken_away() {
        check(&[("lt", "1.2")], &[("ge", "1.2")], &["<1.2"]);
        check(&[("le", "1.3")], &[("ge", "1.2")], &["<1.2"]);
        check(&[("lt", "1.2")], &[("lt", "1.0")], &["1.0<1.2"]);
        check(&[("lt", "1.2")], &[("lt", "1.2")], &[]);
        check(&[("lt", "1.2")], &[("lt", "9")], &[]);
        check(
            &[("lt", "1.3.1")],
            &[("ge", "1.3.1"), ("eq", "1.3"), ("rge", "1.2-r1")],
            &["<1.2-r1", "1.2-r999999999999999999<1.3", "1.3-r1<1.3.1"],
        );
        check(&[("eq", "1.3")], &[("eq", "1.3")], &[]);
        check(&[("eq", "1.3")], &[("rlt", "1.3-r1")], &[]);
        check(
            &[("le", "1.3")],
            &[("eq", "1.1*")],
            &["<1.1_alpha", "1.2_alpha<=1.3"],
        );
    }

    #[test]
    fn ranges_that_overlap_or_touch_are_joined() {
        check(
            &[("lt", "1.2"), ("lt", "1.5"), ("le", "1.3")],
            &[],
            &["<1.5"],
        );
        check(
            &[("eq", "1.2"), ("eq", "1.2-r1"), ("lt", "1")],
            &[],
            &["<1", "1.2<=1.2-r1"],
        );
        check(
            &[("ge", "3"), ("lt", "1"), ("gt", "2")],
            &[],
            &["<1", "2-r1.."],
        );
        check(
            &[("ge", "3"), ("lt", "4")],
            &[("eq", "3.5")],
            &["<3.5", "3.5-r1.."],
        );
    }

    #[test]
    fn an_empty_range_is_none() {
        check(&[("rlt", "1.2")], &[], &[]);
    }

    #[test]
    fn ranges_that_mean_nothing_are_refused() {
        for (range, version, reason) in [
            ("", "1", "unknown range: \"\""),
            ("LT", "1", "unknown range: \"LT\""),
            ("lt", "1*", "range \"lt\" of versions: \"1*\""),
            ("lt", "", "invalid gentoo version"),
            ("lt", "latest", "invalid gentoo version"),
            ("eq", "*", "invalid beginning of versions"),
            ("eq", "1.2a*", "invalid beginning of versions"),
            ("eq", "1_p3*", "invalid beginning of versions"),
            ("eq", "1..2*", "invalid gentoo version"),
            ("gt", "1-r99999999999999999999", "revision out of range"),
        ] {
            let error = Interval::parse(range, version).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
