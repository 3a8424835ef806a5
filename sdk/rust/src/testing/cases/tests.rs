//! The runner over cases in a folder of its own: those of the README, and such as do not hold.
//!
//! Never changes the environment: an update is asked for by argument.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::prelude::*;

struct Checks;

#[derive(Settings)]
struct Fields {
    /// How bad a failed check is.
    #[setting(default = "high")]
    severity: Severity,
}

impl Plugin for Checks {
    const ABOUT: About = About::new("checks", "Checks", "Failed checks become incidents.", "0.1.0");
}

/// The README's.
impl Source for Checks {
    type Settings = Fields;

    fn decode(request: &Request, settings: &Fields) -> Result<Decoded, Refusal> {
        let body = request.json()?;
        let name = json::text(&body, "check").ok_or_else(|| Refusal::missing("check"))?;
        let change = if body["ok"] == true { Change::Resolve } else { Change::Trigger };
        let event = Event::new(change, &name, &format!("Check {name} failed"))
            .message(json::text(&body, "output").unwrap_or_default())
            .severity(settings.severity);
        Ok(event.into())
    }
}

#[derive(Settings)]
struct Account {
    /// Whose pager it is.
    #[setting(default = "acme")]
    account: String,
    /// What proves it.
    token: Secret,
}

/// Posts a page, then makes it loud.
impl Action for Checks {
    type Connection = Account;
    type Settings = ();

    fn encode(context: &Context, account: &Account, _: &()) -> Result<Step, Failure> {
        let body = json!({"text": context.marked(&context.incident.title)});
        let page = HttpRequest::post().path("/page").bearer(&account.token).json(&body);
        Ok(Step::Send(Box::new(page), b"post".to_vec()))
    }

    fn resume(
        _: &Context,
        account: &Account,
        _: &(),
        state: &[u8],
        answer: &Response,
    ) -> Result<Step, Failure> {
        if state == b"post" {
            let page = answer.json().and_then(|answer| json::text(&answer, "page"));
            let page = page.ok_or_else(|| Failure::Rejected("no page".to_owned()))?;
            let loud =
                HttpRequest::new("PUT").path("/page").segment(&page).query("account", &account.account);
            let loud = loud.bearer(&account.token).body("application/x-www-form-urlencoded", "sound=siren");
            return Ok(Step::Send(Box::new(loud), page.into_bytes()));
        }
        let page = String::from_utf8_lossy(state).into_owned();
        Ok(Outcome::delivered(format!("page {page}")).reference("page", &page, None).into())
    }
}

fn folder(cases: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in cases {
        let file = folder.path().join("cases").join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    folder
}

/// What the run fails with; empty when all cases hold.
fn failure(folder: &TempDir, job: Job, update: bool) -> String {
    let name = folder.path().to_string_lossy().into_owned();
    let run = AssertUnwindSafe(|| match job {
        Job::Source => run(&name, job, update, source_case::<Checks>),
        Job::Action => run(&name, job, update, action_case::<Checks>),
    });
    match catch_unwind(run) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "no text".to_owned()),
    }
}

/// The block of the README that begins with this line.
fn readme(first: &str) -> String {
    let readme = include_str!("../../../README.md");
    let block = readme.split("```\n").find(|block| block.starts_with(first));
    block.expect("the block").to_owned()
}

#[test]
fn the_cases_of_the_readme_hold_as_they_stand_there() {
    let (given, expected) = (readme("# A check"), readme("== expected outcome"));
    let folder = folder(&[("failed.case", &given), ("out/opened.case", &readme("# The pager"))]);
    let problem = failure(&folder, Job::Source, false);
    assert!(problem.contains("cases/failed.case: expects nothing yet"), "{problem}");
    assert!(
        problem.contains("TOCSIN_UPDATE_CASES=1") && problem.contains("+== expected outcome"),
        "{problem}"
    );
    for update in [true, false] {
        assert_eq!(failure(&folder, Job::Source, update), "");
        let written = fs::read_to_string(folder.path().join("cases/failed.case")).expect("it was written");
        assert_eq!(written, format!("{given}\n{expected}"));
        assert_eq!(failure(&folder, Job::Action, update), "");
    }
}

#[test]
fn a_difference_is_shown_with_its_case_its_path_and_its_lines() {
    let case = format!("{}\n{}", readme("# A check"), readme("== expected outcome"));
    let one = folder(&[("failed.case", &case.replace("db-1 failed", "db-2 failed"))]);
    let problem = failure(&one, Job::Source, false);
    for part in
        ["cases/failed.case: another outcome", "expected outcome 1: events[0].title", "+      \"title\""]
    {
        assert!(problem.contains(part), "{part}: {problem}");
    }
    let two =
        folder(&[("opened.case", &readme("# The pager").replace("siren", "bell").replace("PUT", "POST"))]);
    let problem = failure(&two, Job::Action, false);
    for part in ["expected request 2: body.sound", "expected request 2: line", "-sound=bell\n+sound=siren"] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
    let three = folder(&[("failed.case", &case.replace("{\n  \"events\"", "{\"events\""))]);
    assert!(failure(&three, Job::Source, false).contains("its layout"));
}

#[test]
fn what_a_case_must_not_say_is_named_with_what_it_may() {
    for (job, case, parts) in [
        (Job::Source, "== settings\nsevere = 1\n\n== request\nPOST /\n", &["`severe`", "`severity`"][..]),
        (Job::Action, "== incident\ntitel = \"x\"\n", &["`== incident`", "`titel`", "`title`"]),
        (
            Job::Action,
            "== incident\n\n== connection\ntoken = \"x\"\n",
            &["`== connection`", "`token` is a secret"],
        ),
        (Job::Action, "== incidents\n", &["`== incidents`", "`incident`"]),
        (Job::Action, "== incident\n\n== answer\nOK\n", &["`== answer`", "`OK` is no status"]),
        (
            Job::Action,
            "== incident\n\n== answer\n200\n\n{}\n\n== answer\n204\n",
            &["the last 1 of the answers", "take it out", "\"rejected\": \"no page\""],
        ),
        (
            Job::Source,
            "== request\nPOST /\n\n{\"check\": \"a\"}\n\n== request\nPOST /\n\n{\"check\": \"b\", \"ok\": true}\n",
            &["request 2", "not about the incident"],
        ),
    ] {
        let problem = failure(&folder(&[("a.case", case)]), job, true);
        assert!(parts.iter().all(|part| problem.contains(part)), "{case}: {problem}");
    }
    assert!(failure(&folder(&[("a.case", "== incident\n")]), Job::Source, true).contains("no case below"));
    assert!(failure(&folder(&[("a.txt", "")]), Job::Source, true).contains("ends in .case"));
}
