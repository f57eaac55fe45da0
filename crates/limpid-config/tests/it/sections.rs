use std::time::Duration;

use limpid_config::{ByteSize, Compression, Config, Delivery, GoDuration};

use crate::folder::yaml;

const HOUR: u32 = 60 * 60;

fn hours(hours: u32) -> GoDuration {
    GoDuration::from_secs(hours * HOUR)
}

#[test]
fn what_is_left_out_has_clairs_defaults() {
    let config: Config = yaml("");
    assert_eq!(config.http_listen_addr, ":6060");
    assert_eq!(config.introspection_addr, ":8089");
    assert_eq!(config.tls, None);
    assert_eq!(config.indexer.scanlock_retry, 1);
    assert_eq!(config.indexer.layer_scan_concurrency, 10);
    assert_eq!(config.matcher.period, hours(6));
    assert_eq!(config.matcher.cache_age, hours(6));
    assert_eq!(config.matcher.update_retention, 10);
    assert_eq!(config.matchers.names, None);
    assert_eq!(config.updaters.sets, None);
    assert_eq!(config.notifier.poll_interval, hours(6));
    assert_eq!(config.notifier.delivery_interval, hours(1));
    assert_eq!(config.notifier.delivery(), None);
    assert_eq!(config.auth.psk, None);
    assert_eq!(config.trace.probability, None);
    assert_eq!(config.metrics.prometheus.endpoint, "/metrics");
    assert!(config.limpid.layers.allow_networks.is_empty());
}

#[test]
fn concurrency_is_derived_from_processors_unless_it_is_given() {
    let indexer = yaml("").indexer;
    assert_eq!(indexer.request_limit(2), Some(8));
    assert_eq!(indexer.layers_at_once(2), 10);
    let text = "indexer: {index_report_request_concurrency: -1, layer_scan_concurrency: -1}";
    let indexer = yaml(text).indexer;
    assert_eq!(indexer.request_limit(2), None);
    assert_eq!(indexer.layers_at_once(2), 2);
    let indexer = yaml("indexer: {index_report_request_concurrency: 3}").indexer;
    assert_eq!(indexer.request_limit(2), Some(3));
}

#[test]
fn a_period_below_a_minute_is_replaced_and_the_cache_follows_the_period() {
    let matcher = yaml("matcher: {period: 59s, cache_age: 30m}").matcher;
    assert_eq!(matcher.period, hours(6));
    assert_eq!(matcher.cache_age, GoDuration::from_secs(1800));
    let matcher = yaml("matcher: {period: 1h30m}").matcher;
    assert_eq!(matcher.period.to_std(), Some(Duration::from_mins(90)));
    assert_eq!(matcher.cache_age, matcher.period);
}

#[test]
fn update_operations_are_kept_as_clair_keeps_them() {
    for (given, kept) in [(-1, -1), (0, 10), (1, 10), (2, 2), (50, 50)] {
        let text = format!("matcher: {{update_retention: {given}}}");
        assert_eq!(yaml(&text).matcher.update_retention, kept);
    }
}

#[test]
fn intervals_of_the_notifier_below_a_minute_are_replaced() {
    let notifier = yaml("notifier: {poll_interval: 5s, delivery_interval: 1m}").notifier;
    assert_eq!(notifier.poll_interval, hours(6));
    assert_eq!(notifier.delivery_interval, GoDuration::from_secs(60));
}

#[test]
fn disabled_updaters_are_an_empty_list_of_sets() {
    let text = "matcher: {disable_updaters: true}\nupdaters: {sets: [osv]}";
    assert_eq!(yaml(text).updaters.sets, Some(Vec::new()));
}

#[test]
fn services_may_be_named_by_host_and_port() {
    let matcher = yaml("matcher: {indexer_addr: 'indexer:6060'}").matcher;
    assert_eq!(matcher.indexer_addr.expose(), "http://indexer:6060");
}

#[test]
fn webhook_is_preferred_to_amqp_and_amqp_to_stomp() {
    let all = yaml("notifier: {stomp: {}, amqp: {}, webhook: {}}").notifier;
    assert!(matches!(all.delivery(), Some(Delivery::Webhook(_))));
    let two = yaml("notifier: {stomp: {}, amqp: {}}").notifier;
    assert!(matches!(two.delivery(), Some(Delivery::Amqp(_))));
    let one = yaml("notifier: {stomp: {}}").notifier;
    assert!(matches!(one.delivery(), Some(Delivery::Stomp(_))));
}

#[test]
fn callbacks_end_in_a_slash_unless_messages_are_direct() {
    let text = "notifier: {webhook: {callback: 'http://n/x'}, \
                amqp: {callback: 'http://n/x', direct: true}, stomp: {callback: 'http://n/x'}}";
    let notifier = yaml(text).notifier;
    assert_eq!(notifier.webhook.unwrap().callback.expose(), "http://n/x/");
    assert_eq!(notifier.amqp.unwrap().callback.expose(), "http://n/x");
    assert_eq!(notifier.stomp.unwrap().callback.expose(), "http://n/x/");
}

