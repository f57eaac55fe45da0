//! The service: one process in one of Clair's modes, put together from its parts.

mod listeners;
mod roles;
mod signals;
mod stores;
mod telemetry;
mod updates;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use limpid_api::Readiness;
use limpid_config::{Config, Environment, Lint, Mode};
use limpid_store::Store;
use limpid_telemetry::{Metrics, Resources};
use limpid_update::Updater;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::memory;

pub(crate) use signals::first_signal;

/// How long a service waits for a database that is starting.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a service is started with.
pub(crate) struct Plan {
    /// The configuration.
    pub(crate) config: Config,
    /// Which parts run.
    pub(crate) mode: Mode,
    /// What is odd about the configuration.
    pub(crate) lints: Vec<Lint>,
    /// The variables of the process.
    pub(crate) environment: Environment,
    /// What the machine leaves to the process.
    pub(crate) resources: Resources,
    /// The data folder that the command line names.
    pub(crate) data_dir: Option<PathBuf>,
    /// The memory budget that the command line names, in bytes.
    pub(crate) memory_budget: Option<u64>,
    /// Where work is done that gives way to requests; along with everything else when there is
    /// none.
    pub(crate) background: Option<Handle>,
}

/// Runs the service until the token is cancelled and everything has come to its end.
pub(crate) async fn run(plan: Plan, stop: CancellationToken) -> anyhow::Result<()> {
    let telemetry = telemetry::start(&plan)?;
    let result = run_with_telemetry(&plan, &telemetry, stop).await;
    if let Err(error) = &result {
        tracing::error!(reason = format!("{error:#}"), "the service failed");
    }
    telemetry.logs_and_traces.shutdown().await;
    result
}

async fn run_with_telemetry(
    plan: &Plan,
    telemetry: &telemetry::Started,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    introduce(plan);
    let readiness = Readiness::waiting_for(conditions(plan.mode));
    let mut metrics = Metrics::new(&telemetry::build_info());
    telemetry.logs_and_traces.register(metrics.registry_mut());

    let data_dir = data_directory(plan)?;
    let stores = tokio::select! {
        biased;
        // A database may be waited for, and nothing is there yet that would have to be ended.
        () = stop.cancelled() => return Ok(()),
        stores = stores::open(plan, &data_dir, PATIENCE) => stores?,
    };
    stores.register(metrics.registry_mut());
    readiness.set(STORE, true);
    let budget = memory::budget(plan.memory_budget.or_else(|| {
        let budget = plan.config.limpid.memory_budget?;
        Some(budget.0)
    }))?;
    let roles = roles::Roles::build(plan, &stores, &data_dir, budget, metrics.registry_mut())?;
    let listeners = listeners::bind(plan, metrics.registry_mut()).await?;
    let metrics = Arc::new(metrics);
    let push = telemetry::push(plan, &metrics)?;

    let working = stop.child_token();
    let background = roles.start(&working, &readiness);
    let serving = listeners.serve(plan, &roles, &readiness, &metrics, &stop);
    let pushing = telemetry::run_push(push, working.clone());
    let (served, ()) = tokio::join!(
        async {
            let served = serving.await;
            // Whatever the listeners did, the rest ends with them.
            working.cancel();
            served
        },
        pushing
    );
    background.wait().await;
    served
}

/// What a command changes vulnerability data with, beside the service.
pub(crate) struct MatcherData {
    /// What changes them.
    pub(crate) updater: Updater,
    /// How many generations there may be after a change.
    pub(crate) keep_generations: usize,
}

/// Opens what a matcher of this configuration works on. A database that is not there is not waited
/// for: somebody sits before the command.
pub(crate) async fn open_matcher_data(plan: &Plan) -> anyhow::Result<MatcherData> {
    let data_dir = data_directory(plan)?;
    let stores = stores::open(plan, &data_dir, Duration::ZERO).await?;
    Ok(MatcherData {
        updater: updates::updater(plan, &stores, &data_dir)?,
        keep_generations: updates::kept_generations(plan),
    })
}

/// Opens the store of a matcher of this configuration, as [`open_matcher_data`] does.
pub(crate) async fn open_matcher_store(plan: &Plan) -> anyhow::Result<Arc<dyn Store>> {
    let data_dir = data_directory(plan)?;
    let stores = stores::open(plan, &data_dir, Duration::ZERO).await?;
    stores.matcher()
}

/// Returns the variables of the process, without those that are no text.
pub(crate) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What has to be there until a process is ready, in the words of `/readyz`.
const STORE: &str = "store";
const LISTENER: &str = "listener";
const GENERATION: &str = "generation";

fn conditions(mode: Mode) -> Vec<&'static str> {
    let mut conditions = vec![STORE, LISTENER];
    if mode.matches() {
        conditions.push(GENERATION);
    }
    conditions
}

fn introduce(plan: &Plan) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        mode = %plan.mode,
        worker_threads = plan.resources.worker_threads(),
        memory_limit_bytes = plan.resources.memory,
        "limpid starts"
    );
    let lints: Vec<String> = plan.lints.iter().map(ToString::to_string).collect();
    if !lints.is_empty() {
        tracing::warn!(lints = lints.join("; "), "configuration lints");
    }
}

/// Returns the folder for the embedded store and for snapshots.
///
/// A service in a container may have no home. With a database elsewhere the folder is only a
/// cache, and then a temporary one is good enough.
fn data_directory(plan: &Plan) -> anyhow::Result<PathBuf> {
    let asked = plan
        .data_dir
        .as_deref()
        .or(plan.config.limpid.data_dir.as_deref());
    let default = memory::data_directory(asked).map(|(directory, _)| directory);
    match default {
        Ok(directory) => Ok(directory),
        Err(error) if asked.is_some() || stores::uses_embedded(plan) => Err(error),
        Err(_) => {
            let directory = temporary_directory(plan);
            std::fs::create_dir_all(&directory)
                .with_context(|| format!("cannot make the data folder: {}", directory.display()))?;
            tracing::warn!(
                directory = %directory.display(),
                "snapshots are kept in a temporary folder, set limpid.data_dir"
            );
            Ok(directory)
        }
    }
}

fn temporary_directory(plan: &Plan) -> PathBuf {
    let parent = plan.environment.get("TMPDIR").unwrap_or("/var/tmp");
    Path::new(parent).join("limpid")
}

/// Says whether a configuration can be run, as far as that can be told before anything is opened.
pub(crate) fn check(config: &Config, mode: Mode) -> anyhow::Result<()> {
    ensure!(
        mode != Mode::Notifier || config.notifier.delivery().is_some(),
        "mode notifier requires a way of delivery"
    );
    Ok(())
}
