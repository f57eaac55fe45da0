/// Returns the names of the files that a page links to.
pub(super) fn files(page: &str) -> Vec<String> {
    let mut files = Vec::new();
    for part in page.split("href=").skip(1) {
        let mut rest = part.chars();
        let Some(quote @ ('"' | '\'')) = rest.next() else {
            continue;
        };
        let Some((target, _)) = rest.as_str().split_once(quote) else {
            continue;
        };
        let name = target.rsplit('/').next().unwrap_or(target);
        if !name.is_empty() && name.bytes().all(is_plain) {
            files.push(name.to_owned());
        }
    }
    files
}

/// Names of documents need no escapes, so none are undone.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_any_form_give_file_names() {
        let page = r#"<a href="../">up</a> <a class='x' href='./a.xml.gz'>a</a>
            <a href="/pub/oval/b.xml.gz">b</a> <a href=c>c</a> <a href="?C=M">d</a> <a href="e"#;
        assert_eq!(files(page), ["a.xml.gz", "b.xml.gz"]);
        assert!(files("no page").is_empty());
    }
}
