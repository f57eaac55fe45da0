#![expect(dead_code, reason = "the types only describe what others write")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::report::IndexExtension;

/// A text that the service gave earlier and that means nothing to clients.
#[derive(ToSchema)]
#[schema(as = token)]
pub(super) struct Token(String);

/// A content digest: `sha256:` or `sha512:` and the checksum in hexadecimal digits.
#[derive(ToSchema)]
#[schema(as = digest, pattern = "^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$")]
pub(super) struct DigestText(String);

/// A CPE name, in the form of version 2.3 when the service writes it; may be empty.
#[derive(ToSchema)]
#[schema(as = cpe)]
pub(super) struct Cpe(String);

/// Why a request failed.
#[derive(ToSchema)]
#[schema(as = error)]
pub(super) struct Error {
    /// A word for programs.
    #[schema(required = false)]
    code: String,
    /// A sentence for people, in ASCII.
    message: String,
}

/// The state of the indexer.
#[derive(ToSchema)]
#[schema(as = index_state)]
pub(super) struct IndexState {
    /// Changes when manifests should be indexed again; otherwise opaque.
    state: String,
}

/// An image to be indexed.
#[derive(ToSchema)]
#[schema(as = manifest)]
pub(super) struct Manifest {
    /// Digest of the manifest, by which everything about the image is asked for.
    #[schema(value_type = DigestText)]
    hash: DigestText,
    /// The layers, base first. At least one.
    layers: Vec<Layer>,
}

/// A layer, and where it can be fetched.
#[derive(ToSchema)]
#[schema(as = layer)]
pub(super) struct Layer {
    /// Digest of the layer's bytes as stored.
    hash: DigestText,
    /// Absolute address, `http` or `https`.
    uri: String,
    /// Headers that the request for the layer needs.
    #[schema(required = false)]
    headers: BTreeMap<String, Vec<String>>,
    /// Media type of the layer. It is not looked at: the content tells what it is.
    #[schema(required = false)]
    media_type: String,
}

/// Digests of manifests to be deleted; in the answer those that were.
#[derive(ToSchema)]
#[schema(as = bulk_delete)]
pub(super) struct BulkDelete(Vec<DigestText>);

/// What an image contains.
#[derive(ToSchema)]
#[schema(as = index_report)]
pub(super) struct IndexReport {
    /// Digest of the manifest.
    manifest_hash: DigestText,
    /// `IndexFinished`, or `IndexError` when indexing failed.
    state: String,
    /// Packages by their ids.
    packages: BTreeMap<String, Package>,
    /// Distributions by their ids.
    distributions: BTreeMap<String, Distribution>,
    /// Package repositories by their ids.
    repository: BTreeMap<String, Repository>,
    /// Where packages were found, by the ids of packages.
    environments: BTreeMap<String, Vec<Environment>>,
    /// False when indexing failed.
    success: bool,
    /// Why indexing failed, or empty.
    err: String,
    /// What could not be read; only there when there is something. Clair does not know it.
    #[schema(required = false)]
    limpid: IndexExtension,
}

/// A package that is installed.
#[derive(ToSchema)]
#[schema(as = package)]
pub(super) struct Package {
    /// Id within the document.
    id: String,
    /// Name, as the package manager has it.
    name: String,
    /// Version, as the package manager has it.
    version: String,
    /// `binary` or `source`, in lower case.
    #[schema(required = false)]
    kind: String,
    /// The package that this one was built from.
    #[schema(required = false, no_recursion)]
    source: Box<Self>,
    /// Version in a form that can be compared, or empty.
    normalized_version: String,
    /// Module of an rpm package.
    #[schema(required = false)]
    module: String,
    /// Architecture.
    #[schema(required = false)]
    arch: String,
    /// CPE name.
    cpe: Cpe,
    /// What found the package.
    detector: Option<String>,
}

/// A distribution that an image is built on.
#[derive(ToSchema)]
#[schema(as = distribution)]
pub(super) struct Distribution {
    /// Id within the document.
    id: String,
    /// `ID` of os-release.
    did: String,
    /// Name.
    name: String,
    /// Version for people.
    version: String,
    /// Code name of the version.
    version_code_name: String,
    /// `VERSION_ID` of os-release.
    version_id: String,
    /// Architecture.
    arch: String,
    /// CPE name.
    cpe: Cpe,
    /// Name and version for people.
    pretty_name: String,
}

/// A repository that packages come from.
#[derive(ToSchema)]
#[schema(as = repository)]
pub(super) struct Repository {
    /// Id within the document.
    #[schema(required = false)]
    id: String,
    /// Name.
    #[schema(required = false)]
    name: String,
    /// What kind of repository it is.
    #[schema(required = false)]
    key: String,
    /// Address.
    #[schema(required = false)]
    uri: String,
    /// CPE name.
    cpe: Cpe,
}

/// Where a package was found.
#[derive(ToSchema)]
#[schema(as = environment)]
pub(super) struct Environment {
    /// The database or file that tells of the package.
    package_db: String,
    /// The layer that brought the package in.
    introduced_in: DigestText,
    /// Id of the distribution that the package belongs to, or empty.
    distribution_id: String,
    /// Ids of the repositories that the package may come from.
    repository_ids: Option<Vec<String>>,
}
