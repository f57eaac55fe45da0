mod clair_packages;
mod encoding;
mod known_packages;
mod packed;
mod places;
mod report_cache;
mod turns;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use limpid_types::{Digest, IndexReport, index_state};
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::fault::MatchFault;
use crate::metrics::ReportMetrics;
use crate::served_data::Served;
use crate::{Generation, Options, ServedData};
use known_packages::KnownPackages;
pub use packed::PackedReport;
use places::{Full, Places};
use report_cache::{Epoch, Fingerprint, ReportCache};
use turns::Turns;

/// Gives index reports: the indexer of the same process, or a client of another one.
#[async_trait]
pub trait IndexReports: Send + Sync {
    /// Returns what is known of a manifest, in whatever state; none when nothing is.
    ///
    /// It is asked for every report, because a manifest may have been deleted or indexed anew.
    /// Giving the same object again for the same content makes that cheap.
    async fn index_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<Arc<IndexReport>>, IndexReportsFault>;
}

/// Why there is no index report.
pub type IndexReportsFault = Box<dyn std::error::Error + Send + Sync>;

/// How many requests hold what they need for each that is being computed: some wait for the store
/// or the indexer meanwhile.
const PLACES: usize = 4;

/// What the service may use.
#[derive(Clone, Debug)]
pub struct MatchSettings {
    /// When data counts as old, and how large reports may become. The severity and fix options
    /// should hide nothing here: clients expect every vulnerability.
    pub options: Options,
    /// How many reports are made at once. More wait.
    pub parallel: usize,
    /// How much memory reports that were made may take, to be given again.
    pub cache_bytes: usize,
    /// How much memory what was found in packages may take, to be written again in the reports of
    /// other images.
    pub package_bytes: usize,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            parallel: available_parallelism().map_or(1, usize::from),
            cache_bytes: 48 << 20,
            package_bytes: 32 << 20,
        }
    }
}

/// Makes vulnerability reports of manifests by the generation that is served.
///
/// Reports that were made are kept as long as the index report and the generation are the same,
/// within the hour: how old a feed is, is told in hours, so reports are made as if it were the
/// beginning of the hour, and all nodes say the same. Requests for the same manifest wait for the
/// first of them. What was found in a package is kept longer, for the other images that have it.
#[derive(Clone)]
pub struct MatchService(Arc<Shared>);

struct Shared {
    reports: Arc<dyn IndexReports>,
    data: ServedData,
    options: Options,
    places: Places,
    permits: Arc<Semaphore>,
    turns: Turns,
    cache: Mutex<ReportCache>,
    packages: KnownPackages,
    metrics: ReportMetrics,
}

/// What a report is made of.
struct Material {
    manifest: Digest,
    index: Arc<IndexReport>,
    generation: Arc<Generation>,
    epoch: Epoch,
    now: Timestamp,
}

impl MatchService {
    /// Makes a service over index reports and vulnerability data. Somebody has to run the data.
    pub fn new(reports: Arc<dyn IndexReports>, data: ServedData, settings: MatchSettings) -> Self {
        let metrics = ReportMetrics::default();
        let parallel = settings.parallel.max(1);
        Self(Arc::new(Shared {
            reports,
            data,
            options: settings.options,
            places: Places::new(parallel.saturating_mul(PLACES), metrics.waiting.clone()),
            permits: Arc::new(Semaphore::new(parallel)),
            turns: Turns::default(),
            cache: Mutex::new(ReportCache::new(settings.cache_bytes)),
            packages: KnownPackages::new(settings.package_bytes),
            metrics,
        }))
    }

    /// Tells whether there is vulnerability data to judge by. Until the first generation is open,
    /// asking also looks for it, at most once a second; the error is the store's.
    pub async fn is_ready(&self) -> Result<bool, MatchFault> {
        Ok(self.0.data.is_there().await?)
    }

    /// Makes the report of a manifest in Clair's JSON, packed; none when it has not been indexed to
    /// the end.
    pub async fn vulnerability_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<PackedReport>, MatchFault> {
        let began = Instant::now();
        let made = self.make_vulnerability_report(manifest).await;
        let metrics = &self.0.metrics;
        match &made {
            Ok(Some(_)) => metrics
                .duration_seconds
                .observe(began.elapsed().as_secs_f64()),
            Ok(None) | Err(MatchFault::NotReady | MatchFault::Full) => {}
            Err(_) => {
                metrics.failures.inc();
            }
        }
        made
    }

