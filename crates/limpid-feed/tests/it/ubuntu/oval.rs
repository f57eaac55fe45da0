//! OVAL documents, and the releases that have one.

use limpid_feed::{
    Collected, Feed, FeedError, Limits, MemoryDocuments, Probe, ProbeError, UbuntuSeries,
};
use limpid_testkit::layer::bzip2;
use limpid_types::{PackageKind, Severity};
use limpid_version::Scheme;

use crate::support::{Server, chain, family_of, lines, quarantined, settings};

const URL: &str = "https://oval.test/com.ubuntu.jammy.cve.oval.xml.bz2";

/// A criterion: its comment, the packages of its source, and the version of the fix, if any.
type Criterion<'a> = (&'a str, &'a [&'a str], &'a str);

/// Writes each of some things as XML, one after the other.
fn join<T>(things: &[T], write: impl Fn(usize, &T) -> String) -> String {
    let parts: Vec<String> = things
        .iter()
        .enumerate()
        .map(|(number, thing)| write(number, thing))
        .collect();
    parts.concat()
}

/// Writes a document with one definition, whose metadata are given.
fn document(metadata: &str, criteria: &[Criterion<'_>]) -> String {
    let criterion = join(criteria, |number, (comment, ..)| {
        format!(r#"<criterion test_ref="oval:com.ubuntu.jammy:tst:{number}" comment="{comment}"/>"#)
    });
    let tests = join(criteria, |number, (_, _, fix)| {
        let state = if fix.is_empty() {
            String::new()
        } else {
            format!(r#"<linux-def:state state_ref="oval:com.ubuntu.jammy:ste:{number}"/>"#)
        };
        format!(
            r#"<linux-def:dpkginfo_test id="oval:com.ubuntu.jammy:tst:{number}" check_existence="at_least_one_exists" check="at least one">
<linux-def:object object_ref="oval:com.ubuntu.jammy:obj:{number}"/>{state}
</linux-def:dpkginfo_test>"#
        )
    });
    let objects = join(criteria, |number, _| {
        format!(
            r#"<linux-def:dpkginfo_object id="oval:com.ubuntu.jammy:obj:{number}">
<linux-def:name var_ref="oval:com.ubuntu.jammy:var:{number}" var_check="at least one"/>
</linux-def:dpkginfo_object>"#
        )
    });
    let states = join(criteria, |number, (_, _, fix)| {
        format!(
            r#"<linux-def:dpkginfo_state id="oval:com.ubuntu.jammy:ste:{number}">
<linux-def:evr datatype="debian_evr_string" operation="less than">{fix}</linux-def:evr>
</linux-def:dpkginfo_state>"#
        )
    });
    let variables = join(criteria, |number, (_, packages, _)| {
        let values = join(packages, |_, package| format!("<value>{package}</value>"));
        format!(
            r#"<constant_variable id="oval:com.ubuntu.jammy:var:{number}" datatype="string">{values}</constant_variable>"#
        )
    });
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:linux-def="linux" xmlns:ind-def="ind">
<generator/>
<definitions>
<definition class="inventory" id="oval:com.ubuntu.jammy:def:100" version="1">
<metadata><title>Check that Ubuntu 22.04 LTS (jammy) is installed.</title></metadata>
<criteria><criterion test_ref="oval:com.ubuntu.jammy:tst:9100" comment="The host is part of the unix family."/></criteria>
</definition>
<definition class="vulnerability" id="oval:com.ubuntu.jammy:def:20250010000000" version="1">
<metadata>{metadata}</metadata>
<criteria>
<extend_definition definition_ref="oval:com.ubuntu.jammy:def:100" comment="Ubuntu 22.04 LTS (jammy) is installed." applicability_check="true"/>
<criteria operator="OR">{criterion}</criteria>
</criteria>
</definition>
</definitions>
<tests><ind-def:family_test id="oval:com.ubuntu.jammy:tst:9100"/>{tests}</tests>
<objects>{objects}</objects>
<states>{states}</states>
<variables>{variables}</variables>
</oval_definitions>"#
    )
}

const METADATA: &str = r#"<reference source="CVE" ref_id="CVE-2025-1000" ref_url="https://ubuntu.test/CVE-2025-1000"/>"#;

/// Reads a document as that of jammy.
fn try_read(text: &str) -> Result<Collected, FeedError> {
    let mut canonical = Canonical {
        list: None,
        releases: &["jammy"],
    };
    let feeds = discover(&[], &mut canonical).unwrap();
    let mut documents = MemoryDocuments::default().with(URL, bzip2(text.as_bytes()));
    let mut sink = Collected::default();
    feeds[0].parse(&mut documents, &mut sink)?;
    Ok(sink)
}

fn read(criteria: &[Criterion<'_>]) -> Collected {
    try_read(&document(METADATA, criteria)).unwrap()
}

#[test]
fn a_criterion_speaks_of_all_binary_packages_of_a_source() {
    let sink = read(&[
        (
            "zlib package in jammy was vulnerable but has been fixed (note: '1:1.2.11-2ubuntu9').",
            &["zlib1g", "zlib1g-dev"],
            "1:1.2.11-2ubuntu9",
        ),
        (
            "klibc package in jammy is affected and needs fixing.",
            &["klibc-utils"],
            "",
        ),
    ]);
    assert_eq!(
        lines(&sink),
        [
            "ubuntu:jammy klibc-utils CVE-2025-1000 affected *",
            "ubuntu:jammy zlib1g CVE-2025-1000 affected <1:1.2.11-2ubuntu9",
            "ubuntu:jammy zlib1g-dev CVE-2025-1000 affected <1:1.2.11-2ubuntu9",
        ]
    );
    for advisory in &sink.advisories {
        assert_eq!(advisory.package.kind, PackageKind::Binary);
        assert_eq!(advisory.versions.scheme, Scheme::Dpkg);
    }
}

#[test]
fn the_comment_tells_the_states_apart() {
    let ignored =
        "while related to the CVE in some way, a decision has been made to ignore this issue";
    let old = format!("a: {ignored} (note: 'end of standard support, was needed').");
    let ignored = format!("b: {ignored} (note: 'too intrusive').");
    let sink = read(&[
        (&old, &["a"], ""),
        (&ignored, &["b"], ""),
        (
            "c package in jammy is affected and needs fixing.",
            &["c"],
            "",
        ),
        (
            "d package in jammy is affected and may need fixing.",
            &["d"],
            "",
        ),
        (
            "e package in jammy is affected, but a decision has been made to defer addressing it (note: '2019-01-01').",
            &["e"],
            "",
        ),
        (
            "f package in jammy is affected. An update containing the fix has been completed and is pending publication (note: '2-1').",
            &["f"],
            "2-1",
        ),
        (
            "g package in jammy, is related to the CVE in some way and has been fixed (note: '3-1').",
            &["g"],
            "3-1",
        ),
        (
            "h package in jammy, while related to the CVE in some way, is not affected.",
            &["h"],
            "",
        ),
        ("i package does not exist in jammy.", &["i"], ""),
        (
            "j package in jammy has a vulnerability that is not known (status: 'x'). It is pending evaluation.",
            &["j"],
            "",
        ),
        (
            "k package in jammy was vulnerable and has been fixed, but no release version available for it.",
            &["k"],
            "",
        ),
    ]);
    assert_eq!(
        lines(&sink),
        [
            "ubuntu:jammy a CVE-2025-1000 end-of-life *",
            "ubuntu:jammy b CVE-2025-1000 will-not-fix *",
            "ubuntu:jammy c CVE-2025-1000 affected *",
            "ubuntu:jammy d CVE-2025-1000 under-investigation *",
            "ubuntu:jammy e CVE-2025-1000 affected *",
            "ubuntu:jammy f CVE-2025-1000 affected <2-1",
            "ubuntu:jammy g CVE-2025-1000 affected <3-1",
            "ubuntu:jammy h CVE-2025-1000 not-affected *",
            "ubuntu:jammy j CVE-2025-1000 under-investigation *",
            "ubuntu:jammy k CVE-2025-1000 affected *",
        ]
    );
    assert!(sink.quarantined.is_empty());
}

#[test]
fn a_fix_of_ubuntu_pro_has_its_repository() {
    let sink = read(&[
        (
            "a package in jammy was vulnerable but has been fixed.",
            &["a"],
            "1-1ubuntu0.1~esm1",
        ),
        (
            "b package in jammy was vulnerable but has been fixed.",
            &["b"],
            "1-1+esm2",
        ),
        (
            "c package in jammy was vulnerable but has been fixed.",
            &["c"],
            "1-1",
        ),
    ]);
    let repositories: Vec<&str> = sink
        .advisories
        .iter()
        .map(|advisory| advisory.package.repository.as_str())
        .collect();
    assert_eq!(repositories, ["esm", "esm", ""]);
}

#[test]
fn the_words_around_a_definition_are_kept() {
    let metadata = r#"<title>CVE-2025-1000 on Ubuntu 22.04 LTS (jammy) - low</title>
<description>Some &lt;text&gt;.</description>
<reference source="CVE" ref_id="CVE-2025-1000" ref_url="https://ubuntu.test/CVE-2025-1000"/>
<advisory><severity>Low</severity><public_date>2022-02-19 05:15:00 UTC</public_date>
<ref>https://ubuntu.test/CVE-2025-1000</ref><ref>https://other.test</ref>
<cve href="https://ubuntu.test/CVE-2025-1000" priority="low" cvss_vector="CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H">CVE-2025-1000</cve>
</advisory>"#;
    let criteria = [(
        "a package in jammy is affected and needs fixing.",
        &["a"][..],
        "",
    )];
    let sink = try_read(&document(metadata, &criteria)).unwrap();
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.id, "CVE-2025-1000");
    assert_eq!(advisory.rating.severity, Severity::Low);
    assert!(advisory.rating.text.starts_with("CVSS:3.1/"));
    assert_eq!(advisory.details.description, "Some <text>.");
    assert_eq!(advisory.details.published, "2022-02-19T05:15:00Z");
    assert_eq!(
        advisory.details.references,
        ["https://ubuntu.test/CVE-2025-1000", "https://other.test"]
    );
}

#[test]
fn a_package_with_the_name_of_a_release_is_a_package_like_any_other() {
    let sink = read(&[(
        "lsb package in jammy is affected and needs fixing.",
        &["lsb-release"],
        "11.1.0ubuntu4",
    )]);
    assert_eq!(
        lines(&sink),
        ["ubuntu:jammy lsb-release CVE-2025-1000 affected <11.1.0ubuntu4"]
    );
}

#[test]
fn a_definition_without_a_cve_id_is_quarantined() {
    let criteria = [(
        "a package in jammy is affected and needs fixing.",
        &["a"][..],
        "",
    )];
    let sink = try_read(&document("<title>x</title>", &criteria)).unwrap();
    assert!(sink.advisories.is_empty());
    assert_eq!(
        quarantined(&sink),
        [("oval:com.ubuntu.jammy:def:20250010000000", "no CVE id")]
    );
}

#[test]
fn a_document_of_another_release_is_refused() {
    let criteria = [(
        "a package in noble is affected and needs fixing.",
        &["a"][..],
        "",
    )];
    let text = document(METADATA, &criteria).replace("com.ubuntu.jammy", "com.ubuntu.noble");
    let error = chain(&try_read(&text).unwrap_err());
    assert!(
        error.ends_with(
            "its definition is \"oval:com.ubuntu.noble:def:20250010000000\", its address says \"oval:com.ubuntu.jammy:\""
        ),
        "{error}"
    );
}

/// Discovers with Launchpad's list and some OVAL documents.
struct Canonical<'a> {
    list: Option<&'a str>,
    releases: &'a [&'a str],
}

