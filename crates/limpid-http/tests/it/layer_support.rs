use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use limpid_http::{
    AddressPolicy, Addresses, LayerClient, LayerFault, LayerFaultKind, LayerSettings, LayerStream,
    Resolver,
};
use tokio::runtime::Runtime;

/// Streams are read on the threads of tests, and transferred here.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Returns settings that let tests fetch from themselves and do not make them wait.
pub(crate) fn settings() -> LayerSettings {
    LayerSettings {
        policy: AddressPolicy::new(false, vec!["127.0.0.1/32".parse().unwrap()]),
        attempts: 4,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        ..LayerSettings::default()
    }
}

pub(crate) fn client() -> LayerClient {
    client_with(|_| ())
}

pub(crate) fn client_with(change: impl FnOnce(&mut LayerSettings)) -> LayerClient {
    let mut settings = settings();
    change(&mut settings);
    LayerClient::new(settings).unwrap()
}

/// Opens a layer with some headers.
pub(crate) fn open(client: &LayerClient, url: &str, headers: &[(&str, &str)]) -> LayerStream {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let values = given.entry((*name).to_owned()).or_default();
        values.push((*value).to_owned());
    }
    client.open(&url.parse().unwrap(), &given, RUNTIME.handle().clone())
}

/// Reads a layer, or as much of it as comes.
pub(crate) fn read(client: &LayerClient, url: &str) -> (Vec<u8>, io::Result<usize>) {
    let mut bytes = Vec::new();
    let result = open(client, url, &[]).read_to_end(&mut bytes);
    (bytes, result)
}

/// Reads a layer that must come.
pub(crate) fn bytes(client: &LayerClient, url: &str) -> Vec<u8> {
    let (bytes, result) = read(client, url);
    result.unwrap();
    bytes
}

/// Reads a layer that must not come, and returns the error.
pub(crate) fn error(client: &LayerClient, url: &str) -> io::Error {
    let (_, result) = read(client, url);
    result.unwrap_err()
}

/// Reads a layer that must not come. Returns what kind of failure it is, the number of attempts,
/// and all that is said about it.
pub(crate) fn fault(client: &LayerClient, url: &str) -> (LayerFaultKind, u32, String) {
    let error = error(client, url);
    let fault = LayerFault::of(&error).unwrap();
    assert_eq!(fault.is_terminal(), fault.kind() == LayerFaultKind::BadUri);
    (fault.kind(), fault.attempts, chain(&error))
}

/// Returns what an error and its causes say.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Gives one list of addresses after the other for any name, the last one again and again.
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self {
            answers: answers.iter().map(parse).collect(),
            asked: Mutex::default(),
        })
    }
}

impl Resolver for Names {
    fn addresses(&self, name: &str) -> Addresses {
        let mut asked = self.asked.lock().unwrap();
        let answer = self.answers[asked.len().min(self.answers.len() - 1)].clone();
        asked.push(name.to_owned());
        Box::pin(async move { Ok(answer) })
    }
}
