#![expect(dead_code, reason = "the types only describe what others write")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::vulnerability::Vulnerability;

/// One update of the vulnerability data.
#[derive(ToSchema)]
#[schema(as = update_operation)]
pub(super) struct UpdateOperation {
    /// Identifies the operation.
    #[schema(rename = "ref", format = "uuid")]
    reference: String,
    /// What ran.
    updater: String,
    /// What its source looked like; opaque.
    fingerprint: String,
    /// When it ran.
    #[schema(format = DateTime)]
    date: String,
    /// `vulnerability` or `enrichment`.
    kind: String,
}

/// Update operations by updater, newest first.
#[derive(ToSchema)]
#[schema(as = update_operations)]
pub(super) struct UpdateOperations(BTreeMap<String, Vec<UpdateOperation>>);

/// What changed between two update operations.
#[derive(ToSchema)]
#[schema(as = update_diff)]
pub(super) struct UpdateDiff {
    /// The former operation; one with the nil UUID when there is none.
    prev: UpdateOperation,
    /// The later operation.
    cur: UpdateOperation,
    /// What only the later one has.
    added: Option<Vec<Vulnerability>>,
    /// What only the former one has.
    removed: Option<Vec<Vulnerability>>,
}
