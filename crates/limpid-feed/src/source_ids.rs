//! Documents of the form `{ source package: { id: … } }`, as Debian and Echo publish.

use crate::FeedError;
use crate::json::{JsonReader, Name, Value};
use crate::run::Run;

/// One pair of a source package and an id.
pub(crate) struct SourceId<'a> {
    /// Name of the source package.
    pub(crate) source: &'a str,
    /// The id.
    pub(crate) id: &'a Name,
    /// Where what is said of the pair begins.
    pub(crate) offset: u64,
}

/// Reads a whole document, of which one pair at a time is held.
pub(crate) fn read_source_ids(
    json: &mut JsonReader,
    run: &mut Run<'_>,
    mut read: impl FnMut(&SourceId<'_>, &Value<'_>, &mut Run<'_>) -> Result<(), FeedError>,
) -> Result<(), FeedError> {
    json.enter_document()?;
    while let Some(source) = json.next_member()? {
        let offset = json.offset();
        if let Some(fault) = source.fault() {
            run.quarantine(source.text, Some(offset), fault)?;
            json.skip_value()?;
        } else if json.enter_object()? {
            while let Some(id) = json.next_member()? {
                let pair = SourceId {
                    source: &source.text,
                    id: &id,
                    offset: json.offset(),
                };
                read(&pair, &json.value()?, run)?;
            }
        } else {
            run.quarantine(source.text, Some(offset), "expected an object of ids")?;
            json.skip_value()?;
        }
    }
    json.finish()
}
