//! As whom a request is sent: authentication, signature, the header against doubles, and how a connection is
//! tried.
//!
//! Never sees a secret: it names them. Whether one was given is the host's to know.

use tocsin_plugin::prelude::*;
use tocsin_plugin::{BodyHmac, Choice, Digest, Encoding};

use super::headers;
use super::path;

/// Whom a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Authentication {
    /// None.
    None,
    /// Bearer token.
    Bearer,
    /// User and password (Basic).
    Basic,
    /// A header of its own.
    Header,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Scheme {
    /// Standard Webhooks.
    Standard,
    /// HMAC of the body in one header.
    Hmac,
}

/// The hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Hash {
    /// SHA-256.
    #[choice(value = "sha256")]
    Sha256,
    /// SHA-512.
    #[choice(value = "sha512")]
    Sha512,
    /// SHA-1.
    #[choice(value = "sha1")]
    Sha1,
}

/// How an HMAC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Digits {
    /// Hexadecimal.
    Hex,
    /// Base 64.
    #[choice(value = "base64")]
    Base64,
}

/// The request that tries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum TestMethod {
    /// None.
    None,
    /// GET.
    #[choice(value = "GET")]
    Get,
    /// HEAD.
    #[choice(value = "HEAD")]
    Head,
}

/// As whom it is sent.
#[derive(Settings)]
pub struct Connection {
    /// How the service knows who is calling: `bearer` sends `token`, `basic` sends `user` and `password`,
    /// `header` sends `token` in the header `header_name`.
    #[setting(default = "none")]
    authentication: Authentication,
    /// The token, for `bearer` and `header`; for `header` all that stands in the header.
    #[setting(optional)]
    token: Secret,
    /// The header that holds `token`, for `authentication = "header"`: for example `X-Api-Key`.
    header_name: Option<String>,
    /// The user's name, for `authentication = "basic"`.
    user: Option<String>,
    /// The password, for `authentication = "basic"`.
    #[setting(optional)]
    password: Secret,
    /// Whether each request is signed with `signing_key`. The receiver can then be sure that it comes from
    /// here.
    #[setting(default = "false")]
    sign: bool,
    /// How it is signed: `standard` as standardwebhooks.com says, which also tells a replay, or `hmac`, an HMAC
    /// of the body in one header.
    #[setting(default = "standard")]
    signature: Scheme,
    /// The key for `sign`, as the receiver shows it; for `standard` that is `whsec_` and base 64.
    #[setting(optional)]
    signing_key: Secret,
    /// The header of an `hmac`.
    #[setting(default = "X-Hub-Signature-256")]
    signature_header: String,
    /// What stands before an `hmac` in its header. Left out, it is the hash and an equals sign: `sha256=`.
    signature_prefix: Option<String>,
    /// The hash of an `hmac`.
    #[setting(default = "sha256")]
    signature_hash: Hash,
    /// How an `hmac` is written.
    #[setting(default = "hex")]
    signature_encoding: Digits,
    /// The header that is the same over all attempts of a delivery, so that the service can tell a second
    /// attempt from a second event. Empty sends none.
    #[setting(default = "Idempotency-Key")]
    idempotency_header: String,
    /// The request that tries the connection: `GET` or `HEAD`, if the service answers it without doing
    /// anything. `none` leaves the connection untried.
    #[setting(default = "none")]
    test_method: TestMethod,
    /// Where that request goes: appended to the path of the connection's address.
    test_path: Option<String>,
}

impl Connection {
    /// `request` with what shows whom it is from; signed last, over the finished body.
    pub(super) fn dress(&self, request: HttpRequest) -> Result<HttpRequest, Failure> {
        if let Some(problem) = self.problems().into_iter().next() {
            return Err(super::misconfigured(&problem));
        }
        let request = match self.authentication {
            Authentication::None => request,
            Authentication::Bearer => request.bearer(&self.token),
            Authentication::Basic => request.basic(self.user.as_deref().unwrap_or(""), &self.password),
            Authentication::Header => {
                request.header_parts(self.header_name.as_deref().unwrap_or("").trim(), vec![self.token.raw()])
            }
        };
        Ok(if self.sign { request.signed(&self.signing_key, self.scheme()) } else { request })
    }

    /// The header against doubles, if there is one.
    pub(super) fn idempotency_header(&self) -> Option<&str> {
        Some(self.idempotency_header.trim()).filter(|name| !name.is_empty())
    }

