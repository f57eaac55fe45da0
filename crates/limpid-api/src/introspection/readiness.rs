use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the probe says once the process has been asked to stop.
const DRAINING: &str = "shutting down";

/// Whether a process can serve now: a set of conditions that are not met yet, or no longer.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<Conditions>>);

#[derive(Debug, Default)]
struct Conditions {
    missing: BTreeSet<&'static str>,
    is_draining: bool,
}

impl Readiness {
    /// Begins with some conditions, none of which is met.
    pub fn waiting_for(conditions: impl IntoIterator<Item = &'static str>) -> Self {
        let readiness = Self::default();
        readiness.lock().missing.extend(conditions);
        readiness
    }

    fn lock(&self) -> MutexGuard<'_, Conditions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether a condition is met.
    pub fn set(&self, condition: &'static str, is_met: bool) {
        let mut conditions = self.lock();
        if is_met {
            conditions.missing.remove(condition);
        } else {
            conditions.missing.insert(condition);
        }
    }

    /// Notes that the process has been asked to stop: from now on it is not ready.
    pub fn drain(&self) {
        self.lock().is_draining = true;
    }

    /// Returns what is missing; nothing when the process can serve.
    pub fn missing(&self) -> Vec<&'static str> {
        let conditions = self.lock();
        let draining = conditions.is_draining.then_some(DRAINING);
        draining
            .into_iter()
            .chain(conditions.missing.iter().copied())
            .collect()
    }
}
