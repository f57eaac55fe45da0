mod unserved;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use limpid_types::{
    Distribution, Ecosystem, Environment, GapReason, IndexReport, Package, REDHAT_IMAGES,
    Repository,
};
use limpid_vulndb::FROZEN_NOTES;

use crate::containers;
use crate::coverage::Gaps;
use crate::data::is_of;
use crate::distributions::{
    self, BuildsApart, Concerns, Epochs, Family, JudgedBy, SourceVersion, amazon, is_of_module,
    red_hat,
};
use crate::products::{Known, MAPPING_FEED, Products};
use crate::{FeedSnapshot, VulnerabilityData, end_of_life, languages};
pub(crate) use unserved::Unserved;
use unserved::{missing, without_apart, without_feed, without_records, without_release};

/// The feed that speaks of container images of Red Hat's.
const CONTAINER_FEED: &str = "rhel-vex";

/// A release of a distribution that some feed of the generation serves, or in the case of Red Hat
/// the products that some of its repositories belong to.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// Where its advisories hold. Of several, each is for other products, or else the first that
    /// speaks of a package counts.
    pub(crate) namespaces: Vec<String>,
    /// Places of the feeds that have records there.
    pub(crate) feeds: Vec<usize>,
    /// Which version is compared with what an advisory says about a source package.
    pub(crate) source_version: SourceVersion,
    /// Whether the versions in advisories have epochs.
    pub(crate) epochs: Epochs,
    /// Tells whether an advisory about a package name is about an installed package of that name.
    pub(crate) concerns: Concerns,
    /// The products that advisories are limited to; none where the namespace says it all.
    pub(crate) products: Option<Products>,
    /// The repository that advisories must be about, where that is known.
    pub(crate) repository: Option<String>,
    /// The names by which advisories speak of a container image; empty for other packages, which
    /// have one name.
    pub(crate) names: Vec<String>,
    /// Names of feeds whose data is too old, each with how old it is.
    stale: Vec<(String, String)>,
    /// The name under which the end of its support is known.
    pub(crate) end_key: String,
    /// The namespace of the release itself, and what is said of its end when that is over.
    ended: Option<(String, String)>,
    /// What had to be assumed about it: subject and detail.
    assumed: Option<(String, String)>,
}

/// Where packages are: the distribution and the repositories that they came from.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) distribution: &'a Distribution,
    /// Empty where they do not matter.
    pub(crate) repositories: Vec<&'a Repository>,
    /// Whether it is about the builds of the distribution that have advisories of their own.
    pub(crate) is_apart: bool,
}

/// Names a [`Place`]: the id of a distribution, those of the repositories where they matter, and
/// whether it is about builds apart.
pub(crate) type PlaceKey<'a> = (&'a str, &'a [String], bool);

/// Names the places that a package in an environment may be at, the best first.
pub(crate) fn place_keys<'a>(
    index: &'a IndexReport,
    package: &str,
    environment: &'a Environment,
) -> impl Iterator<Item = PlaceKey<'a>> {
    let id = environment.distribution_id.as_str();
    let family = index.distributions.get(id).and_then(distributions::family);
    let named = environment.repository_ids.as_deref().unwrap_or_default();
    let instead = index.limpid.repositories_instead.get(package);
    let repositories = match family.map(|family| family.judged_by) {
        Some(JudgedBy::Products) => [Some(named), instead.map(Vec::as_slice)],
        Some(JudgedBy::Repository) => [Some(named), None],
        Some(JudgedBy::Release) | None => [Some(&[][..]), None],
    };
    let is_apart = family
        .and_then(|family| family.apart)
        .zip(index.packages.get(package))
        .is_some_and(|(apart, package)| (apart.has)(package));
    repositories
        .into_iter()
        .flatten()
        .map(move |repositories| (id, repositories, is_apart))
}

impl<'a> Place<'a> {
    /// Returns the place that has a name; none when its distribution is not known.
    pub(crate) fn of(index: &'a IndexReport, key: PlaceKey<'a>) -> Option<Self> {
        let (id, repositories, is_apart) = key;
        Some(Self {
            is_apart,
            distribution: index.distributions.get(id)?,
            repositories: repositories
                .iter()
                .filter_map(|id| index.repository.get(id))
                .collect(),
        })
    }
}

