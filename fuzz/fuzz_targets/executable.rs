//! An executable: no panic, and what is read has a name, a version and an ecosystem.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    // The names decide which programs and assemblies are looked for.
    for path in ["usr/sbin/nginx", "app/Some.dll", "usr/lib/libpython3.11.so.1.0"] {
        let Some((packages, _)) = limpid_detect::language::read_file(path, file) else {
            continue;
        };
        for package in packages {
            assert!(!package.name.is_empty() && !package.version.is_empty());
            assert!(package.ecosystem.is_some());
        }
    }
});
