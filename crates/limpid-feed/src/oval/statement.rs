use std::collections::HashMap;
use std::rc::Rc;

use limpid_types::VersionConstraint;
use limpid_version::{Range, RangeEnd, Scheme};

use super::range;

/// What a definition says of one package.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// Name of the binary package.
    pub(crate) package: Rc<str>,
    /// The versions that it is about.
    pub(crate) versions: VersionConstraint,
    /// Whether it says that the package is not affected.
    pub(crate) is_not_affected: bool,
    /// The architectures that it is limited to; all when there are none.
    pub(crate) architectures: Vec<String>,
    /// The modules of which one must be enabled.
    pub(crate) modules: Vec<Rc<str>>,
    /// The comment of the criterion, where some sources put more than their tests say.
    pub(crate) comment: Rc<str>,
    platforms: Vec<Group>,
    excluded: Vec<Rc<str>>,
}

/// Tells where the statements of one definition hold, which most of them have in common.
pub(crate) struct Namespaces<'a> {
    of_platform: &'a dyn Fn(&str) -> Vec<String>,
    of_group: HashMap<*const Rc<str>, (Group, Vec<String>)>,
}

/// Platforms of which one must be there.
type Group = Rc<[Rc<str>]>;

impl<'a> Namespaces<'a> {
    /// Takes what a platform's name means to the source: it may be part of several distributions,
    /// or of none.
    pub(crate) fn new(of_platform: &'a dyn Fn(&str) -> Vec<String>) -> Self {
        Self {
            of_platform,
            of_group: HashMap::new(),
        }
    }

    /// Returns where a statement holds. None when it names no platform at all.
    pub(crate) fn of(&mut self, statement: &Statement) -> Option<Vec<String>> {
        let (first, rest) = statement.platforms.split_first()?;
        let mut namespaces = self.of_group(first).to_vec();
        for group in rest {
            let allowed = self.of_group(group);
            namespaces.retain(|name| allowed.contains(name));
        }
        for platform in &statement.excluded {
            let excluded = (self.of_platform)(platform);
            namespaces.retain(|name| !excluded.contains(name));
        }
        Some(namespaces)
    }

    /// Statements share their groups, which are looked up by where they are in memory.
    fn of_group(&mut self, group: &Group) -> &[String] {
        let (_, names) = self.of_group.entry(group.as_ptr()).or_insert_with(|| {
            let platforms = group.iter();
            let mut names: Vec<String> = platforms
                .flat_map(|platform| (self.of_platform)(platform))
                .collect();
            names.sort_unstable();
            names.dedup();
            (Rc::clone(group), names)
        });
        names
    }
}

/// One of the alternatives that make a definition true: all of what it lists together.
#[derive(Clone, Default)]
pub(super) struct Branch {
    /// Of each group one platform.
    platforms: Vec<Group>,
    /// None of these platforms.
    excluded: Vec<Rc<str>>,
    modules: Vec<Rc<str>>,
    architectures: Option<Rc<[Rc<str>]>>,
    packages: Vec<PackageTest>,
    /// Whether the parts contradict each other.
    is_impossible: bool,
}

/// A package, and what must be true of it.
#[derive(Clone)]
struct PackageTest {
    name: Rc<str>,
    demand: Rc<PackageDemand>,
}

/// What must be true of a package. The packages of one test have it in common.
pub(super) struct PackageDemand {
    pub(super) scheme: Scheme,
    pub(super) range: Range,
    pub(super) architectures: Option<Vec<Rc<str>>>,
    pub(super) comment: Rc<str>,
    /// Whether it says what others are judged under and not what is wrong.
    pub(super) is_condition: bool,
    pub(super) is_marked_unaffected: bool,
}

impl Branch {
    pub(super) fn of_platforms(platforms: Vec<Rc<str>>) -> Self {
        Self {
            platforms: vec![platforms.into()],
            ..Self::default()
        }
    }

    pub(super) fn of_excluded(platform: Rc<str>) -> Self {
        Self {
            excluded: vec![platform],
            ..Self::default()
        }
    }

    pub(super) fn of_module(module: Rc<str>) -> Self {
        Self {
            modules: vec![module],
            ..Self::default()
        }
    }

