//! The service over real sockets.

#![expect(clippy::unwrap_used, reason = "what helps tests fails as tests do")]

mod api;
mod authentication;
mod client;
mod compression;
mod indexer_client;
mod indexing;
mod installation;
mod introspection;
mod matching;
mod metrics;
mod openapi;
mod overload;
mod serving;
mod tls;
