//! The documents of the API as they stand on the wire, for its description only.
//!
//! The types that are really written and read are in `limpid-types`, which has no need of
//! any description. That both agree is tested: what those write has exactly the fields that these have.

mod image;
mod notification;
mod update;
mod vulnerability;

use utoipa::OpenApi;

use self::image::{
    BulkDelete, Cpe, DigestText, Distribution, Environment, Error, IndexReport, IndexState, Layer,
    Manifest, Package, Repository, Token,
};
use self::notification::{Notification, NotificationPage, NotificationWebhook};
use self::update::{UpdateDiff, UpdateOperation, UpdateOperations};
use self::vulnerability::{
    AffectedManifests, NormalizedSeverity, Range, Vulnerability, VulnerabilityCore,
    VulnerabilityReport, VulnerabilitySummaries, VulnerabilitySummary,
};

/// All schemas, by the names that Clair's document has for them.
#[derive(OpenApi)]
#[openapi(components(schemas(
    AffectedManifests,
    BulkDelete,
    Cpe,
    DigestText,
    Distribution,
    Environment,
    Error,
    IndexReport,
    IndexState,
    Layer,
    Manifest,
    NormalizedSeverity,
    Notification,
    NotificationPage,
    NotificationWebhook,
    Package,
    Range,
    Repository,
    Token,
    UpdateDiff,
    UpdateOperation,
    UpdateOperations,
    Vulnerability,
    VulnerabilityCore,
    VulnerabilityReport,
    VulnerabilitySummaries,
    VulnerabilitySummary,
)))]
pub(super) struct Schemas;
