//! Drives the service over its real API, as Clair's load test does: POST an index report, GET it,
//! GET the vulnerability report, DELETE.
//!
//! Everything runs on this machine's loopback address: a service of its own, a store of its own,
//! layers and a feed that are made up ([`images`]). Each scenario ends by itself.

mod drive;
mod images;
mod peer;
mod scale;
mod service;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use limpid_types::Manifest;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::{Client, StatusCode};

use crate::say;
use drive::Outcome;
use images::Images;
use peer::Peer;
use service::{Service, Store};

#[derive(Args)]
pub(crate) struct Options {
    /// What to do
    #[arg(value_enum, default_values_t = [Scenario::Index, Scenario::Report])]
    scenarios: Vec<Scenario>,
    /// Where the service keeps its state
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    store: StoreKind,
    /// Images to index
    #[arg(long, default_value_t = 600)]
    images: usize,
    /// Requests at a time while indexing
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// Reports a second
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Seconds of each measurement of reports
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Manifests of the large database of `scale`
    #[arg(long, default_value_t = 500_000)]
    manifests: usize,
    /// Minutes of `churn`
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The program under load
    #[arg(long, default_value = "target/release/limpid")]
    binary: PathBuf,
}

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Index images, as fast as the service takes them, then delete them
    Index,
    /// Ask for reports at a fixed rate, while feeds rest and while they change
    Report,
    /// Latencies with few manifests and with very many (PostgreSQL only)
    Scale,
    /// Index and delete for a long time, and look at the size of the database
    Churn,
}

/// Where the service keeps its state.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// SQLite in its data folder
    Sqlite,
    /// PostgreSQL
    Postgres,
    /// PostgreSQL behind PgBouncer in transaction mode
    Pgbouncer,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(run_all(options))
}

/// A service under load with what it needs.
struct Stand {
    service: Service,
    store: Store,
    peer: Peer,
    client: Client,
    images: Images,
    _directory: tempfile::TempDir,
}

impl Stand {
    async fn build(options: &Options) -> Result<Self> {
        ensure!(
            options.binary.is_file(),
            "build it first with `cargo build --release`, not found: {}",
            options.binary.display()
        );
        let directory = tempfile::tempdir()?;
        let peer = Peer::default();
        let address = peer.start().await?;
        let store = Store::prepare(options.store, directory.path());
        // A minute is the shortest period; the feed only changes when it is told to.
        let service =
            Service::start(&options.binary, directory.path(), &store, address, "1m").await?;
        Ok(Self {
            service,
            store,
            peer,
            client: Client::builder().pool_max_idle_per_host(64).build()?,
            images: Images::new(&format!("http://{address}")),
            _directory: directory,
        })
    }

    /// Makes images and lets their layers be fetched.
    fn images(&mut self, from: usize, count: usize) -> Arc<Vec<Manifest>> {
        let manifests = (from..from + count).map(|n| self.images.image(n)).collect();
        self.peer.offer(&self.images.blobs);
        Arc::new(manifests)
    }

    fn api(&self) -> Api {
        Api {
            client: self.client.clone(),
            base: self.service.api.clone().into(),
        }
    }
}

/// The requests of Clair's load test.
#[derive(Clone)]
struct Api {
    client: Client,
    base: Arc<str>,
}

impl Api {
    async fn index(&self, manifest: &Manifest) -> Result<(), String> {
        let body = serde_json::to_vec(manifest).map_err(|error| error.to_string())?;
        let address = format!("{}/indexer/api/v1/index_report", self.base);
        expect(self.client.post(address).body(body), StatusCode::CREATED).await
    }

    async fn index_report(&self, digest: &str) -> Result<(), String> {
        let address = format!("{}/indexer/api/v1/index_report/{digest}", self.base);
        expect(self.client.get(address), StatusCode::OK).await
    }

