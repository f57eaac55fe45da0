use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::formula::Formula;
use super::state::State;
use super::symbols::{Id, Symbols};
use crate::DocumentFault;
use crate::text::name_fault;
use crate::xml::Element;

/// Bytes of an entry of a map in relation to those of its key and value, which is what is left
/// free in it.
const MAP_FACTOR: usize = 2;

/// Everything that definitions refer to.
pub(super) struct Tables {
    pub(super) symbols: Symbols,
    tests: HashMap<Id, Test>,
    objects: HashMap<Id, Name>,
    states: HashMap<Id, State>,
    variables: HashMap<Id, Range<usize>>,
    inventory: HashMap<Id, Formula>,
    /// The states of the tests.
    state_refs: Vec<Id>,
    /// The values of the variables.
    values: Vec<u32>,
    inventory_bytes: usize,
    max_bytes: usize,
}

/// A test: an object that is looked for and the states that it should be in.
#[derive(Clone)]
pub(super) struct Test {
    pub(super) kind: TestKind,
    pub(super) check: Check,
    object: Option<Id>,
    states: Range<usize>,
}

/// What a test looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TestKind {
    Rpm,
    Dpkg,
    /// A file, the kernel, …
    Other,
}

/// How many of the objects must be in the state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// One, all, exactly one: the same to somebody who judges one package at a time.
    Satisfies,
    /// There are some, and none of them is.
    NoneSatisfies,
    /// There are none.
    NoneExists,
}

/// The names of packages that an object has.
#[derive(Clone, Copy)]
enum Name {
    One(u32),
    Variable(Id),
    /// Given by a pattern, or not at all.
    Unsupported,
}