    fn scheme(&self) -> Signature {
        let (digest, name) = match self.signature_hash {
            Hash::Sha1 => (Digest::Sha1, "sha1="),
            Hash::Sha256 => (Digest::Sha256, "sha256="),
            Hash::Sha512 => (Digest::Sha512, "sha512="),
        };
        match self.signature {
            Scheme::Standard => Signature::StandardWebhooks,
            Scheme::Hmac => Signature::BodyHmac(BodyHmac {
                header: self.signature_header.trim().to_ascii_lowercase(),
                prefix: self.signature_prefix.clone().unwrap_or_else(|| name.to_owned()),
                digest,
                encoding: match self.signature_encoding {
                    Digits::Hex => Encoding::Hex,
                    Digits::Base64 => Encoding::Base64,
                },
            }),
        }
    }

    /// Headers that this connection sets and an action therefore cannot.
    pub(super) fn sets(&self, name: &str) -> bool {
        let same = |own: &str| own.trim().eq_ignore_ascii_case(name);
        let standard = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        same(&self.idempotency_header)
            || (self.authentication == Authentication::Header
                && self.header_name.as_deref().is_some_and(same))
            || (self.sign && self.signature == Scheme::Hmac && same(&self.signature_header))
            || (self.sign && self.signature == Scheme::Standard && standard.iter().any(|own| same(own)))
    }

    /// What is wrong with it.
    pub(crate) fn problems(&self) -> Vec<SettingProblem> {
        let mut problems = self.authentication_problems();
        let mut header = |field: &str, name: &str| {
            if let Err(why) = headers::name(name) {
                problems.push(SettingProblem::new(field, why));
            }
        };
        if self.sign && self.signature == Scheme::Hmac {
            header("signature_header", self.signature_header.trim());
        }
        if let Some(name) = self.idempotency_header() {
            header("idempotency_header", name);
        }
        if self.signature_prefix.as_deref().is_some_and(|prefix| prefix.chars().any(char::is_control)) {
            problems.push(SettingProblem::new("signature_prefix", "has control characters"));
        }
        match (self.test_method, path::of(self.test_path.as_deref().unwrap_or(""))) {
            (_, Err(why)) => problems.push(SettingProblem::new("test_path", why)),
            (TestMethod::None, Ok(path)) if !path.is_empty() => problems.push(SettingProblem::new(
                "test_path",
                "is given and `test_method` is none; choose `GET` or `HEAD`, or take it out",
            )),
            _ => {}
        }
        problems
    }

    fn authentication_problems(&self) -> Vec<SettingProblem> {
        let mut problems = Vec::new();
        let is_given = |value: &Option<String>| value.as_deref().is_some_and(|text| !text.trim().is_empty());
        let unused = |wanted: &str| {
            format!("is given and `authentication` is not; set it to `{wanted}`, or take this out")
        };
        match (self.authentication, self.user.as_deref().filter(|user| !user.is_empty())) {
            (Authentication::Basic, None) => {
                problems.push(SettingProblem::new("user", "is missing: `authentication` is `basic`"));
            }
            // RFC 7617: the first colon ends the name.
            (Authentication::Basic, Some(user)) if user.contains(':') => problems.push(SettingProblem::new(
                "user",
                "must not hold a colon: Basic authentication ends the name at the first",
            )),
            (Authentication::Basic, Some(user)) if user.chars().any(char::is_control) => {
                problems.push(SettingProblem::new("user", "has control characters"));
            }
            (Authentication::Basic, _) | (_, None) => {}
            (_, Some(_)) => problems.push(SettingProblem::new("user", unused("basic"))),
        }
        match (self.authentication, self.header_name.as_deref().map(str::trim)) {
            (Authentication::Header, None | Some("")) => problems.push(SettingProblem::new(
                "header_name",
                "is missing: `authentication` is `header`; for example `X-Api-Key`",
            )),
            (Authentication::Header, Some(name)) => {
                if let Err(why) = headers::name(name)
                    .or_else(|why| if name.eq_ignore_ascii_case("authorization") { Ok(()) } else { Err(why) })
                {
                    problems.push(SettingProblem::new("header_name", why));
                }
            }
            _ if is_given(&self.header_name) => {
                problems.push(SettingProblem::new("header_name", unused("header")))
            }
            _ => {}
        }
        problems
    }

    /// The request that tries it, if the operator named one.
    pub(crate) fn probe(&self) -> Option<Probe> {
        let method = match self.test_method {
            TestMethod::None => return None,
            TestMethod::Get => "GET",
            TestMethod::Head => "HEAD",
        };
        let path = path::of(self.test_path.as_deref().unwrap_or("")).ok()?;
        self.dress(HttpRequest::new(method).path(path)).ok().map(Probe::from)
    }
}
