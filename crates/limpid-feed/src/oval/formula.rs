use std::rc::Rc;

use crate::xml::Element;

/// Criteria as a formula.
pub(super) struct Formula {
    pub(super) is_negated: bool,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// All of them must be true.
    All(Vec<Formula>),
    /// One of them must be true.
    Any(Vec<Formula>),
    /// A test.
    Test {
        reference: Rc<str>,
        comment: Rc<str>,
    },
    /// The criteria of another definition.
    Definition { reference: Rc<str> },
}

impl Formula {
    /// Reads the criteria of a definition. The depth of records is bounded, and so is this.
    pub(super) fn of_definition(definition: Element<'_>) -> Result<Self, String> {
        match definition.child("criteria") {
            Some(criteria) => Self::of_criteria(criteria),
            None => Err("definition without criteria".into()),
        }
    }

    fn of_criteria(criteria: Element<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        for child in criteria.children() {
            match child.name() {
                "criteria" => parts.push(Self::of_criteria(child)?),
                "criterion" => parts.push(Self {
                    is_negated: is_negated(child),
                    kind: Kind::Test {
                        reference: child.attribute("test_ref").unwrap_or_default().into(),
                        comment: child.attribute("comment").unwrap_or_default().into(),
                    },
                }),
                "extend_definition" => parts.push(Self {
                    is_negated: is_negated(child),
                    kind: Kind::Definition {
                        reference: child.attribute("definition_ref").unwrap_or_default().into(),
                    },
                }),
                _ => {}
            }
        }
        if parts.is_empty() {
            return Err("criteria without a criterion".into());
        }
        let kind = match criteria.attribute("operator").unwrap_or("AND") {
            "AND" => Kind::All(parts),
            "OR" => Kind::Any(parts),
            operator => return Err(format!("operator that is not supported: {operator}")),
        };
        Ok(Self {
            is_negated: is_negated(criteria),
            kind,
        })
    }

    /// Returns how many bytes are taken, roughly.
    pub(super) fn size(&self) -> usize {
        let inner = match &self.kind {
            Kind::All(parts) | Kind::Any(parts) => parts.iter().map(Self::size).sum(),
            Kind::Test { reference, comment } => reference.len() + comment.len() + 32,
            Kind::Definition { reference } => reference.len() + 16,
        };
        inner + size_of::<Self>()
    }
}

fn is_negated(element: Element<'_>) -> bool {
    matches!(element.attribute("negate"), Some("true" | "1"))
}
