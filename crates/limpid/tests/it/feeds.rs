//! Updating, what it says, and going back.

use limpid_testkit::feed::AlpineSecdb;
use serde_json::Value;

use crate::workplace::{Run, Workplace, secdb};

fn feeds(workplace: &Workplace) -> Vec<Value> {
    let run = workplace.run(&["feeds", "--json"]);
    serde_json::from_str(&run.stdout).unwrap()
}

fn findings(workplace: &Workplace, image: &str) -> usize {
    let run = workplace.run(&["scan", image, "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["findings"].as_array().unwrap().len()
}

fn many(count: usize) -> AlpineSecdb {
    (0..count).fold(secdb(), |feed, number| {
        feed.fix(
            &format!("package-{number}"),
            "1.0-r0",
            &[&format!("CVE-2020-{}", 1000 + number)],
        )
    })
}

#[test]
fn every_feed_is_listed_with_its_snapshot_and_records() {
    let (workplace, _) = Workplace::ready();
    let rows = feeds(&workplace);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["feed"], "alpine/v3.18");
    assert_eq!(rows[0]["records"], 3);
    assert_eq!(rows[0]["quarantined"], 0);
    assert!(rows[0]["snapshot"].as_str().unwrap().starts_with("sha256:"));
    let table = workplace.run(&["feeds"]);
    assert!(table.stdout.contains("alpine/v3.18"), "{table:?}");
}

#[test]
fn an_unchanged_feed_makes_no_new_generation() {
    let (workplace, _) = Workplace::ready();
    let run = workplace.update();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout
            .contains("0 activated, 1 unchanged; new records: 0; generation 1 is active"),
        "{run:?}"
    );
}

#[test]
fn a_roll_back_brings_the_old_findings_back() {
    let (workplace, image) = Workplace::ready();
    assert_eq!(findings(&workplace, &image), 2);
    workplace.mirror(&secdb().fix("musl", "1.2.4-r4", &["CVE-2030-1"]));
    assert_eq!(workplace.update().code, 0);
    assert_eq!(findings(&workplace, &image), 3);
    let run = workplace.run(&["feeds", "rollback"]);
    assert!(
        run.stdout.contains("generation 1 is active, it was 2"),
        "{run:?}"
    );
    assert_eq!(findings(&workplace, &image), 2);
    assert_eq!(
        workplace.run(&["feeds", "rollback"]).code,
        2,
        "there is nothing before"
    );
    assert_eq!(workplace.run(&["feeds", "rollback", "--to", "2"]).code, 0);
    assert_eq!(findings(&workplace, &image), 3);
    let run = workplace.run(&["feeds", "rollback", "--to", "99"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("99"), "{run:?}");
}

#[test]
fn generations_are_listed_as_json_too() {
    let (workplace, _) = Workplace::ready();
    workplace.mirror(&secdb().fix("musl", "1.2.4-r4", &["CVE-2030-1"]));
    workplace.update();
    let run = workplace.run(&["feeds", "--json", "generations"]);
    let rows: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(rows.len(), 2, "{run:?}");
    assert_eq!(rows[0]["generation"], 2);
    assert_eq!(rows[0]["is_served"], true);
    assert_eq!(rows[1]["is_served"], false);
    assert_eq!(rows[1]["feeds"]["alpine/v3.18"]["records"], 3);
}

#[test]
fn a_family_that_failed_is_listed_until_it_is_found_again() {
    let workplace = Workplace::new();
    let mirror = workplace.path("mirror");
    std::fs::create_dir_all(mirror.join("secdb.alpinelinux.org")).unwrap();
    assert_eq!(workplace.update().code, 2);
    let rows = feeds(&workplace);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["feed"], "alpine");
    workplace.mirror(&secdb());
    assert_eq!(workplace.update().code, 0);
    let rows = feeds(&workplace);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["feed"], "alpine/v3.18");
}

#[test]
fn a_feed_without_records_is_listed_as_empty_and_needs_attention() {
    let workplace = Workplace::new();
    workplace.mirror(&AlpineSecdb::new("v3.18", "main"));
    let run = workplace.update();
    assert_eq!(run.code, 0, "{run:?}");
    let row = &feeds(&workplace)[0];
    assert_eq!(row["state"], "empty");
    assert_eq!(row["needs_attention"], true);
}

