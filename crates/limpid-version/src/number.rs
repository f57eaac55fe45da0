use std::cmp::Ordering;

/// A decimal number of any length, ordered by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    /// The digits without leading zeros, so zero has none.
    digits: &'a [u8],
}

impl<'a> Number<'a> {
    /// Zero.
    pub(crate) const ZERO: Self = Self { digits: &[] };

    /// Makes a number from digits; no digits are zero.
    pub(crate) fn new(digits: &'a [u8]) -> Self {
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        Self {
            digits: digits.get(zeros..).unwrap_or_default(),
        }
    }

    /// Returns the digits without leading zeros.
    pub(crate) const fn digits(self) -> &'a [u8] {
        self.digits
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.digits.len().cmp(&other.digits.len());
        by_length.then_with(|| self.digits.cmp(other.digits))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
