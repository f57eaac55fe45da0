use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// The last day on which a release gets security fixes, by the namespace of its advisories.
///
/// Alpine: "Main repository" column of the project's list of releases, alpinelinux.org/releases.
/// Debian: end of Long Term Support, wiki.debian.org/LTS; until then the tracker still judges the
/// release, later it drops it. A release that is missing here has no known end.
const END_OF_LIFE: &[(&str, Date)] = &[
    ("alpine:3.0", date(2016, 5, 1)),
    ("alpine:3.1", date(2016, 11, 1)),
    ("alpine:3.2", date(2017, 5, 1)),
    ("alpine:3.3", date(2017, 11, 1)),
    ("alpine:3.4", date(2018, 5, 1)),
    ("alpine:3.5", date(2018, 11, 1)),
    ("alpine:3.6", date(2019, 5, 1)),
    ("alpine:3.7", date(2019, 11, 1)),
    ("alpine:3.8", date(2020, 5, 1)),
    ("alpine:3.9", date(2020, 11, 1)),
    ("alpine:3.10", date(2021, 5, 1)),
    ("alpine:3.11", date(2021, 11, 1)),
    ("alpine:3.12", date(2022, 5, 1)),
    ("alpine:3.13", date(2022, 11, 1)),
    ("alpine:3.14", date(2023, 5, 1)),
    ("alpine:3.15", date(2023, 11, 1)),
    ("alpine:3.16", date(2024, 5, 23)),
    ("alpine:3.17", date(2024, 11, 22)),
    ("alpine:3.18", date(2025, 5, 9)),
    ("alpine:3.19", date(2025, 11, 1)),
    ("alpine:3.20", date(2026, 4, 1)),
    ("alpine:3.21", date(2026, 11, 1)),
    ("alpine:3.22", date(2027, 5, 1)),
    ("alpine:3.23", date(2027, 11, 1)),
    ("debian:squeeze", date(2016, 2, 29)),
    ("debian:wheezy", date(2018, 5, 31)),
    ("debian:jessie", date(2020, 6, 30)),
    ("debian:stretch", date(2022, 6, 30)),
    ("debian:buster", date(2024, 6, 30)),
    ("debian:bullseye", date(2026, 8, 31)),
    ("debian:bookworm", date(2028, 6, 30)),
    ("debian:trixie", date(2030, 6, 30)),
];

/// Returns the last day of support of a release, when that day is over.
pub(crate) fn ended(namespace: &str, today: Date) -> Option<Date> {
    last_day(namespace).filter(|last| *last < today)
}

/// Returns the last moment at which a release is supported, if its end is known.
pub(crate) fn end_of_last_day(namespace: &str) -> Option<Timestamp> {
    let last = last_day(namespace)?.at(23, 59, 59, 999_999_999);
    Some(last.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn last_day(namespace: &str) -> Option<Date> {
    END_OF_LIFE
        .iter()
        .find(|(release, _)| *release == namespace)
        .map(|(_, last)| *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_supported_on_its_last_day() {
        let last = date(2024, 6, 30);
        assert_eq!(ended("debian:buster", last), None);
        assert_eq!(ended("debian:buster", date(2024, 7, 1)), Some(last));
    }

    #[test]
    fn a_release_without_a_known_end_has_not_ended() {
        assert_eq!(ended("alpine:edge", date(2099, 1, 1)), None);
    }
}
