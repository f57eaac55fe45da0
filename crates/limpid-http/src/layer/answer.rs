//! What a registry's answer says about the layer, before its bytes are read.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap};

use super::fault::LayerProblem;
use crate::content_range::ContentRange;

/// What is known of the layer from earlier answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Tells versions of the layer apart.
    pub(super) etag: Option<String>,
    /// How many bytes it has.
    pub(super) bytes: Option<u64>,
}

/// What comes now.
#[derive(Debug)]
pub(super) enum Answer {
    /// Bytes of the layer, of which the first ones came before.
    Bytes { skip: u64 },
    /// All bytes came before.
    Complete,
    /// Not the layer.
    Other,
}

/// The head of an answer.
pub(super) struct Head<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    /// Bytes that the answer has.
    pub(super) length: Option<u64>,
}

impl Known {
    /// Compares an answer with what is known, and adds to it. `received` bytes came before; when
    /// `is_rest`, only the bytes after them were asked for.
    pub(super) fn judge(
        &mut self,
        head: &Head<'_>,
        received: u64,
        is_rest: bool,
    ) -> Result<Answer, LayerProblem> {
        match head.status {
            StatusCode::OK => self.whole(head, received),
            StatusCode::PARTIAL_CONTENT if is_rest => self.rest(head, received),
            StatusCode::RANGE_NOT_SATISFIABLE if is_rest => self.beyond(head, received),
            _ => Ok(Answer::Other),
        }
    }

    /// The whole layer comes, perhaps though only the rest was asked for.
    fn whole(&mut self, head: &Head<'_>, received: u64) -> Result<Answer, LayerProblem> {
        refuse_encoding(head.headers)?;
        let etag = strong_etag(head.headers);
        if received == 0 {
            self.etag = etag;
            self.bytes = head.length;
        } else {
            self.same_version(etag.as_deref())?;
            self.same_length(head.length, received)?;
        }
        Ok(Answer::Bytes { skip: received })
    }

    /// The rest of the layer comes.
    fn rest(&mut self, head: &Head<'_>, received: u64) -> Result<Answer, LayerProblem> {
        refuse_encoding(head.headers)?;
        let Some(ContentRange::Part { first, last, total }) = content_range(head.headers) else {
            return Err(LayerProblem::WrongPart);
        };
        let length = last - first;
        let is_long_enough = head.length.is_none_or(|announced| announced == length + 1);
        if first != received || !is_long_enough {
            return Err(LayerProblem::WrongPart);
        }
        self.same_version(strong_etag(head.headers).as_deref())?;
        self.same_length(total, received)?;
        Ok(Answer::Bytes { skip: 0 })
    }

    /// There is nothing behind what came, which may have been everything.
    fn beyond(&mut self, head: &Head<'_>, received: u64) -> Result<Answer, LayerProblem> {
        let Some(ContentRange::Unsatisfied { total }) = content_range(head.headers) else {
            return Err(LayerProblem::WrongPart);
        };
        self.same_length(Some(total), received)?;
        if total == received {
            return Ok(Answer::Complete);
        }
        Err(LayerProblem::WrongPart)
    }

    fn same_version(&self, etag: Option<&str>) -> Result<(), LayerProblem> {
        match (&self.etag, etag) {
            (Some(before), Some(now)) if before != now => Err(LayerProblem::Changed),
            _ => Ok(()),
        }
    }

    /// Compares a length with the one that is known, or else with what came.
    fn same_length(&mut self, found: Option<u64>, received: u64) -> Result<(), LayerProblem> {
        let Some(found) = found else { return Ok(()) };
        match self.bytes {
            Some(announced) if announced != found => {
                Err(LayerProblem::OtherLength { announced, found })
            }
            None if found < received => Err(LayerProblem::OtherLength {
                announced: received,
                found,
            }),
            _ => {
                self.bytes = Some(found);
                Ok(())
            }
        }
    }
}

fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    ContentRange::of(headers.get(CONTENT_RANGE)?)
}

/// Returns the entity tag, unless it is weak: that does not stand for the same bytes.
fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (!etag.starts_with("W/")).then(|| etag.to_owned())
}

fn refuse_encoding(headers: &HeaderMap) -> Result<(), LayerProblem> {
    for encoding in headers.get_all(CONTENT_ENCODING) {
        let encoding = printable(encoding.as_bytes(), 80);
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(LayerProblem::Encoded { encoding });
        }
    }
    Ok(())
}

/// Returns the printable ASCII characters of at most so many bytes.
pub(super) fn printable(bytes: &[u8], limit: usize) -> String {
    let characters = bytes.iter().take(limit).map(|&byte| char::from(byte));
    characters
        .filter(|character| matches!(character, ' '..='~'))
        .collect()
}
