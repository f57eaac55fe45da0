use std::fmt;

use crate::{KeyPath, Mode};

/// Something in the configuration that is allowed, and probably not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// What it is about.
    pub path: KeyPath,
    /// What is the matter.
    pub text: String,
}

impl Lint {
    /// Says whether the lint is about something that a service in this mode uses.
    pub fn concerns(&self, mode: Mode) -> bool {
        match self.path.section() {
            Some("indexer") => mode.indexes(),
            Some("matcher" | "matchers" | "updaters") => mode.matches(),
            Some("notifier") => mode.notifies(),
            _ => true,
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.text, self.path)
    }
}

/// Lints as they are found.
#[derive(Debug, Default)]
pub(crate) struct Lints(pub(crate) Vec<Lint>);

impl Lints {
    pub(crate) fn add(&mut self, path: KeyPath, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Lint { path, text });
    }

    pub(crate) fn add_if(&mut self, holds: bool, path: KeyPath, text: &str) {
        if holds {
            self.add(path, text);
        }
    }
}
