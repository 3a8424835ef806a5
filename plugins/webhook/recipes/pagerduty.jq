# PagerDuty: webhooks of version 3.
# Written from https://developer.pagerduty.com/docs/webhooks-overview (github.com/PagerDuty/developer-docs, docs/webhooks)
# and https://support.pagerduty.com/main/docs/webhooks
def text: if type == "string" then trim | select(. != "") elif type == "number" then tostring else empty end;
def pick(f): first(f | text) // null;
def object(f): first(f | objects) // {};
def names: [arrays[] | objects | pick(.summary, .name) | values] | join(", ");
object(.event?) as $event
| object($event.data?) as $data
| ((pick($event.event_type) // "") | ascii_downcase) as $type
# Notes, status updates and responders name their incident; an incident is the data itself.
| (if ($data.incident | type) == "object" then $data.incident else $data end) as $incident
| ((pick($data.status) // "") | ascii_downcase) as $state
| ($type | ltrimstr("incident.")) as $what
| ({triggered: "trigger", acknowledged: "acknowledge", unacknowledged: "trigger", resolved: "resolve", reopened: "trigger", priority_updated: "trigger",
    escalated: "note", reassigned: "note", delegated: "note", annotated: "note", status_update_published: "note", service_updated: "trigger"}[$what]
  // (if $what | test("^(responder|conference_bridge|custom_field_values|incident_type|role|workflow|task|action_invocation)[._]") then "note" else null end)) as $change
| if $type == "pagey.ping" then {ignored: "a test of PagerDuty: \(pick($data.message) // "no text")"}
  elif $type | startswith("service.") then {ignored: "a change of a service in PagerDuty (\($type)) is no incident"}
  elif $type == "" then {refused: "event.event_type is missing: this is no webhook of PagerDuty's version 3; create a Generic Webhook (v3) in PagerDuty"}
  elif $type | startswith("incident.") | not then {refused: "the event type `\($type)` is not known; subscribe to events of incidents in PagerDuty"}
  elif pick($incident.id) == null then {refused: "the event `\($type)` of PagerDuty has no id of its incident"}
  elif $change == null then {refused: "the event type `\($type)` is not known; take it out of the webhook subscription in PagerDuty"}
  else
    {
      # A priority or a service may change on an incident that is over: that must not open it again.
      status: (if $change == "trigger" and $state == "resolved" then "note" else $change end),
      key: "incident:\(pick($incident.id))",
      title: (pick($incident.title, $incident.summary) // null),
      message: ([
          (if $change == "note" or $what == "priority_updated" or $what == "unacknowledged" then "PagerDuty: \($what | gsub("[._]"; " "))" else null end),
          pick($data.content, object($data.body?).details), (if $what != "triggered" then pick($data.message) else null end),
          (if ($what | startswith("responder")) then pick(object($data.user?).summary, object($data.escalation_policy?).summary) else null end),
          (if $what | IN("escalated", "reassigned", "delegated") then "Assigned to \($data.assignees? | names)" else null end),
          pick(object($data.incident_workflow?).summary, object($data.resolve_reason?).type)
        ] | map(select(. != null and . != "")) | join("\n")),
      severity: (({p1: "critical", p2: "high", p3: "medium", p4: "low", p5: "info"}[(pick(object($data.priority?).summary) // "") | ascii_downcase])
        // pick(object($data.priority?).summary) // {high: "high", low: "low"}[(pick($data.urgency) // "") | ascii_downcase]),
      labels: {
        service: pick(object($data.service?).summary), urgency: pick($data.urgency), priority: pick(object($data.priority?).summary),
        "escalation-policy": (if $data.status then pick(object($data.escalation_policy?).summary) else null end),
        teams: ($data.teams? | names), assignees: ($data.assignees? | names), number: (if $data.status then pick($data.number) else null end),
        type: pick(object($data.incident_type?).name)
      },
      links: {"PagerDuty": pick($incident.html_url), "Conference": pick(object($data.conference_bridge?).conference_url, $data.conference_url)},
      actor: pick(object($event.agent?).summary),
      occurred_at: pick($event.occurred_at),
      delivery_id: pick($event.id)
    }
  end
