use limpid_config::{Environment, Mode};

use crate::folder::yaml;

const MODES: [Mode; 4] = [Mode::Combo, Mode::Indexer, Mode::Matcher, Mode::Notifier];

/// Returns the places of the faults in a mode.
#[track_caller]
fn unfit(text: &str, mode: Mode) -> Vec<String> {
    match yaml(text).check(mode, &Environment::default()) {
        Ok(_) => Vec::new(),
        Err(unfit) => unfit
            .faults
            .iter()
            .map(|fault| fault.path.to_string())
            .collect(),
    }
}

#[test]
fn modes_need_the_services_that_they_ask() {
    let webhook = "notifier: {webhook: {target: 'http://t/', callback: 'http://c/'}}";
    assert!(unfit(webhook, Mode::Combo).is_empty());
    assert!(unfit(webhook, Mode::Indexer).is_empty());
    assert_eq!(unfit(webhook, Mode::Matcher), ["$.matcher.indexer_addr"]);
    assert_eq!(
        unfit(webhook, Mode::Notifier),
        ["$.notifier.indexer_addr", "$.notifier.matcher_addr"]
    );
}

#[test]
fn only_mode_notifier_needs_a_way_of_delivery() {
    let text = "notifier: {indexer_addr: 'http://i/', matcher_addr: 'http://m/'}";
    assert_eq!(unfit(text, Mode::Notifier), ["$.notifier"]);
    let lints = yaml(text)
        .check(Mode::Combo, &Environment::default())
        .unwrap();
    assert!(
        lints
            .iter()
            .any(|lint| lint.path.to_string() == "$.notifier")
    );
}

#[test]
fn addresses_must_be_parseable() {
    assert_eq!(
        unfit("matcher: {indexer_addr: 'http://['}", Mode::Matcher),
        ["$.matcher.indexer_addr"]
    );
    for mode in MODES {
        assert!(unfit("http_listen_addr: '6060'", mode).contains(&"$.http_listen_addr".to_owned()));
    }
}

#[test]
fn certificate_and_key_go_together_and_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let file = file.display();
    let check = |tls: &str| unfit(&format!("tls: {{{tls}}}"), Mode::Indexer);
    assert!(check(&format!("cert: {file}, key: {file}, root_ca: {file}")).is_empty());
    assert_eq!(check(&format!("cert: {file}")), ["$.tls"]);
    assert_eq!(check(&format!("root_ca: {file}")), ["$.tls"]);
    assert_eq!(
        check(&format!("cert: {file}, key: {file}.not")),
        ["$.tls.key"]
    );
}

#[test]
fn amqp_needs_exchange_routing_key_and_brokers() {
    assert_eq!(
        unfit("notifier: {amqp: {direct: true}}", Mode::Combo),
        [
            "$.notifier.amqp.exchange.type",
            "$.notifier.amqp.routing_key",
            "$.notifier.amqp.uris"
        ]
    );
    let text = "notifier: {amqp: {exchange: {type: direct}, routing_key: r, direct: true, \
                uris: ['amqp://mq/', 'mq']}}";
    assert_eq!(unfit(text, Mode::Combo), ["$.notifier.amqp.uris[1]"]);
}

#[test]
fn stomp_needs_hosts_with_ports() {
    let text = "notifier: {stomp: {destination: d, callback: 'http://c/', \
                uris: ['mq:61613', 'stomp://mq:61613', mq]}}";
    assert_eq!(
        unfit(text, Mode::Combo),
        ["$.notifier.stomp.uris[1]", "$.notifier.stomp.uris[2]"]
    );
}

#[test]
fn a_way_of_delivery_that_is_not_taken_is_not_looked_at() {
    let text = "notifier: {webhook: {target: 'http://t/', callback: 'http://c/'}, amqp: {}}";
    assert!(unfit(text, Mode::Combo).is_empty());
}

#[test]
fn a_shared_key_needs_a_key_and_an_issuer() {
    assert_eq!(
        unfit("auth: {psk: {}}", Mode::Indexer),
        ["$.auth.psk.key", "$.auth.psk.iss"]
    );
}

#[test]
fn paths_of_otlp_must_be_absolute() {
    let text = "trace: {otlp: {http: {url_path: traces}}}";
    assert_eq!(unfit(text, Mode::Indexer), ["$.trace.otlp.http.url_path"]);
}

