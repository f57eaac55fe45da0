//! The roles of a process: what indexes, what judges, and what works in the background for them.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use limpid_api::{
    HttpMetrics, IndexerClient, IndexerRoutes, LocalReports, MatcherRoutes, Presentation,
    PresharedKey, Propagation, Signer,
};
use limpid_http::{AddressPolicy, LayerClient, LayerSettings, Proxy, TrustRoots};
use limpid_index::{IndexService, IndexSettings, Reading};
use limpid_layer::{Budget, Hashing, LayerLimits, Spool};
use limpid_match::{IndexReports, MatchService, MatchSettings, ServedData, clair_index};
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::stores::Stores;
use super::updates::Updates;
use super::{GENERATION, Plan};

/// The most that spooled files may take on disk at once.
const SPOOL_BYTES: u64 = 8 << 30;
/// How long a layer waits for memory before it is given up.
const PATIENCE: Duration = Duration::from_mins(10);

/// The roles of a process.
pub(super) struct Roles {
    indexer: Option<IndexService>,
    matcher: Option<Matcher>,
}

struct Matcher {
    service: MatchService,
    data: ServedData,
    updates: Option<Updates>,
}

/// What works in the background.
pub(super) struct Background(JoinSet<()>);

impl Background {
    /// Waits until all of it has come to its end.
    pub(super) async fn wait(mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(reason = %error, "background work ended badly");
            }
        }
    }
}

impl Roles {
    /// Puts the roles of the mode together.
    pub(super) fn build(
        plan: &Plan,
        stores: &Stores,
        data_dir: &Path,
        budget: u64,
        registry: &mut Registry,
    ) -> anyhow::Result<Self> {
        let indexer = if plan.mode.indexes() {
            let indexer = build_indexer(plan, stores, data_dir, budget)?;
            indexer.register(registry);
            Some(indexer)
        } else {
            None
        };
        let matcher = if plan.mode.matches() {
            let matcher = build_matcher(plan, stores, data_dir, indexer.clone(), registry)?;
            matcher.service.register(registry);
            Some(matcher)
        } else {
            None
        };
        Ok(Self { indexer, matcher })
    }

    /// Returns the handlers of the indexer.
    pub(super) fn indexer_routes(
        &self,
        plan: &Plan,
        metrics: HttpMetrics,
    ) -> Option<IndexerRoutes> {
        let urgencies = plan.config.limpid.indexing.urgency_by_issuer.clone();
        let service = self.indexer.clone()?;
        let routes = IndexerRoutes::new(service, urgencies, metrics);
        Some(match &self.matcher {
            Some(matcher) => routes.with_presentation(by_products(matcher.data.clone())),
            None => routes,
        })
    }

    /// Returns the handlers of the matcher.
    pub(super) fn matcher_routes(&self, plan: &Plan) -> Option<MatcherRoutes> {
        let matcher = self.matcher.as_ref()?;
        let age = plan.config.matcher.cache_age.to_std().unwrap_or_default();
        Some(MatcherRoutes::new(matcher.service.clone(), age))
    }

    /// Begins nothing more that a client waits for in a queue.
    pub(super) fn close(&self) {
        if let Some(indexer) = &self.indexer {
            indexer.close();
        }
    }

    /// Starts what works in the background until the token is cancelled.
    pub(super) fn start(
        &self,
        stop: &CancellationToken,
        readiness: &limpid_api::Readiness,
    ) -> Background {
        let mut tasks = JoinSet::new();
        if let Some(indexer) = &self.indexer {
            tasks.spawn(indexer.clone().run(stop.clone()));
        }
        if let Some(matcher) = &self.matcher {
            let (data, token) = (matcher.data.clone(), stop.clone());
            tasks.spawn(async move { data.run(token).await });
            let (data, token) = (matcher.data.clone(), stop.clone());
            let readiness = readiness.clone();
            tasks.spawn(async move {
                tokio::select! {
                    _ = data.first_usable() => readiness.set(GENERATION, true),
                    () = token.cancelled() => {}
                }
            });
            if let Some(updates) = &matcher.updates {
                tasks.spawn(updates.run(stop.clone()));
            }
        }
        Background(tasks)
    }
}

