use limpid_config::{ConnectionString, Environment, GoDuration};

use crate::folder::yaml;

const SECRETS: &str = r"
indexer: {connstring: 'host=db user=clair password=hunter2 pool_max_conns=9'}
matcher: {connstring: 'postgresql://clair:hunter2@db/clair', indexer_addr: 'http://u:hunter2@i/'}
updaters: {config: {osv: {url: 'https://u:hunter2@mirror/'}}}
auth: {psk: {key: aHVudGVyMg==, iss: [quay]}, keyserver: {intraservice: hunter2}}
notifier:
  webhook: {target: 'https://hook/?key=hunter2', headers: {Authorization: [hunter2]}}
  amqp: {uris: ['amqp://u:hunter2@mq/']}
  stomp: {user: {login: me, passcode: hunter2}}
trace:
  jaeger: {collector: {password: hunter2}}
  otlp: {http: {headers: {token: hunter2}}}
  sentry: {dsn: 'https://hunter2@sentry/1'}
limpid: {feeds: {mirror: 'https://u:hunter2@mirror/'}}
";

#[test]
fn neither_json_nor_debug_show_a_secret() {
    let config = yaml(SECRETS);
    let json = serde_json::to_string(&config).unwrap();
    let debug = format!("{config:?}");
    for shown in [&json, &debug] {
        assert!(
            !shown.contains("hunter2") && !shown.contains("aHVudGVyMg"),
            "{shown}"
        );
    }
    assert!(json.contains("host=db") && json.contains("user=clair"));
    assert!(
        !debug.contains("104, 117"),
        "the key's bytes are shown: {debug}"
    );
}

#[test]
fn the_effective_configuration_is_shown_under_clairs_names() {
    let json = serde_json::to_value(yaml("matcher: {period: 90m}")).unwrap();
    assert_eq!(json["http_listen_addr"], ":6060");
    assert_eq!(json["log_level"], "info");
    assert_eq!(json["matcher"]["period"], "1h30m0s");
    assert_eq!(json["indexer"]["layer_scan_concurrency"], 10);
}

#[test]
fn what_is_shown_can_be_loaded_again() {
    let text = "matcher: {period: 90m}\nlimpid: {memory_budget: 1GiB}\n\
                trace: {otlp: {http: {compression: 2}}}\nlog_level: debug-color\n";
    let config = yaml(text);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(yaml(&json), config);
}

#[test]
fn parameters_that_only_clairs_driver_knows_are_kept_apart() {
    let text = "host=db pool_max_conns=20 pool_min_conns=2 pool_max_conn_lifetime=1h \
                statement_cache_mode=describe sslmode=disable";
    let database = ConnectionString::new(text)
        .database(&Environment::default())
        .unwrap();
    assert_eq!(database.keywords(), "host=db sslmode=disable");
    assert_eq!(database.pool.max_connections, Some(20));
    assert_eq!(database.pool.min_connections, Some(2));
    assert_eq!(
        database.pool.max_lifetime,
        Some(GoDuration::from_secs(3600))
    );
    assert_eq!(database.pool.max_idle_time, None);
}

#[test]
fn urls_become_keywords_with_quotes_where_needed() {
    let url = "postgresql://clair:it%27s%20a@db:5433/clair?pool_max_conns=4&sslmode=require";
    let database = ConnectionString::new(url)
        .database(&Environment::default())
        .unwrap();
    let keywords = r"dbname=clair host=db password='it\'s a' port=5433 sslmode=require user=clair";
    assert_eq!(database.keywords(), keywords);
    let again = ConnectionString::new(keywords)
        .database(&Environment::default())
        .unwrap();
    assert_eq!(again.parameters, database.parameters);
}

#[test]
fn variables_stand_in_for_what_a_string_leaves_out() {
    let variables = [("PGHOST", "env-db"), ("PGUSER", "env-user"), ("PGPORT", "")];
    let environment: Environment = variables.into_iter().collect();
    let database = ConnectionString::new("host=db")
        .database(&environment)
        .unwrap();
    assert_eq!(database.keywords(), "host=db user=env-user");
    let database = ConnectionString::default().database(&environment).unwrap();
    assert_eq!(database.keywords(), "host=env-db user=env-user");
}

#[test]
fn errors_in_a_connection_string_do_not_show_it() {
    let error = ConnectionString::new("password='hunter2").database(&Environment::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "invalid connection string, a quoted value does not end"
    );
    let error = ConnectionString::new("pool_max_conns=many").database(&Environment::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "invalid value in connection string: pool_max_conns"
    );
}
