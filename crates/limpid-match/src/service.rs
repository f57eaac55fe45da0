mod clair_packages;
mod encoding;
mod known_packages;
mod packed;
mod places;
mod preparation;
mod report_cache;
mod turns;
mod validity;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::available_parallelism;

use bytes::Bytes;
use jiff::Timestamp;
use limpid_types::{Digest, IndexReport, index_state};
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::fault::MatchFault;
use crate::metrics::ReportMetrics;
use crate::served_data::Served;
use crate::{Generation, IndexReports, IndexVersion, Options, ServedData};
use known_packages::KnownPackages;
pub use packed::PackedReport;
use places::{Full, Places};
use report_cache::{Entry, Fingerprint, Moment, ReportCache};
use turns::Turns;

/// Seconds of an hour.
const HOUR: i64 = 3600;

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
    /// The runtime whose blocking threads make reports before they are asked for; the current one
    /// when there is none.
    pub background: Option<Handle>,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            parallel: available_parallelism().map_or(1, usize::from),
            cache_bytes: 48 << 20,
            package_bytes: 32 << 20,
            background: None,
        }
    }
}

/// Makes vulnerability reports of manifests by the generation that is served.
///
/// Reports that were made are kept as long as the index report and the generation are the same, and
/// the time changes nothing: how old a feed is, is told in hours, so reports are made as if it were
/// the beginning of the hour, and all nodes say the same. Before another generation is served, the
/// reports that were used last are made by it. Requests for the same manifest wait for the first of
/// them. What was found in a package is kept longer, for the other images that have it.
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
    background: Option<Handle>,
    metrics: ReportMetrics,
}

/// What a report is made of.
struct Material {
    manifest: Digest,
    version: Option<IndexVersion>,
    index: Arc<IndexReport>,
    generation: Arc<Generation>,
    at: Moment,
}

impl MatchService {
    /// Makes a service over index reports and vulnerability data. Somebody has to run the data.
    pub fn new(reports: Arc<dyn IndexReports>, data: ServedData, settings: MatchSettings) -> Self {
        let metrics = ReportMetrics::default();
        let parallel = settings.parallel.max(1);
        let shared = Arc::new(Shared {
            reports,
            data,
            options: settings.options,
            places: Places::new(parallel.saturating_mul(PLACES), metrics.waiting.clone()),
            permits: Arc::new(Semaphore::new(parallel)),
            turns: Turns::default(),
            cache: Mutex::new(ReportCache::new(settings.cache_bytes)),
            packages: KnownPackages::new(settings.package_bytes),
            background: settings.background,
            metrics,
        });
        let follower: Weak<Shared> = Arc::downgrade(&shared);
        shared.data.follow(follower);
        Self(shared)
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
        let shared = &self.0;
        let served = shared.data.served().ok_or(MatchFault::NotReady)?;
        let now = beginning_of_hour(Timestamp::now());
        let _place = shared.places.take().await?;
        let Some(material) = shared.material(manifest, None, &served, now).await? else {
            return Ok(None);
        };
        let options = shared.options.clone();
        let report = shared
            .compute(move || encoding::limpid_json(&material, &options))
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
        let shared = &self.0;
        let served = shared.data.served().ok_or(MatchFault::NotReady)?;
        let at = Moment {
            edition: served.edition,
            now: beginning_of_hour(Timestamp::now()),
        };
        let version = shared.version(manifest).await?;
        if let Some(report) = shared.known(manifest, at, version.as_ref()) {
            return Ok(Some(report));
        }
        let _place = shared.places.take().await?;
        let _turn = shared.turns.take(manifest).await;
        if let Some(report) = shared.known(manifest, at, version.as_ref()) {
            return Ok(Some(report));
        }
        let Some(material) = shared.material(manifest, version, &served, at.now).await? else {
            return Ok(None);
        };
        let this = Arc::clone(shared);
        // The report is kept by whoever makes it, because the one who asked may have gone.
        let report = shared.compute(move || this.make(&material)).await?;
        Ok(Some(report))
    }
}

