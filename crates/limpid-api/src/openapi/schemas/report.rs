//! limpid's own report, and what limpid adds to Clair's documents.

#![expect(dead_code, reason = "the types only describe what others write")]

use std::collections::{BTreeMap, BTreeSet};

use utoipa::ToSchema;

use super::image::{DigestText, Distribution};
use super::vulnerability::NormalizedSeverity;

/// limpid's own report: findings, and how far they can be trusted. Clair does not have it.
#[derive(ToSchema)]
#[schema(as = report)]
pub(super) struct Report {
    /// Digest of the manifest.
    manifest: DigestText,
    /// Distributions found in the image.
    distributions: Vec<Distribution>,
    /// How many installed packages the image has.
    packages: u64,
    /// Number of the generation of the vulnerability data.
    generation: Option<u64>,
    /// The feeds that judged something in this report.
    feeds: Vec<FeedUse>,
    /// What could be checked, and what not.
    coverage: Coverage,
    /// How many findings there are by severity.
    counts: SeverityCounts,
    /// How many more there are that are not in the list.
    hidden: SeverityCounts,
    /// Vulnerabilities that affect packages of the image, worst first.
    findings: Vec<Finding>,
    /// What sources say does not affect packages of the image, whatever their versions.
    #[schema(required = false)]
    not_affected: Vec<NotAffected>,
    /// Packages of programming languages that are part of packages of the distribution, and were
    /// judged as such.
    #[schema(required = false)]
    owned: Vec<OwnedPackage>,
}

/// A package of a programming language in files that a package of the distribution owns.
#[derive(ToSchema)]
#[schema(as = owned_package)]
pub(super) struct OwnedPackage {
    /// Name of the package.
    name: String,
    /// Installed version.
    version: String,
    /// Id of the package in the index report.
    package: String,
    /// The ecosystem, for example `pypi`.
    ecosystem: String,
    /// The package of the distribution.
    owner: PackageOwner,
}

/// A package of a distribution that owns files.
#[derive(ToSchema)]
#[schema(as = package_owner)]
pub(super) struct PackageOwner {
    /// Its name.
    package: String,
    /// Path of the database that lists it.
    database: String,
}

/// Vulnerabilities of which a source says that they do not affect an installed package.
#[derive(ToSchema)]
#[schema(as = not_affected)]
pub(super) struct NotAffected {
    /// Name of the package.
    name: String,
    /// Installed version.
    version: String,
    /// Id of the package in the index report.
    package: String,
    /// The source's names of the vulnerabilities.
    ids: Vec<String>,
}

/// A feed by which findings were judged.
#[derive(ToSchema)]
#[schema(as = feed_use)]
pub(super) struct FeedUse {
    /// Name of the feed.
    name: String,
    /// Digest of its data.
    snapshot: DigestText,
    /// When it was last known to be current.
    #[schema(format = DateTime)]
    checked: String,
}

/// How many findings there are by severity.
#[derive(ToSchema)]
#[schema(as = severity_counts)]
pub(super) struct SeverityCounts {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    negligible: u64,
    unknown: u64,
}

/// One vulnerability in one installed package.
#[derive(ToSchema)]
#[schema(as = finding)]
pub(super) struct Finding {
    /// The source's name of the vulnerability.
    id: String,
    /// Severity on the common scale.
    severity: NormalizedSeverity,
    /// Severity as the source gave it, or empty.
    severity_text: String,
    /// Whether and how it is fixed.
    fix: FixState,
    /// The first version with the fix, or empty.
    fixed_version: String,
    /// The installed package.
    package: PackageRef,
    /// The name of the package that the source speaks of.
    advisory_package: String,
    /// The kind of that package: `source`, `binary` or `ancestry`.
    advisory_kind: String,
    /// The version that was compared.
    compared_version: String,
    /// Name of the feed.
    feed: String,
    /// Where the statement holds, for example `alpine:3.15`.
    namespace: String,
    /// Repository of the distribution, or empty.
    repository: String,
    /// CPE name of the product that the source limits the statement to.
    #[schema(required = false)]
    product: String,
    /// Why this is a finding.
    reason: String,
    /// What the finding was made of, when feeds give the vulnerability several names or the finding
    /// has another name than the feed gives it.
    #[schema(required = false)]
    statements: Vec<FeedStatement>,
    /// Other names of the vulnerability.
    aliases: Vec<String>,
    /// Description.
    description: String,
    /// Addresses of more about it.
    references: Vec<String>,
    /// When it was published, or empty.
    published: String,
    /// When the source last changed it, or empty.
    modified: String,
    /// When the source withdrew it.
    #[schema(required = false)]
    withdrawn: String,
}

/// What one feed says about a vulnerability in a package.
#[derive(ToSchema)]
#[schema(as = feed_statement)]
pub(super) struct FeedStatement {
    /// The feed's own name of the vulnerability.
    id: String,
    /// Name of the feed.
    feed: String,
    /// Severity on the common scale.
    severity: NormalizedSeverity,
    /// Severity as the feed gives it, or empty.
    severity_text: String,
    /// Whether and how it is fixed.
    fix: FixState,
    /// The first version with the fix, or empty.
    fixed_version: String,
    /// Why the package is affected.
    reason: String,
}

/// What a source offers against a finding.
#[derive(ToSchema)]
#[schema(as = fix_state)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FixState {
    Fixed,
    NotFixed,
    WillNotFix,
    EndOfLife,
    UnderInvestigation,
}

