//! The configuration's structure: one file for each section.

mod auth;
mod blocks;
mod delivery;
mod indexer;
mod limpid;
mod logging;
mod matcher;
mod matchers;
mod metrics;
mod notifier;
mod otlp;
mod remote;
mod tls;
mod trace;
mod updaters;

use serde::{Deserialize, Serialize};

pub use auth::{Auth, KeyServer, Psk, PskKey};
pub use blocks::Blocks;
pub use delivery::{Amqp, Delivery, Exchange, Stomp, StompUser, Webhook};
pub use indexer::{Indexer, Scanners};
pub use limpid::{Feeds, FurtherAuth, Indexing, Layers, Limpid, Network, S3, Server, Snapshots};
pub use logging::LogLevel;
pub use matcher::Matcher;
pub use matchers::Matchers;
pub use metrics::{Metrics, Prometheus};
pub use notifier::Notifier;
pub use otlp::{Compression, Otlp, OtlpGrpc, OtlpHttp};
pub use tls::Tls;
pub use trace::{Jaeger, JaegerAgent, JaegerCollector, Sentry, Trace};
pub use updaters::Updaters;

use crate::environment::Environment;
use crate::error::{Fault, Unfit};
use crate::key_path::KeyPath;
use crate::lint::{Lint, Lints};
use crate::mode::Mode;

/// The whole configuration, with every default in its place once it was loaded.
///
/// It serializes under Clair's key names, without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where the API listens, as `host:port`; the host may be empty.
    pub http_listen_addr: String,
    /// Where health and metrics are served, as `host:port`.
    pub introspection_addr: String,
    /// The least severity that is logged.
    pub log_level: LogLevel,
    /// The certificate of the API listener; without it the API is served in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The indexer.
    pub indexer: Indexer,
    /// The matcher.
    pub matcher: Matcher,
    /// Which matchers judge.
    pub matchers: Matchers,
    /// Which feeds are read.
    pub updaters: Updaters,
    /// The notifier.
    pub notifier: Notifier,
    /// Who may use the API.
    pub auth: Auth,
    /// Where traces go.
    pub trace: Trace,
    /// Where metrics go.
    pub metrics: Metrics,
    /// What only limpid knows.
    pub limpid: Limpid,
}

const HTTP_LISTEN_ADDR: &str = ":6060";
const INTROSPECTION_ADDR: &str = ":8089";

/// As decoding starts: no address is given yet, which is worth a lint.
impl Default for Config {
    fn default() -> Self {
        Self {
            http_listen_addr: String::new(),
            introspection_addr: String::new(),
            log_level: LogLevel::default(),
            tls: None,
            indexer: Indexer::default(),
            matcher: Matcher::default(),
            matchers: Matchers::default(),
            updaters: Updaters::default(),
            notifier: Notifier::default(),
            auth: Auth::default(),
            trace: Trace::default(),
            metrics: Metrics::default(),
            limpid: Limpid::default(),
        }
    }
}

impl Config {
    /// Says whether a service in this mode could start with the configuration.
    ///
    /// Only what the mode uses is looked at. Of several ways of delivery that is the one that
    /// would be taken. Returns the lints that depend on mode and environment.
    pub fn check(&self, mode: Mode, environment: &Environment) -> Result<Vec<Lint>, Unfit> {
        let mut faults = Vec::new();
        let mut lints = Lints::default();
        let root = KeyPath::default();
        if self.http_listen_addr.rsplit_once(':').is_none() {
            let text = "expected host and port, as in :6060";
            faults.push(Fault::new(root.key("http_listen_addr"), text));
        }
        if let Some(tls) = &self.tls {
            tls.check_listener(&root.key("tls"), &mut faults);
        }
        self.auth.check(&root.key("auth"), &mut faults);
        self.trace.check(&root.key("trace"), &mut faults);
        self.metrics.check(&root.key("metrics"), &mut faults);
        self.limpid.check(&root.key("limpid"), &mut faults);
        if mode.indexes() {
            let connstring = root.key("indexer").key("connstring");
            self.indexer
                .connstring
                .lint_empty(connstring, environment, &mut lints);
        }
        if mode.matches() {
            let at = root.key("matcher");
            self.matcher.check(mode, &at, &mut faults);
            self.matcher
                .connstring
                .lint_empty(at.key("connstring"), environment, &mut lints);
        }
        if mode.matches() {
            let at = root.key("updaters");
            self.updaters.check(&at, &mut faults, &mut lints);
        }
        if mode.notifies() {
            let at = root.key("notifier");
            self.notifier.check(mode, &at, &mut faults, &mut lints);
            self.notifier
                .connstring
                .lint_empty(at.key("connstring"), environment, &mut lints);
        }
        if faults.is_empty() {
            Ok(lints.0)
        } else {
            Err(Unfit { mode, faults })
        }
    }

    /// Returns how feeds are read. Clair's indexer fetches Red Hat's mappings itself; here they are
    /// feeds, whose addresses may stand in its place of the configuration.
    pub fn feed_settings(&self) -> limpid_feed::Settings {
        let mut settings = self.updaters.feed_settings();
        let mapping = &mut settings.rhel_mapping;
        for (block, key, address) in [
            (
                self.indexer.scanner.repo.get("rhel-repository-scanner"),
                "repo2cpe_mapping_url",
                &mut mapping.repo2cpe_mapping_url,
            ),
            (
                self.indexer.scanner.package.get("rhel_containerscanner"),
                "name2repos_mapping_url",
                &mut mapping.name2repos_mapping_url,
            ),
        ] {
            if let Some(url) = block.and_then(|block| block.get(key)?.as_str()) {
                url.clone_into(address);
            }
        }
        settings
    }

    /// Returns what is odd about the configuration as it was written.
    pub(crate) fn lint(&self, lints: &mut Lints) {
        let root = KeyPath::default();
        lints.add_if(
            self.introspection_addr.is_empty(),
            root.key("introspection_addr"),
            "introspection address is not given, :8089 is used",
        );
        if let Some(tls) = &self.tls {
            tls.lint_listener(&root.key("tls"), lints);
        }
        self.indexer.lint(&root.key("indexer"), lints);
        self.matcher.lint(&root.key("matcher"), lints);
        self.matchers.lint(&root.key("matchers"), lints);
        self.updaters.lint(&root.key("updaters"), lints);
        self.notifier.lint(&root.key("notifier"), lints);
        self.auth.lint(&root.key("auth"), lints);
        self.trace.lint(&root.key("trace"), lints);
        self.metrics.lint(&root.key("metrics"), lints);
    }

    /// Replaces what was left out, or is out of range, by what takes effect.
    pub(crate) fn settle(&mut self) {
        if self.http_listen_addr.is_empty() {
            HTTP_LISTEN_ADDR.clone_into(&mut self.http_listen_addr);
        }
        if self.introspection_addr.is_empty() {
            INTROSPECTION_ADDR.clone_into(&mut self.introspection_addr);
        }
        self.indexer.settle();
        self.matcher.settle();
        self.notifier.settle();
        self.trace.otlp.settle("/v1/traces");
        self.metrics.settle();
        if self.matcher.disable_updaters {
            self.updaters.sets = Some(Vec::new());
        }
    }
}
