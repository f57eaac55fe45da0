#![expect(clippy::unwrap_used, reason = "what is unwrapped is made by the test")]

use std::collections::BTreeSet;
use std::sync::Arc;

use limpid_match::{MatchFault, MatchService, OperationKind, UpdateOperation};
use limpid_types::{Advisory, Status, Vulnerability};
use limpid_version::Range;
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::{apk, dpkg, with_status};
use crate::installation::{Installation, TestReports};

fn service(installation: &Installation) -> MatchService {
    Arc::new(TestReports::default()).service(installation.data_with_blobs())
}

async fn operations(service: &MatchService, updater: &str) -> Vec<UpdateOperation> {
    let mut operations = service
        .operations(OperationKind::Vulnerability, false)
        .await
        .unwrap();
    operations.remove(updater).unwrap_or_default()
}

fn read(changes: limpid_match::Changes<'_>) -> Vec<Vulnerability> {
    changes.collect::<Result<_, _>>().unwrap()
}

fn names(changes: limpid_match::Changes<'_>) -> BTreeSet<String> {
    read(changes).into_iter().map(|found| found.name).collect()
}

#[tokio::test]
async fn every_kept_snapshot_is_an_operation() {
    let installation = Installation::new();
    let old = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    let alpine = installation.build("alpine/v3.15", &[apk("alpine:3.15", "a", "CVE-1", "1")]);
    installation.store.serve([("debian", old.clone())]);
    installation
        .store
        .serve([("debian", old.clone()), ("alpine/v3.15", alpine.clone())]);
    installation
        .store
        .serve([("debian", new.clone()), ("alpine/v3.15", alpine)]);
    let service = service(&installation);
    let all = service
        .operations(OperationKind::Vulnerability, false)
        .await
        .unwrap();
    let updaters: Vec<_> = all.keys().map(String::as_str).collect();
    assert_eq!(
        updaters,
        [
            "alpine-community-v3.15-updater",
            "alpine-main-v3.15-updater",
            "debian/updater"
        ]
    );
    let debian = &all["debian/updater"];
    let fingerprints: Vec<_> = debian
        .iter()
        .map(|found| found.fingerprint.as_str())
        .collect();
    assert_eq!(fingerprints, [new.snapshot.as_str(), old.snapshot.as_str()]);
    let latest = service
        .operations(OperationKind::Vulnerability, true)
        .await
        .unwrap();
    assert_eq!(latest["debian/updater"], debian[..1]);
    let json = serde_json::to_value(&debian[0]).unwrap();
    assert_eq!(json["ref"], debian[0].reference.to_string());
    assert_eq!(json["kind"], "vulnerability");
    let enrichments = service.operations(OperationKind::Enrichment, false).await;
    assert!(enrichments.unwrap().is_empty());
}

#[tokio::test]
async fn a_generation_that_was_called_back_is_no_operation() {
    let installation = Installation::new();
    let old = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    installation.store.serve([("debian", old.clone())]);
    installation.store.serve([("debian", new.clone())]);
    let service = service(&installation);
    let latest = async || {
        let latest = service.latest_operation(OperationKind::Vulnerability).await;
        latest.unwrap().unwrap().fingerprint
    };
    assert_eq!(latest().await, new.snapshot.as_str());
    installation.store.serve_again(1);
    assert_eq!(latest().await, old.snapshot.as_str());
    assert_eq!(operations(&service, "debian/updater").await.len(), 1);
}

#[tokio::test]
async fn an_operation_is_forgotten_but_not_the_one_that_is_served() {
    let installation = Installation::new();
    let old = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-1", "1")]);
    let new = installation.build("debian", &[dpkg("debian:bookworm", "a", "CVE-2", "1")]);
    installation.store.serve([("debian", old)]);
    installation.store.serve([("debian", new)]);
    let service = service(&installation);
    let [newest, oldest] = operations(&service, "debian/updater")
        .await
        .try_into()
        .unwrap();
    assert!(!service.delete_operation(Uuid::nil()).await.unwrap());
    assert!(service.delete_operation(oldest.reference).await.unwrap());
    assert!(!service.delete_operation(oldest.reference).await.unwrap());
    assert!(!service.delete_operation(newest.reference).await.unwrap());
    assert_eq!(operations(&service, "debian/updater").await, [newest]);
}

