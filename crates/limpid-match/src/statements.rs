use std::cmp::Ordering;

use limpid_types::{FixState, Status, VersionConstraint};
use limpid_version::{Range, RangeEnd, RhctagVersion, Scheme, VersionError};

use crate::Candidate;
use crate::candidates::Known;
use crate::minor_release;

/// A statement about one package, and the version of the package that it is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement<'a> {
    /// The statement.
    pub(crate) known: &'a Known<'a>,
    /// The version that stands for the package.
    pub(crate) version: &'a str,
    /// For which of the products that the package may be of the statement holds, as bits. There is
    /// one product where the feed knows none.
    pub(crate) products: u64,
    /// The name of one of them, as the feed has it.
    pub(crate) product: Option<&'a str>,
}

impl<'a> Statement<'a> {
    /// Returns the id of the vulnerability.
    pub(crate) fn id(&self) -> &'a str {
        &self.known.candidate.id
    }

    fn versions(&self) -> &'a VersionConstraint {
        &self.known.candidate.versions
    }
}

/// What all statements with the same id say together about one package.
#[derive(Clone, Debug)]
pub(crate) enum Outcome<'a> {
    /// Nothing speaks against the package.
    Clear,
    /// The source says that the package is not affected, whatever its version.
    NotAffected(Statement<'a>),
    /// The package has the vulnerability, or may have it.
    Affected(Affected<'a>),
    /// A version could not be compared, and no other statement settles it.
    Unknown(VersionError),
}

/// The statement that decides about a finding.
#[derive(Clone, Debug)]
pub(crate) struct Affected<'a> {
    /// The statement.
    pub(crate) statement: Statement<'a>,
    /// What its constraint holds against the version.
    pub(crate) cause: Cause<'a>,
    /// Whether and how it is fixed.
    pub(crate) fix: FixState,
}

/// Why a version satisfies a constraint.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause<'a> {
    /// It is inside a range.
    InRange(&'a Range),
    /// It is one of the versions that are listed.
    Listed,
}

impl Affected<'_> {
    /// Returns the first version with the fix, or nothing.
    pub(crate) fn fixed_version(&self) -> &str {
        match (self.fix, self.cause) {
            (
                FixState::Fixed,
                Cause::InRange(Range {
                    end: Some(RangeEnd::Fixed(version)),
                    ..
                }),
            ) => version,
            _ => "",
        }
    }
}

/// Judges one package by the statements that share an id.
///
/// A package may be of several products, and nobody knows of which: each is judged by what holds
/// for it, and the worst counts.
pub(crate) fn judge<'a>(statements: &[Statement<'a>]) -> Outcome<'a> {
    let all = statements
        .iter()
        .fold(0, |all, statement| all | statement.products);
    if statements.iter().all(|statement| statement.products == all) {
        return judge_product(statements.iter().copied());
    }
    let mut worst = Outcome::Clear;
    let mut left = all;
    while left != 0 {
        let product = left & left.wrapping_neg();
        left &= !product;
        let of_product = statements
            .iter()
            .copied()
            .filter(|statement| statement.products & product != 0);
        worst = worst.or_worse(judge_product(of_product));
    }
    worst
}

impl Outcome<'_> {
    /// Returns the worse of two.
    fn or_worse(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Affected(found), Self::Affected(known)) if outweighs(known, found) => other,
            _ if other.rank() > self.rank() => other,
            _ => self,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::NotAffected(_) => 1,
            Self::Unknown(_) => 2,
            Self::Affected(_) => 3,
        }
    }
}

/// Judges a package as part of one product.
///
/// A statement that the package is not affected cancels all others: it is the more specific
/// knowledge. Otherwise a package is clear only if it is outside *every* statement. Sources list an
/// id under several fixed versions when a first fix was not complete (Alpine's busybox, fixed in
/// `1.29.3-r10` and again in `1.30.1-r2`): the package stays a finding until the highest of them,
/// and that is the fixed version of the one finding, unless it is the fix of another minor release
/// ([`minor_release`]). One statement without a fix means that there is none.
fn judge_product<'a>(statements: impl Iterator<Item = Statement<'a>> + Clone) -> Outcome<'a> {
    let mut others = statements.clone();
    if let Some(statement) =
        others.find(|statement| statement.known.candidate.status == Status::NotAffected)
    {
        return Outcome::NotAffected(statement);
    }
    let mut decisive: Option<Affected<'a>> = None;
    let mut failure = None;
    let version = statements.clone().next().map(|statement| statement.version);
    let has_its_fix = version.is_some_and(|version| {
        let constraints = statements.clone().map(|statement| statement.versions());
        minor_release::has_its_fix(version, constraints) == Some(true)
    });
    for statement in statements {
        if has_its_fix && names_a_fix(&statement.known.candidate) {
            continue;
        }
        match cause(statement.versions(), statement.version) {
            Ok(Some(cause)) => {
                let found = Affected {
                    statement,
                    cause,
                    fix: fix_state(statement.known.candidate.status, cause),
                };
                decisive = Some(match decisive {
                    Some(known) if !outweighs(&found, &known) => known,
                    _ => found,
                });
            }
            Ok(None) => {}
            Err(error) => failure = Some(error),
        }
    }
    match (decisive, failure) {
        (Some(affected), _) => Outcome::Affected(affected),
        (None, Some(error)) => Outcome::Unknown(error),
        (None, None) => Outcome::Clear,
    }
}

