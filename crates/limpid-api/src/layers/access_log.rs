use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::error::FailureReason;
use crate::layers::request_id::{REQUEST_ID, RequestIds};
use crate::layers::trace_context::trace_id;
use crate::observed_body::{Observer, observe};
use crate::server::RemoteAddress;

/// The status that is logged and counted when the client went away before it had an answer.
pub(crate) const CLIENT_GONE: u16 = 499;

/// How much of a request's address is logged, in bytes.
const LONGEST_URI: usize = 1024;

/// Parameters whose values may be logged; nobody knows what others mean.
const PLAIN_PARAMETERS: [&str; 7] = [
    "cur",
    "kind",
    "latest",
    "next",
    "page_size",
    "prev",
    "seconds",
];

/// Makes the trace that a request's headers name the parent of its span.
pub type RemoteParent = Arc<dyn Fn(&Span, &HeaderMap) + Send + Sync>;

/// What is needed to log requests.
#[derive(Clone, Default)]
pub(crate) struct AccessLog {
    pub(crate) ids: RequestIds,
    pub(crate) remote_parent: Option<RemoteParent>,
}

/// Gives a request its id and its span, answers the id, and logs the request when its response has
/// gone out or the client has gone away.
pub(crate) async fn log_access(
    State(log): State<AccessLog>,
    request: Request,
    next: Next,
) -> Response {
    let id = log.ids.of(request.headers());
    let id_text = id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", request_id = id_text, trace_id = Empty);
    match &log.remote_parent {
        Some(set_parent) => set_parent(&span, request.headers()),
        None => {
            if let Some(trace) = trace_id(request.headers()) {
                span.record("trace_id", trace);
            }
        }
    }
    let remote = request.extensions().get::<RemoteAddress>();
    let mut entry = Entry {
        begun: Instant::now(),
        span: span.clone(),
        remote: remote.map(|remote| remote.0),
        method: request.method().clone(),
        uri: loggable(request.uri()),
        status: CLIENT_GONE,
        written: 0,
        reason: None,
    };
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    entry.status = StatusCode::as_u16(&response.status());
    entry.reason = response.extensions_mut().remove::<FailureReason>();
    response.map(|body| observe(body, entry))
}

/// One request, which is logged when this is dropped.
struct Entry {
    begun: Instant,
    span: Span,
    remote: Option<SocketAddr>,
    method: Method,
    uri: String,
    status: u16,
    written: u64,
    reason: Option<FailureReason>,
}

impl Observer for Entry {
    fn written(&mut self, bytes: u64) {
        self.written += bytes;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        // Nanoseconds, as Clair's own log has it.
        let duration = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        tracing::info!(
            remote_addr = self.remote.map(tracing::field::display),
            method = self.method.as_str(),
            request_uri = self.uri,
            status = self.status,
            written = self.written,
            duration,
            reason = self.reason.as_ref().map(|reason| reason.0.as_str()),
            "handled HTTP request"
        );
    }
}

/// Returns path and query as they may stand in a log: without values that might be secret, and not
/// too long.
fn loggable(uri: &Uri) -> String {
    let mut text = uri.path().to_owned();
    let query = uri.query().unwrap_or_default();
    for (position, parameter) in query.split('&').filter(|one| !one.is_empty()).enumerate() {
        let separator = if position == 0 { '?' } else { '&' };
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = if PLAIN_PARAMETERS.contains(&name) {
            value
        } else {
            "..."
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{name}={value}");
    }
    let mut end = LONGEST_URI.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, expected: &str) {
        assert_eq!(loggable(&uri.parse().unwrap()), expected);
    }

    #[test]
    fn values_that_nobody_knows_are_not_logged() {
        check("/a/b", "/a/b");
        check(
            "/a?latest=true&token=x&kind=",
            "/a?latest=true&token=...&kind=",
        );
        check("/a?secret", "/a?secret=...");
        check("http://user:password@host/a?b", "/a?b=...");
    }

    #[test]
    fn a_long_address_is_cut() {
        let uri = format!("/{}", "\u{e9}".repeat(2000));
        let logged = loggable(&uri.parse().unwrap());
        assert!((1020..=1024).contains(&logged.len()));
    }
}
