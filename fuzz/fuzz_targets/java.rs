//! A jar with all that may be in it: no panic, bounded work, and what is found has a name and a
//! version.
#![no_main]

libfuzzer_sys::fuzz_target!(|archive: &[u8]| {
    for path in [
        "a/tool-1.0.jar",
        "a/tool-1.0-py3.egg",
        "META-INF/maven/group/tool/pom.properties",
    ] {
        let Some((packages, _)) = limpid_detect::language::read_file(path, archive) else {
            continue;
        };
        for package in packages {
            assert!(!package.name.is_empty() && !package.version.is_empty());
        }
    }
});
