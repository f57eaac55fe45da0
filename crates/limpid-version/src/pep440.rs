//! Python's versions: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`.
//!
//! Reading and order are those of PEP 440 as the package `packaging` has them, with numbers of any
//! size: every spelling and separator that the PEP lets tools take is taken, and a text that is no
//! version by it is refused, however much of it looks like one.
//!
//! A bound of a range without a local part speaks of every local version, as a specifier of the PEP
//! does: `1.13.1+cu117` is a build of `1.13.1`.

use std::cmp::Ordering;

use crate::SortKey;
use crate::cursor::Cursor;
use crate::key::KeyWriter;
use crate::number::Number;
use crate::release::Release;
use crate::scheme::Version;

/// A version as Python's tools read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pep440Version<'a> {
    epoch: Number<'a>,
    release: Release<'a>,
    stage: Stage<'a>,
    post: Option<Number<'a>>,
    dev: Dev<'a>,
    /// Letters and digits between separators.
    local: Option<&'a [u8]>,
}

/// How far a release has come. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage<'a> {
    /// In development, before anything else.
    Dev,
    Alpha(Number<'a>),
    Beta(Number<'a>),
    Candidate(Number<'a>),
    Final,
}

/// Whether something is in development. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dev<'a> {
    Number(Number<'a>),
    None,
}

/// A piece of a local version. The order of the variants is the order of versions.
#[derive(Clone, Copy, Debug)]
enum Local<'a> {
    Text(&'a [u8]),
    Number(Number<'a>),
}

/// How stages are written; a spelling comes before those that it begins with.
const ALPHAS: [&[u8]; 2] = [b"alpha", b"a"];
const BETAS: [&[u8]; 2] = [b"beta", b"b"];
const CANDIDATES: [&[u8]; 4] = [b"preview", b"pre", b"rc", b"c"];

/// How post-releases are written.
const POSTS: [&[u8]; 3] = [b"post", b"rev", b"r"];

impl Pep440Version<'_> {
    fn compare_public(&self, other: &Self) -> Ordering {
        let by_epoch = self.epoch.cmp(&other.epoch);
        by_epoch
            .then_with(|| self.release.compare(other.release))
            .then_with(|| self.stage.cmp(&other.stage))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev.cmp(&other.dev))
    }

    fn compare_local(&self, other: &Self) -> Ordering {
        match (self.local, other.local) {
            (Some(left), Some(right)) => compare_locals(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    }
}

impl<'a> Version<'a> for Pep440Version<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(text.as_bytes());
        skip_word(&mut cursor, b"v");
        let first = digits(&mut cursor)?;
        let (epoch, release) = if cursor.skip_text(b"!") {
            (Number::new(first), read_release(&mut cursor)?)
        } else {
            cursor = Cursor::new(text.as_bytes());
            skip_word(&mut cursor, b"v");
            (Number::ZERO, read_release(&mut cursor)?)
        };
        let stage = read_stage(&mut cursor);
        let post = read_post(&mut cursor);
        let dev = labelled(&mut cursor, &[b"dev"]).map_or(Dev::None, Dev::Number);
        let local = read_local(&mut cursor)?;
        if !cursor.is_empty() {
            return Err("not a version by PEP 440");
        }
        let stage = match stage {
            None if post.is_none() && dev != Dev::None => Stage::Dev,
            stage => stage.unwrap_or(Stage::Final),
        };
        Ok(Self {
            epoch,
            release,
            stage,
            post,
            dev,
            local,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let order = self.compare_public(other);
        order.then_with(|| self.compare_local(other))
    }

    fn compare_bound(&self, bound: &Self) -> Ordering {
        match bound.local {
            None => self.compare_public(bound),
            Some(_) => self.compare(bound),
        }
    }

    fn sort_key(&self) -> Option<SortKey> {
        let local = self.local.unwrap_or_default();
        let mut key = KeyWriter::for_length(self.release.length() + local.len() + 8);
        key.number(self.epoch);
        self.release.write(&mut key);
        self.stage.write(&mut key);
        key.tag(u8::from(self.post.is_some()));
        key.number(self.post.unwrap_or_default());
        match self.dev {
            Dev::Number(number) => {
                key.tag(0);
                key.number(number);
            }
            Dev::None => key.tag(1),
        }
        if self.local.is_some() {
            write_local(&mut key, local);
        } else {
            key.tag(0);
        }
        Some(key.finish())
    }
}

impl Stage<'_> {
    fn write(self, key: &mut KeyWriter) {
        let (tag, number) = match self {
            Self::Dev => (1, Number::ZERO),
            Self::Alpha(number) => (2, number),
            Self::Beta(number) => (3, number),
            Self::Candidate(number) => (4, number),
            Self::Final => (5, Number::ZERO),
        };
        key.tag(tag);
        key.number(number);
    }
}

/// Takes the word if it comes next, in letters of any case; the word is in lower case.
fn skip_word(cursor: &mut Cursor<'_>, word: &[u8]) -> bool {
    let mut ahead = *cursor;
    for &letter in word {
        if ahead.peek().map(|byte| byte.to_ascii_lowercase()) != Some(letter) {
            return false;
        }
        ahead.skip();
    }
    *cursor = ahead;
    true
}

fn skip_separator(cursor: &mut Cursor<'_>) {
    if matches!(cursor.peek(), Some(b'-' | b'_' | b'.')) {
        cursor.skip();
    }
}

fn digits<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], &'static str> {
    match cursor.take_while(|byte| byte.is_ascii_digit()) {
        [] => Err("number expected"),
        digits => Ok(digits),
    }
}

