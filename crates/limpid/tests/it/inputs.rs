//! Wrong input gets one line that names it, exit code 2, and leaves nothing behind.

use limpid_testkit::image::{ImageBuilder, Packing};

use crate::workplace::{Workplace, image, text};

/// Runs a scan that must fail and returns its message.
fn refusal(workplace: &Workplace, arguments: &[&str]) -> String {
    let before = workplace.contents();
    let run = workplace.run(arguments);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(run.stderr.starts_with("error: "), "{run:?}");
    assert_eq!(run.stdout, "");
    assert_eq!(workplace.contents(), before);
    run.stderr
}

#[test]
fn a_missing_image_is_named_and_no_data_folder_is_made() {
    let workplace = Workplace::new();
    let message = refusal(&workplace, &["scan", "no/such/image.tar"]);
    assert!(message.contains("no/such/image.tar"), "{message}");
    assert!(!workplace.data().try_exists().unwrap());
}

#[test]
fn a_file_that_is_no_image_is_named() {
    let workplace = Workplace::new();
    let file = workplace.write("image.tar", "this is not an archive");
    let message = refusal(&workplace, &["scan", &file]);
    assert!(message.contains("image.tar"), "{message}");
}

#[test]
fn an_address_in_a_registry_is_explained() {
    let workplace = Workplace::new();
    let message = refusal(&workplace, &["scan", "docker://example.org/app:1"]);
    assert!(message.contains("docker"), "{message}");
}

#[test]
fn a_truncated_archive_is_named_with_the_place() {
    let workplace = Workplace::new();
    let mut bytes = image().docker_archive();
    bytes.truncate(bytes.len() / 2);
    let file = workplace.write("image.tar", &bytes);
    let message = refusal(&workplace, &["scan", &file]);
    assert!(message.contains("image.tar"), "{message}");
}

#[test]
fn a_layer_with_the_wrong_digest_is_named() {
    let workplace = Workplace::new();
    // The store is there before, so that nothing new may appear in the data folder.
    assert_eq!(workplace.run(&["feeds"]).code, 0);
    let good = ImageBuilder::new().layer(b"first".to_vec(), Packing::Plain);
    let digest = good.layer_digests()[0].hex().to_owned();
    let mut bytes = good.docker_archive();
    let place = bytes
        .windows(5)
        .position(|window| window == b"first")
        .unwrap();
    bytes[place] = b'F';
    let file = workplace.write("image.tar", &bytes);
    let message = refusal(&workplace, &["index", &file]);
    assert!(message.contains(&digest), "{message}");
}

#[test]
fn an_index_report_that_is_none_is_named() {
    let workplace = Workplace::new();
    let file = workplace.write("index.json", "{\"packages\": 7}");
    let message = refusal(&workplace, &["match", &file]);
    assert!(
        message.contains("index.json is not an index report"),
        "{message}"
    );
}

#[test]
fn an_unknown_severity_is_explained_with_the_known_ones() {
    let workplace = Workplace::new();
    let run = workplace.run(&["scan", "x", "--fail-on", "gh"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("critical"), "{run:?}");
}

#[test]
fn a_platform_that_the_image_does_not_have_is_refused_with_those_it_has() {
    let workplace = Workplace::new();
    let file = workplace.write("image.tar", image().docker_archive());
    let message = refusal(&workplace, &["scan", "--platform", "linux/s390x", &file]);
    assert!(message.contains("linux/amd64"), "{message}");
}

#[test]
fn a_memory_budget_that_is_too_small_is_refused() {
    let workplace = Workplace::new();
    let message = refusal(&workplace, &["scan", "x", "--memory-budget", "1MiB"]);
    assert!(message.contains("memory budget"), "{message}");
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let workplace = Workplace::new();
    let run = workplace.run(&["scan", "no\u{1b}[31m/such"]);
    assert_eq!(run.code, 2);
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}

#[test]
fn every_way_to_name_an_image_gives_the_same_packages() {
    let workplace = Workplace::new();
    let archive = workplace.write("image.tar", image().docker_archive());
    let layer = limpid_testkit::image::pack(
        &limpid_testkit::layer::LayerBuilder::new()
            .file("lib/apk/db/installed", "P:musl\nV:1.2.4-r2\n")
            .build(),
        Packing::Zstd,
    );
    let layer = workplace.write("layer.tar.zst", layer);
    workplace.write("root/lib/apk/db/installed", "P:musl\nV:1.2.4-r2\n");
    let root = workplace.path("root");
    let references = [
        archive.clone(),
        format!("docker-archive:{archive}"),
        format!("oci-archive:{archive}"),
        layer.clone(),
        format!("layer:{layer}"),
        text(&root).to_owned(),
        format!("dir:{}", text(&root)),
    ];
    for reference in references {
        let run = workplace.run(&["index", &reference]);
        assert_eq!(run.code, 0, "{reference}: {run:?}");
        assert!(
            run.stdout.contains("\"name\":\"musl\""),
            "{reference}: {run:?}"
        );
    }
}
