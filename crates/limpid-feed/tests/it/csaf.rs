use limpid_types::Severity;
use limpid_version::Scheme;
use serde_json::{Value, json};

use crate::support::quarantined;
use crate::vex::{APPSTREAM, BASE, OPENSHIFT, RHEL, Vex, feed, lines, pair, read_by};

const ZLIB: &str = "pkg:rpm/redhat/zlib";

/// Returns the package URL of a build of zlib.
fn build(architecture: &str) -> String {
    format!("pkg:rpm/redhat/zlib@1.2.11-40.el9?arch={architecture}")
}

fn check(vex: &Vex, expected: &[&str]) {
    let sink = vex.read();
    assert_eq!(lines(&sink), expected);
    assert!(sink.quarantined.is_empty(), "{:?}", sink.quarantined);
}

#[test]
fn architectures_and_products_of_one_fix_are_one_advisory() {
    let vex = ["x86_64", "aarch64"].iter().fold(Vex::new(), |vex, name| {
        vex.says("fixed", BASE, &build(name))
            .says("fixed", APPSTREAM, &build(name))
    });
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 binary zlib [aarch64 x86_64] affected <0:1.2.11-40.el9 \
           a:redhat:enterprise_linux:9:*:appstream o:redhat:enterprise_linux:9:*:baseos",
        ],
    );
    assert_eq!(vex.read().advisories[0].versions.scheme, Scheme::Rpm);
}

#[test]
fn products_with_other_architectures_or_of_another_name_are_advisories_of_their_own() {
    let vex = Vex::new()
        .says("fixed", BASE, &build("x86_64"))
        .says("fixed", BASE, &build("aarch64"))
        .says("fixed", APPSTREAM, &build("x86_64"))
        .says("fixed", OPENSHIFT, &build("x86_64"));
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 binary zlib [aarch64 x86_64] affected <0:1.2.11-40.el9 \
             o:redhat:enterprise_linux:9:*:baseos",
            "redhat:enterprise_linux:9 binary zlib [x86_64] affected <0:1.2.11-40.el9 \
             a:redhat:enterprise_linux:9:*:appstream",
            "redhat:openshift:4 binary zlib [x86_64] affected <0:1.2.11-40.el9 \
             a:redhat:openshift:4.13:*:el9",
        ],
    );
}

#[test]
fn what_is_built_for_no_architecture_and_what_names_none_is_fixed_on_all() {
    let vex = Vex::new().says("fixed", BASE, &build("noarch")).says(
        "fixed",
        APPSTREAM,
        "pkg:rpm/redhat/zlib@1.2.11-40.el9?epoch=1",
    );
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 binary zlib [] affected <0:1.2.11-40.el9 \
             o:redhat:enterprise_linux:9:*:baseos",
            "redhat:enterprise_linux:9 binary zlib [] affected <1:1.2.11-40.el9 \
             a:redhat:enterprise_linux:9:*:appstream",
        ],
    );
}

#[test]
fn a_fixed_source_counts_only_without_binaries_of_its_build() {
    let both = Vex::new()
        .says("fixed", BASE, &build("src"))
        .says("fixed", BASE, &build("x86_64"))
        .says("fixed", OPENSHIFT, &build("src"));
    check(
        &both,
        &[
            "redhat:enterprise_linux:9 binary zlib [x86_64] affected <0:1.2.11-40.el9 \
             o:redhat:enterprise_linux:9:*:baseos",
            "redhat:openshift:4 source zlib [] affected <0:1.2.11-40.el9 \
             a:redhat:openshift:4.13:*:el9",
        ],
    );
}

#[test]
fn what_is_affected_without_a_fix_is_found_by_the_name_that_is_given() {
    let vex = Vex::new()
        .says("known_affected", RHEL, "pkg:rpm/redhat/git?arch=src")
        .says("known_affected", RHEL, "pkg:rpm/redhat/git-gui");
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 source git [] affected * o:redhat:enterprise_linux:9",
            "redhat:enterprise_linux:9 binary git-gui [] affected * o:redhat:enterprise_linux:9",
        ],
    );
}

