# Statuspage by Atlassian: a webhook subscription to a status page, yours or a provider's.
# https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
# A body has either `incident` (incidents and scheduled maintenance) or `component_update` and `component`.
# The key is the id of the incident or the component, which stays the same. statuspage.md says how to subscribe.
def text: if type == "string" and . != "" then . elif type == "number" then tostring else null end;
def one_of(f): first(f | text | values) // null;
def word: (text // "") | ascii_downcase | gsub("[ _-]"; "");
def at($page): if $page then " (\($page))" else "" end;

def incident($page):
  .incident as $incident
  | one_of($incident | .id?, .shortlink?, .name?) as $id
  | (.incident.status? | word) as $state
  | ([$incident.incident_updates[]? | objects] | max_by(.created_at? // "")) as $update
  | ($incident.impact? | text) as $impact
  | (($impact == "maintenance") or ($incident.scheduled_for? | text) != null) as $is_maintenance
  | one_of($incident.name?, "Incident \($id)") as $name
  | if $id == null then {refused: "`incident` has no `id`; Statuspage sends one with each incident"}
    elif $state == "" then {refused: "`incident.status` is missing; Statuspage sends it with each incident"}
    elif $state == "scheduled" then
      {ignored: "maintenance is announced for \($incident.scheduled_for? | text // "later"): \($name)"}
    else
      {
        key: "incident:\($id)",
        title: "\($name)\(at($page))",
        message: (if $state == "postmortem" then one_of($incident.postmortem_body?, $update.body?) else $update.body? | text end | plain_text),
        severity: (if $is_maintenance then "info" else ({none: "low", minor: "medium", major: "high"}[$impact // ""] // $impact) end),
        labels: {
          kind: (if $is_maintenance then "maintenance" else "incident" end), page: $page,
          status: $incident.status, impact: $impact,
          components: ([$incident.components[]?.name? | text | values] | join(", ")),
          scheduled_until: $incident.scheduled_until?
        },
        links: {"Status page": $incident.shortlink?},
        occurred_at: one_of($incident.updated_at?, $update.created_at?)
      }
      | if $state | IN("investigating", "identified", "monitoring", "inprogress", "verifying") then .status = "investigating"
        elif $state == "postmortem" then (.status = "resolve"), (.status = "note")
        else .status = $state end
    end;

def component($page):
  .component_update as $update
  | one_of($update.component_id?, .component.id?, .component.name?) as $id
  | one_of($update.new_status?, .component.status?) as $status
  | ($status | word) as $state
  | if $id == null then {refused: "`component_update.component_id` is missing; Statuspage sends it with each update"}
    elif $state == "" then {refused: "`component_update.new_status` is missing; Statuspage sends it with each update"}
    else
      {
        status: (if $state == "operational" then "resolve" elif $state | IN("degradedperformance", "partialoutage", "majoroutage", "undermaintenance") then "trigger" else $status end),
        key: "component:\($id)",
        title: "\(one_of(.component.name?, "Component \($id)")): \($status | gsub("_"; " "))\(at($page))",
        message: "From \(one_of($update.old_status?, "unknown") | gsub("_"; " ")) to \($status | gsub("_"; " "))",
        severity: {majoroutage: "critical", partialoutage: "high", degradedperformance: "medium", undermaintenance: "info"}[$state],
        labels: {kind: "component", page: $page, status: $status, old_status: $update.old_status?, component: one_of(.component.name?)},
        occurred_at: one_of($update.created_at?, .component.updated_at?)
      }
    end;

if type != "object" then {refused: "the body is no object; Statuspage sends `incident` or `component_update`"}
else
  ((((.meta.unsubscribe? | text) // "") / "/")[2] // null | if . then (. / ":")[0] else null end) as $page
  | if .component_update | type == "object" then component($page)
    elif .incident | type == "object" then incident($page)
    else {refused: "there is neither `incident` nor `component_update`; the recipe reads webhook subscriptions of Statuspage"} end
end
