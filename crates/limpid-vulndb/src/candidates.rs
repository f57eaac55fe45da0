use crate::codec::Cursor;
use crate::format::Section;
use crate::record::{Previous, RecordReader};
use crate::{Error, Record, Snapshot};

/// A run of records of one package, whose checksum was found right.
pub(crate) struct Chunk<'a> {
    pub(crate) namespace: u32,
    pub(crate) package: &'a str,
    /// Whether the next chunk goes on with the same package.
    pub(crate) continues: bool,
    /// Offset of the next chunk.
    pub(crate) end: u64,
    pub(crate) records: Cursor<'a>,
}

/// The records of one package, by id. After an error there are no more.
pub struct Candidates<'a> {
    state: Option<State<'a>>,
}

struct State<'a> {
    snapshot: &'a Snapshot,
    reader: RecordReader<'a>,
    chunk: Chunk<'a>,
    previous: Previous,
}

impl<'a> Candidates<'a> {
    pub(crate) fn none() -> Self {
        Self { state: None }
    }

    pub(crate) fn new(snapshot: &'a Snapshot, chunk: Chunk<'a>) -> Result<Self, Error> {
        let (facets, terms) = snapshot.tables()?;
        let namespace = snapshot
            .namespace_name(chunk.namespace)
            .ok_or_else(|| chunk.records.corrupt("unknown namespace"))?;
        Ok(Self {
            state: Some(State {
                snapshot,
                reader: RecordReader::new(namespace, chunk.package, facets, terms),
                chunk,
                previous: Previous::default(),
            }),
        })
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = Result<Record<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let state = self.state.as_mut()?;
        let next = state.next().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.state = None;
        }
        next
    }
}

impl<'a> State<'a> {
    fn next(&mut self) -> Result<Option<Record<'a>>, Error> {
        while self.chunk.records.is_empty() {
            if !self.chunk.continues {
                return Ok(None);
            }
            let next = self.snapshot.chunk(self.chunk.end)?;
            if next.namespace != self.chunk.namespace || next.package != self.chunk.package {
                let cause = "chunk goes on with another package";
                return Err(Section::Records.corrupt(self.chunk.end, cause));
            }
            self.chunk = next;
            self.previous = Previous::default();
        }
        self.reader
            .read(&mut self.chunk.records, &mut self.previous)
            .map(Some)
    }
}

/// All records of a snapshot, by namespace, package and id. After an error there are no more.
pub struct Records<'a> {
    snapshot: &'a Snapshot,
    /// Offset of the next chunk.
    next: u64,
    /// The rest of the current package's records.
    current: Candidates<'a>,
}

impl<'a> Records<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            next: 0,
            current: Candidates::none(),
        }
    }

    fn next_chunk(&mut self) -> Result<Candidates<'a>, Error> {
        let mut chunk = self.snapshot.chunk(self.next)?;
        self.next = chunk.end;
        // Every chunk comes by itself here, so none has to be followed.
        chunk.continues = false;
        Candidates::new(self.snapshot, chunk)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let error = match self.current.next() {
                Some(Ok(record)) => return Some(Ok(record)),
                Some(Err(error)) => error,
                None if self.next >= self.snapshot.records_length() => return None,
                None => match self.next_chunk() {
                    Ok(candidates) => {
                        self.current = candidates;
                        continue;
                    }
                    Err(error) => error,
                },
            };
            self.next = u64::MAX;
            return Some(Err(error));
        }
    }
}
