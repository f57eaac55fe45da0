use std::collections::HashMap;
use std::rc::Rc;

/// Bytes that a new text takes beside its own: two pointers to it and an entry of the map.
const ENTRY_BYTES: usize = 80;

/// Texts that come many times and are kept once.
#[derive(Default)]
pub(super) struct Symbols {
    numbers: HashMap<Rc<str>, u32>,
    texts: Vec<Rc<str>>,
    size: usize,
}

/// The id of a definition, test, object, state or variable:
/// `oval:com.ubuntu.jammy:tst:20200025900000`.
///
/// A document has as many of them as records, so the text before the number is kept once. An id
/// without a number is a prefix as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id {
    prefix: u32,
    number: Option<u64>,
}

impl Symbols {
    /// Returns the number of a text, which is kept from now on.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        // The bound on the tables leaves no room for so many texts that this would be wrong.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Rc<str> = text.into();
        self.size += text.len() + ENTRY_BYTES;
        self.texts.push(Rc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    /// Returns the text of a number.
    pub(super) fn text(&self, number: u32) -> Rc<str> {
        self.texts
            .get(number as usize)
            .map_or_else(|| "".into(), Rc::clone)
    }

    /// Returns an id, whose prefix is kept from now on.
    pub(super) fn add_id(&mut self, text: &str) -> Id {
        let (prefix, number) = split(text);
        Id {
            prefix: self.add(prefix),
            number,
        }
    }

    /// Returns an id if its prefix is known.
    pub(super) fn id(&self, text: &str) -> Option<Id> {
        let (prefix, number) = split(text);
        let &prefix = self.numbers.get(prefix)?;
        Some(Id { prefix, number })
    }

    /// Returns how many bytes are taken, roughly.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

fn split(id: &str) -> (&str, Option<u64>) {
    let Some((prefix, digits)) = id.rsplit_once(':') else {
        return (id, None);
    };
    // Only a number that is written in one way can stand for its digits.
    let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
    match digits.parse() {
        Ok(number) if is_plain => (prefix, Some(number)),
        _ => (id, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_only_when_their_texts_are() {
        let mut symbols = Symbols::default();
        let texts = [
            "oval:a:tst:7",
            "oval:a:tst:07",
            "oval:a:tst:+7",
            "oval:a:tst:",
            "oval:a:tst",
            "oval:a:obj:7",
            "7",
            "oval:a:tst:99999999999999999999999",
        ];
        let ids: Vec<Id> = texts.iter().map(|text| symbols.add_id(text)).collect();
        for (index, text) in texts.iter().enumerate() {
            let same = ids
                .iter()
                .filter(|&&id| Some(id) == symbols.id(text))
                .count();
            assert_eq!(same, 1, "{text}");
            assert!(symbols.id(text) == ids.get(index).copied());
        }
        assert!(symbols.id("oval:b:tst:7").is_none());
    }
}
