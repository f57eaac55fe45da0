use limpid_feed::{Collected, MemoryDocuments};
use limpid_testkit::feed::DebianTracker;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::{family_of, lines, parse, quarantined};

const URL: &str = "https://tracker.test/json";

fn read(document: impl Into<Vec<u8>>) -> Collected {
    parse("debian", MemoryDocuments::default().with(URL, document))
}

/// Reads what is said of one release.
fn read_release(release: Value) -> Collected {
    read(
        DebianTracker::new()
            .release("zlib", "CVE-2022-1", "bookworm", release)
            .to_json(),
    )
}

fn check(release: Value, expected: &str) {
    let text = release.to_string();
    let sink = read_release(release);
    assert_eq!(
        lines(&sink),
        [format!("debian:bookworm zlib CVE-2022-1 {expected}")],
        "{text}"
    );
}

#[test]
fn a_fix_is_an_advisory_about_the_source_package_of_the_release() {
    let document = DebianTracker::new()
        .fix("openssl", "CVE-2022-2097", "bookworm", "3.0.5-1")
        .fix("openssl", "CVE-2022-2097", "bullseye", "1.1.1n-0+deb11u4")
        .fix("zlib", "TEMP-0000001-AAAAAA", "sid", "1:1.2-3")
        .describe(
            "openssl",
            "CVE-2022-2097",
            "AES OCB fails to \"encrypt\" some bytes",
        );
    let sink = read(document.to_json());
    assert_eq!(
        lines(&sink),
        [
            "debian:bookworm openssl CVE-2022-2097 affected <3.0.5-1",
            "debian:bullseye openssl CVE-2022-2097 affected <1.1.1n-0+deb11u4",
            "debian:sid zlib TEMP-0000001-AAAAAA affected <1:1.2-3",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.kind, PackageKind::Source);
    assert_eq!(advisory.versions.scheme, Scheme::Dpkg);
    assert_eq!(
        advisory.details.description,
        "AES OCB fails to \"encrypt\" some bytes"
    );
    assert_eq!(
        advisory.details.references,
        ["https://security-tracker.debian.org/tracker/CVE-2022-2097"]
    );
}

#[test]
fn testing_is_judged_by_its_code_name_and_unstable_by_its_own() {
    let document = DebianTracker::new()
        .fix("zlib", "CVE-2022-1", "forky", "1-2")
        .open("zlib", "TEMP-0000001-AAAAAA", "sid", "low");
    assert_eq!(
        lines(&read(document.to_json())),
        [
            "debian:forky zlib CVE-2022-1 affected <1-2",
            "debian:sid zlib TEMP-0000001-AAAAAA affected *",
        ]
    );
}

#[test]
fn every_status_has_its_meaning() {
    check(
        json!({"status": "resolved", "fixed_version": "1-2"}),
        "affected <1-2",
    );
    check(
        json!({"status": "resolved", "fixed_version": "0"}),
        "not-affected *",
    );
    check(json!({"status": "open"}), "affected *");
    check(json!({"status": "undetermined"}), "under-investigation *");
    check(
        json!({"status": "open", "urgency": "end-of-life"}),
        "end-of-life *",
    );
}

#[test]
fn only_an_ignored_vulnerability_will_not_be_fixed() {
    check(
        json!({"status": "open", "nodsa": "Minor issue", "nodsa_reason": "ignored"}),
        "will-not-fix *",
    );
    for reason in [json!("postponed"), json!(""), Value::Null] {
        let release = json!({"status": "open", "nodsa": "Minor issue", "nodsa_reason": reason});
        check(release, "affected *");
    }
}

#[test]
fn what_is_resolved_stays_resolved_whatever_else_is_said() {
    check(
        json!({"status": "resolved", "fixed_version": "1-2", "urgency": "end-of-life", "nodsa_reason": "ignored"}),
        "affected <1-2",
    );
}

#[test]
fn an_urgency_is_kept_as_text_and_put_on_the_scale() {
    for (urgency, severity) in [
        ("high", Severity::High),
        ("high**", Severity::High),
        ("medium", Severity::Medium),
        ("medium*", Severity::Medium),
        ("low**", Severity::Low),
        ("unimportant", Severity::Negligible),
        ("not yet assigned", Severity::Unknown),
        ("end-of-life", Severity::Unknown),
        ("", Severity::Unknown),
        ("highest", Severity::Unknown),
    ] {
        let sink = read(
            DebianTracker::new()
                .open("zlib", "CVE-2022-1", "sid", urgency)
                .to_json(),
        );
        let rating = &sink.advisories[0].rating;
        assert_eq!((rating.text.as_str(), rating.severity), (urgency, severity));
    }
}

#[test]
fn a_bad_release_costs_nothing_but_itself() {
    for (bad, reason) in [
        (json!({"status": "fixed"}), "unknown status: \"fixed\""),
        (
            json!({"status": "resolved"}),
            "resolved without a fixed version",
        ),
        (
            json!({"status": "resolved", "fixed_version": "no version"}),
            "no version",
        ),
        (
            json!({"status": "resolved", "fixed_version": 7}),
            "invalid type",
        ),
        (json!({"status": 7}), "invalid type"),
        (json!({}), "missing field `status`"),
        (json!(7), "invalid type"),
        (Value::Null, "invalid type"),
    ] {
        let document = DebianTracker::new()
            .release("zlib", "CVE-2022-1", "bookworm", bad.clone())
            .fix("zlib", "CVE-2022-1", "sid", "1-1");
        let sink = read(document.to_json());
        assert_eq!(
            lines(&sink),
            ["debian:sid zlib CVE-2022-1 affected <1-1"],
            "{bad}"
        );
        let found = quarantined(&sink);
        assert_eq!(found.len(), 1, "{bad}");
        assert_eq!(found[0].0, "zlib CVE-2022-1");
        assert!(found[0].1.starts_with("bookworm: "), "{}", found[0].1);
        assert!(found[0].1.contains(reason), "{}", found[0].1);
    }
}

#[test]
fn a_bad_record_costs_nothing_but_itself() {
    let good = r#""CVE-2022-9":{"releases":{"sid":{"status":"open"}}}"#;
    for bad in [
        r#""CVE-2022-1":null"#,
        r#""CVE-2022-1":[]"#,
        r#""CVE-2022-1":{}"#,
        r#""CVE-2022-1":{"releases":[]}"#,
        r#""CVE-2022-1":{"description":7,"releases":{}}"#,
        r#""CVE-2022-1":{"releases":{"sid":{"status":}}}"#,
        r#""":{"releases":{}}"#,
        r#""\ud800":{"releases":{}}"#,
        r#""CVE-2022-1":{"releases":{"":{"status":"open"}}}"#,
    ] {
        let sink = read(format!(r#"{{"a":{{{good},{bad},{good}}},"b":{{{good}}}}}"#));
        assert_eq!(sink.advisories.len(), 3, "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
        assert!(sink.quarantined[0].offset.is_some());
    }
}

#[test]
fn a_bad_source_costs_nothing_but_itself() {
    let good = r#""zlib":{"CVE-2022-9":{"releases":{"sid":{"status":"open"}}}}"#;
    for bad in [
        r#""a":null"#,
        r#""a":[{}]"#,
        r#""a":"b""#,
        r#""a":7"#,
        r#""":{"b":{}}"#,
    ] {
        let sink = read(format!("{{{bad},{good}}}"));
        assert_eq!(sink.advisories.len(), 1, "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
}

#[test]
fn a_name_that_comes_twice_loses_nothing() {
    let fix =
        |version: &str| format!(r#"{{"sid":{{"status":"resolved","fixed_version":"{version}"}}}}"#);
    let record = |version: &str| format!(r#""CVE-2022-1":{{"releases":{}}}"#, fix(version));
    let text = format!(
        r#"{{"a":{{{},{}}},"a":{{{}}}}}"#,
        record("1"),
        record("2"),
        record("3")
    );
    assert_eq!(
        lines(&read(text)),
        [
            "debian:sid a CVE-2022-1 affected <1",
            "debian:sid a CVE-2022-1 affected <2",
            "debian:sid a CVE-2022-1 affected <3",
        ]
    );
}

#[test]
fn a_description_is_not_repeated_without_bound() {
    let settings = limpid_feed::Settings {
        debian: limpid_feed::DebianSettings {
            json_url: URL.into(),
            ..Default::default()
        },
        ..limpid_feed::Settings::default()
    };
    let document = DebianTracker::new()
        .open("a", "CVE-2022-1", "sid", "low")
        .describe("a", "CVE-2022-1", &"x".repeat(1 << 20));
    let feed = family_of(&settings, "debian")
        .discover(&mut crate::support::Server::default())
        .unwrap()
        .remove(0);
    let mut sink = Collected::default();
    let mut documents = MemoryDocuments::default().with(URL, document.to_json());
    feed.parse(&mut documents, &mut sink).unwrap();
    assert_eq!(sink.advisories[0].details.description.len(), 64 << 10);
}