#[test]
fn compression_is_a_word_or_a_number() {
    for (given, expected) in [
        ("0", Compression::None),
        ("1", Compression::None),
        ("2", Compression::Gzip),
        ("none", Compression::None),
        ("gzip", Compression::Gzip),
    ] {
        let otlp = yaml(&format!(
            "trace: {{otlp: {{grpc: {{compression: {given}}}}}}}"
        ))
        .trace
        .otlp;
        let grpc = otlp.grpc.unwrap();
        assert_eq!(grpc.compression, expected, "{given}");
        assert_eq!(grpc.endpoint, "localhost:4317");
        assert_eq!(grpc.timeout, Some(GoDuration::from_secs(10)));
    }
}

#[test]
fn metrics_have_their_own_otlp_block() {
    let text = "metrics: {name: otlp, otlp: {http: {url_path: '/a//b/'}}}";
    let otlp = yaml(text).metrics.otlp.http.unwrap();
    assert_eq!(otlp.url_path, "/a/b");
    assert_eq!(otlp.endpoint, "localhost:4318");
    let otlp = yaml("metrics: {otlp: {http: {}}}")
        .metrics
        .otlp
        .http
        .unwrap();
    assert_eq!(otlp.url_path, "/v1/metrics");
}

#[test]
fn the_shared_key_is_decoded() {
    let text = "auth: {psk: {key: c2VjcmV0, iss: [quay, clairctl]}}";
    let psk = yaml(text).auth.psk.unwrap();
    assert_eq!(psk.key.expose(), b"secret");
    assert_eq!(psk.iss, ["quay", "clairctl"]);
}

#[test]
fn settings_of_single_detectors_and_feeds_are_kept_as_they_are() {
    let config = yaml(
        "indexer: {scanner: {package: {java: {disable_api: true, future_key: [1]}}}}\n\
         updaters: {config: {ubuntu/updater/focal: {url: 'http://m/'}}}\n\
         matchers: {config: {rhel: {ignore_unpatched: true}}}\n",
    );
    assert_eq!(
        config.indexer.scanner.package.get("java").unwrap()["disable_api"],
        true
    );
    let focal = config.updaters.config.get("ubuntu/updater/focal").unwrap();
    assert_eq!(focal["url"], "http://m/");
    assert_eq!(
        config.matchers.config.get("rhel").unwrap()["ignore_unpatched"],
        true
    );
}

#[test]
fn limpids_own_keys_are_read() {
    let limpid = yaml(
        "limpid:\n  data_dir: /var/lib/limpid\n  memory_budget: 512MiB\n  \
         feeds: {mirror: 'http://mirror/'}\n  \
         layers: {allow_networks: [10.0.0.0/8, 'fd00::/8', 192.168.1.7], \
         max_bytes: 4GiB, max_time: 20m}\n",
    )
    .limpid;
    assert_eq!(limpid.data_dir.unwrap().to_str(), Some("/var/lib/limpid"));
    assert_eq!(limpid.memory_budget, Some(ByteSize(512 << 20)));
    assert_eq!(limpid.feeds.mirror.unwrap().expose(), "http://mirror/");
    let allowed = |address: &str| {
        let address = address.parse().unwrap();
        limpid
            .layers
            .allow_networks
            .iter()
            .any(|network| network.contains(address))
    };
    assert!(allowed("10.1.2.3") && allowed("fd00::1") && allowed("192.168.1.7"));
    assert!(!allowed("192.168.1.8") && !allowed("11.0.0.1"));
    assert_eq!(limpid.layers.max_bytes, ByteSize(4 << 30));
    assert_eq!(limpid.layers.max_time, GoDuration::from_secs(20 * 60));
}

#[test]
fn the_service_has_keys_of_its_own() {
    let limpid = yaml(
        "limpid:\n  auth: {psk: [{key: c2Vjb25k, iss: [quay]}]}\n  \
         indexing: {queue: 9, urgency_by_issuer: {quaybackstop: 7}}\n  \
         snapshots: {s3: {endpoint: 'https://s3.example', bucket: b, path_style: true}}\n  \
         server: {drain: 1m, max_connections: 5, max_body: 1MiB}\n",
    )
    .limpid;
    assert_eq!(limpid.auth.psk[0].key.expose(), b"second");
    assert_eq!(limpid.indexing.queue, 9);
    assert_eq!(limpid.indexing.urgency_by_issuer["quaybackstop"], 7);
    let s3 = limpid.snapshots.s3.unwrap();
    assert!(s3.path_style && s3.bucket == "b");
    assert_eq!(limpid.server.drain, "60s".parse().unwrap());
    assert_eq!(limpid.server.max_connections, 5);
    assert_eq!(limpid.server.max_body, ByteSize(1 << 20));
}

#[test]
fn the_services_own_keys_have_defaults() {
    let limpid = yaml("").limpid;
    assert_eq!(limpid.indexing.queue, 256);
    assert_eq!(limpid.layers.max_bytes, ByteSize(32 << 30));
    assert_eq!(limpid.layers.max_time, hours(1));
    assert_eq!(limpid.server.drain, "10s".parse().unwrap());
    assert_eq!(limpid.server.max_connections, 4_096);
    assert_eq!(limpid.server.max_body, ByteSize(16 << 20));
    assert!(limpid.snapshots.s3.is_none() && limpid.snapshots.directory.is_none());
}
