use jiff::civil::Date;
use limpid_types::{Distribution, GapReason};

use crate::data::is_of;
use crate::distributions::{self, Family};
use crate::{VulnerabilityData, end_of_life};

/// How many missing feeds of a family a gap names.
const NAMED_FEEDS: usize = 3;

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

pub(super) fn without_feed(distribution: &Distribution) -> Unserved {
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

/// Says which feeds of a family of feeds cannot be had, when there are some.
pub(super) fn missing(family: &str, data: &dyn VulnerabilityData) -> Option<Unserved> {
    let reasons: Vec<String> = data
        .missing()
        .iter()
        .filter(|feed| is_of(&feed.name, family))
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
        subject: family.into(),
        detail: reasons.join("; "),
    })
}

pub(super) fn without_records(family: &Family, namespace: &str, today: Date) -> Unserved {
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

pub(super) fn without_release(family: &Family, distribution: &Distribution) -> Unserved {
    Unserved {
        reason: GapReason::NoDistribution,
        subject: distributions::display_name(distribution).into(),
        detail: format!(
            "the image does not say which release of {} it is",
            family.name
        ),
    }
}

pub(super) fn without_apart(family: &Family, namespace: &str) -> Unserved {
    let name = family.apart.map_or("builds apart", |apart| apart.name);
    Unserved {
        reason: GapReason::FeedEmpty,
        subject: namespace.into(),
        detail: format!(
            "the {} feed holds no record for {name} of this release, and the advisories about its \
             ordinary packages say nothing about them",
            family.feed
        ),
    }
}
