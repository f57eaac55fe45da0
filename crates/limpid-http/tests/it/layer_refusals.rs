use std::net::TcpListener;
use std::sync::Arc;

use limpid_http::{AddressPolicy, LayerClient, LayerFault, LayerFaultKind, Proxy};
use limpid_testkit::registry::{Answer, Registry};

use crate::layer_support::{
    Names, bytes, chain, client, client_with, error, fault, open, settings,
};

fn hello() -> [Answer; 1] {
    [Answer::blob(*b"hello")]
}

fn named(names: &Arc<Names>) -> LayerClient {
    LayerClient::with_resolver(settings(), Arc::clone(names) as _).unwrap()
}

#[test]
fn this_machine_is_not_connected_to_unless_it_is_allowed() {
    let registry = Registry::start().unwrap();
    let port = registry.address().port();
    registry.serve("/x", hello());
    let client = client_with(|settings| settings.policy = AddressPolicy::default());
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let (kind, attempts, text) = fault(&client, &format!("http://{host}:{port}/x"));
        assert_eq!((kind, attempts), (LayerFaultKind::Refused, 1), "{host}");
        assert!(text.contains("disallowed by policy"), "{text}");
        let says_what_to_do = text.contains("see limpid.layers.allow_networks: ");
        assert!(says_what_to_do, "{text}");
    }
    assert!(registry.requests().is_empty());
}

#[test]
fn behind_an_airgap_public_addresses_are_refused() {
    let client = client_with(|settings| settings.policy = AddressPolicy::new(true, Vec::new()));
    let (kind, _, text) = fault(&client, "http://1.1.1.1/x");
    assert_eq!(kind, LayerFaultKind::Refused);
    assert!(text.contains("no private address: 1.1.1.1"), "{text}");
}

#[test]
fn redirections_are_followed_and_judged() {
    let registry = Registry::start().unwrap();
    registry.serve("/layer", hello());
    let url = registry.serve("/x", [Answer::redirect("/layer?token=sesame")]);
    assert_eq!(bytes(&client(), &url), b"hello");

    for forbidden in [
        "http://169.254.169.254/latest",
        "http://127.0.0.2/",
        "http://[::1]/",
    ] {
        let url = registry.serve("/y", [Answer::redirect(forbidden)]);
        let (kind, attempts, text) = fault(&client(), &url);
        assert_eq!(
            (kind, attempts),
            (LayerFaultKind::Refused, 1),
            "{forbidden}"
        );
        assert!(text.contains("disallowed by policy"), "{text}");
    }
    for impossible in ["file:///etc/passwd", "gopher://a.example/", "http://[::"] {
        let url = registry.serve("/z", [Answer::redirect(impossible)]);
        let (kind, attempts, _) = fault(&client(), &url);
        assert_eq!(
            (kind, attempts),
            (LayerFaultKind::Broken, 1),
            "{impossible}"
        );
    }
}

#[test]
fn a_circle_of_redirections_ends() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::redirect("/x")]);
    let (kind, attempts, text) = fault(&client(), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Broken, 1));
    assert!(text.contains("more redirections than 10"), "{text}");
    assert_eq!(registry.requests().len(), 11);
}

#[test]
fn another_host_does_not_get_the_secrets_not_even_on_the_way_back() {
    let (first, second) = (Registry::start().unwrap(), Registry::start().unwrap());
    let url = first.serve("/x", [Answer::redirect("/here")]);
    first.serve("/here", [Answer::redirect(&second.url("/there"))]);
    second.serve("/there", [Answer::redirect(&first.url("/back"))]);
    first.serve("/back", hello());
    let headers = [
        ("Authorization", "Bearer sesame"),
        ("X-Token", "sesame"),
        ("Cookie", "sesame"),
        ("User-Agent", "quay"),
        ("Host", "sesame"),
        ("Range", "bytes=1-"),
    ];
    let mut stream = open(&client(), &url, &headers);
    assert_eq!(std::io::read_to_string(&mut stream).unwrap(), "hello");
    let sent = first.requests();
    for request in &sent[..2] {
        assert_eq!(request.header("authorization"), Some("Bearer sesame"));
        assert_eq!(request.header("x-token"), Some("sesame"));
    }
    for request in second.requests().iter().chain(&sent[2..]) {
        assert!(!format!("{request:?}").contains("sesame"), "{request:?}");
        assert_eq!(request.header("user-agent"), Some("quay"));
    }
    assert_eq!(sent[0].header("range"), None);
    assert_eq!(
        sent[0].header("host"),
        Some(first.address().to_string().as_str())
    );
}

