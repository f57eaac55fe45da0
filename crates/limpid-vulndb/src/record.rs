use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::{Range, RangeEnd, Scheme};

use crate::Error;
use crate::codec::{Cursor, put_bytes, put_delta, put_varint};
use crate::table::{Table, TableReader};

const HAS_INTRODUCED: u8 = 1;
const HAS_FIXED: u8 = 2;
const HAS_LAST_AFFECTED: u8 = 4;

/// An advisory without its texts, as [`Snapshot`](crate::Snapshot) finds it: most of it is
/// borrowed from the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The source's own name of the vulnerability.
    pub id: String,
    /// Where the statement holds.
    pub namespace: &'a str,
    /// Package name as the feed writes it.
    pub package: &'a str,
    /// Whether the name is that of a source or of a binary package.
    pub kind: PackageKind,
    /// Sub-repository of the distribution, or empty.
    pub repository: &'a str,
    /// Module as `name:stream`, or empty.
    pub module: &'a str,
    /// Architectures that the statement is limited to; empty means all.
    pub architectures: Vec<&'a str>,
    /// CPE 2.3 names that the statement is limited to.
    pub cpes: Vec<&'a str>,
    /// What the source says of the package.
    pub status: Status,
    /// Which versions the status holds for.
    pub versions: VersionConstraint,
    /// Severity on limpid's scale.
    pub severity: Severity,
    /// Severity in the source's own text, or empty.
    pub severity_text: &'a str,
    /// Where the texts are.
    pub details: DetailsHandle,
}

/// Where a snapshot keeps the texts of a record. Records of one snapshot with the same handle
/// share their texts; a handle means nothing to another snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetailsHandle(pub(crate) u64);

impl Record<'_> {
    /// Returns the package in the form that advisories have it.
    pub fn affected_package(&self) -> AffectedPackage {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        AffectedPackage {
            name: self.package.to_owned(),
            kind: self.kind,
            repository: self.repository.to_owned(),
            module: self.module.to_owned(),
            architectures: owned(&self.architectures),
            cpes: owned(&self.cpes),
        }
    }

    /// Makes the whole advisory again.
    pub fn into_advisory(self, details: Details) -> Advisory {
        Advisory {
            namespace: self.namespace.to_owned(),
            package: self.affected_package(),
            status: self.status,
            rating: Rating {
                text: self.severity_text.to_owned(),
                severity: self.severity,
            },
            id: self.id,
            versions: self.versions,
            details,
        }
    }
}

/// Values that the next record of a chunk is written or read against.
#[derive(Default)]
pub(crate) struct Previous {
    pub(crate) id: String,
    introduced: String,
    end: String,
    listed: String,
}

/// Appends what many records have in common of a package.
pub(crate) fn put_facet(out: &mut Vec<u8>, package: &AffectedPackage) {
    out.push(match package.kind {
        PackageKind::Source => 0,
        PackageKind::Binary => 1,
        PackageKind::Ancestry => 2,
    });
    put_bytes(out, package.repository.as_bytes());
    put_bytes(out, package.module.as_bytes());
    for list in [&package.architectures, &package.cpes] {
        put_varint(out, list.len() as u64);
        for text in list {
            put_bytes(out, text.as_bytes());
        }
    }
}

/// Appends what many records have in common of a statement.
pub(crate) fn put_term(out: &mut Vec<u8>, status: Status, scheme: Scheme, rating: &Rating) {
    out.push(match status {
        Status::Affected => 0,
        Status::NotAffected => 1,
        Status::UnderInvestigation => 2,
        Status::WillNotFix => 3,
        Status::EndOfLife => 4,
    });
    out.push(match rating.severity {
        Severity::Unknown => 0,
        Severity::Negligible => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    });
    put_bytes(out, scheme.name().as_bytes());
    put_bytes(out, rating.text.as_bytes());
}

