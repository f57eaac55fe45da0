use std::fmt::Write as _;
use std::path::Path;

use limpid_config::{Config, ConfigError, LogLevel, load};

use crate::folder::{Folder, failure, lints, yaml};

#[test]
fn only_yaml_and_json_are_known_kinds() {
    for name in ["c.yml", "c.toml", "c", "yaml", "c.YAML"] {
        let error = load(Path::new(name)).unwrap_err();
        assert!(matches!(error, ConfigError::UnknownKind { .. }), "{name}");
    }
}

#[test]
fn a_missing_root_file_is_named() {
    let error = load(Path::new("/nowhere/c.yaml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read configuration: /nowhere/c.yaml"
    );
}

#[test]
fn yaml_and_json_say_the_same() {
    let json = r#"{"log_level": "Debug", "indexer": {"airgap": true, "scanlock_retry": 3}}"#;
    let json = Folder::new(&[("c.json", json)]).load().unwrap();
    let yaml = yaml("log_level: Debug\nindexer: {airgap: true, scanlock_retry: 3}\n");
    assert_eq!(json.config, yaml);
    assert_eq!(yaml.log_level, LogLevel::Debug);
    assert!(yaml.indexer.airgap);
}

#[test]
fn an_empty_yaml_or_one_that_is_no_mapping_says_nothing() {
    let empty = yaml("");
    for text in [
        "# nothing\n",
        "---\n",
        "- a\n- b\n",
        "just text",
        "null",
        "{}",
    ] {
        assert_eq!(yaml(text), empty, "{text}");
    }
    assert_eq!(empty.http_listen_addr, ":6060");
}

#[test]
fn json_must_begin_with_a_brace() {
    for text in ["", "0", "[]", " {}", "\u{feff}{}", "\n{}"] {
        let failure = Folder::new(&[("c.json", text)]).failure();
        assert_eq!(failure, "c.json: expected { as first byte", "{text:?}");
    }
}

#[test]
fn errors_of_syntax_name_file_line_and_column() {
    let failure = Folder::new(&[("c.json", "{\n  \"log_level\": oops\n}")]).failure();
    assert_eq!(failure, "c.json:2:16: expected value");
    let failure = crate::folder::failure("key:\n\t- no tabs\n");
    assert!(failure.starts_with("c.yaml:2:"), "{failure}");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.yaml");
    std::fs::write(&path, b"log_level: \xff").unwrap();
    let error = load(&path).unwrap_err().to_string();
    assert!(error.ends_with("c.yaml: invalid UTF-8"), "{error}");
}

#[test]
fn only_the_first_document_counts_and_the_rest_is_noted() {
    let text = "log_level: warn\n---\nlog_level: error\n";
    assert_eq!(yaml(text).log_level, LogLevel::Warn);
    let noted = |text: &str| {
        let lints = lints(text);
        lints
            .iter()
            .any(|lint| lint.text.starts_with("what follows"))
    };
    assert!(noted(text));
    assert!(!noted("log_level: warn\n...\n"));
    let json = Folder::new(&[("c.json", "{\"log_level\": \"warn\"} {}")])
        .load()
        .unwrap();
    assert_eq!(json.config.log_level, LogLevel::Warn);
    assert!(json.lints[0].text.starts_with("what follows"));
}

#[test]
fn merge_keys_and_aliases_are_resolved() {
    let config = yaml(
        "indexer: &base\n  connstring: host=db\n  migrations: true\n\
         matcher:\n  <<: *base\n  migrations: false\n",
    );
    assert_eq!(config.matcher.connstring.expose(), "host=db");
    assert!(config.indexer.migrations);
    assert!(!config.matcher.migrations);
}

#[test]
fn keys_given_twice_are_refused_in_yaml_and_the_last_counts_in_json() {
    let failure = failure("log_level: info\nlog_level: warn\n");
    assert!(
        failure.starts_with("c.yaml:2:1: duplicate mapping key"),
        "{failure}"
    );
    let json = r#"{"log_level": "info", "log_level": "warn"}"#;
    let json = Folder::new(&[("c.json", json)]).load().unwrap();
    assert_eq!(json.config.log_level, LogLevel::Warn);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert!(Folder::new(&[("c.yaml", &text)]).load().is_err());
}

#[test]
fn deep_and_large_files_are_refused() {
    let deep = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(Folder::new(&[("c.yaml", &deep)]).load().is_err());
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100), "]".repeat(100));
    let failure = Folder::new(&[("c.json", &deep)]).failure();
    assert_eq!(
        failure,
        "configuration has more levels than the limit of 64: c.json"
    );
    let large = format!("a: {}", "x".repeat(1 << 20));
    let failure = Folder::new(&[("c.yaml", &large)]).failure();
    assert_eq!(
        failure,
        "configuration has more bytes than the limit of 1048576: c.yaml"
    );
}

#[test]
fn the_sample_that_clair_refuses_is_loaded_with_its_former_keys() {
    let text = "matcher:\n  updater_sets: [alpine]\n\
                notifier:\n  amqp: {exchange: {type: direct, durable: true}}\n  \
                stomp: {login: {login: me, passcode: word}}\n";
    let config: Config = yaml(text);
    assert_eq!(config.updaters.sets, Some(vec!["alpine".to_owned()]));
    assert!(config.notifier.amqp.unwrap().exchange.durability);
    let user = config.notifier.stomp.unwrap().user.unwrap();
    assert_eq!(
        (user.login.as_str(), user.passcode.expose()),
        ("me", "word")
    );
    let former: Vec<String> = lints(text)
        .iter()
        .take(3)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        former,
        [
            "key has no meaning in Clair, use updaters.sets (at $.matcher.updater_sets)",
            "key has no meaning in Clair, use notifier.amqp.exchange.durability \
             (at $.notifier.amqp.exchange.durable)",
            "key has no meaning in Clair, use notifier.stomp.user (at $.notifier.stomp.login)",
        ]
    );
}

#[test]
fn a_former_key_does_not_replace_its_present_one() {
    let text = "matcher: {updater_sets: [alpine]}\nupdaters: {sets: [debian]}\n";
    assert_eq!(yaml(text).updaters.sets, Some(vec!["debian".to_owned()]));
    assert_eq!(lints(text)[0].text, "key is ignored beside updaters.sets");
}
