use limpid_config::Position;

use crate::folder::{Folder, failure, faults, yaml};

#[test]
fn keys_are_found_in_any_case() {
    assert!(yaml("Indexer: {AirGap: true}").indexer.airgap);
}

#[test]
fn the_exact_spelling_of_a_key_wins() {
    let config = yaml("INDEXER: {airgap: true}\nindexer: {migrations: true}\nIndexer: {}\n");
    assert!(config.indexer.migrations);
    assert!(!config.indexer.airgap);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        failure("indexer:\n  migrations: true\n  conn_string: x\n"),
        "invalid configuration: c.yaml:3:3: unknown key, did you mean connstring? \
         (at $.indexer.conn_string)"
    );
    assert_eq!(
        failure("something_else: 1\n"),
        "invalid configuration: c.yaml:1:1: unknown key (at $.something_else)"
    );
}

#[test]
fn all_unknown_keys_are_named_at_once() {
    let faults = faults("log_lvl: info\nnotifier:\n  webhook:\n    targett: x\n");
    let paths: Vec<String> = faults.iter().map(|fault| fault.path.to_string()).collect();
    assert_eq!(paths, ["$.log_lvl", "$.notifier.webhook.targett"]);
    let position = faults[1].position;
    assert_eq!(position, Some(Position { line: 4, column: 5 }));
}

#[test]
fn values_of_the_wrong_type_are_refused_without_showing_them() {
    for (text, expected) in [
        (
            "indexer: {migrations: yes}",
            "expected a boolean, found a text (at $.indexer.migrations)",
        ),
        (
            "indexer: {connstring: 17}",
            "expected a string, found a whole number (at $.indexer.connstring)",
        ),
        (
            "matcher: {period: 6}",
            "expected a string, found a whole number (at $.matcher.period)",
        ),
        (
            "auth: {psk: {iss: quay}}",
            "expected a sequence, found a text (at $.auth.psk.iss)",
        ),
        (
            "auth: {psk: {iss: [quay, 1]}}",
            "found a whole number (at $.auth.psk.iss[1])",
        ),
        ("indexer: []", "found a list (at $.indexer)"),
        (
            "indexer: {scanlock_retry: 1.5}",
            "found a fractional number (at $.indexer.scanlock_retry)",
        ),
    ] {
        let failure = failure(text);
        assert!(failure.contains(expected), "{failure}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for text in [
        "matcher: {period: '6'}",
        "log_level: ''",
        "log_level: loud",
        "auth: {psk: {key: '!'}}",
        "trace: {otlp: {http: {compression: 3}}}",
        "trace: {otlp: {http: {compression: zstd}}}",
        "limpid: {memory_budget: lots}",
        "limpid: {memory_budget: -1}",
        "limpid: {layers: {allow_networks: [10.0.0.1/8]}}",
        "limpid: {layers: {allow_networks: [10.0.0.0/33]}}",
        "limpid: {layers: {max_bytes: 1.5GiB}}",
        "limpid: {layers: {max_time: 60}}",
        "limpid: {layers: {max_size: 1GiB}}",
        "notifier: {amqp: {rollup: -1}}",
    ] {
        assert_eq!(faults(text).len(), 1, "{text}");
    }
}

#[test]
fn null_leaves_the_default() {
    let config = yaml("indexer: null\nlog_level: ~\nmatcher: {period: null, indexer_addr: }\n");
    assert_eq!(config, yaml(""));
}

#[test]
fn a_fault_names_the_file_that_said_it_last() {
    let folder = Folder::new(&[
        ("c.yaml", "indexer:\n  airgap: true\n"),
        (
            "c.yaml.d/a.yaml",
            "log_level: info\nindexer:\n  airgap: maybe\n",
        ),
        ("c.yaml.d/b.yaml", "log_level: warn\n"),
    ]);
    let failure = folder.failure();
    let expected = "invalid configuration: c.yaml.d/a.yaml:3:3: expected a boolean";
    assert!(failure.starts_with(expected), "{failure}");
}

#[test]
fn a_fault_made_by_a_patch_names_the_patch() {
    let patch = r#"[{"op": "add", "path": "/indexer", "value": {"conn": ""}}]"#;
    let folder = Folder::new(&[("c.json", "{}"), ("c.json.d/a.json-patch", patch)]);
    let failure = folder.failure();
    assert!(
        failure.contains("c.json.d/a.json-patch: unknown key"),
        "{failure}"
    );
}

#[test]
fn faults_in_json_have_a_line() {
    let failure =
        Folder::new(&[("c.json", "{\n  \"indexer\": {\n    \"airgap\": 1\n  }\n}")]).failure();
    assert!(failure.contains("c.json:3:"), "{failure}");
}

#[test]
fn not_more_unknown_keys_are_named_than_anyone_would_read() {
    let keys: Vec<String> = (0..1_000)
        .map(|number| format!("unknown{number}: 1"))
        .collect();
    let text = keys.join("\n");
    assert_eq!(faults(&text).len(), 50);
}
