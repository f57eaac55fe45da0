//! Feeds that are read document by document.

use std::fs;

use limpid_store::{GenerationStore as _, Outcome};
use limpid_types::Digest;
use limpid_update::{UpdateOptions, UpdateSummary};

use crate::bench::{Bench, lines, outcome};
use crate::toy_collection::ToyCollection;

const FEED: &str = "papers";

impl Bench {
    async fn read_papers(&self) -> UpdateSummary {
        let families = vec![Box::new(ToyCollection) as _];
        let options = UpdateOptions::default();
        self.updater.update(families, &options).await.unwrap()
    }

    async fn digest(&self) -> Digest {
        let current = self.store.current().await.unwrap().unwrap();
        current.feeds[FEED].snapshot.clone()
    }

    /// Returns what is served as `id package`, in order.
    async fn papers(&self) -> Vec<String> {
        let served = self.served_snapshot(FEED).await;
        served.verify().unwrap();
        let mut papers: Vec<_> = served
            .iter()
            .map(Result::unwrap)
            .map(|record| format!("{} {}", record.id, record.package))
            .collect();
        papers.sort();
        papers
    }
}

/// Makes a source of an archive with `a` and `b` as of the second day, and `c` of the third.
fn source() -> Bench {
    let bench = Bench::new();
    bench.paper("archive", "== a\nzlib\n== b\nzlib\nmusl\n");
    bench.paper("c", "curl\n");
    bench.paper(
        "listing",
        "@2025-01-02T00:00:00Z\na 2025-01-01T10:00:00Z\nb 2025-01-01T12:00:00+00:00\nc 2025-01-03T00:00:00Z\n",
    );
    bench
}

async fn read_source() -> Bench {
    let bench = source();
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 1 });
    bench
}

const LISTED: &str = "a 2025-01-01T10:00:00Z\nb 2025-01-01T12:00:00+00:00\n";

#[tokio::test]
async fn the_archive_is_read_first_and_what_is_newer_singly() {
    let bench = read_source().await;
    let expected = ["a zlib", "b musl", "b zlib", "c curl"];
    assert_eq!(bench.papers().await, expected);
    let served = bench.served_snapshot(FEED).await;
    let documents: Vec<_> = served.notes("documents").map(Result::unwrap).collect();
    let expected = [
        ("a".to_owned(), "2025-01-01T10:00:00Z"),
        ("b".to_owned(), "2025-01-01T12:00:00+00:00"),
        ("c".to_owned(), "2025-01-03T00:00:00Z"),
    ];
    assert_eq!(documents, expected);
}

#[tokio::test]
async fn only_what_changed_is_fetched() {
    let bench = read_source().await;
    bench.lose_paper("archive");
    bench.lose_paper("c");
    bench.paper("b", "xz\n");
    let listing = "a 2025-01-01T10:00:00Z\nb 2025-02-01T00:00:00Z\nc 2025-01-03T00:00:00Z\n";
    bench.paper("listing", listing);
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 2 });
    assert_eq!(summary.runs[0].fetched_bytes, listing.len() as u64 + 3);
    assert_eq!(summary.runs[0].records, 3);
    assert_eq!(bench.papers().await, ["a zlib", "b xz", "c curl"]);
}

#[tokio::test]
async fn an_unchanged_source_writes_nothing() {
    let bench = read_source().await;
    let files = bench.files();
    let state = bench.state(FEED).await.build;
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(summary.runs[0].fetched_bytes, 0);
    assert_eq!(bench.files(), files);
    let built = bench.state(FEED).await.build.unwrap();
    assert_eq!(built.documents, state.unwrap().documents);
    // The listing is another one, but says the same.
    let listing = format!("{LISTED}c 2025-01-03T00:00:00Z\nbroken-line\n");
    bench.paper("listing", &listing);
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(summary.runs[0].fetched_bytes, listing.len() as u64);
    assert_eq!(bench.files(), files);
    let summary = bench.read_papers().await;
    assert_eq!(summary.runs[0].fetched_bytes, 0);
}

