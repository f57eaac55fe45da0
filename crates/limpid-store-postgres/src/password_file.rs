//! libpq's password file: lines of `host:port:database:user:password`, where `*` is anything and a
//! backslash takes the meaning of the next character away.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The most that is read of the file.
const LONGEST: u64 = 1 << 20;

/// Returns the password of the first line that fits; none also when there is no such file, because
/// libpq takes that for no error.
pub(crate) fn find(path: &Path, config: &Config) -> Option<String> {
    let mut content = String::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST).read_to_string(&mut content).ok()?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.as_str(),
        _ => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let wanted = [host, &port.to_string(), database, user];
    content.lines().find_map(|line| password(line, wanted))
}

fn password(line: &str, wanted: [&str; 4]) -> Option<String> {
    let fields = fields(line)?;
    let (password, place) = fields.split_last()?;
    let fits = place
        .iter()
        .zip(wanted)
        .all(|(field, wanted)| field == "*" || field == wanted);
    fits.then(|| password.clone())
}

/// Splits a line; none when it is a comment or has another number of fields than five.
fn fields(line: &str) -> Option<Vec<String>> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut characters = line.chars();
    while let Some(one) = characters.next() {
        match one {
            '\\' => field.extend(characters.next()),
            ':' => fields.push(std::mem::take(&mut field)),
            one => field.push(one),
        }
    }
    fields.push(field);
    (fields.len() == 5).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let wanted = ["db", "5432", "clair", "quay"];
        for (line, expected) in [
            ("db:5432:clair:quay:secret", Some("secret")),
            (r"*:*:*:quay:a\:b\\c", Some(r"a:b\c")),
            ("db:5433:clair:quay:secret", None),
            ("# db:5432:clair:quay:secret", None),
            ("db:5432:clair:quay", None),
            ("", None),
        ] {
            assert_eq!(password(line, wanted).as_deref(), expected, "{line}");
        }
    }
}
