//! Tells the files of an application from those of the packages that it has installed.

use super::Path;

/// Folders in which installed packages lie, each with its files.
const INSTALLED: [&str; 6] = [
    "bower_components",
    "dist-packages",
    "gems",
    "node_modules",
    "site-packages",
    "vendor",
];

/// Returns whether a file lies outside of all installed packages.
///
/// A list of pinned versions that came with a package says what its authors develop it with, and
/// nothing of it is installed.
pub(super) fn is_of_application(path: &Path<'_>) -> bool {
    let mut folders = path.directory.split('/');
    !folders.any(|folder| INSTALLED.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_installed_packages_are_not_the_applications() {
        for (path, is_applications) in [
            ("app/yarn.lock", true),
            ("yarn.lock", true),
            ("app/node_modules/a/yarn.lock", false),
            ("usr/lib/python3/dist-packages/lab/staging/yarn.lock", false),
            ("usr/share/gems/gems/a-1.0/Gemfile.lock", false),
        ] {
            let path = Path::new(path, false);
            assert_eq!(is_of_application(&path), is_applications, "{}", path.whole);
        }
    }
}
