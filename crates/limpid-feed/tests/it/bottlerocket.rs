use crate::site::Site;
use crate::support::{lines, settings};
use crate::updateinfo::{document, gzip, package, update};

#[test]
fn the_bulletin_of_a_github_advisory_is_named_by_its_cve() {
    let bulletin = update(
        "GHSA-868r-x68r-5c5p",
        &["CVE-2023-5345"],
        &[package("kernel-6.1", "6.1.61-1.1700513487.br1", "x86_64")],
    );
    let mut site = Site::default().with(
        "https://bottlerocket.test/updateinfo.xml.gz",
        gzip(&document(&[bulletin])),
    );
    let sink = site.read_feed("bottlerocket", &settings());
    assert_eq!(
        lines(&sink),
        ["bottlerocket:rolling kernel-6.1 CVE-2023-5345 affected <6.1.61-1.1700513487.br1"]
    );
    assert_eq!(sink.advisories[0].package.repository, "");
}
