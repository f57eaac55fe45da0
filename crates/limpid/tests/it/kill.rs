//! kill -9 at any moment: the store opens, the last activated generation serves, and nothing
//! half-written is seen.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use limpid_testkit::feed::AlpineSecdb;
use serde_json::Value;

use crate::workplace::Workplace;

/// How often each command is killed.
const KILLS: u32 = 100;

/// Records of the feed: enough that an update has something to write.
const RECORDS: usize = 3000;

/// A feed whose number of findings tells which edition it is.
fn edition(number: u32) -> AlpineSecdb {
    let mut feed = AlpineSecdb::new("v3.18", "main");
    for id in 0..=number {
        feed = feed.fix(
            "musl",
            &format!("1.2.5-r{id}"),
            &[&format!("CVE-2031-{}", 10_000 + id)],
        );
    }
    for package in 0..RECORDS {
        let id = format!("CVE-2020-{}", 10_000 + package);
        feed = feed.fix(&format!("package-{package}"), "1.0-r0", &[&id]);
    }
    feed
}

fn spawn(workplace: &Workplace, arguments: &[&str]) -> Child {
    workplace
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A run that is not killed: how long it takes is how late a kill may come.
fn duration_of(workplace: &Workplace, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    spawn(workplace, arguments).wait().unwrap();
    started.elapsed()
}

/// Kills a command after a part of its usual time; each call another part, spread evenly.
fn kill_at(workplace: &Workplace, arguments: &[&str], usual: Duration, turn: u32) {
    // 61 and 100 have no common factor, so a hundred turns hit a hundred different moments.
    let part = f64::from(turn * 61 % KILLS) / f64::from(KILLS);
    let mut child = spawn(workplace, arguments);
    // The moment is what this test is about; nothing is waited for.
    sleep(usual.mul_f64(part * 1.1));
    let _ = child.kill();
    child.wait().unwrap();
}

fn report(workplace: &Workplace, image: &str) -> Value {
    let run = workplace.run(&["scan", image, "--format", "json"]);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

#[test]
fn a_killed_update_leaves_the_old_generation_or_the_new_one() {
    let workplace = Workplace::new();
    let image = workplace.write("image.tar", crate::workplace::image().docker_archive());
    let mirror = workplace.path("mirror");
    let mirror = mirror.to_str().unwrap().to_owned();
    let update = ["update", "--only", "alpine*", "--mirror", &mirror];
    workplace.mirror(&edition(0));
    let usual = duration_of(&workplace, &update);
    let mut findings = report(&workplace, &image)["findings"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(findings, 1);
    let mut survivors = 0;
    for turn in 0..KILLS {
        // The next edition is one finding ahead of what serves.
        workplace.mirror(&edition(u32::try_from(findings).unwrap()));
        kill_at(&workplace, &update, usual, turn);
        let now = report(&workplace, &image)["findings"]
            .as_array()
            .unwrap()
            .len();
        assert!(
            now == findings || now == findings + 1,
            "turn {turn}: {findings} then {now}"
        );
        survivors += usize::from(now > findings);
        findings = now;
    }
    assert!(survivors < KILLS as usize, "no kill came in time");
    // Afterwards an update goes through and takes away what the killed ones left.
    workplace.mirror(&edition(u32::try_from(findings).unwrap()));
    let run = workplace.run(&update);
    assert_eq!(run.code, 0, "{run:?}");
    let partial = workplace
        .contents()
        .into_iter()
        .filter(|(path, _)| {
            path.extension()
                .is_some_and(|extension| extension == "partial")
        })
        .count();
    assert_eq!(partial, 0);
}

#[test]
fn a_killed_scan_leaves_a_store_that_gives_the_right_report() {
    let (workplace, image) = Workplace::ready();
    let expected = report(&workplace, &image);
    for turn in 0..KILLS {
        // Every turn another image, so that there is something to read and to keep.
        let layer = limpid_testkit::layer::LayerBuilder::new()
            .file("turn", turn.to_le_bytes())
            .build();
        let fresh = crate::workplace::image()
            .layer(layer, limpid_testkit::image::Packing::Gzip)
            .docker_archive();
        let fresh = workplace.write("fresh.tar", fresh);
        let usual = duration_of(&workplace, &["scan", &image]).max(Duration::from_millis(5));
        kill_at(&workplace, &["scan", &fresh], usual, turn);
        assert_eq!(report(&workplace, &image), expected, "turn {turn}");
        let after = report(&workplace, &fresh);
        assert_eq!(
            after["findings"].as_array().unwrap().len(),
            2,
            "turn {turn}"
        );
    }
}
