use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use limpid_detect::{Detected, DetectorSet};
use limpid_layer::{Budget, Hashing, LayerError, LayerLimits, ReadOptions, Spool};
use limpid_registry::LayerBlob;

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
    /// How many layers are read side by side, as far as the budget allows.
    pub parallel: usize,
    /// Whether each layer's bytes are received and hashed on a thread of their own.
    pub hashing: Hashing,
}

impl Reading {
    /// Reads a layer once and returns what the detectors found, the reader's problems included.
    pub(crate) fn blob(
        &self,
        image: &str,
        layer: &LayerBlob,
        progress: &Arc<dyn Progress>,
    ) -> Result<Detected, IndexError> {
        let opened = layer.open().map_err(|source| IndexError::Source {
            image: image.to_owned(),
            layer: layer.digest.clone(),
            source,
        })?;
        let source = Counted {
            inner: opened,
            progress: Arc::clone(progress),
        };
        let fail = |source| IndexError::Layer {
            image: image.to_owned(),
            layer: layer.digest.clone(),
            source,
        };
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

/// Tells the progress what goes by.
struct Counted<R> {
    inner: R,
    progress: Arc<dyn Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.read(count as u64);
        Ok(count)
    }
}
