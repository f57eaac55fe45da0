use limpid_feed::{Collected, MemoryDocuments};
use limpid_types::Severity;

use super::document::{Document, all, any, criterion};
use crate::support::{lines, parse, quarantined};

const METADATA: &str = r#"<title>PHSA-2024:00042 libcap Security Update. (Important)</title>
<reference ref_id="PHSA:00042:5.0:20" ref_url="https://photon.test/wiki/5.0-20" source="PHSA"/>
<reference ref_id="CVE:00042:CVE-2023-2602" ref_url="https://nvd.test/CVE-2023-2602" source="CVE"/>
<advisory><severity>Important</severity><issued date="2023-06-07"/><updated date="2023-06-08"/>
<cve>CVE-2023-2602</cve><cve>CVE-2023-2603</cve></advisory>"#;

fn read(release: &str, metadata: &str) -> Collected {
    let mut document = Document::default();
    let test = document.release("photon-release");
    let installed = criterion(&test, &format!("Photon OS {release} is installed"));
    let packages = ["libcap", "libcap-devel"].map(|name| {
        let earlier = criterion(&document.below(name, "0:2.66-2.ph5"), "");
        let signed = criterion(&document.signed(name), "");
        all(&[earlier, signed])
    });
    document.definition(metadata, &all(&[installed, any(&packages)]));
    let url = "https://photon.test/oval/com.vmware.phsa-photon5.xml";
    let documents = MemoryDocuments::default().with(url, document.to_xml());
    parse("photon/5.0", documents)
}

#[test]
fn an_update_is_an_advisory_for_each_of_its_cves_and_packages() {
    let sink = read("5", METADATA);
    assert_eq!(
        lines(&sink),
        [
            "photon:5.0 libcap CVE-2023-2602 affected <0:2.66-2.ph5",
            "photon:5.0 libcap CVE-2023-2603 affected <0:2.66-2.ph5",
            "photon:5.0 libcap-devel CVE-2023-2602 affected <0:2.66-2.ph5",
            "photon:5.0 libcap-devel CVE-2023-2603 affected <0:2.66-2.ph5",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.rating.severity, Severity::High);
    assert_eq!(advisory.details.published, "2023-06-07T00:00:00Z");
    assert_eq!(advisory.details.modified, "2023-06-08T00:00:00Z");
    assert_eq!(
        advisory.details.references,
        [
            "https://photon.test/wiki/5.0-20",
            "https://nvd.test/CVE-2023-2602"
        ]
    );
}

#[test]
fn an_update_without_a_cve_keeps_its_own_name() {
    let metadata = METADATA.replace("CVE-2023-", "x");
    assert_eq!(
        lines(&read("5", &metadata))[0],
        "photon:5.0 libcap PHSA-2024:00042 affected <0:2.66-2.ph5"
    );
}

#[test]
fn an_update_of_another_release_is_not_believed() {
    for release in ["4", "x", "5 or later"] {
        let sink = read(release, METADATA);
        assert_eq!(sink.advisories, []);
        assert_eq!(
            quarantined(&sink)[0].1,
            "package of another release: libcap"
        );
    }
}
