use limpid_types::{PackageDatabase, Problem, ProblemKind, ReleaseFile, Whiteout};

use super::*;

const STATUS: &str = "var/lib/dpkg/status";

pub(super) fn layer(number: u8, evidence: LayerEvidence) -> LayerFacts {
    LayerFacts {
        owned_files: [].into(),
        digest: Digest::sha256(&[number]),
        evidence: Arc::new(evidence),
    }
}

pub(super) fn digest(number: u8) -> String {
    Digest::sha256(&[number]).to_string()
}

pub(super) fn database(
    path: &str,
    kind: DatabaseKind,
    packages: &[(&str, &str)],
) -> PackageDatabase {
    PackageDatabase {
        path: path.to_owned(),
        kind,
        readable: true,
        packages: packages
            .iter()
            .map(|(name, version)| PackageRecord {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                source: (*name).to_owned(),
                source_version: (*version).to_owned(),
                ..PackageRecord::default()
            })
            .collect(),
    }
}

fn dpkg(packages: &[(&str, &str)]) -> LayerEvidence {
    LayerEvidence {
        databases: vec![database(STATUS, DatabaseKind::Dpkg, packages)],
        ..LayerEvidence::default()
    }
}

fn whiteout(whiteout: Whiteout) -> LayerEvidence {
    LayerEvidence {
        whiteouts: vec![whiteout],
        ..LayerEvidence::default()
    }
}

pub(super) fn os_release(id: &str, version: &str) -> ReleaseFile {
    ReleaseFile {
        path: "etc/os-release".to_owned(),
        text: format!("ID={id}\nVERSION_ID={version}\n"),
    }
}

/// Stacks the evidence and returns `name version @layer-number` of every package.
fn packages(evidence: Vec<LayerEvidence>) -> Vec<String> {
    let facts: Vec<_> = (0..).zip(evidence).map(|(n, e)| layer(n, e)).collect();
    let report = coalesce(&Digest::sha256(b"manifest"), &facts);
    let mut found: Vec<_> = report
        .packages
        .values()
        .flat_map(|package| {
            report.environments[&package.id].iter().map(|environment| {
                let layer = facts
                    .iter()
                    .position(|layer| layer.digest.as_str() == environment.introduced_in)
                    .unwrap();
                format!("{} {} @{layer}", package.name, package.version)
            })
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_newest_database_wins() {
    let found = packages(vec![dpkg(&[("a", "1"), ("b", "1")]), dpkg(&[("a", "2")])]);
    assert_eq!(found, ["a 2 @1"]);
}

#[test]
fn a_package_keeps_the_layer_that_introduced_it_when_the_database_is_rewritten() {
    let found = packages(vec![
        dpkg(&[("a", "1")]),
        dpkg(&[("a", "1"), ("b", "1")]),
        dpkg(&[("a", "1"), ("b", "1"), ("c", "1")]),
    ]);
    assert_eq!(found, ["a 1 @0", "b 1 @1", "c 1 @2"]);
}

#[test]
fn a_package_that_was_removed_and_added_again_starts_anew() {
    let found = packages(vec![dpkg(&[("a", "1")]), dpkg(&[]), dpkg(&[("a", "1")])]);
    assert_eq!(found, ["a 1 @2"]);
}

#[test]
fn a_deleted_database_takes_its_packages_with_it() {
    for gone in [
        Whiteout::Path(STATUS.into()),
        Whiteout::Path("var".into()),
        Whiteout::Opaque("var/lib".into()),
        Whiteout::Opaque(String::new()),
    ] {
        let found = packages(vec![dpkg(&[("a", "1")]), whiteout(gone.clone())]);
        assert!(found.is_empty(), "{gone:?}: {found:?}");
    }
}

#[test]
fn a_whiteout_beside_the_database_does_not_touch_it() {
    let found = packages(vec![
        dpkg(&[("a", "1")]),
        whiteout(Whiteout::Path("var/lib/dpk".into())),
    ]);
    assert_eq!(found, ["a 1 @0"]);
}

#[test]
fn a_whiteout_does_not_hide_what_its_own_layer_brings() {
    let mut top = dpkg(&[("b", "1")]);
    top.whiteouts.push(Whiteout::Opaque("var/lib/dpkg".into()));
    assert_eq!(packages(vec![dpkg(&[("a", "1")]), top]), ["b 1 @1"]);
}

#[test]
fn a_database_that_was_deleted_and_made_again_has_no_history() {
    let found = packages(vec![
        dpkg(&[("a", "1")]),
        whiteout(Whiteout::Path(STATUS.into())),
        dpkg(&[("a", "1")]),
    ]);
    assert_eq!(found, ["a 1 @2"]);
}

#[test]
fn a_link_in_place_of_the_database_directory_takes_it_away() {
    let top = LayerEvidence {
        obstructions: vec!["var/lib/dpkg".into()],
        ..LayerEvidence::default()
    };
    assert!(packages(vec![dpkg(&[("a", "1")]), top]).is_empty());
}

#[test]
fn a_link_in_place_of_a_release_file_takes_it_away() {
    // Alpine moved os-release to usr/lib and left a link; an upgrade in a layer does the same.
    let mut old = LayerEvidence::default();
    old.databases.push(database(
        "lib/apk/db/installed",
        DatabaseKind::Apk,
        &[("musl", "1")],
    ));
    old.release_files.push(os_release("alpine", "3.15.0"));
    let new = LayerEvidence {
        release_files: vec![ReleaseFile {
            path: "usr/lib/os-release".to_owned(),
            ..os_release("alpine", "3.18.0")
        }],
        obstructions: vec!["etc/os-release".into()],
        ..LayerEvidence::default()
    };
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, old), layer(1, new)]);
    let environment = &report.environments.values().next().unwrap()[0];
    let distribution = &report.distributions[&environment.distribution_id];
    assert_eq!(distribution.version, "3.18");
}

