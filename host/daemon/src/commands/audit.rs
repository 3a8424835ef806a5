//! `tocsin audit`: who did what, and every change of the configuration.

use std::process::ExitCode;

use clap::Args;

use super::listing::{self, Extent, When};
use super::place::Place;
use super::table::{Columns, second_if, short};
use crate::commands::out::single;
use crate::operate::api::audit::{AuditList, Deed};

pub(super) const EXAMPLES: &str = "\
Examples:
  tocsin audit                       what people did, newest first
  tocsin audit --since 7d --by ada   what ada did in the last week
  tocsin audit --all --json | jq -r '.items[] | select(.cause == \"configured\") | .what[]'

Each name is the one that the person gave. In parentheses is the system's user, or the access token and its address.
`tocsin journal show --from N --to N` shows everything that entry N recorded.";

/// Characters of a deed's line.
const WIDTH: usize = 200;

/// Which deeds are listed.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Only of persons whose name has this text. Case does not matter.
    #[arg(long, value_name = "TEXT")]
    by: Option<String>,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    extent: Extent,
}

pub(super) fn run(place: &Place, args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let (since, until) = args.when.texts();
    let wanted = |after, limit| AuditList {
        since: since.clone(),
        until: until.clone(),
        by: args.by.clone(),
        after,
        limit,
    };
    let mut columns = Columns::new(["ENTRY", "TIME (UTC)", "WHO", "WHAT"]);
    let row = |deed: &Deed| {
        [
            deed.number.to_string(),
            second_if(deed.at.as_ref()),
            short(&single(&deed.by), 60),
            short(&single(&what(deed)), WIDTH),
        ]
    };
    let show = |deeds: &[Deed]| columns.print(&deeds.iter().map(row).collect::<Vec<_>>());
    listing::list(place, ("/audit", "deeds", args.hint()), &args.extent, wanted, show, |_, _| None)?;
    Ok(ExitCode::SUCCESS)
}

fn what(deed: &Deed) -> String {
    let what = deed.what.join("; ");
    if deed.cause.as_deref() == Some("configured") { format!("configuration: {what}") } else { what }
}

impl AuditArgs {
    /// What to do when there is none.
    fn hint(&self) -> &'static str {
        if self.when.is_given() || self.by.is_some() {
            "none matches; `tocsin audit` without these options lists all"
        } else {
            "nobody has changed anything yet; what people do to incidents, deliveries, plugins and the configuration \
             appears here"
        }
    }
}
