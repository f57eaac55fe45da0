//! A service and a network that misbehave.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use limpid_blob::{S3Blobs, S3Settings};
use limpid_store::{BlobStore as _, ErrorKind};
use limpid_types::Digest;
use tempfile::TempDir;

use crate::service::{Fault, Service, settings};

const BUSY: Fault = Fault::Refused(503, "SlowDown");
const BROKEN: Fault = Fault::Refused(500, "InternalError");

struct Bench {
    directory: TempDir,
    service: Service,
    blobs: S3Blobs,
}

impl Bench {
    async fn new() -> Self {
        let service = Service::start().await;
        let blobs = S3Blobs::new(settings(&service)).unwrap();
        Self {
            directory: tempfile::tempdir().unwrap(),
            service,
            blobs,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut S3Settings)) -> Self {
        let mut settings = settings(&self.service);
        change(&mut settings);
        self.blobs = S3Blobs::new(settings).unwrap();
        self
    }

    /// Writes a file of some MiB.
    fn file(&self, mebibytes: usize) -> (Digest, PathBuf) {
        let content: Vec<u8> = (0..mebibytes << 20)
            .map(|number| (number / 1000).to_le_bytes()[0])
            .collect();
        let path = self.directory.path().join("in");
        fs::write(&path, &content).unwrap();
        (Digest::sha256(&content), path)
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    fn files(&self) -> usize {
        fs::read_dir(self.directory.path()).unwrap().count()
    }

    /// Puts a file of some MiB and forgets the requests that were needed.
    async fn put(&self, mebibytes: usize) -> Digest {
        let (digest, file) = self.file(mebibytes);
        self.blobs.put_blob(&digest, &file).await.unwrap();
        self.service.requests();
        digest
    }
}

#[tokio::test]
async fn large_files_are_sent_in_parts_and_small_ones_at_once() {
    let bench = Bench::new().await;
    let (digest, file) = bench.file(1);
    bench.blobs.put_blob(&digest, &file).await.unwrap();
    assert_eq!(bench.service.requests(), ["HEAD", "PUT"]);
    let (digest, file) = bench.file(3);
    bench.blobs.put_blob(&digest, &file).await.unwrap();
    let part = "PUT partNumber";
    assert_eq!(
        bench.service.requests(),
        ["HEAD", "POST uploads", part, part, part, "POST uploadId"]
    );
    bench.blobs.put_blob(&digest, &file).await.unwrap();
    assert_eq!(bench.service.requests(), ["HEAD"], "it is there already");
}

#[tokio::test]
async fn every_request_is_tried_again_when_that_may_help() {
    let bench = Bench::new().await;
    let (digest, file) = bench.file(3);
    for failing in 0..6 {
        let mut faults = vec![Fault::None; failing];
        faults.extend([BUSY, BROKEN]);
        bench.service.fail(&faults);
        bench.blobs.put_blob(&digest, &file).await.unwrap();
        assert!(bench.service.state().uploads.is_empty(), "{failing}");
        bench.service.fail(&[BUSY, BROKEN]);
        assert_eq!(bench.blobs.blobs().await.unwrap().len(), 1);
        bench.service.fail(&[BROKEN, BUSY]);
        assert!(bench.blobs.get_blob(&digest, &bench.out()).await.unwrap());
        bench.service.fail(&[BUSY, BUSY]);
        let all = [digest.clone()].into();
        bench.blobs.remove_blobs(&all).await.unwrap();
        assert!(bench.service.state().objects.is_empty());
    }
}

#[tokio::test]
async fn an_answer_that_got_lost_does_no_harm() {
    let bench = Bench::new().await;
    let (digest, file) = bench.file(3);
    for failing in 1..6 {
        let mut faults = vec![Fault::None; failing];
        faults.push(Fault::AnswerLost);
        bench.service.fail(&faults);
        bench.blobs.put_blob(&digest, &file).await.unwrap();
        assert!(bench.blobs.get_blob(&digest, &bench.out()).await.unwrap());
        let all = [digest.clone()].into();
        bench.blobs.remove_blobs(&all).await.unwrap();
    }
}

#[tokio::test]
async fn an_error_inside_of_a_success_is_an_error() {
    let bench = Bench::new().await;
    let (digest, file) = bench.file(2);
    let none = Fault::None;
    let error = Fault::ErrorInSuccess;
    bench.service.fail(&[none, none, none, none, error]);
    bench.blobs.put_blob(&digest, &file).await.unwrap();
    assert!(bench.blobs.get_blob(&digest, &bench.out()).await.unwrap());
}

#[tokio::test]
async fn parts_that_were_sent_in_vain_are_forgotten() {
    let bench = Bench::new().await;
    let (digest, file) = bench.file(2);
    let refused = Fault::Refused(403, "AccessDenied");
    bench.service.fail(&[Fault::None, Fault::None, refused]);
    bench.blobs.put_blob(&digest, &file).await.unwrap_err();
    let state = bench.service.state();
    assert!(state.uploads.is_empty());
    assert!(state.objects.is_empty());
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let bench = Bench::new().await;
    let digest = bench.put(3).await;
    let faults = [Fault::CutAfter(1 << 20), BUSY, Fault::CutAfter(1000)];
    bench.service.fail(&faults);
    assert!(bench.blobs.get_blob(&digest, &bench.out()).await.unwrap());
    assert_eq!(bench.service.requests(), ["GET"; 4]);
    let content = fs::read(bench.out()).unwrap();
    assert_eq!(Digest::sha256(&content), digest);
}

#[tokio::test]
async fn a_service_that_does_not_know_parts_sends_everything_again() {
    let bench = Bench::new().await;
    let digest = bench.put(3).await;
    let faults = [Fault::CutAfter(1 << 20), Fault::RangeIgnored];
    bench.service.fail(&faults);
    assert!(bench.blobs.get_blob(&digest, &bench.out()).await.unwrap());
    let content = fs::read(bench.out()).unwrap();
    assert_eq!(Digest::sha256(&content), digest);
}

#[tokio::test]
async fn a_download_that_never_ends_well_is_given_up_and_leaves_no_file() {
    let bench = Bench::new().await.with(|settings| settings.attempts = 3);
    let digest = bench.put(1).await;
    bench.service.fail(&[Fault::CutAfter(0); 10]);
    let error = bench.blobs.get_blob(&digest, &bench.out()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(bench.service.requests().len(), 3);
    assert_eq!(bench.files(), 1);
}

#[tokio::test]
async fn a_blob_that_is_too_large_is_neither_sent_nor_received() {
    let bench = Bench::new().await;
    let digest = bench.put(3).await;
    let bench = bench.with(|settings| settings.max_bytes = 2 << 20);
    bench
        .blobs
        .get_blob(&digest, &bench.out())
        .await
        .unwrap_err();
    assert_eq!(bench.files(), 1);
    bench
        .blobs
        .remove_blobs(&[digest.clone()].into())
        .await
        .unwrap();
    let (digest, file) = bench.file(3);
    bench.blobs.put_blob(&digest, &file).await.unwrap_err();
    assert!(bench.service.state().objects.is_empty());
}

#[tokio::test]
async fn lists_of_several_pages_are_read_to_the_end() {
    let bench = Bench::new().await;
    let mut expected = std::collections::BTreeSet::new();
    for number in 0..10_u8 {
        let digest = Digest::sha256(&[number]);
        let name = digest.as_str().replace(':', "-");
        let mut state = bench.service.state();
        state.objects.insert(format!("snapshots/{name}"), vec![]);
        state.objects.insert(format!("other {number}"), vec![]);
        expected.insert(digest);
    }
    bench.service.fail(&[Fault::None, BUSY]);
    assert_eq!(bench.blobs.blobs().await.unwrap(), expected);
}

#[tokio::test]
async fn wrong_keys_are_refused_at_once_and_not_shown() {
    let bench = Bench::new()
        .await
        .with(|settings| settings.secret_access_key = "wrong".into());
    let error = bench.blobs.blobs().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let mut text = format!("{error:?}");
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(text.contains("SignatureDoesNotMatch"), "{text}");
    assert!(text.contains("s3://bucket/snapshots/"), "{text}");
    for secret in ["wrong", "X-Amz", "key id", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_given_up() {
    let bench = Bench::new().await;
    let bench = bench.with(|settings| {
        // Nobody listens on this port.
        settings.endpoint = "http://127.0.0.1:1".parse().unwrap();
        settings.attempts = 2;
    });
    let error = bench.blobs.blobs().await.unwrap_err();
    let mut text = format!("{error:?}");
    text.retain(|letter| letter != '\n');
    assert!(!text.contains("X-Amz"), "{text}");
    assert_eq!(error.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_service_that_sends_nothing_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let bench = Bench::new().await.with(|settings| {
        settings.endpoint = endpoint.parse().unwrap();
        settings.stall_timeout = Duration::from_millis(20);
        settings.attempts = 2;
    });
    let accepting = async {
        let mut open = Vec::new();
        loop {
            open.push(listener.accept().await.unwrap());
        }
    };
    let error = tokio::select! {
        () = accepting => unreachable!(),
        answer = bench.blobs.blobs() => answer.unwrap_err(),
    };
    assert_eq!(error.kind, ErrorKind::Unavailable);
}