    async fn report(&self, digest: &str) -> Result<(), String> {
        let address = format!("{}/matcher/api/v1/vulnerability_report/{digest}", self.base);
        // Quay's client takes compressed answers.
        let request = self.client.get(address).header(ACCEPT_ENCODING, "gzip");
        expect(request, StatusCode::OK).await
    }

    async fn delete(&self, digest: &str) -> Result<(), String> {
        let address = format!("{}/indexer/api/v1/index_report/{digest}", self.base);
        expect(self.client.delete(address), StatusCode::NO_CONTENT).await
    }
}

/// Sends a request and reads the whole answer.
async fn expect(request: reqwest::RequestBuilder, expected: StatusCode) -> Result<(), String> {
    let response = request
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    let status = response.status();
    let body = response
        .bytes()
        .await
        .map_err(|error| error.without_url().to_string())?;
    if status == expected {
        return Ok(());
    }
    let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
    Err(format!("{status} {text}"))
}

async fn run_all(options: &Options) -> Result<()> {
    for scenario in &options.scenarios {
        let mut stand = Stand::build(options).await?;
        say(&format!(
            "\n## {} on {}",
            scenario.name(),
            stand.store.name()
        ));
        say("| what | count | errors | per second | p50 ms | p99 ms | max ms |");
        say("|---|---:|---:|---:|---:|---:|---:|");
        match scenario {
            Scenario::Index => index(&mut stand, options).await?,
            Scenario::Report => report(&mut stand, options).await?,
            Scenario::Scale => scale::run(&mut stand, options).await?,
            Scenario::Churn => churn(&mut stand, options).await?,
        }
        let (now, highest) = stand.service.memory()?;
        say(&format!(
            "\nresident memory {now:.0} MiB, at its highest {highest:.0} MiB; processor time {:.1} s; \
             connections to PostgreSQL {}",
            stand.service.cpu()?,
            stand.store.connections()?
        ));
        stand.service.stop()?;
    }
    Ok(())
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "Indexing, and the rest of the sequence",
            Self::Report => "Reports",
            Self::Scale => "A large database",
            Self::Churn => "Churn",
        }
    }
}

fn print(what: &str, outcome: &Outcome) {
    let errors: usize = outcome.errors().values().sum();
    say(&format!(
        "| {what} | {} | {errors} | {:.1} | {:.1} | {:.1} | {:.1} |",
        outcome.count(),
        outcome.rate(),
        outcome.percentile(500),
        outcome.percentile(990),
        outcome.percentile(1000)
    ));
    for (error, count) in outcome.errors() {
        say(&format!("| {count} × {error} | | | | | | |"));
    }
}

/// Does something with each manifest, some at a time.
async fn each<F, R>(manifests: &Arc<Vec<Manifest>>, at_once: usize, request: F) -> Outcome
where
    F: Fn(Manifest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let manifests = Arc::clone(manifests);
    let count = manifests.len();
    drive::closed(count, at_once, move |number| {
        let manifest = manifests.get(number).cloned();
        let work = manifest.map(&request);
        async move {
            match work {
                Some(work) => work.await,
                None => Err("no such manifest".to_owned()),
            }
        }
    })
    .await
}

async fn index(stand: &mut Stand, options: &Options) -> Result<()> {
    let api = stand.api();
    // The first round brings the shared layers in, the second shows what one more image takes.
    let stacks = stand.images(0, 38);
    print(
        "first images of the stacks",
        &index_all(&api, &stacks, options).await,
    );
    let before = stand.store.bytes()?;
    let manifests = stand.images(38, options.images);
    print(
        "POST index_report",
        &index_all(&api, &manifests, options).await,
    );
    let grown = stand.store.bytes()?.saturating_sub(before);
    let own = api.clone();
    let get = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.index_report(manifest.hash.as_str()).await }
    };
    print(
        "GET index_report",
        &each(&manifests, options.at_once, get).await,
    );
    let own = api.clone();
    let get = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.report(manifest.hash.as_str()).await }
    };
    print(
        "GET vulnerability_report",
        &each(&manifests, options.at_once, get).await,
    );
    let delete = move |manifest: Manifest| {
        let api = api.clone();
        async move { api.delete(manifest.hash.as_str()).await }
    };
    print(
        "DELETE index_report",
        &each(&manifests, options.at_once, delete).await,
    );
    say(&format!(
        "\n{} bytes of database for each further image; {} bytes before, {} after deleting them",
        grown / options.images.max(1) as u64,
        before,
        stand.store.bytes()?
    ));
    Ok(())
}

