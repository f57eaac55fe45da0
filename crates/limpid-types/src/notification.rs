use serde::{Deserialize, Serialize};

use crate::{Digest, Distribution, Package, Repository, Severity};

/// A part of the notifications that belong together, in Clair v4's wire shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationPage {
    /// Where the next part is.
    pub page: Page,
    /// The notifications of this part; never null.
    pub notifications: Vec<Notification>,
}

/// Where the next part of a list is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What to ask for to get the next part; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many were asked for.
    pub size: u32,
}

/// A change of what affects one manifest, in Clair v4's wire shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Identifies the notification: a UUID.
    pub id: String,
    /// The manifest that is affected.
    pub manifest: Digest,
    /// What happened.
    pub reason: NotificationReason,
    /// What affects it.
    pub vulnerability: VulnerabilitySummary,
}

/// What happened to a vulnerability of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationReason {
    /// It affects the manifest now.
    Added,
    /// It no longer affects the manifest.
    Removed,
    /// It affects the manifest as before, but is described otherwise.
    Changed,
}

/// What a [`Notification`] says of a vulnerability.
///
/// Clair's documents and clients expect `normalized_severity` and `repository`; Clair writes
/// `severity` and `repo`. Both are here, with the same values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VulnerabilitySummary {
    /// Name, for example a CVE id.
    pub name: String,
    /// The first fixed version, or empty.
    pub fixed_in_version: String,
    /// Addresses, separated by spaces.
    pub links: String,
    /// Description.
    pub description: String,
    /// Severity on the common scale.
    pub normalized_severity: Severity,
    /// The same once more, under the name that Clair uses.
    pub severity: Severity,
    /// The package that the statement is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// The distribution that the statement is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// The repository that the statement is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// The same once more, under the name that Clair uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Repository>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_does_not_name_a_next_one() {
        let page = NotificationPage {
            page: Page {
                next: None,
                size: 500,
            },
            notifications: Vec::new(),
        };
        assert_eq!(
            serde_json::to_string(&page).unwrap(),
            r#"{"page":{"size":500},"notifications":[]}"#
        );
    }
}
