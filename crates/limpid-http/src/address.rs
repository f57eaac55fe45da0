use std::fmt::Write as _;

use url::Url;

/// Returns an address as it may be shown: without user, password, fragment and the values of its
/// query.
pub fn redacted(url: &Url) -> String {
    let mut text = format!("{}://", url.scheme());
    if !url.username().is_empty() || url.password().is_some() {
        text.push_str("***@");
    }
    text.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        // Writing to a String cannot fail.
        let _ = write!(text, ":{port}");
    }
    text.push_str(url.path());
    let names = url.query().unwrap_or_default().split('&');
    for (index, parameter) in names.filter(|part| !part.is_empty()).enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) => {
                text.push_str(name);
                text.push_str("=***");
            }
            // Without a name it may be a secret as a whole.
            None => text.push_str("***"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let cases = [
            ("https://a.example/x/y.json", "https://a.example/x/y.json"),
            (
                "https://user:pw@a.example:81/x",
                "https://***@a.example:81/x",
            ),
            ("https://token@a.example/", "https://***@a.example/"),
            (
                "https://a.example/x?key=secret&empty=&flag",
                "https://a.example/x?key=***&empty=***&***",
            ),
            ("https://a.example/x#secret", "https://a.example/x"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ];
        for (url, expected) in cases {
            assert_eq!(redacted(&url.parse().unwrap()), expected);
        }
    }
}
