#![expect(
    clippy::unwrap_used,
    reason = "a build in an empty directory does not fail"
)]

use std::sync::Arc;

use limpid_match::{Generation, Options, VulnerabilityData, judge};
use limpid_types::Advisory;
use limpid_vulndb::{BuildLimits, Snapshot, SnapshotBuilder, SnapshotMeta};

use crate::fixture::{NOW, apk, data, debian, dpkg, feed, report, with_package};

fn generation(feed_name: &str, advisories: &[Advisory]) -> Generation {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = SnapshotBuilder::new(directory.path(), BuildLimits::default()).unwrap();
    for advisory in advisories {
        builder.add(advisory).unwrap();
    }
    let meta = SnapshotMeta::new(feed_name, 1);
    let built = builder.finish(meta, directory.path()).unwrap();
    let snapshot = Snapshot::open(&built.path).unwrap();
    Generation::new(7).with_feed(feed(feed_name, NOW), Arc::new(snapshot))
}

#[test]
fn snapshots_give_the_same_report_as_data_in_memory() {
    let mut advisories = Vec::new();
    for number in 0..300 {
        let id = format!("CVE-2000-{number:04}");
        let mut advisory = dpkg("debian:bookworm", "zlib", &id, &format!("1.{number}"));
        advisory.package.architectures = vec![["amd64", "arm64"][number % 2].into()];
        advisory.details.description = format!("Description of {id}.");
        advisory.details.references = vec![format!("https://a.example/{id}")];
        advisories.push(advisory);
    }
    let mut image = with_package(
        debian("12", "bookworm"),
        ("zlib1g", "1.200"),
        ("zlib", "1.100"),
    );
    for package in image.packages.values_mut() {
        package.arch = "amd64".into();
    }
    let expected = report(&image, &data("debian", advisories.clone()));
    assert_eq!(expected.findings.len(), 99);

    let generation = generation("debian", &advisories);
    let now = NOW.parse().unwrap();
    let report = judge(&image, &generation, now, &Options::default()).unwrap();
    assert_eq!(report, expected);
}

#[test]
fn records_are_counted_by_namespace() {
    let generation = generation(
        "alpine",
        &[
            apk("alpine:3.15", "zlib", "CVE-2000-0001", "2"),
            apk("alpine:3.16", "zlib", "CVE-2000-0001", "2"),
            apk("alpine:3.16", "zlib", "CVE-2000-0002", "2"),
        ],
    );
    assert_eq!(generation.records(0, "alpine:3.16"), 2);
    assert_eq!(generation.records(0, "alpine:3.17"), 0);
    assert_eq!(generation.records(1, "alpine:3.16"), 0);
}
