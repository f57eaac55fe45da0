/// The value of one entry of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// One string (type 6).
    Text(String),
    /// Strings (type 8).
    Texts(Vec<String>),
    /// A string in one locale (type 9).
    Translated(String),
    /// Numbers of 32 bits (type 4).
    Numbers(Vec<u32>),
    /// Bytes (type 7).
    Binary(Vec<u8>),
}

impl HeaderValue {
    fn kind(&self) -> u32 {
        match self {
            Self::Numbers(_) => 4,
            Self::Text(_) => 6,
            Self::Binary(_) => 7,
            Self::Texts(_) => 8,
            Self::Translated(_) => 9,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Text(_) | Self::Translated(_) => 1,
            Self::Texts(texts) => texts.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    fn append_to(&self, data: &mut Vec<u8>) {
        match self {
            Self::Text(text) | Self::Translated(text) => append_text(text, data),
            Self::Texts(texts) => texts.iter().for_each(|text| append_text(text, data)),
            Self::Numbers(numbers) => {
                data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            }
            Self::Binary(bytes) => data.extend(bytes),
        }
    }
}

fn append_text(text: &str, data: &mut Vec<u8>) {
    data.extend(text.bytes());
    data.push(0);
}

/// Writes an rpm header, without the magic that a package file has in front of it.
#[derive(Clone, Debug, Default)]
pub struct HeaderWriter {
    entries: Vec<(u32, HeaderValue)>,
}

impl HeaderWriter {
    /// The tag of the region that every header made by `rpmbuild` has.
    const REGION: u32 = 63;

    /// Adds an entry.
    #[must_use]
    pub fn with(mut self, tag: u32, value: HeaderValue) -> Self {
        self.entries.push((tag, value));
        self
    }

    /// Returns the bytes of the header, all entries inside of one region, sorted by tag.
    pub fn write(mut self) -> Vec<u8> {
        self.entries.sort_by_key(|(tag, _)| *tag);
        let mut index = Vec::new();
        let mut data = Vec::new();
        for (tag, value) in &self.entries {
            if matches!(value, HeaderValue::Numbers(_)) {
                data.resize(data.len().next_multiple_of(4), 0);
            }
            append_entry(&mut index, *tag, value.kind(), data.len(), value.count());
            value.append_to(&mut data);
        }
        // The region's data is a copy of its own entry, with the size of the index, negated, in
        // the place of the offset.
        let entries = self.entries.len() + 1;
        let mut region = Vec::new();
        append_entry(&mut region, Self::REGION, 7, data.len(), 16);
        let index_bytes = as_u32(entries * 16);
        data.extend(
            [Self::REGION, 7, index_bytes.wrapping_neg(), 16]
                .map(u32::to_be_bytes)
                .concat(),
        );
        let sizes = [as_u32(entries), as_u32(data.len())]
            .map(u32::to_be_bytes)
            .concat();
        [sizes, region, index, data].concat()
    }
}

fn append_entry(index: &mut Vec<u8>, tag: u32, kind: u32, offset: usize, count: usize) {
    let entry = [tag, kind, as_u32(offset), as_u32(count)];
    index.extend(entry.map(u32::to_be_bytes).concat());
}

fn as_u32(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
