//! What the service owes to Clair's clients, proved over real sockets against real processes.
//!
//! Every test of what depends on the store runs on both stores. Each uses images of its own, so
//! that all can share one process for each store.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod authentication;
mod bad_clients;
mod bodies;
mod client;
mod configuration;
mod deletion;
mod discovery;
mod failures;
mod indexing;
mod introspection;
mod matching;
mod modes;
mod negotiation;
mod notifications;
mod overload;
mod paths;
mod process;
mod protocols;
mod quay;
mod registries;
mod service;

/// Makes a test on each store of functions that take a service.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::service::Service::embedded()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::service::Service::postgres()).await;
            })+
        }
    };
}
pub(crate) use on_both_stores;
