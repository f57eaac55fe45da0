//! The formatted string of version 2.3, by section 6.2 of NISTIR 7695.

use std::fmt::{self, Write as _};

use super::{ATTRIBUTES, Cpe, CpeValue};

/// Reads what follows `cpe:2.3:`.
pub(super) fn read(components: &str) -> Result<Cpe, &'static str> {
    let mut values: [CpeValue; ATTRIBUTES] = Default::default();
    let mut rest = Some(components);
    for value in &mut values {
        let (component, next) = split(rest.ok_or("fewer than eleven components")?);
        *value = read_component(component)?;
        rest = next;
    }
    match rest {
        None => Ok(Cpe(values)),
        Some(_) => Err("more than eleven components"),
    }
}

/// Splits at the first colon that is not quoted.
fn split(text: &str) -> (&str, Option<&str>) {
    let mut is_quoted = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b':' if !is_quoted => {
                return (text.get(..index).unwrap_or_default(), text.get(index + 1..));
            }
            b'\\' => is_quoted = !is_quoted,
            _ => is_quoted = false,
        }
    }
    (text, None)
}

fn read_component(component: &str) -> Result<CpeValue, &'static str> {
    match component {
        "" => return Err("an empty component"),
        "*" => return Ok(CpeValue::Any),
        "-" => return Ok(CpeValue::NotApplicable),
        _ => {}
    }
    let mut text = String::with_capacity(component.len());
    let mut characters = component.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                // The specification quotes letters in no place, but says nothing against it.
                Some(quoted) if quoted.is_ascii_alphanumeric() || quoted == '_' => {
                    text.push(quoted);
                }
                Some(quoted) => text.extend(['\\', quoted]),
                None => return Err("a backslash at the end"),
            },
            '*' | '?' | '_' => text.push(character),
            _ if character.is_ascii_punctuation() => text.extend(['\\', character]),
            _ => text.push(character),
        }
    }
    CpeValue::checked(text)
}

/// Writes the whole string.
pub(super) fn write(cpe: &Cpe, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("cpe:2.3")?;
    for value in &cpe.0 {
        f.write_char(':')?;
        match value {
            CpeValue::Any => f.write_char('*')?,
            CpeValue::NotApplicable => f.write_char('-')?,
            CpeValue::Text(text) => write_text(text, f)?,
        }
    }
    Ok(())
}

/// Writes a value, in which `.`, `-` and `_` need no quotes in this form.
fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            f.write_char(character)?;
            continue;
        }
        match characters.next() {
            Some(quoted @ ('.' | '-' | '_')) => f.write_char(quoted)?,
            Some(quoted) => {
                f.write_char('\\')?;
                f.write_char(quoted)?;
            }
            None => {}
        }
    }
    Ok(())
}
