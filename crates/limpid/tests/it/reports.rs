//! The three forms of a report, and that all ways to it agree.

use serde_json::Value;

use crate::workplace::Workplace;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_table_lists_findings_and_what_was_not_checked() {
    let (workplace, image) = Workplace::ready();
    let run = workplace.run(&["scan", &image]);
    for expected in [
        "CVE-2025-26519",
        "1.2.4-r2",
        "1.2.4-r3",
        "libssl3",
        "NOT CHECKED",
    ] {
        assert!(run.stdout.contains(expected), "{expected}: {run:?}");
    }
    assert!(
        !run.stdout.contains("CVE-2023-2650"),
        "fixed before: {run:?}"
    );
    assert!(
        !run.stdout.contains('\u{1b}'),
        "no colours outside a terminal: {run:?}"
    );
}

#[test]
fn a_stored_index_report_gives_the_same_report_as_the_image() {
    let (workplace, image) = Workplace::ready();
    let index = workplace.path("index.json");
    let index = index.to_str().unwrap();
    assert_eq!(workplace.run(&["index", &image, "--output", index]).code, 0);
    for format in ["json", "clair", "table"] {
        let scanned = workplace.run(&["scan", &image, "--format", format]);
        let matched = workplace.run(&["match", index, "--format", format]);
        assert_eq!(scanned.stdout, matched.stdout, "{format}");
        assert_eq!(scanned.code, matched.code, "{format}");
    }
}

#[test]
fn clairs_report_has_every_map_and_none_is_null() {
    let (workplace, image) = Workplace::ready();
    let report = json(&workplace.run(&["scan", &image, "--format", "clair"]).stdout);
    let members = [
        "packages",
        "distributions",
        "repository",
        "environments",
        "vulnerabilities",
        "package_vulnerabilities",
        "enrichments",
    ];
    for member in members {
        assert!(report[member].is_object(), "{member}: {report}");
    }
    let distribution = report["distributions"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    let fields = [
        "id",
        "did",
        "name",
        "version",
        "version_code_name",
        "version_id",
        "arch",
        "cpe",
        "pretty_name",
    ];
    for field in fields {
        assert!(distribution[field].is_string(), "{field}: {distribution}");
    }
    let vulnerabilities = report["vulnerabilities"].as_object().unwrap();
    assert_eq!(vulnerabilities.len(), 2);
    for (id, vulnerability) in vulnerabilities {
        assert!(id.parse::<i64>().is_ok(), "{id}");
        assert_eq!(vulnerability["id"], id.as_str());
        assert_eq!(vulnerability["updater"], "alpine-main-v3.18-updater");
        assert_eq!(vulnerability["package"]["id"], "");
        assert_eq!(vulnerability["repository"], json("{\"cpe\":\"\"}"));
    }
    for environments in report["environments"].as_object().unwrap().values() {
        let introduced = environments[0]["introduced_in"].as_str().unwrap();
        assert!(introduced.starts_with("sha256:"), "{introduced}");
        assert!(environments[0]["repository_ids"].is_null());
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (workplace, image) = Workplace::ready();
    let other = Workplace::new();
    std::fs::create_dir(other.data()).unwrap();
    let clair = || workplace.run(&["scan", &image, "--format", "clair"]).stdout;
    assert_eq!(clair(), clair());
    let index = workplace.run(&["index", &image]);
    assert_eq!(index.stdout, other.run(&["index", &image]).stdout);
}

#[test]
fn an_output_file_appears_whole_and_standard_output_stays_empty() {
    let (workplace, image) = Workplace::ready();
    let file = workplace.path("report.json");
    let run = workplace.run(&["scan", &image, "-f", "json", "-o", file.to_str().unwrap()]);
    assert_eq!(run.stdout, "");
    let report = json(&std::fs::read_to_string(file).unwrap());
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn the_demo_ends_with_a_report_and_what_to_type_next() {
    let workplace = Workplace::new();
    let run = workplace.run(&["demo"]);
    assert_eq!(run.code, 0, "{run:?}");
    for expected in ["CVE-2023-38545", "8.4.0-r0", "limpid scan"] {
        assert!(run.stdout.contains(expected), "{expected}: {run:?}");
    }
    assert!(
        !run.stdout.contains("CVE-2022-48174"),
        "fixed by the second layer: {run:?}"
    );
    assert!(
        !run.stdout.contains("CVE-2023-45853"),
        "never affected: {run:?}"
    );
    assert!(
        !workplace.data().try_exists().unwrap(),
        "the demo leaves nothing behind"
    );
}
