#![expect(clippy::unwrap_used, reason = "what is unwrapped is made by the test")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use limpid_match::{MatchFault, MatchService, Options, PackedReport, clair_report, judge};
use limpid_types::{
    IndexReport, Package, PackageKind, Report, Severity, VulnerabilityReport, index_state,
};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::fixture::{debian, dpkg, rated, with_package};
use crate::installation::{Installation, TestReports};

fn image() -> IndexReport {
    with_package(debian("12", "bookworm"), ("zlib1g", "1"), ("zlib", "1"))
}

/// Serves a generation that holds one vulnerability.
fn serve(installation: &Installation, id: &str) {
    let snapshot = installation.build("debian", &[dpkg("debian:bookworm", "zlib", id, "2")]);
    installation.store.serve([("debian", snapshot)]);
}

fn read(report: &PackedReport) -> VulnerabilityReport {
    serde_json::from_slice(&report.json().unwrap()).unwrap()
}

fn found(report: &VulnerabilityReport) -> Vec<&str> {
    report
        .vulnerabilities
        .values()
        .map(|vulnerability| vulnerability.name.as_str())
        .collect()
}

fn metric(service: &MatchService, name: &str) -> u64 {
    let mut registry = Registry::default();
    service.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim().parse().unwrap()
}

fn misses(service: &MatchService) -> u64 {
    metric(service, "limpid_match_report_cache_misses_total")
}

#[tokio::test]
async fn a_service_is_ready_once_there_is_a_generation() {
    let installation = Installation::new();
    let reports = Arc::new(TestReports::default());
    let manifest = reports.put("image", image());
    let service = reports.service(installation.data());
    assert!(!service.is_ready().await.unwrap());
    let refused = service.vulnerability_report(&manifest).await;
    assert!(matches!(refused, Err(MatchFault::NotReady)));
    assert!(!service.is_ready().await.unwrap());
    assert_eq!(
        installation.store.asked.load(Ordering::SeqCst),
        1,
        "the store is not asked by everyone who waits"
    );

    serve(&installation, "CVE-1");
    let service = reports.service(installation.data());
    assert!(service.is_ready().await.unwrap());
    let report = service.vulnerability_report(&manifest).await.unwrap();
    assert_eq!(found(&read(&report.unwrap())), ["CVE-1"]);
}

#[tokio::test]
async fn only_a_finished_index_report_gives_a_report() {
    let installation = Installation::new();
    serve(&installation, "CVE-1");
    let reports = Arc::new(TestReports::default());
    let mut failed = image();
    failed.state = index_state::ERROR.into();
    let failed = reports.put("failed", failed);
    let manifest = reports.put("image", image());
    let service = reports.service(installation.data());
    assert!(service.is_ready().await.unwrap());
    assert_eq!(service.vulnerability_report(&failed).await.unwrap(), None);
    assert!(
        service
            .vulnerability_report(&manifest)
            .await
            .unwrap()
            .is_some()
    );
    reports.remove(&manifest);
    assert_eq!(service.vulnerability_report(&manifest).await.unwrap(), None);
    assert_eq!(service.limpid_report(&manifest).await.unwrap(), None);
}

#[tokio::test]
async fn both_forms_tell_the_same() {
    let installation = Installation::new();
    serve(&installation, "CVE-1");
    let reports = Arc::new(TestReports::default());
    let manifest = reports.put("image", image());
    let service = reports.service(installation.data());
    assert!(service.is_ready().await.unwrap());
    let clair = service
        .vulnerability_report(&manifest)
        .await
        .unwrap()
        .unwrap();
    let own = service.limpid_report(&manifest).await.unwrap().unwrap();
    let own: Report = serde_json::from_slice(&own).unwrap();
    let extension = read(&clair).limpid.unwrap();
    assert_eq!(extension.verdict, own.coverage.verdict);
    assert_eq!(extension.gaps, own.coverage.gaps);
    assert_eq!(extension.generation, own.generation);
    assert_eq!(found(&read(&clair)), [own.findings[0].id.as_str()]);
}

#[tokio::test]
async fn a_report_is_made_again_when_its_index_report_or_the_generation_changes() {
    for tells_no_versions in [false, true] {
        let reports = TestReports::default();
        reports
            .tells_no_versions
            .store(tells_no_versions, Ordering::SeqCst);
        changes_make_a_report_anew(Arc::new(reports)).await;
    }
}