#[tokio::test]
async fn the_same_source_gives_the_same_bytes_by_archive_and_by_changes() {
    let listing = "@2025-01-02T00:00:00Z\na 2025-01-01T10:00:00Z\nc 2025-02-02T00:00:00Z\n\
                   d 2025-02-03T00:00:00Z\n-b\n";
    let change = |bench: &Bench| {
        bench.paper("c", "curl\nlibcurl@papers:2\n");
        bench.paper("d", "dash\n");
        bench.paper("listing", listing);
    };
    let changed = read_source().await;
    // Some changes come and go meanwhile.
    changed.paper("c", "curl@papers:3\n");
    changed.paper("listing", &format!("{LISTED}c 2025-02-01T00:00:00Z\n"));
    changed.read_papers().await;
    change(&changed);
    changed.read_papers().await;

    let anew = source();
    change(&anew);
    anew.read_papers().await;
    assert_eq!(
        anew.papers().await,
        ["a zlib", "c curl", "c libcurl", "d dash"]
    );
    assert_eq!(anew.digest().await, changed.digest().await);
}

#[tokio::test]
async fn what_is_published_between_listing_and_fetch_is_fetched_again() {
    let bench = read_source().await;
    // The listing speaks of an earlier change than the one that is fetched.
    bench.paper("c", "curl\nnewest\n");
    bench.paper("listing", &format!("{LISTED}c 2025-02-01T00:00:00Z\n"));
    bench.read_papers().await;
    bench.paper("c", "curl\nnewest of all\n");
    bench.paper("listing", &format!("{LISTED}c 2025-02-01T00:00:01Z\n"));
    bench.read_papers().await;
    let expected = ["a zlib", "b musl", "b zlib", "c curl", "c newest of all"];
    assert_eq!(bench.papers().await, expected);
}

#[tokio::test]
async fn members_of_the_same_time_are_both_read_whenever_they_come() {
    let bench = read_source().await;
    let listing = format!("{LISTED}c 2025-01-03T00:00:00Z\nd 2025-01-03T00:00:00Z\n");
    bench.paper("d", "dash\n");
    bench.paper("listing", &listing);
    bench.read_papers().await;
    bench.paper("e", "ed\n");
    bench.paper("listing", &format!("{listing}e 2024-12-31T00:00:00Z\n"));
    bench.read_papers().await;
    let papers = bench.papers().await;
    assert_eq!(papers[3..], ["c curl", "d dash", "e ed"]);
}

#[tokio::test]
async fn a_clock_that_goes_backwards_hides_nothing() {
    let bench = read_source().await;
    bench.paper("c", "curl\nlibcurl\n");
    bench.paper("listing", &format!("{LISTED}c 2020-01-01T00:00:00Z\n"));
    bench.read_papers().await;
    assert_eq!(bench.papers().await[3..], ["c curl", "c libcurl"]);
    bench.paper("c", "curl\n");
    bench.paper("listing", &format!("{LISTED}c no time at all\n"));
    bench.read_papers().await;
    assert_eq!(bench.papers().await[3..], ["c curl"]);
}

#[tokio::test]
async fn an_archive_that_is_read_again_does_not_undo_later_changes() {
    let bench = read_source().await;
    bench.paper("b", "xz\n");
    let listing = "@2025-01-02T00:00:00Z\na 2025-01-01T10:00:00Z\nb 2025-02-01T00:00:00Z\n\
                   c 2025-01-03T00:00:00Z\n";
    bench.paper("listing", listing);
    bench.read_papers().await;
    // The last snapshot is lost, so everything is read anew, while the listing did not change.
    for file in bench.files() {
        fs::remove_file(bench.snapshots().join(file)).unwrap();
    }
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(bench.papers().await, ["a zlib", "b xz", "c curl"]);
}

