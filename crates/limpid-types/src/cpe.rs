//! CPE: names of products, by NISTIR 7695 (naming) and NISTIR 7696 (matching).
//!
//! | form | looks like | read by | written by |
//! |---|---|---|---|
//! | URI, version 2.2 | `cpe:/a:redhat:openshift:4.13::el8` | [`Cpe::parse`] | [`Cpe::to_uri`] |
//! | formatted string, version 2.3 | `cpe:2.3:a:redhat:openshift:4.13:*:el8:*:*:*:*:*` | [`Cpe::parse`] | `Display` |
//!
//! In memory a name is what the specification calls a well-formed name: eleven attributes, each of
//! which is any value, no value, or a text in which punctuation is quoted by a backslash, so that
//! `*` and `?` without one are wildcards. Letters are kept in lower case, as names are compared
//! without regard to case. An attribute that a name does not have is any value.
//!
//! How Red Hat uses such names stands in [`Cpe::covers`] and [`Cpe::redhat_namespace`].

mod compare;
mod formatted;
mod redhat;
mod uri;
mod value;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use compare::Relation;
pub use redhat::REDHAT_IMAGES;

/// Bytes that a name may have. Real ones are below 100; patterns are compared in quadratic time.
const MAX_BYTES: usize = 1024;

/// How many attributes a name has.
const ATTRIBUTES: usize = 11;

/// A name of one product, or by wildcards of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpe([CpeValue; ATTRIBUTES]);

/// What an attribute of a [`Cpe`] can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpeValue {
    /// Any value.
    #[default]
    Any,
    /// The attribute makes no sense for this product.
    NotApplicable,
    /// A text, in lower case, with quoted punctuation: `8\.0`, `4\.*`.
    Text(Box<str>),
}

/// The attributes of a [`Cpe`], in the order of the formatted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpeAttribute {
    /// `a` application, `o` operating system, `h` hardware.
    Part,
    /// Who makes it.
    Vendor,
    /// Its name.
    Product,
    /// Its version.
    Version,
    /// Update or service pack.
    Update,
    /// Edition; the newer attributes after the language are its parts.
    Edition,
    /// Language tag.
    Language,
    /// Edition of the software: `pro`.
    SoftwareEdition,
    /// The system that it runs on.
    TargetSoftware,
    /// The machine that it runs on.
    TargetHardware,
    /// Anything else.
    Other,
}

impl CpeAttribute {
    /// All attributes, in the order of the formatted string.
    pub const ALL: [Self; ATTRIBUTES] = [
        Self::Part,
        Self::Vendor,
        Self::Product,
        Self::Version,
        Self::Update,
        Self::Edition,
        Self::Language,
        Self::SoftwareEdition,
        Self::TargetSoftware,
        Self::TargetHardware,
        Self::Other,
    ];
}

impl Cpe {
    /// Reads a name in either form.
    pub fn parse(text: &str) -> Result<Self, CpeError> {
        let read = if text.len() > MAX_BYTES {
            Err("more than 1024 bytes")
        } else if let Some(components) = text.strip_prefix("cpe:2.3:") {
            formatted::read(components)
        } else if let Some(components) = text.strip_prefix("cpe:/") {
            uri::read(components)
        } else {
            Err("neither `cpe:/` nor `cpe:2.3:` at the beginning")
        };
        read.and_then(Self::checked).map_err(|cause| CpeError {
            cause,
            name: text.chars().take(200).collect(),
        })
    }

    /// Makes a name of attributes in the order of [`CpeAttribute::ALL`].
    pub fn new(values: [CpeValue; ATTRIBUTES]) -> Result<Self, CpeError> {
        Self::checked(Self(values)).map_err(|cause| CpeError {
            cause,
            name: String::new(),
        })
    }

    /// Returns an attribute.
    pub fn get(&self, attribute: CpeAttribute) -> &CpeValue {
        let [
            part,
            vendor,
            product,
            version,
            update,
            edition,
            language,
            software,
            target_software,
            target_hardware,
            other,
        ] = &self.0;
        match attribute {
            CpeAttribute::Part => part,
            CpeAttribute::Vendor => vendor,
            CpeAttribute::Product => product,
            CpeAttribute::Version => version,
            CpeAttribute::Update => update,
            CpeAttribute::Edition => edition,
            CpeAttribute::Language => language,
            CpeAttribute::SoftwareEdition => software,
            CpeAttribute::TargetSoftware => target_software,
            CpeAttribute::TargetHardware => target_hardware,
            CpeAttribute::Other => other,
        }
    }

    /// Returns the name as a URI, in which what only the formatted string can say is packed into
    /// the edition.
    pub fn to_uri(&self) -> String {
        uri::write(self)
    }

    fn checked(self) -> Result<Self, &'static str> {
        match self.get(CpeAttribute::Part) {
            CpeValue::Text(part) if !matches!(&**part, "a" | "o" | "h") => {
                Err("part other than a, o and h")
            }
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Cpe {
    /// Writes the formatted string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatted::write(self, f)
    }
}

impl FromStr for Cpe {
    type Err = CpeError;

    fn from_str(text: &str) -> Result<Self, CpeError> {
        Self::parse(text)
    }
}

/// A text that is not a CPE name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid CPE name, {cause}: {name:?}")]
pub struct CpeError {
    /// What is wrong with it.
    pub cause: &'static str,
    /// The text, cut off after 200 characters.
    pub name: String,
}