/// An installed package that a finding is about.
#[derive(ToSchema)]
#[schema(as = package_ref)]
pub(super) struct PackageRef {
    /// Id of the package in the index report.
    id: String,
    /// Name.
    name: String,
    /// Installed version.
    version: String,
    /// Architecture, or empty.
    arch: String,
    /// Where the package is recorded.
    package_db: String,
    /// Digest of the layer that brought the package in.
    layer: DigestText,
    /// Id of the distribution in the index report, or empty.
    distribution_id: String,
    /// Package URL.
    #[schema(required = false)]
    purl: String,
    /// The files that a package of a programming language was found in, with the archives in them
    /// behind `!/`.
    #[schema(required = false)]
    paths: Vec<String>,
    /// How surely it is this package, when there is a doubt.
    #[schema(required = false)]
    confidence: Confidence,
}

/// How surely a package is what is said of it: because its packager says so, because it follows
/// from what its files say, or by the name of a file alone.
#[derive(ToSchema)]
#[schema(as = confidence)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Confidence {
    Certain,
    Derived,
    FileName,
}

/// What a report can speak for.
#[derive(ToSchema)]
#[schema(as = coverage)]
pub(super) struct Coverage {
    /// The sum of it.
    verdict: Verdict,
    /// How many packages were judged.
    judged: u64,
    /// How many packages were not.
    unjudged: u64,
    /// What was not covered, and why.
    gaps: Vec<Gap>,
    /// What could not be read in the layers.
    problems: Vec<LayerProblem>,
}

/// How much of an image was judged by current data: all, some, or nothing.
#[derive(ToSchema)]
#[schema(as = verdict)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Complete,
    Partial,
    Unknown,
}

/// Something that a report does not cover.
#[derive(ToSchema)]
#[schema(as = gap)]
pub(super) struct Gap {
    /// Why.
    reason: GapReason,
    /// What: a distribution, a feed, a database, a layer.
    subject: String,
    /// More about it.
    detail: String,
    /// How many packages are concerned; 0 when that cannot be known.
    packages: u64,
}

/// Why a report does not cover something.
#[derive(ToSchema)]
#[schema(as = gap_reason)]
#[serde(rename_all = "kebab-case")]
pub(super) enum GapReason {
    NoData,
    NoDistribution,
    NoFeed,
    FeedMissing,
    FeedEmpty,
    FeedStale,
    EndOfLife,
    RepositoryUnknown,
    RepositoriesAssumed,
    ThirdParty,
    UnreadableDatabase,
    LayerProblem,
    UnknownVersion,
    NoPackages,
    TooManyFindings,
}

/// Something in a layer that could not be read.
#[derive(ToSchema)]
#[schema(as = layer_problem)]
pub(super) struct LayerProblem {
    /// Digest of the layer.
    layer: DigestText,
    /// What sort of thing went wrong.
    kind: ProblemKind,
    /// What it went wrong with: a path, a database, a record.
    subject: String,
    /// What was wrong with it.
    detail: String,
    /// Where in the subject, in bytes.
    #[schema(required = false)]
    offset: u64,
}

/// What sort of thing could not be read.
#[derive(ToSchema)]
#[schema(as = problem_kind)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProblemKind {
    UnreadableDatabase,
    BadRecord,
    UnreadableFile,
    DamagedArchive,
    Note,
}

/// What limpid adds to an index report.
#[derive(ToSchema)]
#[schema(as = index_extension)]
pub(super) struct IndexExtension {
    /// What could not be read.
    #[schema(required = false)]
    problems: Vec<LayerProblem>,
    /// Packages that are not the distribution's own, by id, with whose they are.
    #[schema(required = false)]
    third_party: BTreeMap<String, String>,
    /// Ids of container packages that are not the image itself, but images that it was built on.
    #[schema(required = false)]
    earlier_containers: BTreeSet<String>,
    /// Repositories of the layers of a package, by its id, that stand in where nobody knows the
    /// repository that the package is said to be from.
    #[schema(required = false)]
    repositories_instead: BTreeMap<String, Vec<String>>,
    /// Packages of programming languages, by id.
    #[schema(required = false)]
    languages: BTreeMap<String, LanguagePackage>,
}

/// What is known of a package of a programming language beside name and version.
#[derive(ToSchema)]
#[schema(as = language_package)]
pub(super) struct LanguagePackage {
    /// The ecosystem, for example `pypi`.
    ecosystem: String,
    /// The files that it was found in, with the archives in them behind `!/`.
    paths: Vec<String>,
    /// The package of the distribution that owns the files, and with which it is judged.
    #[schema(required = false)]
    owner: PackageOwner,
    /// How surely it is this package, when there is a doubt.
    #[schema(required = false)]
    confidence: Confidence,
    /// Digests of the files.
    #[schema(required = false)]
    digests: Vec<String>,
}

/// What limpid adds to a vulnerability report: without it an image that could not be checked would
/// look like one without vulnerabilities.
#[derive(ToSchema)]
#[schema(as = report_extension)]
pub(super) struct ReportExtension {
    /// How much was judged.
    verdict: Verdict,
    /// Number of the generation of the vulnerability data.
    generation: Option<u64>,
    /// What was not covered, and why.
    gaps: Vec<Gap>,
    /// Names of vulnerabilities of which a source says that they do not affect a package, by the id
    /// of the package.
    #[schema(required = false)]
    not_affected: BTreeMap<String, Vec<String>>,
}
