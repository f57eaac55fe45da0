use axum::http::HeaderMap;

/// Returns the id of the trace that a request belongs to, from the header `traceparent` (W3C Trace
/// Context); none when it has none or a malformed one.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all("traceparent").into_iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    let mut fields = line.split('-');
    let [version, trace, parent, flags] = [(); 4].map(|()| fields.next());
    let version = hex(version?, 2).filter(|version| *version != "ff")?;
    let trace = hex(trace?, 32).filter(|id| id.bytes().any(|digit| digit != b'0'))?;
    hex(parent?, 16).filter(|id| id.bytes().any(|digit| digit != b'0'))?;
    hex(flags?, 2)?;
    // Only later versions may have more fields.
    (version != "00" || fields.next().is_none()).then_some(trace)
}

fn hex(text: &str, length: usize) -> Option<&str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == length && text.bytes().all(is_digit)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &'static str) -> Option<String> {
        let headers =
            HeaderMap::from_iter([("traceparent".parse().unwrap(), line.parse().unwrap())]);
        trace_id(&headers).map(str::to_owned)
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn the_trace_is_read() {
        for line in [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later",
        ] {
            assert_eq!(read(line).as_deref(), Some(TRACE), "{line}");
        }
    }

    #[test]
    fn what_is_malformed_is_none() {
        for line in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
