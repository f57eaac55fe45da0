use limpid_layer::{Budget, Content, Entry, EntryKind, Visitor, Want};
use limpid_types::LayerEvidence;

use crate::apk::ApkDetector;
use crate::detector::{Detector, Sink};
use crate::dpkg::DpkgDetector;
use crate::release_file::ReleaseFileDetector;
use crate::rpm::RpmDetector;
use crate::{obstruction, whiteout};

/// Identifies what the detectors look at. Evidence is kept under (layer, this).
///
/// It changes only when layers must be read again: when a detector wants other bytes, or keeps
/// other fields of them. A better conclusion from the same evidence does not change it.
pub const DETECTOR_SET: &str = "1";

/// All detectors over one layer.
pub struct DetectorSet {
    detectors: [Box<dyn Detector + Send>; 4],
    /// Which detector wanted the entry that was entered last.
    chosen: usize,
    sink: Sink,
}

/// What the detectors found in one layer.
#[derive(Debug)]
pub struct Detected {
    /// The evidence.
    pub evidence: LayerEvidence,
    /// Which files belong to which package, to be read with [`crate::OwnedFiles`].
    pub owned_files: Vec<u8>,
}

impl DetectorSet {
    /// Makes a set for one layer; records are counted against the budget.
    pub fn new(budget: &Budget) -> Self {
        Self {
            detectors: [
                Box::new(DpkgDetector::default()),
                Box::new(ApkDetector),
                Box::new(RpmDetector::new(budget)),
                Box::new(ReleaseFileDetector),
            ],
            chosen: 0,
            sink: Sink::new(budget.clone()),
        }
    }

    /// Ends the layer and returns what was found, in a fixed order.
    pub fn finish(mut self) -> Detected {
        for detector in &mut self.detectors {
            detector.finish(&mut self.sink);
        }
        let mut evidence = self.sink.evidence;
        // The same path twice in one archive: the later entry is the one that stays on disk.
        evidence.databases.reverse();
        evidence.databases.sort_by(|a, b| a.path.cmp(&b.path));
        evidence.databases.dedup_by(|a, b| a.path == b.path);
        evidence.release_files.reverse();
        evidence.release_files.sort_by(|a, b| a.path.cmp(&b.path));
        evidence.release_files.dedup_by(|a, b| a.path == b.path);
        evidence.whiteouts.sort();
        evidence.whiteouts.dedup();
        evidence.obstructions.sort();
        evidence.obstructions.dedup();
        evidence.problems.sort();
        evidence.problems.dedup();
        Detected {
            evidence,
            owned_files: self.sink.owned_files.finish(),
        }
    }
}

impl DetectorSet {
    /// Reports a wanted file whose content went by under another name, where nobody wanted it.
    ///
    /// The content of a hard link stands with the name that came first. A name that is wanted too
    /// has been looked at; any other content is gone when the link shows that it mattered.
    fn enter_hard_link(&mut self, entry: &Entry<'_>) {
        let file = Entry {
            kind: EntryKind::File,
            ..*entry
        };
        let target = Entry {
            path: entry.link,
            ..file
        };
        for detector in &mut self.detectors {
            if detector.want(&file) != Want::Nothing && detector.want(&target) == Want::Nothing {
                let why = format!(
                    "is a hard link to a file that was not looked at: {}",
                    entry.link
                );
                detector.lost(entry, why, &mut self.sink);
                return;
            }
        }
    }
}

impl Visitor for DetectorSet {
    fn enter(&mut self, entry: &Entry<'_>) -> Want {
        if let Some(whiteout) = whiteout::read(entry) {
            self.sink.evidence.whiteouts.push(whiteout);
            return Want::Nothing;
        }
        if obstruction::is_obstruction(entry) {
            self.sink.evidence.obstructions.push(entry.path.to_owned());
        }
        if entry.kind == EntryKind::HardLink {
            self.enter_hard_link(entry);
            return Want::Nothing;
        }
        for (index, detector) in self.detectors.iter_mut().enumerate() {
            let want = detector.want(entry);
            if want != Want::Nothing {
                self.chosen = index;
                return want;
            }
        }
        Want::Nothing
    }

    fn content(&mut self, entry: &Entry<'_>, content: Content<'_>) {
        if let Some(detector) = self.detectors.get_mut(self.chosen) {
            detector.take(entry, content, &mut self.sink);
        }
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String) {
        if let Some(detector) = self.detectors.get_mut(self.chosen) {
            detector.lost(entry, why, &mut self.sink);
        }
    }
}
