//! What a vulnerability's document says of packages, put together to as few advisories as possible.
//!
//! | list of `product_status` | package | advisory |
//! |---|---|---|
//! | `fixed` | rpm | binary or source, below `epoch:version-release` |
//! | `fixed` | image | binary, from the start of its stream to below its tag |
//! | `known_affected` | rpm | binary or source as named, every version |
//! | `known_affected` | image | binary and source, every version |
//! | `known_not_affected` | rpm | binary or source as named, not affected |
//! | `known_not_affected` | image | ancestry, not affected |
//! | `under_investigation` | both | as `known_affected`, with that status |
//!
//! Products that differ in architecture or in the CPE name only become one advisory. Three rules go
//! beyond the lists:
//!
//! * A *source* counts for nothing where binaries of the same build are in the same list of the same
//!   product: those are all that the build gives. Newer documents name sources only, and there they
//!   count.
//! * That a package is *not affected* counts for nothing where the same document has the same
//!   package of the same product as affected or fixed, as for a build that was made before the flaw;
//!   and for a source where it has any binary of the product so.
//! * *Streams* of images are those of `major.minor` of their tags. The oldest one that has a fix
//!   takes in all that are older, and a tag that is a point in time belongs to no stream.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use limpid_types::{
    Advisory, AffectedPackage, PackageKind, REDHAT_IMAGES, Rating, Status, VersionConstraint,
};
use limpid_version::{Range, RangeEnd, RhctagVersion, Scheme};

use super::ratings::{Ratings, Unfixed};
use super::tree::Subject;

/// A status as the document has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verdict {
    /// `fixed`
    Fixed,
    /// `known_affected`
    Affected,
    /// `known_not_affected`
    NotAffected,
    /// `under_investigation`
    UnderInvestigation,
}

/// One product id in one of the lists.
struct Statement<'t> {
    id: &'t str,
    verdict: Verdict,
    subject: Subject<'t>,
}

/// What a document says, product by product.
#[derive(Default)]
pub(super) struct Statements<'t>(Vec<Statement<'t>>);

/// What advisories may have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line<'t> {
    namespace: &'t str,
    name: &'t str,
    kind: PackageKind,
    module: &'t str,
    is_image: bool,
    status: Status,
    range: Range,
    rating: Rating,
    bulletin: &'t str,
}

/// What tells packages of a product apart, beside the architecture.
type PackageKey<'t> = (&'t str, PackageKind, &'t str, &'t str);

impl<'t> Statements<'t> {
    /// Adds what a list says of a product; the error says why it cannot be used.
    pub(super) fn add(
        &mut self,
        id: &'t str,
        verdict: Verdict,
        subject: Subject<'t>,
    ) -> Result<(), String> {
        let package = subject.package;
        if verdict == Verdict::Fixed {
            if package.version.is_empty() {
                return Err("fixed, and no version".to_owned());
            }
            if package.is_image {
                RhctagVersion::parse(&package.version).map_err(|error| error.to_string())?;
            }
        }
        self.0.push(Statement {
            id,
            verdict,
            subject,
        });
        Ok(())
    }

    /// Puts the statements together. The advisories have no id and no details; the address of the
    /// bulletin that fixes it comes with each.
    pub(super) fn advisories(
        &self,
        ratings: &'t Ratings<'_>,
        mut take: impl FnMut(Advisory, &str),
    ) {
        for (line, products) in self.lines(ratings) {
            for (architectures, cpes) in by_architectures(products) {
                take(line.advisory(architectures, cpes), line.bulletin);
            }
        }
    }

    /// Collects the architectures by product for everything else that is the same.
    fn lines(
        &self,
        ratings: &'t Ratings<'_>,
    ) -> BTreeMap<Line<'t>, BTreeMap<&'t str, BTreeSet<&'t str>>> {
        let builds = self.builds();
        let affected = self.affected();
        let streams = self.oldest_streams();
        let mut lines: BTreeMap<Line<'t>, BTreeMap<&'t str, BTreeSet<&'t str>>> = BTreeMap::new();
        for statement in &self.0 {
            let Subject {
                package, platform, ..
            } = statement.subject;
            let is_replaced = package.kind == PackageKind::Source
                && builds.contains(&(statement.verdict, &*platform.cpe, &*package.version));
            let is_contradicted = statement.verdict == Verdict::NotAffected
                && (affected.packages.contains(&statement.key())
                    || package.kind == PackageKind::Source
                        && affected.products.contains(&*platform.cpe));
            if is_replaced || is_contradicted {
                continue;
            }
            let range = statement.range(&streams);
            for &kind in statement.kinds() {
                let line = Line {
                    namespace: if package.is_image {
                        REDHAT_IMAGES
                    } else {
                        &platform.namespace
                    },
                    name: &package.name,
                    kind,
                    module: statement.subject.module,
                    is_image: package.is_image,
                    status: statement.status(ratings),
                    range: range.clone(),
                    rating: ratings.rating(statement.id),
                    bulletin: ratings.bulletin(statement.id),
                };
                let products = lines.entry(line).or_default();
                let architectures = products.entry(&platform.cpe).or_default();
                architectures.insert(&*package.architecture);
            }
        }
        lines
    }

    /// Returns list, product and version of all binaries that have a version.
    fn builds(&self) -> HashSet<(Verdict, &'t str, &'t str)> {
        let binaries = self.0.iter().filter(|statement| {
            let package = statement.subject.package;
            package.kind == PackageKind::Binary && !package.version.is_empty()
        });
        let build = |statement: &Statement<'t>| {
            let subject = statement.subject;
            let version = subject.package.version.as_str();
            (statement.verdict, subject.platform.cpe.as_str(), version)
        };
        binaries.map(build).collect()
    }

    /// Returns what is affected, or may be, in some version.
    fn affected(&self) -> Affected<'t> {
        let mut affected = Affected::default();
        for statement in &self.0 {
            if statement.verdict != Verdict::NotAffected {
                affected.packages.insert(statement.key());
                if statement.subject.package.kind == PackageKind::Binary {
                    affected.products.insert(&statement.subject.platform.cpe);
                }
            }
        }
        affected
    }

    /// Returns the oldest stream with a fix for each image.
    fn oldest_streams(&self) -> HashMap<&'t str, String> {
        let mut oldest: HashMap<&'t str, String> = HashMap::new();
        for statement in &self.0 {
            let package = statement.subject.package;
            let Some(start) = statement.stream() else {
                continue;
            };
            oldest
                .entry(&package.name)
                .and_modify(|known| {
                    if Scheme::Rhctag.compare(&start, known) == Ok(Ordering::Less) {
                        known.clone_from(&start);
                    }
                })
                .or_insert(start);
        }
        oldest
    }
}