#[tokio::test]
async fn what_the_archive_lacks_or_has_damaged_is_fetched_singly() {
    let bench = source();
    bench.paper("archive", "== b\nfail\n== unlisted\nzsh\n== deleted\nzsh\n");
    bench.paper("a", "abc\n");
    bench.paper("b", "bcd\n");
    let listing = format!("@2025-01-02T00:00:00Z\n{LISTED}-deleted\n");
    bench.paper("listing", &listing);
    let summary = bench.read_papers().await;
    assert_eq!(bench.papers().await, ["a abc", "b bcd", "unlisted zsh"]);
    assert_eq!(summary.runs[0].quarantined, 0);
    assert_eq!(summary.runs[0].samples, []);
}

#[tokio::test]
async fn a_member_that_cannot_be_read_keeps_its_records_and_is_tried_again() {
    for damage in ["", "fail", "new\nfail", "!bad"] {
        let bench = read_source().await;
        match damage {
            "" => bench.lose_paper("c"),
            damage => bench.paper("c", damage),
        }
        bench.paper("d", "dash\n");
        let listing = format!("{LISTED}c 2025-02-01T00:00:00Z\nd 2025-02-01T00:00:00Z\n");
        bench.paper("listing", &listing);
        let summary = bench.read_papers().await;
        let run = &summary.runs[0];
        assert_eq!(bench.papers().await[3..], ["c curl", "d dash"], "{damage}");
        assert_eq!((run.quarantined, run.samples.len()), (1, 1), "{damage}");
        assert_eq!(run.samples[0].id, "c");
        assert!(run.samples[0].document.ends_with("/papers/c"));

        // Nothing changed, but it is tried again, in vain.
        let files = bench.files();
        let summary = bench.read_papers().await;
        assert_eq!(outcome(&summary), &Outcome::Unchanged, "{damage}");
        assert_eq!(summary.runs[0].quarantined, 1);
        assert_eq!(bench.files(), files);

        bench.paper("c", "fixed\n");
        bench.read_papers().await;
        assert_eq!(bench.papers().await[3..], ["c fixed", "d dash"], "{damage}");
        let summary = bench.read_papers().await;
        assert_eq!(summary.runs[0].fetched_bytes, 0, "{damage}");
        assert_eq!(summary.runs[0].quarantined, 0, "{damage}");
    }
}

#[tokio::test]
async fn bad_records_of_a_member_stay_counted_while_it_does_not_change() {
    let bench = source();
    bench.paper("c", "curl\n!bad\n!bad\n");
    let many = lines(0, 100);
    bench.paper("archive", &format!("== a\nzlib\n== b\n{many}"));
    bench.read_papers().await;
    let current = bench.store.current().await.unwrap().unwrap();
    assert_eq!(current.feeds[FEED].quarantined, 2);
    bench.paper("d", "dash\n!bad\n");
    bench.paper(
        "listing",
        &format!("{LISTED}c 2025-01-03T00:00:00Z\nd 2025-02-01T00:00:00Z\n"),
    );
    let summary = bench.read_papers().await;
    assert_eq!(summary.runs[0].quarantined, 3);
    assert_eq!(summary.runs[0].samples.len(), 1);
}

#[tokio::test]
async fn deleted_members_go_and_those_that_are_only_not_listed_stay() {
    let bench = read_source().await;
    bench.paper("listing", "a 2025-01-01T10:00:00Z\n-b\n-never-seen\n");
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["a zlib", "c curl"]);
    // What is both listed and deleted is there.
    bench.paper("b", "back\n");
    bench.paper("listing", "b 2025-01-01T10:00:00Z\n-b\n");
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["a zlib", "b back", "c curl"]);
}

#[tokio::test]
async fn members_with_the_same_id_are_replaced_together() {
    let bench = Bench::new();
    bench.paper("x.1", "one\n");
    bench.paper("x.2", "two\n");
    bench.paper(
        "listing",
        "x.1 2025-01-01T00:00:00Z\nx.2 2025-01-01T00:00:00Z\n",
    );
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["x one", "x two"]);
    bench.paper("x.1", "first\n");
    bench.paper(
        "listing",
        "x.1 2025-01-02T00:00:00Z\nx.2 2025-01-01T00:00:00Z\n",
    );
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["x first", "x two"]);
    bench.paper("listing", "x.1 2025-01-02T00:00:00Z\n-x.2\n");
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["x first"]);
}