/// Appends ranges and listed versions.
pub(crate) fn put_constraint(
    out: &mut Vec<u8>,
    previous: &mut Previous,
    ranges: &[Range],
    listed: &[String],
) {
    let has_listed = u64::from(!listed.is_empty());
    put_varint(out, (ranges.len() as u64) << 1 | has_listed);
    for range in ranges {
        let introduced = range.introduced.as_ref();
        let (end_flag, end) = match &range.end {
            None => (0, None),
            Some(RangeEnd::Fixed(version)) => (HAS_FIXED, Some(version)),
            Some(RangeEnd::LastAffected(version)) => (HAS_LAST_AFFECTED, Some(version)),
        };
        out.push(introduced.map_or(0, |_| HAS_INTRODUCED) | end_flag);
        if let Some(version) = introduced {
            put_delta(out, &mut previous.introduced, version);
        }
        if let Some(version) = end {
            put_delta(out, &mut previous.end, version);
        }
    }
    if !listed.is_empty() {
        put_varint(out, listed.len() as u64);
        for version in listed {
            put_delta(out, &mut previous.listed, version);
        }
    }
}

/// Reads ranges and listed versions.
pub(crate) fn read_constraint(
    cursor: &mut Cursor<'_>,
    previous: &mut Previous,
) -> Result<(Vec<Range>, Vec<String>), Error> {
    let head = cursor.varint()?;
    let mut ranges = Vec::new();
    for _ in 0..head >> 1 {
        let flags = cursor.byte()?;
        let mut range = Range::default();
        if flags & HAS_INTRODUCED != 0 {
            cursor.delta(&mut previous.introduced)?;
            range.introduced = Some(previous.introduced.clone());
        }
        if flags & (HAS_FIXED | HAS_LAST_AFFECTED) != 0 {
            cursor.delta(&mut previous.end)?;
            let version = previous.end.clone();
            range.end = Some(match flags & HAS_FIXED {
                0 => RangeEnd::LastAffected(version),
                _ => RangeEnd::Fixed(version),
            });
        }
        if flags & !(HAS_INTRODUCED | HAS_FIXED | HAS_LAST_AFFECTED) != 0 {
            return Err(cursor.corrupt("range of an unknown form"));
        }
        ranges.push(range);
    }
    let mut listed = Vec::new();
    if head & 1 != 0 {
        for _ in 0..cursor.varint()? {
            cursor.delta(&mut previous.listed)?;
            listed.push(previous.listed.clone());
        }
    }
    Ok((ranges, listed))
}

/// What many records have in common of a package.
#[derive(Clone)]
struct Facet<'a> {
    kind: PackageKind,
    repository: &'a str,
    module: &'a str,
    architectures: Vec<&'a str>,
    cpes: Vec<&'a str>,
}

impl<'a> Facet<'a> {
    fn read(mut cursor: Cursor<'a>) -> Result<Self, Error> {
        Ok(Self {
            kind: read_kind(&mut cursor)?,
            repository: cursor.text()?,
            module: cursor.text()?,
            architectures: read_list(&mut cursor)?,
            cpes: read_list(&mut cursor)?,
        })
    }
}

/// What many records have in common of a statement.
#[derive(Clone)]
struct Term<'a> {
    status: Status,
    severity: Severity,
    scheme: Scheme,
    severity_text: &'a str,
}

impl<'a> Term<'a> {
    fn read(mut cursor: Cursor<'a>) -> Result<Self, Error> {
        Ok(Self {
            status: read_status(&mut cursor)?,
            severity: read_severity(&mut cursor)?,
            scheme: Scheme::from_name(cursor.text()?)
                .ok_or_else(|| cursor.corrupt("unknown version scheme"))?,
            severity_text: cursor.text()?,
        })
    }
}

/// Reads the records of one package.
pub(crate) struct RecordReader<'a> {
    namespace: &'a str,
    package: &'a str,
    facets: TableReader<'a, Facet<'a>>,
    terms: TableReader<'a, Term<'a>>,
}

impl<'a> RecordReader<'a> {
    pub(crate) fn new(
        namespace: &'a str,
        package: &'a str,
        facets: Table<'a>,
        terms: Table<'a>,
    ) -> Self {
        Self {
            namespace,
            package,
            facets: TableReader::new(facets, Facet::read),
            terms: TableReader::new(terms, Term::read),
        }
    }

