use std::cmp::Ordering;

use limpid_version::{Range, RangeEnd, Scheme, VersionError};
use serde::Deserialize;

use crate::json::Elements;

/// An element of `ranges`.
#[derive(Deserialize)]
pub(super) struct RangeRecord {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Elements<EventRecord>,
}

/// One point of a range. The schema wants exactly one of the members.
#[derive(Deserialize)]
struct EventRecord {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// What happens at a version. The order is that of events at the same version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EventKind {
    /// From here on: affected.
    Introduced,
    /// From here on: no longer affected.
    Fixed,
    /// From here on: nothing is known of this line of versions.
    Limit,
    /// Behind this: no longer affected.
    LastAffected,
}

/// An event; without a version it lies before all versions.
struct Event {
    version: Option<String>,
    kind: EventKind,
}

/// The version that stands for "from the beginning".
const BEGINNING: &str = "0";

/// The limit that is none.
const NO_LIMIT: &str = "*";

/// Turns a range record into ranges; none when it is not one of versions.
///
/// This is the evaluation that the schema defines, done once for all versions: the events are
/// sorted; `introduced` opens a range unless one is open, the other events close the open one. So
/// of several fixes in a row the lowest counts. Events at one version keep the order of the record,
/// since `fixed` before `introduced` joins two ranges and `introduced` before `fixed` is an empty
/// one; `last_affected` is always last, because that version is still inside.
pub(super) fn ranges(
    record: RangeRecord,
    scheme: Scheme,
) -> Result<Option<Vec<Range>>, VersionError> {
    if !matches!(record.kind.as_str(), "SEMVER" | "ECOSYSTEM") {
        return Ok(None);
    }
    let mut events = Vec::new();
    for event in record.events.0.into_iter().flat_map(EventRecord::events) {
        if let Some(version) = &event.version {
            scheme.compare(version, version)?;
        }
        events.push(event);
    }
    if events
        .iter()
        .all(|event| event.kind != EventKind::Introduced)
        && !events.is_empty()
    {
        // The schema demands the event; where it was forgotten, everything before the fix is meant.
        events.push(Event {
            version: None,
            kind: EventKind::Introduced,
        });
    }
    events.sort_by(|left, right| order(left, right, scheme));
    Ok(Some(between(events)))
}

impl EventRecord {
    fn events(self) -> impl Iterator<Item = Event> {
        let introduced = self.introduced.map(|version| Event {
            version: (version != BEGINNING).then_some(version),
            kind: EventKind::Introduced,
        });
        let limit = self.limit.filter(|limit| limit != NO_LIMIT);
        let others = [
            (self.fixed, EventKind::Fixed),
            (limit, EventKind::Limit),
            (self.last_affected, EventKind::LastAffected),
        ];
        let others = others.into_iter().filter_map(|(version, kind)| {
            version.map(|version| Event {
                version: Some(version),
                kind,
            })
        });
        introduced.into_iter().chain(others)
    }
}

fn order(left: &Event, right: &Event, scheme: Scheme) -> Ordering {
    let versions = match (&left.version, &right.version) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        // Versions that do not compare were refused before.
        (Some(left), Some(right)) => scheme.compare(left, right).unwrap_or(Ordering::Equal),
    };
    versions.then_with(|| {
        let is_last = |event: &Event| event.kind == EventKind::LastAffected;
        is_last(left).cmp(&is_last(right))
    })
}

fn between(events: Vec<Event>) -> Vec<Range> {
    let mut ranges = Vec::new();
    let mut open: Option<Option<String>> = None;
    for Event { version, kind } in events {
        let end = match (kind, version) {
            (EventKind::Introduced, version) => {
                open.get_or_insert(version);
                continue;
            }
            (_, None) => continue,
            (EventKind::LastAffected, Some(version)) => RangeEnd::LastAffected(version),
            (EventKind::Fixed | EventKind::Limit, Some(version)) => RangeEnd::Fixed(version),
        };
        if let Some(introduced) = open.take() {
            ranges.push(Range {
                introduced,
                end: Some(end),
            });
        }
    }
    if let Some(introduced) = open {
        ranges.push(Range {
            introduced,
            end: None,
        });
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(record: &str) -> Option<Vec<(String, String)>> {
        let record = serde_json::from_str(record).unwrap();
        let ranges = ranges(record, Scheme::Dpkg).unwrap()?;
        let show = |range: Range| {
            let end = match range.end {
                None => String::new(),
                Some(RangeEnd::Fixed(version)) => format!("<{version}"),
                Some(RangeEnd::LastAffected(version)) => format!("<={version}"),
            };
            (range.introduced.unwrap_or_default(), end)
        };
        Some(ranges.into_iter().map(show).collect())
    }

    fn check(events: &str, expected: &[(&str, &str)]) {
        let found = read(&format!(r#"{{"type":"ECOSYSTEM","events":{events}}}"#)).unwrap();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(start, end)| (start.as_str(), end.as_str()))
            .collect();
        assert_eq!(found, expected, "{events}");
    }

    #[test]
    fn events_become_ranges() {
        check(r#"[{"introduced":"0"}]"#, &[("", "")]);
        check(r#"[{"introduced":"0"},{"fixed":"1.2"}]"#, &[("", "<1.2")]);
        check(
            r#"[{"introduced":"1"},{"last_affected":"2"}]"#,
            &[("1", "<=2")],
        );
        check(
            r#"[{"introduced":"1"},{"fixed":"1.2"},{"introduced":"2"},{"fixed":"2.1"}]"#,
            &[("1", "<1.2"), ("2", "<2.1")],
        );
        check(r#"[{"introduced":"0","fixed":"1"}]"#, &[("", "<1")]);
    }

    #[test]
    fn the_order_of_the_events_does_not_matter() {
        check(
            r#"[{"fixed":"2.1"},{"introduced":"2"},{"fixed":"1.10"},{"introduced":"1.9"}]"#,
            &[("1.9", "<1.10"), ("2", "<2.1")],
        );
    }

    #[test]
    fn of_several_fixes_in_a_row_the_lowest_counts() {
        check(
            r#"[{"introduced":"0"},{"fixed":"1.10"},{"fixed":"1.9"}]"#,
            &[("", "<1.9")],
        );
    }

    #[test]
    fn events_at_one_version_keep_their_order() {
        check(
            r#"[{"introduced":"0"},{"fixed":"1"},{"introduced":"1"},{"fixed":"2"}]"#,
            &[("", "<1"), ("1", "<2")],
        );
        check(r#"[{"introduced":"1"},{"fixed":"1"}]"#, &[("1", "<1")]);
        check(
            r#"[{"last_affected":"1"},{"introduced":"1"}]"#,
            &[("1", "<=1")],
        );
    }

    #[test]
    fn a_limit_ends_a_range_and_a_star_is_no_limit() {
        check(r#"[{"introduced":"1"},{"limit":"2"}]"#, &[("1", "<2")]);
        check(r#"[{"introduced":"1"},{"limit":"*"}]"#, &[("1", "")]);
    }

    #[test]
    fn a_forgotten_introduction_means_from_the_beginning() {
        check(r#"[{"fixed":"2"}]"#, &[("", "<2")]);
        check("[]", &[]);
    }

    #[test]
    fn ranges_of_commits_are_passed_by() {
        assert_eq!(
            read(r#"{"type":"GIT","events":[{"introduced":"0"}]}"#),
            None
        );
    }
}
