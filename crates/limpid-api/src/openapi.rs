//! The document that describes the API, made of the same tables as the routes.

mod operation;
mod operations;
mod schemas;

use std::sync::LazyLock;

use axum::body::Bytes;
use limpid_types::Digest;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Paths, Ref,
    ResponseBuilder,
};

use crate::extract::EntityTag;

/// The name of the one way to authenticate.
const SCHEME: &str = "PSK";

/// A form of the document, ready to be sent.
pub(crate) struct Text {
    pub(crate) body: Bytes,
    pub(crate) tag: EntityTag,
}

impl Text {
    fn new(text: String) -> Self {
        Self {
            tag: EntityTag::strong(Digest::sha256(text.as_bytes()).hex()),
            body: Bytes::from(text),
        }
    }
}

/// Returns the document as JSON.
pub(crate) fn json() -> &'static Text {
    static JSON: LazyLock<Text> =
        LazyLock::new(|| Text::new(document().to_json().unwrap_or_default()));
    &JSON
}

/// Returns the document as YAML.
pub(crate) fn yaml() -> &'static Text {
    static YAML: LazyLock<Text> =
        LazyLock::new(|| Text::new(serde_saphyr::to_string(&document()).unwrap_or_default()));
    &YAML
}

/// Makes the document that describes the API, by version 3.1 of `OpenAPI`.
///
/// It is the same in all modes; which services a process has is seen by asking them.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("limpid")
        .version("1.2.0")
        .description(Some(
            "Which known vulnerabilities affect a container image. This is the API of Clair v4. \
             Operations tagged \"internal\" are for limpid's own parts and may change.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ));
    let paths = operations::OPERATIONS
        .iter()
        .fold(PathsBuilder::new(), |paths, described| {
            let item = PathItem::new(described.method.clone(), described.operation());
            paths.path(described.path, item)
        });
    let mut components = schemas::Schemas::openapi().components.unwrap_or_default();
    let scheme = SecurityScheme::Http(
        Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A JSON Web Token, signed with a shared key by an issuer that is believed.",
            ))
            .build(),
    );
    components.add_security_scheme(SCHEME, scheme);
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .webhooks(Some(webhooks()))
        .components(Some(components))
        .security(Some([
            SecurityRequirement::default(),
            SecurityRequirement::new(SCHEME, [""; 0]),
        ]))
        .build()
}

fn webhooks() -> Paths {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("notification_webhook")))
        .build();
    let body = RequestBodyBuilder::new().content("application/json", content);
    let operation = OperationBuilder::new()
        .tag("notifier")
        .description(Some(
            "Tells a configured address that there is something to read.",
        ))
        .request_body(Some(body.build()))
        .response(
            "200",
            ResponseBuilder::new().description("It was understood."),
        );
    PathsBuilder::new()
        .path("notification", PathItem::new(HttpMethod::Post, operation))
        .build()
}