#[tokio::test]
async fn a_diff_names_what_came_and_what_went() {
    let installation = Installation::new();
    let advisory = |id: &str, fixed: &str| dpkg("debian:bookworm", "zlib", id, fixed);
    let mut described = advisory("CVE-4", "1");
    let old = installation.build(
        "debian",
        &[
            advisory("CVE-1", "1"),
            advisory("CVE-2", "1"),
            described.clone(),
        ],
    );
    described.details.description = "Now it has a description.".into();
    let unaffected = with_status(advisory("CVE-5", "1"), Status::NotAffected);
    let new = installation.build(
        "debian",
        &[
            advisory("CVE-2", "1"),
            advisory("CVE-3", "1"),
            described,
            unaffected,
        ],
    );
    installation.move_to_blobs(&old);
    installation.store.serve([("debian", old)]);
    installation.store.serve([("debian", new)]);
    let service = service(&installation);
    let [cur, prev] = operations(&service, "debian/updater")
        .await
        .try_into()
        .unwrap();
    let diff = service
        .diff(cur.reference, Some(prev.reference))
        .await
        .unwrap();
    assert_eq!((diff.cur(), diff.prev()), (&cur, Some(&prev)));
    assert_eq!(
        names(diff.added()),
        ["CVE-3", "CVE-4"].map(String::from).into()
    );
    assert_eq!(
        names(diff.removed()),
        ["CVE-1", "CVE-4"].map(String::from).into()
    );

    let whole = service.diff(cur.reference, None).await.unwrap();
    let expected = ["CVE-2", "CVE-3", "CVE-4"].map(String::from).into();
    assert_eq!(names(whole.added()), expected);
    assert_eq!(whole.removed().count(), 0);
    let same = service
        .diff(cur.reference, Some(cur.reference))
        .await
        .unwrap();
    assert_eq!(same.added().count() + same.removed().count(), 0);

    let unknown = service.diff(Uuid::nil(), None).await;
    assert!(matches!(unknown, Err(MatchFault::UnknownOperation { .. })));
}

#[tokio::test]
async fn the_repositories_of_alpine_are_compared_apart() {
    let installation = Installation::new();
    let main = apk("alpine:3.15", "zlib", "CVE-1", "1");
    let mut community = apk("alpine:3.15", "zlib", "CVE-2", "1");
    community.package.repository = "community".into();
    let snapshot = installation.build("alpine/v3.15", &[main, community]);
    installation.store.serve([("alpine/v3.15", snapshot)]);
    let service = service(&installation);
    for (repository, name) in [("main", "CVE-1"), ("community", "CVE-2")] {
        let updater = format!("alpine-{repository}-v3.15-updater");
        let operation = operations(&service, &updater).await.remove(0);
        let diff = service.diff(operation.reference, None).await.unwrap();
        let added = read(diff.added());
        assert_eq!(added.len(), 1);
        assert_eq!(
            (added[0].name.as_str(), added[0].updater.as_str()),
            (name, &*updater)
        );
        assert_eq!(added[0].distribution.version, "3.15");
    }
}

fn advisories() -> impl Strategy<Value = Vec<Advisory>> {
    let advisory = (
        prop::sample::select(vec!["debian:bookworm", "debian:sid", "debian:trixie"]),
        prop::sample::select(vec!["a", "b", "zlib"]),
        0..5_u8,
        prop::collection::vec(0..3_u8, 1..3),
        0..2_u8,
        prop::sample::select(vec![
            Status::Affected,
            Status::WillNotFix,
            Status::NotAffected,
        ]),
    );
    let advisory = advisory.prop_map(|(namespace, package, id, fixed, text, status)| {
        let mut advisory = dpkg(namespace, package, &format!("CVE-{id}"), "0");
        advisory.versions.ranges = fixed
            .into_iter()
            .map(|version| Range::below(version.to_string()))
            .collect();
        advisory.status = status;
        advisory.details.description = format!("Text {text}.");
        advisory
    });
    prop::collection::vec(advisory, 0..40)
}

/// The vulnerabilities of advisories by what the wire shape shows of them.
type Shown = BTreeSet<(String, String, String, String, String)>;

fn expected(advisories: &[Advisory]) -> Shown {
    let mut all = Shown::new();
    for advisory in advisories {
        for range in &advisory.versions.ranges {
            let fixed = match (advisory.status, &range.end) {
                (Status::NotAffected, _) => continue,
                (Status::Affected, Some(limpid_version::RangeEnd::Fixed(fixed))) => fixed.clone(),
                _ => String::new(),
            };
            let release = advisory.namespace.trim_start_matches("debian:").to_owned();
            let (package, id) = (advisory.package.name.clone(), advisory.id.clone());
            let text = advisory.details.description.clone();
            all.insert((release, package, id, fixed, text));
        }
    }
    all
}

fn shown(changes: limpid_match::Changes<'_>) -> Shown {
    let all = read(changes);
    let count = all.len();
    let shown: Shown = all
        .into_iter()
        .map(|found| {
            let release = found.distribution.version_code_name;
            let (package, fixed) = (found.package.name, found.fixed_in_version);
            (release, package, found.name, fixed, found.description)
        })
        .collect();
    assert_eq!(shown.len(), count, "nothing comes twice");
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_diff_is_the_difference_of_sets(old in advisories(), new in advisories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let installation = Installation::new();
            let first = installation.build("debian", &old);
            let second = installation.build("debian", &new);
            let is_same = first.snapshot == second.snapshot;
            installation.store.serve([("debian", first)]);
            installation.store.serve([("debian", second)]);
            let service = service(&installation);
            let all = operations(&service, "debian/updater").await;
            prop_assert_eq!(all.len(), if is_same { 1 } else { 2 });
            let (cur, prev) = (all[0].reference, all[all.len() - 1].reference);
            let diff = service.diff(cur, Some(prev)).await.unwrap();
            let (old, new) = (expected(&old), expected(&new));
            prop_assert_eq!(shown(diff.added()), &new - &old);
            prop_assert_eq!(shown(diff.removed()), &old - &new);
            Ok(())
        })?;
    }
}
