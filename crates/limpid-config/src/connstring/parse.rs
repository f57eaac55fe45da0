use std::collections::BTreeMap;

use url::form_urlencoded;

use super::ConnectionStringError::{self, Malformed};

type Parameters = BTreeMap<String, String>;

/// Reads a string in either form.
pub(super) fn parameters(text: &str) -> Result<Parameters, ConnectionStringError> {
    let url = ["postgresql://", "postgres://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match url {
        Some(rest) => of_url(rest),
        None => of_keywords(text),
    }
}

/// Reads what follows the scheme. URL parsers do not know lists of hosts.
fn of_url(rest: &str) -> Result<Parameters, ConnectionStringError> {
    let mut parameters = Parameters::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (login, hosts),
        None => ("", authority),
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    for (name, value) in [("user", user), ("password", password), ("dbname", database)] {
        if !value.is_empty() {
            parameters.insert(name.to_owned(), decoded(value)?);
        }
    }
    if !hosts.is_empty() {
        let mut names = Vec::new();
        let mut ports = Vec::new();
        for host in hosts.split(',') {
            let (name, port) = split_port(host)?;
            names.push(decoded(name)?);
            ports.push(port);
        }
        if names.iter().any(|name| !name.is_empty()) {
            parameters.insert("host".to_owned(), names.join(","));
        }
        if ports.iter().any(|port| !port.is_empty()) {
            parameters.insert("port".to_owned(), ports.join(","));
        }
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters.insert(name.into_owned(), value.into_owned());
    }
    Ok(parameters)
}

fn split_port(host: &str) -> Result<(&str, &str), ConnectionStringError> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest
                .split_once(']')
                .ok_or(Malformed("an address in brackets does not end"))?;
            (name, port.strip_prefix(':').unwrap_or(port))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return Err(Malformed("a port is no number"));
    }
    Ok((name, port))
}

/// Replaces `%41` by `A`.
fn decoded(text: &str) -> Result<String, ConnectionStringError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(Malformed("a percent sign is not followed by two digits"));
        };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
    }
    String::from_utf8(bytes).map_err(|_| Malformed("percent signs stand for no text"))
}

fn of_keywords(text: &str) -> Result<Parameters, ConnectionStringError> {
    let mut parameters = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or(Malformed("expected name=value or a postgresql URL"))?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(Malformed("a value has no name"));
        }
        let (value, after) = value(after.trim_start())?;
        parameters.insert(name.to_owned(), value);
        rest = after.trim_start();
    }
    Ok(parameters)
}

/// Reads one value, quoted or not, and returns what follows.
fn value(text: &str) -> Result<(String, &str), ConnectionStringError> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next();
                value.extend(escaped.map(|(_, character)| character));
            }
            '\'' if quoted.is_some() => {
                return Ok((value, body.get(at + 1..).unwrap_or_default()));
            }
            space if quoted.is_none() && space.is_whitespace() => {
                return Ok((value, body.get(at..).unwrap_or_default()));
            }
            other => value.push(other),
        }
    }
    if quoted.is_some() {
        return Err(Malformed("a quoted value does not end"));
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Parameters = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(parameters(text), Ok(expected), "{text}");
    }

    #[test]
    fn keywords_may_be_quoted_and_escaped() {
        check("", &[]);
        check("host=db user = clair", &[("host", "db"), ("user", "clair")]);
        check(
            r"password='a \'b\\ c' port=1",
            &[("password", r"a 'b\ c"), ("port", "1")],
        );
        check(r"user=a\ b dbname=''", &[("dbname", ""), ("user", "a b")]);
    }

    #[test]
    fn urls_may_name_several_hosts() {
        check(
            "postgresql://u%40x:p%2Fw@a:1,[::1]:2,c/db?sslmode=require",
            &[
                ("dbname", "db"),
                ("host", "a,::1,c"),
                ("password", "p/w"),
                ("port", "1,2,"),
                ("sslmode", "require"),
                ("user", "u@x"),
            ],
        );
        check(
            "postgres:///db?host=/run/postgresql",
            &[("dbname", "db"), ("host", "/run/postgresql")],
        );
        check(
            "postgresql://%2Frun%2Fpg/db",
            &[("dbname", "db"), ("host", "/run/pg")],
        );
    }

    #[test]
    fn what_is_in_neither_form_is_refused() {
        for text in [
            "clair",
            "=db",
            "a b=c",
            "password='open",
            "postgresql://[::1/db",
            "postgresql://host:port/db",
            "postgresql://%zz/db",
            "postgresql://%ff/db",
        ] {
            assert!(parameters(text).is_err(), "{text}");
        }
    }
}
