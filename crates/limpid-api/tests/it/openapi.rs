use std::collections::BTreeSet;

use limpid_api::{ApiSettings, ENDPOINTS, document};
use limpid_index::{IndexState, IndexStatus};
use limpid_types::{
    AffectedManifests, Confidence, Coverage, Details, Distribution, Environment, Extension,
    FeedStatement, FeedUse, Finding, FixState, Gap, GapReason, IndexReport, LanguagePackage,
    LayerProblem, Manifest, Notification, NotificationPage, OwnedPackage, Package, PackageRef,
    ProblemKind, Report, ReportExtension, Repository, SeverityCounts, UpdateDiff, UpdateKind,
    UpdateOperation, Verdict, Vulnerability, VulnerabilityReport, VulnerabilitySummaries,
    VulnerabilitySummary,
};
use serde_json::{Value, json};

use crate::client::{get_path, request, serve_api};

fn described() -> Value {
    serde_json::to_value(document()).unwrap()
}

#[test]
fn the_document_is_as_it_was() {
    insta::assert_json_snapshot!(document());
}

#[test]
fn every_endpoint_is_described_with_its_methods() {
    let document = described();
    let paths = document["paths"].as_object().unwrap();
    for endpoint in ENDPOINTS.iter().filter(|one| one.label != "/openapi/v1") {
        let described: BTreeSet<_> = paths[endpoint.documented]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        let methods = endpoint.allow.to_lowercase();
        let methods: Vec<_> = methods.split(", ").map(str::to_owned).collect();
        assert_eq!(
            described,
            methods.iter().collect(),
            "{}",
            endpoint.documented
        );
    }
    assert_eq!(paths.len(), ENDPOINTS.len() - 1);
}

#[test]
fn every_reference_leads_to_a_schema() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                    let found = document.pointer(reference.trim_start_matches('#'));
                    assert!(found.is_some(), "{reference}");
                }
                object.values().for_each(|value| check(value, document));
            }
            Value::Array(list) => list.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    check(&described(), &described());
}

/// Returns the fields of a schema, and which of them are required.
fn fields(schema: &Value, document: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut all = BTreeSet::new();
    let mut required = BTreeSet::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return fields(target, document);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, more_required) = fields(part, document);
        all.extend(more);
        required.extend(more_required);
    }
    all.extend(
        schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|one| one.keys().cloned()),
    );
    let listed = schema["required"].as_array().into_iter().flatten();
    required.extend(listed.map(|one| one.as_str().unwrap().to_owned()));
    (all, required)
}

