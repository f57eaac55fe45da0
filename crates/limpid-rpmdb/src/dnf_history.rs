//! dnf's history: which repository each package was installed from.
//!
//! | | dnf 4, `history.sqlite` | dnf 5, `transaction_history.sqlite` |
//! |---|---|---|
//! | one step of a transaction | `trans_item`: `item_id`, `repo_id`, `action` | the same with `action_id` |
//! | its package | `rpm`: `item_id`, `name`, `epoch`, `version`, `release`, `arch` | the same with `name_id`, `arch_id` |
//! | names | | `pkg_name`, `arch`: `id`, `name` |
//! | repositories | `repo`: `id`, `repoid` | the same |
//! | actions | 1 install, 2 downgrade, 4 obsolete, 6 upgrade, 9 reinstall bring a package in | `trans_item_action`: `Install`, `Upgrade`, `Downgrade`, `Reinstall` |
//!
//! The other actions take a package out, or only change why it is there. See the schemas in
//! libdnf (`libdnf/transaction/sql`) and dnf5 (`libdnf5/transaction/db/sql`).

use std::collections::BTreeMap;

use limpid_types::{DnfPackage, Problem, ProblemKind};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::sqlite::{self, Image};
use crate::{Error, Limits, ReadAt};

/// Longest text that a name, a version or a repository id may have; real ones are below 200 bytes.
const LONGEST_TEXT: usize = 4096;
/// The id that dnf gives to what was there before it: no repository.
const SYSTEM: &str = "@System";

/// Tables of both forms, and the one that only dnf 5 has.
const FIND_TABLES: &str = "
    SELECT count(*), count(*) FILTER (WHERE name = 'pkg_name') FROM sqlite_schema
    WHERE type = 'table' AND sql LIKE 'CREATE TABLE %'
      AND name IN ('trans_item', 'rpm', 'repo', 'pkg_name', 'arch', 'trans_item_action')
      AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(sqlite_schema.name) WHERE hidden <> 0)";
const TABLES_OF_DNF4: i64 = 3;
const TABLES_OF_DNF5: i64 = 6;

/// Steps in the order in which they were made; `CROSS JOIN` keeps sqlite from another order.
const DNF4_STEPS: &str = "
    SELECT rpm.name, rpm.epoch, rpm.version, rpm.release, rpm.arch, repo.repoid
    FROM trans_item
    CROSS JOIN rpm ON rpm.item_id = trans_item.item_id
    CROSS JOIN repo ON repo.id = trans_item.repo_id
    WHERE trans_item.action IN (1, 2, 4, 6, 9)
    ORDER BY trans_item.id";
const DNF5_STEPS: &str = "
    SELECT pkg_name.name, rpm.epoch, rpm.version, rpm.release, arch.name, repo.repoid
    FROM trans_item
    CROSS JOIN rpm ON rpm.item_id = trans_item.item_id
    CROSS JOIN pkg_name ON pkg_name.id = rpm.name_id
    CROSS JOIN arch ON arch.id = rpm.arch_id
    CROSS JOIN repo ON repo.id = trans_item.repo_id
    CROSS JOIN trans_item_action ON trans_item_action.id = trans_item.action_id
    WHERE trans_item_action.name IN ('Install', 'Upgrade', 'Downgrade', 'Reinstall')
    ORDER BY trans_item.id";

/// Reads which repository each package was last brought in from, sorted by package.
///
/// `wal` is the write-ahead log that lay beside the database. `admit` is asked for the memory of
/// each package, in bytes; what it refuses is left out, and said. Returns what could not be read;
/// the subject of a problem is a part of the database.
pub fn read_dnf_history(
    database: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    limits: &Limits,
    admit: &mut dyn FnMut(usize) -> bool,
) -> Result<(Vec<DnfPackage>, Vec<Problem>), Error> {
    let mut start = [0; 16];
    database
        .read_at(0, &mut start)
        .map_err(|source| Error::Read { offset: 0, source })?;
    if !start.starts_with(sqlite::MAGIC) {
        return Err(Error::UnknownFormat);
    }
    let mut image = Image::new(database, wal)?;
    if image.bytes() > limits.sqlite_bytes {
        return Err(Error::TooLarge {
            found: image.bytes(),
            limit: limits.sqlite_bytes,
        });
    }
    let mut problems = std::mem::take(&mut image.problems);
    let failed = |doing| move |source| Error::Sqlite { doing, source };
    let connection = sqlite::open(image, limits).map_err(failed("open the sqlite database"))?;
    let tables: (i64, i64) = connection
        .query_row(FIND_TABLES, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(failed("read the schema of the sqlite database"))?;
    let steps = match tables {
        (TABLES_OF_DNF5, 1) => DNF5_STEPS,
        (TABLES_OF_DNF4, 0) => DNF4_STEPS,
        _ => return Err(Error::NoTable),
    };
    let packages = read_steps(&connection, steps, limits, admit, &mut problems)
        .map_err(failed("read the table of transactions"))?;
    Ok((packages, problems))
}

type Nevra = (String, String, String);

/// Follows the steps until one cannot be read; fails only before the first.
fn read_steps(
    connection: &Connection,
    steps: &str,
    limits: &Limits,
    admit: &mut dyn FnMut(usize) -> bool,
    problems: &mut Vec<Problem>,
) -> rusqlite::Result<Vec<DnfPackage>> {
    let mut found: BTreeMap<Nevra, String> = BTreeMap::new();
    let mut statement = connection.prepare(steps)?;
    let mut rows = statement.query([])?;
    let lost = |detail: String| {
        let kind = ProblemKind::UnreadableFile;
        Problem::new(kind, "table trans_item", detail)
    };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                problems.push(lost(format!("the rows from here on are lost: {error}")));
                break;
            }
        };
        let Some((package, repository)) = step(row) else {
            continue;
        };
        let bytes = package.0.len() + package.1.len() + package.2.len() + repository.len();
        let is_known = found.contains_key(&package);
        if !is_known && (found.len() >= limits.packages || !admit(bytes)) {
            problems.push(lost("more packages than there is room for".to_owned()));
            break;
        }
        found.insert(package, repository);
    }
    Ok(found
        .into_iter()
        .map(|((name, version, arch), repository)| DnfPackage {
            name,
            version,
            arch,
            repository,
        })
        .collect())
}

/// Reads one step; none when it names no package or no repository, which costs only itself.
fn step(row: &Row<'_>) -> Option<(Nevra, String)> {
    let text = |column| match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) if (1..=LONGEST_TEXT).contains(&bytes.len()) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        _ => None,
    };
    let (name, version, release) = (text(0)?, text(2)?, text(3)?);
    let version = match row.get(1) {
        Ok(0_i64) => format!("{version}-{release}"),
        Ok(epoch) => format!("{epoch}:{version}-{release}"),
        Err(_) => return None,
    };
    let repository = text(5).filter(|id| id != SYSTEM)?;
    Some(((name, version, text(4)?), repository))
}
