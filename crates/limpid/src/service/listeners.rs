//! The two listeners of a process: the API, and what only operators see.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use limpid_api::{
    Api, ApiSettings, BodyLimits, HttpMetrics, Introspection, PresharedKey, ProfileFault,
    Readiness, ReloadingCertificate, RemoteParent, Rendered, ServeEnd, Server, ServerMetrics,
    ServerSettings, Verifier, introspection_router,
};
use limpid_config::Config;
use limpid_telemetry::{Metrics, ProfileError};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::roles::Roles;
use super::{LISTENER, Plan};

/// How long the body of a request may take to arrive.
const BODY_TIME: Duration = Duration::from_mins(1);
/// Bytes that the bodies of all requests may hold together.
const ALL_BODIES: usize = 64 << 20;
/// How often the certificate's files are looked at.
const CERTIFICATE_PERIOD: Duration = Duration::from_secs(30);
/// How long a process that is not ready any more waits before it stops to accept, so that load
/// balancers can see it.
const NOTICE: Duration = Duration::from_secs(1);

/// The listeners, bound and not yet served.
pub(super) struct Listeners {
    api: TcpListener,
    introspection: Option<TcpListener>,
    http_metrics: HttpMetrics,
    server_metrics: ServerMetrics,
}

/// Binds both listeners. Without the one for operators the service runs all the same, as in Clair.
pub(super) async fn bind(plan: &Plan, registry: &mut Registry) -> anyhow::Result<Listeners> {
    let config = &plan.config;
    let introspection = match listen(&config.introspection_addr).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(
                reason = format!("{error:#}"),
                "the service runs without introspection"
            );
            None
        }
    };
    let (http_metrics, server_metrics) = (HttpMetrics::default(), ServerMetrics::default());
    http_metrics.register(registry);
    server_metrics.register(registry);
    Ok(Listeners {
        api: listen(&config.http_listen_addr).await?,
        introspection,
        http_metrics,
        server_metrics,
    })
}

impl Listeners {
    /// Serves until the token is cancelled and requests have ended.
    pub(super) async fn serve(
        self,
        plan: &Plan,
        roles: &Roles,
        readiness: &Readiness,
        metrics: &Arc<Metrics>,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let router = self.router(plan, roles);
        let server = self.server(plan, stop)?;
        let closing = CancellationToken::new();
        let introspection = self.introspection.map(|listener| {
            let router = introspection_router(introspection(plan, readiness, metrics));
            let server = Server::new(ServerSettings::default(), ServerMetrics::default());
            tokio::spawn(server.serve(listener, router, closing.clone()))
        });
        readiness.set(LISTENER, true);
        tracing::info!(
            address = %self.api.local_addr()?,
            "the API is served"
        );
        let draining = CancellationToken::new();
        let serving = server.serve(self.api, router, draining.clone());
        let drain = async {
            stop.cancelled().await;
            readiness.drain();
            tokio::time::sleep(NOTICE).await;
            draining.cancel();
        };
        // Who waits for a turn gets it still, as long as there is time.
        let (ServeEnd { aborted }, ()) = tokio::join!(serving, drain);
        roles.close();
        closing.cancel();
        if let Some(introspection) = introspection {
            // Nothing is lost with an introspection listener that ends badly.
            let _ = introspection.await;
        }
        ensure!(
            aborted == 0,
            "requests were cut off, because they did not end in time, on connections: {aborted}"
        );
        Ok(())
    }

    fn router(&self, plan: &Plan, roles: &Roles) -> Router {
        let mut api = Api::new(ApiSettings {
            verifier: verifier(&plan.config),
            body_limits: BodyLimits::new(
                usize::try_from(plan.config.limpid.server.max_body.0).unwrap_or(usize::MAX),
                BODY_TIME,
                ALL_BODIES.max(
                    usize::try_from(plan.config.limpid.server.max_body.0).unwrap_or(usize::MAX),
                ),
            ),
            metrics: self.http_metrics.clone(),
            remote_parent: Some(remote_parent()),
        });
        if let Some(routes) = roles.indexer_routes(plan, self.http_metrics.clone()) {
            api = api.with(routes.router());
        }
        if let Some(routes) = roles.matcher_routes(plan) {
            api = api.with(routes.router());
        }
        if plan.mode.notifies() {
            api = api.with(limpid_api::routes::notifier::router());
        }
        api.finish()
    }

    fn server(&self, plan: &Plan, stop: &CancellationToken) -> anyhow::Result<Server> {
        let settings = ServerSettings {
            connections: plan.config.limpid.server.max_connections,
            drain_time: plan.config.limpid.server.drain.to_std().unwrap_or_default(),
            ..ServerSettings::default()
        };
        let server = Server::new(settings, self.server_metrics.clone());
        let Some(tls) = &plan.config.tls else {
            return Ok(server);
        };
        let certificate = ReloadingCertificate::read(&tls.cert, &tls.key)?;
        let server = server.with_tls(&certificate);
        tokio::spawn(certificate.watch(CERTIFICATE_PERIOD, stop.clone()));
        Ok(server)
    }
}

/// Listens where Go would: an empty host is every address of the machine.
async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    let context = || format!("cannot listen on: {address}");
    let Some(port) = address.strip_prefix(':') else {
        return TcpListener::bind(address).await.with_context(context);
    };
    match TcpListener::bind(format!("[::]:{port}")).await {
        Ok(listener) => Ok(listener),
        // A machine without IPv6.
        Err(_) => TcpListener::bind(format!("0.0.0.0:{port}"))
            .await
            .with_context(context),
    }
}

fn verifier(config: &Config) -> Option<Verifier> {
    let first = config.auth.psk.as_ref()?;
    let keys = std::iter::once(first).chain(&config.limpid.auth.psk);
    Some(Verifier::new(keys.map(|psk| {
        PresharedKey::new(psk.key.expose(), psk.iss.iter().cloned())
    })))
}

fn remote_parent() -> RemoteParent {
    Arc::new(|span, headers| {
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        limpid_telemetry::continue_trace(span, headers);
    })
}

fn introspection(plan: &Plan, readiness: &Readiness, metrics: &Arc<Metrics>) -> Introspection {
    let metrics = Arc::clone(metrics);
    let render = move |accept: Option<&str>| match metrics.render(accept) {
        Ok(rendered) => Rendered {
            content_type: rendered.content_type,
            body: rendered.body,
        },
        Err(error) => Rendered {
            content_type: "text/plain; charset=utf-8",
            body: format!("# cannot write metrics: {error}\n"),
        },
    };
    Introspection {
        readiness: readiness.clone(),
        metrics_path: plan.config.metrics.prometheus.endpoint.clone(),
        metrics: Arc::new(render),
        cpu_profile: Some(Arc::new(|time| {
            Box::pin(async move { told(limpid_telemetry::cpu_profile(time).await) })
        })),
        heap_profile: Some(Arc::new(|| {
            Box::pin(async { told(limpid_telemetry::heap_profile(HEAP_TIME).await) })
        })),
    }
}

/// How long allocations are watched for a profile of the heap.
const HEAP_TIME: Duration = Duration::from_secs(10);

fn told(profile: Result<Vec<u8>, ProfileError>) -> Result<bytes::Bytes, ProfileFault> {
    profile.map(Into::into).map_err(|error| match error {
        ProfileError::Busy => ProfileFault::Busy,
        error => ProfileFault::Failed(error.to_string()),
    })
}
