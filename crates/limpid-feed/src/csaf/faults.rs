//! What is wrong with single products of a document.

use std::fmt::Display;

use crate::FeedError;
use crate::run::Run;

/// How many are kept one by one. A document that is nothing but faults has millions.
const MAX_LISTED: usize = 100;

/// Faults, of which the first are known and the others counted.
#[derive(Default)]
pub(super) struct Faults {
    listed: Vec<(String, String)>,
    more: usize,
}

impl Faults {
    /// Adds what is wrong with a product.
    pub(super) fn add(&mut self, product: &str, reason: impl Display) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push((product.to_owned(), reason.to_string()));
        } else {
            self.more += 1;
        }
    }

    /// Hands the faults over as those of a document.
    pub(super) fn report(&self, document: &str, run: &mut Run<'_>) -> Result<(), FeedError> {
        for (product, reason) in &self.listed {
            run.quarantine(format!("{document} {product}"), None, reason)?;
        }
        match self.more {
            0 => Ok(()),
            more => run.quarantine(document, None, format!("{more} more faulty products")),
        }
    }
}