#[test]
fn a_report_can_be_made_by_an_earlier_generation() {
    let (workplace, image) = Workplace::ready();
    workplace.mirror(&secdb().fix("musl", "1.2.4-r4", &["CVE-2030-1"]));
    workplace.update();
    let run = workplace.run(&["scan", &image, "--generation", "1", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["generation"], 1);
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
    let run = workplace.run(&["scan", &image, "--generation", "9"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no generation: 9"), "{run:?}");
}

#[test]
fn a_bad_record_is_quarantined_and_shown_and_the_others_serve() {
    let (workplace, image) = Workplace::ready();
    let json = String::from_utf8(many(100).to_json()).unwrap();
    let json = json.replacen("\"packages\":[", "\"packages\":[{\"pkg\":{\"name\":7}},", 1);
    workplace.write("mirror/secdb.alpinelinux.org/v3.18/main.json", json);
    let run = workplace.update();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout
            .contains("quarantine alpine/v3.18: 1 of its records do not parse"),
        "{run:?}"
    );
    assert_eq!(feeds(&workplace)[0]["quarantined"], 1);
    assert_eq!(findings(&workplace, &image), 2);
}

/// What must go wrong for one feed: exit code 2, the cause is said, the old data serves on.
fn keeps_serving(workplace: &Workplace, image: &str, run: &Run, cause: &str) {
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stdout.contains(cause), "{cause}: {run:?}");
    assert_eq!(findings(workplace, image), 2);
    assert_eq!(feeds(workplace)[0]["needs_attention"], true);
}

#[test]
fn an_error_page_in_place_of_a_feed_is_a_failure_and_the_old_data_serves() {
    let (workplace, image) = Workplace::ready();
    workplace.write(
        "mirror/secdb.alpinelinux.org/v3.18/main.json",
        "<!DOCTYPE html><html>maintenance</html>",
    );
    keeps_serving(&workplace, &image, &workplace.update(), "<!DOCTYPE");
}

#[test]
fn a_truncated_feed_is_a_failure_and_the_old_data_serves() {
    let (workplace, image) = Workplace::ready();
    let mut json = many(50).to_json();
    json.truncate(json.len() / 2);
    workplace.write("mirror/secdb.alpinelinux.org/v3.18/main.json", json);
    keeps_serving(&workplace, &image, &workplace.update(), "main.json");
}

#[test]
fn a_feed_that_lost_half_its_records_is_held_back_until_it_is_forced() {
    let workplace = Workplace::new();
    workplace.mirror(&many(100));
    assert_eq!(workplace.update().code, 0);
    let image = workplace.write("image.tar", crate::workplace::image().docker_archive());
    workplace.mirror(&secdb());
    keeps_serving(&workplace, &image, &workplace.update(), "held back");
    assert_eq!(feeds(&workplace)[0]["records"], 103);
    let mirror = workplace.path("mirror");
    let run = workplace.run(&[
        "update",
        "--force",
        "--only",
        "alpine*",
        "--mirror",
        mirror.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(feeds(&workplace)[0]["records"], 3);
}

#[test]
fn one_feed_that_fails_does_not_stop_the_others() {
    let workplace = Workplace::new();
    workplace.mirror(&secdb());
    let mirror = workplace.path("mirror");
    // The mirror has nothing of Debian.
    let run = workplace.run(&["update", "--mirror", mirror.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stdout.contains("failed     debian"), "{run:?}");
    assert!(run.stdout.contains("generation 1 is active"), "{run:?}");
}

#[test]
fn a_mirror_that_is_not_there_is_an_error_before_anything_is_touched() {
    let workplace = Workplace::new();
    let run = workplace.run(&["update", "--mirror", "no/such/folder"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no/such/folder"), "{run:?}");
    assert!(!workplace.data().try_exists().unwrap());
}

#[test]
fn a_damaged_snapshot_is_a_gap_and_the_next_update_repairs_it() {
    let (workplace, image) = Workplace::ready();
    let snapshot = workplace
        .contents()
        .into_iter()
        .find(|(path, _)| {
            path.extension()
                .is_some_and(|extension| extension == "snapshot")
        })
        .unwrap()
        .0;
    let whole = std::fs::read(&snapshot).unwrap();
    let damaged: Vec<u8> = whole.iter().map(|byte| byte ^ 0x55).collect();
    std::fs::write(&snapshot, &damaged).unwrap();
    let run = workplace.run(&["scan", &image]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("alpine/v3.18"), "{run:?}");
    assert!(run.stdout.contains("NOT CHECKED"), "{run:?}");
    assert_eq!(workplace.update().code, 0);
    assert!(
        std::fs::read(&snapshot).unwrap() == whole,
        "it is whole again"
    );
    assert_eq!(findings(&workplace, &image), 2);
}