impl Shared {
    async fn version(&self, manifest: &Digest) -> Result<Option<IndexVersion>, MatchFault> {
        let version = self.reports.version(manifest).await;
        version.map_err(|source| MatchFault::IndexReport {
            manifest: manifest.clone(),
            source,
        })
    }

    /// Collects what a report is made of; none when there is no index report that is finished.
    ///
    /// The version is one from before: if the manifest was indexed anew meanwhile, nobody will ask
    /// for that version any more.
    async fn material(
        &self,
        manifest: &Digest,
        version: Option<IndexVersion>,
        served: &Served,
        now: Timestamp,
    ) -> Result<Option<Material>, MatchFault> {
        let index = self.reports.index_report(manifest).await;
        let index = index.map_err(|source| MatchFault::IndexReport {
            manifest: manifest.clone(),
            source,
        })?;
        let is_finished = |index: &Arc<IndexReport>| index.state == index_state::FINISHED;
        Ok(index.filter(is_finished).map(|index| Material {
            manifest: manifest.clone(),
            version,
            index,
            generation: Arc::clone(&served.generation),
            at: Moment {
                edition: served.edition,
                now,
            },
        }))
    }

    /// Runs a computation where it may take long. Not more than a few run at once, those that
    /// nobody waits for any more included.
    async fn compute<T: Send + 'static>(
        &self,
        computation: impl FnOnce() -> Result<T, MatchFault> + Send + 'static,
    ) -> Result<T, MatchFault> {
        let permits = Arc::clone(&self.permits);
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

    /// Returns the report that was made of a version of the index report.
    fn known(
        &self,
        manifest: &Digest,
        at: Moment,
        version: Option<&IndexVersion>,
    ) -> Option<PackedReport> {
        let report = self.cache().get(manifest, at, version?)?;
        self.metrics.cache_hits.inc();
        Some(report)
    }

    /// Returns the report that was made of an equal index report, or makes it.
    fn make(&self, material: &Material) -> Result<PackedReport, MatchFault> {
        let fingerprint = Fingerprint::of(&material.index);
        let Material {
            manifest,
            version,
            at,
            ..
        } = material;
        let equal = self
            .cache()
            .get_equal(manifest, *at, fingerprint, version.as_ref());
        if let Some(report) = equal {
            self.metrics.cache_hits.inc();
            return Ok(report);
        }
        self.metrics.cache_misses.inc();
        self.remake(material, fingerprint).map(|(report, _)| report)
    }

    /// Makes a report and keeps it. Tells whether there was room for it.
    fn remake(
        &self,
        material: &Material,
        fingerprint: Fingerprint,
    ) -> Result<(PackedReport, bool), MatchFault> {
        let (report, valid_until) =
            encoding::clair_report_of(material, &self.options, &self.packages)?;
        let entry = Entry {
            report: report.clone(),
            version: material.version.clone(),
            fingerprint,
            valid_until,
        };
        let mut cache = self.cache();
        let is_kept = cache.insert(&material.manifest, material.at.edition, entry);
        self.metrics
            .show_cache(cache.bytes(), self.packages.bytes());
        Ok((report, is_kept))
    }

    fn cache(&self) -> MutexGuard<'_, ReportCache> {
        // Nothing in there panics half-way.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Full> for MatchFault {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

/// Returns the time as of which reports are judged that are asked for at a time.
fn beginning_of_hour(now: Timestamp) -> Timestamp {
    let hour = now.as_second().div_euclid(HOUR);
    Timestamp::from_second(hour * HOUR).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_begins_at_its_full() {
        let now = "2026-11-21T12:59:59.5Z".parse().unwrap();
        let beginning = beginning_of_hour(now);
        assert_eq!(beginning.to_string(), "2026-11-21T12:00:00Z");
        let next = "2026-11-21T13:00:00Z".parse().unwrap();
        assert_eq!(beginning_of_hour(next), next);
    }
}
