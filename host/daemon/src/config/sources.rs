//! `[sources.<name>]`: places that requests come in at, and what a sender has to prove there.

use std::time::Duration;

use ipnet::IpNet;
use tocsin_core::event::Severity;
use tocsin_core::routing::{Flapping, SourceRule};

use super::limits::{BODY_BYTES, BODY_BYTES_MAX, KEEP_BYTES_MIN};
use super::reader::Reader;
use super::{Authentication, Basic, FieldToken, Limits, Secret, Source, TOKEN_KEYS, Token};
use crate::config::Rate;

/// Bytes of a plugin's memory for each byte of a body. A JSON document takes about ten times its text, one of small
/// objects twenty to thirty times.
const MEMORY_FOR_EACH_BYTE: usize = 32;
/// Bytes of memory that a large body limit can bring about.
const MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How many times the usual time a large body limit can bring about.
const TIMES_MAX: u32 = 8;

impl Source {
    /// Bytes of the largest body that it takes: what the source says, else what `[limits]` says, else 1 MiB or what
    /// its plugin suggests, whichever is more.
    pub fn body_limit(&self, limits: &Limits, suggested: Option<u64>) -> usize {
        let suggested = suggested.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let usual = BODY_BYTES.max(suggested.min(BODY_BYTES_MAX));
        self.body_limit.or(limits.body_bytes).unwrap_or(usual)
    }

    /// Bytes of memory that its plugin may use to decode a body of `body_limit` bytes: what `[limits]` says, or more
    /// where a body beyond the usual size would not fit otherwise.
    pub fn memory_bytes(limits: &Limits, body_limit: usize) -> usize {
        if body_limit <= BODY_BYTES {
            return limits.plugin_memory_bytes;
        }
        let needed = body_limit.saturating_mul(MEMORY_FOR_EACH_BYTE).min(MEMORY_BYTES_MAX);
        limits.plugin_memory_bytes.max(needed)
    }

    /// How long its plugin may take to decode a body of `body_limit` bytes: as long as `[limits]` says for each
    /// 1 MiB of it.
    pub fn plugin_time(limits: &Limits, body_limit: usize) -> Duration {
        let times = u32::try_from(body_limit.div_ceil(BODY_BYTES)).unwrap_or(u32::MAX);
        limits.plugin_time.saturating_mul(times.clamp(1, TIMES_MAX))
    }
}

impl Limits {
    /// Bytes of memory that any call of a plugin may use.
    pub fn memory_bytes_ceiling(&self) -> usize {
        self.plugin_memory_bytes.max(MEMORY_BYTES_MAX)
    }
}

/// Requests a minute that a source can be bound to.
const RATE_MAX: usize = 1_000_000;
/// Characters of a token: sixteen random ones cannot be guessed over a network.
const TOKEN_CHARS_MIN: usize = 16;

/// The keys that say what a sender has to prove.
pub(super) const PROOFS: [&str; 6] = ["token", "next_token", "basic", "signing_key", "field_token", "allow"];
/// The key of a source that lets everybody in.
pub(super) const OPEN: &str = "open";

pub(super) fn read(name: String, mut reader: Reader) -> (String, Source) {
    let plugin = reader.required_text("plugin", "the id of the plugin that decodes, such as `jira`");
    let authentication = read_authentication(&mut reader);
    let default = SourceRule::default();
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let rule = SourceRule {
        reopen_window_ms: reader.duration("reopen_window").map_or(default.reopen_window_ms, ms),
        default_severity: reader
            .parsed("default_severity", str::parse::<Severity>)
            .unwrap_or(default.default_severity),
        replay_window_ms: reader.duration("replay_window").map_or(default.replay_window_ms, ms),
        flapping: read_flapping(&mut reader, default.flapping),
        heartbeat_ms: reader.duration("heartbeat").map(ms),
        auto_resolve_ms: reader.duration("auto_resolve").map(ms),
    };
    if rule.auto_resolve_ms == Some(0) {
        reader
            .problem("auto_resolve", "is 0: say how long an incident may be without an event, such as `7d`");
    }
    if rule.heartbeat_ms == Some(0) {
        reader.problem("heartbeat", "is 0: say how long the source may be silent, such as `15m`");
    }
    let body_limit = reader.bytes("body_limit", 1024..=BODY_BYTES_MAX);
    let rate = read_rate(&mut reader);
    let keep_bytes = reader.bytes("keep_bytes", KEEP_BYTES_MIN..=usize::MAX);
    let confirm = reader.boolean("confirm").unwrap_or(false);
    let settings = reader.settings("settings");
    reader.finish();
    let source =
        Source { name, plugin, authentication, body_limit, rate, keep_bytes, confirm, rule, settings };
    (source.name.clone(), source)
}

