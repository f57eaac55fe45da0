use limpid_config::Mode;

use crate::folder::lints;

/// What even an empty configuration is warned of.
const ALWAYS: [&str; 2] = [
    "$.introspection_addr",
    "$.indexer.index_report_request_concurrency",
];

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let lints = lints(text);
    let paths: Vec<String> = lints
        .iter()
        .map(|lint| lint.path.to_string())
        .filter(|path| !ALWAYS.contains(&path.as_str()))
        .collect();
    assert_eq!(paths, expected, "{text}: {lints:?}");
}

#[test]
fn defaults_that_deserve_attention_are_named() {
    let paths: Vec<String> = lints("").iter().map(|lint| lint.path.to_string()).collect();
    assert_eq!(paths, ALWAYS);
    let text = "introspection_addr: ':1'\nindexer: {index_report_request_concurrency: 5}";
    assert!(lints(text).is_empty());
}

#[test]
fn lints_are_written_as_clair_writes_them() {
    let text = lints("")[0].to_string();
    assert!(text.ends_with(" (at $.introspection_addr)"), "{text}");
}

#[test]
fn values_out_of_the_ordinary_are_named() {
    check(
        "indexer: {layer_scan_concurrency: 3}",
        &["$.indexer.layer_scan_concurrency"],
    );
    check("indexer: {layer_scan_concurrency: 4}", &[]);
    check(
        "indexer: {layer_scan_concurrency: 33}",
        &["$.indexer.layer_scan_concurrency"],
    );
    check("matcher: {period: 30s}", &["$.matcher.period"]);
    check("matcher: {period: 1h}", &["$.matcher.period"]);
    check(
        "matcher: {period: 6h, cache_age: 1h}",
        &["$.matcher.cache_age"],
    );
    check(
        "matcher: {update_retention: -1}",
        &["$.matcher.update_retention"],
    );
    check(
        "notifier: {poll_interval: 1m}",
        &["$.notifier.poll_interval"],
    );
    check(
        "notifier: {delivery_interval: 1s}",
        &["$.notifier.delivery_interval"],
    );
    check(
        "notifier: {disable_summary: true}",
        &["$.notifier.disable_summary"],
    );
    check(
        "notifier: {amqp: {direct: true, rollup: 1}}",
        &["$.notifier.amqp.rollup"],
    );
    check("trace: {probability: 2}", &["$.trace.probability"]);
    check(
        "trace: {otlp: {http: {timeout: 0s}}}",
        &["$.trace.otlp.http.timeout"],
    );
    check(
        "trace: {otlp: {http: {url_path: /a/}}}",
        &["$.trace.otlp.http.url_path"],
    );
    check("trace: {otlp: {http: {}, grpc: {}}}", &["$.trace.otlp"]);
}

#[test]
fn keys_without_effect_are_named() {
    check(
        "indexer: {scanlock_retry: 1}",
        &["$.indexer.scanlock_retry"],
    );
    check("matcher: {max_conn_pool: 5}", &["$.matcher.max_conn_pool"]);
    check("updaters: {filter: x}", &["$.updaters.filter"]);
    check("auth: {keyserver: {api: x}}", &["$.auth.keyserver"]);
    check("tls: {root_ca: x}", &["$.tls.root_ca"]);
    check(
        "notifier: {webhook: {callback: 'http://c/', signed: true}}",
        &["$.notifier.webhook.signed"],
    );
    check(
        "trace: {jaeger: {service_name: a, tags: {a: b}, buffer_max: 1}}",
        &[
            "$.trace.jaeger.service_name",
            "$.trace.jaeger.tags",
            "$.trace.jaeger.buffer_max",
        ],
    );
}

#[test]
fn names_that_nothing_has_are_named_with_what_was_meant() {
    check("trace: {name: jaeger}", &["$.trace.name"]);
    check("trace: {name: zipkin}", &["$.trace.name"]);
    check("metrics: {name: statsd}", &["$.metrics.name"]);
    check("metrics: {name: prometheus}", &[]);
    let text = "matchers: {names: [rhel, ubuntu]}";
    check(text, &["$.matchers.names[1]"]);
    let lint = lints(text).into_iter().next_back().unwrap();
    assert_eq!(
        lint.text,
        "no matcher has this name, did you mean ubuntu-matcher?: ubuntu"
    );
    check(
        "updaters: {sets: [rhel, debian, windows]}",
        &["$.updaters.sets[0]", "$.updaters.sets[2]"],
    );
}

#[test]
fn connection_strings_that_clair_would_not_understand_are_named() {
    check(
        "indexer: {connstring: 'postgres://db'}",
        &["$.indexer.connstring"],
    );
    check("indexer: {connstring: clair}", &["$.indexer.connstring"]);
    check(
        "indexer: {connstring: 'mysql://db/a'}",
        &["$.indexer.connstring"],
    );
    check("indexer: {connstring: 'postgresql://db'}", &[]);
    check("indexer: {connstring: 'host=db'}", &[]);
}

#[test]
fn several_ways_of_delivery_are_named() {
    check(
        "notifier: {webhook: {callback: 'http://c'}, stomp: {direct: true}}",
        &["$.notifier", "$.notifier.webhook.callback"],
    );
}

#[test]
fn lints_can_be_told_apart_by_mode() {
    let lints = lints("introspection_addr: ':1'");
    assert!(
        lints
            .iter()
            .all(|lint| lint.concerns(Mode::Indexer) && lint.concerns(Mode::Combo))
    );
    assert!(!lints.iter().any(|lint| lint.concerns(Mode::Notifier)));
}
