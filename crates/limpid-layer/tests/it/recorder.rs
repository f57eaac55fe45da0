use std::io::Read as _;

use limpid_layer::{
    Budget, Content, Entry, EntryKind, LayerError, LayerLimits, Spool, Visitor, WalkSummary, Want,
    walk,
};
use limpid_types::ProblemKind;

/// Writes down what it is shown.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) want: Want,
    pub(crate) seen: Vec<Seen>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    pub(crate) mode: u32,
    pub(crate) link: String,
    pub(crate) offset: u64,
    pub(crate) got: Got,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    Nothing,
    Memory(Vec<u8>),
    Spooled(Vec<u8>),
    Lost(String),
}

impl Recorder {
    pub(crate) fn wanting(want: Want) -> Self {
        Self {
            want,
            seen: Vec::new(),
        }
    }

    pub(crate) fn paths(&self) -> Vec<&str> {
        self.seen.iter().map(|seen| seen.path.as_str()).collect()
    }

    pub(crate) fn get(&self, path: &str) -> &Seen {
        self.seen
            .iter()
            .find(|seen| seen.path == path)
            .unwrap_or_else(|| panic!("{path:?} is not among {:?}", self.paths()))
    }

    fn last(&mut self, entry: &Entry<'_>) -> &mut Got {
        let seen = self.seen.last_mut().unwrap();
        assert_eq!(seen.path, entry.path);
        assert_eq!(seen.got, Got::Nothing, "content comes once");
        &mut seen.got
    }
}

impl Visitor for Recorder {
    fn enter(&mut self, entry: &Entry<'_>) -> Want {
        self.seen.push(Seen {
            path: entry.path.to_owned(),
            kind: entry.kind,
            size: entry.size,
            mode: entry.mode,
            link: entry.link.to_owned(),
            offset: entry.offset,
            got: Got::Nothing,
        });
        self.want
    }

    fn confirm(&mut self, entry: &Entry<'_>, start: &[u8]) -> bool {
        let Want::WholeAfter(length) = self.want else {
            panic!("not asked for: {}", entry.path);
        };
        assert_eq!(start.len() as u64, entry.size.min(length as u64));
        start.starts_with(b"yes")
    }

    fn content(&mut self, entry: &Entry<'_>, content: Content<'_>) {
        *self.last(entry) = match content {
            Content::Memory(bytes) => Got::Memory(bytes.to_vec()),
            Content::Spooled(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap();
                Got::Spooled(bytes)
            }
        };
    }

    fn lost(&mut self, entry: &Entry<'_>, why: String) {
        *self.last(entry) = Got::Lost(why);
    }
}

impl Got {
    pub(crate) fn text(text: &str) -> Self {
        Self::Memory(text.as_bytes().to_vec())
    }
}

pub(crate) fn spool() -> Spool {
    Spool::new(std::env::temp_dir(), 1 << 30)
}

/// Walks an archive that lies in memory, through small buffers so that everything crosses one.
pub(crate) fn walked(archive: &[u8]) -> (Recorder, WalkSummary) {
    let (recorder, summary) = walked_with(archive, Want::Whole, &LayerLimits::default());
    (recorder, summary.unwrap())
}

pub(crate) fn walked_with(
    archive: &[u8],
    want: Want,
    limits: &LayerLimits,
) -> (Recorder, Result<WalkSummary, LayerError>) {
    let budget = Budget::new(64 << 20);
    let mut recorder = Recorder::wanting(want);
    let mut reader = std::io::BufReader::with_capacity(700, archive);
    let summary = walk(&mut reader, limits, &budget, &spool(), &mut recorder);
    (recorder, summary)
}

/// Asserts that there is one problem, which damages the archive, and returns its offset.
#[track_caller]
pub(crate) fn damage(summary: &WalkSummary, detail: &str) -> u64 {
    let [problem] = summary.problems.as_slice() else {
        panic!("expected one problem: {:?}", summary.problems);
    };
    assert_eq!(problem.kind, ProblemKind::DamagedArchive, "{problem}");
    assert!(problem.detail.contains(detail), "{problem}");
    problem.offset.unwrap()
}

/// Asserts that there is one problem, which loses nothing.
#[track_caller]
pub(crate) fn note(summary: &WalkSummary, detail: &str) {
    let [problem] = summary.problems.as_slice() else {
        panic!("expected one problem: {:?}", summary.problems);
    };
    assert_eq!(problem.kind, ProblemKind::Note, "{problem}");
    assert!(problem.detail.contains(detail), "{problem}");
}
