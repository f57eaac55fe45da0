use axum::extract::MatchedPath;
use axum::http::Request;

/// A part of the API that a mode serves or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// `/indexer/api/v1/`
    Indexer,
    /// `/matcher/api/v1/`
    Matcher,
    /// `/notifier/api/v1/`
    Notifier,
    /// What every mode has.
    Discovery,
}

/// One place of the API: what routes, metrics, limits and the document have to agree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The service that has it.
    pub service: Service,
    /// The router's patterns for it. A pattern that ends in a wild card comes with one that ends
    /// in nothing, so that a missing last element is answered properly.
    pub patterns: &'static [&'static str],
    /// The value of the label `handler` in metrics, by Clair's names.
    pub label: &'static str,
    /// The path in the API's document.
    pub documented: &'static str,
    /// The methods that it has, as the header `Allow` says it.
    pub allow: &'static str,
}

/// All endpoints.
///
/// Of a path below an endpoint that takes one element only the last element counts, as in Clair.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        service: Service::Indexer,
        patterns: &["/indexer/api/v1/index_report"],
        label: "/indexer/api/v1/index_report",
        documented: "/indexer/api/v1/index_report",
        allow: "POST, DELETE",
    },
    Endpoint {
        service: Service::Indexer,
        patterns: &[
            "/indexer/api/v1/index_report/",
            "/indexer/api/v1/index_report/{*digest}",
        ],
        label: "/indexer/api/v1/index_report/:digest",
        documented: "/indexer/api/v1/index_report/{digest}",
        allow: "GET, DELETE",
    },
    Endpoint {
        service: Service::Indexer,
        // Clair does not have it.
        patterns: &[
            "/indexer/api/v1/index_status/",
            "/indexer/api/v1/index_status/{*digest}",
        ],
        label: "/indexer/api/v1/index_status/:digest",
        documented: "/indexer/api/v1/index_status/{digest}",
        allow: "GET",
    },
    Endpoint {
        service: Service::Indexer,
        patterns: &["/indexer/api/v1/index_state"],
        label: "/indexer/api/v1/index_state",
        documented: "/indexer/api/v1/index_state",
        allow: "GET",
    },
    Endpoint {
        service: Service::Indexer,
        // Clair has only the form with a slash, its document only the one without.
        patterns: &[
            "/indexer/api/v1/internal/affected_manifest",
            "/indexer/api/v1/internal/affected_manifest/",
        ],
        label: "/indexer/api/v1/internal/affected_manifest/",
        documented: "/indexer/api/v1/internal/affected_manifest",
        allow: "POST",
    },
    Endpoint {
        service: Service::Matcher,
        patterns: &[
            "/matcher/api/v1/vulnerability_report/",
            "/matcher/api/v1/vulnerability_report/{*digest}",
        ],
        label: "/matcher/api/v1/vulnerability_report/",
        documented: "/matcher/api/v1/vulnerability_report/{digest}",
        allow: "GET",
    },
    Endpoint {
        service: Service::Matcher,
        patterns: &["/matcher/api/v1/internal/update_operation"],
        label: "/matcher/api/v1/internal/update_operation",
        documented: "/matcher/api/v1/internal/update_operation",
        allow: "GET",
    },
    Endpoint {
        service: Service::Matcher,
        patterns: &[
            "/matcher/api/v1/internal/update_operation/",
            "/matcher/api/v1/internal/update_operation/{*ref}",
        ],
        label: "/matcher/api/v1/internal/update_operation/",
        documented: "/matcher/api/v1/internal/update_operation/{digest}",
        allow: "DELETE",
    },
    Endpoint {
        service: Service::Matcher,
        patterns: &["/matcher/api/v1/internal/update_diff"],
        label: "/matcher/api/v1/internal/update_diff",
        documented: "/matcher/api/v1/internal/update_diff",
        allow: "GET",
    },
    Endpoint {
        service: Service::Notifier,
        patterns: &[
            "/notifier/api/v1/notification/",
            "/notifier/api/v1/notification/{*id}",
        ],
        label: "/notifier/api/v1/notification/:id",
        documented: "/notifier/api/v1/notification/{id}",
        allow: "GET, DELETE",
    },
    Endpoint {
        service: Service::Discovery,
        patterns: &["/openapi/v1"],
        label: "/openapi/v1",
        documented: "/openapi/v1",
        allow: "GET",
    },
];

impl Endpoint {
    /// Returns the endpoint that a router found for a request.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<&'static Self> {
        let matched = request.extensions().get::<MatchedPath>()?.as_str();
        ENDPOINTS
            .iter()
            .find(|endpoint| endpoint.patterns.contains(&matched))
    }

    /// Tells whether it has a method.
    pub(crate) fn allows(&self, method: &str) -> bool {
        self.allow.split(", ").any(|allowed| allowed == method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_is_of_two_endpoints() {
        let mut patterns: Vec<_> = ENDPOINTS.iter().flat_map(|one| one.patterns).collect();
        let all = patterns.len();
        patterns.sort_unstable();
        patterns.dedup();
        assert_eq!(patterns.len(), all);
    }

    #[test]
    fn methods_are_compared_whole() {
        let endpoint = &ENDPOINTS[0];
        assert!(endpoint.allows("POST") && endpoint.allows("DELETE"));
        assert!(!endpoint.allows("GET") && !endpoint.allows("POST, DELETE"));
        assert!(!endpoint.allows("OST"));
    }
}