impl Probe for Canonical<'_> {
    fn exists(&mut self, url: &str) -> Result<bool, ProbeError> {
        Ok(self
            .releases
            .iter()
            .any(|name| url.contains(&format!("com.ubuntu.{name}."))))
    }

    fn read(&mut self, url: &str, _max_bytes: usize) -> Result<Option<Vec<u8>>, ProbeError> {
        assert_eq!(url, "https://launchpad.test/ubuntu/series");
        self.list
            .map(|list| Some(list.as_bytes().to_vec()))
            .ok_or_else(|| ProbeError::new("connection refused"))
    }
}

fn discover(forced: &[&str], probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
    let mut settings = settings();
    settings.limits = Limits::default();
    settings.ubuntu.force = forced
        .iter()
        .map(|&name| UbuntuSeries {
            name: name.into(),
            version: String::new(),
        })
        .collect();
    family_of(&settings, "ubuntu").discover(probe)
}

fn names(forced: &[&str], probe: &mut dyn Probe) -> Vec<String> {
    let feeds = discover(forced, probe).unwrap();
    feeds.iter().map(|feed| feed.name().to_owned()).collect()
}

const LIST: &str = r#"{"entries": [
    {"name": "zany", "version": "99.04", "active": false, "status": "Obsolete"},
    {"name": "../evil", "version": "1"},
    {"name": "jammy", "version": "22.04", "active": true}
]}"#;