/// Takes numbers up to a dot that no number follows.
fn read_release<'a>(cursor: &mut Cursor<'a>) -> Result<Release<'a>, &'static str> {
    let start = *cursor;
    let mut length = digits(cursor)?.len();
    loop {
        let mut ahead = *cursor;
        if !ahead.skip_text(b".") {
            break;
        }
        let Ok(number) = digits(&mut ahead) else {
            break;
        };
        length += 1 + number.len();
        *cursor = ahead;
    }
    Ok(Release::new(start.first(length)))
}

/// Takes a label with its number, which is zero if there is none.
fn labelled<'a>(cursor: &mut Cursor<'a>, labels: &[&[u8]]) -> Option<Number<'a>> {
    let mut ahead = *cursor;
    skip_separator(&mut ahead);
    labels.iter().find(|label| skip_word(&mut ahead, label))?;
    skip_separator(&mut ahead);
    let number = ahead.number();
    *cursor = ahead;
    Some(number)
}

fn read_stage<'a>(cursor: &mut Cursor<'a>) -> Option<Stage<'a>> {
    let alpha = labelled(cursor, &ALPHAS).map(Stage::Alpha);
    alpha
        .or_else(|| labelled(cursor, &BETAS).map(Stage::Beta))
        .or_else(|| labelled(cursor, &CANDIDATES).map(Stage::Candidate))
}

fn read_post<'a>(cursor: &mut Cursor<'a>) -> Option<Number<'a>> {
    let mut ahead = *cursor;
    if ahead.skip_text(b"-")
        && let Ok(number) = digits(&mut ahead)
    {
        *cursor = ahead;
        return Some(Number::new(number));
    }
    labelled(cursor, &POSTS)
}

fn read_local<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, &'static str> {
    if !cursor.skip_text(b"+") {
        return Ok(None);
    }
    let local = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || is_separator(byte));
    if local
        .split(|&byte| is_separator(byte))
        .any(<[u8]>::is_empty)
    {
        return Err("empty segment of the local version");
    }
    Ok(Some(local))
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

fn locals(text: &[u8]) -> impl Iterator<Item = Local<'_>> {
    text.split(|&byte| is_separator(byte)).map(|segment| {
        if segment.iter().all(u8::is_ascii_digit) {
            Local::Number(Number::new(segment))
        } else {
            Local::Text(segment)
        }
    })
}

fn compare_locals(left: &[u8], right: &[u8]) -> Ordering {
    locals(left).cmp(locals(right))
}

impl Ord for Local<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => {
                let left = left.iter().map(u8::to_ascii_lowercase);
                left.cmp(right.iter().map(u8::to_ascii_lowercase))
            }
            (Self::Number(left), Self::Number(right)) => left.cmp(right),
            (Self::Text(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Text(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Local<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Local<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Local<'_> {}

fn write_local(key: &mut KeyWriter, local: &[u8]) {
    for segment in locals(local) {
        match segment {
            Local::Text(text) => {
                key.tag(2);
                key.bytes(text.iter().map(u8::to_ascii_lowercase));
            }
            Local::Number(number) => {
                key.tag(3);
                key.number(number);
            }
        }
    }
    key.tag(1);
}
