//! Records of a PAX extended header: `LENGTH KEY=VALUE\n`, where the length is decimal and counts
//! itself. See POSIX, pax, "pax Extended Header".

/// Calls back with every record; fails with what is wrong when one cannot be read.
pub(crate) fn for_each_record<'b>(
    mut bytes: &'b [u8],
    mut each: impl FnMut(&'b [u8], &'b [u8]) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    while !bytes.is_empty() {
        let space = bytes.iter().take(20).position(|&byte| byte == b' ');
        let space = space.ok_or("extended header without a length")?;
        let length = decimal(&bytes[..space]).and_then(|length| usize::try_from(length).ok());
        let (record, rest) = length
            .and_then(|length| bytes.split_at_checked(length))
            .ok_or("extended header with an invalid length")?;
        let record = record
            .get(space + 1..)
            .and_then(|record| record.strip_suffix(b"\n"))
            .ok_or("extended header record without an end")?;
        let equals = record.iter().position(|&byte| byte == b'=');
        let equals = equals.ok_or("extended header record without a value")?;
        each(&record[..equals], &record[equals + 1..])?;
        bytes = rest;
    }
    Ok(())
}

/// Reads a decimal number of at most 63 bits.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let value = text.iter().try_fold(0_u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })?;
    i64::try_from(value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
        let mut records = Vec::new();
        for_each_record(bytes, |key, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            records.push((text(key), text(value)));
            Ok(())
        })?;
        Ok(records)
    }

    #[test]
    fn records_may_hold_newlines_and_equals_signs() {
        let found = records(b"13 path=a\nb=\n11 size=42\n").unwrap();
        let expected = [("path", "a\nb="), ("size", "42")];
        assert_eq!(
            found,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn malformed_records_are_refused() {
        let cases: [&[u8]; 8] = [
            b"path=a\n",
            b"x path=a\n",
            b"99 path=a\n",
            b"8 path=a\n",
            b"3 \n",
            b"2 ",
            b"0 path=a\n",
            b"99999999999999999999 path=a\n",
        ];
        for bytes in cases {
            assert!(records(bytes).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
