use std::sync::Arc;
use std::sync::atomic::Ordering;

use limpid_testkit::dnf::{DnfStep, write_dnf4_history};
use limpid_testkit::image::{ImageBuilder, Packing};
use limpid_testkit::layer::LayerBuilder;
use limpid_testkit::rpmdb::{RpmPackage, write_sqlite};

use crate::workplace::{Counter, Workplace};

const OS_RELEASE: &str = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n";

fn stanza(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    )
}

fn debian_base() -> LayerBuilder {
    LayerBuilder::new()
        .file("etc/os-release", OS_RELEASE)
        .file("var/lib/dpkg/status", stanza("bash", "5.2-1"))
        .directory("var/lib/dpkg/info/")
        .file("var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n")
}

fn names(report: &limpid_types::IndexReport) -> Vec<String> {
    let mut names: Vec<_> = report
        .packages
        .values()
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn packages_of_every_compression_are_found() {
    for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
        let workplace = Workplace::new();
        let archive = workplace.archive(&ImageBuilder::new().layer(debian_base().build(), packing));
        let report = workplace
            .index(archive.to_str().unwrap(), &Arc::default())
            .await
            .unwrap();
        assert_eq!(names(&report), ["bash 5.2-1"], "{packing:?}");
        assert!(report.success);
        assert_eq!(report.limpid.problems, []);
    }
}

#[tokio::test]
async fn a_known_image_is_not_read_again() {
    let workplace = Workplace::new();
    let image = ImageBuilder::new().layer(debian_base().build(), Packing::Gzip);
    let archive = workplace.archive(&image);
    let counter = Arc::new(Counter::default());
    let first = workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap();
    let read = counter.bytes.load(Ordering::Relaxed);
    assert!(read > 0);
    let second = workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap();
    assert_eq!(first, second);
    assert_eq!(counter.bytes.load(Ordering::Relaxed), read);
}

#[tokio::test]
async fn a_known_layer_of_another_image_is_not_read_again() {
    let workplace = Workplace::new();
    let base = ImageBuilder::new().layer(debian_base().build(), Packing::Gzip);
    let counter = Arc::new(Counter::default());
    let archive = workplace.archive(&base);
    workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap();
    let derived = base.layer(LayerBuilder::new().file("app", "x").build(), Packing::Gzip);
    let archive = workplace.archive(&derived);
    let report = workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap();
    assert_eq!(names(&report), ["bash 5.2-1"]);
    assert_eq!(
        counter.layers.load(Ordering::Relaxed),
        2,
        "one layer of each image was read"
    );
}

#[tokio::test]
async fn whiteouts_of_a_later_layer_take_packages_away() {
    let workplace = Workplace::new();
    let image = ImageBuilder::new()
        .layer(debian_base().build(), Packing::Gzip)
        .layer(LayerBuilder::new().opaque("var/lib").build(), Packing::Gzip);
    let archive = workplace.archive(&image);
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert!(report.packages.is_empty());
}

