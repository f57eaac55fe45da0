//! Echo's advisories: one JSON document about the source packages of a distribution made of
//! Debian's packages.
//!
//! ```text
//! { source package: { id: { "fixed_version", "severity" } } }
//! ```
//!
//! Both members may be absent: without a fixed version, every version is affected. The version `0`
//! says "never affected", as with Debian. The document is <https://advisory.echohq.com/data.json>.

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::Scheme;
use serde::Deserialize;

use crate::json::{JsonReader, Name, Value};
use crate::run::{Run, TOO_LARGE, open_required};
use crate::source_ids::read_source_ids;
use crate::text::clip;
use crate::{
    DocumentAddress, Documents, Family, Feed, FeedError, Limits, Probe, Settings, Sink, Tally,
};

/// The fixed version that says "never affected".
const NEVER_AFFECTED: &str = "0";

/// Bytes of a severity that are kept.
const SEVERITY_BYTES: usize = 128;

/// Where Echo's advisories are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EchoSettings {
    /// Address of the document.
    pub url: String,
}

impl Default for EchoSettings {
    fn default() -> Self {
        Self {
            url: "https://advisory.echohq.com/data.json".into(),
        }
    }
}

/// The family, which has one feed, and that feed.
#[derive(Clone)]
pub(crate) struct Echo {
    url: String,
    limits: Limits,
}

impl Echo {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            url: settings.echo.url.clone(),
            limits: settings.limits.clone(),
        }
    }
}

impl Family for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(self.clone())])
    }
}

impl Feed for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let input = open_required(documents, &self.url)?;
        let mut json = JsonReader::new(&self.url, input, self.limits.record_bytes);
        let mut run = Run::new("echo", &self.url, sink);
        read_source_ids(&mut json, &mut run, |pair, value, run| {
            match advisory(pair.source, pair.id, value) {
                Ok(advisory) => run.advisory(advisory),
                Err(reason) => {
                    let id = format!("{} {}", pair.source, pair.id.text);
                    run.quarantine(id, Some(pair.offset), reason)
                }
            }
        })?;
        Ok(run.finish())
    }
}

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    severity: Option<String>,
}

fn advisory(source: &str, id: &Name, value: &Value<'_>) -> Result<Advisory, String> {
    if let Some(fault) = id.fault() {
        return Err(fault);
    }
    let record: Record = match value {
        Value::Whole(value) => serde_json::from_slice(value).map_err(|error| error.to_string())?,
        Value::TooLarge => return Err(TOO_LARGE.to_owned()),
    };
    let any = VersionConstraint::any(Scheme::Dpkg);
    let (status, versions) = match record.fixed_version {
        None => (Status::Affected, any),
        Some(fixed) if fixed.is_empty() => (Status::Affected, any),
        Some(fixed) if fixed == NEVER_AFFECTED => (Status::NotAffected, any),
        Some(fixed) => {
            Scheme::Dpkg
                .compare(&fixed, &fixed)
                .map_err(|error| error.to_string())?;
            let below = VersionConstraint::below(Scheme::Dpkg, fixed);
            (Status::Affected, below)
        }
    };
    let text = clip(record.severity.unwrap_or_default(), SEVERITY_BYTES);
    let severity: Severity = text.parse().unwrap_or_default();
    Ok(Advisory {
        id: id.text.clone(),
        namespace: "echo:rolling".into(),
        package: AffectedPackage {
            name: source.to_owned(),
            kind: PackageKind::Source,
            ..AffectedPackage::default()
        },
        status,
        versions,
        rating: Rating { text, severity },
        details: Details {
            references: vec![format!("https://nvd.nist.gov/vuln/detail/{}", id.text)],
            ..Details::default()
        },
    })
}
