//! Writes dnf's history in the forms of dnf 4 and dnf 5, with the tables that tell where packages
//! came from.

use rusqlite::{Connection, params};

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnfStep {
    name: String,
    /// `epoch:version-release`
    version: String,
    arch: String,
    repository: String,
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Install,
    Remove,
    Reinstall,
    ReasonChange,
}

impl Action {
    /// The numbers of dnf 4 and dnf 5.
    fn numbers(self) -> (u32, u32) {
        match self {
            Self::Install => (1, 1),
            Self::Reinstall => (9, 4),
            Self::Remove => (8, 5),
            Self::ReasonChange => (11, 7),
        }
    }
}

impl DnfStep {
    /// Installs a package, whose version is `epoch:version-release`.
    pub fn install(name: &str, version: &str, arch: &str, repository: &str) -> Self {
        Self::new(name, version, arch, repository, Action::Install)
    }

    /// Installs a package again.
    pub fn reinstall(name: &str, version: &str, arch: &str, repository: &str) -> Self {
        Self::new(name, version, arch, repository, Action::Reinstall)
    }

    /// Removes a package.
    pub fn remove(name: &str, version: &str, arch: &str, repository: &str) -> Self {
        Self::new(name, version, arch, repository, Action::Remove)
    }

    /// Changes only why a package is there.
    pub fn reason_change(name: &str, version: &str, arch: &str, repository: &str) -> Self {
        Self::new(name, version, arch, repository, Action::ReasonChange)
    }

    fn new(name: &str, version: &str, arch: &str, repository: &str, action: Action) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            arch: arch.to_owned(),
            repository: repository.to_owned(),
            action,
        }
    }

    /// Epoch, version and release.
    fn version_parts(&self) -> (u32, &str, &str) {
        let (epoch, rest) = self.version.split_once(':').unwrap_or(("0", &self.version));
        let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
        (epoch.parse().unwrap_or_default(), version, release)
    }
}

/// Writes a `history.sqlite` of dnf 4.
///
/// # Panics
///
/// When the temporary directory cannot be used.
pub fn write_dnf4_history(steps: &[DnfStep]) -> Vec<u8> {
    let schema = "
        CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT NOT NULL);
        CREATE TABLE item (id INTEGER PRIMARY KEY, item_type INTEGER NOT NULL);
        CREATE TABLE trans_item (id INTEGER PRIMARY KEY AUTOINCREMENT, trans_id INTEGER,
            item_id INTEGER REFERENCES item(id), repo_id INTEGER REFERENCES repo(id),
            action INTEGER NOT NULL, reason INTEGER NOT NULL, state INTEGER NOT NULL);
        CREATE TABLE rpm (item_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL,
            epoch INTEGER NOT NULL, version TEXT NOT NULL, release TEXT NOT NULL,
            arch TEXT NOT NULL, FOREIGN KEY(item_id) REFERENCES item(id));";
    let insert = |connection: &Connection, item: i64, repository: i64, step: &DnfStep| {
        let (epoch, version, release) = step.version_parts();
        connection.execute("INSERT INTO item VALUES (?1, 0)", [item])?;
        connection.execute(
            "INSERT INTO rpm VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![item, step.name, epoch, version, release, step.arch],
        )?;
        connection.execute(
            "INSERT INTO trans_item (trans_id, item_id, repo_id, action, reason, state)
             VALUES (1, ?1, ?2, ?3, 1, 1)",
            params![item, repository, step.action.numbers().0],
        )
    };
    build(schema, steps, insert).expect("a history can be built")
}

/// Writes a `transaction_history.sqlite` of dnf 5.
///
/// # Panics
///
/// When the temporary directory cannot be used.
pub fn write_dnf5_history(steps: &[DnfStep]) -> Vec<u8> {
    let schema = "
        CREATE TABLE repo (id INTEGER, repoid TEXT NOT NULL, PRIMARY KEY(id));
        CREATE TABLE pkg_name (id INTEGER, name TEXT NOT NULL UNIQUE, PRIMARY KEY(id));
        CREATE TABLE arch (id INTEGER, name TEXT NOT NULL UNIQUE, PRIMARY KEY(id));
        CREATE TABLE item (id INTEGER, PRIMARY KEY(id));
        CREATE TABLE trans_item_action (id INTEGER, name TEXT, PRIMARY KEY(id));
        INSERT INTO trans_item_action VALUES (1, 'Install'), (2, 'Upgrade'), (3, 'Downgrade'),
            (4, 'Reinstall'), (5, 'Remove'), (6, 'Replaced'), (7, 'Reason Change');
        CREATE TABLE trans_item (id INTEGER, trans_id INTEGER, item_id INTEGER, repo_id INTEGER,
            action_id INTEGER NOT NULL, reason_id INTEGER NOT NULL, state_id INTEGER NOT NULL,
            PRIMARY KEY(id AUTOINCREMENT));
        CREATE TABLE rpm (item_id INTEGER NOT NULL UNIQUE, name_id INTEGER NOT NULL,
            epoch INTEGER NOT NULL, version TEXT NOT NULL, release TEXT NOT NULL,
            arch_id INTEGER NOT NULL);";
    let insert = |connection: &Connection, item: i64, repository: i64, step: &DnfStep| {
        let (epoch, version, release) = step.version_parts();
        let name = named(connection, "pkg_name", "name", &step.name)?;
        let arch = named(connection, "arch", "name", &step.arch)?;
        connection.execute("INSERT INTO item VALUES (?1)", [item])?;
        connection.execute(
            "INSERT INTO rpm VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![item, name, epoch, version, release, arch],
        )?;
        connection.execute(
            "INSERT INTO trans_item (trans_id, item_id, repo_id, action_id, reason_id, state_id)
             VALUES (1, ?1, ?2, ?3, 1, 1)",
            params![item, repository, step.action.numbers().1],
        )
    };
    build(schema, steps, insert).expect("a history can be built")
}

type Error = Box<dyn std::error::Error>;

fn build(
    schema: &str,
    steps: &[DnfStep],
    insert: impl Fn(&Connection, i64, i64, &DnfStep) -> rusqlite::Result<usize>,
) -> Result<Vec<u8>, Error> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("history.sqlite");
    let connection = Connection::open(&path)?;
    connection.execute_batch(schema)?;
    for (item, step) in (1..).zip(steps) {
        let repository = named(&connection, "repo", "repoid", &step.repository)?;
        insert(&connection, item, repository, step)?;
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(std::fs::read(&path)?)
}

/// Returns the number of a name in a table of names.
fn named(connection: &Connection, table: &str, column: &str, name: &str) -> rusqlite::Result<i64> {
    connection.execute(
        &format!(
            "INSERT INTO {table} ({column}) SELECT ?1
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {column} = ?1)"
        ),
        [name],
    )?;
    let find = format!("SELECT id FROM {table} WHERE {column} = ?1");
    connection.query_row(&find, [name], |row| row.get(0))
}
