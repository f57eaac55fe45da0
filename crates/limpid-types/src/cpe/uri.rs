//! The URI of version 2.2, by section 6.1 of NISTIR 7695.
//!
//! Letters, digits, `_`, `.`, `-` and `~` stand for themselves, other punctuation is a percent sign
//! and two hexadecimal digits, and of these `%01` is the wildcard `?` and `%02` the wildcard `*`.
//! An edition that begins with `~` is five attributes in one, each with a `~` before it.

use super::{ATTRIBUTES, Cpe, CpeAttribute, CpeValue};

/// Components of a URI: part to language.
const COMPONENTS: usize = 7;

/// Reads what follows `cpe:/`.
pub(super) fn read(components: &str) -> Result<Cpe, &'static str> {
    let mut values: [CpeValue; ATTRIBUTES] = Default::default();
    let [
        part,
        vendor,
        product,
        version,
        update,
        edition,
        language,
        packed @ ..,
    ] = &mut values;
    let mut rest = components.split(':');
    for value in [part, vendor, product, version, update] {
        *value = read_component(rest.next().unwrap_or_default())?;
    }
    let text = rest.next().unwrap_or_default();
    if let Some(text) = text.strip_prefix('~') {
        let mut parts = text.split('~');
        for value in [edition].into_iter().chain(packed) {
            *value = read_component(parts.next().ok_or("packed edition of too few parts")?)?;
        }
        if parts.next().is_some() {
            return Err("packed edition of too many parts");
        }
    } else {
        *edition = read_component(text)?;
    }
    *language = read_component(rest.next().unwrap_or_default())?;
    match rest.next() {
        None => Ok(Cpe(values)),
        Some(_) => Err("more than seven components"),
    }
}

fn read_component(component: &str) -> Result<CpeValue, &'static str> {
    if component == "-" {
        return Ok(CpeValue::NotApplicable);
    }
    let mut text = String::with_capacity(component.len());
    let mut bytes = component.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'_' => text.push('_'),
            b'.' | b'-' | b'~' => text.extend(['\\', char::from(byte)]),
            b'%' => match (digit(bytes.next()), digit(bytes.next())) {
                (Some(high), Some(low)) => push_decoded(high * 16 + low, &mut text)?,
                _ => return Err("a percent sign without two hexadecimal digits"),
            },
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => return Err("a character that must be percent encoded"),
        }
    }
    CpeValue::checked(text)
}

fn digit(byte: Option<u8>) -> Option<u8> {
    let digit = char::from(byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

fn push_decoded(byte: u8, text: &mut String) -> Result<(), &'static str> {
    match byte {
        1 => text.push('?'),
        2 => text.push('*'),
        b'_' => text.push('_'),
        _ if byte.is_ascii_punctuation() => text.extend(['\\', char::from(byte)]),
        _ => return Err("a percent code that stands for nothing"),
    }
    Ok(())
}

/// Writes the whole URI, without the colons at its end that say nothing.
pub(super) fn write(cpe: &Cpe) -> String {
    let mut uri = String::from("cpe:/");
    for attribute in CpeAttribute::ALL.into_iter().take(COMPONENTS) {
        if attribute != CpeAttribute::Part {
            uri.push(':');
        }
        if attribute == CpeAttribute::Edition {
            write_edition(cpe, &mut uri);
        } else {
            write_value(cpe.get(attribute), &mut uri);
        }
    }
    uri.truncate(uri.trim_end_matches(':').len());
    if uri == "cpe" {
        uri.push_str(":/");
    }
    uri
}

fn write_edition(cpe: &Cpe, uri: &mut String) {
    let [
        ..,
        edition,
        _,
        software,
        target_software,
        target_hardware,
        other,
    ] = &cpe.0;
    let packed = [software, target_software, target_hardware, other];
    if packed.iter().all(|&value| *value == CpeValue::Any) {
        write_value(edition, uri);
        return;
    }
    for value in [edition].into_iter().chain(packed) {
        uri.push('~');
        write_value(value, uri);
    }
}

fn write_value(value: &CpeValue, uri: &mut String) {
    match value {
        CpeValue::Any => {}
        CpeValue::NotApplicable => uri.push('-'),
        CpeValue::Text(text) => write_text(text, uri),
    }
}

fn write_text(text: &str, uri: &mut String) {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'?' => uri.push_str("%01"),
            b'*' => uri.push_str("%02"),
            b'\\' => match bytes.next() {
                Some(quoted @ (b'.' | b'-' | b'_')) => uri.push(char::from(quoted)),
                Some(quoted) => uri.extend([
                    '%',
                    char::from_digit(u32::from(quoted) / 16, 16).unwrap_or_default(),
                    char::from_digit(u32::from(quoted) % 16, 16).unwrap_or_default(),
                ]),
                None => {}
            },
            _ => uri.push(char::from(byte)),
        }
    }
}
