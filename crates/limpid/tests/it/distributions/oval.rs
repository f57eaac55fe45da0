//! The distributions whose bulletins are OVAL.

use std::fmt::Write as _;

use limpid_testkit::layer::gzip;
use limpid_testkit::system::RpmDatabase::{Ndb, Sqlite};
use limpid_testkit::system::with_rpms;

use super::{check, release, report};

/// An OVAL document in the shape of Azure Linux's, with one definition per line: CVE, package,
/// `patchable`, operation and version.
fn azure_oval(lines: &[[&str; 5]]) -> Vec<u8> {
    let (mut definitions, mut tests, mut objects, mut states) =
        <(String, String, String, String)>::default();
    for (number, [cve, package, patchable, operation, version]) in lines.iter().enumerate() {
        let id = |letters: &str| format!("oval:com.microsoft.azurelinux:{letters}:{number}");
        write!(
            definitions,
            r#"<definition class="vulnerability" id="{}" version="1"><metadata><title>{cve} affecting package {package}</title><affected family="unix"><platform>Azure Linux</platform></affected><reference ref_id="{cve}" ref_url="https://nvd.test/{cve}" source="CVE"/><patchable>{patchable}</patchable><advisory_date>2024-10-08T18:09:51Z</advisory_date><advisory_id>{number}-1</advisory_id><severity>High</severity><description>{cve}</description></metadata><criteria operator="AND"><criterion comment="Package {package} is earlier than {version}, affected by {cve}" test_ref="{}"/></criteria></definition>"#,
            id("def"),
            id("tst"),
        )
        .unwrap();
        write!(
            tests,
            r#"<linux-def:rpminfo_test check="at least one" comment="x" id="{}" version="1"><linux-def:object object_ref="{}"/><linux-def:state state_ref="{}"/></linux-def:rpminfo_test>"#,
            id("tst"),
            id("obj"),
            id("ste"),
        )
        .unwrap();
        write!(
            objects,
            r#"<linux-def:rpminfo_object id="{}" version="1"><linux-def:name>{package}</linux-def:name></linux-def:rpminfo_object>"#,
            id("obj"),
        )
        .unwrap();
        write!(
            states,
            r#"<linux-def:rpminfo_state id="{}" version="1"><linux-def:evr datatype="evr_string" operation="{operation}">{version}</linux-def:evr></linux-def:rpminfo_state>"#,
            id("ste"),
        )
        .unwrap();
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:linux-def="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><generator><timestamp>2024-10-08T18:09:51Z</timestamp></generator><definitions>{definitions}</definitions><tests>{tests}</tests><objects>{objects}</objects><states>{states}</states></oval_definitions>"#
    )
    .into_bytes()
}

#[test]
fn azure_linux_and_cbl_mariner_are_judged_by_the_oval_of_their_release() {
    let root = "raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main";
    for (id, version, file, tag) in [
        ("azurelinux", "3.0", "azurelinux-3.0", "azl3"),
        ("mariner", "2.0", "cbl-mariner-2.0", "cm2"),
    ] {
        let fix = format!("0:1.23-1.{tag}");
        let document = azure_oval(&[
            ["CVE-2024-0001", "groff", "true", "less than", &fix],
            [
                "CVE-2024-0002",
                "groff",
                "false",
                "less than or equal",
                "0:9-1",
            ],
            [
                "CVE-2024-0003",
                "groff",
                "Not Applicable",
                "less than or equal",
                "0:9-1",
            ],
        ]);
        let address = format!("{root}/{file}-oval.xml");
        let image = |package: &str| {
            let image = with_rpms(release(id, version), Sqlite, &[package]);
            report("azure*", &[(&address, document.clone())], image)
        };
        let namespace = format!("({id}:{version})");
        let unfixed = format!("groff CVE-2024-0002 high not-fixed {namespace}");
        check(
            &image(&format!("groff 1.22-9.{tag} x86_64")),
            &[
                &format!("groff CVE-2024-0001 high fixed {} {namespace}", &fix[2..]),
                &unfixed,
            ],
        );
        check(&image(&format!("groff 1.23-1.{tag} x86_64")), &[&unfixed]);
    }
}

#[test]
fn tumbleweed_and_microos_are_judged_by_the_oval_of_tumbleweed() {
    let folder = "ftp.suse.com/pub/projects/security/oval";
    let page = r#"<a href="opensuse.tumbleweed.xml.gz">opensuse.tumbleweed.xml.gz</a>"#;
    let oval = r#"<?xml version="1.0" encoding="UTF-8"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><generator/><definitions><definition id="oval:org.opensuse.security:def:1" version="1" class="vulnerability"><metadata><title>CVE-2024-0001</title><affected family="unix"><platform>openSUSE Tumbleweed</platform></affected><reference ref_id="CVE-2024-0001" ref_url="https://x.test" source="CVE"/><description>d</description><advisory from="security@suse.de"><severity>Moderate</severity></advisory></metadata><criteria operator="AND"><criterion test_ref="oval:org.opensuse.security:tst:1" comment="openSUSE Tumbleweed is installed"/><criteria operator="OR"><criterion test_ref="oval:org.opensuse.security:tst:2" comment="libz1-1.3.1-2.1 is installed"/></criteria></criteria></definition></definitions><tests><rpminfo_test id="oval:org.opensuse.security:tst:1" version="1" comment="openSUSE-release is ==x" check="at least one" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><object object_ref="oval:org.opensuse.security:obj:1"/><state state_ref="oval:org.opensuse.security:ste:1"/></rpminfo_test><rpminfo_test id="oval:org.opensuse.security:tst:2" version="1" comment="libz1 is &lt;1.3.1-2.1" check="at least one" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><object object_ref="oval:org.opensuse.security:obj:2"/><state state_ref="oval:org.opensuse.security:ste:2"/></rpminfo_test></tests><objects><rpminfo_object id="oval:org.opensuse.security:obj:1" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><name>openSUSE-release</name></rpminfo_object><rpminfo_object id="oval:org.opensuse.security:obj:2" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><name>libz1</name></rpminfo_object></objects><states><rpminfo_state id="oval:org.opensuse.security:ste:1" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><version operation="pattern match">.*</version></rpminfo_state><rpminfo_state id="oval:org.opensuse.security:ste:2" version="1" xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"><evr datatype="evr_string" operation="less than">0:1.3.1-2.1</evr></rpminfo_state></states></oval_definitions>"#;
    for id in ["opensuse-tumbleweed", "opensuse-microos"] {
        let documents = [
            (format!("{folder}/index.html"), page.as_bytes().to_vec()),
            (
                format!("{folder}/opensuse.tumbleweed.xml.gz"),
                gzip(oval.as_bytes()),
            ),
        ];
        let documents = documents
            .each_ref()
            .map(|(address, document)| (address.as_str(), document.clone()));
        let image = |package: &str| {
            let image = with_rpms(release(id, "20240801"), Ndb, &[package]);
            report("suse*", &documents, image)
        };
        check(
            &image("libz1 1.3.1-1.1 x86_64 source=zlib-1.3.1-1.1"),
            &["libz1 CVE-2024-0001 medium fixed 1.3.1-2.1 (opensuse-tumbleweed:rolling)"],
        );
        check(&image("libz1 1.3.1-2.1 x86_64 source=zlib-1.3.1-2.1"), &[]);
    }
}
