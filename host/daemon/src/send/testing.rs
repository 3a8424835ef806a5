//! What the tests of sending share: connections of a configuration, and a peer or proxy with one answer.

use std::net::SocketAddr;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Config;

/// Chooses the TLS library for this process. Another test may have been quicker.
pub(crate) fn choose_tls() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The configuration of this text.
pub(super) fn config(text: &str) -> Config {
    let config = Config::parse(Path::new("/nowhere/tocsin.toml"), text);
    config.unwrap_or_else(|error| unreachable!("{error}"))
}

/// A configuration whose connection `out` goes to `url` and has these lines in its table.
pub(super) fn connection(url: &str, lines: &str) -> Config {
    config(&format!("[connections.out]\nplugin = \"webhook\"\nurl = \"{url}\"\n{lines}"))
}

/// Answers one request with this text. The task ends with the head of the request.
pub(super) async fn answering(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it has one");
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.expect("a request");
        stream.write_all(answer.as_bytes()).await.expect("it listens");
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    (address, asked)
}
