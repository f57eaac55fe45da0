use serde::{Deserialize, Serialize};

use super::remote;
use crate::connstring::ConnectionString;
use crate::duration::GoDuration;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::mode::Mode;
use crate::secret::Address;

/// The matcher, which judges what the indexer found, and keeps advisories up to date.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Matcher {
    /// The database.
    pub connstring: ConnectionString,
    /// The indexer; only used when it is in another process.
    pub indexer_addr: Address,
    /// How often feeds are read.
    pub period: GoDuration,
    /// How many update operations of a feed are kept; negative means all.
    pub update_retention: i64,
    /// How long reports may be cached by those who ask for them.
    pub cache_age: GoDuration,
    /// Connections to the database. Has no effect, in Clair neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_conn_pool: Option<i64>,
    /// Whether the database's schema is brought up to date at the start.
    pub migrations: bool,
    /// Whether no feed is read.
    pub disable_updaters: bool,
    /// Whether reports do without enrichments.
    pub disable_enrichment: bool,
}

const PERIOD: GoDuration = GoDuration::from_secs(6 * 60 * 60);
const SHORTEST_PERIOD: GoDuration = GoDuration::from_secs(60);
const UPDATE_RETENTION: i64 = 10;

impl Matcher {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        self.connstring.lint(at.key("connstring"), lints);
        remote::lint_service(&self.indexer_addr, at.key("indexer_addr"), lints);
        if self.period != GoDuration::default() {
            lints.add_if(
                self.period < SHORTEST_PERIOD,
                at.key("period"),
                "update interval is below 1m, 6h is used",
            );
            lints.add_if(
                (SHORTEST_PERIOD..PERIOD).contains(&self.period),
                at.key("period"),
                "feeds are read more often than every 6h",
            );
        }
        lints.add_if(
            self.update_retention < 0,
            at.key("update_retention"),
            "update operations are never removed",
        );
        let period = effective_period(self.period);
        lints.add_if(
            self.cache_age != GoDuration::default() && self.cache_age < period.half(),
            at.key("cache_age"),
            "reports may be cached for less than half of the update interval",
        );
        lints.add_if(
            self.max_conn_pool.is_some(),
            at.key("max_conn_pool"),
            "key has no effect, use pool_max_conns in the connection string",
        );
    }

    pub(super) fn settle(&mut self) {
        remote::settle_service(&mut self.indexer_addr);
        self.period = effective_period(self.period);
        if self.cache_age <= GoDuration::default() {
            self.cache_age = self.period;
        }
        if matches!(self.update_retention, 0 | 1) {
            self.update_retention = UPDATE_RETENTION;
        }
    }

    pub(super) fn check(&self, mode: Mode, at: &KeyPath, faults: &mut Vec<Fault>) {
        if mode != Mode::Combo {
            let at = at.key("indexer_addr");
            remote::check_service(&self.indexer_addr, at, "matcher", faults);
        }
    }
}

fn effective_period(period: GoDuration) -> GoDuration {
    if period < SHORTEST_PERIOD {
        PERIOD
    } else {
        period
    }
}
