use std::collections::BTreeMap;

use limpid_types::{Coverage, Gap, GapReason, IndexReport, LayerProblem, ProblemKind, Verdict};

/// Collects what a report does not cover.
///
/// Gaps of the same reason and subject are one, with the number of packages added up.
#[derive(Debug, Default)]
pub(crate) struct Gaps(BTreeMap<(GapReason, String), (String, usize)>);

impl Gaps {
    /// Adds a gap that concerns some packages. The first detail of a subject stays.
    pub(crate) fn add(
        &mut self,
        reason: GapReason,
        subject: &str,
        detail: impl FnOnce() -> String,
        packages: usize,
    ) {
        self.0
            .entry((reason, subject.into()))
            .or_insert_with(|| (detail(), 0))
            .1 += packages;
    }

    /// Adds what the index itself says that it could not read.
    pub(crate) fn add_index(&mut self, index: &IndexReport) {
        if !index.success {
            let detail = || match index.err.as_str() {
                "" => "indexing has not finished, so packages may be missing".into(),
                error => format!("indexing failed: {error}"),
            };
            self.add(GapReason::LayerProblem, "index", detail, 0);
        }
        let mut others: BTreeMap<&str, (&LayerProblem, usize)> = BTreeMap::new();
        for problem in &index.limpid.problems {
            match problem.problem.kind {
                ProblemKind::Note => {}
                ProblemKind::UnreadableDatabase => self.add(
                    GapReason::UnreadableDatabase,
                    &problem.problem.subject,
                    || problem.problem.detail.clone(),
                    0,
                ),
                ProblemKind::BadRecord
                | ProblemKind::UnreadableFile
                | ProblemKind::DamagedArchive => {
                    others.entry(&problem.layer).or_insert((problem, 0)).1 += 1;
                }
            }
        }
        // A damaged layer can have thousands of problems: one gap stands for them, and the
        // coverage lists them all.
        for (layer, (first, count)) in others {
            let detail = || match count {
                1 => first.problem.to_string(),
                _ => format!("{}, and {} more", first.problem, count - 1),
            };
            self.add(GapReason::LayerProblem, layer, detail, 0);
        }
    }

    /// Sums everything up.
    pub(crate) fn into_coverage(
        self,
        judged: usize,
        unjudged: usize,
        index: &IndexReport,
    ) -> Coverage {
        let gaps: Vec<Gap> = self
            .0
            .into_iter()
            .map(|((reason, subject), (detail, packages))| Gap {
                reason,
                subject,
                detail,
                packages,
            })
            .collect();
        let verdict = if judged == 0 {
            Verdict::Unknown
        } else if gaps.is_empty() && unjudged == 0 {
            Verdict::Complete
        } else {
            Verdict::Partial
        };
        let mut problems = index.limpid.problems.clone();
        problems.sort_unstable();
        problems.dedup();
        Coverage {
            verdict,
            judged,
            unjudged,
            gaps,
            problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use limpid_types::{Extension, Problem};

    use super::*;

    fn index(problems: Vec<LayerProblem>) -> IndexReport {
        IndexReport {
            manifest_hash: String::new(),
            state: String::new(),
            packages: BTreeMap::new(),
            distributions: BTreeMap::new(),
            repository: BTreeMap::new(),
            environments: BTreeMap::new(),
            success: true,
            err: String::new(),
            limpid: Extension {
                problems,
                ..Extension::default()
            },
        }
    }

    fn coverage_of(problems: Vec<LayerProblem>) -> Coverage {
        let index = index(problems);
        let mut gaps = Gaps::default();
        gaps.add_index(&index);
        gaps.into_coverage(1, 0, &index)
    }

    fn problem(layer: &str, kind: ProblemKind, subject: &str) -> LayerProblem {
        LayerProblem {
            layer: layer.into(),
            problem: Problem::new(kind, subject, "is damaged"),
        }
    }

    #[test]
    fn problems_of_one_layer_are_one_gap() {
        let coverage = coverage_of(vec![
            problem("sha256:1", ProblemKind::BadRecord, "openssl"),
            problem("sha256:1", ProblemKind::DamagedArchive, "tar"),
            problem("sha256:2", ProblemKind::UnreadableFile, "etc/os-release"),
        ]);
        let details: Vec<&str> = coverage
            .gaps
            .iter()
            .map(|gap| gap.detail.as_str())
            .collect();
        assert_eq!(
            details,
            [
                "openssl: is damaged, and 1 more",
                "etc/os-release: is damaged"
            ]
        );
        assert_eq!(coverage.problems.len(), 3);
        assert_eq!(coverage.verdict, Verdict::Partial);
    }

    #[test]
    fn each_unreadable_database_is_a_gap() {
        let kind = ProblemKind::UnreadableDatabase;
        let coverage = coverage_of(vec![
            problem("sha256:1", kind, "var/lib/dpkg/status"),
            problem("sha256:1", kind, "var/lib/rpm/Packages"),
        ]);
        let reasons: Vec<GapReason> = coverage.gaps.iter().map(|gap| gap.reason).collect();
        assert_eq!(reasons, [GapReason::UnreadableDatabase; 2]);
    }

    #[test]
    fn a_note_is_no_gap() {
        let coverage = coverage_of(vec![problem("sha256:1", ProblemKind::Note, "usr")]);
        assert_eq!(coverage.gaps, []);
        assert_eq!(coverage.problems.len(), 1);
        assert_eq!(coverage.verdict, Verdict::Complete);
    }
}
