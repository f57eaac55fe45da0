use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use limpid_store::ErrorKind;
use limpid_store_postgres::{PostgresSettings, PostgresStore};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::server::Database;

/// What a client sends first when it wants TLS: a length of 8 and the number of the request.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Speaks TLS with a client, and plain text with the server, which has no TLS on its socket.
async fn serve(mut client: TcpStream, acceptor: TlsAcceptor, socket: String) {
    let mut request = [0; 8];
    client.read_exact(&mut request).await.unwrap();
    assert_eq!(request, TLS_REQUEST);
    client.write_all(b"S").await.unwrap();
    // A client that does not trust us ends the handshake.
    let Ok(mut client) = acceptor.accept(client).await else {
        return;
    };
    let mut server = UnixStream::connect(socket).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Listens with a certificate for a name. Returns the port.
async fn listen(database: &Database, key: &CertifiedKey<rcgen::KeyPair>) -> u16 {
    let private = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], PrivateKeyDer::Pkcs8(private))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let parameters = &database.parameters;
    let socket = format!("{}/.s.PGSQL.{}", parameters["host"], parameters["port"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, acceptor.clone(), socket.clone()));
        }
    });
    port
}

fn settings(database: &Database, port: u16, mode: &str, roots: Option<&Path>) -> PostgresSettings {
    let mut parameters: BTreeMap<String, String> = database.parameters.clone();
    parameters.insert("host".into(), "localhost".into());
    parameters.insert("hostaddr".into(), "127.0.0.1".into());
    parameters.insert("port".into(), port.to_string());
    parameters.insert("sslmode".into(), mode.into());
    if let Some(roots) = roots {
        parameters.insert("sslrootcert".into(), roots.display().to_string());
    }
    PostgresSettings::new(parameters)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mode_verifies_what_it_promises() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for name in ["localhost", "elsewhere.example"] {
        let key = generate_simple_self_signed([name.to_owned()]).unwrap();
        let roots = folder.path().join(name);
        std::fs::write(&roots, key.cert.pem()).unwrap();
        servers.push((listen(&database, &key).await, roots));
    }
    let (good, misnamed) = (&servers[0], &servers[1]);
    for ((port, _), mode, roots, is_trusted) in [
        (good, "require", None, true),
        (good, "prefer", None, true),
        (good, "require", Some(&good.1), true),
        (good, "require", Some(&misnamed.1), false),
        (good, "verify-ca", Some(&good.1), true),
        (good, "verify-full", Some(&good.1), true),
        (good, "verify-full", Some(&misnamed.1), false),
        (misnamed, "verify-ca", Some(&misnamed.1), true),
        (misnamed, "verify-ca", Some(&good.1), false),
        (misnamed, "verify-full", Some(&misnamed.1), false),
        (misnamed, "verify-full", None, false),
    ] {
        let settings = settings(&database, *port, mode, roots.map(PathBuf::as_path));
        let connected = PostgresStore::connect(&settings).await;
        let kind = connected.err().map(|error| error.kind);
        let expected = (!is_trusted).then_some(ErrorKind::Unavailable);
        assert_eq!(kind, expected, "{mode} {roots:?}");
    }
}
