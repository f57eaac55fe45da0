use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Tls, remote};
use crate::error::Fault;
use crate::key_path::KeyPath;
use crate::lint::Lints;
use crate::secret::{Address, Secret};

/// The way of delivery that a notifier takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delivery<'a> {
    /// HTTP requests.
    Webhook(&'a Webhook),
    /// An AMQP broker.
    Amqp(&'a Amqp),
    /// A STOMP broker.
    Stomp(&'a Stomp),
}

/// Delivery by HTTP.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Webhook {
    /// Who is told.
    pub target: Address,
    /// Where the receiver finds the notification; its name is appended.
    pub callback: Address,
    /// Headers of the request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<Secret>>,
    /// Has no effect, in Clair neither: whether requests are signed depends on `auth` only.
    pub signed: bool,
}

/// Delivery to an AMQP 0-9-1 broker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Amqp {
    /// Brokers; the first that answers is used.
    pub uris: Vec<Address>,
    /// The exchange to publish to, which must exist.
    pub exchange: Exchange,
    /// The routing key of messages.
    pub routing_key: String,
    /// Where the receiver finds the notification; its name is appended.
    pub callback: Address,
    /// Whether messages carry the notification itself.
    pub direct: bool,
    /// How many notifications go into one direct message.
    pub rollup: u32,
    /// Certificates for the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// An exchange of an AMQP broker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchange {
    /// Its name; empty means the default exchange.
    pub name: String,
    /// Its type: `direct`, `fanout`, `topic` or `headers`.
    pub r#type: String,
    /// Whether it survives a restart of the broker.
    pub durability: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
}

/// Delivery to a STOMP broker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stomp {
    /// Brokers as `host:port`; the first that answers is used.
    pub uris: Vec<String>,
    /// The destination of messages.
    pub destination: String,
    /// Where the receiver finds the notification; its name is appended.
    pub callback: Address,
    /// Whether messages carry the notification itself.
    pub direct: bool,
    /// How many notifications go into one direct message.
    pub rollup: u32,
    /// Certificates for the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Who logs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<StompUser>,
}

/// A login at a STOMP broker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StompUser {
    /// The name.
    pub login: String,
    /// The password.
    pub passcode: Secret,
}

impl Webhook {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lint_callback(&self.callback, at, lints);
        lints.add_if(
            self.signed,
            at.key("signed"),
            "key is deprecated and has no effect, requests are signed where auth is given",
        );
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        remote::check_url(&self.target, at.key("target"), faults);
        remote::check_url(&self.callback, at.key("callback"), faults);
    }
}

impl Amqp {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lint_message(self.direct, self.rollup, &self.callback, at, lints);
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if self.exchange.r#type.is_empty() {
            let text = "the type of the exchange is required";
            faults.push(Fault::new(at.key("exchange").key("type"), text));
        }
        if self.routing_key.is_empty() {
            faults.push(Fault::new(
                at.key("routing_key"),
                "a routing key is required",
            ));
        }
        check_given(self.uris.len(), at, faults);
        for (index, uri) in self.uris.iter().enumerate() {
            remote::check_url(uri, at.key("uris").index(index), faults);
        }
        check_message(self.direct, &self.callback, self.tls.as_ref(), at, faults);
    }
}

impl Stomp {
    pub(super) fn lint(&self, at: &KeyPath, lints: &mut Lints) {
        lint_message(self.direct, self.rollup, &self.callback, at, lints);
    }

    pub(super) fn check(&self, at: &KeyPath, faults: &mut Vec<Fault>) {
        if self.destination.is_empty() {
            faults.push(Fault::new(
                at.key("destination"),
                "a destination is required",
            ));
        }
        check_given(self.uris.len(), at, faults);
        for (index, uri) in self.uris.iter().enumerate() {
            let port = uri.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            if !matches!(port, Some(Ok(_))) || uri.contains('/') {
                let text = "expected host and port, as in broker:61613";
                faults.push(Fault::new(at.key("uris").index(index), text));
            }
        }
        check_message(self.direct, &self.callback, self.tls.as_ref(), at, faults);
    }
}

fn lint_message(direct: bool, rollup: u32, callback: &Address, at: &KeyPath, lints: &mut Lints) {
    if !direct {
        lint_callback(callback, at, lints);
    }
    lints.add_if(
        rollup == 1,
        at.key("rollup"),
        "messages of 1 notification are what goes without this key",
    );
}

fn lint_callback(callback: &Address, at: &KeyPath, lints: &mut Lints) {
    lints.add_if(
        !callback.expose().ends_with('/'),
        at.key("callback"),
        "address does not end in a slash, one is added",
    );
}

fn check_given(uris: usize, at: &KeyPath, faults: &mut Vec<Fault>) {
    if uris == 0 {
        faults.push(Fault::new(
            at.key("uris"),
            "at least one broker is required",
        ));
    }
}

fn check_message(
    direct: bool,
    callback: &Address,
    tls: Option<&Tls>,
    at: &KeyPath,
    faults: &mut Vec<Fault>,
) {
    if !direct {
        remote::check_url(callback, at.key("callback"), faults);
    }
    if let Some(tls) = tls {
        tls.check_client(&at.key("tls"), faults);
    }
}
