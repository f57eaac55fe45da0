//! Connection strings of PostgreSQL in libpq's two forms.
//!
//! | form | example |
//! |---|---|
//! | keywords | `host=db port=5432 user=clair dbname='my db' sslmode=disable` |
//! | URL | `postgresql://user:password@host:5432,other/dbname?sslmode=disable` |
//!
//! Clair's driver knows parameters that libpq and other drivers refuse: those of its pool, which
//! [`Database`] keeps apart, and those of its statement cache, which mean nothing here.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::duration::GoDuration;
use crate::environment::Environment;
use crate::key_path::KeyPath;
use crate::lint::Lints;

mod parse;

/// A connection string as it was written; it is shown without its password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConnectionString(String);

/// A database that a connection string names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Parameters in libpq's words.
    pub parameters: BTreeMap<String, String>,
    /// What the string says about the pool.
    pub pool: Pool,
}

/// Parameters of Clair's connection pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// `pool_max_conns`: the most connections that are held.
    pub max_connections: Option<u32>,
    /// `pool_min_conns` or `pool_min_idle_conns`: the least connections that are held.
    pub min_connections: Option<u32>,
    /// `pool_max_conn_lifetime`: when a connection is replaced.
    pub max_lifetime: Option<GoDuration>,
    /// `pool_max_conn_lifetime_jitter`: by how much that time varies.
    pub max_lifetime_jitter: Option<GoDuration>,
    /// `pool_max_conn_idle_time`: when an unused connection is closed.
    pub max_idle_time: Option<GoDuration>,
    /// `pool_health_check_period`: how often connections are looked at.
    pub health_check_period: Option<GoDuration>,
}

/// A connection string that cannot be read. It names no values, which may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionStringError {
    /// It is in neither form.
    #[error("invalid connection string, {0}")]
    Malformed(&'static str),
    /// A parameter of the pool does not have a value of its type.
    #[error("invalid value in connection string: {name}")]
    Parameter {
        /// The parameter.
        name: String,
    },
}

/// Parameters of Clair's driver that have no meaning for others.
const DRIVER_ONLY: [&str; 5] = [
    "default_query_exec_mode",
    "description_cache_capacity",
    "prefer_simple_protocol",
    "statement_cache_capacity",
    "statement_cache_mode",
];

/// Variables of libpq and the parameters that they stand in for.
const VARIABLES: [(&str, &str); 15] = [
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGDATABASE", "dbname"),
    ("PGHOST", "host"),
    ("PGOPTIONS", "options"),
    ("PGPASSFILE", "passfile"),
    ("PGPASSWORD", "password"),
    ("PGPORT", "port"),
    ("PGSERVICE", "service"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGUSER", "user"),
];

const SECRETS: [&str; 2] = ["password", "sslpassword"];

impl ConnectionString {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Says whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the string; the environment stands in for what it leaves out.
    pub fn database(&self, environment: &Environment) -> Result<Database, ConnectionStringError> {
        let mut parameters = parse::parameters(&self.0)?;
        let pool = take_pool(&mut parameters)?;
        for (variable, name) in VARIABLES {
            if let Some(value) = environment.get(variable) {
                let entry = parameters.entry(name.to_owned());
                entry.or_insert_with(|| value.to_owned());
            }
        }
        Ok(Database { parameters, pool })
    }

    pub(crate) fn lint(&self, at: KeyPath, lints: &mut Lints) {
        if self.is_empty() {
            return;
        }
        if let Err(error) = self.database(&Environment::default()) {
            lints.add(at, error.to_string());
        } else if self.0.contains("://") && !self.0.starts_with("postgresql://") {
            lints.add(at, "scheme is not recognized everywhere, use postgresql");
        }
    }

    pub(crate) fn lint_empty(&self, at: KeyPath, environment: &Environment, lints: &mut Lints) {
        lints.add_if(
            self.is_empty() && !environment.knows_a_database(),
            at,
            "connection string is empty and no variable names a database",
        );
    }

    /// Returns the string as keywords, without its password.
    pub fn redacted(&self) -> String {
        match parse::parameters(&self.0) {
            Ok(mut parameters) => {
                parameters.retain(|name, _| !SECRETS.contains(&name.as_str()));
                keywords(&parameters)
            }
            Err(_) => "<redacted>".to_owned(),
        }
    }
}

impl Database {
    /// Returns the string in the form of keywords, without what only Clair's driver knows.
    pub fn keywords(&self) -> String {
        keywords(&self.parameters)
    }
}

fn take_pool(parameters: &mut BTreeMap<String, String>) -> Result<Pool, ConnectionStringError> {
    for name in DRIVER_ONLY {
        parameters.remove(name);
    }
    let min_connections = take(parameters, "pool_min_conns")?;
    let min_idle = take(parameters, "pool_min_idle_conns")?;
    Ok(Pool {
        max_connections: take(parameters, "pool_max_conns")?,
        min_connections: min_connections.or(min_idle),
        max_lifetime: take(parameters, "pool_max_conn_lifetime")?,
        max_lifetime_jitter: take(parameters, "pool_max_conn_lifetime_jitter")?,
        max_idle_time: take(parameters, "pool_max_conn_idle_time")?,
        health_check_period: take(parameters, "pool_health_check_period")?,
    })
}

fn take<T: std::str::FromStr>(
    parameters: &mut BTreeMap<String, String>,
    name: &str,
) -> Result<Option<T>, ConnectionStringError> {
    let parsed = parameters.remove(name).map(|value| value.parse());
    parsed
        .transpose()
        .map_err(|_| ConnectionStringError::Parameter {
            name: name.to_owned(),
        })
}

fn keywords(parameters: &BTreeMap<String, String>) -> String {
    let quoted = |(name, value): (&String, &String)| {
        let is_plain = !value.is_empty()
            && !value.contains(|c: char| c.is_whitespace() || c == '\'' || c == '\\');
        if is_plain {
            return format!("{name}={value}");
        }
        let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
        format!("{name}='{escaped}'")
    };
    parameters.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.parameters.clone();
        shown.retain(|name, _| !SECRETS.contains(&name.as_str()));
        f.debug_struct("Database")
            .field("parameters", &keywords(&shown))
            .field("pool", &self.pool)
            .finish()
    }
}

impl Serialize for ConnectionString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

impl<'de> Deserialize<'de> for ConnectionString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