#[test]
fn remediations_tell_why_there_is_no_fix() {
    let packages = ["a", "b", "c", "d", "e"].map(|name| format!("pkg:rpm/redhat/{name}?arch=src"));
    let ids = packages.each_ref().map(|purl| pair(RHEL, purl));
    let remediation = |category: &str, details: &str, id: &str| json!({"category": category, "details": details, "product_ids": [id]});
    let vex = packages
        .iter()
        .fold(Vex::new(), |vex, purl| {
            vex.says("known_affected", RHEL, purl)
        })
        .member(
            "remediations",
            json!([
                remediation("no_fix_planned", "Will not fix", &ids[0]),
                remediation("no_fix_planned", "Out of support scope", &ids[1]),
                remediation("none_available", "Fix deferred", &ids[2]),
                remediation("none_available", "Affected", &ids[3]),
                remediation("workaround", "Will not fix", &ids[4]),
                // Without a list it speaks of nobody knows what.
                {"category": "no_fix_planned", "details": "Will not fix"},
            ]),
        );
    let statuses: Vec<String> = lines(&vex.read())
        .iter()
        .map(|line| line.split(' ').nth(4).unwrap().to_owned())
        .collect();
    assert_eq!(
        statuses,
        [
            "will-not-fix",
            "end-of-life",
            "affected",
            "affected",
            "affected"
        ]
    );
}

#[test]
fn fixed_products_without_a_score_are_kept() {
    let sink = Vex::new().says("fixed", BASE, &build("x86_64")).read();
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(sink.advisories[0].rating.severity, Severity::Unknown);
}

#[test]
fn every_product_has_its_own_rating() {
    let [own, other] = ["a", "b"].map(|name| format!("pkg:rpm/redhat/{name}?arch=src"));
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let newer = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
    let mut vex = Vex::new()
        .says("known_affected", RHEL, &own)
        .says("known_affected", RHEL, &other)
        .member(
            "threats",
            json!([
                {"category": "exploit_status", "details": "Critical"},
                {"category": "impact", "details": "Low", "product_ids": [pair(RHEL, &own)]},
            ]),
        )
        .member(
            "scores",
            json!([{
                "cvss_v3": {"baseScore": 9.8, "vectorString": vector},
                "cvss_v4": {"baseScore": 9.3, "vectorString": newer},
                "products": [pair(RHEL, &own)],
            }]),
        );
    vex.header["aggregate_severity"] = json!({"text": "important"});
    let sink = vex.read();
    let ratings: Vec<(&str, Severity)> = sink
        .advisories
        .iter()
        .map(|advisory| (advisory.rating.text.as_str(), advisory.rating.severity))
        .collect();
    assert_eq!(
        ratings,
        [(newer, Severity::Low), ("important", Severity::High)]
    );
}

#[test]
fn an_impact_without_a_list_is_that_of_all_products() {
    let vex = Vex::new().says("known_affected", RHEL, ZLIB).member(
        "threats",
        json!([{"category": "impact", "details": "Moderate"}]),
    );
    assert_eq!(vex.read().advisories[0].rating.severity, Severity::Medium);
}

#[test]
fn what_is_not_affected_is_listed_by_product() {
    let vex = Vex::new()
        .says("known_not_affected", RHEL, "pkg:rpm/redhat/zlib?arch=src")
        .says("known_not_affected", OPENSHIFT, &build("x86_64"))
        .says("known_not_affected", OPENSHIFT, &build("src"))
        .says("known_affected", "cpe:/o:redhat:enterprise_linux:8", ZLIB);
    check(
        &vex,
        &[
            "redhat:enterprise_linux:8 binary zlib [] affected * o:redhat:enterprise_linux:8",
            "redhat:enterprise_linux:9 source zlib [] not-affected * o:redhat:enterprise_linux:9",
            "redhat:openshift:4 binary zlib [x86_64] not-affected * a:redhat:openshift:4.13:*:el9",
        ],
    );
}

#[test]
fn a_build_that_is_not_affected_does_not_clear_the_package_where_another_is_fixed() {
    let earlier = "pkg:rpm/redhat/zlib@1.2.11-30.el9?arch=x86_64";
    let vex = Vex::new()
        .says("known_not_affected", BASE, earlier)
        .says("known_not_affected", BASE, "pkg:rpm/redhat/zlib?arch=src")
        .says("fixed", BASE, &build("x86_64"));
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 binary zlib [x86_64] affected <0:1.2.11-40.el9 \
           o:redhat:enterprise_linux:9:*:baseos",
        ],
    );
}

#[test]
fn what_is_under_investigation_is_kept_as_that() {
    check(
        &Vex::new().says("under_investigation", RHEL, "pkg:rpm/redhat/zlib?arch=src"),
        &[
            "redhat:enterprise_linux:9 source zlib [] under-investigation * \
           o:redhat:enterprise_linux:9",
        ],
    );
}

