use std::cmp::Ordering;

use limpid_version::{Range, RangeEnd, Scheme};

use super::state::Operation;

/// Returns the versions that an operation holds for.
pub(super) fn of_operation(
    scheme: Scheme,
    operation: Operation,
    value: &str,
) -> Result<Range, String> {
    let (introduced, end) = match operation {
        Operation::Equals => (
            Some(value.to_owned()),
            Some(RangeEnd::LastAffected(value.to_owned())),
        ),
        Operation::LessThan => (None, Some(RangeEnd::Fixed(value.to_owned()))),
        Operation::LessThanOrEqual => (None, Some(RangeEnd::LastAffected(value.to_owned()))),
        Operation::GreaterThan if is_zero(value) => (None, None),
        Operation::GreaterThan => (Some(after(scheme, value)?), None),
        Operation::GreaterThanOrEqual => (Some(value.to_owned()), None),
        Operation::PatternMatch | Operation::Unsupported => {
            return Err("operation that is not supported on a version".into());
        }
    };
    if let Err(error) = scheme.compare(value, value) {
        return Err(error.to_string());
    }
    Ok(Range { introduced, end })
}

/// Returns the versions that an operation does not hold for.
pub(super) fn of_inverse(
    scheme: Scheme,
    operation: Operation,
    value: &str,
) -> Result<Range, String> {
    let inverse = match operation {
        Operation::LessThan => Operation::GreaterThanOrEqual,
        Operation::LessThanOrEqual => Operation::GreaterThan,
        Operation::GreaterThan => Operation::LessThanOrEqual,
        Operation::GreaterThanOrEqual => Operation::LessThan,
        _ => return Err("negated operation that is not supported".into()),
    };
    of_operation(scheme, inverse, value)
}

/// Returns the versions that lie in both ranges; none when there are none.
pub(super) fn intersect(scheme: Scheme, left: Range, right: Range) -> Option<Range> {
    let introduced = match (left.introduced, right.introduced) {
        (Some(left), Some(right)) if is_less(scheme, &left, &right) => Some(right),
        (left, right) => left.or(right),
    };
    let end = match (left.end, right.end) {
        (Some(left), Some(right)) if ends_before(scheme, &right, &left) => Some(right),
        (left, right) => left.or(right),
    };
    let is_empty = match (&introduced, &end) {
        (Some(start), Some(RangeEnd::Fixed(end))) => !is_less(scheme, start, end),
        (Some(start), Some(RangeEnd::LastAffected(end))) => is_less(scheme, end, start),
        _ => false,
    };
    (!is_empty).then_some(Range { introduced, end })
}

fn ends_before(scheme: Scheme, left: &RangeEnd, right: &RangeEnd) -> bool {
    match scheme.compare(value_of(left), value_of(right)) {
        Ok(Ordering::Equal) => {
            matches!(
                (left, right),
                (RangeEnd::Fixed(_), RangeEnd::LastAffected(_))
            )
        }
        order => order == Ok(Ordering::Less),
    }
}

fn value_of(end: &RangeEnd) -> &str {
    match end {
        RangeEnd::Fixed(version) | RangeEnd::LastAffected(version) => version,
    }
}

fn is_less(scheme: Scheme, left: &str, right: &str) -> bool {
    scheme.compare(left, right) == Ok(Ordering::Less)
}

/// "Greater than nothing" is how "every version" is written: `0:0-0`, `0:0.0.0-0`, `0`.
fn is_zero(value: &str) -> bool {
    value.chars().all(|c| matches!(c, '0' | ':' | '-' | '.'))
}

/// Returns the first version after another. rpm orders a caret after the end of a text and before
/// anything else that could follow.
fn after(scheme: Scheme, value: &str) -> Result<String, String> {
    match scheme {
        Scheme::Rpm => Ok(format!("{value}^")),
        _ => Err("lower bound that is not part of the range".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(operation: Operation, value: &str) -> Range {
        of_operation(Scheme::Rpm, operation, value).unwrap()
    }

    #[test]
    fn greater_than_leaves_out_exactly_the_version_itself() {
        let range = range(Operation::GreaterThan, "0:1.20-1.cm2");
        for (version, is_inside) in [
            ("0:1.20-1.cm2", false),
            ("0:1.20-0.cm2", false),
            ("0:1.20-1.cm2.1", true),
            ("0:1.20-2.cm2", true),
            ("0:1.21-1", true),
        ] {
            assert_eq!(
                range.contains(Scheme::Rpm, version),
                Ok(is_inside),
                "{version}"
            );
        }
    }

    #[test]
    fn an_intersection_takes_the_narrower_bounds() {
        let both = |left: Range, right: Range| {
            let one = intersect(Scheme::Rpm, left.clone(), right.clone());
            assert_eq!(one, intersect(Scheme::Rpm, right, left));
            one
        };
        let less = range(Operation::LessThan, "2-1");
        let at_most = range(Operation::LessThanOrEqual, "2-1");
        let at_least = range(Operation::GreaterThanOrEqual, "1-1");
        assert_eq!(both(less.clone(), at_most), Some(less.clone()));
        assert_eq!(
            both(less.clone(), at_least),
            Some(Range {
                introduced: Some("1-1".into()),
                end: Some(RangeEnd::Fixed("2-1".into())),
            })
        );
        assert_eq!(
            both(less.clone(), range(Operation::GreaterThanOrEqual, "2-1")),
            None
        );
        assert_eq!(both(less, range(Operation::Equals, "2-1")), None);
        let equals = range(Operation::Equals, "1-1");
        assert_eq!(both(equals.clone(), Range::default()), Some(equals));
    }
}
