use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limpid_detect::{Detected, DetectorSet};
use limpid_layer::{Budget, Hashing, LayerError, LayerLimits, LayerSummary, ReadOptions, Spool};
use limpid_types::{Problem, ProblemKind};

use crate::layer::Layer;
use crate::{IndexError, Progress};

/// With what layers are read: memory, limits, and how many at once.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Where all memory for buffers comes from.
    pub budget: Budget,
    /// What one layer may cost.
    pub limits: LayerLimits,
    /// Where files go that the budget has no room for.
    pub spool: Spool,
    /// How long a layer waits for the memory that it needs from the start.
    pub patience: Duration,
    /// How many layers of an image are read side by side, as far as the budget allows.
    pub parallel: usize,
    /// Whether each layer's bytes are received and hashed on a thread of their own.
    pub hashing: Hashing,
}

impl Reading {
    /// Reads a layer once and returns what the detectors found, the reader's problems included.
    pub(crate) fn layer(
        &self,
        image: &str,
        layer: &Layer,
        progress: &Arc<dyn Progress>,
        cancelled: Cancelled,
    ) -> Result<Detected, IndexError> {
        let source = Watched {
            inner: layer.open(image)?,
            progress: Arc::clone(progress),
            cancelled,
        };
        let fail = |source| layer.fault(image, source);
        // The digest of the bytes as stored says everything; that of the uncompressed bytes costs
        // a second hash and is only computed when it is all there is.
        let expected = layer.expected.received.as_ref();
        let uncompressed = layer
            .expected
            .uncompressed
            .as_ref()
            .filter(|_| expected.is_none());
        let options = ReadOptions {
            limits: &self.limits,
            budget: &self.budget,
            spool: &self.spool,
            patience: self.patience,
            hashing: self.hashing,
            also_uncompressed_digest: uncompressed.is_some(),
        };
        let mut detectors = DetectorSet::new(&self.budget);
        let summary =
            limpid_layer::read_layer(source, expected, &options, &mut detectors).map_err(fail)?;
        if let Some(expected) = uncompressed
            && summary.uncompressed_digest.as_ref() != Some(expected)
        {
            return Err(fail(LayerError::DigestMismatch {
                expected: expected.clone(),
                found: summary.uncompressed_digest.unwrap_or(summary.digest),
            }));
        }
        if let Some(problem) = no_archive(&summary)
            && layer.must_be_archive()
        {
            return Err(IndexError::NotAnArchive {
                image: image.to_owned(),
                layer: layer.digest.clone(),
                detail: problem.detail.clone(),
            });
        }
        let mut detected = detectors.finish();
        detected.evidence.problems.extend(summary.problems);
        Ok(detected)
    }

    /// Reads a directory that holds a root file system.
    pub(crate) fn directory(&self, path: &Path) -> Result<Detected, IndexError> {
        let mut detectors = DetectorSet::new(&self.budget);
        let summary = limpid_layer::walk_directory(
            path,
            &self.limits,
            &self.budget,
            &self.spool,
            &mut detectors,
        )
        .map_err(|source| IndexError::Directory {
            path: path.to_owned(),
            source,
        })?;
        let mut detected = detectors.finish();
        detected.evidence.problems.extend(summary.problems);
        Ok(detected)
    }
}

/// Returns the damage of a layer in which there was not even one entry before it.
fn no_archive(summary: &LayerSummary) -> Option<&Problem> {
    let mut problems = summary.problems.iter();
    problems.find(|problem| problem.kind == ProblemKind::DamagedArchive && summary.entries == 0)
}

/// Says to a thread that reads that nobody wants the result any more.
#[derive(Clone, Default)]
pub(crate) struct Cancelled(Arc<AtomicBool>);

/// Cancels when dropped: a thread that blocks cannot be aborted as a task can.
pub(crate) struct CancelOnDrop(Cancelled);

impl Cancelled {
    pub(crate) fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Tells the progress what goes by, and ends early when nobody wants it.
struct Watched<R> {
    inner: R,
    progress: Arc<dyn Progress>,
    cancelled: Cancelled,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.0.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody wants the layer any more"));
        }
        let count = self.inner.read(buffer)?;
        self.progress.read(count as u64);
        Ok(count)
    }
}
