use std::cmp::Ordering;
use std::sync::Arc;

use limpid_types::{Confidence, Details, Finding, FixState, PackageKind, PackageRef};
use limpid_version::{Range, RangeEnd};

use crate::candidates::Installed;
use crate::statements::{Affected, Cause, Statement};

/// Makes the finding of one vulnerability in one installed package.
pub(crate) fn of(
    package: &Arc<PackageRef>,
    affected: &Affected<'_>,
    feed: &str,
    details: Arc<Details>,
) -> Finding {
    let known = affected.statement.known;
    let candidate = &known.candidate;
    Finding {
        id: candidate.id.clone(),
        severity: candidate.severity,
        severity_text: candidate.severity_text.into(),
        fix: affected.fix,
        fixed_version: affected.fixed_version().into(),
        package: Arc::clone(package),
        advisory_package: known.package.into(),
        advisory_kind: candidate.kind,
        compared_version: affected.statement.version.into(),
        feed: feed.into(),
        namespace: known.namespace.into(),
        repository: candidate.repository.into(),
        product: affected.statement.product.unwrap_or_default().into(),
        reason: reason(affected),
        statements: Vec::new(),
        details,
    }
}

/// Makes what findings say of an installed package.
pub(crate) fn package(installed: &Installed<'_, '_>) -> PackageRef {
    let package = installed.package;
    let environment = installed.environment;
    PackageRef {
        id: installed.id.into(),
        name: package.name.clone(),
        version: package.version.clone(),
        arch: package.arch.clone(),
        package_db: environment.package_db.clone(),
        layer: environment.introduced_in.clone(),
        distribution_id: environment.distribution_id.clone(),
        purl: String::new(),
        paths: Vec::new(),
        confidence: Confidence::default(),
    }
}

/// Orders findings: the worst first, then by package and id.
pub(crate) fn order(left: &Finding, right: &Finding) -> Ordering {
    right
        .severity
        .cmp(&left.severity)
        .then_with(|| left.package.name.cmp(&right.package.name))
        .then_with(|| left.id.cmp(&right.id))
        .then_with(|| left.package.cmp(&right.package))
        .then_with(|| left.namespace.cmp(&right.namespace))
        .then_with(|| left.feed.cmp(&right.feed))
}

/// Says in one sentence why a package is affected: what was compared with what, and where that
/// holds.
fn reason(affected: &Affected<'_>) -> String {
    let Statement {
        known,
        version,
        product,
        ..
    } = affected.statement;
    let kind = match known.candidate.kind {
        PackageKind::Source => "source package",
        PackageKind::Binary => "package",
        PackageKind::Ancestry => "image",
    };
    let relation = relation(affected.cause);
    let fix = match affected.fix {
        FixState::Fixed => "",
        FixState::NotFixed => "; no fix is known",
        FixState::WillNotFix => "; the source will not fix it",
        FixState::EndOfLife => "; the release gets no fixes any more",
        FixState::UnderInvestigation => "; the source has not determined yet whether that matters",
    };
    let name = known.package;
    let place = product.unwrap_or(known.namespace);
    format!("{kind} {name} {version} is {relation} in {place}{fix}")
}

fn relation(cause: Cause<'_>) -> String {
    let Range { introduced, end } = match cause {
        Cause::InRange(range) => range,
        Cause::Listed => return "listed as affected".into(),
    };
    let end = match end {
        None => None,
        Some(RangeEnd::Fixed(fixed)) => Some(format!("below {fixed}, which has the fix")),
        Some(RangeEnd::LastAffected(last)) => {
            Some(format!("not above {last}, the last affected version"))
        }
    };
    match (introduced, end) {
        (None, None) => "affected like every version".into(),
        (None, Some(end)) => end,
        (Some(first), None) => format!("not below {first}, the first affected version"),
        (Some(first), Some(end)) => {
            format!("not below {first}, the first affected version, and {end}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(introduced: Option<&str>, end: Option<RangeEnd>, expected: &str) {
        let range = Range {
            introduced: introduced.map(String::from),
            end,
        };
        assert_eq!(relation(Cause::InRange(&range)), expected);
    }

    #[test]
    fn every_form_of_range_is_put_into_words() {
        let fixed = || Some(RangeEnd::Fixed("3".into()));
        let last = || Some(RangeEnd::LastAffected("2".into()));
        check(None, None, "affected like every version");
        check(None, fixed(), "below 3, which has the fix");
        check(None, last(), "not above 2, the last affected version");
        check(Some("1"), None, "not below 1, the first affected version");
        check(
            Some("1"),
            fixed(),
            "not below 1, the first affected version, and below 3, which has the fix",
        );
        check(
            Some("1"),
            last(),
            "not below 1, the first affected version, and not above 2, the last affected version",
        );
    }
}
