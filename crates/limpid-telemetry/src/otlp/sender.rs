//! One way out.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Identity, Url};

use super::{Destination, OtlpError, OtlpSettings, OtlpTransport, Request, Signal, grpc};

/// Sends requests of the protocol to one destination. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) enum Sender {
    Http { collector: Collector },
    Grpc { collector: Collector },
    Stdout,
}

/// A collector and what is sent with every request.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    client: Client,
    url: Url,
    endpoint: String,
    gzip: bool,
}

impl Sender {
    pub(crate) fn new(destination: &Destination, signal: Signal) -> Result<Self, OtlpError> {
        let Destination::Otlp(settings) = destination else {
            return Ok(Self::Stdout);
        };
        let path = match &settings.transport {
            OtlpTransport::Http { path } => path,
            OtlpTransport::Grpc => signal.method(),
        };
        let collector = Collector {
            client: client(settings)?,
            url: url(settings, path)?,
            endpoint: settings.endpoint.clone(),
            gzip: settings.gzip,
        };
        Ok(match settings.transport {
            OtlpTransport::Http { .. } => Self::Http { collector },
            OtlpTransport::Grpc => Self::Grpc { collector },
        })
    }

    pub(crate) async fn send(&self, request: &impl Request) -> Result<(), OtlpError> {
        match self {
            Self::Stdout => write(request),
            Self::Http { collector } => collector.post(request.encode_to_vec()).await,
            Self::Grpc { collector } => collector.call(&request.encode_to_vec()).await,
        }
    }
}

impl Collector {
    async fn post(&self, message: Vec<u8>) -> Result<(), OtlpError> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-protobuf");
        let body = if self.gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
            gzip(&message)
        } else {
            message
        };
        let response = request
            .body(body)
            .send()
            .await
            .map_err(self.unreachable())?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(OtlpError::Refused {
            status: response.status().as_u16().to_string(),
        })
    }

    async fn call(&self, message: &[u8]) -> Result<(), OtlpError> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/grpc")
            .header("te", "trailers");
        let body = if self.gzip {
            request = request.header("grpc-encoding", "gzip");
            grpc::frame(&gzip(message), true)
        } else {
            grpc::frame(message, false)
        };
        let response = request
            .body(body)
            .send()
            .await
            .map_err(self.unreachable())?;
        grpc::check(response)
            .await
            .map_err(|failure| match failure {
                grpc::Failure::Broken(source) => self.unreachable()(source),
                grpc::Failure::Status(status) => OtlpError::Refused { status },
            })
    }

    fn unreachable(&self) -> impl FnOnce(reqwest::Error) -> OtlpError {
        let endpoint = self.endpoint.clone();
        |source| OtlpError::Unreachable {
            endpoint,
            source: source.without_url(),
        }
    }
}

/// Writes a request as one line of JSON, which is the format of the protocol's files.
fn write(request: &impl Request) -> Result<(), OtlpError> {
    let failed = |source| OtlpError::Output { source };
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    std::io::stdout().lock().write_all(&line).map_err(failed)
}

fn gzip(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(message);
    encoder.finish().unwrap_or_default()
}

fn url(settings: &OtlpSettings, path: &str) -> Result<Url, OtlpError> {
    let scheme = if settings.insecure { "http" } else { "https" };
    let endpoint = &settings.endpoint;
    let invalid = || OtlpError::Endpoint {
        endpoint: endpoint.clone(),
    };
    // An address with a path or a password in it is a mistake, and would be sent somewhere else.
    if endpoint.contains(['/', '@', '?', '#']) {
        return Err(invalid());
    }
    Url::parse(&format!("{scheme}://{endpoint}{path}")).map_err(|_| invalid())
}

fn client(settings: &OtlpSettings) -> Result<Client, OtlpError> {
    let mut builder = Client::builder()
        .timeout(settings.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("limpid/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers(settings)?);
    if settings.transport == OtlpTransport::Grpc {
        builder = builder.http2_prior_knowledge();
    }
    let failed = |source| OtlpError::Client {
        endpoint: settings.endpoint.clone(),
        source,
    };
    if let Some((certificate, key)) = &settings.tls.identity {
        let mut pem = read(certificate)?;
        pem.push(b'\n');
        pem.extend(read(key)?);
        builder = builder.identity(Identity::from_pem(&pem).map_err(failed)?);
    }
    if let Some(root) = &settings.tls.root_ca {
        let roots = Certificate::from_pem_bundle(&read(root)?).map_err(failed)?;
        builder = builder.tls_certs_merge(roots);
    }
    builder.build().map_err(failed)
}

fn headers(settings: &OtlpSettings) -> Result<HeaderMap, OtlpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let invalid = || OtlpError::Header { name: name.clone() };
        let parsed = HeaderName::try_from(name).map_err(|_| invalid())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| invalid())?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

fn read(path: &Path) -> Result<Vec<u8>, OtlpError> {
    fs::read(path).map_err(|source| OtlpError::File {
        path: path.to_owned(),
        source,
    })
}
