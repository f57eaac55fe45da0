use crate::run::{Run, TOO_LARGE, open_required};
use crate::tar::TarReader;
use crate::{DocumentAddress, DocumentFault, Documents, Feed, FeedError, Limits, Sink, Tally};

/// Reads one document of an archive: its name, its bytes, and where the records go.
type ReadDocument = fn(&str, &[u8], &mut Run<'_>) -> Result<(), FeedError>;

/// An archive of one document per vulnerability and one per notice.
///
/// Notices (`USN-…`, `LSN-…`) repeat what is said of the vulnerabilities, so only documents whose
/// names end with a CVE id are read.
pub(super) struct ArchiveFeed {
    /// Name of the feed.
    pub(super) name: &'static str,
    /// Address of the archive.
    pub(super) url: String,
    /// Bounds on what it may contain.
    pub(super) limits: Limits,
    /// Reads one of its documents.
    pub(super) read: ReadDocument,
}

impl Feed for ArchiveFeed {
    fn name(&self) -> &str {
        self.name
    }

    fn documents(&self) -> Vec<DocumentAddress> {
        vec![DocumentAddress::required(&self.url)]
    }

    fn parse(
        &self,
        documents: &mut dyn Documents,
        sink: &mut dyn Sink,
    ) -> Result<Tally, FeedError> {
        let input = open_required(documents, &self.url)?;
        let mut archive = TarReader::open(&self.url, input, &self.limits)?;
        let mut run = Run::new(self.name, &self.url, sink);
        let mut has_documents = false;
        while let Some(member) = archive.next_member()? {
            if !is_of_a_vulnerability(&member.name) {
                continue;
            }
            has_documents = true;
            match member.content {
                Some(content) => (self.read)(&member.name, content, &mut run)?,
                None => run.quarantine(member.name, None, TOO_LARGE)?,
            }
        }
        if has_documents {
            Ok(run.finish())
        } else {
            Err(archive.fail(DocumentFault::MissingMember("CVE-….json")))
        }
    }
}

/// Tells whether a path is that of a document about one CVE: `osv/cve/2024/UBUNTU-CVE-2024-1.json`,
/// `vex/cve/2024/CVE-2024-1.json`.
fn is_of_a_vulnerability(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix("UBUNTU-").unwrap_or(name);
    matches!(name.rsplit_once('.'), Some((stem, "json")) if stem.starts_with("CVE-"))
}
