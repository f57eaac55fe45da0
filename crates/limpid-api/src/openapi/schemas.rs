//! The documents of the API as they stand on the wire, for its description only.
//!
//! The types that are really written and read are in `limpid-types`, which has no need of
//! any description. That both agree is tested: what those write has exactly the fields that these have.

mod image;
mod index_status;
mod notification;
mod report;
mod update;
mod vulnerability;

use utoipa::OpenApi;

use self::image::{
    BulkDelete, Cpe, DigestText, Distribution, Environment, Error, IndexReport, IndexState, Layer,
    Manifest, Package, Repository, Token,
};
use self::index_status::{IndexProgress, IndexStatus};
use self::notification::{Notification, NotificationPage, NotificationWebhook};
use self::report::{
    Coverage, FeedUse, Finding, FixState, Gap, GapReason, IndexExtension, LayerProblem, PackageRef,
    ProblemKind, Report, ReportExtension, SeverityCounts, Verdict,
};
use self::update::{UpdateDiff, UpdateOperation, UpdateOperations};
use self::vulnerability::{
    AffectedManifests, NormalizedSeverity, Range, Vulnerability, VulnerabilityCore,
    VulnerabilityReport, VulnerabilitySummaries, VulnerabilitySummary,
};

/// All schemas, by the names that Clair's document has for them where it has them.
#[derive(OpenApi)]
#[openapi(components(schemas(
    AffectedManifests,
    BulkDelete,
    Coverage,
    Cpe,
    DigestText,
    Distribution,
    Environment,
    Error,
    FeedUse,
    Finding,
    FixState,
    Gap,
    GapReason,
    IndexExtension,
    IndexProgress,
    IndexReport,
    IndexState,
    IndexStatus,
    Layer,
    LayerProblem,
    Manifest,
    NormalizedSeverity,
    Notification,
    NotificationPage,
    NotificationWebhook,
    Package,
    PackageRef,
    ProblemKind,
    Range,
    Report,
    ReportExtension,
    Repository,
    SeverityCounts,
    Token,
    UpdateDiff,
    UpdateOperation,
    UpdateOperations,
    Verdict,
    Vulnerability,
    VulnerabilityCore,
    VulnerabilityReport,
    VulnerabilitySummaries,
    VulnerabilitySummary,
)))]
pub(super) struct Schemas;