#[test]
fn user_and_password_of_the_address_are_sent_and_never_shown() {
    let registry = Registry::start().unwrap();
    registry.serve("/x", hello());
    let address = registry.address();
    let url = |path: &str| format!("http://user:sesame@{address}{path}?token=sesame#sesame");
    assert_eq!(bytes(&client(), &url("/x")), b"hello");
    let basic = Some("Basic dXNlcjpzZXNhbWU=");
    assert_eq!(registry.requests()[0].header("authorization"), basic);

    registry.serve("/loop", [Answer::redirect(&url("/loop"))]);
    registry.serve("/broken", [Answer::Raw(b"sesame".to_vec())]);
    for path in ["/absent", "/loop", "/broken"] {
        let error = error(&client(), &url(path));
        let text = format!("{} {error:?}", chain(&error));
        assert!(text.contains(&format!("http://{address}{path}")), "{text}");
        assert!(!text.contains("sesame"), "{text}");
    }
}

#[test]
fn only_allowed_addresses_of_a_name_are_connected_to() {
    let registry = Registry::start().unwrap();
    registry.serve("/x", hello());
    let url = format!("http://registry.example:{}/x", registry.address().port());
    let names = Names::new(&[&["169.254.169.254", "127.0.0.1", "::1"]]);
    assert_eq!(bytes(&named(&names), &url), b"hello");

    let names = Names::new(&[&["169.254.169.254", "::1"]]);
    let (kind, attempts, text) = fault(&named(&names), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Refused, 1));
    assert!(text.contains("disallowed by policy"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
}

#[test]
fn a_name_that_changes_its_address_is_judged_by_the_one_that_is_connected_to() {
    let registry = Registry::start().unwrap();
    registry.serve("/x", hello());
    let url = format!("http://registry.example:{}/x", registry.address().port());
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = named(&names);
    assert_eq!(bytes(&client, &url), b"hello");
    assert_eq!(*names.asked.lock().unwrap(), ["registry.example"]);
    // Asked again for a new connection, the name leads to where nothing may be fetched from.
    assert_eq!(fault(&client, &url).0, LayerFaultKind::Refused);
    assert_eq!(names.asked.lock().unwrap().len(), 2);
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_redirection_to_a_name_is_judged_by_its_addresses() {
    let registry = Registry::start().unwrap();
    let elsewhere = format!("http://inner.example:{}/x", registry.address().port());
    let url = registry.serve("/x", [Answer::redirect(&elsewhere)]);
    let names = Names::new(&[&["169.254.169.254"]]);
    let (kind, _, text) = fault(&named(&names), &url);
    assert_eq!(kind, LayerFaultKind::Refused);
    for part in [
        "see limpid.layers.allow_networks: inner.example",
        "cloud metadata address: 169.254.169.254",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_bad_for_ever() {
    for url in [
        "ftp://a.example/x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "unix:/x",
    ] {
        let (kind, attempts, _) = fault(&client(), url);
        assert_eq!((kind, attempts), (LayerFaultKind::BadUri, 0), "{url}");
    }
    let mut stream = open(&client(), "http://127.0.0.1/", &[("a b", "c")]);
    let error = std::io::read_to_string(&mut stream).unwrap_err();
    assert!(LayerFault::of(&error).unwrap().is_terminal());
    assert!(chain(&error).contains("invalid header of the layer: \"a b\""));
}

#[test]
fn a_proxy_is_used_but_not_for_forbidden_addresses() {
    let proxy = Registry::start().unwrap();
    let target = "http://registry.example/x";
    proxy.serve(target, hello());
    let with_proxy = |policy: AddressPolicy| {
        client_with(|settings| {
            settings.proxy = Proxy::All(proxy.url("").parse().unwrap());
            settings.policy = policy;
        })
    };
    // The proxy itself was named by the operator and need not be allowed.
    let client = with_proxy(AddressPolicy::default());
    assert_eq!(bytes(&client, target), b"hello");
    for forbidden in [
        "http://169.254.169.254/x",
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://metadata.google.internal/x",
    ] {
        assert_eq!(
            fault(&client, forbidden).0,
            LayerFaultKind::Refused,
            "{forbidden}"
        );
    }
    assert_eq!(proxy.requests().len(), 1);
    // Where a proxy leads cannot be judged, so behind an airgap there is none.
    let client = with_proxy(AddressPolicy::new(true, Vec::new()));
    assert_eq!(
        fault(&client, "http://1.1.1.1/x").0,
        LayerFaultKind::Refused
    );
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_registry_that_is_not_there_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let (kind, attempts, text) = fault(&client(), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Broken, 4));
    assert!(text.contains("connection failed"), "{text}");
}
