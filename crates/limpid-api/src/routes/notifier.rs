//! The notifier's routes.
//!
//! There is no notifier yet: they answer as one does that has never notified anybody. A client
//! that asks for a notification learns that it is empty, and one that deletes it that it is gone.

use axum::Router;
use axum::response::Response;
use axum::routing::{any, get};
use limpid_types::{NotificationPage, Page};
use uuid::Uuid;

use crate::ApiError;
use crate::extract::{Negotiated, Offer, QueryParameters, UuidPath};
use crate::layers::clean_path::add_slash;
use crate::reply::json_reply;

/// How many notifications a page has unless the client says otherwise.
const PAGE_SIZE: u32 = 500;

/// How many notifications a page has at most.
const LARGEST_PAGE: u32 = 10_000;

/// The forms in which a page can be had.
struct PageTypes;

impl Offer for PageTypes {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.clair.notification_page.v1+json",
        "application/json",
    ];
}

/// Returns the router of the notifier.
pub fn router() -> Router {
    let notification = get(page).delete(delete);
    Router::new()
        .route("/notifier/api/v1/notification", any(add_slash))
        .route("/notifier/api/v1/notification/", notification.clone())
        .route("/notifier/api/v1/notification/{*id}", notification)
}

async fn page(
    id: Result<UuidPath, ApiError>,
    query: QueryParameters,
    wanted: Negotiated<PageTypes>,
) -> Result<Response, ApiError> {
    notification_id(id)?;
    let size = page_size(&query)?;
    if let Some(next) = query.get("next") {
        Uuid::try_parse(next)
            .map_err(|_| ApiError::bad_request("could not parse \"next\" query param into uuid"))?;
    }
    let page = NotificationPage {
        page: Page { next: None, size },
        notifications: Vec::new(),
    };
    json_reply(wanted.content_type(), &page)
}

async fn delete(id: Result<UuidPath, ApiError>) -> Result<(), ApiError> {
    let id = notification_id(id)?;
    Err(ApiError::not_found(format!(
        "no receipt exists for notification id {id}"
    )))
}

fn notification_id(id: Result<UuidPath, ApiError>) -> Result<Uuid, ApiError> {
    let UuidPath(id) = id.map_err(|error| {
        let message = format!("could not parse notification id: {}", error.message());
        ApiError::bad_request(message)
    })?;
    Ok(id)
}

/// Reads how many notifications a page is to have. 0 is taken for no wish, as in Clair; what is
/// more than a page can have gives the most that it can.
fn page_size(query: &QueryParameters) -> Result<u32, ApiError> {
    let Some(text) = query.get("page_size") else {
        return Ok(PAGE_SIZE);
    };
    match text.parse::<i128>() {
        Ok(0) => Ok(PAGE_SIZE),
        Ok(size @ 1..) => {
            Ok(u32::try_from(size).map_or(LARGEST_PAGE, |size| size.min(LARGEST_PAGE)))
        }
        _ => Err(ApiError::bad_request(
            "could not parse \"page_size\" query param into a positive integer",
        )),
    }
}