#[test]
fn limpids_own_keys_must_say_something() {
    let text = "limpid: {data_dir: '', memory_budget: 0, feeds: {mirror: ''}}";
    assert_eq!(
        unfit(text, Mode::Indexer),
        [
            "$.limpid.data_dir",
            "$.limpid.memory_budget",
            "$.limpid.feeds.mirror"
        ]
    );
}

#[test]
fn an_empty_connection_string_needs_variables() {
    let config = yaml("");
    let lints = config
        .check(Mode::Indexer, &Environment::default())
        .unwrap();
    assert_eq!(
        lints[0].to_string(),
        "connection string is empty and no variable names a database (at $.indexer.connstring)"
    );
    let environment: Environment = [("PGHOST", "db")].into_iter().collect();
    assert!(
        config
            .check(Mode::Indexer, &environment)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_unfit_configuration_names_mode_and_places() {
    let unfit = yaml("")
        .check(Mode::Matcher, &Environment::default())
        .unwrap_err();
    assert_eq!(
        unfit.to_string(),
        "configuration is not fit for mode matcher: mode matcher requires the address of this \
         service (at $.matcher.indexer_addr)"
    );
}

#[test]
fn limpids_own_sections_are_checked_in_every_mode() {
    for (text, expected) in [
        (
            "limpid: {auth: {psk: [{}]}}",
            &["$.limpid.auth.psk[0].key", "$.limpid.auth.psk[0].iss"][..],
        ),
        (
            "limpid: {indexing: {urgency_by_issuer: {quay: 8}}}",
            &["$.limpid.indexing.urgency_by_issuer.quay"],
        ),
        (
            "limpid: {snapshots: {directory: /d, s3: {endpoint: 'http://s/', bucket: b, \
             access_key_id: i, secret_access_key: k}}}",
            &["$.limpid.snapshots"],
        ),
        (
            "limpid: {snapshots: {s3: {bucket: b, access_key_id: i, secret_access_key: k}}}",
            &["$.limpid.snapshots.s3.endpoint"],
        ),
        (
            "limpid: {layers: {max_bytes: 0, max_time: 999ms}}",
            &["$.limpid.layers.max_bytes", "$.limpid.layers.max_time"],
        ),
        (
            "limpid: {layers: {max_time: -1h}}",
            &["$.limpid.layers.max_time"],
        ),
        (
            "limpid: {server: {drain: -1s, max_connections: 0, max_body: 0}}",
            &[
                "$.limpid.server.drain",
                "$.limpid.server.max_connections",
                "$.limpid.server.max_body",
            ],
        ),
    ] {
        assert_eq!(unfit(text, Mode::Indexer), expected, "{text}");
    }
}

#[test]
fn settings_of_an_updater_are_checked_where_feeds_are_read() {
    let wrong = "updaters: {config: {alpine: {urll: 'http://m/'}}}";
    assert_eq!(unfit(wrong, Mode::Combo), ["$.updaters.config.alpine"]);
    assert!(unfit(wrong, Mode::Indexer).is_empty());
    let text = "updaters: {config: {rhel-vex: {fixed_in_version_cel: 'x'}}}";
    assert_eq!(unfit(text, Mode::Combo), ["$.updaters.config.rhel-vex"]);
    let right = "updaters: {config: {alpine: {url: 'http://m/'}, 'osv/npm': {url: 'http://m/npm'},
        clair.cvss: {feed_root: 'http://m/'}}}";
    assert!(unfit(right, Mode::Combo).is_empty());
}

#[test]
fn settings_of_an_updater_that_nobody_knows_are_odd() {
    let text = "updaters: {config: {alpnie: {url: 'http://m/'}}}";
    let lints = yaml(text).check(Mode::Combo, &Environment::default());
    let about = |lint: &limpid_config::Lint| lint.path.to_string();
    let paths: Vec<String> = lints.unwrap().iter().map(about).collect();
    assert!(
        paths.contains(&"$.updaters.config.alpnie".to_owned()),
        "{paths:?}"
    );
}

#[test]
fn the_indexers_addresses_of_red_hats_mappings_are_those_of_the_feeds() {
    let text = "indexer: {scanner: {
        repo: {rhel-repository-scanner: {repo2cpe_mapping_url: 'http://m/repositories'}},
        package: {rhel_containerscanner: {name2repos_mapping_url: 'http://m/names'}}}}";
    let mapping = yaml(text).feed_settings().rhel_mapping;
    assert_eq!(mapping.repo2cpe_mapping_url, "http://m/repositories");
    assert_eq!(mapping.name2repos_mapping_url, "http://m/names");
}