async fn index_all(api: &Api, manifests: &Arc<Vec<Manifest>>, options: &Options) -> Outcome {
    let api = api.clone();
    each(manifests, options.at_once, move |manifest| {
        let api = api.clone();
        async move { api.index(&manifest).await }
    })
    .await
}

async fn report(stand: &mut Stand, options: &Options) -> Result<()> {
    let manifests = stand.images(0, options.images);
    let api = stand.api();
    print(
        "POST index_report",
        &index_all(&api, &manifests, options).await,
    );
    let own = api.clone();
    let get = move |manifest: Manifest| {
        let api = own.clone();
        async move { api.report(manifest.hash.as_str()).await }
    };
    let first = each(&manifests, options.at_once, get).await;
    print("first report of each image", &first);
    let time = Duration::from_secs(options.seconds);
    let idle = reports(&api, &manifests, options.rate, time).await;
    print("reports, feeds at rest", &idle);
    // The feed says something new every second, so that each period brings a new generation.
    let peer = stand.peer.clone();
    let changes = tokio::spawn(async move {
        loop {
            peer.next_edition();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    // Two periods, so that an update is inside whatever the phase.
    let time = time.max(Duration::from_secs(130));
    let during = reports(&api, &manifests, options.rate, time).await;
    changes.abort();
    print("reports, feeds changing", &during);
    say(&format!(
        "\np99 while feeds change / at rest: {:.2}",
        during.percentile(990) / idle.percentile(990).max(f64::EPSILON)
    ));
    Ok(())
}

async fn reports(api: &Api, manifests: &Arc<Vec<Manifest>>, rate: u32, time: Duration) -> Outcome {
    drive::open(rate, time, |number| {
        let (api, manifests) = (api.clone(), Arc::clone(manifests));
        async move {
            let manifest = manifests.get(number % manifests.len().max(1));
            let manifest = manifest.ok_or("no manifests")?;
            api.report(manifest.hash.as_str()).await
        }
    })
    .await
}

/// Indexes and deletes, a hundred images at a time, and prints the size of the database.
async fn churn(stand: &mut Stand, options: &Options) -> Result<()> {
    const ROUND: usize = 100;
    let api = stand.api();
    let end = std::time::Instant::now() + Duration::from_mins(options.minutes);
    let mut round = 0;
    let mut first = None;
    while std::time::Instant::now() < end {
        let manifests = stand.images(round * ROUND, ROUND);
        let indexed = index_all(&api, &manifests, options).await;
        let own = api.clone();
        let deleted = each(&manifests, options.at_once, move |manifest| {
            let api = own.clone();
            async move { api.delete(manifest.hash.as_str()).await }
        })
        .await;
        let bytes = stand.store.bytes()?;
        let first = *first.get_or_insert(bytes);
        if round % 10 == 0 {
            print(
                &format!("round {round}, POST, database {bytes} bytes"),
                &indexed,
            );
            print(
                &format!("round {round}, DELETE, first size {first} bytes"),
                &deleted,
            );
        }
        round += 1;
    }
    let last = stand.store.bytes()?;
    say(&format!(
        "\n{round} rounds of {ROUND} images; the database had {} bytes after the first, {last} after the last",
        first.unwrap_or(last)
    ));
    Ok(())
}
