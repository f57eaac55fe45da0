use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use limpid_types::{Cpe, Details, Environment, Package, PackageKind};
use limpid_vulndb::DetailsHandle;

use crate::distributions::{Epochs, SourceVersion};
use crate::products::{Covered, Products};
use crate::release::Release;
use crate::statements::{self, Statement};
use crate::{Candidate, CandidateTexts, FeedSnapshot, MatchError, VulnerabilityData};

/// A package as it is installed in one release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Installed<'a, 'e> {
    /// Key into the index report's packages.
    pub(crate) id: &'a str,
    /// The package.
    pub(crate) package: &'a Package,
    /// Where it was found.
    pub(crate) environment: &'e Environment,
    /// The release that it is part of.
    pub(crate) release: &'a Release,
}

impl<'a> Installed<'a, '_> {
    /// Returns the name of the source package and the version that stands for it.
    ///
    /// A package without a source is its own: dpkg leaves the source out when it has the name of
    /// the package. The version of the source matters where it differs from the installed one:
    /// `libdevmapper1.02.1` has the version `2:1.02.185-2`, and `lvm2`, which it is built from and
    /// which the advisories speak of, `2.03.16-2`.
    fn source(&self) -> (&'a str, &'a str) {
        let package = self.package;
        let source = package
            .source
            .as_deref()
            .filter(|source| !source.name.is_empty());
        let Some(source) = source else {
            return (&package.name, &package.version);
        };
        let version = match self.release.source_version {
            SourceVersion::Recorded if !source.version.is_empty() => &source.version,
            SourceVersion::Recorded | SourceVersion::Installed => &package.version,
        };
        (&source.name, version)
    }

    /// Returns what is looked up for the package: names, kinds and the versions that stand for it.
    fn sought(&self) -> Vec<(&'a str, PackageKind, &'a str)> {
        let package = self.package;
        let compared = |version: &'a str| match self.release.epochs {
            Epochs::Compared => version,
            Epochs::Unnamed => version.split_once(':').map_or(version, |(_, rest)| rest),
        };
        let version = compared(&package.version);
        if self.release.names.is_empty() {
            let (source, source_version) = self.source();
            return vec![
                (source, PackageKind::Source, compared(source_version)),
                (&package.name, PackageKind::Binary, version),
            ];
        }
        // What is not affected as an image is not affected as a package of it either.
        let mut kinds = vec![package.kind.unwrap_or_default(), PackageKind::Ancestry];
        kinds.dedup();
        let names = self.release.names.iter().map(String::as_str);
        names
            .flat_map(|name| kinds.iter().map(move |kind| (name, *kind, version)))
            .collect()
    }

    fn is_subject_of(&self, candidate: &Candidate<'_>, kind: PackageKind) -> bool {
        let package = self.package;
        let own = architecture(&package.arch);
        // What is built for no architecture is part of the same build on each.
        let is_any = |architecture: &str| matches!(architecture, "" | "noarch");
        let holds_for = |named: &&str| is_any(named) || architecture(named) == own;
        candidate.kind == kind
            && (self.release.concerns)(package, candidate)
            && self
                .release
                .repository
                .as_deref()
                .is_none_or(|known| known == candidate.repository)
            && (is_any(own)
                || candidate.architectures.is_empty()
                || candidate.architectures.iter().any(holds_for))
    }
}

/// Returns the name that an architecture has in rpm, of the two that are in use for some.
fn architecture(name: &str) -> &str {
    match name {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        name => name,
    }
}

/// A statement of a feed, looked up once for all packages that it concerns.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// Place of the feed among the feeds of the generation.
    feed: usize,
    /// Where the statement holds.
    pub(crate) namespace: &'a str,
    /// What the feed says.
    pub(crate) candidate: Candidate<'a>,
    /// The package name that the feed speaks of.
    pub(crate) package: &'a str,
}

impl<'a> Known<'a> {
    /// Makes a statement.
    pub(crate) fn new(
        feed: usize,
        namespace: &'a str,
        package: &'a str,
        candidate: Candidate<'a>,
    ) -> Self {
        Self {
            feed,
            namespace,
            candidate,
            package,
        }
    }

    /// Returns the feed.
    pub(crate) fn feed<'d>(&self, data: &'d dyn VulnerabilityData) -> Option<&'d FeedSnapshot> {
        data.feeds().get(self.feed)
    }
}

/// The texts of what was found in an image, each read once: a vulnerability has the same in every
/// package of its feed.
#[derive(Default)]
pub(crate) struct Texts(HashMap<(usize, DetailsHandle), Arc<Details>>);

