use std::collections::BTreeMap;

/// How deep `${a:-${b:-…}}` may be nested.
const DEEPEST: usize = 8;

/// Takes off quotes and escapes of a word, and puts in the values of variables.
pub(super) struct Expansion<'a> {
    /// The character that takes the meaning from the one after it.
    pub(super) escape: char,
    /// Values by name.
    pub(super) variables: &'a BTreeMap<String, String>,
    /// How much text may still be made, in bytes.
    pub(super) text_left: &'a mut usize,
}

/// Splits text at blanks outside of quotes; quotes and escapes stay in the words.
pub(super) fn words(text: &str, escape: char) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = None;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if begin.is_none() && !character.is_ascii_whitespace() {
            begin = Some(at);
        }
        if is_escaped {
            is_escaped = false;
        } else if character == escape && quote != Some('\'') {
            is_escaped = true;
        } else if quote == Some(character) {
            quote = None;
        } else if quote.is_none() && matches!(character, '"' | '\'') {
            quote = Some(character);
        } else if quote.is_none()
            && character.is_ascii_whitespace()
            && let Some(begin) = begin.take()
        {
            words.extend(text.get(begin..at));
        }
    }
    if let Some(begin) = begin {
        words.extend(text.get(begin..));
    }
    words
}

impl Expansion<'_> {
    /// Expands one word.
    pub(super) fn expand(&mut self, raw: &str) -> Result<String, &'static str> {
        self.expand_nested(raw, 0)
    }

    fn expand_nested(&mut self, raw: &str, depth: usize) -> Result<String, &'static str> {
        if depth > DEEPEST {
            return Err("variables are nested too deep");
        }
        self.spend(raw.len())?;
        let mut plain = String::new();
        let mut quote = None;
        let mut rest = raw.chars();
        while let Some(character) = rest.next() {
            match (quote, character) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (Some('\''), _) => plain.push(character),
                (None, '\'' | '"') => quote = Some(character),
                _ if character == self.escape => {
                    let next = rest.next();
                    // Between double quotes only what would mean something is escaped.
                    let means = |next| matches!(next, '"' | '$') || next == self.escape;
                    if quote.is_some() && !next.is_some_and(means) {
                        plain.push(character);
                    }
                    plain.extend(next);
                }
                (_, '$') => {
                    let (value, after) = self.variable(rest.as_str(), depth)?;
                    plain.push_str(&value);
                    rest = after.chars();
                }
                _ => plain.push(character),
            }
        }
        Ok(plain)
    }

    /// Returns the value of the variable that a text begins with, and what comes after it.
    fn variable<'t>(
        &mut self,
        text: &'t str,
        depth: usize,
    ) -> Result<(String, &'t str), &'static str> {
        let Some(braced) = text.strip_prefix('{') else {
            let (name, rest) = name(text);
            if name.is_empty() {
                return Ok(("$".to_owned(), rest));
            }
            return Ok((self.value(name)?, rest));
        };
        let close = closing_brace(braced).ok_or("a brace that is not closed")?;
        let (inner, rest) = braced.split_at(close);
        let rest = rest.strip_prefix('}').unwrap_or(rest);
        let (name, modifier) = name(inner);
        let value = self.variables.get(name);
        let is_set = value.is_some_and(|value| !modifier.starts_with(':') || !value.is_empty());
        let modifier = modifier.strip_prefix(':').unwrap_or(modifier);
        let value = match modifier.split_at_checked(1) {
            _ if name.is_empty() => return Err("a variable without a name"),
            None if modifier.is_empty() => self.value(name)?,
            Some(("-", _)) if is_set => self.value(name)?,
            Some(("-", word)) => self.expand_nested(word, depth + 1)?,
            Some(("+", word)) if is_set => self.expand_nested(word, depth + 1)?,
            Some(("+", _)) => String::new(),
            _ => return Err("a modifier of a variable that is not known"),
        };
        Ok((value, rest))
    }

    fn value(&mut self, name: &str) -> Result<String, &'static str> {
        let value = self.variables.get(name).map_or("", String::as_str);
        self.spend(value.len())?;
        Ok(value.to_owned())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), &'static str> {
        *self.text_left = self
            .text_left
            .checked_sub(bytes)
            .ok_or("the variables make too much text")?;
        Ok(())
    }
}

/// Splits the name of a variable off.
fn name(text: &str) -> (&str, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Finds the brace that closes the one before the text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(raw: &str) -> Result<String, &'static str> {
        let variables = [("a", "1"), ("empty", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        Expansion {
            escape: '\\',
            variables: &variables,
            text_left: &mut 1000,
        }
        .expand(raw)
    }

    #[test]
    fn defaults_and_alternatives_of_variables_follow_the_shell() {
        let cases = [
            ("${a:-x}", "1"),
            ("${b:-x}", "x"),
            ("${empty:-x}", "x"),
            ("${empty-x}", ""),
            ("${a:+x}", "x"),
            ("${b:+x}", ""),
            ("${empty:+x}", ""),
            ("${empty+x}", "x"),
            ("${b:-${c:-$a}}y", "1y"),
            ("$a$b.${a}", "1.1"),
            ("cost: 5$", "cost: 5$"),
            ("\"\\x\\\"$a\"'$a'", "\\x\"1$a"),
        ];
        for (raw, expected) in cases {
            assert_eq!(expanded(raw).as_deref(), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_an_error() {
        let deep = format!("{}{}", "${b:-".repeat(20), "}".repeat(20));
        for raw in ["${", "${a", "${}", "${a:?x}", "${a%x}", &deep] {
            assert!(expanded(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn words_end_at_blanks_outside_of_quotes() {
        assert_eq!(
            words(" a=\"b c\"  d='e \\' f\\ g \"open h", '\\'),
            ["a=\"b c\"", "d='e \\'", "f\\ g", "\"open h"]
        );
    }
}
