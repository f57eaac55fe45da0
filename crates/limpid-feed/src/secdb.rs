//! The secdb format of Alpine and of the distributions that were made after it.
//!
//! | member | holds |
//! |---|---|
//! | `packages[].pkg.name` | name of a source package |
//! | `packages[].pkg.secfixes` | object: fixed version → array of ids; `0` for "never affected" |
//!
//! Other members of the head (`distroversion`, `reponame`, `archs`, `urlprefix`, `apkurl`) only say
//! what the document is. The format is that of <https://secdb.alpinelinux.org/>.

mod identifier;
mod package;
mod rolling;

use crate::json::{JsonReader, Value};
use crate::run::{Run, TOO_LARGE};
use crate::text::clip;
use crate::{DocumentFault, FeedError, Limits, ReadSeek};

pub(crate) use package::Place;
pub(crate) use rolling::Rolling;

/// What is known of a document before it is read.
pub(crate) struct Document<'a> {
    /// Where its statements hold.
    pub(crate) place: Place<'a>,
    /// Members of the head, and what they must say where they are there. A document of another
    /// release would be believed for every image of this one.
    pub(crate) head: &'a [(&'static str, &'a str)],
}

impl Document<'_> {
    /// Reads a document to its end.
    pub(crate) fn read(
        &self,
        url: &str,
        input: Box<dyn ReadSeek>,
        limits: &Limits,
        run: &mut Run<'_>,
    ) -> Result<(), FeedError> {
        let mut json = JsonReader::new(url, input, limits.record_bytes);
        let mut has_packages = false;
        json.enter_document()?;
        while let Some(name) = json.next_member()? {
            let expected = self.head.iter().find(|(member, _)| *member == name.text);
            if let Some((member, expected)) = expected {
                verify(&mut json, member, expected)?;
            } else if name.text == "packages" {
                self.read_packages(&mut json, run)?;
                has_packages = true;
            } else {
                json.skip_value()?;
            }
        }
        json.finish()?;
        if has_packages {
            Ok(())
        } else {
            Err(json.fail(DocumentFault::MissingMember("packages")))
        }
    }

    fn read_packages(&self, json: &mut JsonReader, run: &mut Run<'_>) -> Result<(), FeedError> {
        json.enter_array("an array of packages")?;
        while json.next_element()? {
            let offset = json.offset();
            match json.value()? {
                Value::Whole(record) => self.place.read(record, offset, run)?,
                Value::TooLarge => run.quarantine("", Some(offset), TOO_LARGE)?,
            }
        }
        Ok(())
    }
}

fn verify(json: &mut JsonReader, member: &'static str, expected: &str) -> Result<(), FeedError> {
    let found = match json.value()? {
        Value::Whole(value) => serde_json::from_slice::<String>(value)
            .unwrap_or_else(|_| String::from_utf8_lossy(value).into_owned()),
        Value::TooLarge => String::new(),
    };
    if found == expected {
        return Ok(());
    }
    Err(json.fail(DocumentFault::Mismatch {
        member,
        found: clip(found, 80),
        expected: expected.to_owned(),
    }))
}