#[test]
fn a_module_is_told_by_relationships() {
    let module = "nodejs:20:9040020240807145403:rhel9";
    let package = "pkg:rpm/redhat/npm@10.8.1-1.module?arch=x86_64&epoch=1";
    let inner = pair(APPSTREAM, module);
    let outer = pair(&inner, package);
    let vex = Vex::new()
        .branch(APPSTREAM, &json!({"cpe": APPSTREAM}))
        .branch(package, &json!({"purl": package}))
        .branch(
            module,
            &json!({"purl": "pkg:rpmmod/redhat/nodejs@20:9040020240807145403:rhel9"}),
        )
        .relationship(&inner, module, APPSTREAM)
        .relationship(&outer, package, &inner)
        .list("fixed", &outer)
        // The module as such is no package.
        .list("fixed", &inner);
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 binary npm (nodejs:20) [x86_64] affected \
           <1:10.8.1-1.module a:redhat:enterprise_linux:9:*:appstream",
        ],
    );
}

#[test]
fn a_module_is_told_by_the_package_url() {
    let vex = Vex::new()
        .says(
            "fixed",
            APPSTREAM,
            "pkg:rpm/redhat/npm@10.8.1-1.module%2Bel9?arch=x86_64&rpmmod=nodejs:20:9040:rhel9",
        )
        .says(
            "known_affected",
            RHEL,
            "pkg:rpm/redhat/nodejs?arch=src&rpmmod=nodejs:18",
        )
        .says("known_affected", RHEL, "pkg:rpmmod/redhat/ruby:2.5/ruby")
        .branch("php:7.2/php", &json!({"purl": "pkg:rpmmod/redhat/php@7.2"}))
        .relationship("php", "php:7.2/php", RHEL)
        .list("known_not_affected", "php");
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 source nodejs (nodejs:18) [] affected * \
             o:redhat:enterprise_linux:9",
            "redhat:enterprise_linux:9 binary npm (nodejs:20) [x86_64] affected \
             <0:10.8.1-1.module+el9 a:redhat:enterprise_linux:9:*:appstream",
            "redhat:enterprise_linux:9 source php (php:7.2) [] not-affected * \
             o:redhat:enterprise_linux:9",
            "redhat:enterprise_linux:9 source ruby (ruby:2.5) [] affected * \
             o:redhat:enterprise_linux:9",
        ],
    );
}

#[test]
fn components_without_a_package_url_are_sources_of_the_operating_system() {
    let vex = ["tomcat", "postgresql:12/pgaudit", "rhel9/flatpak"]
        .iter()
        .fold(Vex::new(), |vex, name| {
            [RHEL, OPENSHIFT].iter().fold(vex, |vex, cpe| {
                vex.branch(cpe, &json!({"cpe": cpe}))
                    .branch(name, &json!({}))
                    .relationship(&pair(cpe, name), name, cpe)
                    .list("known_affected", &pair(cpe, name))
            })
        });
    check(
        &vex,
        &[
            "redhat:enterprise_linux:9 source pgaudit (postgresql:12) [] affected * \
             o:redhat:enterprise_linux:9",
            "redhat:enterprise_linux:9 source tomcat [] affected * o:redhat:enterprise_linux:9",
        ],
    );
}

/// Returns the package URL of an image.
fn image(tag: &str, architecture: &str) -> String {
    let url = "repository_url=registry.redhat.io/openshift4/ose-console";
    match tag {
        "" => format!("pkg:oci/ose-console?{url}"),
        _ => format!("pkg:oci/ose-console@sha256:8bca?arch={architecture}&{url}&tag={tag}"),
    }
}

#[test]
fn images_are_fixed_by_stream_and_the_oldest_takes_in_what_was_before() {
    let [older, newer] = ["4.16", "4.17"].map(|v| format!("cpe:/a:redhat:openshift:{v}::el9"));
    let vex = Vex::new()
        .says("fixed", &newer, &image("v4.17.0-202410091535.p0", "amd64"))
        .says("fixed", &newer, &image("v4.17.0-202410091535.p0", "arm64"))
        .says("fixed", &older, &image("v4.16.0-202410180404.p0", "amd64"));
    check(
        &vex,
        &[
            "redhat:container-images binary openshift4/ose-console [amd64] affected \
             <v4.16.0-202410180404.p0 a:redhat:openshift:4.16:*:el9",
            "redhat:container-images binary openshift4/ose-console [amd64 arm64] affected \
             4.17<v4.17.0-202410091535.p0 a:redhat:openshift:4.17:*:el9",
        ],
    );
    assert_eq!(vex.read().advisories[0].versions.scheme, Scheme::Rhctag);
}