    /// Reads the next record.
    pub(crate) fn read(
        &mut self,
        cursor: &mut Cursor<'a>,
        previous: &mut Previous,
    ) -> Result<Record<'a>, Error> {
        let length = cursor.varint()?;
        let mut cursor = cursor.sub_cursor(length)?;
        cursor.delta(&mut previous.id)?;
        let details = DetailsHandle(cursor.varint()?);
        let facet = self.facets.value(&mut cursor)?;
        let term = self.terms.value(&mut cursor)?;
        let (ranges, enumerated) = read_constraint(&mut cursor, previous)?;
        Ok(Record {
            id: previous.id.clone(),
            namespace: self.namespace,
            package: self.package,
            kind: facet.kind,
            repository: facet.repository,
            module: facet.module,
            architectures: facet.architectures,
            cpes: facet.cpes,
            status: term.status,
            versions: VersionConstraint {
                scheme: term.scheme,
                ranges,
                enumerated,
            },
            severity: term.severity,
            severity_text: term.severity_text,
            details,
        })
    }
}

fn read_kind(cursor: &mut Cursor<'_>) -> Result<PackageKind, Error> {
    match cursor.byte()? {
        0 => Ok(PackageKind::Source),
        1 => Ok(PackageKind::Binary),
        2 => Ok(PackageKind::Ancestry),
        _ => Err(cursor.corrupt("unknown package kind")),
    }
}

fn read_status(cursor: &mut Cursor<'_>) -> Result<Status, Error> {
    match cursor.byte()? {
        0 => Ok(Status::Affected),
        1 => Ok(Status::NotAffected),
        2 => Ok(Status::UnderInvestigation),
        3 => Ok(Status::WillNotFix),
        4 => Ok(Status::EndOfLife),
        _ => Err(cursor.corrupt("unknown status")),
    }
}

fn read_severity(cursor: &mut Cursor<'_>) -> Result<Severity, Error> {
    let number = usize::from(cursor.byte()?);
    Severity::ALL
        .get(number)
        .copied()
        .ok_or_else(|| cursor.corrupt("unknown severity"))
}

fn read_list<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<&'a str>, Error> {
    let count = cursor.varint()?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(cursor.text()?);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Section;
    use crate::table::TableBuilder;

    #[test]
    fn what_a_newer_version_adds_to_a_record_is_skipped() {
        let package = AffectedPackage {
            repository: "main".into(),
            ..AffectedPackage::default()
        };
        let (mut facet, mut term) = (Vec::new(), Vec::new());
        put_facet(&mut facet, &package);
        facet.extend_from_slice(b"new");
        put_term(
            &mut term,
            Status::WillNotFix,
            Scheme::Apk,
            &Rating::default(),
        );
        term.extend_from_slice(b"new");
        let (mut facets, mut terms) = (TableBuilder::default(), TableBuilder::default());
        let mut body = Vec::new();
        put_delta(&mut body, &mut String::new(), "CVE-1");
        put_varint(&mut body, 5);
        facets.put(&mut body, &facet);
        terms.put(&mut body, &term);
        put_constraint(
            &mut body,
            &mut Previous::default(),
            &[Range::below("2")],
            &[],
        );
        body.extend_from_slice(b"new");
        let mut record = Vec::new();
        put_bytes(&mut record, &body);

        let (facets, terms) = (facets.finish(), terms.finish());
        let mut reader = RecordReader::new(
            "n",
            "p",
            Table::new(Section::Facets, &facets).unwrap(),
            Table::new(Section::Terms, &terms).unwrap(),
        );
        let mut cursor = Cursor::new(&record, Section::Records, 0);
        let read = reader.read(&mut cursor, &mut Previous::default()).unwrap();
        assert_eq!((read.id.as_str(), read.repository), ("CVE-1", "main"));
        assert_eq!(read.status, Status::WillNotFix);
        assert_eq!(read.versions, VersionConstraint::below(Scheme::Apk, "2"));
        assert!(cursor.is_empty());
    }
}
