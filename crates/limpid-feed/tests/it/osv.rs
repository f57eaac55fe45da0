use limpid_feed::{Collected, MemoryDocuments};
use limpid_testkit::feed::OsvZip;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::{feed, lines, parse, quarantined, refuse};

const URL: &str = "https://osv.test/PyPI/all.zip";

fn read(archive: &OsvZip) -> Collected {
    read_bytes(archive.to_zip())
}

fn read_bytes(archive: Vec<u8>) -> Collected {
    parse("osv/pypi", MemoryDocuments::default().with(URL, archive))
}

fn refusal(archive: impl Into<Vec<u8>>) -> String {
    refuse("osv/pypi", MemoryDocuments::default().with(URL, archive)).0
}

/// Reads one entry with some members beside its id.
fn read_entry(members: &Value) -> Collected {
    let mut entry = json!({"id": "PYSEC-1-1", "modified": "2024-01-01T00:00:00Z"});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    read(&OsvZip::new().entry(&entry))
}

fn affected(ranges: &Value, versions: &Value) -> Value {
    json!([{
        "package": {"ecosystem": "PyPI", "name": "zlib"},
        "ranges": ranges,
        "versions": versions,
    }])
}

#[test]
fn an_entry_is_an_advisory_per_affected_package_of_the_ecosystem() {
    let range = json!([{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1-2"}]}]);
    let sink = read_entry(&json!({"affected": [
        {"package": {"ecosystem": "PyPI", "name": "zlib"}, "ranges": range},
        {"package": {"ecosystem": "PyPI:https://index.test", "name": "Z_lib.Two"}, "ranges": range},
        {"package": {"ecosystem": "PyPIish", "name": "zlib"}, "ranges": range},
        {"package": {"ecosystem": "npm", "name": "zlib"}, "ranges": range},
        {"ranges": [{"type": "GIT", "events": []}]},
    ]}));
    assert_eq!(
        lines(&sink),
        [
            "pypi z-lib-two PYSEC-1-1 affected <1-2",
            "pypi zlib PYSEC-1-1 affected <1-2",
        ]
    );
    assert!(sink.quarantined.is_empty());
    assert_eq!(sink.advisories[0].versions.scheme, Scheme::Pep440);
    assert_eq!(sink.advisories[0].package.kind, PackageKind::Binary);
}

#[test]
fn the_words_around_an_entry_are_kept() {
    let sink = read_entry(&json!({
        "aliases": ["CVE-2024-2", 7, "no dash", "PYSEC-1-1", "CVE-2024-1", "CVE-2024-2"],
        "related": ["CVE-2000-1"],
        "summary": " ",
        "details": "Long story.",
        "published": "2024-01-01T01:00:00+01:00",
        "modified": "not a date",
        "references": [{"type": "WEB", "url": "https://a.test"}, 7, {"type": "WEB"}],
        "affected": affected(&json!([]), &json!(["1-1"])),
    }));
    let details = &sink.advisories[0].details;
    assert_eq!(details.aliases, ["CVE-2024-1", "CVE-2024-2", "no dash"]);
    assert_eq!(details.description, "Long story.");
    assert_eq!(details.published, "2024-01-01T00:00:00Z");
    assert_eq!(details.modified, "");
    assert_eq!(details.references, ["https://a.test"]);
}

#[test]
fn listed_versions_count_with_and_without_ranges() {
    let sink = read_entry(&json!({"affected": affected(&Value::Null, &json!(["1-1", "1-2"]))}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected =1-1 =1-2"]);
    let git = json!([{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]);
    let sink = read_entry(&json!({"affected": affected(&git, &json!(["1-1"]))}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected =1-1"]);
    let range =
        json!([{"type": "SEMVER", "events": [{"introduced": "2"}, {"last_affected": "3"}]}]);
    let sink = read_entry(&json!({"affected": affected(&range, &json!(["1-1"]))}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected 2<=3 =1-1"]);
}

#[test]
fn a_listed_version_that_is_in_a_range_is_not_listed_again() {
    let range = json!([{"type": "ECOSYSTEM", "events": [
        {"introduced": "1"}, {"fixed": "2"}, {"introduced": "3"}, {"last_affected": "4"},
    ]}]);
    let versions = json!([
        "0.9", "1", "1.0", "1.99", "2rc1", "2", "4", "4.1", "not one"
    ]);
    let sink = read_entry(&json!({"affected": affected(&range, &versions)}));
    assert_eq!(
        lines(&sink),
        ["pypi zlib PYSEC-1-1 affected 1<2 3<=4 =0.9 =2 =4.1 =not one"]
    );
    let all = json!([{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]);
    let sink = read_entry(&json!({"affected": affected(&all, &versions)}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected *"]);
}

#[test]
fn an_entry_about_commits_alone_says_nothing_here() {
    let git = json!([{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]);
    let sink = read_entry(&json!({"affected": affected(&git, &json!([]))}));
    assert!(sink.advisories.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn an_affected_package_without_versions_is_quarantined() {
    let sink = read_entry(&json!({"affected": affected(&json!([]), &json!([]))}));
    assert_eq!(
        quarantined(&sink),
        [("PYSEC-1-1", "neither ranges nor versions")]
    );
}

#[test]
fn a_range_that_cannot_be_read_leaves_the_others() {
    let ranges = json!([
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "not a version"}]},
        {"type": "ECOSYSTEM", "events": 7},
        7,
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1-2"}]},
    ]);
    let sink = read_entry(&json!({"affected": affected(&ranges, &json!([]))}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected <1-2"]);
    assert_eq!(sink.quarantined.len(), 3);
}

#[test]
fn withdrawn_entries_are_counted_and_left_out() {
    let entry = |id: &str, withdrawn: &str| {
        json!({
            "id": id,
            "withdrawn": withdrawn,
            "affected": affected(&json!([]), &json!(["1-1"])),
        })
    };
    let archive = OsvZip::new()
        .entry(&entry("MAL-1", "2024-01-01T00:00:00Z"))
        .entry(&entry("MAL-2", ""));
    let mut sink = Collected::default();
    let mut documents = MemoryDocuments::default().with(URL, archive.to_zip());
    let tally = feed("osv/pypi").parse(&mut documents, &mut sink).unwrap();
    assert_eq!((tally.advisories, tally.withdrawn), (1, 1));
    assert_eq!(sink.advisories[0].id, "MAL-2");
}

#[test]
fn a_withdrawal_in_the_future_does_not_hold_yet() {
    let versions = affected(&json!([]), &json!(["1-1"]));
    for (withdrawn, is_gone) in [
        ("2024-01-01T00:00:00Z", true),
        ("2023-06-01T00:00:00Z", true),
        ("2024-01-01T20:00:00Z", true),
        ("2024-02-01T00:00:00Z", false),
        ("soon", true),
    ] {
        let sink = read_entry(&json!({"withdrawn": withdrawn, "affected": versions}));
        assert_eq!(sink.advisories.is_empty(), is_gone, "{withdrawn}");
    }
    let entry = json!({"id": "A-1", "withdrawn": "2024-02-01T00:00:00Z", "affected": versions});
    assert!(read(&OsvZip::new().entry(&entry)).advisories.is_empty());
}

#[test]
fn a_date_before_the_last_change_of_another_entry_is_past() {
    let versions = affected(&json!([]), &json!(["1-1"]));
    let entry = |id: &str, modified: &str| {
        json!({
            "id": id,
            "modified": modified,
            "withdrawn": "2024-02-01T00:00:00Z",
            "affected": versions,
        })
    };
    let archive = OsvZip::new().entry(&entry("A-1", "2024-01-01T00:00:00Z"));
    assert_eq!(read(&archive).advisories.len(), 1);
    let later = archive.entry(&entry("A-2", "2024-01-31T12:00:00Z"));
    assert!(read(&later).advisories.is_empty());
}

#[test]
fn blanks_around_the_name_of_a_package_are_left_out() {
    let mut package = affected(&json!([]), &json!(["1-1"]));
    package[0]["package"]["name"] = json!("zlib ");
    let sink = read_entry(&json!({"affected": package}));
    assert_eq!(lines(&sink), ["pypi zlib PYSEC-1-1 affected =1-1"]);
}

/// Returns the rating of an entry whose package has some more members.
fn rating(members: &Value, package: &Value) -> (String, Severity) {
    let mut members = members.clone();
    members["affected"] = affected(&json!([]), &json!(["1-1"]));
    for (name, value) in package.as_object().unwrap() {
        members["affected"][0][name] = value.clone();
    }
    let rating = read_entry(&members).advisories[0].rating.clone();
    (rating.text, rating.severity)
}

#[test]
fn the_newest_score_is_the_text_and_the_severity() {
    let newest = "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
    let scores = json!([
        {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"},
        {"type": "CVSS_V4", "score": newest},
        {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:N/I:N/A:C"},
    ]);
    for (scores, text, severity) in [
        (json!([]), "", Severity::Unknown),
        (scores.clone(), newest, Severity::High),
        (
            json!([scores[0]]),
            "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
            Severity::Low,
        ),
        (
            json!([scores[2]]),
            "AV:N/AC:L/Au:N/C:N/I:N/A:C",
            Severity::High,
        ),
        (
            json!([{"type": "CVSS_V3", "score": "CVSS:3.1/x"}]),
            "CVSS:3.1/x",
            Severity::Unknown,
        ),
        (json!([{"type": "CVSS_V3"}, 7]), "", Severity::Unknown),
    ] {
        let found = rating(&json!({"severity": scores}), &json!({}));
        assert_eq!(found, (text.into(), severity));
    }
}

#[test]
fn a_score_wins_over_the_word_that_was_made_of_it() {
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let unreadable = "CVSS:4.0/AV:N";
    let scores = json!([{"type": "CVSS_V3", "score": vector}]);
    let newer = json!([scores[0], {"type": "CVSS_V4", "score": unreadable}]);
    let word = |word: &str| json!({"severity": word});
    for (entry, package, text, severity) in [
        (
            json!({"severity": scores, "database_specific": word("MODERATE")}),
            json!({}),
            vector,
            Severity::Critical,
        ),
        (
            json!({"severity": newer, "database_specific": word("MODERATE")}),
            json!({}),
            vector,
            Severity::Critical,
        ),
        (
            json!({"severity": [newer[1]], "database_specific": word("MODERATE")}),
            json!({}),
            unreadable,
            Severity::Medium,
        ),
        (
            json!({"database_specific": word("Important")}),
            json!({}),
            "Important",
            Severity::High,
        ),
        (
            json!({"database_specific": {"severity": 7}}),
            json!({}),
            "",
            Severity::Unknown,
        ),
        (
            json!({"database_specific": word("LOW")}),
            json!({"database_specific": word("CRITICAL")}),
            "CRITICAL",
            Severity::Critical,
        ),
    ] {
        assert_eq!(rating(&entry, &package), (text.into(), severity), "{entry}");
    }
}

#[test]
fn malware_is_critical_unless_it_has_a_rating() {
    let entry = |id: &str, aliases: &Value, word: &str| {
        let sink = read_entry(&json!({
            "id": id,
            "aliases": aliases,
            "summary": "Malicious code in zlib (PyPI)",
            "database_specific": {"severity": word},
            "affected": affected(&json!([]), &json!(["1"])),
        }));
        let advisory = &sink.advisories[0];
        let is_told = advisory.details.description == "Malicious code in zlib (PyPI)";
        assert!(is_told && advisory.id == id);
        advisory.rating.severity
    };
    assert_eq!(entry("MAL-2024-1", &json!([]), ""), Severity::Critical);
    let aliases = json!(["MAL-2024-1"]);
    assert_eq!(entry("GHSA-1", &aliases, ""), Severity::Critical);
    assert_eq!(entry("MAL-2024-1", &json!([]), "LOW"), Severity::Low);
    assert_eq!(entry("GHSA-1", &json!([]), ""), Severity::Unknown);
}

#[test]
fn an_entry_without_references_leads_to_its_page() {
    let versions = affected(&json!([]), &json!(["1"]));
    let sink = read_entry(&json!({"affected": versions}));
    assert_eq!(
        sink.advisories[0].details.references,
        ["https://osv.dev/vulnerability/PYSEC-1-1"]
    );
}

#[test]
fn a_bad_entry_costs_nothing_but_itself() {
    for bad in [
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        r#"{"id":7}"#,
        r#"{"id":""}"#,
        r#"{"id":"X-1","affected":7}"#,
        r#"{"id":"X-1","affected":[7]}"#,
        r#"{"id":"X-1","affected":[{"package":{"ecosystem":"PyPI","name":""}}]}"#,
        r#"{"id":"X-1","#,
    ] {
        let archive = OsvZip::new()
            .file("bad.json", bad)
            .file("README.md", "not an entry")
            .fix("PyPI", "zlib", "1-2", "PYSEC-2");
        let sink = read(&archive);
        assert_eq!(lines(&sink), ["pypi zlib PYSEC-2 affected <1-2"], "{bad}");
        assert_eq!(sink.quarantined.len(), 1, "{bad}");
    }
}

#[test]
fn an_entry_over_the_size_limit_is_quarantined() {
    let archive = OsvZip::new()
        .file("bomb.json", vec![b' '; 1 << 20])
        .fix("PyPI", "zlib", "1-2", "PYSEC-2");
    let sink = read(&archive);
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(
        quarantined(&sink),
        [("bomb.json", "record over the size limit")]
    );
}

#[test]
fn an_archive_of_too_many_or_too_large_entries_is_refused() {
    let mut many = OsvZip::new();
    for number in 0..11 {
        many = many.file(&format!("{number}.json"), "{}");
    }
    assert!(refusal(many.to_zip()).ends_with("more than 10 entries"));
    let mut large = OsvZip::new();
    for number in 0..6 {
        large = large.file(&format!("{number}.json"), vec![b' '; 4000]);
    }
    assert!(refusal(large.to_zip()).ends_with("more than 20000 unpacked bytes"));
}

#[test]
fn what_is_no_archive_is_refused() {
    assert_eq!(
        refusal("<!DOCTYPE html><title>503</title>"),
        format!(
            "cannot use document: {URL}: not a zip archive: begins with \"<!DOCTYPE html><title>503</title>\""
        )
    );
    assert!(refusal("").ends_with("not a zip archive: begins with \"\""));
    let whole = OsvZip::new().fix("PyPI", "zlib", "1-2", "PYSEC-2").to_zip();
    for length in [2, 30, whole.len() / 2, whole.len() - 1] {
        let error = refusal(&whole[..length]);
        assert!(
            error.contains("cannot open the archive"),
            "{length}: {error}"
        );
    }
}

#[test]
fn an_entry_with_damaged_bytes_is_quarantined() {
    let entry = json!({"id": "PYSEC-1", "details": "a text that is long enough to be hit"});
    let mut archive = OsvZip::new().entry(&entry).to_zip();
    archive[60] ^= 0xff;
    let sink = read_bytes(archive);
    assert_eq!(sink.quarantined.len(), 1);
    assert!(sink.advisories.is_empty());
}
