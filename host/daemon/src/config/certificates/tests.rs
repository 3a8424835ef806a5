//! Files of certificates as people have them: right, empty, damaged, expired, with the key of another.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tocsin_core::time::Timestamp;

use crate::config::{Change, Config};

/// An authority, a certificate that it signed, and a folder for their files.
struct Files {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2126, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        Self { folder: tempfile::tempdir().expect("a folder"), authority }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("the folder can be written");
    }

    /// Writes a certificate that is valid until the beginning of `year`, and its key.
    fn certificate(&self, name: &str, year: i32) {
        let mut params = CertificateParams::new(vec!["relay.example.org".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        self.write(&format!("{name}.pem"), &certificate.pem());
        self.write(&format!("{name}.key"), &key.serialize_pem());
    }

    /// A configuration whose connection has these lines, in which `DIR` is the folder.
    fn text(&self, lines: &str) -> String {
        let folder = self.folder.path().display().to_string();
        format!("[connections.out]\nplugin = \"webhook\"\nurl = \"https://example.org/\"\n{lines}")
            .replace("DIR", &folder)
    }

    fn config(&self, lines: &str) -> Result<Config, String> {
        let path = self.folder.path().join("tocsin.toml");
        Config::parse(&path, &self.text(lines)).map_err(|error| error.to_string())
    }

    fn mistakes(&self, lines: &str) -> String {
        self.config(lines).expect_err("it has a mistake")
    }

    /// What is said about expired certificates at this time.
    fn warnings(&self, lines: &str, now: &str) -> Vec<String> {
        let now: Timestamp = now.parse().expect("a time");
        let config = self.config(lines).expect("it is right");
        config.invalid_certificates(now).iter().map(ToString::to_string).collect()
    }
}

const SHOWN: &str = "client_certificate = { certificate = \"DIR/a.pem\", key = { file = \"DIR/a.key\" } }\n";

#[test]
fn authorities_and_a_client_certificate_are_read() {
    let files = Files::new();
    files.write("ca.pem", &format!("# of the test\n{0}{0}", files.authority.pem()));
    files.certificate("a", 2126);
    let config = files.config(&format!("ca = \"DIR/ca.pem\"\n{SHOWN}")).expect("it is right");
    let transport = &config.connections["out"].transport;
    assert_eq!(transport.authorities.as_ref().map(|authorities| authorities.certificates.len()), Some(2));
    let shown = transport.client_certificate.as_ref().expect("one");
    assert_eq!(shown.chain.len(), 1);
    assert!(shown.pem.reveal().contains("PRIVATE KEY"));
    assert_eq!(format!("{:?}", shown.pem), "***");
}

#[test]
fn a_file_without_a_usable_certificate_is_named_with_what_to_do() {
    let files = Files::new();
    files.write("empty.pem", "nothing\n");
    files.write("cut.pem", &files.authority.pem().replace("-----END CERTIFICATE-----", ""));
    files.write("wrong.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    fs::write(files.folder.path().join("binary.pem"), files.authority.der()).expect("it can be written");
    for (name, words) in [
        ("gone.pem", "gone.pem: No such file"),
        ("empty.pem", "empty.pem has no certificate: expected text in PEM"),
        ("cut.pem", "cut.pem is damaged: "),
        ("wrong.pem", "certificate 1 of 1 in "),
        ("binary.pem", "binary.pem: "),
    ] {
        let said = files.mistakes(&format!("ca = \"DIR/{name}\"\n"));
        assert!(said.contains("connections.out.ca: ") && said.contains(words), "{words}: {said}");
    }
    let said = files.mistakes("ca = 7\n");
    assert!(said.contains("connections.out.ca: `7` is not a text"), "{said}");
}

#[test]
fn a_key_that_does_not_fit_is_named_and_not_shown() {
    let files = Files::new();
    files.certificate("a", 2126);
    files.certificate("b", 2126);
    files.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    files.write("none.key", "c2VjcmV0LW9mLXRoZS10ZXN0cw==\n");
    files.write("cut.key", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LW9mLXRoZS10ZXN0cw==\n");
    files.write(
        "odd.key",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LW9mLXRoZS10ZXN0cw==\n-----END PRIVATE KEY-----\n",
    );
    for (name, words) in [
        ("b.key", "is the key of another certificate than the first one in "),
        ("locked.key", "is encrypted: `openssl pkey -in FILE -out DECRYPTED`"),
        ("none.key", "has no private key: expected text in PEM"),
        ("cut.key", "is damaged: expected a private key in PEM"),
        ("odd.key", "cannot be used with "),
        ("gone.key", "gone.key: No such file"),
    ] {
        let said = files.mistakes(&SHOWN.replace("a.key", name));
        let path = "connections.out.client_certificate.key: ";
        assert!(said.contains(path) && said.contains(words), "{words}: {said}");
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
    let said = files.mistakes("client_certificate = {}\n");
    assert!(said.contains("client_certificate.certificate: is missing"), "{said}");
    assert!(said.contains("client_certificate.key: is missing"), "{said}");
}

#[test]
fn an_expired_certificate_is_a_warning_and_no_mistake() {
    let files = Files::new();
    files.write("ca.pem", &files.authority.pem());
    files.certificate("a", 2027);
    let lines = format!("ca = \"DIR/ca.pem\"\n{SHOWN}");
    assert_eq!(files.warnings(&lines, "2026-12-31"), Vec::<String>::new());
    let said = files.warnings(&lines, "2027-06-01");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("connections.out.client_certificate.certificate: certificate in "),
        "{said:?}"
    );
    assert!(said[0].contains("a.pem expired at 2027-01-01T00:00:00Z: replace it"), "{said:?}");
    let said = files.warnings(&lines, "2025-06-01");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("ca.pem is not valid before 2026-01-01T00:00:00Z: check the clock"), "{said:?}");
    // One that all connections have is reported once.
    let said = files.warnings("[egress]\nca = \"DIR/ca.pem\"\n", "2127-06-01");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("egress.ca: certificate in "), "{said:?}");
}

#[test]
fn another_certificate_in_the_same_file_is_another_configuration() {
    let files = Files::new();
    files.write("ca.pem", &files.authority.pem());
    files.certificate("a", 2126);
    let lines = format!("{SHOWN}[egress]\nca = \"DIR/ca.pem\"\n");
    let config = || files.config(&lines).expect("it is right");
    let before = config();
    assert_eq!(before.changes(&config()), []);
    let changed = |config: &Config| -> Vec<String> {
        before.changes(config).into_iter().map(|Change { path, .. }| path).collect()
    };
    files.write("ca.pem", &Files::new().authority.pem());
    let after = config();
    assert_eq!(changed(&after), ["egress.ca"]);
    assert_ne!(before.connections["out"].transport, after.connections["out"].transport);
    files.certificate("a", 2126);
    assert_eq!(changed(&config()), ["connections.out", "egress.ca"]);
}
