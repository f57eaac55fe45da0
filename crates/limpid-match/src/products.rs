//! Which of Red Hat's products a package may be of.
//!
//! Red Hat's advisories speak of products by CPE names. Which products an installed package may be
//! of is told by the repositories that it came from, or that its layer was built with, and by Red
//! Hat's table from repositories to products, which is a feed of its own.

use limpid_types::{Cpe, CpeAttribute, Repository};

use crate::{DataError, VulnerabilityData};

/// The feed that says which products a repository belongs to.
pub(crate) const MAPPING_FEED: &str = "rhel-repository-mapping";

/// The table of [`MAPPING_FEED`]: repository id → CPE names, one a line.
const MAPPING_TABLE: &str = "repository-to-cpe";

/// What an index report's repository begins its address with when its name is an id of Red Hat's.
pub(crate) const REPOSITORY_ID: &str = "repoid=";

/// The key of a repository that is a product of Red Hat's, or belongs to some.
pub(crate) const PRODUCT_KEY: &str = "rhel-cpe-repository";

/// Streams of the distribution that get fixes of their own for one minor release.
const STREAMS: [&str; 6] = [
    "rhel_aus",
    "rhel_e4s",
    "rhel_els",
    "rhel_eus",
    "rhel_eus_long_life",
    "rhel_tus",
];

/// More products than this are not told apart. The largest content sets have some thirty.
pub(crate) const MOST_PRODUCTS: usize = 64;

/// The products that the packages from some repositories may be of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Products {
    /// The products, at most [`MOST_PRODUCTS`].
    products: Vec<Product>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Product {
    cpe: Cpe,
    /// Whether it is the whole distribution, of which nobody knows which repositories were used.
    is_whole: bool,
    /// The distribution that it is a stream of. What is not fixed there is not fixed in the stream
    /// either; what is fixed there may or may not be, and only the stream's own advisories tell.
    main: Option<Cpe>,
}

/// What is known of the products behind some repositories.
pub(crate) enum Known {
    /// These are the products.
    Products(Products),
    /// No repository is named at all.
    NoRepository,
    /// None of the repositories is in the table.
    Unmapped(String),
    /// There is no table to look the repositories up in.
    NoMapping(String),
}

impl Products {
    /// Finds the products that repositories belong to.
    pub(crate) fn of(
        repositories: &[&Repository],
        data: &dyn VulnerabilityData,
    ) -> Result<Known, DataError> {
        let mut products = Self::default();
        let mut unmapped = None;
        for repository in repositories {
            let known = [&repository.cpe, &repository.name]
                .into_iter()
                .find_map(|text| Cpe::parse(text).ok());
            if let Some(cpe) = known {
                products.add(cpe);
                continue;
            }
            let id = repository
                .uri
                .strip_prefix(REPOSITORY_ID)
                .unwrap_or(&repository.name);
            let listed = products_of_repository(id, data)?;
            if listed.is_empty() {
                unmapped.get_or_insert_with(|| id.to_owned());
            }
            for cpe in listed {
                products.add(cpe);
            }
        }
        Ok(match unmapped {
            _ if !products.products.is_empty() => Known::Products(products),
            None => Known::NoRepository,
            Some(id) if mapping(data).is_none() => Known::NoMapping(id),
            Some(id) => Known::Unmapped(id),
        })
    }

    /// Makes the products of an image that names no repositories: the whole distribution.
    pub(crate) fn of_distribution(cpe: Cpe) -> Self {
        Self {
            products: vec![Product {
                main: None,
                is_whole: true,
                cpe,
            }],
        }
    }

    /// Makes the one product that a name stands for.
    pub(crate) fn one(cpe: Cpe) -> Self {
        let mut products = Self::default();
        products.add(cpe);
        products
    }

    fn add(&mut self, cpe: Cpe) {
        let is_known = self.products.iter().any(|known| known.cpe == cpe);
        if !is_known && self.products.len() < MOST_PRODUCTS {
            let main = main_stream(&cpe);
            self.products.push(Product {
                cpe,
                is_whole: false,
                main,
            });
        }
    }

    /// Returns the namespaces that advisories for the products are in.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let mut namespaces: Vec<String> = self
            .products
            .iter()
            .flat_map(|product| [Some(&product.cpe), product.main.as_ref()])
            .flatten()
            .flat_map(Cpe::redhat_namespaces)
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        namespaces
    }

    /// Returns for which of the products an advisory holds that names a product: the places of
    /// the products as bits, and those where it holds only as long as it knows no fix.
    pub(crate) fn covered_by(&self, advisory: &Cpe) -> Covered {
        let mut covered = Covered::default();
        for (place, product) in self.products.iter().enumerate() {
            let bit = 1 << place;
            let is_part = product.is_whole && product.cpe.covers(advisory);
            if is_part || advisory.covers(&product.cpe) {
                covered.always |= bit;
            } else if product
                .main
                .as_ref()
                .is_some_and(|main| advisory.covers(main))
            {
                covered.unless_fixed |= bit;
            }
        }
        covered
    }

    /// Returns the names of the products.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.products.iter().map(|product| product.cpe.to_string())
    }
}

/// Returns the products that a repository of Red Hat's belongs to; none when nobody knows.
pub(crate) fn products_of_repository(
    id: &str,
    data: &dyn VulnerabilityData,
) -> Result<Vec<Cpe>, DataError> {
    let listed = match mapping(data) {
        Some(feed) => data.note(feed, MAPPING_TABLE, id)?,
        None => None,
    };
    let names = listed
        .or_else(|| universal_base_image(id))
        .unwrap_or_default();
    Ok(names
        .lines()
        .filter_map(|name| Cpe::parse(name).ok())
        .collect())
}

/// Returns the place of the feed that says which products a repository belongs to.
fn mapping(data: &dyn VulnerabilityData) -> Option<usize> {
    data.feeds()
        .iter()
        .position(|feed| feed.name == MAPPING_FEED)
}

/// For which products of an installed package an advisory holds, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    /// Products that it holds for.
    pub(crate) always: u64,
    /// Products that it holds for where it knows no fix.
    pub(crate) unless_fixed: u64,
}

/// Returns the distribution that a product is a stream of: `enterprise_linux:9` of `rhel_eus:9.2`.
fn main_stream(cpe: &Cpe) -> Option<Cpe> {
    let product = cpe.get(CpeAttribute::Product).literal()?;
    if cpe.get(CpeAttribute::Vendor).literal()? != "redhat" || !STREAMS.contains(&product.as_str())
    {
        return None;
    }
    let version = cpe.get(CpeAttribute::Version).literal()?;
    let major = version.split('.').next()?;
    Cpe::parse(&format!("cpe:/o:redhat:enterprise_linux:{major}")).ok()
}

/// Returns the product of a repository of the Universal Base Image, `ubi-9-baseos-rpms`. These
/// hold packages of the distribution itself, which Red Hat's table does not always list.
fn universal_base_image(id: &str) -> Option<String> {
    let (major, repository) = id.strip_prefix("ubi-")?.split_once('-')?;
    if major.is_empty() || !major.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (part, edition) = ["baseos", "appstream", "codeready-builder"]
        .into_iter()
        .find(|name| repository.starts_with(name))
        .map(|name| match name {
            "baseos" => ("o", "baseos"),
            "appstream" => ("a", "appstream"),
            _ => ("a", "crb"),
        })?;
    Some(format!(
        "cpe:/{part}:redhat:enterprise_linux:{major}::{edition}"
    ))
}
