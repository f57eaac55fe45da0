//! Version schemes: how each ecosystem reads and orders its versions.
//!
//! [`Scheme`] names an ecosystem's rules. [`Scheme::compare`] orders two
//! versions without allocating, [`Scheme::sort_key`] makes bytes that order
//! like the versions for use in an index, and [`Range`] tells whether a version
//! lies in an interval. The order is total: versions that compare equal are
//! interchangeable, and keys agree with comparison; Maven's is the exception, see
//! [`Scheme::is_transitive`].
//!
//! A scheme is one file, which implements the crate's `Version` trait on a
//! borrowed view of the text, and one line in the table of `scheme.rs`.
//!
//! The crate does not know packages, advisories or feeds, and it never guesses
//! a scheme from the look of a version.

mod alpm;
mod apk;
mod composer;
mod cran;
mod cursor;
mod dpkg;
mod gem;
mod gentoo;
mod go;
mod hackage;
mod identifiers;
mod key;
mod maven;
mod nuget;
mod number;
mod number_list;
mod pep440;
mod pub_dev;
mod range;
mod release;
mod rhctag;
mod rpm;
mod scheme;
mod semver;

pub use apk::ApkVersion;
pub use key::SortKey;
pub use range::{Range, RangeEnd};
pub use rhctag::RhctagVersion;
pub use rpm::{Evr, Nevra};
pub use scheme::{Scheme, UnknownScheme, VersionError};
