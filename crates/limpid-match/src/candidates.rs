use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use limpid_types::{Details, Environment, Package, PackageKind};

use crate::distributions::SourceVersion;
use crate::release::Release;
use crate::statements::Statement;
use crate::{Candidate, FeedSnapshot, MatchError, VulnerabilityData};

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

    fn is_subject_of(&self, candidate: &Candidate<'_>, kind: PackageKind) -> bool {
        let package = self.package;
        let any_architecture = package.arch.is_empty() || candidate.architectures.is_empty();
        candidate.kind == kind
            && candidate.module == package.module
            && (any_architecture || candidate.architectures.contains(&package.arch.as_str()))
    }
}

/// A statement of a feed, looked up once for all packages that it concerns.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// Place of the feed among the feeds of the generation.
    feed: usize,
    /// What the feed says.
    pub(crate) candidate: Candidate<'a>,
    /// The package name that the feed speaks of.
    pub(crate) package: &'a str,
    details: OnceCell<Arc<Details>>,
}

impl<'a> Known<'a> {
    /// Makes a statement whose texts have not been read.
    pub(crate) fn new(feed: usize, package: &'a str, candidate: Candidate<'a>) -> Self {
        Self {
            feed,
            candidate,
            package,
            details: OnceCell::new(),
        }
    }

    /// Returns the feed.
    pub(crate) fn feed<'d>(&self, data: &'d dyn VulnerabilityData) -> Option<&'d FeedSnapshot> {
        data.feeds().get(self.feed)
    }

    /// Returns the texts, reading them when they are asked for first.
    pub(crate) fn details(
        &self,
        data: &dyn VulnerabilityData,
    ) -> Result<&Arc<Details>, MatchError> {
        if let Some(details) = self.details.get() {
            return Ok(details);
        }
        let details =
            data.details(self.feed, &self.candidate)
                .map_err(|source| MatchError::Texts {
                    id: self.candidate.id.clone(),
                    source,
                })?;
        Ok(self.details.get_or_init(|| Arc::new(details)))
    }
}

/// What the vulnerability data says about the packages of an image, looked up once per name.
pub(crate) struct Candidates<'a> {
    data: &'a dyn VulnerabilityData,
    /// By namespace and package name; each list is sorted by id.
    lists: HashMap<(&'a str, &'a str), Vec<Known<'a>>>,
}

impl<'a> Candidates<'a> {
    /// Starts with nothing looked up.
    pub(crate) fn new(data: &'a dyn VulnerabilityData) -> Self {
        Self {
            data,
            lists: HashMap::new(),
        }
    }

    /// Returns the statements that concern a package, sorted by id.
    ///
    /// Statements about source packages are found by the name of the source, those about binary
    /// packages by the name of the package itself.
    pub(crate) fn statements(
        &mut self,
        installed: &Installed<'a, '_>,
    ) -> Result<Vec<Statement<'_>>, MatchError> {
        let (source, source_version) = installed.source();
        let binary: &'a str = &installed.package.name;
        self.look_up(installed.release, source)?;
        self.look_up(installed.release, binary)?;
        let about = |name: &'a str, kind, version: &'a str| {
            self.list(installed.release, name)
                .iter()
                .filter(move |known| installed.is_subject_of(&known.candidate, kind))
                .map(move |known| Statement { known, version })
        };
        let mut statements: Vec<Statement<'_>> =
            about(source, PackageKind::Source, source_version).collect();
        let sources = statements.len();
        statements.extend(about(
            binary,
            PackageKind::Binary,
            &installed.package.version,
        ));
        if statements.len() > sources {
            statements.sort_by(|left, right| left.id().cmp(right.id()));
        }
        Ok(statements)
    }

    fn list(&self, release: &'a Release, name: &'a str) -> &[Known<'a>] {
        self.lists
            .get(&(release.namespace.as_str(), name))
            .map_or(&[], Vec::as_slice)
    }

    fn look_up(&mut self, release: &'a Release, name: &'a str) -> Result<(), MatchError> {
        let key = (release.namespace.as_str(), name);
        if self.lists.contains_key(&key) {
            return Ok(());
        }
        let mut list = Vec::new();
        for &feed in &release.feeds {
            let candidates = self
                .data
                .candidates(feed, &release.namespace, name)
                .map_err(|source| MatchError::Lookup {
                    namespace: release.namespace.clone(),
                    package: name.into(),
                    source,
                })?;
            let known = |candidate| Known::new(feed, name, candidate);
            list.extend(candidates.into_iter().map(known));
        }
        list.sort_by(|left, right| left.candidate.id.cmp(&right.candidate.id));
        self.lists.insert(key, list);
        Ok(())
    }
}
