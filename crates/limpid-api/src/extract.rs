//! What handlers take of a request.

mod if_none_match;
mod json_body;
mod last_element;
mod negotiated;
mod preferences;
mod query;

pub use self::if_none_match::{EntityTag, IfNoneMatch};
pub use self::json_body::{BodyLimits, Describe, JsonBody};
pub use self::last_element::{DigestPath, UuidPath};
pub use self::negotiated::{Negotiated, Offer};
pub use self::preferences::{Preferences, RequestUrgency};
pub use self::query::QueryParameters;