async fn changes_make_a_report_anew(reports: Arc<TestReports>) {
    let installation = Installation::new();
    serve(&installation, "CVE-1");
    let manifest = reports.put("image", image());
    let data = installation.data();
    let service = reports.service(data.clone());
    data.refresh().await.unwrap();
    let get = async || {
        service
            .vulnerability_report(&manifest)
            .await
            .unwrap()
            .unwrap()
    };

    let first = get().await;
    assert_eq!(get().await, first);
    assert_eq!(misses(&service), 1);

    reports.put("image", image());
    assert_eq!(
        get().await,
        first,
        "an equal index report gives the same report"
    );
    assert_eq!(misses(&service), 1);

    let changed = with_package(image(), ("zlib1g-dev", "1"), ("zlib", "1"));
    reports.put("image", changed);
    assert_eq!(read(&get().await).package_vulnerabilities.len(), 2);
    assert_eq!(misses(&service), 2);

    serve(&installation, "CVE-2");
    assert_eq!(found(&read(&get().await)), ["CVE-1"]);
    data.refresh().await.unwrap();
    assert_eq!(found(&read(&get().await)), ["CVE-2"]);
    assert_eq!(misses(&service), 2);
    assert_eq!(
        metric(&service, "limpid_match_prepared_reports_total"),
        1,
        "it was made before its generation was served"
    );
    installation.store.serve_again(1);
    data.refresh().await.unwrap();
    assert_eq!(found(&read(&get().await)), ["CVE-1"]);
}

/// Data is prepared for and then not served; what was prepared must not pass for other data's.
#[tokio::test(start_paused = true)]
async fn a_preparation_that_was_broken_off_serves_nothing() {
    let installation = Installation::new();
    serve(&installation, "CVE-1");
    let reports = Arc::new(TestReports::default());
    let manifests = [reports.put("one", image()), reports.put("other", image())];
    let data = installation.data();
    let service = reports.service(data.clone());
    data.refresh().await.unwrap();
    for manifest in manifests.iter().rev() {
        service.vulnerability_report(manifest).await.unwrap();
    }
    let silence = |manifest| *reports.silent.lock().unwrap() = manifest;

    serve(&installation, "CVE-2");
    silence(Some(manifests[1].clone()));
    let is_prepared = async {
        while metric(&service, "limpid_match_prepared_reports_total") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = data.refresh() => panic!("it waits for a report that does not come"),
        () = is_prepared => {}
    }

    serve(&installation, "CVE-3");
    silence(Some(manifests[0].clone()));
    data.refresh().await.unwrap();
    silence(None);
    for manifest in &manifests {
        let report = service.vulnerability_report(manifest).await.unwrap();
        assert_eq!(found(&read(&report.unwrap())), ["CVE-3"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_for_one_manifest_make_one_report() {
    let installation = Installation::new();
    serve(&installation, "CVE-1");
    let reports = Arc::new(TestReports::default());
    let manifest = reports.put("image", image());
    let service = reports.service(installation.data());
    assert!(service.is_ready().await.unwrap());
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (service, manifest) = (service.clone(), manifest.clone());
            tokio::spawn(async move { service.vulnerability_report(&manifest).await })
        })
        .collect();
    let mut answers = BTreeSet::new();
    for request in requests {
        answers.insert(request.await.unwrap().unwrap().unwrap());
    }
    assert_eq!(answers.len(), 1);
    assert_eq!(misses(&service), 1);
}

/// Each generation has ten vulnerabilities that are all of that generation, and every report must
/// have exactly those of the generation that it names.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_switch_of_generations_under_load_mixes_nothing() {
    const GENERATIONS: u64 = 8;
    let installation = Installation::new();
    let mut snapshots = Vec::new();
    for generation in 1..=GENERATIONS {
        let advisories: Vec<_> = (0..10)
            .map(|number| {
                let id = format!("CVE-{generation}-{number}");
                dpkg("debian:bookworm", "zlib", &id, "2")
            })
            .collect();
        snapshots.push(installation.build("debian", &advisories));
    }
    let mut snapshots = snapshots.into_iter();
    installation
        .store
        .serve(snapshots.next().map(|first| ("debian", first)));
    let reports = Arc::new(TestReports::default());
    let manifests: Vec<_> = (0..20)
        .map(|number| reports.put(&format!("image {number}"), image()))
        .collect();
    let data = installation.data();
    data.refresh().await.unwrap();
    let service = reports.service(data.clone());
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (service, manifests) = (service.clone(), manifests.clone());
            tokio::spawn(async move {
                let mut seen = BTreeSet::new();
                let mut last = 0;
                for manifest in manifests.iter().cycle().skip(client) {
                    let report = service.vulnerability_report(manifest).await.unwrap();
                    let report = read(&report.unwrap());
                    let generation = report.limpid.as_ref().unwrap().generation.unwrap();
                    let prefix = format!("CVE-{generation}-");
                    let found = found(&report);
                    assert_eq!(found.len(), 10);
                    assert!(found.iter().all(|name| name.starts_with(&prefix)));
                    assert!(generation >= last);
                    last = generation;
                    // Unlike a client of a server, this one waits for nothing when the report is
                    // known, and would keep its thread for itself.
                    tokio::task::yield_now().await;
                    if seen.insert(generation) && generation == GENERATIONS {
                        break;
                    }
                }
                seen
            })
        })
        .collect();
    for snapshot in snapshots {
        installation.store.serve([("debian", snapshot)]);
        data.refresh().await.unwrap();
        // Every generation serves some reports before the next one comes.
        for manifest in &manifests {
            service.vulnerability_report(manifest).await.unwrap();
        }
    }
    for client in clients {
        assert!(client.await.unwrap().contains(&GENERATIONS));
    }
}

