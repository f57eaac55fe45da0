use super::symbols::Symbols;
use crate::xml::Element;

/// What a state demands of a package.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    /// Of epoch, version and release.
    pub(super) evr: Option<Demand>,
    /// Of the version alone.
    pub(super) version: Option<Demand>,
    /// Of the architecture.
    pub(super) architecture: Option<Demand>,
    /// Whether it demands something else: a signature, say.
    pub(super) has_other: bool,
}

/// An operation and what it compares with.
#[derive(Clone, Copy)]
pub(super) struct Demand {
    pub(super) operation: Operation,
    /// A text of the document's symbols.
    pub(super) value: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Equals,
    LessThan,
    LessThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
    PatternMatch,
    /// `not equal`, the bitwise ones, and what is no operation at all.
    Unsupported,
}

impl State {
    /// Reads a state of any kind.
    pub(super) fn read(element: Element<'_>, symbols: &mut Symbols) -> Self {
        let mut state = Self::default();
        for child in element.children() {
            let mut demand = || {
                Some(Demand {
                    operation: Operation::of(child),
                    value: symbols.add(child.text()),
                })
            };
            match child.name() {
                "evr" => state.evr = demand(),
                "version" => state.version = demand(),
                "arch" => state.architecture = demand(),
                _ => state.has_other = true,
            }
        }
        state
    }
}

impl Operation {
    fn of(element: Element<'_>) -> Self {
        // A value that stands in a variable is not here to be compared with.
        if element.attribute("var_ref").is_some() {
            return Self::Unsupported;
        }
        match element.attribute("operation") {
            None | Some("equals") => Self::Equals,
            Some("less than") => Self::LessThan,
            Some("less than or equal") => Self::LessThanOrEqual,
            Some("greater than") => Self::GreaterThan,
            Some("greater than or equal") => Self::GreaterThanOrEqual,
            Some("pattern match") => Self::PatternMatch,
            Some(_) => Self::Unsupported,
        }
    }
}
