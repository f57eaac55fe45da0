use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::endpoint::Endpoint;
use crate::layers::access_log::CLIENT_GONE;
use crate::metrics::{HandlerLabels, HttpMetrics, RequestLabels, ServiceMetrics};
use crate::observed_body::{Observer, observe};

/// Counts and measures the requests of endpoints. What belongs to no endpoint is not counted, as
/// in Clair, so that clients cannot make labels.
pub(crate) async fn measure(
    State(metrics): State<HttpMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let Some(endpoint) = Endpoint::of(&request) else {
        return next.run(request).await;
    };
    let service = metrics.of(endpoint.service).clone();
    let handler = endpoint.label;
    service
        .in_flight
        .get_or_create(&HandlerLabels { handler })
        .inc();
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut measured = Measured {
        begun: Instant::now(),
        labels: RequestLabels {
            handler,
            code: CLIENT_GONE,
            method: method_label(request.method()),
        },
        service,
        request_bytes: length.unwrap_or(0),
        response_bytes: 0,
    };
    let response = next.run(request).await;
    measured.labels.code = StatusCode::as_u16(&response.status());
    response.map(|body| observe(body, measured))
}

/// One request, which is counted when this is dropped.
struct Measured {
    begun: Instant,
    labels: RequestLabels,
    service: ServiceMetrics,
    request_bytes: u32,
    response_bytes: u64,
}

impl Observer for Measured {
    fn written(&mut self, bytes: u64) {
        self.response_bytes += bytes;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let Self {
            service, labels, ..
        } = self;
        let handler = labels.handler;
        let seconds = self.begun.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a size within a factor will do")]
        let response_bytes = self.response_bytes as f64;
        service.total.get_or_create(labels).inc();
        service.duration.get_or_create(labels).observe(seconds);
        service
            .request_size
            .get_or_create(labels)
            .observe(f64::from(self.request_bytes));
        service
            .response_size
            .get_or_create(labels)
            .observe(response_bytes);
        service
            .in_flight
            .get_or_create(&HandlerLabels { handler })
            .dec();
    }
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "POST" => "post",
        "DELETE" => "delete",
        "PUT" => "put",
        "PATCH" => "patch",
        "HEAD" => "head",
        "OPTIONS" => "options",
        _ => "unknown",
    }
}
