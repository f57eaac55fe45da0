//! Getting the documents of a feed, if they changed.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use limpid_feed::{DocumentAddress, Documents, ReadSeek};
use limpid_http::{Document, FetchError, FetchFault, Fetched, Fetcher, Fingerprint, Request};
use limpid_store::DocumentFingerprint;
use thiserror::Error;
use url::Url;

/// What documents looked like, by address; none for one that the source does not have.
pub(crate) type Fingerprints = BTreeMap<String, Option<DocumentFingerprint>>;

/// The documents of a feed.
pub(crate) struct Gathered {
    /// What they look like now.
    pub(crate) fingerprints: Fingerprints,
    /// Bytes that were fetched.
    pub(crate) fetched_bytes: u64,
    /// Their content; none when no content changed.
    pub(crate) content: Option<Content>,
}

/// Why the documents could not be had.
#[derive(Debug, Error)]
pub(crate) enum GatherError {
    #[error("invalid address of a document: {url}")]
    Address {
        url: String,
        #[source]
        source: url::ParseError,
    },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the documents of the feed are together larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the source does not have the document: {0}")]
    Absent(String),
    #[error("the document is unchanged, though nothing was known of it: {0}")]
    Unasked(String),
}

/// How a document compares with what is known of it.
enum Found {
    Same,
    Absent,
    Here(Document),
}

/// Asks for the documents; if any of them changed, gets those that did not change as well. All
/// that is sent may have so many bytes together.
pub(crate) async fn gather(
    fetcher: &Fetcher,
    addresses: &[DocumentAddress],
    known: &Fingerprints,
    max_bytes: u64,
) -> Result<Gathered, GatherError> {
    let mut allowance = Allowance {
        limit: max_bytes,
        left: max_bytes,
    };
    let mut found = Vec::with_capacity(addresses.len());
    let mut has_changed = known.len() != addresses.len();
    for address in addresses {
        let before = known.get(&address.url);
        let fingerprint = before.and_then(Option::as_ref).map(to_http);
        let answer = allowance.fetch(fetcher, address, fingerprint.as_ref());
        let document = check(answer.await?, address)?;
        has_changed |= match &document {
            Found::Same => false,
            Found::Absent => before != Some(&None),
            Found::Here(document) => {
                fingerprint.is_none_or(|before| before.digest != document.fingerprint.digest)
            }
        };
        found.push((address, document));
    }
    let mut gathered = Gathered {
        fingerprints: BTreeMap::new(),
        fetched_bytes: 0,
        content: has_changed.then(Content::default),
    };
    for (address, document) in found {
        let document = match document {
            Found::Same if has_changed => {
                check(allowance.fetch(fetcher, address, None).await?, address)?
            }
            document => document,
        };
        gathered.add(&address.url, document, known)?;
    }
    Ok(gathered)
}

/// The bytes that a feed may still be sent.
struct Allowance {
    limit: u64,
    left: u64,
}

impl Allowance {
    async fn fetch(
        &mut self,
        fetcher: &Fetcher,
        address: &DocumentAddress,
        previous: Option<&Fingerprint>,
    ) -> Result<Fetched, GatherError> {
        let answer = if address.is_local {
            let path = &address.url;
            fetcher.fetch_local(path, previous, Some(self.left)).await
        } else {
            let url = parse(&address.url)?;
            let request = Request::new(&url).unless(previous).at_most(self.left);
            fetcher.fetch(request).await
        };
        match answer {
            Ok(Fetched::Document(document)) => {
                self.left = self.left.saturating_sub(document.bytes);
                Ok(Fetched::Document(document))
            }
            Err(error) if is_over(&error, self.left) => {
                Err(GatherError::TooLarge { limit: self.limit })
            }
            other => Ok(other?),
        }
    }
}

/// Tells whether a document was refused because of what was left of the allowance.
fn is_over(error: &FetchError, left: u64) -> bool {
    matches!(error.fault, FetchFault::TooLarge { limit } if limit == left)
}

impl Gathered {
    fn add(&mut self, url: &str, found: Found, known: &Fingerprints) -> Result<(), GatherError> {
        let (fingerprint, file) = match found {
            Found::Absent => (None, None),
            Found::Same if self.content.is_some() => return Err(GatherError::Unasked(url.into())),
            Found::Same => (known.get(url).cloned().flatten(), None),
            Found::Here(document) => {
                self.fetched_bytes += document.bytes;
                (Some(to_store(document.fingerprint)), Some(document.file))
            }
        };
        self.fingerprints.insert(url.to_owned(), fingerprint);
        if let Some(content) = &mut self.content {
            content.files.insert(url.to_owned(), file.map(Arc::new));
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Url, GatherError> {
    text.parse().map_err(|source| GatherError::Address {
        url: text.to_owned(),
        source,
    })
}

fn check(fetched: Fetched, address: &DocumentAddress) -> Result<Found, GatherError> {
    match fetched {
        Fetched::Unchanged => Ok(Found::Same),
        Fetched::Document(document) => Ok(Found::Here(document)),
        Fetched::NotFound if address.is_required => Err(GatherError::Absent(address.url.clone())),
        Fetched::NotFound => Ok(Found::Absent),
    }
}

fn to_http(fingerprint: &DocumentFingerprint) -> Fingerprint {
    Fingerprint {
        etag: fingerprint.etag.clone(),
        last_modified: fingerprint.last_modified.clone(),
        digest: fingerprint.digest.clone(),
    }
}

fn to_store(fingerprint: Fingerprint) -> DocumentFingerprint {
    DocumentFingerprint {
        etag: fingerprint.etag,
        last_modified: fingerprint.last_modified,
        digest: fingerprint.digest,
    }
}

/// The content of documents, by address; none for one that the source does not have.
#[derive(Default)]
pub(crate) struct Content {
    files: HashMap<String, Option<Arc<File>>>,
}

impl Documents for Content {
    fn open(&mut self, url: &str) -> io::Result<Option<Box<dyn ReadSeek>>> {
        let Some(file) = self.files.get(url) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the feed did not ask for this document",
            ));
        };
        let Some(file) = file else {
            return Ok(None);
        };
        Ok(Some(Box::new(FileReader {
            length: file.metadata()?.len(),
            file: Arc::clone(file),
            position: 0,
        })))
    }
}

/// Reads a file from a place of its own, so that a document can be open several times.
struct FileReader {
    file: Arc<File>,
    length: u64,
    position: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