    /// Makes the report of a manifest in limpid's own JSON, which says what was not covered and
    /// why each finding is one; none when the manifest has not been indexed to the end.
    pub async fn limpid_report(&self, manifest: &Digest) -> Result<Option<Bytes>, MatchFault> {
        let _place = self.0.places.take().await?;
        let Some(material) = self.material(manifest).await? else {
            return Ok(None);
        };
        let shared = Arc::clone(&self.0);
        let report = self
            .compute(move || encoding::limpid_json(&material, &shared.options))
            .await?;
        Ok(Some(report))
    }

    /// Adds the service's metrics and those of its data to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
        self.0.data.register(registry);
    }

    pub(crate) fn data(&self) -> &ServedData {
        &self.0.data
    }

    async fn make_vulnerability_report(
        &self,
        manifest: &Digest,
    ) -> Result<Option<PackedReport>, MatchFault> {
        let _place = self.0.places.take().await?;
        let Some(material) = self.material(manifest).await? else {
            return Ok(None);
        };
        if let Some(report) = self.0.known(&material) {
            return Ok(Some(report));
        }
        let _turn = self.0.turns.take(manifest).await;
        let shared = Arc::clone(&self.0);
        // The report is kept by whoever makes it, because the one who asked may have gone.
        let report = self.compute(move || shared.make(&material)).await?;
        Ok(Some(report))
    }

    /// Collects what a report is made of; none when there is no index report that is finished.
    async fn material(&self, manifest: &Digest) -> Result<Option<Material>, MatchFault> {
        let Served {
            edition,
            generation,
        } = self.0.data.served().ok_or(MatchFault::NotReady)?;
        let index = self
            .0
            .reports
            .index_report(manifest)
            .await
            .map_err(|source| MatchFault::IndexReport {
                manifest: manifest.clone(),
                source,
            })?;
        let is_finished = |index: &Arc<IndexReport>| index.state == index_state::FINISHED;
        Ok(index.filter(is_finished).map(|index| {
            let (hour, now) = beginning_of_hour(Timestamp::now());
            Material {
                manifest: manifest.clone(),
                index,
                generation,
                epoch: Epoch { edition, hour },
                now,
            }
        }))
    }

    /// Runs a computation where it may take long. Not more than a few run at once, those that
    /// nobody waits for any more included.
    async fn compute<T: Send + 'static>(
        &self,
        computation: impl FnOnce() -> Result<T, MatchFault> + Send + 'static,
    ) -> Result<T, MatchFault> {
        let permits = Arc::clone(&self.0.permits);
        let permit = permits
            .acquire_owned()
            .await
            .map_err(|_| MatchFault::Aborted)?;
        spawn_blocking(move || {
            let _permit = permit;
            computation()
        })
        .await
        .map_err(|_| MatchFault::Aborted)?
    }
}

impl Shared {
    /// Returns the report that was made of the very same index report object.
    fn known(&self, material: &Material) -> Option<PackedReport> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let report = cache.get(&material.manifest, material.epoch, &material.index)?;
        self.metrics.cache_hits.inc();
        Some(report)
    }

    /// Returns the report that was made of an equal index report, or makes it.
    fn make(&self, material: &Material) -> Result<PackedReport, MatchFault> {
        if let Some(report) = self.known(material) {
            return Ok(report);
        }
        let fingerprint = Fingerprint::of(&material.index);
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let manifest = &material.manifest;
        let equal = cache().get_equal(manifest, material.epoch, fingerprint, &material.index);
        if let Some(report) = equal {
            self.metrics.cache_hits.inc();
            return Ok(report);
        }
        self.metrics.cache_misses.inc();
        let report = encoding::clair_report_of(material, &self.options, &self.packages)?;
        let mut cache = cache();
        cache.insert(
            manifest,
            material.epoch,
            fingerprint,
            &material.index,
            &report,
        );
        let bytes = i64::try_from(cache.bytes()).unwrap_or(i64::MAX);
        self.metrics.cache_bytes.set(bytes);
        let bytes = i64::try_from(self.packages.bytes()).unwrap_or(i64::MAX);
        self.metrics.package_bytes.set(bytes);
        Ok(report)
    }
}

impl From<Full> for MatchFault {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

/// Returns the number of an hour and its beginning.
fn beginning_of_hour(now: Timestamp) -> (i64, Timestamp) {
    const HOUR: i64 = 3600;
    let hour = now.as_second().div_euclid(HOUR);
    (hour, Timestamp::from_second(hour * HOUR).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_begins_at_its_full() {
        let now = "2026-11-21T12:59:59.5Z".parse().unwrap();
        let (hour, beginning) = beginning_of_hour(now);
        assert_eq!(beginning.to_string(), "2026-11-21T12:00:00Z");
        let next = "2026-11-21T13:00:00Z".parse().unwrap();
        assert_eq!(beginning_of_hour(next), (hour + 1, next));
    }
}
