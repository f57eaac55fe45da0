//! What the exit code says.

use crate::workplace::{Workplace, alpine};

#[test]
fn a_clean_and_checked_image_is_zero() {
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
