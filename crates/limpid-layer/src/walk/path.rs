/// The name leads out of the root of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escapes;

/// Writes a name as a path without leading slash, `.`, `..` or doubled slashes. Bytes that are
/// not UTF-8 become U+FFFD.
///
/// When the name leads out of the root, the path is the one that a process confined to the root
/// would reach.
pub fn clean_into(name: &[u8], path: &mut String) -> Result<(), Escapes> {
    path.clear();
    let mut result = Ok(());
    for part in String::from_utf8_lossy(name).split('/') {
        match part {
            "" | "." => {}
            ".." if path.is_empty() => result = Err(Escapes),
            ".." => path.truncate(path.rfind('/').unwrap_or(0)),
            _ => {
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(part);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        let cases: [(&[u8], Result<&str, Escapes>); 12] = [
            (b"etc/passwd", Ok("etc/passwd")),
            (b"./etc/passwd", Ok("etc/passwd")),
            (b"/etc//passwd", Ok("etc/passwd")),
            (b"etc/./passwd/", Ok("etc/passwd")),
            (b"a/../b", Ok("b")),
            (b"a/b/../../c/d", Ok("c/d")),
            (b"a/b/../c", Ok("a/c")),
            (b"./", Ok("")),
            (b"..", Err(Escapes)),
            (b"/../etc", Err(Escapes)),
            (b"a/../../b", Err(Escapes)),
            (b"caf\xe9", Ok("caf\u{fffd}")),
        ];
        for (name, expected) in cases {
            let mut path = String::from("left over");
            let result = clean_into(name, &mut path);
            assert_eq!(
                result.map(|()| path.as_str()),
                expected,
                "{}",
                name.escape_ascii()
            );
        }
    }

    #[test]
    fn above_the_root_is_the_root() {
        let mut path = String::new();
        assert_eq!(clean_into(b"../a/../../b", &mut path), Err(Escapes));
        assert_eq!(path, "b");
    }
}