/// Shows the repositories of index reports by the products that they belong to, as far as the data
/// say so that are served now.
fn by_products(data: ServedData) -> Presentation {
    Arc::new(move |report| {
        let Some(generation) = data.current() else {
            return report;
        };
        match clair_index(&report, generation.as_ref()) {
            Ok(Cow::Owned(shown)) => Arc::new(shown),
            Ok(Cow::Borrowed(_)) => report,
            Err(error) => {
                tracing::warn!(reason = %error, "index report is shown without products");
                report
            }
        }
    })
}

fn build_indexer(
    plan: &Plan,
    stores: &Stores,
    data_dir: &Path,
    budget: u64,
) -> anyhow::Result<IndexService> {
    let processors = plan.resources.worker_threads();
    let indexer = &plan.config.indexer;
    let reading = Reading {
        budget: Budget::new(budget),
        limits: LayerLimits::default(),
        spool: Spool::new(data_dir, SPOOL_BYTES),
        patience: PATIENCE,
        parallel: indexer.layers_at_once(processors),
        // Layers run side by side here, so that a thread more for each would not help.
        hashing: Hashing::InLine,
    };
    let client =
        LayerClient::new(layer_settings(plan)).context("cannot prepare the fetching of layers")?;
    let settings = IndexSettings {
        request_limit: indexer.request_limit(processors),
        queue: plan.config.limpid.indexing.queue,
        ..IndexSettings::default()
    };
    Ok(IndexService::new(
        stores.indexer()?,
        reading,
        Arc::new(client),
        settings,
    ))
}

/// Returns how layers are fetched.
fn layer_settings(plan: &Plan) -> LayerSettings {
    let layers = &plan.config.limpid.layers;
    let networks = layers.allow_networks.iter().map(|network| network.0);
    LayerSettings {
        policy: AddressPolicy::new(plan.config.indexer.airgap, networks.collect()),
        proxy: Proxy::System,
        roots: roots(plan),
        max_bytes: layers.max_bytes.0,
        // A negative one was refused when the configuration was checked.
        total_timeout: layers.max_time.to_std().unwrap_or_default(),
        ..LayerSettings::default()
    }
}

/// Returns the certificates that the environment names, as for Go's programs.
pub(super) fn roots(plan: &Plan) -> Option<TrustRoots> {
    let roots = TrustRoots::of_system(
        plan.environment.get("SSL_CERT_FILE").map(AsRef::as_ref),
        plan.environment.get("SSL_CERT_DIR").map(AsRef::as_ref),
    );
    (!roots.is_empty()).then_some(roots)
}

fn build_matcher(
    plan: &Plan,
    stores: &Stores,
    data_dir: &Path,
    indexer: Option<IndexService>,
    registry: &mut Registry,
) -> anyhow::Result<Matcher> {
    let store = stores.matcher()?;
    let snapshots = data_dir.join("snapshots");
    let data = ServedData::new(Arc::clone(&store) as _, snapshots.clone(), stores.blobs());
    let reports: Arc<dyn IndexReports> = match indexer {
        Some(service) => Arc::new(LocalReports::new(service)),
        None => Arc::new(indexer_client(plan)?),
    };
    let settings = MatchSettings {
        parallel: plan.resources.worker_threads(),
        background: plan.background.clone(),
        ..MatchSettings::default()
    };
    let service = MatchService::new(reports, data.clone(), settings);
    let updates = Updates::build(plan, stores, data_dir, &data, registry)?;
    Ok(Matcher {
        service,
        data,
        updates,
    })
}

/// Makes the client that asks the indexer of another process.
fn indexer_client(plan: &Plan) -> anyhow::Result<IndexerClient> {
    let address = &plan.config.matcher.indexer_addr;
    let url = Url::parse(address.expose())
        .with_context(|| format!("matcher.indexer_addr: {}", address.redacted()))?;
    let signer = plan.config.auth.psk.as_ref().map(|psk| {
        let key = PresharedKey::new(psk.key.expose(), psk.iss.iter().cloned());
        Signer::new(&key, limpid_api::INTRASERVICE_ISSUER, [&url])
    });
    let propagation: Propagation = Arc::new(|headers| {
        for (name, value) in limpid_telemetry::trace_headers(&tracing::Span::current()) {
            let pair = name
                .parse::<http::HeaderName>()
                .ok()
                .zip(http::HeaderValue::try_from(value).ok());
            if let Some((name, value)) = pair {
                headers.insert(name, value);
            }
        }
    });
    Ok(IndexerClient::new(&url, signer, Some(propagation))?)
}
