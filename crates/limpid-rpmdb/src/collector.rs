use limpid_types::{PackageRecord, Problem, ProblemKind};

use crate::Limits;
use crate::header::{FileAllowance, FileList, Header};

/// The name under which rpm keeps imported public keys among the packages.
const PUBLIC_KEY: &str = "gpg-pubkey";

type OnPackage<'a> = dyn FnMut(PackageRecord, &mut dyn Iterator<Item = String>) + 'a;

/// Takes headers from a format's reader, hands packages out and keeps the limits.
pub(crate) struct Collector<'a> {
    limits: &'a Limits,
    on_package: &'a mut OnPackage<'a>,
    bytes_left: u64,
    headers: usize,
    files: FileAllowance,
    problems: Vec<Problem>,
    problems_dropped: usize,
}

/// Where a header stands, for problems with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// rpm's number of the record.
    pub(crate) record: i64,
    /// Offset in the database, where that is a single place.
    pub(crate) offset: Option<u64>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        limits: &'a Limits,
        database_bytes: u64,
        on_package: &'a mut OnPackage<'a>,
    ) -> Self {
        Self {
            limits,
            on_package,
            bytes_left: database_bytes.saturating_mul(2),
            headers: 0,
            files: FileAllowance {
                files: limits.files,
                bytes: limits.path_bytes,
            },
            problems: Vec::new(),
            problems_dropped: 0,
        }
    }

    pub(crate) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Accounts for bytes before they are read; false when the database wants to be read too often.
    #[must_use]
    pub(crate) fn spend(&mut self, bytes: u64) -> bool {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                true
            }
            None => false,
        }
    }

    /// Asks for a header of so many bytes before it is read; a refusal says why.
    pub(crate) fn admit(&self, bytes: u64) -> Result<usize, String> {
        match usize::try_from(bytes) {
            Ok(admitted) if bytes <= self.limits.header_bytes => Ok(admitted),
            _ => Err(format!(
                "header has {bytes} bytes, the limit is {}",
                self.limits.header_bytes
            )),
        }
    }

    /// Tells whether the limit of packages is reached, so that reading on is of no use.
    pub(crate) fn is_full(&self) -> bool {
        self.headers > self.limits.packages
    }

    /// Takes one header: hands its package out, or notes why that is not possible.
    pub(crate) fn header(&mut self, place: Place, blob: &[u8]) {
        self.headers += 1;
        if self.is_full() {
            let detail = format!(
                "more than {} packages, the rest is not read",
                self.limits.packages
            );
            self.problem(Problem::new(
                ProblemKind::UnreadableFile,
                "database",
                detail,
            ));
            return;
        }
        let header = match Header::parse(blob) {
            Ok(header) => header,
            Err(error) => return self.bad_record(place, None, error.to_string()),
        };
        let name = header.name();
        if name.as_deref() == Ok(PUBLIC_KEY) {
            return;
        }
        let name = name.ok();
        match header.record() {
            Ok((record, damage)) => {
                for error in damage {
                    self.bad_record(place, name.as_deref(), error.to_string());
                }
                self.package(place, &header, record);
            }
            Err(error) => self.bad_record(place, name.as_deref(), error.to_string()),
        }
    }

    fn package(&mut self, place: Place, header: &Header<'_>, record: PackageRecord) {
        let name = record.name.clone();
        let mut files = FileList::new(header, &mut self.files);
        (self.on_package)(record, &mut files);
        if let Some(damage) = files.damage() {
            let mut problem = Problem::new(ProblemKind::Note, name, damage);
            problem.offset = place.offset;
            self.problem(problem);
        }
    }

    /// Notes that a record could not be read.
    pub(crate) fn bad_record(
        &mut self,
        place: Place,
        name: Option<&str>,
        detail: impl Into<String>,
    ) {
        let subject = match name {
            Some(name) => name.to_owned(),
            None => format!("record {}", place.record),
        };
        let mut problem = Problem::new(ProblemKind::BadRecord, subject, detail);
        problem.offset = place.offset;
        self.problem(problem);
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(problem);
        } else {
            self.problems_dropped += 1;
        }
    }

    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        if self.problems_dropped > 0 {
            self.problems.push(Problem::new(
                ProblemKind::BadRecord,
                "database",
                format!("further problems: {}", self.problems_dropped),
            ));
        }
        self.problems
    }
}
