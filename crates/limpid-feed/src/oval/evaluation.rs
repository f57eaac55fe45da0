use std::rc::Rc;

use limpid_version::{Range, Scheme};

use super::formula::{Formula, Kind};
use super::range;
use super::state::{Demand, Operation, State};
use super::statement::{Branch, PackageDemand, Statement};
use super::tables::{Check, Tables, Test, TestKind};

/// How often a definition may extend one that extends one.
const MAX_EXTENSIONS: usize = 8;

/// Bound on the parts of a formula that are looked at and on the combinations that they make, so
/// that a small definition cannot stand for a huge one. A Linux kernel's takes some ten thousand.
const MAX_STEPS: usize = 400_000;

/// How many packages one alternative may take together; real ones take two.
const MAX_PACKAGES: usize = 64;

/// How many platforms may be alternatives; real ones are fifty.
const MAX_PLATFORMS: usize = 256;

/// The evaluation of one definition: from its formula to its [`Branch`]es, the alternatives that
/// each make it true, and from these to what it says of packages.
pub(super) struct Evaluation<'a> {
    tables: &'a Tables,
    steps: usize,
    extensions: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            steps: 0,
            extensions: 0,
        }
    }

    /// Returns what a definition says of packages.
    pub(super) fn statements(&mut self, formula: &Formula) -> Result<Vec<Statement>, String> {
        let mut statements = Vec::new();
        for branch in self.branches(formula, false)? {
            branch.add_statements(&mut statements);
        }
        Ok(statements)
    }

    fn branches(&mut self, formula: &Formula, is_negated: bool) -> Result<Vec<Branch>, String> {
        self.step(1)?;
        let is_negated = formula.is_negated != is_negated;
        match (&formula.kind, is_negated) {
            (Kind::All(parts), false) | (Kind::Any(parts), true) => self.all(parts, is_negated),
            (Kind::Any(parts), false) | (Kind::All(parts), true) => self.any(parts, is_negated),
            (Kind::Test { reference, comment }, _) => self.test(reference, comment, is_negated),
            (Kind::Definition { reference }, _) => {
                if self.extensions == MAX_EXTENSIONS {
                    return Err("more than 8 definitions that extend each other".into());
                }
                let extended = self.tables.inventory(reference)?;
                self.extensions += 1;
                let branches = self.branches(extended, is_negated);
                self.extensions -= 1;
                branches
            }
        }
    }

    fn any(&mut self, parts: &[Formula], is_negated: bool) -> Result<Vec<Branch>, String> {
        let mut branches = Vec::new();
        let mut platforms = Vec::new();
        for part in parts {
            for branch in self.branches(part, is_negated)? {
                match branch.only_platforms() {
                    Some(alternatives) => platforms.extend_from_slice(alternatives),
                    None => branches.push(branch),
                }
            }
        }
        // Alternatives that differ in the platform alone stay together, so that a list of
        // platforms does not multiply everything that is said of them.
        platforms.sort_unstable();
        platforms.dedup();
        if platforms.len() > MAX_PLATFORMS {
            return Err("more than 256 platforms".into());
        }
        if !platforms.is_empty() {
            branches.push(Branch::of_platforms(platforms));
        }
        self.step(branches.len())?;
        Ok(branches)
    }

    fn all(&mut self, parts: &[Formula], is_negated: bool) -> Result<Vec<Branch>, String> {
        let mut product = vec![Branch::default()];
        for (number, part) in parts.iter().enumerate() {
            let factors = self.branches(part, is_negated)?;
            self.step(product.len().saturating_mul(factors.len()))?;
            if number == 0 {
                product = factors;
                continue;
            }
            if let [factor] = factors.as_slice() {
                for branch in &mut product {
                    add(branch, factor)?;
                }
                continue;
            }
            let mut next = Vec::new();
            for branch in &product {
                for factor in &factors {
                    let mut both = branch.clone();
                    add(&mut both, factor)?;
                    next.push(both);
                }
            }
            product = next;
        }
        Ok(product)
    }

    fn test(
        &mut self,
        reference: &str,
        comment: &Rc<str>,
        is_negated: bool,
    ) -> Result<Vec<Branch>, String> {
        let test = self.tables.test(reference)?;
        let fail = |fault: &str| format!("{fault}: {reference}");
        if let Some(module) = module_of(comment) {
            return if is_negated {
                Err(fail("module that must not be enabled"))
            } else {
                Ok(vec![Branch::of_module(module)])
            };
        }
        let scheme = match test.kind {
            TestKind::Rpm => Scheme::Rpm,
            TestKind::Dpkg => Scheme::Dpkg,
            TestKind::Other => return Ok(vec![Branch::default()]),
        };
        let states = self.tables.states(test).map_err(fail)?;
        if !states.is_empty() && states.iter().all(|state| !state.is_about_versions()) {
            // A signature does not make a version better or worse.
            return Ok(vec![Branch::default()]);
        }
        let names = self.tables.names(test).map_err(fail)?;
        if let [name] = names.as_slice()
            && test.kind == TestKind::Rpm
            && name.ends_with("-release")
        {
            return self
                .release_test(test, &states, comment, is_negated)
                .map_err(|e| fail(&e));
        }
        let demand = self
            .demand(test, scheme, &states, comment, is_negated)
            .map_err(|fault| fail(&fault))?
            .map(Rc::new);
        let branch = |name| match &demand {
            Some(demand) => Branch::of_package(name, Rc::clone(demand)),
            None => Branch::default(),
        };
        let branches: Vec<Branch> = names.into_iter().map(branch).collect();
        self.step(branches.len())?;
        if !is_negated {
            return Ok(branches);
        }
        let mut joined = Branch::default();
        for branch in &branches {
            add(&mut joined, branch)?;
        }
        Ok(vec![joined])
    }

    fn release_test(
        &self,
        test: &Test,
        states: &[State],
        comment: &Rc<str>,
        is_negated: bool,
    ) -> Result<Vec<Branch>, String> {
        let is_negated = is_negated != (test.check != Check::Satisfies);
        let is_version = |state: &State| state.evr.is_some() || state.version.is_some();
        let architecture = states.iter().find_map(|state| state.architecture);
        match architecture {
            Some(demand) if !states.iter().any(is_version) && !is_negated => {
                let architectures = self.architectures(demand)?;
                Ok(vec![Branch::of_architectures(architectures)])
            }
            Some(_) => Err("limit on architectures and releases in one".into()),
            None if is_negated => Ok(vec![Branch::of_excluded(Rc::clone(comment))]),
            None => Ok(vec![Branch::of_platforms(vec![Rc::clone(comment)])]),
        }
    }

    /// Returns what a test demands of each of its packages; nothing when it demands what cannot be
    /// judged by the package itself: that it is not there.
    fn demand(
        &self,
        test: &Test,
        scheme: Scheme,
        states: &[State],
        comment: &Rc<str>,
        is_negated: bool,
    ) -> Result<Option<PackageDemand>, String> {
        let is_absent = match test.check {
            Check::Satisfies => is_negated && states.is_empty(),
            Check::NoneSatisfies => false,
            Check::NoneExists => !is_negated,
        };
        if is_absent {
            return Ok(None);
        }
        let is_marked = self.is_marked_unaffected(states, comment);
        if is_marked && is_negated {
            return Err("negated mark of what is not affected".into());
        }
        let is_inverse = is_negated != (test.check == Check::NoneSatisfies);
        let range = if is_marked || test.check == Check::NoneExists {
            Range::default()
        } else {
            self.range(scheme, states, is_inverse)?
        };
        let architecture = states.iter().find_map(|state| state.architecture);
        let architectures = match architecture {
            Some(_) if is_inverse => return Err("negated limit on architectures".into()),
            Some(demand) => Some(self.architectures(demand)?),
            None => None,
        };
        Ok(Some(PackageDemand {
            scheme,
            range,
            architectures,
            comment: Rc::clone(comment),
            is_condition: is_negated,
            is_marked_unaffected: is_marked,
        }))
    }

    /// SUSE writes "not affected" as a test for the version 0, which no package has.
    fn is_marked_unaffected(&self, states: &[State], comment: &str) -> bool {
        let is_zero = |state: &State| {
            state.version.is_some_and(|demand| {
                demand.operation == Operation::Equals && &*self.text(demand) == "0"
            })
        };
        comment.ends_with("is not affected") && states.iter().any(is_zero)
    }

    fn range(&self, scheme: Scheme, states: &[State], is_inverse: bool) -> Result<Range, String> {
        let demands: Vec<Demand> = states
            .iter()
            .flat_map(|state| [state.evr, state.version])
            .flatten()
            .collect();
        if is_inverse && demands.len() > 1 {
            return Err("negated test of several versions".into());
        }
        let mut whole = Range::default();
        for demand in demands {
            let value = self.text(demand);
            let part = if is_inverse {
                range::of_inverse(scheme, demand.operation, &value)?
            } else {
                range::of_operation(scheme, demand.operation, &value)?
            };
            whole =
                range::intersect(scheme, whole, part).ok_or("versions that exclude each other")?;
        }
        Ok(whole)
    }

    /// Returns the architectures that a demand allows. Of patterns, only alternatives of names are
    /// understood: `(aarch64|x86_64)`.
    fn architectures(&self, demand: Demand) -> Result<Vec<Rc<str>>, String> {
        let text = self.text(demand);
        let is_name = |name: &str| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            !name.is_empty() && name.chars().all(is_part)
        };
        let names: Vec<Rc<str>> = match demand.operation {
            Operation::Equals => vec![text],
            Operation::PatternMatch => {
                let text = text.trim_start_matches('^').trim_end_matches('$');
                let plain: String = text.chars().filter(|c| !matches!(c, '(' | ')')).collect();
                plain.split('|').map(Into::into).collect()
            }
            _ => return Err("operation that is not supported on an architecture".into()),
        };
        if names.iter().all(|name| is_name(name)) {
            Ok(names)
        } else {
            Err("architectures that are not a list of names".into())
        }
    }

    fn text(&self, demand: Demand) -> Rc<str> {
        self.tables.symbols.text(demand.value)
    }

    fn step(&mut self, count: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > MAX_STEPS {
            return Err("criteria with too many combinations".into());
        }
        Ok(())
    }
}

impl State {
    /// Tells whether a state demands anything of versions or architectures.
    fn is_about_versions(&self) -> bool {
        self.evr.is_some() || self.version.is_some() || self.architecture.is_some()
    }
}

fn add(branch: &mut Branch, factor: &Branch) -> Result<(), String> {
    branch.add(factor);
    if branch.size() > MAX_PACKAGES {
        return Err("more than 64 packages or platforms taken together".into());
    }
    Ok(())
}

/// Returns the module that a comment such as `Module ruby:3.1 is enabled` names.
fn module_of(comment: &str) -> Option<Rc<str>> {
    let module = comment
        .strip_prefix("Module ")?
        .strip_suffix(" is enabled")?;
    let (name, stream) = module.trim().split_once(':')?;
    let is_module = !name.is_empty() && !stream.is_empty() && !module.contains(char::is_whitespace);
    is_module.then(|| module.trim().into())
}