#[test]
fn a_release_with_a_document_is_a_feed_whether_it_is_active_or_not() {
    let mut canonical = Canonical {
        list: Some(LIST),
        releases: &["trusty", "mantic", "jammy", "zany"],
    };
    let expected = [
        "ubuntu/jammy",
        "ubuntu/mantic",
        "ubuntu/trusty",
        "ubuntu/zany",
    ];
    assert_eq!(names(&[], &mut canonical), expected);
    assert_eq!(
        discover(&[], &mut canonical).unwrap()[0].documents()[0].url,
        URL
    );
}

#[test]
fn without_launchpad_no_known_release_is_lost() {
    for list in [None, Some("<html>"), Some("{}"), Some(r#"{"entries": 7}"#)] {
        let mut canonical = Canonical {
            list,
            releases: &["trusty", "mantic", "jammy", "zany"],
        };
        let expected = ["ubuntu/jammy", "ubuntu/mantic", "ubuntu/trusty"];
        assert_eq!(names(&[], &mut canonical), expected);
    }
}

#[test]
fn a_forced_release_is_a_feed_even_without_a_document() {
    let mut canonical = Canonical {
        list: Some(LIST),
        releases: &["jammy"],
    };
    assert_eq!(
        names(&["zesty", "devel"], &mut canonical),
        ["ubuntu/devel", "ubuntu/jammy", "ubuntu/zesty"]
    );
}

#[test]
fn an_address_without_any_release_is_an_error_and_not_an_empty_list() {
    let error = discover(&[], &mut Server::default()).err().unwrap();
    assert_eq!(chain(&error), "no ubuntu feed found at: https://oval.test");
    let mut server = Server {
        is_down: true,
        ..Server::default()
    };
    let error = discover(&[], &mut server).err().unwrap();
    assert!(
        chain(&error).starts_with("cannot tell whether there is a feed at: https://oval.test/")
    );
}
