//! Version schemes: how each ecosystem orders its versions.

mod range;
mod scheme;

pub use range::{Range, RangeEnd};
pub use scheme::{Scheme, SortKey, VersionError};
