//! Version schemes: how each ecosystem reads and orders its versions.
//!
//! [`Scheme`] names an ecosystem's rules. [`Scheme::compare`] orders two
//! versions without allocating, [`Scheme::sort_key`] makes bytes that order
//! like the versions for use in an index, and [`Range`] tells whether a version
//! lies in an interval. For every scheme the order is total: versions that
//! compare equal are interchangeable, and keys agree with comparison.
//!
//! A scheme is one file, which implements the crate's `Version` trait on a
//! borrowed view of the text, and one line in the table of `scheme.rs`.
//!
//! The crate does not know packages, advisories or feeds, and it never guesses
//! a scheme from the look of a version.

mod alpm;
mod apk;
mod cursor;
mod dpkg;
mod gentoo;
mod key;
mod number;
mod range;
mod rhctag;
mod rpm;
mod scheme;

pub use apk::ApkVersion;
pub use key::SortKey;
pub use range::{Range, RangeEnd};
pub use rhctag::RhctagVersion;
pub use rpm::{Evr, Nevra};
pub use scheme::{Scheme, UnknownScheme, VersionError};
