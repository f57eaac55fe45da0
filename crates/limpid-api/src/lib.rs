//! limpid's HTTP side: Clair v4's API, the server under it, and the introspection listener.
//!
//! Three parts are put together by the binary:
//!
//! * [`Server`] accepts connections and serves any router on them, HTTP/1.1 and HTTP/2, plain or
//!   with TLS, with limits on everything a client can hold: connections, headers, time.
//! * [`Api`] puts routers of the services together and lays around them what all routes share:
//!   authentication, one form of errors, compression, metrics, the access log.
//! * [`introspection_router`] answers health, readiness, metrics and profiles.
//!
//! [`routes`] has one module for each service. A handler takes what it needs of a request by the
//! extractors of this crate ([`DigestPath`], [`JsonBody`], [`Negotiated`], [`IfNoneMatch`], ..),
//! and fails with an [`ApiError`].
//!
//! This is the only crate that knows HTTP status codes. Where Clair's documents and Clair differ,
//! clients that exist decide; `docs/api.md` has the list.

mod api;
mod auth;
mod client;
mod endpoint;
mod error;
mod extract;
mod introspection;
mod layers;
mod local_reports;
mod metrics;
mod observed_body;
mod openapi;
mod quality_list;
mod reply;
pub mod routes;
mod server;

pub use api::{Api, ApiSettings, RemoteParent};
pub use auth::{Caller, INTRASERVICE_ISSUER, PresharedKey, Refusal, Signer, Verifier};
pub use client::{IndexerClient, IndexerClientError, Propagation};
pub use endpoint::{ENDPOINTS, Endpoint, Service};
pub use error::ApiError;
pub use extract::{
    BodyLimits, Describe, DigestPath, EntityTag, IfNoneMatch, JsonBody, Negotiated, Offer,
    Preferences, QueryParameters, RequestUrgency, UuidPath,
};
pub use introspection::{
    Introspection, Profile, ProfileFault, Readiness, RenderMetrics, Rendered, TakeCpuProfile,
    TakeHeapProfile, introspection_router,
};
pub use local_reports::LocalReports;
pub use metrics::{HttpMetrics, ServerMetrics};
pub use openapi::document;
pub use reply::json_reply;
pub use routes::indexer::{IndexerRoutes, Presentation};
pub use routes::matcher::MatcherRoutes;
pub use server::{
    CertificateError, ReloadingCertificate, RemoteAddress, ServeEnd, Server, ServerSettings,
};
