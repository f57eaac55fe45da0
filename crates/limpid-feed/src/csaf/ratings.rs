//! What a document says of single products beside their status: how bad it is, and what can be
//! done.
//!
//! | member | gives |
//! |---|---|
//! | `threats[]` of the category `impact` | the severity: `Low`, `Moderate`, `Important`, `Critical` |
//! | `scores[].cvss_v4`, `cvss_v3`, `cvss_v2` | the text of the rating, the newest vector of them |
//! | `document.aggregate_severity` | the severity of products that have no threat of their own |
//! | `remediations[]` `vendor_fix` | address of the bulletin |
//! | `remediations[]` `no_fix_planned` | will not fix, or end of life when out of support scope |
//! | `remediations[]` `none_available`, `workaround` | nothing: affected without a fix |

use std::borrow::Cow;
use std::collections::HashMap;

use limpid_types::Rating;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lists::{Text, each};
use crate::rating::rate;
use crate::text::name_fault;

/// How many products a list may name; see the limit on the product tree.
const MAX_PRODUCTS: usize = 300_000;

/// What is said by product id.
#[derive(Default)]
pub(super) struct Ratings<'a> {
    threats: Lookup<'a, Cow<'a, str>>,
    vectors: Lookup<'a, Cow<'a, str>>,
    bulletins: Lookup<'a, Cow<'a, str>>,
    unfixed: Lookup<'a, Unfixed>,
    aggregate: Option<Cow<'a, str>>,
}

/// Why there will be no fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfixed {
    /// It was decided so.
    WillNotFix,
    /// The product gets no fixes any more.
    EndOfLife,
}

/// Values that are shared by many products.
struct Lookup<'a, T> {
    values: Vec<T>,
    by_product: HashMap<Cow<'a, str>, usize>,
    /// The value of an element without a list of products, which speaks of all.
    of_all: Option<usize>,
}

#[derive(Deserialize)]
struct Threat<'a> {
    #[serde(borrow)]
    category: Text<'a>,
    #[serde(borrow)]
    details: Option<Text<'a>>,
    #[serde(borrow)]
    product_ids: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Remediation<'a> {
    #[serde(borrow)]
    category: Text<'a>,
    #[serde(borrow)]
    details: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    product_ids: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Scores<'a> {
    #[serde(borrow)]
    cvss_v2: Option<&'a RawValue>,
    #[serde(borrow)]
    cvss_v3: Option<&'a RawValue>,
    #[serde(borrow)]
    cvss_v4: Option<&'a RawValue>,
    #[serde(borrow)]
    products: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Cvss<'a> {
    #[serde(borrow, rename = "vectorString")]
    vector: Text<'a>,
}

/// The lists of a vulnerability that [`Ratings`] are read from.
pub(super) struct RatingLists<'a> {
    /// `threats`
    pub(super) threats: Option<&'a RawValue>,
    /// `scores`
    pub(super) scores: Option<&'a RawValue>,
    /// `remediations`
    pub(super) remediations: Option<&'a RawValue>,
}

impl<'a> Ratings<'a> {
    /// Reads the lists. Elements that cannot be read are passed by: without them less is known of a
    /// product, but its status stands.
    pub(super) fn read(
        lists: &RatingLists<'a>,
        aggregate: Option<Cow<'a, str>>,
    ) -> Result<Self, serde_json::Error> {
        let mut ratings = Self {
            aggregate,
            ..Self::default()
        };
        each(lists.threats, |threat: Result<Threat<'a>, _>| {
            if let Ok(threat) = threat
                && threat.category.0 == "impact"
                && let Some(details) = threat.details
            {
                ratings.threats.add(details.0, threat.product_ids);
            }
        })?;
        each(lists.scores, |scores: Result<Scores<'a>, _>| {
            if let Ok(scores) = scores
                && let Some(vector) = scores.newest()
            {
                ratings.vectors.add(vector, scores.products);
            }
        })?;
        each(lists.remediations, |remediation| {
            if let Ok(remediation) = remediation {
                ratings.add_remediation(remediation);
            }
        })?;
        Ok(ratings)
    }

    fn add_remediation(&mut self, remediation: Remediation<'a>) {
        if remediation.product_ids.is_none() {
            return;
        }
        match &*remediation.category.0 {
            "vendor_fix" => {
                if let Some(url) = remediation.url.filter(|url| name_fault(&url.0).is_none()) {
                    self.bulletins.add(url.0, remediation.product_ids);
                }
            }
            "no_fix_planned" => {
                let details = remediation.details.map(|details| details.0);
                let is_out_of_scope = details.is_some_and(|details| {
                    details.trim().eq_ignore_ascii_case("out of support scope")
                });
                let unfixed = if is_out_of_scope {
                    Unfixed::EndOfLife
                } else {
                    Unfixed::WillNotFix
                };
                self.unfixed.add(unfixed, remediation.product_ids);
            }
            _ => {}
        }
    }

    /// Rates a product.
    pub(super) fn rating(&self, product: &str) -> Rating {
        let word = self.threats.get(product).or(self.aggregate.as_ref());
        let vector = self.vectors.get(product);
        rate(
            word.map_or("", |word| word.trim()),
            vector.map_or("", |vector| vector),
        )
    }

    /// Returns the address of the bulletin that fixes a product, or nothing.
    pub(super) fn bulletin(&self, product: &str) -> &str {
        self.bulletins.get(product).map_or("", |url| url)
    }

    /// Tells why a product will not be fixed, if that was said.
    pub(super) fn unfixed(&self, product: &str) -> Option<Unfixed> {
        self.unfixed.get(product).copied()
    }
}

impl<'a> Scores<'a> {
    fn newest(&self) -> Option<Cow<'a, str>> {
        [self.cvss_v4, self.cvss_v3, self.cvss_v2]
            .into_iter()
            .flatten()
            .filter_map(|raw| serde_json::from_str::<Cvss<'a>>(raw.get()).ok())
            .map(|cvss| cvss.vector.0)
            .find(|vector| name_fault(vector).is_none())
    }
}

impl<T> Default for Lookup<'_, T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            by_product: HashMap::new(),
            of_all: None,
        }
    }
}

impl<'a, T> Lookup<'a, T> {
    /// Adds what is said of some products. What was said of a product first stands.
    fn add(&mut self, value: T, products: Option<&'a RawValue>) {
        let index = self.values.len();
        let read = each(products, |product: Result<Text<'a>, _>| {
            if let Ok(product) = product
                && self.by_product.len() < MAX_PRODUCTS
            {
                self.by_product.entry(product.0).or_insert(index);
            }
        });
        if read.is_err() {
            return;
        }
        if products.is_none() {
            self.of_all.get_or_insert(index);
        }
        self.values.push(value);
    }

    fn get(&self, product: &str) -> Option<&T> {
        let index = self.by_product.get(product).or(self.of_all.as_ref())?;
        self.values.get(*index)
    }
}
