//! What Quay does with an image, in Quay's order, and what it checks of the answers.

use serde_json::{Map, Value};

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, NOTIFICATION, REPORT, Reply, body_of};
use crate::on_both_stores;
use crate::service::Service;

on_both_stores!(quay_gets_through_the_life_of_an_image);

/// What Quay's client library sends with every request.
const HEADERS: [(&str, &str); 4] = [
    ("user-agent", "python-requests/2.32.2"),
    ("accept-encoding", "identity"),
    ("accept", "*/*"),
    ("connection", "keep-alive"),
];

async fn send(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let body = body.map(Value::to_string).unwrap_or_default();
    client.send(method, path, &HEADERS, body).await
}

async fn quay_gets_through_the_life_of_an_image(service: &Service) {
    let client = Client::of(service);
    let state = send(&client, "GET", INDEX_STATE, None).await.json();
    let state = state["state"].as_str().unwrap();

    let image = service.image("quay");
    let indexed = send(&client, "POST", INDEX_REPORT, Some(&body_of(&image))).await;
    assert!((200..300).contains(&indexed.status), "{indexed:?}");
    // The quotes are stripped, and what is left is compared with the state.
    assert_eq!(indexed.header("etag").trim_matches('"'), state);
    check_index_report(&indexed.json());

    let path = format!("{INDEX_REPORT}/{}", image.hash);
    let stored = send(&client, "GET", &path, None).await;
    assert_eq!(stored.status, 200);
    check_index_report(&stored.json());

    let report = send(&client, "GET", &format!("{REPORT}/{}", image.hash), None).await;
    assert_eq!(report.status, 200);
    check_vulnerability_report(&report.json());

    let id = "5f0b5d9e-0000-4000-8000-000000000003";
    let page = send(&client, "GET", &format!("{NOTIFICATION}/{id}"), None).await;
    assert_eq!(page.status, 200);
    assert!(page.json()["page"].is_object() && page.json()["notifications"].is_array());
    let deleted = send(&client, "DELETE", &format!("{NOTIFICATION}/{id}"), None).await;
    assert!([200, 404].contains(&deleted.status));

    assert_eq!(send(&client, "DELETE", &path, None).await.status, 204);
    assert_eq!(send(&client, "GET", &path, None).await.status, 404);
}

#[track_caller]
fn texts(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value[field].is_string(), "{field}: {value}");
    }
}

#[track_caller]
fn optional_texts(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(
            value.get(field).is_none_or(Value::is_string),
            "{field}: {value}"
        );
    }
}

#[track_caller]
fn map<'a>(value: &'a Value, field: &str) -> &'a Map<String, Value> {
    let map = value[field].as_object();
    map.unwrap_or_else(|| panic!("{field} is no object: {value}"))
}

fn check_index_report(report: &Value) {
    texts(report, &["manifest_hash", "state", "err"]);
    assert_eq!(report["state"], "IndexFinished");
    assert_eq!(report["success"], true);
    check_common(report);
}

/// What both reports have.
fn check_common(report: &Value) {
    map(report, "repository");
    assert!(!map(report, "packages").is_empty());
    for (id, package) in map(report, "packages") {
        assert_eq!(package["id"], **id);
        assert_eq!(package["kind"], "binary", "{package}");
        assert!(package["cpe"].is_string(), "{package}");
        check_package(package);
        let source = &package["source"];
        check_package(source);
        assert!(source.get("source").is_none(), "{package}");
        // Quay looks at the first environment of every package.
        let environments = report["environments"][id].as_array();
        assert!(environments.is_some_and(|all| !all.is_empty()), "{package}");
    }
    for (_, distribution) in map(report, "distributions") {
        check_distribution(distribution);
    }
    for (_, environments) in map(report, "environments") {
        for environment in environments.as_array().unwrap() {
            texts(
                environment,
                &["package_db", "introduced_in", "distribution_id"],
            );
        }
    }
}

fn check_package(package: &Value) {
    texts(package, &["id", "name", "version"]);
    optional_texts(
        package,
        &["kind", "arch", "module", "cpe", "normalized_version"],
    );
}

fn check_distribution(distribution: &Value) {
    texts(
        distribution,
        &[
            "id",
            "did",
            "name",
            "version",
            "version_code_name",
            "version_id",
            "arch",
            "cpe",
            "pretty_name",
        ],
    );
}

fn check_vulnerability_report(report: &Value) {
    texts(report, &["manifest_hash"]);
    check_common(report);
    assert!(!map(report, "vulnerabilities").is_empty());
    for (id, vulnerability) in map(report, "vulnerabilities") {
        assert_eq!(vulnerability["id"], **id);
        texts(
            vulnerability,
            &[
                "id",
                "updater",
                "name",
                "description",
                "links",
                "severity",
                "normalized_severity",
                "fixed_in_version",
                "issued",
            ],
        );
        optional_texts(vulnerability, &["range"]);
        let severities = ["Unknown", "Negligible", "Low", "Medium", "High", "Critical"];
        let severity = vulnerability["normalized_severity"].as_str().unwrap();
        assert!(severities.contains(&severity), "{severity}");
        check_package(&vulnerability["package"]);
        check_distribution(&vulnerability["distribution"]);
        assert!(vulnerability["repository"].is_object(), "{vulnerability}");
    }
    for (package, ids) in map(report, "package_vulnerabilities") {
        assert!(report["packages"][package].is_object(), "{package}");
        assert!(ids.as_array().is_some_and(|ids| !ids.is_empty()), "{ids}");
    }
    // Quay takes whatever enrichment comes first for CVSS.
    for (kind, enrichment) in map(report, "enrichments") {
        assert!(kind.contains("clair.cvss"), "{kind}");
        assert!(enrichment.is_array());
    }
}
