//! A request that an action wants sent, as a value. The host joins it onto the connection's URL, puts the
//! secrets in and sends it.
//!
//! Never holds a secret's value, a scheme or a host name.

use serde_json::Value;

use crate::{Parameter, Secret, Signature};

/// A request: a method, what is added to the connection's URL, headers and a body. Built with
/// `HttpRequest::post().path("/x").json(&document)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Upper-case: GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Appended to the path of the connection's URL: empty, or beginning with `/`; without `..`, query or
    /// fragment.
    pub path: String,
    /// Appended to the query of the connection's URL.
    pub query: Vec<Parameter>,
    /// Beside the content type. Names in lower case.
    pub headers: Vec<HeaderLine>,
    /// Empty for none.
    pub content_type: String,
    /// The pieces of the body, one after the other.
    pub body: Vec<Part>,
    /// Signatures that the host adds over the finished body.
    pub signing: Vec<Signing>,
}

/// One header whose value may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// Lower-case.
    pub name: String,
    /// The pieces of the value.
    pub value: Vec<Part>,
}

/// A piece of a header or body. A secret is named; the host puts it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Bytes(Vec<u8>),
    /// The value of a field of kind `secret`, written like this.
    Secret(String, SecretEncoding),
    /// `base64(user ":" password)` for Basic authentication.
    Credentials {
        /// The user's name.
        user: String,
        /// The key of a field of kind `secret`.
        password: String,
    },
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// How a secret is written where it is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEncoding {
    /// As it is.
    Raw,
    /// As the inside of a JSON string.
    Json,
    /// As a value in a form or a query.
    Form,
}

/// A signature that the host adds, over the finished body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The key of a field of kind `secret`.
    pub secret: String,
    /// How it is made.
    pub signature: Signature,
}

impl HttpRequest {
    /// A request of this method (put into upper case) with nothing else.
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_ascii_uppercase(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            content_type: String::new(),
            body: Vec::new(),
            signing: Vec::new(),
        }
    }

    /// A POST to the connection's URL.
    pub fn post() -> Self {
        Self::new("POST")
    }

    /// A GET of the connection's URL.
    pub fn get() -> Self {
        Self::new("GET")
    }

    /// The same with this appended to the path of the connection's URL. A value that an alert or an answer chose goes
    /// into a [`segment`](Self::segment).
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The same with a segment at the end of the path, not yet encoded: the one way to put a value that somebody else
    /// chose into a path. It stays one segment whatever is in it.
    #[must_use]
    pub fn segment(mut self, value: &str) -> Self {
        self.path.push('/');
        self.path.push_str(&crate::text::encode_segment(value));
        self
    }

    /// The same with a query parameter, not yet encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push(Parameter { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// The same with a header. Control characters in the value become spaces, so that text from an alert
    /// cannot begin another header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let clean: String = value.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.header_parts(name, vec![Part::Bytes(clean.into_bytes())])
    }

    /// The same with a header that may hold secrets.
    #[must_use]
    pub fn header_parts(mut self, name: &str, value: Vec<Part>) -> Self {
        self.headers.push(HeaderLine { name: name.to_ascii_lowercase(), value });
        self
    }

    /// The same with `authorization: Bearer <secret>`.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        self.header_parts("authorization", vec!["Bearer ".into(), token.raw()])
    }

    /// The same with `authorization: Basic <user and password>`.
    #[must_use]
    pub fn basic(self, user: &str, password: &Secret) -> Self {
        let credentials = Part::Credentials { user: user.to_owned(), password: password.key().to_owned() };
        self.header_parts("authorization", vec!["Basic ".into(), credentials])
    }

    /// The same with a JSON body. The character set is named because some services guess wrong without.
    #[must_use]
    pub fn json(self, document: &Value) -> Self {
        self.body("application/json; charset=utf-8", document.to_string())
    }

    /// The same with a body of this media type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.content_type = content_type.to_owned();
        self.body = vec![Part::Bytes(body.into())];
        self
    }

    /// The same with a signature that the host makes with this secret.
    #[must_use]
    pub fn signed(mut self, secret: &Secret, signature: Signature) -> Self {
        self.signing.push(Signing { secret: secret.key().to_owned(), signature });
        self
    }
}
