//! Hostile images end as a clear error or a problem, and leave nothing behind.

use std::fmt::Write as _;
use std::sync::Arc;

use limpid_testkit::image::{ImageBuilder, Packing};
use limpid_testkit::layer::LayerBuilder;

use crate::workplace::Workplace;

fn message(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn a_layer_with_other_bytes_than_its_digest_is_an_error_that_names_it() {
    let workplace = Workplace::new();
    let image =
        ImageBuilder::new().layer(LayerBuilder::new().file("a", "b").build(), Packing::Plain);
    let archive = workplace.archive(&image);
    let mut bytes = std::fs::read(&archive).unwrap();
    let content = bytes
        .windows(1)
        .enumerate()
        .filter(|(at, byte)| at % 512 == 0 && byte[0] == b'b');
    let places: Vec<_> = content.map(|(at, _)| at).collect();
    for at in places {
        // The content of the file `a`, a block that holds `b` and zeros only.
        if bytes[at + 1..at + 512].iter().all(|byte| *byte == 0) {
            bytes[at] = b'c';
        }
    }
    std::fs::write(&archive, &bytes).unwrap();
    let error = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap_err();
    let text = message(&error);
    assert!(text.contains(image.layer_digests()[0].as_str()), "{text}");
    assert!(text.contains("digest"), "{text}");
}

#[tokio::test]
async fn a_bomb_is_an_error_and_is_not_kept() {
    let mut workplace = Workplace::new();
    workplace.limits.uncompressed_bytes = 1 << 20;
    let good = LayerBuilder::new()
        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
        .build();
    let bomb = LayerBuilder::new().file("zeros", vec![0; 4 << 20]).build();
    let image = ImageBuilder::new()
        .layer(good, Packing::Gzip)
        .layer(bomb, Packing::Gzip);
    let archive = workplace.archive(&image);
    let counter = Arc::default();
    let error = workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap_err();
    assert!(
        message(&error).contains("expands to more than 1048576 bytes"),
        "{}",
        message(&error)
    );
    workplace.limits.uncompressed_bytes = 1 << 30;
    let counter = Arc::new(crate::workplace::Counter::default());
    workplace
        .index(archive.to_str().unwrap(), &counter)
        .await
        .unwrap();
    let read = counter.layers.load(std::sync::atomic::Ordering::Relaxed);
    assert!(read >= 1, "the bomb was read again");
}

#[tokio::test]
async fn a_truncated_archive_in_a_layer_is_a_problem_and_the_rest_is_there() {
    let workplace = Workplace::new();
    let mut tar = LayerBuilder::new()
        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
        .file("lib/apk/db/installed", "P:musl\nV:1\n")
        .file("last", vec![1; 10_000])
        .build_without_end();
    tar.truncate(tar.len() - 5_000);
    let archive = workplace.archive(&ImageBuilder::new().layer(tar, Packing::Gzip));
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert_eq!(report.packages.len(), 1);
    assert!(
        report
            .limpid
            .problems
            .iter()
            .any(|problem| problem.problem.loses_packages())
    );
}

#[tokio::test]
async fn a_database_larger_than_the_memory_is_spooled_and_read() {
    let mut workplace = Workplace::new();
    workplace.limits.memory_bytes = 1 << 16;
    let mut status = String::new();
    for number in 0..3000 {
        write!(
            status,
            "Package: package-{number}\nStatus: install ok installed\nVersion: 1\nDescription: {}\n\n",
            "x".repeat(100)
        )
        .unwrap();
    }
    let layer = LayerBuilder::new()
        .file("var/lib/dpkg/status", status)
        .build();
    let archive = workplace.archive(&ImageBuilder::new().layer(layer, Packing::Gzip));
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert_eq!(report.packages.len(), 3000);
    let files: Vec<_> = std::fs::read_dir(workplace.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "image.tar" && !name.starts_with("store.sqlite"))
        .collect();
    assert!(files.is_empty(), "{files:?}");
}

#[tokio::test]
async fn layers_that_together_hold_more_than_the_memory_are_an_error() {
    let mut workplace = Workplace::new();
    workplace.budget = limpid_layer::Budget::new(16 << 20);
    let mut image = ImageBuilder::new();
    for number in 0..4 {
        let mut database = String::new();
        for package in 0..16_000 {
            writeln!(database, "P:package-{number}-{package}\nV:1\n").unwrap();
        }
        let layer = LayerBuilder::new().file("lib/apk/db/installed", database);
        image = image.layer(layer.build(), Packing::Gzip);
    }
    let archive = workplace.archive(&image);
    let result = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await;
    let text = message(&result.unwrap_err());
    assert!(text.contains("more memory than the budget"), "{text}");
}

#[tokio::test]
async fn what_was_cut_short_for_want_of_memory_is_read_again() {
    let mut workplace = Workplace::new();
    workplace.budget = limpid_layer::Budget::new(8 << 20);
    let mut database = String::new();
    for package in 0..40_000 {
        writeln!(database, "P:package-{package}\nV:1\n").unwrap();
    }
    let layer = LayerBuilder::new().file("lib/apk/db/installed", database);
    let archive = workplace.archive(&ImageBuilder::new().layer(layer.build(), Packing::Gzip));
    let path = archive.to_str().unwrap();
    let short = workplace.index(path, &Arc::default()).await.unwrap();
    assert!(short.packages.len() < 40_000);
    assert!(
        !short.packages.is_empty(),
        "what there was room for is kept"
    );
    assert!(!short.limpid.problems.is_empty());
    workplace.budget = limpid_layer::Budget::new(256 << 20);
    let whole = workplace.index(path, &Arc::default()).await.unwrap();
    assert_eq!(whole.packages.len(), 40_000);
    assert_eq!(whole.limpid.problems, []);
}

#[tokio::test]
async fn a_database_that_is_a_symbolic_link_is_a_problem() {
    let workplace = Workplace::new();
    let layer = LayerBuilder::new().symlink("var/lib/dpkg/status", "/usr/status");
    let archive = workplace.archive(&ImageBuilder::new().layer(layer.build(), Packing::Gzip));
    let report = workplace
        .index(archive.to_str().unwrap(), &Arc::default())
        .await
        .unwrap();
    assert!(
        report
            .limpid
            .problems
            .iter()
            .any(|problem| problem.problem.subject == "var/lib/dpkg/status")
    );
}