#[test]
fn images_with_points_in_time_for_tags_have_no_streams() {
    let [older, newer] = ["4.16", "4.17"].map(|v| format!("cpe:/a:redhat:openshift:{v}::el9"));
    let vex = Vex::new()
        .says("fixed", &older, &image("1742843776", "amd64"))
        .says("fixed", &newer, &image("1742843999", "amd64"));
    check(
        &vex,
        &[
            "redhat:container-images binary openshift4/ose-console [amd64] affected <1742843776 \
             a:redhat:openshift:4.16:*:el9",
            "redhat:container-images binary openshift4/ose-console [amd64] affected <1742843999 \
             a:redhat:openshift:4.17:*:el9",
        ],
    );
}

#[test]
fn images_without_a_fix_are_found_by_component_and_by_path() {
    let vex = Vex::new()
        .says("known_affected", OPENSHIFT, &image("", ""))
        .says(
            "known_not_affected",
            "cpe:/a:redhat:openshift:3.11",
            &image("", ""),
        );
    check(
        &vex,
        &[
            "redhat:container-images source openshift4/ose-console [] affected * \
             a:redhat:openshift:4.13:*:el9",
            "redhat:container-images binary openshift4/ose-console [] affected * \
             a:redhat:openshift:4.13:*:el9",
            "redhat:container-images ancestry openshift4/ose-console [] not-affected * \
             a:redhat:openshift:3.11",
        ],
    );
}

#[test]
fn what_is_no_package_of_a_product_is_passed_by() {
    let vex = Vex::new()
        .says(
            "known_affected",
            OPENSHIFT,
            "pkg:maven/io.vertx/vertx-web@4.4.8",
        )
        .says("known_affected", OPENSHIFT, "pkg:rpm/fedora/zlib")
        .says("known_affected", "cpe:/a:redhat", ZLIB)
        // A product as a whole.
        .list("fixed", OPENSHIFT);
    check(&vex, &[]);
}

#[test]
fn the_kernel_is_left_out_on_request() {
    let document = Vex::new()
        .says("known_affected", RHEL, "pkg:rpm/redhat/kernel-rt?arch=src")
        .says("known_affected", RHEL, ZLIB)
        .to_json()
        .to_string();
    for (ignore_kernel_packages, expected) in [(false, 2), (true, 1)] {
        let feed = feed(|settings| settings.ignore_kernel_packages = ignore_kernel_packages);
        assert_eq!(read_by(&*feed, &document).advisories.len(), expected);
    }
}

#[test]
fn details_have_the_bulletin_first_and_the_document_last() {
    let fixed = build("x86_64");
    let bulletin = "https://access.redhat.com/errata/RHSA-2024:1";
    let page = "https://access.redhat.com/security/cve/CVE-2024-1";
    let sink = Vex::new()
        .says("fixed", BASE, &fixed)
        .says("known_affected", OPENSHIFT, ZLIB)
        .member(
            "remediations",
            json!([{
                "category": "vendor_fix",
                "url": bulletin,
                "product_ids": [pair(BASE, &fixed)],
            }]),
        )
        .member(
            "references",
            json!([{"category": "self", "url": page}, {"url": "https://go.test/vuln/GO-2024-7"}]),
        )
        .member(
            "notes",
            json!([
                {"category": "summary", "text": "short"},
                {"category": "description", "text": "What is \"wrong\""},
            ]),
        )
        .member("release_date", json!("2024-01-01T10:00:00+02:00"))
        .read();
    let [fixed, affected] = sink.advisories.as_slice() else {
        panic!("{:?}", sink.advisories);
    };
    let own = "https://vex.test/feed/2024/cve-2024-1.json";
    let go = "https://go.test/vuln/GO-2024-7";
    assert_eq!(fixed.details.references, [bulletin, page, go, own]);
    assert_eq!(affected.details.references, [page, go, own]);
    assert_eq!(fixed.details.aliases, ["GO-2024-7"]);
    assert_eq!(fixed.details.description, "What is \"wrong\"");
    assert_eq!(fixed.details.published, "2024-01-01T08:00:00Z");
    assert_eq!(fixed.details.modified, "2024-02-03T04:05:06Z");
}

