use limpid_layer::{Entry, EntryKind};

/// Directories above the places where package databases and release files live.
///
/// When a layer has something else than a directory at one of these paths, everything that lower
/// layers have below it is gone, although no whiteout says so.
const DIRECTORIES: [&str; 26] = [
    "etc",
    "lib",
    "lib/apk",
    "lib/apk/db",
    "usr",
    "usr/lib",
    "usr/lib/apk",
    "usr/lib/apk/db",
    "usr/lib/sysimage",
    "usr/lib/sysimage/libdnf5",
    "usr/lib/sysimage/rpm",
    "usr/share",
    "usr/share/bottlerocket",
    "usr/share/rpm",
    "var",
    "var/db",
    "var/db/pkg",
    "var/lib",
    "var/lib/chisel",
    "var/lib/dnf",
    "var/lib/dpkg",
    "var/lib/dpkg/status.d",
    "var/lib/rpm",
    "var/lib/opkg",
    "var/lib/pacman",
    "var/lib/pacman/local",
];

/// Tells whether an entry hides what lower layers have below its path.
pub(crate) fn is_obstruction(entry: &Entry<'_>) -> bool {
    entry.kind != EntryKind::Directory && DIRECTORIES.contains(&entry.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_where_a_database_directory_was_is_an_obstruction() {
        let mut entry = Entry {
            path: "var/lib/dpkg",
            kind: EntryKind::Symlink,
            size: 0,
            mode: 0o777,
            link: "elsewhere",
            offset: 0,
        };
        assert!(is_obstruction(&entry));
        entry.kind = EntryKind::Directory;
        assert!(!is_obstruction(&entry));
    }
}
