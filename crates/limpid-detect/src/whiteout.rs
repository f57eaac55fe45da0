use limpid_layer::Entry;
use limpid_types::Whiteout;

/// Reads the whiteout that an entry stands for, if it is one.
///
/// The names are those of the OCI image specification, "Layer filesystem changeset": `.wh.NAME`
/// removes `NAME` beside it, `.wh..wh..opq` hides all that lower layers have in its directory.
/// Other names that begin with `.wh..wh.` are AUFS's own bookkeeping and mean nothing.
pub(crate) fn read(entry: &Entry<'_>) -> Option<Whiteout> {
    let (directory, name) = entry.path.rsplit_once('/').unwrap_or(("", entry.path));
    let removed = name.strip_prefix(".wh.")?;
    match removed {
        ".wh..opq" => Some(Whiteout::Opaque(directory.to_owned())),
        _ if removed.is_empty() || removed.starts_with(".wh.") => None,
        _ if directory.is_empty() => Some(Whiteout::Path(removed.to_owned())),
        _ => Some(Whiteout::Path(format!("{directory}/{removed}"))),
    }
}

#[cfg(test)]
mod tests {
    use limpid_layer::EntryKind;

    use super::*;

    fn whiteout(path: &str) -> Option<Whiteout> {
        read(&Entry {
            path,
            kind: EntryKind::File,
            size: 0,
            mode: 0,
            link: "",
            offset: 0,
        })
    }

    #[test]
    fn plain_whiteouts_name_their_sibling() {
        assert_eq!(
            whiteout("etc/.wh.passwd"),
            Some(Whiteout::Path("etc/passwd".into()))
        );
        assert_eq!(whiteout(".wh.etc"), Some(Whiteout::Path("etc".into())));
    }

    #[test]
    fn opaque_whiteouts_name_their_directory_even_the_root() {
        assert_eq!(
            whiteout("a/b/.wh..wh..opq"),
            Some(Whiteout::Opaque("a/b".into()))
        );
        assert_eq!(
            whiteout(".wh..wh..opq"),
            Some(Whiteout::Opaque(String::new()))
        );
    }

    #[test]
    fn aufs_bookkeeping_and_other_names_are_no_whiteouts() {
        for path in [
            ".wh..wh.plnk",
            "a/.wh..wh.aufs",
            "a/.wh.",
            "a/wh.b",
            "etc/passwd",
        ] {
            assert_eq!(whiteout(path), None, "{path}");
        }
    }
}
