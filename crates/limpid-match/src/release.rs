use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use limpid_types::{Distribution, GapReason};

use crate::coverage::Gaps;
use crate::data::is_of;
use crate::distributions::{self, Family, SourceVersion};
use crate::{FeedSnapshot, VulnerabilityData, end_of_life};

/// How many missing feeds of a family a gap names.
const NAMED_FEEDS: usize = 3;

/// A release of a distribution that some feed of the generation serves.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// Where its advisories hold.
    pub(crate) namespace: String,
    /// Places of the feeds that have records there.
    pub(crate) feeds: Vec<usize>,
    /// Which version is compared with what an advisory says about a source package.
    pub(crate) source_version: SourceVersion,
    /// Names of feeds whose data is too old, each with how old it is.
    stale: Vec<(String, String)>,
    /// The last day of support, when it is over.
    ended: Option<Date>,
}

/// Why the packages of a release cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unserved {
    /// The reason.
    pub(crate) reason: GapReason,
    /// What it concerns.
    pub(crate) subject: String,
    /// More about it.
    pub(crate) detail: String,
}

impl Release {
    /// Finds the feeds that serve a distribution of an image.
    pub(crate) fn of(
        distribution: &Distribution,
        data: &dyn VulnerabilityData,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Self, Unserved> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let family =
            distributions::family(distribution).ok_or_else(|| without_feed(distribution))?;
        let namespaces = (family.namespaces)(distribution);
        let feeds = feeds_of(family, data, distribution)?;
        let served = namespaces.iter().find_map(|namespace| {
            let has_records = |feed: &usize| data.records(*feed, namespace) > 0;
            let serving: Vec<usize> = feeds.iter().copied().filter(has_records).collect();
            (!serving.is_empty()).then_some((namespace, serving))
        });
        let Some((namespace, serving)) = served else {
            return Err(match (namespaces.first(), missing(family, data)) {
                (None, _) => without_release(family, distribution),
                // Which releases a feed serves is in its data, so any that is missing may be
                // the one that serves this release.
                (Some(_), Some(unserved)) => unserved,
                (Some(namespace), None) => without_records(family, namespace, today),
            });
        };
        let stale = serving
            .iter()
            .filter_map(|feed| data.feeds().get(*feed))
            .filter_map(|feed| Some((feed.name.clone(), staleness(feed, now, max_age)?)))
            .collect();
        Ok(Self {
            ended: end_of_life::ended(namespace, today),
            namespace: namespace.clone(),
            feeds: serving,
            source_version: family.source_version,
            stale,
        })
    }

    /// Adds the gaps that a package has although it is judged.
    pub(crate) fn add_gaps(&self, gaps: &mut Gaps) {
        for (feed, detail) in &self.stale {
            gaps.add(GapReason::FeedStale, feed, || detail.clone(), 1);
        }
        if let Some(last) = self.ended {
            let detail = || {
                format!(
                    "support ended on {last} and its advisories are frozen: \
                     vulnerabilities found since are missing"
                )
            };
            gaps.add(GapReason::EndOfLife, &self.namespace, detail, 1);
        }
    }
}

fn without_feed(distribution: &Distribution) -> Unserved {
    let subject = distributions::display_name(distribution).to_owned();
    let detail = match distributions::known_without_feed(distribution) {
        Some(name) => format!("limpid has no feed for {name}"),
        None => format!(
            "limpid does not know the distribution {:?}",
            distribution.did
        ),
    };
    Unserved {
        reason: GapReason::NoFeed,
        subject,
        detail,
    }
}

fn feeds_of(
    family: &Family,
    data: &dyn VulnerabilityData,
    distribution: &Distribution,
) -> Result<Vec<usize>, Unserved> {
    let feeds: Vec<usize> = data
        .feeds()
        .iter()
        .enumerate()
        .filter(|(_, feed)| is_of(&feed.name, family.feed))
        .map(|(place, _)| place)
        .collect();
    if feeds.is_empty() {
        return Err(missing(family, data).unwrap_or_else(|| Unserved {
            reason: GapReason::FeedMissing,
            subject: family.feed.into(),
            detail: format!(
                "there is no snapshot of the feed that serves {}",
                distributions::display_name(distribution)
            ),
        }));
    }
    Ok(feeds)
}

/// Says which feeds of a family cannot be had, when there are some.
fn missing(family: &Family, data: &dyn VulnerabilityData) -> Option<Unserved> {
    let reasons: Vec<String> = data
        .missing()
        .iter()
        .filter(|feed| is_of(&feed.name, family.feed))
        .map(|feed| {
            format!(
                "the data of feed {} cannot be had: {}",
                feed.name, feed.reason
            )
        })
        .take(NAMED_FEEDS)
        .collect();
    (!reasons.is_empty()).then(|| Unserved {
        reason: GapReason::FeedMissing,
        subject: family.feed.into(),
        detail: reasons.join("; "),
    })
}

fn without_records(family: &Family, namespace: &str, today: Date) -> Unserved {
    let ended = match end_of_life::ended(namespace, today) {
        Some(last) => format!(", whose support ended on {last}"),
        None => String::new(),
    };
    Unserved {
        reason: GapReason::FeedEmpty,
        subject: namespace.into(),
        detail: format!(
            "the {} feed holds no record for this release{ended}",
            family.feed
        ),
    }
}

fn without_release(family: &Family, distribution: &Distribution) -> Unserved {
    Unserved {
        reason: GapReason::NoDistribution,
        subject: distributions::display_name(distribution).into(),
        detail: format!(
            "the image does not say which release of {} it is",
            family.name
        ),
    }
}

/// Says how old a feed is, when it is older than it may be.
fn staleness(feed: &FeedSnapshot, now: Timestamp, max_age: SignedDuration) -> Option<String> {
    let Some(checked) = feed.checked else {
        return Some("nobody knows when the feed was last current".into());
    };
    let age = now.duration_since(checked);
    (age > max_age).then(|| {
        format!(
            "last known to be current at {checked}, {} ago; the limit is {}",
            in_words(age),
            in_words(max_age)
        )
    })
}

fn in_words(duration: SignedDuration) -> String {
    match duration.as_hours() {
        hours @ ..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}