/// Makes images that have packages in common, or nearly: each differs in one thing that counts.
fn relatives() -> Vec<IndexReport> {
    let bookworm = || debian("12", "bookworm");
    let openssl = |image, version| with_package(image, ("libssl", version), ("openssl", version));
    let mut architecture = openssl(image(), "1");
    let mut other_architecture = openssl(image(), "1");
    let mut other_module = openssl(image(), "1");
    let mut other_name = openssl(image(), "1");
    let change = |image: &mut IndexReport, change: fn(&mut Package)| {
        change(image.packages.get_mut("100").unwrap());
    };
    change(&mut architecture, |package| {
        package.arch = "amd64".into();
    });
    change(&mut other_architecture, |package| {
        package.arch = "arm64".into();
    });
    change(&mut other_module, |package| {
        package.module = "zlib:1".into();
    });
    change(&mut other_name, |package| {
        package.name = "zlib1".into();
    });
    let mut unnamed = openssl(image(), "1");
    unnamed.distributions.get_mut("1").unwrap().pretty_name = "My own".into();
    vec![
        image(),
        openssl(image(), "1"),
        openssl(image(), "3"),
        openssl(bookworm(), "1"),
        with_package(bookworm(), ("zlib1g", "1"), ("zlib", "3")),
        with_package(bookworm(), ("zlib1g", "1"), ("openssl", "1")),
        with_package(bookworm(), ("zlib1g", "no version"), ("zlib", "no version")),
        with_package(debian("11", "bullseye"), ("zlib1g", "1"), ("zlib", "1")),
        architecture,
        other_architecture,
        with_package(bookworm(), ("apt", "1"), ("", "")),
        with_package(bookworm(), ("apt", "3"), ("", "")),
        other_module,
        other_name,
        unnamed,
    ]
}

#[tokio::test]
async fn what_is_known_of_packages_changes_no_report() {
    let installation = Installation::new();
    let serve = |severity| {
        let mut binary = dpkg("debian:bookworm", "zlib1g", "CVE-4", "2");
        binary.package.kind = PackageKind::Binary;
        let mut limited = dpkg("debian:bookworm", "zlib", "CVE-5", "2");
        limited.package.architectures = vec!["amd64".into()];
        let advisories = [
            binary,
            limited,
            dpkg("debian:bookworm", "apt", "CVE-6", "2"),
            dpkg("debian:bookworm", "zlib", "CVE-1", "2"),
            rated(dpkg("debian:bookworm", "openssl", "CVE-2", "2"), severity),
            rated(dpkg("debian:bullseye", "zlib", "CVE-3", "2"), severity),
        ];
        let snapshot = installation.build("debian", &advisories);
        installation.store.serve([("debian", snapshot)]);
    };
    let reports = Arc::new(TestReports::default());
    let data = installation.data();
    let service = reports.service(data.clone());
    for severity in [Severity::Low, Severity::High] {
        serve(severity);
        data.refresh().await.unwrap();
        let generation = data.current().unwrap();
        for (number, mut image) in relatives().into_iter().enumerate() {
            let manifest = reports.put(&format!("image {number}"), image.clone());
            image.manifest_hash = manifest.to_string();
            let served = service.vulnerability_report(&manifest).await.unwrap();
            let judged = judge(
                &image,
                generation.as_ref(),
                Timestamp::now(),
                &Options::default(),
            );
            let judged = judged.unwrap();
            let expected = serde_json::to_string(&clair_report(&image, &judged)).unwrap();
            let served = served.unwrap().json().unwrap();
            assert_eq!(String::from_utf8(served).unwrap(), expected, "{number}");
        }
    }
    let known = metric(&service, "limpid_match_known_package_bytes");
    assert!(known > 0, "nothing was kept");
}
