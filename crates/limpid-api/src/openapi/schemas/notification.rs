#![expect(dead_code, reason = "the types only describe what others write")]

use utoipa::ToSchema;

use super::image::{DigestText, Token};
use super::vulnerability::VulnerabilitySummary;

/// A change of what affects an image.
#[derive(ToSchema)]
#[schema(as = notification)]
pub(super) struct Notification {
    /// Identifies the notification.
    id: String,
    /// The manifest that is concerned.
    manifest: DigestText,
    /// `added`, `removed` or `changed`.
    reason: String,
    /// What affects it, or no longer does.
    vulnerability: VulnerabilitySummary,
}

/// A part of a list of notifications.
#[derive(ToSchema)]
#[schema(as = notification_page)]
pub(super) struct NotificationPage {
    /// Where the next part is.
    #[schema(inline)]
    page: Page,
    /// The notifications.
    notifications: Vec<Notification>,
}

/// Where the next part of a list is.
#[derive(ToSchema)]
pub(super) struct Page {
    /// How many were asked for.
    size: u32,
    /// What to ask for next; not there on the last page.
    #[schema(required = false)]
    next: Token,
}

/// What is sent to a webhook.
#[derive(ToSchema)]
#[schema(as = notification_webhook)]
pub(super) struct NotificationWebhook {
    /// Identifies what there is to tell.
    notification_id: String,
    /// Where it can be read.
    #[schema(format = "uri")]
    callback: String,
}