#[test]
fn the_newer_layout_is_read_as_well() {
    // Neither references nor a release date nor notes, products by minor release, a source with an
    // epoch, branches without levels of their own.
    let product = "cpe:/a:redhat:rhel_eus:9.4";
    let fixed = "libxml2-0:2.9.13-10.el9_4.src";
    let mut document = Vex::new()
        .branch(product, &json!({"cpe": product}))
        .branch(
            fixed,
            &json!({"purl": "pkg:rpm/redhat/libxml2@2.9.13-10.el9_4?arch=src&epoch=0"}),
        )
        .relationship("rhel-9.4.z:libxml2", fixed, product)
        .list("fixed", "rhel-9.4.z:libxml2")
        .member("discovery_date", json!("2024-01-05T00:00:00Z"))
        .to_json();
    let flat = document["product_tree"]["branches"][0]["branches"][0]["branches"].take();
    document["product_tree"]["branches"][0]["branches"] = flat;
    let sink = crate::vex::read(document.to_string());
    assert_eq!(
        lines(&sink),
        ["redhat:rhel_eus:9 source libxml2 [] affected <0:2.9.13-10.el9_4 a:redhat:rhel_eus:9.4"]
    );
    let details = &sink.advisories[0].details;
    assert_eq!(details.published, "2024-01-05T00:00:00Z");
    assert_eq!(details.description, "A flaw");
    assert_eq!(
        details.references,
        ["https://vex.test/feed/2024/cve-2024-1.json"]
    );
}

#[test]
fn a_document_that_was_taken_back_is_counted() {
    let document = json!({"document": {"tracking": {"id": "CVE-2024-1", "status": "deleted"}}});
    let mut sink = limpid_feed::Collected::default();
    let tally = feed(|_| {})
        .collection()
        .unwrap()
        .parse_member(
            "2024/cve-2024-1.json",
            document.to_string().as_bytes(),
            &mut sink,
        )
        .unwrap();
    assert_eq!((tally.withdrawn, tally.advisories), (1, 0));
}

#[test]
fn what_is_wrong_with_a_product_costs_that_product() {
    let vex = Vex::new()
        .says("known_affected", RHEL, ZLIB)
        .says("known_affected", "cpe:/x:redhat:openshift:4", ZLIB)
        .says("known_affected", RHEL, "pkg:rpm/redhat/a%zz")
        .says("fixed", RHEL, "pkg:rpm/redhat/no-version?arch=src")
        .says("fixed", OPENSHIFT, &image("latest", "amd64"))
        .list("known_affected", "nowhere");
    let sink = vex.read();
    assert_eq!(
        lines(&sink),
        ["redhat:enterprise_linux:9 binary zlib [] affected * o:redhat:enterprise_linux:9"]
    );
    let console = image("latest", "amd64");
    let expected = [
        (
            "CVE-2024-1 cpe:/x:redhat:openshift:4",
            r#"invalid CPE name, part other than a, o and h: "cpe:/x:redhat:openshift:4""#,
        ),
        (
            "CVE-2024-1 pkg:rpm/redhat/a%zz",
            "a percent sign without two hexadecimal digits",
        ),
        (
            &*format!(
                "CVE-2024-1 {}",
                pair(RHEL, "pkg:rpm/redhat/no-version?arch=src")
            ),
            "fixed, and no version",
        ),
        (
            &*format!("CVE-2024-1 {}", pair(OPENSHIFT, &console)),
            r#"invalid rhctag version, no number at the beginning: "latest""#,
        ),
        (
            "CVE-2024-1 nowhere",
            "a product that the tree does not have",
        ),
    ];
    assert_eq!(quarantined(&sink), expected);
}

#[test]
fn members_of_the_wrong_type_cost_what_they_describe() {
    let mut document = Vex::new()
        .says("known_affected", RHEL, ZLIB)
        .member("scores", json!([7, {"products": 7, "cvss_v3": []}]))
        .member("threats", json!([{"category": "impact", "details": {}}]))
        .member("notes", json!("none"))
        .to_json();
    let branches = &mut document["product_tree"]["branches"];
    branches.as_array_mut().unwrap().push(Value::from(5));
    let sink = crate::vex::read(document.to_string());
    assert_eq!(sink.advisories.len(), 1);
    assert_eq!(sink.quarantined.len(), 1);
    assert_eq!(sink.quarantined[0].id, "CVE-2024-1 branches");
}