impl Texts {
    /// Returns the texts of a statement.
    pub(crate) fn of(
        &mut self,
        known: &Known<'_>,
        data: &dyn VulnerabilityData,
    ) -> Result<Arc<Details>, MatchError> {
        let read = || {
            let details = data.details(known.feed, &known.candidate);
            details.map(Arc::new).map_err(|source| MatchError::Texts {
                id: known.candidate.id.clone(),
                source,
            })
        };
        let CandidateTexts::Stored(handle) = known.candidate.texts else {
            return read();
        };
        Ok(match self.0.entry((known.feed, handle)) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => Arc::clone(place.insert(read()?)),
        })
    }
}

/// What the vulnerability data says about the packages of an image, looked up once per name.
pub(crate) struct Candidates<'a> {
    data: &'a dyn VulnerabilityData,
    /// By namespace and package name; each list is sorted by id.
    lists: HashMap<(&'a str, &'a str), Vec<Known<'a>>>,
    coverage: ProductCoverage<'a>,
}

impl<'a> Candidates<'a> {
    /// Starts with nothing looked up.
    pub(crate) fn new(data: &'a dyn VulnerabilityData) -> Self {
        Self {
            data,
            lists: HashMap::new(),
            coverage: ProductCoverage::default(),
        }
    }

    /// Returns the statements that concern a package, sorted by id.
    ///
    /// Statements about source packages are found by the name of the source, those about binary
    /// packages and whole images by the name of the package itself.
    pub(crate) fn statements(
        &mut self,
        installed: &Installed<'a, '_>,
    ) -> Result<Vec<Statement<'_>>, MatchError> {
        let sought = installed.sought();
        let release = installed.release;
        for namespace in &release.namespaces {
            for (name, ..) in &sought {
                look_up(&mut self.lists, self.data, release, namespace, name)?;
            }
        }
        let mut statements = Vec::new();
        for namespace in &release.namespaces {
            if release.products.is_none() && !statements.is_empty() {
                break;
            }
            for &(name, kind, version) in &sought {
                let list = self.lists.get(&(namespace.as_str(), name));
                for known in list.map_or(&[][..], Vec::as_slice) {
                    if !installed.is_subject_of(&known.candidate, kind) {
                        continue;
                    }
                    let (products, product) = match &release.products {
                        None => (1, None),
                        Some(products) => self.coverage.of(products, &known.candidate),
                    };
                    if products != 0 {
                        statements.push(Statement {
                            known,
                            version,
                            products,
                            product,
                        });
                    }
                }
            }
        }
        statements.sort_by(|left, right| left.id().cmp(right.id()));
        Ok(statements)
    }
}

fn look_up<'a>(
    lists: &mut HashMap<(&'a str, &'a str), Vec<Known<'a>>>,
    data: &'a dyn VulnerabilityData,
    release: &'a Release,
    namespace: &'a str,
    name: &'a str,
) -> Result<(), MatchError> {
    let Entry::Vacant(vacant) = lists.entry((namespace, name)) else {
        return Ok(());
    };
    let mut list = Vec::new();
    for &feed in &release.feeds {
        let candidates =
            data.candidates(feed, namespace, name)
                .map_err(|source| MatchError::Lookup {
                    namespace: namespace.into(),
                    package: name.into(),
                    source,
                })?;
        let known = |candidate| Known::new(feed, namespace, name, candidate);
        list.extend(candidates.into_iter().map(known));
    }
    list.sort_by(|left, right| left.candidate.id.cmp(&right.candidate.id));
    vacant.insert(list);
    Ok(())
}

/// Tells for which products of a release statements hold. Few names of products are in use, so
/// each is read and compared once.
#[derive(Default)]
struct ProductCoverage<'a> {
    /// The products that `covered` is about.
    products: Option<&'a Products>,
    covered: HashMap<&'a str, Covered>,
}

impl<'a> ProductCoverage<'a> {
    /// Gives the products as bits, and the name of one of them.
    fn of(&mut self, products: &'a Products, candidate: &Candidate<'a>) -> (u64, Option<&'a str>) {
        if !self
            .products
            .is_some_and(|known| std::ptr::eq(known, products))
        {
            self.products = Some(products);
            self.covered.clear();
        }
        let has_fix = statements::names_a_fix(candidate);
        let (mut sum, mut first) = (0, None);
        for &name in &candidate.cpes {
            let covered = self.covered.entry(name).or_insert_with(|| {
                Cpe::parse(name)
                    .map_or_else(|_| Covered::default(), |cpe| products.covered_by(&cpe))
            });
            let bits = if has_fix {
                covered.always
            } else {
                covered.always | covered.unless_fixed
            };
            if bits != 0 {
                first.get_or_insert(name);
            }
            sum |= bits;
        }
        (sum, first)
    }
}
