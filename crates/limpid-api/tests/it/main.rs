//! The service over real sockets.

mod api;
mod authentication;
mod client;
mod compression;
mod introspection;
mod metrics;
mod openapi;
mod overload;
mod serving;
mod tls;