/// What a document has as affected, or may have.
#[derive(Default)]
struct Affected<'t> {
    packages: HashSet<PackageKey<'t>>,
    /// CPE names of products of which binaries are.
    products: HashSet<&'t str>,
}

impl<'t> Statement<'t> {
    fn key(&self) -> PackageKey<'t> {
        let subject = self.subject;
        let package = subject.package;
        (
            &package.name,
            package.kind,
            subject.module,
            &subject.platform.cpe,
        )
    }

    fn kinds(&self) -> &'static [PackageKind] {
        let package = self.subject.package;
        match (self.verdict, package.kind) {
            (Verdict::NotAffected, _) if package.is_image => &[PackageKind::Ancestry],
            (Verdict::Affected | Verdict::UnderInvestigation, _) if package.is_image => {
                // Images without a fix are named by their component or by their path.
                &[PackageKind::Source, PackageKind::Binary]
            }
            (_, PackageKind::Source) => &[PackageKind::Source],
            _ => &[PackageKind::Binary],
        }
    }

    fn status(&self, ratings: &Ratings<'_>) -> Status {
        match self.verdict {
            Verdict::Fixed => Status::Affected,
            Verdict::NotAffected => Status::NotAffected,
            Verdict::UnderInvestigation => Status::UnderInvestigation,
            Verdict::Affected => match ratings.unfixed(self.id) {
                Some(Unfixed::WillNotFix) => Status::WillNotFix,
                Some(Unfixed::EndOfLife) => Status::EndOfLife,
                None => Status::Affected,
            },
        }
    }

    fn range(&self, oldest_streams: &HashMap<&str, String>) -> Range {
        if self.verdict != Verdict::Fixed {
            return Range::default();
        }
        let package = self.subject.package;
        let start = self.stream().filter(|start| {
            oldest_streams
                .get(&*package.name)
                .is_some_and(|oldest| oldest != start)
        });
        Range {
            introduced: start,
            end: Some(RangeEnd::Fixed(package.version.clone())),
        }
    }

    /// Returns the start of the stream of a fixed image, unless its tag is a point in time.
    fn stream(&self) -> Option<String> {
        let package = self.subject.package;
        if self.verdict != Verdict::Fixed || !package.is_image {
            return None;
        }
        let tag = RhctagVersion::parse(&package.version).ok()?;
        (!tag.is_time()).then(|| tag.minor_start())
    }
}

impl Line<'_> {
    fn advisory(&self, architectures: Vec<&str>, cpes: Vec<&str>) -> Advisory {
        let scheme = if self.is_image {
            Scheme::Rhctag
        } else {
            Scheme::Rpm
        };
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Advisory {
            id: String::new(),
            namespace: self.namespace.to_owned(),
            package: AffectedPackage {
                name: self.name.to_owned(),
                kind: self.kind,
                repository: String::new(),
                module: self.module.to_owned(),
                architectures: owned(architectures),
                cpes: owned(cpes),
            },
            status: self.status,
            versions: VersionConstraint {
                scheme,
                ranges: vec![self.range.clone()],
                enumerated: Vec::new(),
            },
            rating: self.rating.clone(),
            details: limpid_types::Details::default(),
        }
    }
}

/// Turns architectures by product into products by architectures. The empty architecture is every
/// one, for which no architecture stands.
fn by_architectures<'t>(
    products: BTreeMap<&'t str, BTreeSet<&'t str>>,
) -> BTreeMap<Vec<&'t str>, Vec<&'t str>> {
    let mut turned: BTreeMap<Vec<&'t str>, Vec<&'t str>> = BTreeMap::new();
    for (product, architectures) in products {
        let architectures = if architectures.contains("") {
            Vec::new()
        } else {
            architectures.into_iter().collect()
        };
        turned.entry(architectures).or_default().push(product);
    }
    turned
}
