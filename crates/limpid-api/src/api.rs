use axum::Router;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};

use crate::auth::Verifier;
use crate::extract::BodyLimits;
pub use crate::layers::access_log::RemoteParent;
use crate::layers::access_log::{AccessLog, log_access};
use crate::layers::authenticate::{Gate, authenticate};
use crate::layers::body_limit::limit_body;
use crate::layers::catch_panic::catch_panic;
use crate::layers::clean_path::clean_path;
use crate::layers::compress::{Compressors, compress};
use crate::layers::methods::check_method;
use crate::layers::request_metrics::measure;
use crate::metrics::HttpMetrics;
use crate::routes;

/// What all routes of an [`Api`] share.
#[derive(Clone, Default)]
pub struct ApiSettings {
    /// Who may use the API; everybody when there is none.
    pub verifier: Option<Verifier>,
    /// What bodies of requests may be.
    pub body_limits: BodyLimits,
    /// Where requests are counted.
    pub metrics: HttpMetrics,
    /// How a span gets the trace of its request for a parent. Without it the id of the trace is
    /// noted in the span.
    pub remote_parent: Option<RemoteParent>,
}

/// Puts the routes of a mode together.
///
/// The routers of the services that the mode has are added; `/openapi/v1` and `/robots.txt` are
/// always there. What no router has is answered as Clair's multiplexer does: 404 and a line of
/// text.
pub struct Api {
    settings: ApiSettings,
    services: Router,
}

impl Api {
    /// Begins with no services.
    pub fn new(settings: ApiSettings) -> Self {
        Self {
            settings,
            services: Router::new(),
        }
    }

    /// Adds the router of a service.
    #[must_use]
    pub fn with(mut self, service: Router) -> Self {
        self.services = self.services.merge(service);
        self
    }

    /// Lays what all routes share around them: the last layer here is the first that a request
    /// comes to.
    pub fn finish(self) -> Router {
        let ApiSettings {
            verifier,
            body_limits,
            metrics,
            remote_parent,
        } = self.settings;
        let mut router = self
            .services
            .merge(routes::discovery::router())
            .fallback(not_found)
            .layer(from_fn_with_state(Compressors::default(), compress))
            .layer(from_fn_with_state(body_limits, limit_body))
            .layer(from_fn(check_method))
            .layer(from_fn(catch_panic))
            .layer(from_fn_with_state(metrics.clone(), measure))
            .layer(from_fn(clean_path));
        if let Some(verifier) = verifier {
            let gate = Gate { verifier, metrics };
            router = router.layer(from_fn_with_state(gate, authenticate));
        }
        let log = AccessLog {
            remote_parent,
            ..AccessLog::default()
        };
        // Robots have no key to read what is forbidden to them.
        router
            .merge(routes::robots::router())
            .layer(from_fn_with_state(log, log_access))
    }
}

/// Answers what is not there as Go's multiplexer does.
async fn not_found() -> (StatusCode, [(HeaderName, &'static str); 2], &'static str) {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::NOT_FOUND, headers, "404 page not found\n")
}