impl Tables {
    /// Makes tables that may take so many bytes.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            symbols: Symbols::default(),
            tests: HashMap::new(),
            objects: HashMap::new(),
            states: HashMap::new(),
            variables: HashMap::new(),
            inventory: HashMap::new(),
            state_refs: Vec::new(),
            values: Vec::new(),
            inventory_bytes: 0,
            max_bytes,
        }
    }

    /// Adds a definition that others may extend.
    pub(super) fn add_inventory(&mut self, element: Element<'_>) -> Result<(), String> {
        let id = self.id_of(element)?;
        let formula = Formula::of_definition(element)?;
        self.inventory_bytes += formula.size();
        self.inventory.insert(id, formula);
        Ok(())
    }

    /// Adds a test, an object, a state or a variable. Anything else is passed by.
    pub(super) fn add(&mut self, element: Element<'_>) -> Result<(), String> {
        let name = element.name();
        if name.ends_with("_test") {
            self.add_test(element)
        } else if name.ends_with("_object") {
            let id = self.id_of(element)?;
            let name = self.name(element);
            self.objects.insert(id, name);
            Ok(())
        } else if name.ends_with("_state") {
            let id = self.id_of(element)?;
            let state = State::read(element, &mut self.symbols);
            self.states.insert(id, state);
            Ok(())
        } else if name.ends_with("_variable") {
            let id = self.id_of(element)?;
            let first = self.values.len();
            for value in element.children().filter(|child| child.name() == "value") {
                let value = self.symbols.add(value.text());
                self.values.push(value);
            }
            self.variables.insert(id, first..self.values.len());
            Ok(())
        } else {
            Ok(())
        }
    }

    fn add_test(&mut self, element: Element<'_>) -> Result<(), String> {
        let id = self.id_of(element)?;
        let first = self.state_refs.len();
        let mut object = None;
        for child in element.children() {
            if let Some(reference) = child.attribute("object_ref") {
                object = Some(self.symbols.add_id(reference));
            }
            if let Some(reference) = child.attribute("state_ref") {
                let reference = self.symbols.add_id(reference);
                self.state_refs.push(reference);
            }
        }
        let states = first..self.state_refs.len();
        let is_alternative = element.attribute("state_operator").unwrap_or("AND") != "AND";
        if is_alternative && states.len() > 1 {
            return Err("test whose states are alternatives".into());
        }
        let test = Test {
            kind: match element.name() {
                "rpminfo_test" => TestKind::Rpm,
                "dpkginfo_test" => TestKind::Dpkg,
                _ => TestKind::Other,
            },
            check: Check::of(element),
            object,
            states,
        };
        self.tests.insert(id, test);
        Ok(())
    }

    fn name(&mut self, object: Element<'_>) -> Name {
        let Some(name) = object.child("name") else {
            return Name::Unsupported;
        };
        if let Some(variable) = name.attribute("var_ref") {
            return Name::Variable(self.symbols.add_id(variable));
        }
        match name.attribute("operation") {
            None | Some("equals") => Name::One(self.symbols.add(name.text())),
            Some(_) => Name::Unsupported,
        }
    }

    fn id_of(&mut self, element: Element<'_>) -> Result<Id, String> {
        match element.attribute("id") {
            Some(id) => Ok(self.symbols.add_id(id)),
            None => Err(format!("no id: {}", element.name())),
        }
    }

    /// Returns a definition that describes a platform.
    pub(super) fn inventory(&self, reference: &str) -> Result<&Formula, String> {
        let id = self.symbols.id(reference);
        id.and_then(|id| self.inventory.get(&id))
            .ok_or_else(|| format!("definition to extend not in the document: {reference}"))
    }

    /// Returns a test.
    pub(super) fn test(&self, reference: &str) -> Result<&Test, String> {
        let id = self.symbols.id(reference);
        id.and_then(|id| self.tests.get(&id))
            .ok_or_else(|| format!("test not in the document: {reference}"))
    }

    /// Returns the names of the packages that a test looks for. There is at least one.
    pub(super) fn names(&self, test: &Test) -> Result<Vec<Rc<str>>, &'static str> {
        let object = test.object.and_then(|id| self.objects.get(&id));
        let names = match object.ok_or("object not in the document")? {
            Name::One(name) => vec![self.symbols.text(*name)],
            Name::Variable(id) => {
                let range = self
                    .variables
                    .get(id)
                    .ok_or("variable not in the document")?;
                let values = self.values.get(range.clone()).unwrap_or_default();
                values.iter().map(|&name| self.symbols.text(name)).collect()
            }
            Name::Unsupported => return Err("object that is not given by name"),
        };
        match names.iter().find_map(|name| name_fault(name)) {
            Some(fault) => Err(fault),
            None if names.is_empty() => Err("variable without a value"),
            None => Ok(names),
        }
    }

    /// Returns the states of a test.
    pub(super) fn states(&self, test: &Test) -> Result<Vec<State>, &'static str> {
        let references = self.state_refs.get(test.states.clone()).unwrap_or_default();
        references
            .iter()
            .map(|id| self.states.get(id).copied())
            .collect::<Option<_>>()
            .ok_or("state not in the document")
    }

    /// Makes sure that the tables are not larger than they may be.
    pub(super) fn check_size(&self) -> Result<(), DocumentFault> {
        let entries = self.tests.len() * size_of::<(Id, Test)>()
            + self.objects.len() * size_of::<(Id, Name)>()
            + self.states.len() * size_of::<(Id, State)>()
            + self.variables.len() * size_of::<(Id, Range<usize>)>();
        let size = entries * MAP_FACTOR
            + self.state_refs.len() * size_of::<Id>()
            + self.values.len() * size_of::<u32>()
            + self.symbols.size()
            + self.inventory_bytes;
        if size <= self.max_bytes {
            return Ok(());
        }
        Err(DocumentFault::OverLimit {
            what: "bytes of tests, objects, states and variables",
            limit: self.max_bytes as u64,
        })
    }
}

impl Check {
    fn of(test: Element<'_>) -> Self {
        if test.attribute("check_existence") == Some("none_exist") {
            return Self::NoneExists;
        }
        match test.attribute("check") {
            Some("none satisfy") => Self::NoneSatisfies,
            Some("none exist") => Self::NoneExists,
            _ => Self::Satisfies,
        }
    }
}
