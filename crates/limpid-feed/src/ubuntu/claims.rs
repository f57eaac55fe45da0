use std::cmp::Ordering;
use std::collections::BTreeMap;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Status, VersionConstraint,
};
use limpid_version::{RangeEnd, Scheme};

use super::product::Place;
use crate::FeedError;
use crate::run::Run;

/// What a document says of a source package in one pocket.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Which pocket.
    pub(super) pocket: String,
    /// What is said.
    pub(super) status: Status,
    /// Of which versions.
    pub(super) versions: VersionConstraint,
    /// How bad it is.
    pub(super) rating: Rating,
}

/// What a document says of one vulnerability in all pockets.
///
/// A release has one statement per source package in the end, whatever the pockets say: somebody
/// who has a package of Ubuntu Pro installed has it instead of the one of the archive, and their
/// versions are in one order.
///
/// | the archive | Ubuntu Pro | statement |
/// |---|---|---|
/// | fixed | – | affected below the fix |
/// | anything | fixed | affected below the lowest fix, with the pocket that has it |
/// | not fixed | not fixed | what is said of the archive |
/// | – | not fixed | what is said of the pocket |
///
/// What contradicts itself within a pocket counts as the worst of it.
#[derive(Debug, Default)]
pub(super) struct Claims(BTreeMap<(String, String), BTreeMap<String, Claim>>);

impl Claims {
    /// Adds what is said of a source package.
    pub(super) fn add(&mut self, place: &Place, package: &str, claim: Claim) {
        let key = (place.namespace(), package.to_owned());
        let pockets = self.0.entry(key).or_default();
        match pockets.get_mut(&claim.pocket) {
            Some(known) if order_within(known, &claim).is_le() => {}
            Some(known) => *known = claim,
            None => drop(pockets.insert(claim.pocket.clone(), claim)),
        }
    }

    /// Hands over one advisory per release and source package.
    pub(super) fn hand_over(
        self,
        id: &str,
        details: &Details,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        for ((namespace, package), pockets) in self.0 {
            let Some(claim) = pockets.into_values().min_by(order_between) else {
                continue;
            };
            run.advisory(Advisory {
                id: id.to_owned(),
                namespace,
                package: AffectedPackage {
                    name: package,
                    kind: PackageKind::Source,
                    repository: claim.pocket,
                    ..AffectedPackage::default()
                },
                status: claim.status,
                versions: claim.versions,
                rating: claim.rating,
                details: details.clone(),
            })?;
        }
        Ok(())
    }
}

impl Claim {
    /// Returns the first version with the fix, if every affected version is below one.
    fn fix(&self) -> Option<&str> {
        if self.status != Status::Affected || !self.versions.enumerated.is_empty() {
            return None;
        }
        let mut highest: Option<&str> = None;
        for range in &self.versions.ranges {
            let Some(RangeEnd::Fixed(end)) = &range.end else {
                return None;
            };
            if highest.is_none_or(|known| compare(known, end).is_lt()) {
                highest = Some(end);
            }
        }
        highest
    }

    /// Returns how bad the claim is: the lower, the worse.
    fn rank(&self) -> u8 {
        match self.status {
            Status::Affected if self.fix().is_none() => 0,
            Status::WillNotFix => 1,
            Status::EndOfLife => 2,
            Status::UnderInvestigation => 3,
            Status::Affected => 4,
            Status::NotAffected => 5,
        }
    }
}

/// Orders claims about one pocket: the one that counts comes first.
fn order_within(left: &Claim, right: &Claim) -> Ordering {
    left.rank().cmp(&right.rank()).then_with(|| {
        let (left, right) = (
            left.fix().unwrap_or_default(),
            right.fix().unwrap_or_default(),
        );
        compare(right, left)
    })
}

/// Orders claims about different pockets: the one that counts comes first.
fn order_between(left: &Claim, right: &Claim) -> Ordering {
    match (left.fix(), right.fix()) {
        (Some(left), Some(right)) => compare(left, right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => {
            let is_other = |claim: &Claim| !claim.pocket.is_empty();
            is_other(left)
                .cmp(&is_other(right))
                .then_with(|| left.rank().cmp(&right.rank()))
        }
    }
}

/// Compares versions. Those that do not compare were refused before.
fn compare(left: &str, right: &str) -> Ordering {
    Scheme::Dpkg.compare(left, right).unwrap_or(Ordering::Equal)
}
