//! Images made for a test, judged by the recorded feeds.

use std::path::Path;

use limpid_testkit::layer::LayerBuilder;
use serde_json::Value;

use crate::limpid::{scan_by, text, updated};

/// What is said of an image.
pub(crate) struct Judged {
    pub(crate) report: Value,
}

impl Judged {
    /// Judges an image of one layer.
    pub(crate) fn of(layer: LayerBuilder) -> Self {
        Self::by(updated(), layer)
    }

    /// Judges an image of one layer by the data of a folder.
    pub(crate) fn by(data_directory: &Path, layer: LayerBuilder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("layer.tar");
        std::fs::write(&path, layer.build()).unwrap();
        Self {
            report: scan_by(data_directory, &format!("layer:{}", path.display())).0,
        }
    }

    /// `package id severity fix [fixed version]` of every finding, sorted.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .findings()
            .map(|finding| {
                // Some sources write the epoch 0 and some do not.
                let fixed = text(finding, "fixed_version").trim_start_matches("0:");
                let severity = text(finding, "severity").to_lowercase();
                let line = [
                    text(&finding["package"], "name"),
                    text(finding, "id"),
                    &severity,
                    text(finding, "fix"),
                    fixed,
                ];
                line.join(" ").trim_end().to_owned()
            })
            .collect();
        lines.sort();
        lines
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.report["findings"].as_array().unwrap().iter()
    }

    /// `package id` of everything that is said to be not affected, sorted.
    pub(crate) fn not_affected(&self) -> Vec<String> {
        // The member is left out when there is nothing to say.
        let packages = self.report["not_affected"].as_array();
        let mut lines: Vec<String> = packages
            .into_iter()
            .flatten()
            .flat_map(|package| {
                let name = text(package, "name");
                let ids = package["ids"].as_array().unwrap().iter();
                ids.map(move |id| format!("{name} {}", id.as_str().unwrap()))
            })
            .collect();
        lines.sort();
        lines
    }

    /// `reason subject packages` of every gap.
    pub(crate) fn gaps(&self) -> Vec<String> {
        self.report["coverage"]["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gap| {
                format!(
                    "{} {} {}",
                    text(gap, "reason"),
                    text(gap, "subject"),
                    gap["packages"]
                )
            })
            .collect()
    }

    /// Compares the findings, the namespace of each, the gaps and the verdict.
    #[track_caller]
    pub(crate) fn check(&self, namespace: &str, findings: &[&str], gaps: &[&str]) {
        assert_eq!(self.lines(), findings, "{}", self.report["coverage"]);
        assert_eq!(self.gaps(), gaps);
        for finding in self.findings() {
            assert_eq!(text(finding, "namespace"), namespace, "{finding}");
        }
        assert_eq!(self.report["coverage"]["unjudged"], 0);
        let verdict = if gaps.is_empty() {
            "complete"
        } else {
            "partial"
        };
        assert_eq!(text(&self.report["coverage"], "verdict"), verdict);
    }
}
