use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    Content, ContentBuilder, Header, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};

/// The schema of a document that Clair does not have.
pub(super) const INDEX_STATUS: &str = "index_status";

/// One method of one path, as the document describes it.
pub(super) struct Described {
    pub(super) method: HttpMethod,
    /// The path as in [`ENDPOINTS`](crate::ENDPOINTS).
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: &'static [DescribedParameter],
    /// The schema of the request's body.
    pub(super) request: Option<&'static str>,
    pub(super) answers: &'static [Answer],
}

/// One parameter of an operation.
pub(super) struct DescribedParameter {
    pub(super) name: &'static str,
    pub(super) kind: ParameterKind,
    pub(super) is_required: bool,
    pub(super) description: &'static str,
}

/// What a parameter looks like.
pub(super) enum ParameterKind {
    /// An element of the path, with its schema.
    Path(&'static str),
    /// A text in the query, with its schema.
    Token,
    /// One of some words in the query.
    Words(&'static [&'static str]),
    /// A truth value in the query.
    Boolean,
    /// A number in the query.
    Integer,
    /// A header.
    Header,
}

/// One status that an operation answers.
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) description: &'static str,
    /// The schema of the body.
    pub(super) schema: Option<&'static str>,
    /// A media type and the schema of another body that can be had.
    pub(super) alternative: Option<(&'static str, &'static str)>,
    pub(super) headers: &'static [&'static str],
}

impl Answer {
    pub(super) const fn of(status: &'static str, description: &'static str) -> Self {
        Self {
            status,
            description,
            schema: None,
            alternative: None,
            headers: &[],
        }
    }

    pub(super) const fn with_body(mut self, schema: &'static str) -> Self {
        self.schema = Some(schema);
        self
    }

    pub(super) const fn or_body(mut self, media_type: &'static str, schema: &'static str) -> Self {
        self.alternative = Some((media_type, schema));
        self
    }

    pub(super) const fn with_headers(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }

    fn response(&self) -> Response {
        let mut response = ResponseBuilder::new().description(self.description);
        if let Some(schema) = self.schema {
            for media_type in media_types(schema) {
                response = response.content(media_type, content(schema));
            }
        }
        if let Some((media_type, schema)) = self.alternative {
            response = response.content(media_type, content(schema));
        }
        for name in self.headers {
            response = response.header(*name, Header::default());
        }
        response.build()
    }
}

/// What every operation may answer.
const EVERYWHERE: [Answer; 5] = [
    Answer::of("400", "The request is wrong and always will be.").with_body("error"),
    Answer::of("401", "The token is missing or no good."),
    Answer::of("405", "The path does not have the method.")
        .with_body("error")
        .with_headers(&["Allow"]),
    Answer::of("415", "No accepted media type or coding can be had.").with_body("error"),
    Answer::of("default", "It failed; trying again may help.").with_body("error"),
];

impl Described {
    pub(super) fn operation(&self) -> Operation {
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag)
            .summary(Some(self.summary))
            .description(Some(self.description));
        for parameter in self.parameters {
            operation = operation.parameter(parameter.build());
        }
        if let Some(schema) = self.request {
            let body = media_types(schema).into_iter().fold(
                RequestBodyBuilder::new().required(Some(Required::True)),
                |body, media_type| body.content(media_type, content(schema)),
            );
            operation = operation.request_body(Some(body.build()));
        }
        for answer in self.answers.iter().chain(&EVERYWHERE) {
            operation = operation.response(answer.status, answer.response());
        }
        operation.build()
    }
}

impl DescribedParameter {
    fn build(&self) -> Parameter {
        let (place, schema): (_, RefOr<Schema>) = match self.kind {
            ParameterKind::Path(schema) => (ParameterIn::Path, reference(schema)),
            ParameterKind::Token => (ParameterIn::Query, reference("token")),
            ParameterKind::Words(words) => {
                let words = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(words.iter().copied()));
                (ParameterIn::Query, words.into())
            }
            ParameterKind::Boolean => (ParameterIn::Query, plain(Type::Boolean)),
            ParameterKind::Integer => (ParameterIn::Query, plain(Type::Integer)),
            ParameterKind::Header => (ParameterIn::Header, plain(Type::String)),
        };
        let is_required = if self.is_required {
            Required::True
        } else {
            Required::False
        };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .required(is_required)
            .description(Some(self.description))
            .schema(Some(schema))
            .build()
    }
}

fn plain(kind: Type) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(kind).into()
}

fn reference(schema: &str) -> RefOr<Schema> {
    Ref::from_schema_name(schema).into()
}

fn content(schema: &str) -> Content {
    ContentBuilder::new()
        .schema(Some(reference(schema)))
        .build()
}

/// Returns the types in which a document can be had: Clair's own, where Clair has the document,
/// and plain JSON.
fn media_types(schema: &str) -> Vec<String> {
    let plain = "application/json".to_owned();
    if schema == INDEX_STATUS {
        return vec![plain];
    }
    vec![format!("application/vnd.clair.{schema}.v1+json"), plain]
}