#[test]
fn many_whiteouts_over_many_databases_do_not_take_their_product() {
    let status = |number: u32| format!("var/lib/dpkg/status.d/{number}");
    let base = LayerEvidence {
        databases: (0..100_000)
            .map(|number| database(&status(number), DatabaseKind::DpkgDistroless, &[("a", "1")]))
            .collect(),
        ..LayerEvidence::default()
    };
    let top = LayerEvidence {
        whiteouts: (1..200_000)
            .map(|number| Whiteout::Path(status(number)))
            .collect(),
        ..LayerEvidence::default()
    };
    assert_eq!(packages(vec![base, top]), ["a 1 @0"]);
}

#[test]
fn a_removed_distroless_package_goes_alone() {
    let file = |name: &str| {
        database(
            &format!("var/lib/dpkg/status.d/{name}"),
            DatabaseKind::DpkgDistroless,
            &[(name, "1")],
        )
    };
    let base = LayerEvidence {
        databases: vec![file("tzdata"), file("netbase")],
        ..LayerEvidence::default()
    };
    let top = whiteout(Whiteout::Path("var/lib/dpkg/status.d/tzdata".into()));
    assert_eq!(packages(vec![base, top]), ["netbase 1 @0"]);
}

#[test]
fn several_databases_count_side_by_side() {
    let mut evidence = dpkg(&[("a", "1")]);
    evidence.databases.push(database(
        "var/lib/rpm/rpmdb.sqlite",
        DatabaseKind::RpmSqlite,
        &[("a", "1"), ("r", "1")],
    ));
    assert_eq!(packages(vec![evidence]), ["a 1 @0", "a 1 @0", "r 1 @0"]);
}

#[test]
fn an_rpm_database_that_moved_to_another_format_counts_once() {
    let old = LayerEvidence {
        databases: vec![database(
            "var/lib/rpm/Packages",
            DatabaseKind::RpmBdb,
            &[("a", "1")],
        )],
        ..LayerEvidence::default()
    };
    let new = LayerEvidence {
        databases: vec![database(
            "var/lib/rpm/rpmdb.sqlite",
            DatabaseKind::RpmSqlite,
            &[("a", "1")],
        )],
        whiteouts: vec![Whiteout::Path("var/lib/rpm/Packages".into())],
        ..LayerEvidence::default()
    };
    assert_eq!(packages(vec![old, new]), ["a 1 @1"]);
}

