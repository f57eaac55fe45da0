//! The vocabulary of limpid: the nouns that every other crate speaks, and their wire JSON.
//!
//! Three families live here. *Evidence* is what one pass over one layer saw, in the source's own
//! words. The *wire types* are Clair v4's `IndexReport` and `VulnerabilityReport`, exact in shape.
//! The *advisory model* and limpid's own *report* stand between them.
//!
//! This crate does no input or output, knows no clock and makes no decision about a finding.

mod advisory;
mod affected_manifests;
mod cpe;
mod digest;
mod ecosystem;
mod evidence;
mod index_report;
mod manifest;
mod notification;
mod problem;
mod report;
mod severity;
mod stable_id;
mod update_operation;
mod vulnerability_report;

pub use advisory::{
    Advisory, AffectedPackage, Details, PackageKind, Rating, Status, VersionConstraint,
};
pub use affected_manifests::{AffectedManifests, VulnerabilitySummaries};
pub use cpe::{Cpe, CpeAttribute, CpeError, CpeValue, REDHAT_IMAGES, Relation};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use ecosystem::Ecosystem;
pub use evidence::{
    Confidence, ContainerIdentity, ContentManifest, DatabaseKind, DnfHistory, DnfPackage,
    LayerEvidence, PackageDatabase, PackageRecord, ReleaseFile, Whiteout,
};
pub use index_report::{
    Distribution, Environment, Extension, IndexReport, LanguagePackage, LayerProblem, Package,
    PackageOwner, Repository, index_state,
};
pub use manifest::{Manifest, ManifestLayer};
pub use notification::{
    Notification, NotificationPage, NotificationReason, Page, VulnerabilitySummary,
};
pub use problem::{Problem, ProblemKind};
pub use report::{
    Coverage, FeedStatement, FeedUse, Finding, FixState, Gap, GapReason, NotAffected, OwnedPackage,
    PackageRef, Report, SeverityCounts, Verdict,
};
pub use severity::{Severity, UnknownSeverity};
pub use stable_id::StableId;
pub use update_operation::{
    NIL_REFERENCE, UpdateDiff, UpdateKind, UpdateOperation, UpdateOperations, ZERO_TIME,
};
pub use vulnerability_report::{ReportExtension, Vulnerability, VulnerabilityReport};
