//! What stands between the server and the handlers, one module for each concern.

pub(crate) mod access_log;
pub(crate) mod authenticate;
pub(crate) mod body_limit;
pub(crate) mod catch_panic;
pub(crate) mod clean_path;
pub(crate) mod compress;
pub(crate) mod encoding;
pub(crate) mod methods;
pub(crate) mod request_id;
pub(crate) mod request_metrics;
pub(crate) mod trace_context;
