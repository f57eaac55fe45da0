use std::sync::Arc;

use futures_util::FutureExt as _;
use limpid_api::{Introspection, ProfileFault, Readiness, Rendered, introspection_router};

use crate::client::{get_path, request, serve_plainly};

fn introspection(readiness: &Readiness) -> Introspection {
    Introspection {
        readiness: readiness.clone(),
        metrics_path: "/odd/{metrics}".into(),
        metrics: Arc::new(|accept| Rendered {
            content_type: "text/plain; version=0.0.4",
            body: format!("accept {accept:?}"),
        }),
        cpu_profile: Some(Arc::new(|time| {
            async move { Ok(format!("{} seconds", time.as_secs()).into()) }.boxed()
        })),
        heap_profile: Some(Arc::new(|| async { Err(ProfileFault::Busy) }.boxed())),
    }
}

#[tokio::test]
async fn health_is_always_ok() {
    let readiness = Readiness::waiting_for(["store"]);
    readiness.drain();
    let server = serve_plainly(introspection_router(introspection(&readiness))).await;
    for method in ["GET", "POST"] {
        let answer = request(server.address, method, "/healthz", "").await;
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn readiness_waits_for_all_conditions_and_ends_with_draining() {
    let readiness = Readiness::waiting_for(["store", "vulnerability data"]);
    let server = serve_plainly(introspection_router(introspection(&readiness))).await;
    let check = async || {
        let answer = get_path(server.address, "/readyz").await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        (answer.status, answer.text().to_owned())
    };
    assert_eq!(
        check().await,
        (503, "not ready: store, vulnerability data\n".into())
    );
    readiness.set("store", true);
    assert_eq!(
        check().await,
        (503, "not ready: vulnerability data\n".into())
    );
    readiness.set("vulnerability data", true);
    assert_eq!(check().await, (200, String::new()));
    readiness.set("store", false);
    assert_eq!(check().await, (503, "not ready: store\n".into()));
    readiness.set("store", true);
    readiness.drain();
    assert_eq!(check().await, (503, "not ready: shutting down\n".into()));
    let answer = request(server.address, "POST", "/readyz", "").await;
    assert_eq!((answer.status, answer.body.len()), (405, 0));
}

#[tokio::test]
async fn metrics_are_rendered_at_the_operators_path() {
    let readiness = Readiness::default();
    let mut introspection = introspection(&readiness);
    introspection.metrics_path = "/some/metrics".into();
    let server = serve_plainly(introspection_router(introspection)).await;
    let answer = request(
        server.address,
        "GET",
        "/some/metrics",
        "Accept: text/plain\r\n",
    )
    .await;
    assert_eq!(answer.text(), "accept Some(\"text/plain\")");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4")
    );
    assert_eq!(get_path(server.address, "/metrics").await.status, 404);
}

#[tokio::test]
async fn a_profile_takes_a_bounded_time() {
    let readiness = Readiness::default();
    let server = serve_plainly(introspection_router(introspection(&readiness))).await;
    for (query, seconds) in [("", 30), ("?seconds=5", 5), ("?seconds=100000", 60)] {
        let path = format!("/debug/pprof/profile{query}");
        let answer = get_path(server.address, &path).await;
        assert_eq!(answer.text(), format!("{seconds} seconds"));
        assert_eq!(
            answer.header("content-type"),
            Some("application/octet-stream")
        );
    }
    for query in ["0", "-1", "x"] {
        let path = format!("/debug/pprof/profile?seconds={query}");
        assert_eq!(get_path(server.address, &path).await.status, 400, "{query}");
    }
    let busy = get_path(server.address, "/debug/pprof/heap").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("5")));
}
