use serde::{Deserialize, Serialize};

use super::{Amqp, Delivery, Stomp, Webhook, remote};
use crate::connstring::ConnectionString;
use crate::duration::GoDuration;
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::mode::Mode;
use crate::secret::Address;

/// The notifier, which tells others that new advisories affect known images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifier {
    /// The database.
    pub connstring: ConnectionString,
    /// The indexer; only used when it is in another process.
    pub indexer_addr: Address,
    /// The matcher; only used when it is in another process.
    pub matcher_addr: Address,
    /// How often new update operations are looked for.
    pub poll_interval: GoDuration,
    /// How often notifications are delivered.
    pub delivery_interval: GoDuration,
    /// Whether a notification names every advisory of an image and not only the most severe.
    pub disable_summary: bool,
    /// Whether the database's schema is brought up to date at the start.
    pub migrations: bool,
    /// Delivery by HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Delivery by AMQP 0-9-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amqp: Option<Amqp>,
    /// Delivery by STOMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stomp: Option<Stomp>,
}

const POLL_INTERVAL: GoDuration = GoDuration::from_secs(6 * 60 * 60);
const DELIVERY_INTERVAL: GoDuration = GoDuration::from_secs(60 * 60);
const SHORTEST_INTERVAL: GoDuration = GoDuration::from_secs(60);

impl Notifier {
    /// Returns the way of delivery that is taken: webhook before AMQP before STOMP.
    pub fn delivery(&self) -> Option<Delivery<'_>> {
        let webhook = self.webhook.as_ref().map(Delivery::Webhook);
        let amqp = self.amqp.as_ref().map(Delivery::Amqp);
        let stomp = self.stomp.as_ref().map(Delivery::Stomp);
        webhook.or(amqp).or(stomp)
    }

    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        self.connstring.lint(at.key("connstring"), lints);
        remote::lint_service(&self.indexer_addr, at.key("indexer_addr"), lints);
        remote::lint_service(&self.matcher_addr, at.key("matcher_addr"), lints);
        for (key, interval, default) in [
            ("poll_interval", self.poll_interval, POLL_INTERVAL),
            (
                "delivery_interval",
                self.delivery_interval,
                DELIVERY_INTERVAL,
            ),
        ] {
            if interval == GoDuration::default() || interval >= default {
                continue;
            }
            let text = if interval < SHORTEST_INTERVAL {
                format!("interval is below 1m, the default is used: {default}")
            } else {
                format!("interval is shorter than the default: {default}")
            };
            lints.add(at.key(key), text);
        }
        lints.add_if(
            self.disable_summary,
            at.key("disable_summary"),
            "notifications without summary may use much memory",
        );
        let ways = [
            self.webhook.is_some(),
            self.amqp.is_some(),
            self.stomp.is_some(),
        ];
        lints.add_if(
            ways.into_iter().filter(|given| *given).count() > 1,
            at.clone(),
            "several ways of delivery are given, only the first of webhook, amqp, stomp is used",
        );
        if let Some(webhook) = &self.webhook {
            webhook.lint(&at.key("webhook"), lints);
        }
        if let Some(amqp) = &self.amqp {
            amqp.lint(&at.key("amqp"), lints);
        }
        if let Some(stomp) = &self.stomp {
            stomp.lint(&at.key("stomp"), lints);
        }
    }

    pub(super) fn settle(&mut self) {
        remote::settle_service(&mut self.indexer_addr);
        remote::settle_service(&mut self.matcher_addr);
        if self.poll_interval < SHORTEST_INTERVAL {
            self.poll_interval = POLL_INTERVAL;
        }
        if self.delivery_interval < SHORTEST_INTERVAL {
            self.delivery_interval = DELIVERY_INTERVAL;
        }
        if let Some(webhook) = &mut self.webhook {
            webhook.callback.ensure_trailing_slash();
        }
        if let Some(amqp) = self.amqp.as_mut().filter(|amqp| !amqp.direct) {
            amqp.callback.ensure_trailing_slash();
        }
        if let Some(stomp) = self.stomp.as_mut().filter(|stomp| !stomp.direct) {
            stomp.callback.ensure_trailing_slash();
        }
    }

    pub(super) fn check(
        &self,
        mode: Mode,
        at: &KeyPath,
        faults: &mut Vec<Fault>,
        lints: &mut Lints,
    ) {
        if mode != Mode::Combo {
            for (key, address) in [
                ("indexer_addr", &self.indexer_addr),
                ("matcher_addr", &self.matcher_addr),
            ] {
                remote::check_service(address, at.key(key), "notifier", faults);
            }
        }
        match self.delivery() {
            Some(Delivery::Webhook(webhook)) => webhook.check(&at.key("webhook"), faults),
            Some(Delivery::Amqp(amqp)) => amqp.check(&at.key("amqp"), faults),
            Some(Delivery::Stomp(stomp)) => stomp.check(&at.key("stomp"), faults),
            None if mode == Mode::Combo => {
                lints.add(
                    at.clone(),
                    "no way of delivery is given, nobody is notified",
                );
            }
            None => {
                let text = "mode notifier requires webhook, amqp or stomp";
                faults.push(Fault::new(at.clone(), text));
            }
        }
    }
}
