use std::cmp::Ordering;

use crate::SortKey;
use crate::key::KeyWriter;
use crate::number::Number;

/// Numbers between separators, ordered one by one; fewer of them are below more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberList<'a> {
    text: &'a [u8],
    separators: &'static [u8],
}

impl<'a> NumberList<'a> {
    /// Reads numbers between any of the separators.
    pub(crate) fn read(text: &'a str, separators: &'static [u8]) -> Result<Self, &'static str> {
        let text = text.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_digit() || separators.contains(byte);
        if !text.iter().all(allowed) {
            return Err("unexpected character");
        }
        let mut numbers = text.split(|byte| separators.contains(byte));
        if numbers.any(<[u8]>::is_empty) {
            return Err("number expected");
        }
        Ok(Self { text, separators })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.numbers().cmp(other.numbers())
    }

    pub(crate) fn sort_key(&self) -> SortKey {
        let mut key = KeyWriter::for_length(self.text.len());
        for number in self.numbers() {
            key.tag(2);
            key.number(number);
        }
        key.tag(1);
        key.finish()
    }

    fn numbers(&self) -> impl Iterator<Item = Number<'a>> {
        let separators = self.separators;
        let numbers = self.text.split(move |byte| separators.contains(byte));
        numbers.map(Number::new)
    }
}
