use url::Url;

/// Returns an address as it may be shown: without user, password, fragment and the values of its
/// query.
pub fn redacted(url: &Url) -> String {
    let mut text = format!("{}://", url.scheme());
    if !url.username().is_empty() || url.password().is_some() {
        text.push_str("***@");
    }
    text.push_str(&host_and_port(url));
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

/// Returns an address as it may be shown to those who did not give it: scheme, host and path.
pub(crate) fn without_query(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host_and_port(url), url.path())
}

/// Returns the host of an address, and its port if that is not the usual one.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
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

    #[test]
    fn of_a_layers_address_only_scheme_host_and_path_are_shown() {
        let url = "https://user:pw@a.example:81/v2/x?sig=secret#y"
            .parse()
            .unwrap();
        assert_eq!(without_query(&url), "https://a.example:81/v2/x");
    }
}
