use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Vulnerability;

/// The UUID that stands for no operation.
pub const NIL_REFERENCE: &str = "00000000-0000-0000-0000-000000000000";

/// A time that is not known, as Clair writes it.
pub const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// One update of the vulnerability data by one updater, in Clair v4's wire shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateOperation {
    /// Identifies the operation: a UUID in its hyphenated form.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Which updater ran, by Clair's names.
    pub updater: String,
    /// What the updater's source looked like, opaque to clients.
    pub fingerprint: String,
    /// When it ran, RFC 3339.
    pub date: String,
    /// What it updated. Clair always leaves this empty.
    pub kind: UpdateKind,
}

impl UpdateOperation {
    /// Returns the operation that stands for none: what a difference without a former state is
    /// relative to.
    pub fn none() -> Self {
        Self {
            reference: NIL_REFERENCE.into(),
            updater: String::new(),
            fingerprint: String::new(),
            date: ZERO_TIME.into(),
            kind: UpdateKind::Unspecified,
        }
    }
}

/// What an [`UpdateOperation`] updated.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum UpdateKind {
    /// Vulnerabilities.
    Vulnerability,
    /// Data about vulnerabilities.
    Enrichment,
    /// Not said; what Clair answers.
    #[default]
    #[serde(rename = "")]
    Unspecified,
}

/// Operations by updater, newest first.
pub type UpdateOperations = BTreeMap<String, Vec<UpdateOperation>>;

/// What changed between two operations, in Clair v4's wire shape.
///
/// A whole vulnerability database may be in here; who writes one should write it as it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDiff {
    /// The former operation; [`UpdateOperation::none`] when there is none.
    pub prev: UpdateOperation,
    /// The later operation.
    pub cur: UpdateOperation,
    /// What only the later one has; Clair has null for an empty list.
    #[serde(default)]
    pub added: Option<Vec<Vulnerability>>,
    /// What only the former one has; Clair has null for an empty list.
    #[serde(default)]
    pub removed: Option<Vec<Vulnerability>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_clairs_names() {
        let operation = UpdateOperation {
            kind: UpdateKind::Vulnerability,
            ..UpdateOperation::none()
        };
        assert_eq!(
            serde_json::to_string(&operation).unwrap(),
            r#"{"ref":"00000000-0000-0000-0000-000000000000","updater":"","fingerprint":"","date":"0001-01-01T00:00:00Z","kind":"vulnerability"}"#
        );
    }

    #[test]
    fn clairs_empty_kind_is_read() {
        let text = serde_json::to_string(&UpdateOperation::none()).unwrap();
        assert_eq!(
            serde_json::from_str::<UpdateOperation>(&text).unwrap(),
            UpdateOperation::none()
        );
    }
}
