use limpid_feed::Collected;

use crate::amazon::{listed, repomd};
use crate::site::Site;
use crate::support::{chain, family, lines, settings};
use crate::updateinfo::{document, gzip, package, update};

/// Adds the repository of a release and architecture to a site. Its checksum is left out.
fn release(site: Site, folder: &str, updates: &[String]) -> Site {
    let listed = listed("repodata/1a-updateinfo.xml.zck", "")
        .replace(r#""updateinfo""#, r#""updateinfo_zck""#);
    let listed = listed
        + r#"<data type="updateinfo"><location href="repodata/1a-updateinfo.xml.gz"/></data>"#;
    site.with(format!("{folder}/repodata/repomd.xml"), repomd(&listed))
        .with(
            format!("{folder}/repodata/1a-updateinfo.xml.gz"),
            gzip(&document(updates)),
        )
}

fn bulletin(title: &str, packages: &[String]) -> String {
    update("FEDORA-2025-d2b7d94014", &[], packages).replace(
        "<references>",
        &format!(r#"<references><reference href="https://bugs.test/2423183" id="2423183" type="bugzilla" title="{title}"/>"#),
    )
}

#[test]
fn a_release_is_read_from_the_mirrors_or_from_the_archive() {
    let updates = [bulletin(
        "CVE-2025-26794",
        &[package("timg", "1.6.3-5.fc43", "x86_64")],
    )];
    let site = release(
        Site::default(),
        "https://archive.test/updates/40/Everything/x86_64",
        &updates,
    );
    let mut site = release(
        site,
        "https://fedora.test/updates/42/Everything/x86_64",
        &updates,
    );
    let names: Vec<String> = site
        .discover("fedora", &settings())
        .iter()
        .map(|feed| feed.name().to_owned())
        .collect();
    assert_eq!(names, ["fedora/40", "fedora/42"]);
    assert_eq!(
        lines(&site.read_feed("fedora/40", &settings())),
        ["fedora:40 timg CVE-2025-26794 affected <1.6.3-5.fc43"]
    );
}

#[test]
fn cves_are_named_in_the_titles_of_bugs() {
    let packages = [
        package("timg", "1.6.3-5.fc43", "x86_64"),
        package("timg", "1.6.3-5.fc43", "src"),
    ];
    let updates = [
        bulletin("CVE-2025-26794 &amp; CWE-122 in CVE-2025-26795", &packages),
        bulletin("timg crashes", &packages),
    ];
    let mut site = release(
        Site::default(),
        "https://fedora.test/updates/43/Everything/x86_64",
        &updates,
    );
    let sink = site.read_feed("fedora/43", &settings());
    assert_eq!(
        lines(&sink),
        [
            "fedora:43 timg CVE-2025-26794 affected <1.6.3-5.fc43",
            "fedora:43 timg CVE-2025-26795 affected <1.6.3-5.fc43",
            "fedora:43 timg FEDORA-2025-d2b7d94014 affected <1.6.3-5.fc43",
        ]
    );
    let advisory = &sink.advisories[0];
    assert_eq!(advisory.package.architectures, ["x86_64"]);
    assert_eq!(
        advisory.details.references,
        [
            "https://bodhi.fedoraproject.org/updates/FEDORA-2025-d2b7d94014",
            "https://bugs.test/2423183",
        ]
    );
}

#[test]
fn packages_of_a_module_name_it() {
    let text = bulletin("CVE-2020-10108", &[package("nodejs", "1:12.1-1.module_f32", "x86_64")])
        .replace(
            "<name>C</name>",
            r#"<name>C</name><module name="nodejs" stream="12" version="1" context="c" arch="x86_64"/>"#,
        );
    let mut site = release(
        Site::default(),
        "https://archive.test/updates/32/Everything/x86_64",
        &[text],
    );
    let sink = site.read_feed("fedora/32", &settings());
    assert_eq!(sink.advisories[0].package.module, "nodejs:12");
}

#[test]
fn old_releases_have_a_repository_of_modules_beside_the_other() {
    let modular = bulletin(
        "CVE-2022-32214",
        &[package("nodejs", "1:16.16.0-1.module_f37", "x86_64")],
    )
    .replace(
        "<name>C</name>",
        r#"<name>C</name><module name="nodejs" stream="16" version="1" context="c" arch="x86_64"/>"#,
    );
    let ordinary = bulletin("CVE-2022-1", &[package("timg", "1.4-1.fc37", "x86_64")]);
    for (release, expected) in [(37, 2), (39, 1)] {
        let updates = format!("https://archive.test/updates/{release}");
        let everything = format!("{updates}/Everything/x86_64");
        let site = self::release(
            Site::default(),
            &everything,
            std::slice::from_ref(&ordinary),
        );
        let modules = format!("{updates}/Modular/x86_64");
        let mut site = self::release(site, &modules, std::slice::from_ref(&modular));
        let sink = site.read_feed(&format!("fedora/{release}"), &settings());
        let of_modules = sink.advisories.iter().map(|it| it.package.module.as_str());
        let of_modules: Vec<&str> = of_modules.collect();
        assert_eq!(of_modules.len(), expected, "{release}: {of_modules:?}");
        assert_eq!(of_modules.contains(&"nodejs:16"), release == 37);
    }
}

#[test]
fn a_server_that_is_down_is_not_the_end_of_the_releases() {
    let mut site = Site {
        broken: Some("fedora.test"),
        ..Site::default()
    };
    let error = family("fedora").discover(&mut site).err().unwrap();
    assert!(chain(&error).ends_with("connection refused"));
    let error = family("fedora")
        .discover(&mut Site::default())
        .err()
        .unwrap();
    assert_eq!(
        chain(&error),
        "no fedora feed found at: https://fedora.test/updates"
    );
}

#[test]
fn a_release_with_broken_metadata_fails_for_itself() {
    let folder = "https://fedora.test/updates/42/Everything/x86_64";
    let mut site = release(Site::default(), folder, &[]).with(
        "https://fedora.test/updates/43/Everything/x86_64/repodata/repomd.xml",
        "<html>login</html>",
    );
    let feeds = site.discover("fedora", &settings());
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name()).collect();
    assert_eq!(names, ["fedora/42", "fedora/43"]);
    let error = feeds[1]
        .parse(&mut site, &mut Collected::default())
        .unwrap_err();
    assert!(chain(&error).contains("not repomd"), "{}", chain(&error));
}
