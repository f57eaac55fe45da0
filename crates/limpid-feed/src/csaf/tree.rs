//! The product tree: which component of which product a product id stands for.
//!
//! Branches give ids to products, which have a CPE name, and to components, which have a package
//! URL. Relationships of the category `default_component_of` give ids to pairs of both. Either side
//! of a pair may be a pair itself: older documents make a package a component of a module that is a
//! component of a product.

use std::borrow::Cow;
use std::collections::HashMap;

use limpid_types::{Cpe, CpeAttribute, CpeError};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::component::{Component, Package};
use super::faults::Faults;
use super::lists::{Text, each};

/// How many ids a tree may have of either sort. The largest known document has 22,677 pairs.
const MAX_IDS: usize = 300_000;

/// How many pairs an id may be made of. Two are in use.
const MAX_HOPS: usize = 5;

/// How deep branches may be nested. Three levels are in use.
const MAX_DEPTH: usize = 16;

/// The product tree of one document.
#[derive(Default)]
pub(super) struct Tree<'a> {
    products: HashMap<Cow<'a, str>, Product>,
    pairs: HashMap<Cow<'a, str>, Pair<'a>>,
    /// What could not be read.
    pub(super) faults: Faults,
}

/// A product or a component, as a branch gives it.
#[derive(Default)]
struct Product {
    /// What it is by its package URL.
    component: Option<Component>,
    /// What it is by its CPE name.
    platform: Option<Platform>,
}

/// A component of a product.
struct Pair<'a> {
    component: Cow<'a, str>,
    product: Cow<'a, str>,
}

/// A product with a CPE name.
pub(super) struct Platform {
    /// The name in version 2.3.
    pub(super) cpe: String,
    /// The namespace of the advisories about it.
    pub(super) namespace: String,
    is_operating_system: bool,
}

/// What an id stands for.
pub(super) enum Meaning<'t> {
    /// A package of a product.
    Package(Subject<'t>),
    /// Something that no installed package can be compared with, or what is among the faults.
    Nothing,
    /// Nothing that the tree has.
    Unknown,
}

/// A package of a product.
#[derive(Clone, Copy)]
pub(super) struct Subject<'t> {
    /// The package.
    pub(super) package: &'t Package,
    /// Module that it is of, as `name:stream`, or empty.
    pub(super) module: &'t str,
    /// The product.
    pub(super) platform: &'t Platform,
}

#[derive(Deserialize)]
struct Root<'a> {
    #[serde(borrow)]
    branches: Option<&'a RawValue>,
    #[serde(borrow)]
    full_product_names: Option<&'a RawValue>,
    #[serde(borrow)]
    relationships: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    product: Option<FullName<'a>>,
    #[serde(borrow)]
    branches: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct FullName<'a> {
    #[serde(borrow)]
    product_id: Text<'a>,
    #[serde(borrow)]
    product_identification_helper: Option<Helper<'a>>,
}

#[derive(Default, Deserialize)]
struct Helper<'a> {
    #[serde(borrow)]
    purl: Option<Text<'a>>,
    #[serde(borrow)]
    cpe: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Relationship<'a> {
    #[serde(borrow)]
    category: Text<'a>,
    #[serde(borrow)]
    full_product_name: FullName<'a>,
    #[serde(borrow)]
    product_reference: Text<'a>,
    #[serde(borrow)]
    relates_to_product_reference: Text<'a>,
}

impl<'a> Tree<'a> {
    /// Reads a tree. What is wrong with one product is among the faults.
    pub(super) fn read(tree: Option<&'a RawValue>) -> Result<Self, String> {
        let mut read = Self::default();
        if let Some(tree) = tree {
            read.fill(tree).map_err(|error| error.to_string())?;
        }
        if read.products.len() > MAX_IDS || read.pairs.len() > MAX_IDS {
            return Err(format!("more than {MAX_IDS} products"));
        }
        Ok(read)
    }

    fn fill(&mut self, tree: &'a RawValue) -> Result<(), serde_json::Error> {
        let root: Root<'a> = serde_json::from_str(tree.get())?;
        self.add_branches(root.branches, 0)?;
        each(root.full_product_names, |name| match name {
            Ok(name) => self.add_product(name),
            Err(error) => self.faults.add("full_product_names", error),
        })?;
        each(root.relationships, |pair| match pair {
            Ok(pair) => self.add_pair(pair),
            Err(error) => self.faults.add("relationships", error),
        })
    }

