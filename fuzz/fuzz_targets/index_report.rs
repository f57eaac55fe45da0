//! An index report of any shape: no panic, the same report twice, and never "complete" with a gap.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use limpid_match::{FeedSnapshot, MemoryData, Options, clair_report, judge};
use limpid_report::{Style, write_json, write_report};
use limpid_types::{
    Advisory, AffectedPackage, Details, IndexReport, PackageKind, Rating, Status, Verdict,
    VersionConstraint,
};
use limpid_version::Scheme;

fn advisory(namespace: &str, scheme: Scheme, kind: PackageKind) -> Advisory {
    Advisory {
        id: "CVE-2000-0001".into(),
        namespace: namespace.into(),
        package: AffectedPackage {
            name: "zlib".into(),
            kind,
            ..AffectedPackage::default()
        },
        status: Status::Affected,
        versions: VersionConstraint::below(scheme, "1.2.12-r0"),
        rating: Rating::default(),
        details: Details::default(),
    }
}

/// Data that has something to say about a package called `zlib`.
fn data() -> MemoryData {
    let feed = |name: &str| FeedSnapshot {
        name: name.into(),
        snapshot: String::new(),
        checked: Some(Timestamp::UNIX_EPOCH),
    };
    let kinds = [PackageKind::Source, PackageKind::Binary];
    MemoryData::new(1)
        .with_feed(
            feed("alpine"),
            kinds.map(|kind| advisory("alpine:3.15", Scheme::Apk, kind)),
        )
        .with_feed(
            feed("debian"),
            kinds.map(|kind| advisory("debian:sid", Scheme::Dpkg, kind)),
        )
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = serde_json::from_slice::<IndexReport>(bytes) else {
        return;
    };
    let options = Options::default();
    for data in [MemoryData::default(), data()] {
        let judge = || judge(&index, &data, Timestamp::UNIX_EPOCH, &options);
        let report = judge().expect("data in memory can be read");
        assert_eq!(report, judge().expect("data in memory can be read"));
        let coverage = &report.coverage;
        assert_eq!(coverage.judged + coverage.unjudged, index.packages.len());
        if coverage.verdict == Verdict::Complete {
            assert!(coverage.gaps.is_empty() && coverage.judged > 0);
        }
        let mut table = Vec::new();
        let style = Style {
            colour: false,
            width: Some(80),
        };
        write_report(&mut table, &report, style).expect("memory can be written");
        assert!(
            table
                .iter()
                .all(|byte| matches!(byte, b'\n' | b' '..=b'~'))
        );
        write_json(&mut Vec::new(), &clair_report(&index, &report))
            .expect("memory can be written");
    }
});