impl Release {
    /// Finds the feeds that serve a place in an image.
    pub(crate) fn of(
        place: &Place<'_>,
        data: &dyn VulnerabilityData,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Self, Unserved> {
        let distribution = place.distribution;
        let today = now.to_zoned(TimeZone::UTC).date();
        let family =
            distributions::family(distribution).ok_or_else(|| without_feed(distribution))?;
        let feeds = feeds_of(family, data, distribution)?;
        let own = family.namespaces(distribution);
        let (products, assumed) = match family.judged_by {
            JudgedBy::Release | JudgedBy::Repository => (None, None),
            JudgedBy::Products => {
                let (products, assumed) = products_of(place, family, data)?;
                (Some(products), assumed)
            }
        };
        let apart = family.apart.filter(|_| place.is_apart);
        let served = match (&products, apart) {
            (Some(products), _) => all_served(products.namespaces(), &feeds, data),
            (None, Some(apart)) => all_served(namespaces_apart(&own, apart), &feeds, data),
            (None, None) => first_served(&own, &feeds, data),
        };
        let Some((namespaces, serving)) = served else {
            return Err(match (own.first(), missing(family.feed, data)) {
                (None, _) => without_release(family, distribution),
                // Which releases a feed serves is in its data, so any that is missing may be
                // the one that serves this release.
                (Some(_), Some(unserved)) => unserved,
                (Some(namespace), None) if apart.is_some() => without_apart(family, namespace),
                (Some(namespace), None) => without_records(family, namespace, today),
            });
        };
        let own = own_namespace(&own, &namespaces).unwrap_or_default();
        let repository = match family.judged_by {
            JudgedBy::Repository => repository_of(place, &serving, data, own)?,
            JudgedBy::Release | JudgedBy::Products => None,
        };
        let end_key = end_of_life::key(distribution, own);
        let end = end_of_life::ended(&end_key, today);
        Ok(Self {
            ended: frozen(own, &serving, data, end).map(|detail| (own.to_owned(), detail)),
            end_key,
            stale: stale(&serving, data, now, max_age),
            namespaces,
            feeds: serving,
            source_version: family.source_version,
            epochs: family.epochs,
            // A repository that is known tells all that there is to tell.
            concerns: if repository.is_some() {
                is_of_module
            } else {
                family.concerns
            },
            products,
            repository,
            names: Vec::new(),
            assumed,
        })
    }

    /// Finds the feed that serves a container image of Red Hat's.
    pub(crate) fn of_container(
        package: &Package,
        repository: &Repository,
        data: &dyn VulnerabilityData,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Self, Unserved> {
        let unserved = |reason, detail: String| Unserved {
            reason,
            subject: CONTAINER_FEED.into(),
            detail,
        };
        let feeds: Vec<usize> = (0..data.feeds().len())
            .filter(|feed| data.records(*feed, REDHAT_IMAGES) > 0)
            .collect();
        if feeds.is_empty() {
            let detail = "there is no data about container images of Red Hat's";
            return Err(missing(CONTAINER_FEED, data)
                .unwrap_or_else(|| unserved(GapReason::FeedMissing, detail.into())));
        }
        let names = containers::names(package, data)
            .map_err(|error| unserved(GapReason::RepositoryUnknown, error.to_string()))?;
        Ok(Self {
            namespaces: vec![REDHAT_IMAGES.into()],
            stale: stale(&feeds, data, now, max_age),
            feeds,
            source_version: SourceVersion::Recorded,
            epochs: Epochs::Compared,
            concerns: is_of_module,
            products: containers::products(repository),
            repository: None,
            names,
            end_key: String::new(),
            ended: None,
            assumed: None,
        })
    }

    /// Finds the feeds that serve an ecosystem, be they its own database or somebody's advisories.
    pub(crate) fn of_ecosystem(
        ecosystem: Ecosystem,
        data: &dyn VulnerabilityData,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Self, Unserved> {
        let feeds: Vec<usize> = (0..data.feeds().len())
            .filter(|feed| data.records(*feed, ecosystem.key()) > 0)
            .collect();
        if feeds.is_empty() {
            let feed = languages::feed(ecosystem);
            return Err(missing(&feed, data).unwrap_or_else(|| Unserved {
                reason: GapReason::FeedMissing,
                detail: format!("there is no data about packages of {ecosystem}"),
                subject: feed,
            }));
        }
        Ok(Self {
            namespaces: vec![ecosystem.key().into()],
            stale: stale(&feeds, data, now, max_age),
            feeds,
            source_version: SourceVersion::Installed,
            epochs: Epochs::Compared,
            concerns: is_of_module,
            products: None,
            repository: None,
            names: Vec::new(),
            end_key: String::new(),
            ended: None,
            assumed: None,
        })
    }

    /// Adds the gaps that a package has although it is judged.
    pub(crate) fn add_gaps(&self, gaps: &mut Gaps) {
        for (feed, detail) in &self.stale {
            gaps.add(GapReason::FeedStale, feed, || detail.clone(), 1);
        }
        if let Some((namespace, detail)) = &self.ended {
            gaps.add(GapReason::EndOfLife, namespace, || detail.clone(), 1);
        }
        if let Some((subject, detail)) = &self.assumed {
            gaps.add(
                GapReason::RepositoriesAssumed,
                subject,
                || detail.clone(),
                1,
            );
        }
    }
}

/// Returns the names of the feeds whose data is too old, each with how old it is.
fn stale(
    feeds: &[usize],
    data: &dyn VulnerabilityData,
    now: Timestamp,
    max_age: SignedDuration,
) -> Vec<(String, String)> {
    feeds
        .iter()
        .filter_map(|feed| data.feeds().get(*feed))
        .filter_map(|feed| Some((feed.name.clone(), staleness(feed, now, max_age)?)))
        .collect()
}

/// Returns the first namespace that has records, with the feeds that have them.
fn first_served(
    namespaces: &[String],
    feeds: &[usize],
    data: &dyn VulnerabilityData,
) -> Option<(Vec<String>, Vec<usize>)> {
    namespaces
        .iter()
        .find_map(|namespace| all_served(vec![namespace.clone()], feeds, data))
}

/// Returns the namespaces that have records, with the feeds that have them.
fn all_served(
    mut namespaces: Vec<String>,
    feeds: &[usize],
    data: &dyn VulnerabilityData,
) -> Option<(Vec<String>, Vec<usize>)> {
    let has_records = |feed: usize, namespace: &str| data.records(feed, namespace) > 0;
    let mut serving = feeds.to_vec();
    serving.retain(|feed| namespaces.iter().any(|name| has_records(*feed, name)));
    namespaces.retain(|namespace| serving.iter().any(|feed| has_records(*feed, namespace)));
    (!namespaces.is_empty()).then_some((namespaces, serving))
}

/// Returns the namespace that tells how long the release is supported.
fn own_namespace<'n>(own: &'n [String], served: &[String]) -> Option<&'n str> {
    own.iter()
        .find(|namespace| served.contains(namespace))
        .or_else(|| own.first())
        .map(String::as_str)
}

/// Says since when a release gets no advisories any more, if that is so: because its support is
/// over, or because its source has dropped it.
fn frozen(
    namespace: &str,
    feeds: &[usize],
    data: &dyn VulnerabilityData,
    ended: Option<Date>,
) -> Option<String> {
    let since = feeds
        .iter()
        .find_map(|feed| data.note(*feed, FROZEN_NOTES, namespace).ok().flatten());
    let missing = "vulnerabilities found since are missing";
    match (ended, since) {
        (None, None) => None,
        (Some(last), None) => Some(format!(
            "support ended on {last} and its advisories are frozen: {missing}"
        )),
        (Some(last), Some(moment)) => Some(format!(
            "support ended on {last} and its advisories are frozen since {moment}, when the source \
             had them last: {missing}"
        )),
        (None, Some(moment)) => Some(format!(
            "its advisories are frozen since {moment}, when the source had them last: {missing}"
        )),
    }
}

/// Finds the products that the packages at a place may be of, and what had to be assumed for it.
fn products_of(
    place: &Place<'_>,
    family: &Family,
    data: &dyn VulnerabilityData,
) -> Result<(Products, Option<(String, String)>), Unserved> {
    let name = distributions::display_name(place.distribution);
    let known = Products::of(&place.repositories, data).map_err(|error| Unserved {
        reason: GapReason::RepositoryUnknown,
        subject: MAPPING_FEED.into(),
        detail: error.to_string(),
    })?;
    match known {
        Known::Products(products) => Ok((products, None)),
        Known::NoRepository => {
            let product = red_hat::product(place.distribution)
                .ok_or_else(|| without_release(family, place.distribution))?;
            // CentOS has no repositories of Red Hat's; its packages are those of the distribution.
            let is_red_hat = place.distribution.did != "centos";
            let assumed = is_red_hat.then(|| {
                let detail = format!(
                    "the image does not say which repositories its packages are from; they were \
                     judged as packages of {name} itself"
                );
                (name.to_owned(), detail)
            });
            Ok((Products::of_distribution(product), assumed))
        }
        Known::Unmapped(repository) => Err(Unserved {
            reason: GapReason::RepositoryUnknown,
            detail: format!("Red Hat's table of products does not have the repository: {repository}"),
            subject: repository,
        }),
        Known::NoMapping(repository) => Err(missing(MAPPING_FEED, data).unwrap_or_else(|| Unserved {
            reason: GapReason::FeedMissing,
            subject: MAPPING_FEED.into(),
            detail: format!(
                "there is no snapshot of Red Hat's table that tells which products a repository \
                 belongs to: {repository}"
            ),
        })),
    }
}

/// Returns the namespaces of the builds apart of a release.
fn namespaces_apart(own: &[String], apart: &BuildsApart) -> Vec<String> {
    let first = own.first().into_iter();
    first
        .flat_map(|namespace| {
            apart
                .endings
                .iter()
                .map(move |end| format!("{namespace}{end}"))
        })
        .collect()
}

/// Returns the repository that the packages at a place came from, if that is known. One that has no
/// feed says nothing about its packages, and no other repository does.
fn repository_of(
    place: &Place<'_>,
    feeds: &[usize],
    data: &dyn VulnerabilityData,
    namespace: &str,
) -> Result<Option<String>, Unserved> {
    let Some(repository) = amazon::repository(&place.repositories) else {
        return Ok(None);
    };
    let is_fed = |feed: &FeedSnapshot| feed.name.rsplit('/').next() == Some(&*repository);
    let mut serving = feeds.iter().filter_map(|feed| data.feeds().get(*feed));
    if repository == amazon::CORE || serving.any(is_fed) {
        return Ok(Some(repository));
    }
    Err(Unserved {
        reason: GapReason::FeedEmpty,
        subject: format!("{namespace} {repository}"),
        detail: "the source publishes no advisories for this repository of the release".into(),
    })
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
        return Err(missing(family.feed, data).unwrap_or_else(|| Unserved {
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