/// Tells whether a statement says in which version something was fixed.
pub(crate) fn names_a_fix(candidate: &Candidate<'_>) -> bool {
    let has_end = |range: &Range| matches!(range.end, Some(RangeEnd::Fixed(_)));
    candidate.status == Status::Affected && candidate.versions.ranges.iter().any(has_end)
}

/// Finds what a constraint holds against a version; of several ranges, the one that ends last.
///
/// A comparison that fails is an error only when nothing else settles the matter.
fn cause<'a>(
    constraint: &'a VersionConstraint,
    version: &str,
) -> Result<Option<Cause<'a>>, VersionError> {
    let mut last: Option<&'a Range> = None;
    let mut failure = None;
    for range in &constraint.ranges {
        if constraint.scheme == Scheme::Rhctag && is_of_another_form(version, range) {
            failure = Some(VersionError {
                scheme: constraint.scheme,
                version: version.to_owned(),
                cause: "a time and a version do not compare",
            });
            continue;
        }
        match range.contains(constraint.scheme, version) {
            Ok(true) if last.is_none_or(|known| ends_later(constraint, range, known)) => {
                last = Some(range);
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    if let Some(range) = last {
        return Ok(Some(Cause::InRange(range)));
    }
    for listed in &constraint.enumerated {
        match constraint.scheme.compare_bound(version, listed) {
            Ok(Ordering::Equal) => return Ok(Some(Cause::Listed)),
            Ok(_) => {}
            Err(_) if listed == version => return Ok(Some(Cause::Listed)),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// Tells whether of an image's tag and the end of a range one is the time of the image's making and
/// the other a version: nobody knows which of them is later.
fn is_of_another_form(version: &str, range: &Range) -> bool {
    let Some(RangeEnd::Fixed(end) | RangeEnd::LastAffected(end)) = &range.end else {
        return false;
    };
    match (RhctagVersion::parse(version), RhctagVersion::parse(end)) {
        (Ok(version), Ok(end)) => version.is_time() != end.is_time(),
        _ => false,
    }
}

fn ends_later(constraint: &VersionConstraint, range: &Range, other: &Range) -> bool {
    match (&range.end, &other.end) {
        (None, Some(_)) => true,
        (_, None) => false,
        (
            Some(RangeEnd::Fixed(end) | RangeEnd::LastAffected(end)),
            Some(RangeEnd::Fixed(other) | RangeEnd::LastAffected(other)),
        ) => constraint.scheme.compare(end, other) == Ok(Ordering::Greater),
    }
}

fn fix_state(status: Status, cause: Cause<'_>) -> FixState {
    match status {
        Status::WillNotFix => FixState::WillNotFix,
        Status::EndOfLife => FixState::EndOfLife,
        Status::UnderInvestigation => FixState::UnderInvestigation,
        Status::Affected | Status::NotAffected => match cause {
            Cause::InRange(Range {
                end: Some(RangeEnd::Fixed(_)),
                ..
            }) => FixState::Fixed,
            Cause::InRange(_) | Cause::Listed => FixState::NotFixed,
        },
    }
}

/// Tells whether a statement decides over another one that holds too.
fn outweighs(found: &Affected<'_>, known: &Affected<'_>) -> bool {
    let (weight, other) = (weight(found.fix), weight(known.fix));
    if weight != other {
        return weight > other;
    }
    match (found.cause, known.cause) {
        (Cause::InRange(range), Cause::InRange(other)) => {
            ends_later(found.statement.versions(), range, other)
        }
        _ => false,
    }
}

/// Ranks the states of a fix: what is certain over what is not, then the worse for the user.
fn weight(fix: FixState) -> u8 {
    match fix {
        FixState::UnderInvestigation => 0,
        FixState::Fixed => 1,
        FixState::NotFixed => 2,
        FixState::EndOfLife => 3,
        FixState::WillNotFix => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Candidate, CandidateTexts};
    use limpid_types::{Details, PackageKind, Severity};

    static NO_TEXTS: Details = Details {
        aliases: Vec::new(),
        description: String::new(),
        references: Vec::new(),
        published: String::new(),
        modified: String::new(),
        withdrawn: String::new(),
    };

    fn candidate(status: Status, versions: VersionConstraint) -> Known<'static> {
        let candidate = Candidate {
            id: "CVE-2019-5747".into(),
            kind: PackageKind::Source,
            repository: "main",
            module: "",
            architectures: Vec::new(),
            cpes: Vec::new(),
            status,
            versions,
            severity: Severity::Unknown,
            severity_text: "",
            texts: CandidateTexts::Held(&NO_TEXTS),
        };
        Known::new(0, "alpine:3.9", "busybox", candidate)
    }

    fn below(fixed: &str) -> Known<'static> {
        candidate(
            Status::Affected,
            VersionConstraint::below(Scheme::Apk, fixed),
        )
    }

    fn with_status(status: Status) -> Known<'static> {
        candidate(status, VersionConstraint::any(Scheme::Apk))
    }

    /// Judges a version and gives the state of the fix with the fixed version.
    fn fix(candidates: &[Known<'_>], version: &str) -> Option<(FixState, String)> {
        let statements: Vec<Statement<'_>> = candidates
            .iter()
            .map(|known| Statement {
                known,
                version,
                products: 1,
                product: None,
            })
            .collect();
        match judge(&statements) {
            Outcome::Clear | Outcome::NotAffected(_) => None,
            Outcome::Affected(affected) => Some((affected.fix, affected.fixed_version().into())),
            Outcome::Unknown(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_version_at_the_fix_is_clear() {
        let candidates = [below("1.1.1d-r0")];
        assert_eq!(
            fix(&candidates, "1.1.1c-r0"),
            Some((FixState::Fixed, "1.1.1d-r0".into()))
        );
        assert_eq!(fix(&candidates, "1.1.1d-r0"), None);
        assert_eq!(fix(&candidates, "1.1.1d-r1"), None);
    }

    #[test]
    fn an_id_that_was_fixed_twice_is_a_finding_until_the_higher_fix() {
        let mut candidates = [below("1.30.1-r2"), below("1.29.3-r10")];
        for _ in 0..2 {
            let expected = Some((FixState::Fixed, "1.30.1-r2".into()));
            assert_eq!(fix(&candidates, "1.29.0-r0"), expected);
            assert_eq!(fix(&candidates, "1.30.0-r0"), expected);
            assert_eq!(fix(&candidates, "1.30.1-r2"), None);
            candidates.reverse();
        }
    }

    #[test]
    fn ranges_of_one_statement_add_up_like_statements() {
        let mut versions = VersionConstraint::below(Scheme::Apk, "1.0-r1");
        versions.ranges.push(Range {
            introduced: Some("2.0-r0".into()),
            end: Some(RangeEnd::Fixed("2.0-r3".into())),
        });
        let candidates = [candidate(Status::Affected, versions)];
        assert_eq!(
            fix(&candidates, "0.9-r0"),
            Some((FixState::Fixed, "1.0-r1".into()))
        );
        assert_eq!(fix(&candidates, "1.5-r0"), None);
        assert_eq!(
            fix(&candidates, "2.0-r2"),
            Some((FixState::Fixed, "2.0-r3".into()))
        );
    }

    #[test]
    fn not_affected_cancels_affected() {
        let candidates = [below("2.0-r0"), with_status(Status::NotAffected)];
        assert_eq!(fix(&candidates, "1.0-r0"), None);
    }

    #[test]
    fn not_affected_cancels_affected_of_the_same_product_only() {
        let candidates = [below("2.0-r0"), with_status(Status::NotAffected)];
        let of = |products: [u64; 2]| {
            let statements: Vec<Statement<'_>> = candidates
                .iter()
                .zip(products)
                .map(|(known, products)| Statement {
                    known,
                    version: "1.0-r0",
                    products,
                    product: None,
                })
                .collect();
            judge(&statements).rank()
        };
        let (not_affected, affected) = (1, 3);
        assert_eq!(of([0b01, 0b01]), not_affected);
        assert_eq!(of([0b01, 0b11]), not_affected);
        assert_eq!(of([0b01, 0b10]), affected);
        assert_eq!(of([0b11, 0b10]), affected);
    }

    #[test]
    fn a_statement_without_a_fix_outweighs_one_with() {
        let candidates = [below("2.0-r0"), with_status(Status::Affected)];
        assert_eq!(
            fix(&candidates, "1.0-r0"),
            Some((FixState::NotFixed, String::new()))
        );
    }

    #[test]
    fn what_is_certain_outweighs_what_is_under_investigation() {
        let candidates = [with_status(Status::UnderInvestigation), below("2.0-r0")];
        assert_eq!(
            fix(&candidates, "1.0-r0"),
            Some((FixState::Fixed, "2.0-r0".into()))
        );
        assert_eq!(
            fix(&candidates, "2.0-r0"),
            Some((FixState::UnderInvestigation, String::new()))
        );
    }

    #[test]
    fn the_last_affected_version_is_inside_and_gives_no_fix() {
        let candidates = [candidate(
            Status::Affected,
            VersionConstraint {
                scheme: Scheme::Apk,
                ranges: vec![Range {
                    introduced: None,
                    end: Some(RangeEnd::LastAffected("1.0-r0".into())),
                }],
                enumerated: Vec::new(),
            },
        )];
        assert_eq!(
            fix(&candidates, "1.0-r0"),
            Some((FixState::NotFixed, String::new()))
        );
        assert_eq!(fix(&candidates, "1.0-r1"), None);
    }

    #[test]
    fn a_listed_version_is_affected() {
        let mut versions = VersionConstraint::none(Scheme::Apk);
        versions.enumerated.push("1.0-r0".into());
        let candidates = [candidate(Status::Affected, versions)];
        assert!(fix(&candidates, "1.0-r0").is_some());
        assert_eq!(fix(&candidates, "1.0-r1"), None);
    }
}
