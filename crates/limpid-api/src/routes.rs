//! The routes, one module for each service.
//!
//! A service's module has `router`, which takes what the handlers work with and gives a router to
//! [`Api::with`](crate::Api::with). Patterns are those of [`ENDPOINTS`](crate::ENDPOINTS).

pub(crate) mod discovery;
pub(crate) mod indexer;
mod json;
pub(crate) mod matcher;
pub mod notifier;
pub(crate) mod robots;
