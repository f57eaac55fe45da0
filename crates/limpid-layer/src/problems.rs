use limpid_types::{Problem, ProblemKind};

/// Problems kept of one layer; a hostile layer could have millions.
const KEPT: usize = 100;

/// The problems of a layer, as many as anybody would read.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    more: u64,
    losses: bool,
}

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        } else {
            self.more += 1;
            self.losses |= problem.loses_packages();
        }
    }

    /// Returns the problems, the last of which tells how many were left out.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        if self.more > 0 {
            let kind = if self.losses {
                ProblemKind::DamagedArchive
            } else {
                ProblemKind::Note
            };
            let detail = format!("{} more problems of this layer are not listed", self.more);
            self.kept.push(Problem::new(kind, SUBJECT, detail));
        }
        self.kept
    }
}

/// The subject of a problem with the layer as such.
pub(crate) const SUBJECT: &str = "layer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_beyond_the_first_hundred_are_counted() {
        let mut problems = Problems::default();
        for _ in 0..=KEPT {
            problems.push(Problem::new(ProblemKind::Note, "a", "b"));
        }
        problems.push(Problem::new(ProblemKind::UnreadableFile, "a", "b"));
        let problems = problems.finish();
        assert_eq!(problems.len(), KEPT + 1);
        let last = problems.last().unwrap();
        assert!(last.loses_packages());
        assert!(last.detail.starts_with("2 more"));
    }
}
