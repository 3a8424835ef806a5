//! `tocsin sources`: where requests come in, and what one would do.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Place;
use super::out::say;
use super::table::{items, json, print, second, segment, short, text};

/// The media types by a file's ending; a form for whatever else.
const MEDIA_TYPES: [(&str, &str); 3] =
    [("json", "application/json"), ("xml", "application/xml"), ("txt", "text/plain")];

#[derive(Debug, Subcommand)]
pub(super) enum Sources {
    /// List the sources of the running relay, with what came in at each, what was rejected, and when it was last heard.
    List,
    /// Decode a request as if it had come, without keeping anything: its events, what would happen to which
    /// incident, and how long it took.
    Try(Try),
}

/// A request that did not come.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// The source's name.
    source: String,
    /// The body; `-` for standard input. Default: no body
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A header, as `Name: value`. Without Content-Type, the file's ending says it.
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// The query, as `a=1&b=2`.
    #[arg(long, default_value = "")]
    query: String,
    /// What follows the source's own path.
    #[arg(long, default_value = "")]
    path: String,
    /// The method.
    #[arg(long, short = 'X', default_value = "POST")]
    method: String,
}

pub(super) fn run(place: &Place, command: Sources) -> anyhow::Result<ExitCode> {
    match command {
        Sources::List => list(place),
        Sources::Try(request) => try_out(place, &request),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let sources = place.ask("/sources", None)?;
    if place.json {
        json(&sources);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |source: &Value| {
        let open = if source["open"] == json!(true) { "open to everybody" } else { "" };
        let problem = text(source, "problem");
        let note = if problem.is_empty() { open.to_owned() } else { short(&problem, 80) };
        [
            text(source, "name"),
            text(source, "plugin"),
            text(source, "requests.accepted"),
            text(source, "requests.ignored"),
            text(source, "requests.rejected"),
            second(source, "requests.last_heard"),
            text(source, "url"),
            note,
        ]
    };
    let rows: Vec<_> = items(&sources).iter().map(row).collect();
    print(["NAME", "PLUGIN", "ACCEPTED", "IGNORED", "REJECTED", "LAST HEARD", "URL", ""], &rows);
    Ok(ExitCode::SUCCESS)
}

fn try_out(place: &Place, request: &Try) -> anyhow::Result<ExitCode> {
    let body = read(request)?;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let given = json!({
        "method": request.method,
        "path": request.path,
        "query": query,
        "headers": headers(request)?,
        "body": BASE64.encode(body),
    });
    let tried = place.ask(&format!("/sources/{}/try", segment(&request.source)), Some(given))?;
    if place.json {
        json(&tried);
    } else {
        show(&tried);
    }
    let good = matches!(text(&tried, "status").as_str(), "applied" | "ignored");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(request: &Try) -> anyhow::Result<Vec<u8>> {
    match &request.file {
        None => Ok(Vec::new()),
        Some(path) if path.as_os_str() == "-" => {
            let mut body = Vec::new();
            std::io::stdin().read_to_end(&mut body).context("reading standard input")?;
            Ok(body)
        }
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string()),
    }
}

/// The headers given, names in lower case, with a media type if there is a body.
fn headers(request: &Try) -> anyhow::Result<Vec<(String, String)>> {
    let split = |header: &String| {
        let (name, value) = header
            .split_once(':')
            .with_context(|| format!("`{header}` is no header: write it as `Name: value`"))?;
        Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let mut headers = request.headers.iter().map(split).collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(path) = &request.file
        && !headers.iter().any(|(name, _)| name == "content-type")
    {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let known = MEDIA_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, media_type)| *media_type);
        let media_type = known.unwrap_or("application/x-www-form-urlencoded");
        headers.push(("content-type".to_owned(), media_type.to_owned()));
    }
    Ok(headers)
}

fn show(tried: &Value) {
    say!(
        "{} (by {}, {} µs)",
        text(tried, "outcome"),
        short(&text(tried, "plugin"), 40),
        text(tried, "took_us")
    );
    for event in items(&tried["events"]) {
        let number = text(event, "incident");
        let which = if number.is_empty() { "no incident".to_owned() } else { format!("incident #{number}") };
        say!(
            "\n{} `{}`: would be {} ({which})",
            text(event, "change"),
            text(event, "key"),
            text(event, "would")
        );
        for field in ["title", "severity", "message", "actor", "occurred_at"] {
            let value = short(&text(event, field), 200);
            if !value.is_empty() {
                say!("  {field:<11} {value}");
            }
        }
        if let Some(labels) = event["labels"].as_object() {
            for (key, value) in labels {
                let (key, value) = (short(key, 80), short(value.as_str().unwrap_or_default(), 120));
                say!("  label       {key} = {value}");
            }
        }
        for link in items(&event["links"]) {
            say!("  link        {} {}", text(link, "title"), text(link, "url"));
        }
    }
    say!("\nNothing was kept.");
}
