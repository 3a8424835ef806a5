//! `tocsin incidents`: what is burning, and who is on it.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::listing::{self, Extent, When};
use super::place::Place;
use super::table::{Columns, json, second, segment, short, text};
use crate::commands::out::{quoted, say, single};
use crate::operate::api::deliveries::Delivery;
use crate::operate::api::incident::Incident;
use crate::operate::api::incidents::{
    self as api, Command, Commanded, Happened, IncidentList, WholeIncident,
};

#[derive(Debug, Subcommand)]
pub(super) enum Incidents {
    /// List incidents, newest first.
    #[command(after_help = EXAMPLES)]
    List(List),
    /// Show an incident with its timeline and deliveries.
    Show {
        /// Its number (42) or id.
        incident: String,
    },
    /// Say that you are on it.
    Ack(Handle),
    /// Say that you no longer are.
    Unack(Handle),
    /// Say that it is over.
    Resolve(Handle),
    /// Say that it is not over after all.
    Reopen(Handle),
    /// Write something down.
    Note(Handle),
    /// Correct its title or severity.
    Modify(Modify),
}

const EXAMPLES: &str = "\
Examples:
  tocsin incidents list --state open,acknowledged --severity critical,high
  tocsin incidents list --source jira --since 7d --until 1d
  tocsin incidents list --text \"disk db1\" --since \"2026-11-20 16:50\"
  tocsin incidents list --text team=database --all --json";

/// Which incidents are listed.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only in these states, with commas: open, acknowledged, resolved
    #[arg(long, value_name = "STATES")]
    state: Option<String>,
    /// Only of these severities, with commas: critical, high, medium, low, info
    #[arg(long, value_name = "SEVERITIES")]
    severity: Option<String>,
    /// Only of this source.
    #[arg(long)]
    source: Option<String>,
    /// Only with each of these words in the title, the key or a label, which is written name=value. Case does not matter.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    extent: Extent,
}

/// An incident, and what to say about it.
#[derive(Debug, Args)]
pub(super) struct Handle {
    /// Its number (42) or id.
    incident: String,
    /// What to write down with it.
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// Who says so. Default: the user at the terminal
    #[arg(long = "as", value_name = "NAME")]
    actor: Option<String>,
}

/// What an incident should say.
#[derive(Debug, Args)]
pub(super) struct Modify {
    #[command(flatten)]
    handle: Handle,
    /// Its title from now on.
    #[arg(long)]
    title: Option<String>,
    /// Its severity from now on: critical, high, medium, low, info
    #[arg(long)]
    severity: Option<String>,
}