#[tokio::test]
async fn an_advisory_of_another_id_is_refused() {
    let bench = source();
    bench.paper("c", "curl\n>foreign\n");
    let summary = bench.read_papers().await;
    assert_eq!(summary.runs[0].quarantined, 1);
    let reason = &summary.runs[0].samples[0].reason;
    assert_eq!(reason, "advisory of another document: of another");
}

/// Returns the lines of many members with one time.
fn many(time: &str) -> String {
    let lines = (0..100).map(|number| format!("m{number} {time}\n"));
    lines.collect()
}

async fn with_many() -> Bench {
    let bench = Bench::new();
    let members = (0..100).map(|number| format!("== m{number}\nzlib\n"));
    bench.paper("archive", &members.collect::<String>());
    let listing = format!("@2025-01-02T00:00:00Z\n{}", many("2025-01-01T00:00:00Z"));
    bench.paper("listing", &listing);
    bench.read_papers().await;
    assert_eq!(bench.served(FEED).await.records, 100);
    bench
}

#[tokio::test]
async fn a_run_in_which_nearly_everything_fails_fails_as_a_whole() {
    let bench = with_many().await;
    bench.paper("m0", "new\n");
    bench.paper("listing", &many("2025-02-01T00:00:00Z"));
    let summary = bench.read_papers().await;
    let Outcome::Failed { error } = outcome(&summary) else {
        panic!("not failed: {summary:?}");
    };
    let wanted = "hardly any of the changed documents could be read, 99 could not: m1: ";
    assert!(error.starts_with(wanted), "{error}");
    assert_eq!(bench.served(FEED).await.records, 100);
    // Once a few more are there the rest can wait.
    for number in 0..10 {
        bench.paper(&format!("m{number}"), "new\n");
    }
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Activated { generation: 2 });
    assert_eq!(summary.runs[0].quarantined, 90);
}

#[tokio::test]
async fn a_source_that_does_not_answer_is_left_alone_after_some_members() {
    let bench = with_many().await;
    bench.paper("m99", "new\n");
    bench.paper("listing", &many("2025-02-01T00:00:00Z"));
    let summary = bench.read_papers().await;
    assert!(matches!(outcome(&summary), Outcome::Failed { .. }));
    // The members are asked for by name, so the last one is among those that were left.
    let listing = bench.path().join("mirror/feeds.example/papers/listing");
    let listing = fs::metadata(listing).unwrap().len();
    assert_eq!(summary.runs[0].fetched_bytes, listing);
}

#[tokio::test]
async fn a_source_that_deletes_most_of_its_members_is_not_believed() {
    let bench = with_many().await;
    let deleted = (0..60).map(|number| format!("-m{number}\n"));
    bench.paper("listing", &deleted.collect::<String>());
    let summary = bench.read_papers().await;
    let reason = "only 40 records, where there were 100".to_owned();
    assert_eq!(outcome(&summary), &Outcome::Held { reason });
    assert_eq!(bench.served(FEED).await.records, 100);
    // It takes that back.
    let listing = format!("@2025-01-02T00:00:00Z\n{}", many("2025-01-01T00:00:00Z"));
    bench.paper("listing", &listing);
    for number in 0..60 {
        bench.paper(&format!("m{number}"), "zlib\n");
    }
    let summary = bench.read_papers().await;
    assert_eq!(outcome(&summary), &Outcome::Unchanged);
    assert_eq!(bench.state(FEED).await.build.unwrap().held, None);
}

#[tokio::test]
async fn a_broken_archive_is_a_failure_and_the_next_run_begins_anew() {
    let bench = source();
    bench.paper("archive", "== a\nzlib\n== cut\n");
    let summary = bench.read_papers().await;
    assert!(matches!(outcome(&summary), Outcome::Failed { .. }));
    bench.paper("archive", "== a\nzlib\n== b\nzlib\n");
    bench.read_papers().await;
    assert_eq!(bench.papers().await, ["a zlib", "b zlib", "c curl"]);
}
