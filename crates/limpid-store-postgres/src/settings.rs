use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::failure::Failure;
use crate::password_file;
use crate::tls::Verification;

/// Where the database is, and how it is used.
#[derive(Clone)]
pub struct PostgresSettings {
    /// The parameters of a connection string in libpq's words, for example `host` and `dbname`.
    /// Those that libpq does not have become settings of the server, as with Clair's driver.
    pub parameters: BTreeMap<String, String>,
    /// The most connections that are held. Two are enough for the store to work.
    pub max_connections: usize,
    /// What the server shows as the name of this program, unless the parameters have a name.
    pub application_name: String,
    /// How long making a connection may take, unless the parameters say it.
    pub connect_limit: Duration,
    /// How long a piece of work waits for a connection of the pool.
    pub wait_limit: Duration,
    /// How long the server may take to answer a statement; then the connection is given up.
    pub statement_limit: Duration,
    /// When a connection is replaced, so that load moves to new servers behind a balancer.
    pub max_lifetime: Duration,
    /// Whether the tables are created and brought up to date.
    pub migrate: bool,
}

impl PostgresSettings {
    /// Returns settings for the database that some parameters name.
    pub fn new(parameters: BTreeMap<String, String>) -> Self {
        Self {
            parameters,
            max_connections: 10,
            application_name: "limpid".to_owned(),
            connect_limit: Duration::from_secs(10),
            wait_limit: Duration::from_secs(30),
            statement_limit: Duration::from_mins(1),
            max_lifetime: Duration::from_hours(1),
            migrate: true,
        }
    }

    /// Returns where the database is, for messages: without user and password.
    pub(crate) fn location(&self) -> String {
        let value = |name: &str| self.parameters.get(name).map(String::as_str);
        let host = value("host").or(value("hostaddr")).unwrap_or_default();
        // Whatever stands in its place by mistake is not shown.
        let is_port = |text: &&str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b',')
        };
        let port = value("port").filter(is_port).unwrap_or("5432");
        let user = value("user").unwrap_or_default();
        let database = value("dbname").unwrap_or(user);
        format!("postgresql://{host}:{port}/{database}")
    }

    /// Returns the driver's settings, and how the server's certificate is verified.
    pub(crate) fn driver(&self) -> Result<(Config, Verification), Failure> {
        let mut kept = self.parameters.clone();
        let verification = Verification::take(&mut kept)?;
        let password_file = kept.remove("passfile");
        let server_settings = take_server_settings(&mut kept)?;
        let mut config: Config = keywords(&kept).parse().map_err(|_| {
            // The driver's own message may quote the value.
            Failure::Parameter(kept.keys().cloned().collect::<Vec<_>>().join(", "))
        })?;
        if let Some(options) = server_settings {
            let given = config.get_options().map(|given| format!("{given} "));
            config.options(given.unwrap_or_default() + &options);
        }
        self.complete(&mut config);
        if let (None, Some(path)) = (config.get_password(), password_file)
            && let Some(password) = password_file::find(Path::new(&path), &config)
        {
            config.password(password);
        }
        config.ssl_mode(if is_local(&config) {
            // As in libpq, there is no TLS on a socket of this machine.
            SslMode::Disable
        } else {
            verification.mode()
        });
        Ok((config, verification))
    }

    /// Adds what the parameters leave open.
    fn complete(&self, config: &mut Config) {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            // Debian's place of the socket, which libpq there takes too.
            let socket = Path::new("/var/run/postgresql");
            if socket.is_dir() {
                config.host_path(socket);
            } else {
                config.host("localhost");
            }
        }
        if config.get_application_name().is_none() {
            config.application_name(&self.application_name);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(self.connect_limit);
        }
        if !self.parameters.contains_key("keepalives_idle") {
            config.keepalives_idle(Duration::from_secs(30));
            config.keepalives_interval(Duration::from_secs(10));
            config.keepalives_retries(3);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(self.statement_limit);
        }
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("location", &self.location())
            .field("max_connections", &self.max_connections)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

fn is_local(config: &Config) -> bool {
    let hosts = config.get_hosts();
    !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)))
}

/// The parameters that the driver knows.
const DRIVER: [&str; 18] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Takes the parameters that are settings of the server, in the form of the parameter `options`.
fn take_server_settings(
    parameters: &mut BTreeMap<String, String>,
) -> Result<Option<String>, Failure> {
    for name in ["service", "servicefile"] {
        if parameters.contains_key(name) {
            return Err(Failure::Parameter(name.to_owned()));
        }
    }
    // These say what is so anyway.
    for name in ["client_encoding", "fallback_application_name", "gssencmode"] {
        parameters.remove(name);
    }
    if let Some(wanted) = parameters.get_mut("target_session_attrs")
        && wanted == "primary"
    {
        "read-write".clone_into(wanted);
    }
    let mut options = Vec::new();
    parameters.retain(|name, value| {
        let is_known = DRIVER.contains(&name.as_str());
        if !is_known {
            let escaped = value.replace('\\', r"\\").replace(' ', r"\ ");
            options.push(format!("-c {name}={escaped}"));
        }
        is_known
    });
    Ok((!options.is_empty()).then(|| options.join(" ")))
}

/// Returns parameters in libpq's form of keywords.
fn keywords(parameters: &BTreeMap<String, String>) -> String {
    let quoted = |(name, value): (&String, &String)| {
        let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
        format!("{name}='{escaped}'")
    };
    parameters.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> PostgresSettings {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        PostgresSettings::new(pairs.iter().map(owned).collect())
    }

    #[test]
    fn parameters_reach_the_driver() {
        let settings = settings(&[
            ("host", "db.example"),
            ("port", "6432"),
            ("user", "clair"),
            ("password", r"it's a \ secret"),
            ("dbname", "indexer"),
            ("search_path", "a b"),
            ("target_session_attrs", "primary"),
            ("sslmode", "disable"),
        ]);
        let (config, _) = settings.driver().unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example".into())]);
        assert_eq!(config.get_ports(), [6432]);
        assert_eq!(config.get_password(), Some(&br"it's a \ secret"[..]));
        assert_eq!(config.get_options(), Some(r"-c search_path=a\ b"));
        assert_eq!(config.get_application_name(), Some("limpid"));
        assert_eq!(config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(settings.location(), "postgresql://db.example:6432/indexer");
    }

    #[test]
    fn a_bad_parameter_is_named_without_values() {
        let settings = settings(&[("port", "secret"), ("password", "secret")]);
        let text = settings.driver().unwrap_err().to_string();
        assert!(text.contains("port"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        assert!(!format!("{settings:?}").contains("password"));
    }

    #[test]
    fn there_is_no_tls_on_a_socket_of_this_machine() {
        let settings = settings(&[("host", "/run/db"), ("sslmode", "require")]);
        let (config, _) = settings.driver().unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Disable);
    }
}