pub(super) fn run(place: &Place, command: Incidents) -> anyhow::Result<ExitCode> {
    match command {
        Incidents::List(wanted) => list(place, &wanted)?,
        Incidents::Show { incident } => {
            let incident: WholeIncident = place.get(&format!("/incidents/{}", segment(&incident)))?;
            if place.json { json(&incident)? } else { show(&incident) }
        }
        Incidents::Ack(handle) => handled(place, "acknowledge", handle)?,
        Incidents::Unack(handle) => handled(place, "unacknowledge", handle)?,
        Incidents::Resolve(handle) => handled(place, "resolve", handle)?,
        Incidents::Reopen(handle) => handled(place, "reopen", handle)?,
        Incidents::Note(handle) => handled(place, "note", handle)?,
        Incidents::Modify(modify) => modified(place, modify)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn handled(place: &Place, command: &str, handle: Handle) -> anyhow::Result<()> {
    let path = format!("/incidents/{}/{command}", segment(&handle.incident));
    let asked = Command { actor: handle.actor.or_else(|| place.person()), text: handle.text.join(" ") };
    done(place, &place.post(&path, &asked)?)
}

fn modified(place: &Place, modify: Modify) -> anyhow::Result<()> {
    let Modify { handle, title, severity } = modify;
    let path = format!("/incidents/{}/modify", segment(&handle.incident));
    let (actor, text) = (handle.actor.or_else(|| place.person()), handle.text.join(" "));
    done(place, &place.post(&path, &api::Modify { actor, text, title, severity })?)
}

fn done(place: &Place, commanded: &Commanded) -> anyhow::Result<()> {
    if place.json {
        return json(commanded);
    }
    let Commanded { incident, changed } = commanded;
    let already = if *changed { "" } else { " already" };
    say!(
        "incident #{} is{already} {}: {}",
        incident.number,
        single(&incident.state),
        single(&incident.title)
    );
    Ok(())
}

impl List {
    /// What to do when there is none.
    fn hint(&self) -> &'static str {
        let words = [&self.state, &self.severity, &self.source, &self.text];
        if self.when.is_given() || words.iter().any(|word| word.is_some()) {
            "none matches; `tocsin incidents list` without these options lists all"
        } else {
            "no alert has arrived yet; `tocsin sources list` shows each source's address and requests"
        }
    }
}

fn list(place: &Place, list: &List) -> anyhow::Result<()> {
    let (since, until) = list.when.texts();
    let wanted = |after, limit| IncidentList {
        state: list.state.clone(),
        severity: list.severity.clone(),
        source: list.source.clone(),
        since: since.clone(),
        until: until.clone(),
        text: list.text.clone(),
        after,
        limit,
    };
    let mut columns = Columns::new(["", "STATE", "SEVERITY", "SOURCE", "OPENED (UTC)", "COUNT", "TITLE"]);
    let row = |incident: &Incident| {
        [
            format!("#{}", incident.number),
            single(&incident.state),
            single(&incident.severity),
            single(&incident.source),
            second(&incident.opened_at),
            incident.count.to_string(),
            short(&single(&incident.title), 60),
        ]
    };
    let show = |incidents: &[Incident]| columns.print(&incidents.iter().map(row).collect::<Vec<_>>());
    let number = |last: &Incident, next: &str| (last.id == next).then(|| last.number.to_string());
    listing::list(place, ("/incidents", "incidents", list.hint()), &list.extent, wanted, show, number)
}

fn show(whole: &WholeIncident) {
    let incident = &whole.incident;
    say!("#{}  {}", incident.number, single(&incident.title));
    say!(
        "{}, {}, from {} ({})",
        single(&incident.state),
        single(&incident.severity),
        single(&incident.source),
        single(&incident.key)
    );
    for (what, at) in [
        ("opened", Some(&incident.opened_at)),
        ("acknowledged", incident.acknowledged_at.as_ref()),
        ("resolved", incident.resolved_at.as_ref()),
    ] {
        if let Some(at) = at {
            say!("{what:<13} {} UTC", second(at));
        }
    }
    say!("{:<13} {}", "count", incident.count);
    say!("{:<13} {}", "id", single(&incident.id));
    for (key, value) in &incident.labels {
        say!("{:<13} {} = {}", "label", short(key, 80), short(value, 80));
    }
    for link in &incident.links {
        say!("{:<13} {} {}", "link", single(&link.title), single(&link.url));
    }
    if !incident.message.is_empty() {
        say!("\n{}", quoted(&incident.message));
    }
    actions(&whole.actions);
    timeline(&whole.timeline);
    if whole.timeline_cut {
        say!("  older lines are not shown");
    }
    on_the_way(&whole.deliveries);
    if whole.deliveries_next.is_some() {
        let (number, count) = (incident.number, whole.deliveries.len());
        say!(
            "\nThese are of the latest {count} deliveries: tocsin deliveries list --incident {number} --all has all"
        );
    }
}

/// What each action made of the incident, or why it sends nothing.
fn actions(actions: &[api::ActionOnIncident]) {
    if actions.is_empty() {
        return;
    }
    say!("\nActions, by the configuration in force");
    for action in actions {
        let sent = match action.deliveries {
            0 => None,
            1 => Some("1 delivery".to_owned()),
            count => Some(format!("{count} deliveries")),
        };
        let said: Vec<String> = match (&sent, action.not_sent.is_empty()) {
            (None, true) => {
                vec!["nothing was sent; a change like its opening would be sent now".to_owned()]
            }
            _ => sent.into_iter().chain(action.not_sent.iter().map(|reason| single(reason))).collect(),
        };
        say!("  {:<16} {}", single(&action.name), short(&said.join("; "), 300));
    }
}

fn timeline(timeline: &[Happened]) {
    say!("\nTimeline");
    for item in timeline {
        let by = item.actor.as_ref().filter(|actor| !actor.is_empty());
        let by = by.map(|actor| format!(" by {}", single(actor))).unwrap_or_default();
        let fields = item.fields.iter().flatten().map(|field| single(field)).collect::<Vec<_>>().join(", ");
        let of = item.action.as_ref().map_or(fields, |action| single(action));
        let of = if of.is_empty() { of } else { format!(" ({of})") };
        let said = short(&single(&item.text), 100);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        // What leads from here to its attempts: tocsin deliveries show.
        let delivery = text(item.delivery.as_ref());
        let delivery = if delivery.is_empty() { delivery } else { format!(" [delivery {delivery}]") };
        say!("  {}  {}{of}{by}{said}{delivery}", second(&item.at), single(&item.what));
    }
}

fn on_the_way(deliveries: &[Delivery]) {
    let open: Vec<&Delivery> = deliveries.iter().filter(|delivery| !delivery.settled).collect();
    if !open.is_empty() {
        say!("\nOn the way");
        for delivery in open {
            say!("  {}", super::deliveries::line(delivery));
        }
    }
}