#[tokio::test]
async fn a_red_hat_image_says_where_its_packages_are_from_and_what_it_is() {
    let own = |name: &str| RpmPackage {
        vendor: "Red Hat, Inc.".into(),
        ..RpmPackage::new(name, "1", "1.el9", "x86_64")
    };
    let epel = RpmPackage {
        vendor: "Fedora Project".into(),
        ..RpmPackage::new("htop", "3", "1.el9", "x86_64")
    };
    let steps = [DnfStep::install(
        "httpd",
        "0:1-1.el9",
        "x86_64",
        "appstream",
    )];
    let base = LayerBuilder::new()
        .file("etc/os-release", "ID=rhel\nVERSION_ID=9.5\n")
        .file("var/lib/rpm/rpmdb.sqlite", write_sqlite(&[own("bash")]))
        .file(
            "root/buildinfo/content_manifests/ubi9-9.5-1.json",
            r#"{"content_sets":["baseos","crb"]}"#,
        )
        .file(
            "root/buildinfo/Dockerfile-ubi9-9.5-1",
            "LABEL name=ubi9 com.redhat.component=ubi9-container\n",
        );
    let top = LayerBuilder::new()
        .file(
            "var/lib/rpm/rpmdb.sqlite",
            write_sqlite(&[own("bash"), own("httpd"), epel]),
        )
        .file("var/lib/dnf/history.sqlite", write_dnf4_history(&steps))
        .file("root/buildinfo/labels.json", "{broken");
    let image = ImageBuilder::new()
        .layer(base.build(), Packing::Gzip)
        .layer(top.build(), Packing::Gzip);
    let workplace = Workplace::new();
    let archive = workplace.archive(&image);
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert!(report.success);
    let id = |name: &str| {
        let package = report
            .packages
            .values()
            .find(|package| package.name == name);
        package.unwrap().id.clone()
    };
    let repositories = |name: &str| {
        let ids = report.environments[&id(name)][0].repository_ids.as_deref();
        let names = ids.unwrap_or_default().iter();
        names
            .map(|id| report.repository[id].name.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(repositories("bash"), ["baseos", "crb"]);
    assert_eq!(repositories("httpd"), ["appstream"]);
    assert_eq!(repositories("ubi9"), ["Red Hat Container Catalog"]);
    assert_eq!(
        report.limpid.third_party,
        [(id("htop"), "vendor \"Fedora Project\" (EPEL)".to_owned())].into()
    );
    assert_eq!(report.limpid.repositories_instead.len(), 1);
    assert_eq!(report.limpid.problems.len(), 1, "the broken labels");
    assert!(report.limpid.earlier_containers.is_empty());
}

#[tokio::test]
async fn an_rpm_database_is_read_with_its_packages() {
    let database = write_sqlite(&[RpmPackage::new("bash", "5.1", "4.el9", "x86_64")]);
    let workplace = Workplace::new();
    let layer = LayerBuilder::new()
        .file("etc/os-release", "ID=rocky\nVERSION_ID=9.3\n")
        .file("var/lib/rpm/rpmdb.sqlite", database);
    let archive = workplace.archive(&ImageBuilder::new().layer(layer.build(), Packing::Gzip));
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert_eq!(names(&report), ["bash 5.1-4.el9"]);
    let environment = &report.environments.values().next().unwrap()[0];
    assert_eq!(environment.package_db, "sqlite:var/lib/rpm");
    assert_eq!(
        report.distributions[&environment.distribution_id].did,
        "rocky"
    );
}

#[tokio::test]
async fn a_hard_link_to_a_file_that_went_by_unread_is_a_problem() {
    let workplace = Workplace::new();
    let layer = LayerBuilder::new()
        .file("sysroot/object", stanza("bash", "5.2-1"))
        .hard_link("var/lib/dpkg/status", "sysroot/object");
    let archive = workplace.archive(&ImageBuilder::new().layer(layer.build(), Packing::Gzip));
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert_eq!(report.limpid.problems.len(), 1);
    let problem = &report.limpid.problems[0].problem;
    assert_eq!(problem.subject, "var/lib/dpkg/status");
    assert!(problem.loses_packages());
}

#[tokio::test]
async fn a_directory_is_a_root_file_system() {
    let workplace = Workplace::new();
    let root = workplace.directory.path().join("root");
    std::fs::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/os-release"), OS_RELEASE).unwrap();
    std::fs::write(root.join("var/lib/dpkg/status"), stanza("bash", "5.2-1")).unwrap();
    let path = format!("dir:{}", root.display());
    let report = workplace.index(&path, &Arc::default()).await.unwrap();
    assert_eq!(names(&report), ["bash 5.2-1"]);
}

#[tokio::test]
async fn the_same_image_gives_the_same_bytes_on_another_store() {
    let image = ImageBuilder::new().layer(debian_base().build(), Packing::Gzip);
    let mut reports = Vec::new();
    for _ in 0..2 {
        let workplace = Workplace::new();
        let archive = workplace.archive(&image);
        let report = workplace
            .index(archive.to_str().unwrap(), &Arc::default())
            .await
            .unwrap();
        reports.push(serde_json::to_vec(&report).unwrap());
    }
    assert_eq!(reports[0], reports[1]);
}
