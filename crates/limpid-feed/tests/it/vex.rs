//! Builds documents of Red Hat's VEX profile and reads them.

use std::collections::BTreeSet;

use limpid_feed::{Collected, Feed, RedHatVexSettings, Settings, families};
use limpid_types::{Advisory, PackageKind};
use serde_json::{Map, Value, json};

use crate::support::{Server, status, versions};

/// Base of the operating system.
pub(crate) const BASE: &str = "cpe:/o:redhat:enterprise_linux:9::baseos";
/// Its applications.
pub(crate) const APPSTREAM: &str = "cpe:/a:redhat:enterprise_linux:9::appstream";
/// All of it.
pub(crate) const RHEL: &str = "cpe:/o:redhat:enterprise_linux:9";
/// Another product.
pub(crate) const OPENSHIFT: &str = "cpe:/a:redhat:openshift:4.13::el9";

/// A document about CVE-2024-1.
#[derive(Clone)]
pub(crate) struct Vex {
    known: BTreeSet<String>,
    branches: Vec<Value>,
    pub(crate) relationships: Vec<Value>,
    pub(crate) status: Map<String, Value>,
    pub(crate) header: Value,
    pub(crate) vulnerability: Value,
}

/// Returns the id of a component of a product.
pub(crate) fn pair(cpe: &str, component: &str) -> String {
    format!("{cpe}|{component}")
}

impl Vex {
    /// Starts a document that says nothing of any product.
    pub(crate) fn new() -> Self {
        Self {
            known: BTreeSet::new(),
            branches: Vec::new(),
            relationships: Vec::new(),
            status: Map::new(),
            header: json!({
                "category": "csaf_vex",
                "title": "A flaw",
                "tracking": {
                    "id": "CVE-2024-1",
                    "status": "final",
                    "initial_release_date": "2024-01-02T00:00:00+00:00",
                    "current_release_date": "2024-02-03T04:05:06+00:00",
                },
            }),
            vulnerability: json!({"cve": "CVE-2024-1"}),
        }
    }

    /// Adds a branch for a product or component unless there is one.
    pub(crate) fn branch(mut self, id: &str, helper: &Value) -> Self {
        if self.known.insert(id.to_owned()) {
            self.branches.push(json!({
                "category": "product_version",
                "name": id,
                "product": {
                    "name": id,
                    "product_id": id,
                    "product_identification_helper": helper,
                },
            }));
        }
        self
    }

    /// Makes one id a component of another.
    pub(crate) fn relationship(mut self, id: &str, component: &str, product: &str) -> Self {
        self.relationships.push(json!({
            "category": "default_component_of",
            "full_product_name": {"name": id, "product_id": id},
            "product_reference": component,
            "relates_to_product_reference": product,
        }));
        self
    }

    /// Puts an id into a list.
    pub(crate) fn list(mut self, list: &str, id: &str) -> Self {
        let list = self.status.entry(list).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(json!(id));
        self
    }

    /// Says something of a package of a product, of which the names are the ids as well.
    pub(crate) fn says(self, list: &str, cpe: &str, purl: &str) -> Self {
        let id = pair(cpe, purl);
        self.branch(cpe, &json!({"cpe": cpe}))
            .branch(purl, &json!({"purl": purl}))
            .relationship(&id, purl, cpe)
            .list(list, &id)
    }

    /// Adds a member of the vulnerability.
    pub(crate) fn member(mut self, name: &str, value: Value) -> Self {
        self.vulnerability[name] = value;
        self
    }

    /// Returns the document.
    pub(crate) fn to_json(&self) -> Value {
        let mut vulnerability = self.vulnerability.clone();
        vulnerability["product_status"] = Value::Object(self.status.clone());
        json!({
            "document": self.header,
            "product_tree": {
                "branches": [{
                    "category": "vendor",
                    "name": "Red Hat",
                    "branches": [{"category": "architecture", "branches": self.branches}],
                }],
                "relationships": self.relationships,
            },
            "vulnerabilities": [vulnerability],
        })
    }

    /// Reads the document.
    pub(crate) fn read(&self) -> Collected {
        read(self.to_json().to_string())
    }
}

/// Returns the feed, whose source is at `https://vex.test/feed`.
pub(crate) fn feed(change: impl FnOnce(&mut RedHatVexSettings)) -> Box<dyn Feed> {
    let mut settings = Settings::default();
    settings.rhel_vex.url = Some("https://vex.test/feed/".into());
    change(&mut settings.rhel_vex);
    families(&settings)
        .into_iter()
        .find(|family| family.name() == "rhel-vex")
        .unwrap()
        .discover(&mut Server::default())
        .unwrap()
        .remove(0)
}

/// Reads the document about CVE-2024-1 and checks that the counts are those of what arrived.
pub(crate) fn read(document: impl AsRef<[u8]>) -> Collected {
    read_by(&*feed(|_| {}), document)
}

/// The same by another feed.
pub(crate) fn read_by(feed: &dyn Feed, document: impl AsRef<[u8]>) -> Collected {
    let mut sink = Collected::default();
    let tally = feed
        .collection()
        .unwrap()
        .parse_member("2024/cve-2024-1.json", document.as_ref(), &mut sink)
        .unwrap();
    assert_eq!(tally.advisories, sink.advisories.len() as u64);
    assert_eq!(tally.quarantined, sink.quarantined.len() as u64);
    for advisory in &sink.advisories {
        assert_eq!(advisory.id, "CVE-2024-1");
    }
    sink
}

/// Writes advisories as lines: namespace, kind, name, module in brackets, architectures, status,
/// versions, and the products without what all have in common.
pub(crate) fn lines(sink: &Collected) -> Vec<String> {
    sink.advisories.iter().map(line).collect()
}

fn line(advisory: &Advisory) -> String {
    let package = &advisory.package;
    let kind = match package.kind {
        PackageKind::Source => "source",
        PackageKind::Binary => "binary",
        PackageKind::Ancestry => "ancestry",
    };
    let module = match &*package.module {
        "" => String::new(),
        module => format!(" ({module})"),
    };
    let products: Vec<&str> = package
        .cpes
        .iter()
        .map(|cpe| {
            let name = cpe.strip_prefix("cpe:2.3:").unwrap();
            name.trim_end_matches([':', '*'])
        })
        .collect();
    format!(
        "{} {kind} {}{module} [{}] {} {} {}",
        advisory.namespace,
        package.name,
        package.architectures.join(" "),
        status(advisory.status),
        versions(&advisory.versions),
        products.join(" ")
    )
}
