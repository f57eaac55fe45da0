use std::cmp::Ordering;

use crate::key::KeyWriter;
use crate::number::Number;

/// Numbers between dots, of which those that are missing at the end are zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release<'a>(&'a [u8]);

impl<'a> Release<'a> {
    /// Makes a release of digits between dots.
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        let (mut left, mut right) = (self.numbers(), other.numbers());
        loop {
            let (left, right) = (left.next(), right.next());
            let order = left.unwrap_or_default().cmp(&right.unwrap_or_default());
            if order.is_ne() || (left, right) == (None, None) {
                return order;
            }
        }
    }

    pub(crate) fn numbers(self) -> impl Iterator<Item = Number<'a>> {
        self.0.split(|&byte| byte == b'.').map(Number::new)
    }

    pub(crate) const fn length(self) -> usize {
        self.0.len()
    }

    /// Writes the numbers up to the last that is not zero, and an end below any number.
    pub(crate) fn write(self, key: &mut KeyWriter) {
        let mut zeros = 0_usize;
        for number in self.numbers() {
            if number == Number::ZERO {
                zeros += 1;
                continue;
            }
            for _ in 0..zeros {
                key.tag(1);
                key.number(Number::ZERO);
            }
            zeros = 0;
            key.tag(1);
            key.number(number);
        }
        key.tag(0);
    }
}