/// `rate`, requests a minute, and `burst`, requests at once: as many as in a minute, unless it says otherwise.
fn read_rate(reader: &mut Reader) -> Option<Rate> {
    let has_rate = reader.has("rate");
    let per_minute = reader.count("rate", 1..=RATE_MAX);
    let burst = reader.count("burst", 1..=RATE_MAX);
    if burst.is_some() && !has_rate {
        reader.problem("burst", "has no `rate` beside it: say how many requests a minute the source takes");
    }
    per_minute.map(|per_minute| Rate { per_minute, burst: burst.unwrap_or(per_minute) })
}

fn read_authentication(reader: &mut Reader) -> Authentication {
    let open = reader.boolean("open").unwrap_or(false);
    // Known before a mistake in any of them, so that one mistake does not look like two.
    let given = PROOFS.iter().any(|key| reader.has(key));
    let read = |(place, key)| Some((place, read_token(reader, key)?));
    let tokens: Vec<(usize, Token)> = TOKEN_KEYS.into_iter().enumerate().filter_map(read).collect();
    let authentication = Authentication {
        tokens,
        basic: reader.has("basic").then(|| read_basic(reader.section("basic"))).flatten(),
        signing_key: proof(reader, "signing_key"),
        field_token: reader
            .has("field_token")
            .then(|| read_field_token(reader.section("field_token")))
            .flatten(),
        allow: reader.texts("allow").map(|texts| networks(reader, "allow", &texts)).unwrap_or_default(),
    };
    if given && open {
        reader.problem("open", "is true although there is something to prove: remove one of them");
    }
    if !given && !open {
        reader.problem(
            "token",
            "is missing: give one, for example of `openssl rand -hex 24`, or set `open = true` to let \
             everybody in",
        );
    }
    authentication
}

/// A token, or `{ sha256 = "…" }`.
pub(super) fn read_token(reader: &mut Reader, key: &'static str) -> Option<Token> {
    if let Some(digits) = reader.only_key(key, "sha256") {
        return match Token::hashed(&digits) {
            Ok(token) => Some(token),
            Err(problem) => {
                reader.problem(key, problem);
                None
            }
        };
    }
    let secret = reader.secret(key)?;
    if secret.is_seen() && secret.reveal().chars().count() < TOKEN_CHARS_MIN {
        let problem = format!("is shorter than {TOKEN_CHARS_MIN} characters: it could be guessed");
        reader.problem(key, problem);
    }
    Some(Token::Plain(secret))
}

/// `flapping = false`, or a table with both numbers.
fn read_flapping(reader: &mut Reader, default: Option<Flapping>) -> Option<Flapping> {
    if !reader.has("flapping") {
        return default;
    }
    if reader.is_boolean("flapping") {
        return if reader.boolean("flapping") == Some(true) { default } else { None };
    }
    let mut section = reader.section("flapping");
    let default = default?;
    let reopenings = section.count("reopenings", 2..=Flapping::REOPENINGS_MAX).unwrap_or(default.reopenings);
    let window =
        section.duration("window").map(|window| u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
    section.finish();
    Some(Flapping { reopenings, window_ms: window.unwrap_or(default.window_ms) })
}

fn read_basic(mut reader: Reader) -> Option<Basic> {
    let user = reader.required_text("user", "the user name that the sender gives");
    let password = required_proof(&mut reader, "password", "the password that the sender gives");
    reader.finish();
    Some(Basic { user, password: password? })
}

fn read_field_token(mut reader: Reader) -> Option<FieldToken> {
    let field = reader.required_text("field", "the field of the body or query, such as `Token`");
    let user = reader.text("md5_user");
    let help = "what the field holds, or, with `md5_user`, the account's API key";
    let key = required_proof(&mut reader, "key", help);
    reader.finish();
    Some(FieldToken { field, md5_user: user, key: key? })
}

/// A secret that a sender proves to have: an empty one would be everybody's.
fn proof(reader: &mut Reader, key: &'static str) -> Option<Secret> {
    let secret = reader.secret(key);
    if secret.as_ref().is_some_and(Secret::is_blank) {
        reader.problem(key, "is empty, which would let everybody in");
    }
    secret
}

fn required_proof(reader: &mut Reader, key: &'static str, help: &str) -> Option<Secret> {
    if !reader.has(key) {
        reader.problem(key, format!("is missing: {help}"));
    }
    proof(reader, key)
}

/// The networks of a list; an address alone is a network of one.
pub(super) fn networks(reader: &Reader, key: &str, texts: &[String]) -> Vec<IpNet> {
    let parse = |text: &String| {
        let parsed = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        if parsed.is_err() {
            reader.problem(
                key,
                format!("`{text}` is no address or network, such as `203.0.113.7` or `10.0.0.0/8`"),
            );
        }
        parsed.ok()
    };
    if texts.is_empty() {
        reader.problem(key, "is empty, which would let nobody in");
    }
    texts.iter().filter_map(parse).collect()
}
