//! Connections that are in their handshake when the listener closes.

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// How a listener for `localhost` speaks TLS, and a client that trusts it.
pub(super) fn tls() -> (ServerConfig, ClientConfig) {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key: PrivateKeyDer<'_> = own.signing_key.serialize_der().try_into().expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let server = server.with_safe_default_protocol_versions().expect("ring has them").with_no_client_auth();
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).expect("a certificate");
    let client = ClientConfig::builder_with_provider(provider);
    let client = client.with_safe_default_protocol_versions().expect("ring has them");
    (
        server.with_single_cert(vec![own.cert.der().clone()], key).expect("they belong together"),
        client.with_root_certificates(roots).with_no_client_auth(),
    )
}

#[tokio::test]
async fn a_handshake_under_way_is_finished_when_the_listener_closes_and_one_that_stalls_is_given_up() {
    let (server, client) = tls();
    let security = Arc::new(Security::default());
    security.put_in_force(Some(server));
    let bounds = Bounds { connections: 9, per_address: 9, proxies: Vec::new(), answer_time: PATIENCE };
    let connections = Connections::new(bounds);
    let router = Router::new().fallback(|| async { "answered" });
    let serving = Serving { router, connections: Arc::clone(&connections), security, grace: PATIENCE };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has one");
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serving.on(listener, stopped));

    let begun = TcpStream::connect(address).await.expect("it listens");
    let _stalled = TcpStream::connect(address).await.expect("it listens");
    while connections.count() < 2 {
        tokio::task::yield_now().await;
    }
    stop.send(true).expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut secured =
        TlsConnector::from(Arc::new(client)).connect(name, begun).await.expect("it is finished");
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    secured.write_all(request).await.expect("it is read");
    let mut answer = String::new();
    secured.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("answered"), "{answer}");
    tokio::time::timeout(PATIENCE, serving).await.expect("nobody waits for the other").expect("it ends");
    assert_eq!(connections.count(), 0);
}
