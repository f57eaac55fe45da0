//! Archives that are cut off, lie or are something else.

use limpid_testkit::layer::{Dialect, HeaderBlock, LayerBuilder, gzip, xz};
use serde_json::json;

use super::{pack, read, refusal};
use crate::support::{lines, quarantined};

const PATH: &str = "osv/cve/2024/UBUNTU-CVE-2024-1000.json";

fn record() -> String {
    json!({
        "id": "UBUNTU-CVE-2024-1000",
        "affected": [{
            "package": {"ecosystem": "Ubuntu:24.04:LTS", "name": "curl"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }],
    })
    .to_string()
}

const LINE: &str = "ubuntu:noble curl CVE-2024-1000 affected *";

#[test]
fn only_documents_about_a_cve_are_read() {
    let sink = read(
        "osv",
        pack(&[
            ("osv/usn/USN-1.json", record()),
            ("osv/lsn/LSN-0001-1.json", record()),
            ("README.md", "text".into()),
            (PATH, record()),
        ]),
    );
    assert_eq!(lines(&sink), [LINE]);
    assert!(sink.quarantined.is_empty());
}

#[test]
fn an_archive_without_documents_about_cves_is_refused() {
    let error = refusal("osv", pack(&[("osv/usn/USN-1.json", record())]));
    assert!(
        error.ends_with("no member with the name \"CVE-….json\""),
        "{error}"
    );
}

#[test]
fn directories_links_and_long_names_do_not_disturb() {
    let long = format!("{}/UBUNTU-CVE-2024-1000.json", "a".repeat(120));
    let archive = LayerBuilder::in_dialect(Dialect::Gnu)
        .directory("osv")
        .symlink("osv/latest", "nowhere")
        .hard_link("osv/other", "osv/latest")
        .gnu_long(&long)
        .file("short", "not read: the name is in another entry")
        .file(PATH, record())
        .build();
    for packed in [xz(&archive, 0), gzip(&archive), archive.clone()] {
        assert_eq!(lines(&read("osv", packed)), [LINE]);
    }
}

#[test]
fn no_beginning_of_an_archive_passes_for_the_whole() {
    let plain = LayerBuilder::new().file(PATH, record());
    let whole = plain.clone().build();
    let end = plain.build_without_end().len();
    for length in (0..=end).step_by(64) {
        let error = refusal("osv", whole[..length].to_vec());
        assert!(
            error.contains("truncated") || error.contains("not a tar archive"),
            "{length}: {error}"
        );
    }
    let packed = xz(&whole, 0);
    for length in 0..packed.len() {
        let error = refusal("osv", packed[..length].to_vec());
        assert!(
            error.starts_with("cannot use document"),
            "{length}: {error}"
        );
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    let error = refusal("osv", b"<!DOCTYPE html><title>503</title>".to_vec());
    assert!(
        error.ends_with("not a tar archive: begins with \"<!DOCTYPE html><title>503</title>\""),
        "{error}"
    );
    let error = refusal("osv", xz(&[b'x'; 2000], 0));
    assert!(error.contains("not a tar archive"), "{error}");
    let mut archive = LayerBuilder::new().file(PATH, record()).build();
    archive.splice(1024..1024, [b'x'; 512]);
    let error = refusal("osv", archive);
    assert!(
        error.ends_with("expected a header of tar at byte 1024, found 'x'"),
        "{error}"
    );
}

#[test]
fn damaged_bytes_are_noticed() {
    let mut packed = pack(&[(PATH, record())]);
    let middle = packed.len() / 2;
    packed[middle] ^= 0xff;
    assert!(refusal("osv", packed).starts_with("cannot use document"));
}

#[test]
fn a_size_that_lies_does_not_decide_how_much_is_held() {
    for size in [3_000, 10_000, u64::from(u32::MAX), 1 << 62] {
        let header = HeaderBlock::new(b'0').name(PATH.as_bytes()).size(size);
        let archive = LayerBuilder::in_dialect(Dialect::Gnu)
            .header(&header)
            .build();
        let error = refusal("osv", archive);
        assert!(
            error.contains("truncated") || error.contains("more than 20000"),
            "{error}"
        );
    }
}

#[test]
fn a_document_over_the_size_limit_is_quarantined_without_the_others() {
    let path = "osv/cve/2024/UBUNTU-CVE-2024-2000.json";
    let sink = read("osv", pack(&[(path, " ".repeat(5000)), (PATH, record())]));
    assert_eq!(lines(&sink), [LINE]);
    assert_eq!(quarantined(&sink), [(path, "record over the size limit")]);
}

#[test]
fn an_archive_of_too_many_or_too_large_entries_is_refused() {
    let names: Vec<String> = (0..11).map(|number| format!("{number}.json")).collect();
    let many: Vec<(&str, String)> = names.iter().map(|name| (&**name, String::new())).collect();
    assert!(refusal("osv", pack(&many)).ends_with("more than 10 entries"));
    let large: Vec<(&str, String)> = names[..6]
        .iter()
        .map(|name| (&**name, " ".repeat(4000)))
        .collect();
    assert!(refusal("osv", pack(&large)).ends_with("more than 20000 unpacked bytes"));
}