    fn add_branches(
        &mut self,
        branches: Option<&'a RawValue>,
        depth: usize,
    ) -> Result<(), serde_json::Error> {
        let mut outcome = Ok(());
        each(branches, |branch: Result<Branch<'a>, _>| match branch {
            Ok(branch) if depth < MAX_DEPTH && outcome.is_ok() => {
                if let Some(name) = branch.product {
                    self.add_product(name);
                }
                outcome = self.add_branches(branch.branches, depth + 1);
            }
            Ok(_) => outcome = Err(serde::de::Error::custom("branches nested too deeply")),
            Err(error) => self.faults.add("branches", error),
        })?;
        outcome
    }

    fn add_product(&mut self, name: FullName<'a>) {
        // One more than allowed is enough to know.
        if self.products.len() > MAX_IDS {
            return;
        }
        let id = name.product_id.0;
        let helper = name.product_identification_helper.unwrap_or_default();
        let component = helper.purl.map(|purl| Component::of(&id, &purl.0));
        let platform = helper.cpe.map(|cpe| Platform::of(&cpe.0));
        let mut product = Product::default();
        match component {
            Some(Ok(component)) => product.component = Some(component),
            Some(Err(fault)) => {
                self.faults.add(&id, fault);
                product.component = Some(Component::Other);
            }
            // What has neither a package URL nor a CPE name is a component all the same.
            None if platform.is_none() => product.component = Some(Component::of_name(&id)),
            None => {}
        }
        match platform {
            Some(Ok(platform)) => product.platform = platform,
            Some(Err(fault)) => self.faults.add(&id, fault),
            None => {}
        }
        self.products.entry(id).or_insert(product);
    }

    fn add_pair(&mut self, relationship: Relationship<'a>) {
        if relationship.category.0 != "default_component_of" || self.pairs.len() > MAX_IDS {
            return;
        }
        self.pairs
            .entry(relationship.full_product_name.product_id.0)
            .or_insert(Pair {
                component: relationship.product_reference.0,
                product: relationship.relates_to_product_reference.0,
            });
    }

    /// Finds out what a product id stands for.
    pub(super) fn meaning(&self, id: &str) -> Meaning<'_> {
        let Some(pair) = self.pairs.get(id) else {
            return if self.products.contains_key(id) {
                // A product as a whole: its components are not named.
                Meaning::Nothing
            } else {
                Meaning::Unknown
            };
        };
        let mut module = "";
        let (mut component, mut product) = (&pair.component, &pair.product);
        for _ in 1..MAX_HOPS {
            let Some(outer) = self.pairs.get(product) else {
                break;
            };
            module = self.module(&outer.component).unwrap_or(module);
            product = &outer.product;
        }
        for _ in 1..MAX_HOPS {
            let Some(inner) = self.pairs.get(component) else {
                break;
            };
            module = self.module(&inner.product).unwrap_or(module);
            component = &inner.component;
        }
        let (Some(component), Some(product)) =
            (self.products.get(component), self.products.get(product))
        else {
            return Meaning::Unknown;
        };
        let (Some(Component::Package(package)), Some(platform)) =
            (&component.component, &product.platform)
        else {
            return Meaning::Nothing;
        };
        if package.is_guess && !platform.is_operating_system {
            return Meaning::Nothing;
        }
        Meaning::Package(Subject {
            package,
            module: if package.module.is_empty() {
                module
            } else {
                &package.module
            },
            platform,
        })
    }

    fn module(&self, id: &str) -> Option<&str> {
        match self.products.get(id)?.component.as_ref()? {
            Component::Module(module) => Some(module),
            _ => None,
        }
    }
}

impl Platform {
    /// Reads a CPE name; none when it names no single product: `cpe:/a:redhat` is everything that
    /// Red Hat makes, and stands where nothing of it has the component at all.
    fn of(cpe: &str) -> Result<Option<Self>, CpeError> {
        let cpe = Cpe::parse(cpe)?;
        let part = cpe.get(CpeAttribute::Part).literal();
        Ok(cpe.redhat_namespace().map(|namespace| Self {
            cpe: cpe.to_string(),
            namespace,
            is_operating_system: part.as_deref() == Some("o"),
        }))
    }
}
