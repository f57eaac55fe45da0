//! What brings the vulnerability data up to date, in the background or at a command.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use limpid_http::{FetchSettings, Fetcher, Source};
use limpid_match::ServedData;
use limpid_update::{Schedule, UpdateMetrics, UpdateOptions, Updater, select_families};
use limpid_vulndb::BuildLimits;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::Plan;
use super::roles::roots;
use super::stores::Stores;

/// Memory for building one snapshot beside a service, of which two are built at a time. A large feed
/// is sorted in more pieces then, which nobody waits for.
const BUILD_MEMORY: usize = 16 << 20;

/// Updates in the background.
pub(super) struct Updates {
    updater: Updater,
    sets: Option<Vec<String>>,
    feeds: limpid_feed::Settings,
    schedule: Schedule,
    options: UpdateOptions,
}

impl Updates {
    /// Prepares the updates of a matcher; none when its configuration names no updater.
    pub(super) fn build(
        plan: &Plan,
        stores: &Stores,
        data_dir: &Path,
        data: &ServedData,
        registry: &mut Registry,
    ) -> anyhow::Result<Option<Self>> {
        let sets = plan.config.updaters.sets.clone();
        if sets.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let metrics = UpdateMetrics::default();
        metrics.register(registry);
        // What was activated here need not wait for the next look at the store.
        let served = data.clone();
        let hook = Arc::new(move || served.nudge());
        let updater = updater(plan, stores, data_dir)?
            .with_metrics(metrics)
            .with_activation_hook(hook);
        let period = plan.config.matcher.period.to_std().unwrap_or_default();
        Ok(Some(Self {
            updater,
            sets,
            feeds: plan.config.feed_settings(),
            schedule: Schedule::every(period),
            options: UpdateOptions {
                keep_generations: kept_generations(plan),
                workers: plan.background.clone(),
                build_limits: BuildLimits {
                    memory_bytes: BUILD_MEMORY,
                },
                ..UpdateOptions::default()
            },
        }))
    }

    /// Updates until it is stopped.
    pub(super) fn run(&self, stop: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
        let (updater, sets) = (self.updater.clone(), self.sets.clone());
        let feeds = self.feeds.clone();
        let (schedule, options) = (self.schedule.clone(), self.options.clone());
        async move {
            let families = || {
                let all = limpid_feed::families(&feeds);
                select_families(all, sets.as_deref())
            };
            updater
                .run_periodically(families, &schedule, &options, stop)
                .await;
        }
        .instrument(tracing::info_span!("updates"))
    }
}

/// Returns how many generations there may be. A negative number means that all are kept, as far
/// as a number can say that.
pub(super) fn kept_generations(plan: &Plan) -> usize {
    usize::try_from(plan.config.matcher.update_retention).unwrap_or(usize::MAX)
}

/// Makes what brings the vulnerability data of the matcher up to date.
pub(super) fn updater(plan: &Plan, stores: &Stores, data_dir: &Path) -> anyhow::Result<Updater> {
    let store = stores.matcher()?;
    let source = match &plan.config.limpid.feeds.mirror {
        Some(mirror) => mirror
            .expose()
            .parse()
            .with_context(|| format!("limpid.feeds.mirror: {}", mirror.redacted()))?,
        None => Source::Direct,
    };
    let (spool, snapshots) = (data_dir.join("spool"), data_dir.join("snapshots"));
    for folder in [&spool, &snapshots] {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder: {}", folder.display()))?;
    }
    let settings = FetchSettings {
        roots: roots(plan),
        ..FetchSettings::default()
    };
    let fetcher =
        Fetcher::new(settings, source, spool).context("cannot prepare the fetching of feeds")?;
    let updater = Updater::new(Arc::clone(&store) as _, store as _, fetcher, snapshots);
    Ok(match stores.blobs() {
        Some(blobs) => updater.with_blobs(blobs),
        None => updater,
    })
}