    pub(super) fn of_architectures(architectures: Vec<Rc<str>>) -> Self {
        Self {
            architectures: Some(architectures.into()),
            ..Self::default()
        }
    }

    pub(super) fn of_package(name: Rc<str>, demand: Rc<PackageDemand>) -> Self {
        Self {
            packages: vec![PackageTest { name, demand }],
            ..Self::default()
        }
    }

    /// Returns the alternatives when there is nothing but one group of platforms.
    pub(super) fn only_platforms(&self) -> Option<&[Rc<str>]> {
        let is_only = self.excluded.is_empty()
            && self.modules.is_empty()
            && self.architectures.is_none()
            && self.packages.is_empty()
            && !self.is_impossible;
        match self.platforms.as_slice() {
            [alternatives] if is_only => Some(alternatives),
            _ => None,
        }
    }

    /// Returns how many packages and platforms are taken together.
    pub(super) fn size(&self) -> usize {
        self.packages.len() + self.platforms.len() + self.excluded.len() + self.modules.len()
    }

    /// Demands what another branch demands, too.
    pub(super) fn add(&mut self, other: &Self) {
        self.platforms.extend_from_slice(&other.platforms);
        self.excluded.extend_from_slice(&other.excluded);
        self.modules.extend_from_slice(&other.modules);
        self.packages.extend_from_slice(&other.packages);
        self.is_impossible |= other.is_impossible;
        self.architectures = match (&self.architectures, &other.architectures) {
            (Some(left), Some(right)) => {
                let both: Rc<[Rc<str>]> = left
                    .iter()
                    .filter(|name| right.contains(name))
                    .cloned()
                    .collect();
                self.is_impossible |= both.is_empty();
                Some(both)
            }
            (left, right) => left.clone().or_else(|| right.clone()),
        };
    }

    /// Adds what this alternative says of packages.
    ///
    /// When it takes several packages together, the ones with an upper end are what is wrong, and
    /// "this kernel is installed" is what they are judged under: SUSE's live patches are written so.
    pub(super) fn add_statements(&self, statements: &mut Vec<Statement>) {
        let candidates = || {
            self.packages
                .iter()
                .filter(|package| !package.demand.is_condition)
        };
        let has_several = candidates().any(|a| candidates().any(|b| a.name != b.name));
        let has_bounded = candidates().any(|package| package.demand.has_upper_end());
        let mut done: Vec<&str> = Vec::new();
        for package in candidates() {
            let is_precondition = has_several && has_bounded && !package.demand.has_upper_end();
            if is_precondition || self.is_impossible || done.contains(&&*package.name) {
                continue;
            }
            done.push(&package.name);
            statements.extend(self.statement(package));
        }
    }

    fn statement(&self, package: &PackageTest) -> Option<Statement> {
        let PackageTest { name, demand } = package;
        let mut range = Range::default();
        let mut architectures = self.architectures.as_deref().map(<[_]>::to_vec);
        for test in self.packages.iter().filter(|test| test.name == *name) {
            range = range::intersect(demand.scheme, range, test.demand.range.clone())?;
            if let Some(allowed) = &test.demand.architectures {
                let names = architectures.get_or_insert_with(|| allowed.clone());
                names.retain(|name| allowed.contains(name));
                if names.is_empty() {
                    return None;
                }
            }
        }
        Some(Statement {
            package: Rc::clone(name),
            versions: VersionConstraint {
                scheme: demand.scheme,
                ranges: vec![range],
                enumerated: Vec::new(),
            },
            is_not_affected: demand.is_marked_unaffected,
            architectures: architectures
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect(),
            modules: self.modules.clone(),
            comment: Rc::clone(&demand.comment),
            platforms: self.platforms.clone(),
            excluded: self.excluded.clone(),
        })
    }
}

impl PackageDemand {
    /// Tells whether versions from some one on are not meant.
    fn has_upper_end(&self) -> bool {
        match (&self.range.introduced, &self.range.end) {
            (_, None) => false,
            (Some(first), Some(RangeEnd::LastAffected(last))) => first != last,
            (_, Some(_)) => true,
        }
    }
}
