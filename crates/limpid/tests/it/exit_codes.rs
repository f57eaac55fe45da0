//! What the exit code says.

use limpid_testkit::feed::AlpineSecdb;
use limpid_testkit::image::{ImageBuilder, Packing};
use limpid_testkit::layer::LayerBuilder;

use crate::workplace::{Workplace, alpine};

/// A workplace with data for Alpine edge, which has no end of life, and an image of it.
fn edge(musl: &str) -> (Workplace, String) {
    let workplace = Workplace::new();
    let main = AlpineSecdb::new("edge", "main").fix("musl", "1.2.5-r9", &["CVE-2025-26519"]);
    let community = AlpineSecdb::new("edge", "community");
    for (name, feed) in [("main", main), ("community", community)] {
        let path = format!("mirror/secdb.alpinelinux.org/edge/{name}.json");
        workplace.write(&path, feed.to_json());
    }
    let update = workplace.update();
    assert_eq!(update.code, 0, "{update:?}");
    let os_release =
        "ID=alpine\nVERSION_ID=3.23_alpha20260101\nPRETTY_NAME=\"Alpine Linux edge\"\n";
    let layer = LayerBuilder::new().file("etc/os-release", os_release).file(
        "lib/apk/db/installed",
        format!("P:musl\nV:{musl}\no:musl\n"),
    );
    let image = ImageBuilder::new().layer(layer.build(), Packing::Gzip);
    let image = workplace.write("edge.tar", image.docker_archive());
    (workplace, image)
}

#[test]
fn an_image_that_was_checked_and_is_clean_is_zero() {
    let (workplace, image) = edge("1.2.5-r9");
    for extra in [&[][..], &["--fail-on", "low"], &["--exit-code", "5"]] {
        let run = workplace.run(&[&["scan", &image], extra].concat());
        assert_eq!(run.code, 0, "{extra:?}: {run:?}");
        assert!(!run.stdout.contains("NOT CHECKED"), "{run:?}");
    }
}

#[test]
fn findings_alone_are_zero_and_unrated_ones_leave_a_threshold_open() {
    let (workplace, image) = edge("1.2.5-r8");
    assert_eq!(workplace.run(&["scan", &image]).code, 0);
    // Alpine rates nothing, so nobody knows whether the finding is high.
    assert_eq!(
        workplace.run(&["scan", &image, "--fail-on", "high"]).code,
        3
    );
    assert_eq!(
        workplace
            .run(&["scan", &image, "--fail-on", "unknown"])
            .code,
        1
    );
}

#[test]
fn a_clean_image_of_a_release_at_its_end_is_three() {
    let (workplace, _) = Workplace::ready();
    let clean = alpine("P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n").docker_archive();
    let clean = workplace.write("clean.tar", clean);
    let run = workplace.run(&["scan", &clean, "--format", "json"]);
    // Alpine 3.18 gets no advisories any more, so even a clean image is not fully checked.
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("\"end-of-life\""), "{run:?}");
}

#[test]
fn an_image_that_could_not_be_checked_is_three() {
    let workplace = Workplace::new();
    let image = workplace.write("image.tar", crate::workplace::image().docker_archive());
    let run = workplace.run(&["scan", &image]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("NOT CHECKED"), "{run:?}");
}

#[test]
fn fail_on_is_one_from_that_severity_upwards() {
    let (workplace, image) = Workplace::ready();
    // Alpine gives no severities: everything is unknown.
    assert_eq!(
        workplace
            .run(&["scan", &image, "--fail-on", "unknown"])
            .code,
        1
    );
    assert_eq!(workplace.run(&["scan", &image, "--fail-on", "low"]).code, 3);
}

#[test]
fn the_exit_code_can_be_chosen_and_then_counts_for_any_finding() {
    let (workplace, image) = Workplace::ready();
    assert_eq!(
        workplace.run(&["scan", &image, "--exit-code", "42"]).code,
        42
    );
    let run = workplace.run(&["scan", &image, "--exit-code", "42", "--fail-on", "high"]);
    assert_eq!(run.code, 3, "{run:?}");
}

#[test]
fn findings_that_are_filtered_out_do_not_fail_the_scan() {
    let (workplace, image) = Workplace::ready();
    let run = workplace.run(&["scan", &image, "--severity", "low", "--exit-code", "42"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("hidden"), "{run:?}");
}

#[test]
fn an_index_with_an_unreadable_database_is_three() {
    let workplace = Workplace::new();
    let image = alpine("P:musl\n\nP:zlib\nV:1.2.13-r1\n").docker_archive();
    let image = workplace.write("image.tar", image);
    let run = workplace.run(&["index", &image]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(
        run.stdout.contains("package without a version (V): musl"),
        "{run:?}"
    );
}
