use jiff::{SignedDuration, Timestamp};
use limpid_types::{Coverage, GapReason};

use super::HOUR;
use crate::end_of_life;
use crate::judge::Case;

/// Returns the last time as of which a report would be the same, the data being the same.
///
/// The time counts in three ways: a feed becomes too old, how much too old it is is told in hours,
/// and the support of a release ends. What is said of a release that no feed serves may depend on
/// the time as well.
pub(super) fn valid_until(case: Case<'_>, coverage: &Coverage, now: Timestamp) -> Timestamp {
    let is_of_the_hour = case.releases.iter().any(Result::is_err)
        || coverage
            .gaps
            .iter()
            .any(|gap| gap.reason == GapReason::FeedStale);
    let this_hour = now + SignedDuration::from_secs(HOUR - 1);
    if is_of_the_hour {
        return this_hour;
    }
    let feeds = case.data.feeds().iter().filter_map(|feed| feed.checked);
    let stale = feeds.filter_map(|checked| checked.checked_add(case.options.max_feed_age).ok());
    let releases = case.releases.iter().filter_map(|it| it.as_ref().ok());
    let ends = releases.filter_map(|release| end_of_life::end_of_last_day(&release.end_key));
    stale
        .chain(ends)
        .filter(|change| *change >= now)
        .min()
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use limpid_types::{
        Advisory, AffectedPackage, Details, Distribution, Environment, IndexReport, Package,
        Rating, Status, VersionConstraint,
    };
    use limpid_version::Scheme;

    use super::*;
    use crate::judge::Releases;
    use crate::{FeedSnapshot, MemoryData, Options, judge};

    const CHECKED: &str = "2026-11-21T12:30:00Z";

    fn data(checked: &str) -> MemoryData {
        let advisory = Advisory {
            id: "CVE-1".into(),
            namespace: "debian:bookworm".into(),
            package: AffectedPackage::default(),
            status: Status::Affected,
            versions: VersionConstraint::any(Scheme::Dpkg),
            rating: Rating::default(),
            details: Details::default(),
        };
        let feed = FeedSnapshot {
            name: "debian".into(),
            snapshot: "sha256:00".into(),
            checked: Some(checked.parse().unwrap()),
        };
        MemoryData::new(1).with_feed(feed, [advisory])
    }

    fn image(did: &str) -> IndexReport {
        let json = r#"{"manifest_hash":"m","state":"IndexFinished","success":true}"#;
        let mut image: IndexReport = serde_json::from_str(json).unwrap();
        let distribution = Distribution {
            did: did.into(),
            version_id: "12".into(),
            version_code_name: "bookworm".into(),
            ..Distribution::default()
        };
        let environment = Environment {
            distribution_id: "1".into(),
            ..Environment::default()
        };
        image.distributions.insert("1".into(), distribution);
        image.packages.insert("2".into(), Package::default());
        image.environments.insert("2".into(), vec![environment]);
        image
    }

    /// Asks until when a report is valid that is made at a time.
    #[track_caller]
    fn check(did: &str, checked: &str, now: &str, expected: &str) {
        let (index, data) = (image(did), data(checked));
        let (options, now) = (Options::default(), now.parse().unwrap());
        let releases = Releases::of(&index, &data, now, &options);
        let case = Case {
            index: &index,
            data: &data,
            options: &options,
            releases: &releases,
        };
        let report = judge(&index, &data, now, &options).unwrap();
        let until = valid_until(case, &report.coverage, now);
        assert_eq!(until.to_string(), expected);
    }

    #[test]
    fn a_report_is_valid_until_its_feed_is_too_old() {
        let day = |now| check("debian", CHECKED, now, "2026-11-28T12:30:00Z");
        day("2026-11-21T13:00:00Z");
        day("2026-11-28T12:00:00Z");
    }

    #[test]
    fn how_old_a_feed_is_is_told_anew_each_hour() {
        let (now, until) = ("2026-11-28T13:00:00Z", "2026-11-28T13:59:59Z");
        check("debian", CHECKED, now, until);
    }

    #[test]
    fn a_report_is_valid_until_the_support_of_its_release_ends() {
        let (checked, now) = ("2028-06-28T00:00:00Z", "2028-06-28T01:00:00Z");
        check("debian", checked, now, "2028-06-30T23:59:59.999999999Z");
    }

    #[test]
    fn what_no_feed_serves_is_looked_at_each_hour() {
        let (now, until) = ("2026-11-21T13:00:00Z", "2026-11-21T13:59:59Z");
        check("unheard-of", CHECKED, now, until);
    }
}