#[test]
fn a_database_belongs_to_the_distribution_of_its_own_package_format() {
    let mut debian = dpkg(&[("a", "1")]);
    debian.release_files.push(os_release("debian", "12"));
    let alpine = LayerEvidence {
        databases: vec![database(
            "lib/apk/db/installed",
            DatabaseKind::Apk,
            &[("musl", "1")],
        )],
        release_files: vec![os_release("alpine", "3.18.0")],
        ..LayerEvidence::default()
    };
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, debian), layer(1, alpine)]);
    let did = |name: &str| {
        let package = report
            .packages
            .values()
            .find(|package| package.name == name)
            .unwrap();
        let environment = &report.environments[&package.id][0];
        report.distributions[&environment.distribution_id]
            .did
            .as_str()
    };
    assert_eq!(did("a"), "debian");
    assert_eq!(did("musl"), "alpine");
}

#[test]
fn the_distribution_is_that_of_the_finished_image_after_an_upgrade() {
    let mut old = dpkg(&[("a", "1")]);
    old.release_files.push(os_release("debian", "11"));
    let new = LayerEvidence {
        release_files: vec![os_release("debian", "12")],
        ..LayerEvidence::default()
    };
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, old), layer(1, new)]);
    let environment = &report.environments.values().next().unwrap()[0];
    assert_eq!(
        report.distributions[&environment.distribution_id].version_id,
        "12"
    );
}

#[test]
fn packages_without_any_distribution_have_none() {
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, dpkg(&[("a", "1")]))]);
    assert_eq!(
        report.environments.values().next().unwrap()[0].distribution_id,
        ""
    );
}

#[test]
fn problems_of_a_replaced_database_are_forgotten_and_those_of_the_present_one_kept() {
    let problem = |detail: &str| Problem::new(ProblemKind::BadRecord, STATUS, detail);
    let mut old = dpkg(&[]);
    old.problems.push(problem("old"));
    let mut new = dpkg(&[]);
    new.problems.push(problem("new"));
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, old), layer(1, new)]);
    assert_eq!(report.limpid.problems.len(), 1);
    assert_eq!(report.limpid.problems[0].layer, digest(1));
    assert_eq!(report.limpid.problems[0].problem.detail, "new");
}

#[test]
fn damage_of_an_archive_outlives_the_file_that_it_was_seen_at() {
    let damaged = LayerEvidence {
        problems: vec![Problem::new(ProblemKind::DamagedArchive, STATUS, "ends")],
        ..LayerEvidence::default()
    };
    let report = coalesce(
        &Digest::sha256(b"m"),
        &[layer(0, damaged), layer(1, dpkg(&[("a", "1")]))],
    );
    assert_eq!(report.limpid.problems.len(), 1);
}

#[test]
fn a_database_that_could_not_be_read_is_a_problem_even_if_nobody_said_so() {
    let mut broken = dpkg(&[]);
    broken.databases[0].readable = false;
    let report = coalesce(&Digest::sha256(b"m"), &[layer(0, broken)]);
    let kinds: Vec<_> = report
        .limpid
        .problems
        .iter()
        .map(|problem| problem.problem.kind)
        .collect();
    assert_eq!(kinds, [ProblemKind::UnreadableDatabase]);
}

#[test]
fn a_layer_that_is_listed_twice_has_its_problems_once() {
    let mut evidence = dpkg(&[("a", "1")]);
    let problem = Problem::new(ProblemKind::BadRecord, STATUS, "b");
    evidence.problems.push(problem);
    let facts = [
        layer(0, evidence.clone()),
        layer(1, LayerEvidence::default()),
        layer(0, evidence),
    ];
    let report = coalesce(&Digest::sha256(b"m"), &facts);
    assert_eq!(report.limpid.problems.len(), 1);
    let environment = &report.environments.values().next().unwrap()[0];
    assert_eq!(environment.introduced_in, digest(0));
}

#[test]
fn an_unreadable_state_in_between_does_not_break_the_history() {
    let mut broken = dpkg(&[]);
    broken.databases[0].readable = false;
    assert_eq!(
        packages(vec![dpkg(&[("a", "1")]), broken, dpkg(&[("a", "1")])]),
        ["a 1 @0"]
    );
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let facts = [layer(0, dpkg(&[("a", "1"), ("b", "2")]))];
    let json = || serde_json::to_string(&coalesce(&Digest::sha256(b"m"), &facts)).unwrap();
    assert_eq!(json(), json());
}
