use std::borrow::Cow;
use std::fmt::Display;

use limpid_types::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Severity, Status, VersionConstraint,
};
use limpid_version::Scheme;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::FeedError;
use crate::json::Members;
use crate::run::Run;
use crate::text::{DESCRIPTION_BYTES, clip, name_fault};

/// The fixed version that says "never affected".
const NEVER_AFFECTED: &str = "0";

/// How the namespaces of all releases begin.
const NAMESPACES: &str = "debian:";

/// How many releases a record may speak of, each of which repeats the description.
const MAX_RELEASES: usize = 1000;

/// The place of a record in the document.
pub(super) struct Pair<'a> {
    pub(super) source: &'a str,
    pub(super) id: &'a str,
    pub(super) offset: u64,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(default)]
    description: String,
    #[serde(borrow)]
    releases: Members<&'a RawValue>,
}

#[derive(Deserialize)]
struct Release<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    urgency: Cow<'a, str>,
    fixed_version: Option<String>,
    nodsa_reason: Option<String>,
}

impl Pair<'_> {
    /// Reads what the tracker says of one vulnerability in one source package.
    pub(super) fn read(&self, value: &[u8], run: &mut Run<'_>) -> Result<(), FeedError> {
        let record: Record<'_> = match serde_json::from_slice(value) {
            Ok(record) => record,
            Err(error) => return self.quarantine(run, error),
        };
        if record.releases.0.len() > MAX_RELEASES {
            return self.quarantine(run, "more than 1000 releases");
        }
        let mut advisory = self.advisory(record.description);
        for (code_name, release) in &record.releases.0 {
            match judge(code_name, release.get()) {
                Ok(judgement) => {
                    advisory.namespace.truncate(NAMESPACES.len());
                    advisory.namespace.push_str(code_name);
                    advisory.status = judgement.status;
                    advisory.versions = judgement.versions;
                    advisory.rating = judgement.rating;
                    run.advisory(&advisory)?;
                }
                Err(reason) => self.quarantine(run, format_args!("{code_name}: {reason}"))?,
            }
        }
        Ok(())
    }

    /// Reports a part of the record that could not be read.
    pub(super) fn quarantine(
        &self,
        run: &mut Run<'_>,
        reason: impl Display,
    ) -> Result<(), FeedError> {
        let id = format!("{} {}", self.source, self.id);
        run.quarantine(id, Some(self.offset), reason)
    }

    /// Makes what the advisories of all releases have in common.
    fn advisory(&self, description: String) -> Advisory {
        Advisory {
            id: self.id.to_owned(),
            namespace: NAMESPACES.to_owned(),
            package: AffectedPackage {
                name: self.source.to_owned(),
                kind: PackageKind::Source,
                ..AffectedPackage::default()
            },
            status: Status::Affected,
            versions: VersionConstraint::any(Scheme::Dpkg),
            rating: Rating::default(),
            details: Details {
                description: clip(description, DESCRIPTION_BYTES),
                references: vec![format!(
                    "https://security-tracker.debian.org/tracker/{}",
                    self.id
                )],
                ..Details::default()
            },
        }
    }
}

/// What the tracker says of a release.
struct Judgement {
    status: Status,
    versions: VersionConstraint,
    rating: Rating,
}

fn judge(code_name: &str, release: &str) -> Result<Judgement, String> {
    if let Some(fault) = name_fault(code_name) {
        return Err(fault.to_owned());
    }
    let release: Release<'_> = serde_json::from_str(release).map_err(|error| error.to_string())?;
    let (status, versions) = match &*release.status {
        "resolved" => {
            let fixed = release
                .fixed_version
                .ok_or("resolved without a fixed version")?;
            resolved(fixed)?
        }
        "open" => {
            let status = match (&*release.urgency, release.nodsa_reason.as_deref()) {
                ("end-of-life", _) => Status::EndOfLife,
                (_, Some("ignored")) => Status::WillNotFix,
                _ => Status::Affected,
            };
            (status, VersionConstraint::any(Scheme::Dpkg))
        }
        "undetermined" => (
            Status::UnderInvestigation,
            VersionConstraint::any(Scheme::Dpkg),
        ),
        other => return Err(format!("unknown status: {other:?}")),
    };
    Ok(Judgement {
        status,
        versions,
        rating: rating(&release.urgency),
    })
}

fn resolved(fixed: String) -> Result<(Status, VersionConstraint), String> {
    if fixed == NEVER_AFFECTED {
        return Ok((Status::NotAffected, VersionConstraint::any(Scheme::Dpkg)));
    }
    Scheme::Dpkg
        .compare(&fixed, &fixed)
        .map_err(|error| error.to_string())?;
    Ok((
        Status::Affected,
        VersionConstraint::below(Scheme::Dpkg, fixed),
    ))
}

/// Puts Debian's urgency on the common scale. Clair shifts it by one (`low` becomes Medium,
/// `unimportant` Low); the words mean what they say here.
fn rating(urgency: &str) -> Rating {
    let severity = match urgency.trim_end_matches('*') {
        "high" => Severity::High,
        "medium" => Severity::Medium,
        "low" => Severity::Low,
        "unimportant" => Severity::Negligible,
        _ => Severity::Unknown,
    };
    Rating {
        text: urgency.to_owned(),
        severity,
    }
}
