use limpid_config::{ConfigError, LogLevel};

use crate::folder::Folder;

#[test]
fn drop_ins_and_patches_apply_in_the_order_of_their_names() {
    let loaded = Folder::new(&[
        ("c.yaml", "updaters: {sets: [ubuntu]}\nlog_level: debug\n"),
        ("c.yaml.d/10-sets.yaml", "updaters: {sets: [rhel-vex]}\n"),
        (
            "c.yaml.d/20-add.yaml-patch",
            "- {op: add, path: /updaters/sets/-, value: osv}\n",
        ),
        ("c.yaml.d/30-level.yaml", "log_level: error\n"),
        (
            "c.yaml.d/40-level.yaml-patch",
            "- {op: replace, path: /log_level, value: warn}\n",
        ),
    ])
    .load()
    .unwrap();
    let sets = loaded.config.updaters.sets.unwrap();
    assert_eq!(sets, ["rhel-vex", "osv"]);
    assert_eq!(loaded.config.log_level, LogLevel::Warn);
}

#[test]
fn null_in_a_drop_in_takes_a_key_away() {
    let loaded = Folder::new(&[
        (
            "c.json",
            r#"{"log_level": "error", "indexer": {"airgap": true}}"#,
        ),
        (
            "c.json.d/a.json",
            r#"{"log_level": null, "indexer": {"airgap": null}}"#,
        ),
    ])
    .load()
    .unwrap();
    assert_eq!(loaded.config.log_level, LogLevel::Info);
    assert!(!loaded.config.indexer.airgap);
}

#[test]
fn files_of_other_formats_and_folders_are_passed_over() {
    let loaded = Folder::new(&[
        ("c.yaml", "log_level: error\n"),
        ("c.yaml.d/a.json", "{\"log_level\": \"debug\"}"),
        ("c.yaml.d/a.json-patch", "this is no patch"),
        ("c.yaml.d/a.yaml.bak", "log_level: debug"),
        ("c.yaml.d/folder.yaml/a.yaml", "log_level: debug"),
    ])
    .load()
    .unwrap();
    assert_eq!(loaded.config.log_level, LogLevel::Error);
}

#[test]
fn an_empty_drop_in_changes_nothing_in_yaml_and_is_refused_in_json() {
    let yaml = Folder::new(&[("c.yaml", "log_level: error\n"), ("c.yaml.d/a.yaml", "\n")]);
    assert_eq!(yaml.load().unwrap().config.log_level, LogLevel::Error);
    let json = Folder::new(&[("c.json", "{}"), ("c.json.d/a.json", "")]);
    assert_eq!(json.failure(), "c.json.d/a.json: expected { as first byte");
}

#[test]
fn patches_must_be_lists() {
    let json = Folder::new(&[("c.json", "{}"), ("c.json.d/a.json-patch", "{}")]);
    assert_eq!(
        json.failure(),
        "c.json.d/a.json-patch: expected [ as first byte"
    );
    let yaml = Folder::new(&[("c.yaml", ""), ("c.yaml.d/a.yaml-patch", "")]);
    assert_eq!(
        yaml.failure(),
        "c.yaml.d/a.yaml-patch: expected a list of operations"
    );
}

#[test]
fn a_patch_that_does_not_apply_is_named_with_its_operation() {
    for (patch, operation) in [
        ("[[null]]", 1),
        (r#"[{"op": "invalid", "path": "/a", "value": null}]"#, 1),
        (r#"[{"op": "add", "path": "any", "value": null}]"#, 1),
        (
            r#"[{"op": "add", "path": "/trace", "value": {}}, {"op": "remove", "path": "/a"}]"#,
            2,
        ),
    ] {
        let folder = Folder::new(&[("c.json", "{}"), ("c.json.d/a.json-patch", patch)]);
        let failure = folder.failure();
        let expected =
            format!("cannot apply operation {operation} of patch: c.json.d/a.json-patch: ");
        assert!(failure.starts_with(&expected), "{failure}");
    }
}

#[test]
fn a_test_operation_guards_what_follows() {
    let patch = r#"[{"op": "test", "path": "/log_level", "value": "info"}]"#;
    let fits = Folder::new(&[
        ("c.json", r#"{"log_level": "info"}"#),
        ("c.json.d/a.json-patch", patch),
    ]);
    assert!(fits.load().is_ok());
    let not = Folder::new(&[
        ("c.json", r#"{"log_level": "warn"}"#),
        ("c.json.d/a.json-patch", patch),
    ]);
    assert!(matches!(
        not.load(),
        Err(ConfigError::Patch { operation: 0, .. })
    ));
}

#[test]
fn a_patch_that_doubles_the_document_again_and_again_is_stopped() {
    let operations: Vec<String> = (0..40)
        .map(|number| {
            format!(r#"{{"op": "copy", "from": "/matchers", "path": "/matchers/config/{number}"}}"#)
        })
        .collect();
    let patch = format!("[{}]", operations.join(","));
    let root = r#"{"matchers": {"config": {}}}"#;
    let folder = Folder::new(&[("c.json", root), ("c.json.d/a.json-patch", &patch)]);
    assert!(matches!(folder.load(), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn a_patch_that_puts_values_ever_deeper_is_stopped() {
    let value = format!(
        "{}{}",
        r#"{"a":"#.repeat(50),
        "0".to_owned() + &"}".repeat(50)
    );
    let operations: Vec<String> = (0..4)
        .map(|number| {
            let path = "/a".repeat(number * 50);
            format!(r#"{{"op": "add", "path": "/matchers{path}/a", "value": {value}}}"#)
        })
        .collect();
    let patch = format!("[{}]", operations.join(","));
    let folder = Folder::new(&[
        ("c.json", r#"{"matchers": {}}"#),
        ("c.json.d/a.json-patch", &patch),
    ]);
    assert!(matches!(folder.load(), Err(ConfigError::TooLarge { .. })));
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_as_mounted_folders_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("c.yaml");
    let drop_ins = folder.path().join("c.yaml.d");
    let data = drop_ins.join("..data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(&root, "").unwrap();
    std::fs::write(data.join("a.yaml"), "log_level: warn").unwrap();
    std::os::unix::fs::symlink("..data/a.yaml", drop_ins.join("a.yaml")).unwrap();
    let loaded = limpid_config::load(&root).unwrap();
    assert_eq!(loaded.config.log_level, LogLevel::Warn);
}
