//! A feed that has one document per vulnerability.

use std::fs;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use limpid_feed::{
    Archive, Collection, Contents, DocumentAddress, Documents, Family, Feed, FeedError, Probe,
    Quarantined, ReadSeek, Sink, Tally,
};

use crate::bench::Bench;
use crate::toy::{HOST, advisory};

/// The one feed of its family. Its listing has lines that say one of
///
/// | line | the source |
/// |---|---|
/// | `member time` | has a member that was last changed at a time |
/// | `-member` | has deleted a member |
/// | `@time` | has an archive that is complete until a time |
///
/// An archive has the members one after the other, each after a line `== member`. The id of a
/// member is what comes before its first full stop.
pub(crate) struct ToyCollection;

const FEED: &str = "papers";

impl Family for ToyCollection {
    fn name(&self) -> &'static str {
        FEED
    }

    fn discover(&self, _probe: &mut dyn Probe) -> Result<Vec<Box<dyn Feed>>, FeedError> {
        Ok(vec![Box::new(Self)])
    }
}

impl Feed for ToyCollection {
    fn name(&self) -> &str {
        FEED
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        Vec::new()
    }

    fn parse(&self, _: &mut dyn Documents, _: &mut dyn Sink) -> Result<Tally, FeedError> {
        panic!("it is read document by document");
    }

    fn collection(&self) -> Option<&dyn Collection> {
        Some(self)
    }
}

fn url(name: &str) -> String {
    format!("https://{HOST}/{FEED}/{name}")
}

impl Collection for ToyCollection {
    fn listings(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress {
            url: url("listing"),
            is_required: true,
            is_local: false,
        }]
    }

    fn contents(&self, listings: &mut dyn Documents) -> Result<Contents, FeedError> {
        let mut text = String::new();
        let mut listing = listings.open(&url("listing")).unwrap().unwrap();
        listing.read_to_string(&mut text).unwrap();
        let mut contents = Contents::default();
        for line in text.lines() {
            if let Some(time) = line.strip_prefix('@') {
                contents.archive = Some(Archive {
                    url: url("archive"),
                    complete_until: time.to_owned(),
                });
            } else if let Some(member) = line.strip_prefix('-') {
                contents.deleted.insert(member.to_owned());
            } else if let Some((member, time)) = line.split_once(' ') {
                contents.members.insert(member.to_owned(), time.to_owned());
            }
        }
        Ok(contents)
    }

    fn address(&self, member: &str) -> String {
        url(member)
    }

    fn id(&self, member: &str) -> String {
        member.split('.').next().unwrap().to_owned()
    }

    /// A line is an advisory about a package, with `@` and a namespace if that is not `papers:1`.
    /// One that begins with `!` is a bad record, `fail` makes the member unreadable, and one that
    /// begins with `>` is an advisory of another id.
    fn parse_member(
        &self,
        member: &str,
        content: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut tally = Tally::default();
        for line in str::from_utf8(content).unwrap().lines() {
            let (line, id) = match line.strip_prefix('>') {
                Some(line) => (line, "of another".to_owned()),
                None => (line, self.id(member)),
            };
            let taken = if line == "fail" {
                return Err(FeedError::UnknownEcosystem("toy".into()));
            } else if line.starts_with('!') {
                tally = tally + self.quarantine(member, "bad line".into(), sink);
                Ok(())
            } else {
                tally.advisories += 1;
                let (package, namespace) = line.split_once('@').unwrap_or((line, "papers:1"));
                sink.advisory(&advisory(&id, package, namespace))
            };
            taken.map_err(|source| FeedError::Sink {
                url: self.address(member),
                source,
            })?;
        }
        Ok(tally)
    }

    fn parse_archive(
        &self,
        _url: &str,
        mut archive: Box<dyn ReadSeek>,
        is_wanted: &mut dyn FnMut(&str) -> bool,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let mut text = String::new();
        archive.read_to_string(&mut text).unwrap();
        let mut tally = Tally::default();
        for part in text.split("== ").skip(1) {
            let (member, content) = part.split_once('\n').unwrap();
            assert_ne!(member, "cut", "cut off in the middle");
            if is_wanted(member) {
                tally = tally
                    + match self.parse_member(member, content.as_bytes(), sink) {
                        Err(error @ FeedError::Sink { .. }) => return Err(error),
                        Err(error) => self.quarantine(member, error.to_string(), sink),
                        Ok(tally) => tally,
                    };
            }
        }
        Ok(tally)
    }
}

impl ToyCollection {
    fn quarantine(&self, member: &str, reason: String, sink: &mut dyn Sink) -> Tally {
        let quarantined = Quarantined {
            feed: FEED.into(),
            id: member.to_owned(),
            document: self.address(member),
            offset: None,
            reason,
        };
        sink.quarantine(quarantined).unwrap();
        Tally {
            quarantined: 1,
            ..Tally::default()
        }
    }
}

/// Writes documents of the feed into the mirror of a bench.
impl Bench {
    fn paper_path(&self, name: &str) -> std::path::PathBuf {
        let folder = self.path().join("mirror").join(HOST).join(FEED);
        fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    /// Writes `listing`, `archive` or a member.
    pub(crate) fn paper(&self, name: &str, content: &str) {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let path = self.paper_path(name);
        fs::write(&path, content).unwrap();
        // Old enough to be trusted when it looks unchanged; another time for each content.
        let age = Duration::from_secs(10_000_000 - WRITTEN.fetch_add(1, Ordering::Relaxed));
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    /// Takes a document away.
    pub(crate) fn lose_paper(&self, name: &str) {
        fs::remove_file(self.paper_path(name)).unwrap();
    }
}
