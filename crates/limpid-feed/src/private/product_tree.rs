//! The products of a CSAF document, by id.

use std::collections::BTreeMap;

use limpid_types::{Ecosystem, VersionConstraint};
use limpid_version::{Range, Scheme};
use serde::Deserialize;

use super::product::Product;
use super::vers;
use crate::json::Elements;
use crate::osv::database::Database;

/// The category of a branch whose name is a range of versions.
const VERSION_RANGE: &str = "product_version_range";

/// The category of a branch whose name is a version.
const VERSION: &str = "product_version";

/// `product_tree` of a document.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ProductTree {
    full_product_names: Elements<FullProductName>,
    branches: Elements<Branch>,
    relationships: Elements<Relationship>,
}

#[derive(Deserialize)]
struct FullProductName {
    product_id: String,
    product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    category: String,
    #[serde(default)]
    name: String,
    product: Option<FullProductName>,
    /// How deep they nest is limited by the reader of JSON.
    #[serde(default)]
    branches: Elements<Self>,
}

#[derive(Deserialize)]
struct Relationship {
    product_reference: String,
    full_product_name: FullProductName,
}

/// A package, and which of its versions.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    /// Where the package comes from.
    pub(super) ecosystem: Ecosystem,
    /// Its name.
    pub(super) name: String,
    /// The versions; one range without ends means that none was named.
    pub(super) versions: VersionConstraint,
}

/// What the ids of products mean: a package, or what is wrong with it.
pub(super) type Products = BTreeMap<String, Result<Meant, &'static str>>;

impl ProductTree {
    /// Finds out what the ids mean. Products that are no packages of a language are left out.
    pub(super) fn products(self) -> Products {
        let mut products = Products::new();
        for product in self.full_product_names.0 {
            add(&mut products, product, "", "");
        }
        let mut branches = self.branches.0;
        while let Some(branch) = branches.pop() {
            if let Some(product) = branch.product {
                add(&mut products, product, &branch.category, &branch.name);
            }
            branches.extend(branch.branches.0);
        }
        for relationship in self.relationships.0 {
            let known = products.get(&relationship.product_reference).cloned();
            let id = relationship.full_product_name.product_id.clone();
            add(&mut products, relationship.full_product_name, "", "");
            if let (Some(known), false) = (known, products.contains_key(&id)) {
                products.insert(id, known);
            }
        }
        products
    }
}

fn add(products: &mut Products, product: FullProductName, category: &str, name: &str) {
    let helper = product.product_identification_helper;
    let Some(purl) = helper.and_then(|helper| helper.purl) else {
        return;
    };
    if let Some(meant) = meant(&purl, category, name).transpose() {
        products.insert(product.product_id, meant);
    }
}

fn meant(purl: &str, category: &str, name: &str) -> Result<Option<Meant>, &'static str> {
    let Some(product) = Product::parse(purl)? else {
        return Ok(None);
    };
    let database = Database::of(product.ecosystem.osv()).ok_or("unknown ecosystem")?;
    let scheme = database.scheme;
    let version = product.version.or_else(|| {
        let is_version = category == VERSION && scheme.compare(name, name).is_ok();
        is_version.then(|| name.to_owned())
    });
    let versions = match version {
        Some(version) => one(scheme, version)?,
        None if category == VERSION_RANGE => vers::parse(name, scheme)?,
        None => VersionConstraint::any(scheme),
    };
    Ok(Some(Meant {
        ecosystem: product.ecosystem,
        name: product.name,
        versions,
    }))
}

fn one(scheme: Scheme, version: String) -> Result<VersionConstraint, &'static str> {
    if scheme.compare(&version, &version).is_err() {
        return Err("a version that cannot be compared");
    }
    let mut versions = VersionConstraint::none(scheme);
    versions.enumerated.push(version);
    Ok(versions)
}

impl Meant {
    /// Tells whether no version was named.
    pub(super) fn is_any(&self) -> bool {
        self.versions.ranges == [Range::default()]
    }
}