/// What is written has no field that is not described, and every field that is required.
fn agrees(name: &str, written: &impl serde::Serialize) {
    let document = described();
    let (all, required) = fields(&document["components"]["schemas"][name], &document);
    let written = serde_json::to_value(written).unwrap();
    let written: BTreeSet<_> = written.as_object().unwrap().keys().cloned().collect();
    assert!(written.is_subset(&all), "{name}: {written:?} {all:?}");
    assert!(
        required.is_subset(&written),
        "{name}: {required:?} {written:?}"
    );
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn vulnerability() -> Value {
    json!({
        "id": "1", "updater": "u", "name": "CVE-1", "description": "", "links": "",
        "issued": "0001-01-01T00:00:00Z", "severity": "", "normalized_severity": "High",
        "package": {"name": "a"}, "distribution": {}, "repository": {}, "fixed_in_version": "",
    })
}

#[test]
fn what_is_written_is_what_is_described() {
    let digest = crate::client::some_digest();
    agrees(
        "package",
        &Package {
            module: "m:1".into(),
            arch: "x".into(),
            ..Package::default()
        },
    );
    agrees("package", &Package::default());
    agrees("distribution", &Distribution::default());
    agrees("repository", &Repository::default());
    agrees("environment", &Environment::default());
    agrees(
        "index_report",
        &read::<IndexReport>(json!({"manifest_hash": digest})),
    );
    let layer = json!({"hash": digest, "uri": "", "headers": {"a": ["b"]}});
    let manifest: Manifest = read(json!({"hash": digest, "layers": [layer]}));
    agrees("manifest", &manifest);
    let report: Value = json!({
        "manifest_hash": digest, "packages": {}, "distributions": {}, "repository": {},
        "environments": {}, "vulnerabilities": {}, "package_vulnerabilities": {}, "enrichments": {},
    });
    agrees("vulnerability_report", &read::<VulnerabilityReport>(report));
    agrees("vulnerability", &read::<Vulnerability>(vulnerability()));
    agrees(
        "vulnerability_summaries",
        &VulnerabilitySummaries::default(),
    );
    agrees("affected_manifests", &AffectedManifests::default());
    let operation = UpdateOperation {
        kind: UpdateKind::Vulnerability,
        ..UpdateOperation::none()
    };
    agrees("update_operation", &operation);
    let diff = UpdateDiff {
        prev: operation.clone(),
        cur: operation,
        added: None,
        removed: None,
    };
    agrees("update_diff", &diff);
    let summary = json!({
        "name": "", "fixed_in_version": "", "links": "", "description": "",
        "normalized_severity": "Low", "severity": "Low", "package": {"name": "a"},
        "distribution": {}, "repository": {}, "repo": {},
    });
    agrees(
        "vulnerability_summary",
        &read::<VulnerabilitySummary>(summary.clone()),
    );
    let notification = json!({
        "id": "", "manifest": digest, "reason": "added", "vulnerability": summary,
    });
    agrees("notification", &read::<Notification>(notification));
    let page = json!({"page": {"size": 1, "next": "x"}, "notifications": []});
    agrees("notification_page", &read::<NotificationPage>(page));
}

fn some_problem() -> LayerProblem {
    read(json!({
        "layer": crate::client::some_digest(), "kind": "note", "subject": "", "detail": "",
        "offset": 1,
    }))
}

fn some_language_package() -> LanguagePackage {
    read(json!({
        "ecosystem": "pypi", "paths": ["a"], "owner": {"package": "a", "database": "b"},
        "confidence": "derived", "digests": ["sha1:00"],
    }))
}

fn some_gap() -> Gap {
    read(json!({"reason": "no-data", "subject": "", "detail": "", "packages": 0}))
}

#[test]
fn what_only_limpid_writes_is_described_too() {
    let digest = crate::client::some_digest();
    let status: Value = json!({
        "manifest_hash": digest, "state": "waiting", "layers": 1, "layers_done": 0, "attempts": 1,
    });
    agrees("index_status", &read::<IndexStatus>(status.clone()));
    let mut status: IndexStatus = read(status);
    status.cause = "c".into();
    status.submitted = Some(jiff::Timestamp::UNIX_EPOCH);
    status.changed = status.submitted;
    status.next_attempt = status.submitted;
    agrees("index_status", &status);
    agrees("layer_problem", &some_problem());
    let problems = vec![some_problem()];
    let extension = Extension {
        problems,
        third_party: [("1".into(), "vendor \"Docker\"".into())].into(),
        earlier_containers: ["2".into()].into(),
        repositories_instead: [("3".into(), vec!["4".into()])].into(),
        languages: [("5".into(), some_language_package())].into(),
    };
    agrees("language_package", &some_language_package());
    agrees("index_extension", &extension);
    agrees("gap", &some_gap());
    let extension: ReportExtension = read(json!({
        "verdict": "partial", "generation": null, "gaps": [],
        "not_affected": {"1": ["CVE-2000-0001"]},
    }));
    agrees("report_extension", &extension);
}

#[test]
fn limpids_own_report_is_described() {
    let digest = crate::client::some_digest();
    let coverage: Coverage = read(json!({
        "verdict": "complete", "judged": 1, "unjudged": 0, "gaps": [], "problems": [],
    }));
    agrees("coverage", &coverage);
    agrees("severity_counts", &SeverityCounts::default());
    let feed: FeedUse = read(json!({"name": "", "snapshot": digest, "checked": ""}));
    agrees("feed_use", &feed);
    let package: Value = json!({
        "id": "", "name": "", "version": "", "arch": "", "package_db": "", "layer": digest,
        "distribution_id": "", "purl": "pkg:a/b", "paths": ["a"], "confidence": "file-name",
    });
    agrees("package_ref", &read::<PackageRef>(package.clone()));
    let statement: Value = json!({
        "id": "", "feed": "", "severity": "Low", "severity_text": "", "fix": "fixed",
        "fixed_version": "", "reason": "",
    });
    agrees("feed_statement", &read::<FeedStatement>(statement.clone()));
    let details = Details {
        withdrawn: "w".into(),
        ..Details::default()
    };
    let mut finding: Value = json!({
        "id": "", "severity": "Low", "severity_text": "", "fix": "fixed", "fixed_version": "",
        "package": package, "advisory_package": "", "advisory_kind": "source",
        "compared_version": "", "feed": "", "namespace": "", "repository": "", "reason": "",
        "statements": [statement],
    });
    let details = serde_json::to_value(details).unwrap();
    let members = finding.as_object_mut().unwrap();
    members.extend(details.as_object().unwrap().clone());
    agrees("finding", &read::<Finding>(finding));
    let owned: Value = json!({
        "name": "", "version": "", "package": "", "ecosystem": "npm",
        "owner": {"package": "a", "database": "b"},
    });
    agrees("owned_package", &read::<OwnedPackage>(owned.clone()));
    let report: Report = read(json!({
        "manifest": digest, "distributions": [], "packages": 0, "generation": 1, "feeds": [],
        "coverage": coverage, "counts": SeverityCounts::default(), "findings": [], "owned": [owned],
    }));
    agrees("report", &report);
}

/// The words of a schema are exactly those that are written.
fn has_words<T: serde::Serialize>(name: &str, values: impl IntoIterator<Item = T>) {
    let words: BTreeSet<String> = values
        .into_iter()
        .map(|value| read(serde_json::to_value(value).unwrap()))
        .collect();
    let described: BTreeSet<String> =
        read(described()["components"]["schemas"][name]["enum"].clone());
    assert_eq!(described, words, "{name}");
}

#[test]
fn words_are_those_that_are_written() {
    has_words(
        "index_progress",
        [
            IndexState::Waiting,
            IndexState::Running,
            IndexState::Finished,
            IndexState::Retryable,
            IndexState::Terminal,
        ],
    );
    has_words(
        "confidence",
        [
            Confidence::Certain,
            Confidence::Derived,
            Confidence::FileName,
        ],
    );
    has_words("normalized_severity", limpid_types::Severity::ALL);
    has_words(
        "verdict",
        [Verdict::Complete, Verdict::Partial, Verdict::Unknown],
    );
    has_words(
        "fix_state",
        [
            FixState::Fixed,
            FixState::NotFixed,
            FixState::WillNotFix,
            FixState::EndOfLife,
            FixState::UnderInvestigation,
        ],
    );
    has_words(
        "problem_kind",
        [
            ProblemKind::UnreadableDatabase,
            ProblemKind::BadRecord,
            ProblemKind::UnreadableFile,
            ProblemKind::DamagedArchive,
            ProblemKind::Note,
        ],
    );
    has_words(
        "gap_reason",
        [
            GapReason::NoData,
            GapReason::NoDistribution,
            GapReason::NoFeed,
            GapReason::FeedMissing,
            GapReason::FeedEmpty,
            GapReason::FeedStale,
            GapReason::EndOfLife,
            GapReason::RepositoryUnknown,
            GapReason::RepositoriesAssumed,
            GapReason::ThirdParty,
            GapReason::UnreadableDatabase,
            GapReason::LayerProblem,
            GapReason::UnknownVersion,
            GapReason::NoPackages,
            GapReason::TooManyFindings,
        ],
    );
}

#[test]
fn what_a_client_can_ask_of_limpid_alone_is_described() {
    let document = described();
    let index = &document["paths"]["/indexer/api/v1/index_report"]["post"];
    let parameters: Vec<_> = index["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap()))
        .collect();
    for name in ["If-None-Match", "Prefer", "Priority"] {
        assert!(parameters.contains(&("header", name)), "{name}");
    }
    let accepted = &index["responses"]["202"];
    for name in ["Link", "Location", "Preference-Applied", "Retry-After"] {
        assert!(accepted["headers"].get(name).is_some(), "{name}");
    }
    let body = &accepted["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/index_status");
    let report = &document["paths"]["/matcher/api/v1/vulnerability_report/{digest}"]["get"];
    let own = &report["responses"]["200"]["content"]["application/vnd.limpid.report.v1+json"];
    assert_eq!(own["schema"]["$ref"], "#/components/schemas/report");
}

#[tokio::test]
async fn the_document_comes_as_json_and_as_yaml() {
    let server = serve_api(ApiSettings::default()).await;
    for (accept, content_type) in [
        ("*/*", "application/openapi+json"),
        (
            "application/vnd.oai.openapi+json",
            "application/vnd.oai.openapi+json",
        ),
        ("application/json", "application/json"),
    ] {
        let header = format!("Accept: {accept}\r\n");
        let answer = request(server.address, "GET", "/openapi/v1", &header).await;
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert_eq!(
            serde_json::from_slice::<Value>(&answer.body).unwrap(),
            described()
        );
    }
    for accept in ["application/yaml", "application/openapi+yaml"] {
        let header = format!("Accept: {accept}\r\n");
        let answer = request(server.address, "GET", "/openapi/v1", &header).await;
        assert_eq!(answer.header("content-type"), Some(accept));
        assert_eq!(
            serde_saphyr::from_str::<Value>(answer.text()).unwrap(),
            described()
        );
    }
    let answer = request(
        server.address,
        "GET",
        "/openapi/v1",
        "Accept: text/html\r\n",
    )
    .await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn the_document_is_not_sent_to_who_has_it() {
    let server = serve_api(ApiSettings::default()).await;
    let answer = get_path(server.address, "/openapi/v1").await;
    let tag = answer.header("etag").unwrap();
    for condition in [
        tag.to_owned(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".into(),
    ] {
        let header = format!("If-None-Match: {condition}\r\n");
        let answer = request(server.address, "GET", "/openapi/v1", &header).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{condition}");
        assert_eq!(answer.header("etag"), Some(tag));
    }
    let other = request(
        server.address,
        "GET",
        "/openapi/v1",
        "If-None-Match: \"x\"\r\n",
    )
    .await;
    assert_eq!(other.status, 200);
}
