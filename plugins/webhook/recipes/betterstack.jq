# Better Stack, once Better Uptime: Integrations > Exporting data > Outgoing webhooks, type Incident, with the
# standard body or with the template of betterstack.md. An event of the incident log ("incident.started") is read as well.
# From https://betterstack.com/docs/uptime/webhooks/ and https://betterstack.com/docs/uptime/api/incidents-api-response-params/.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or test("^\\$[A-Z_]+$")) | not)) // null;
obj as $r | ($r.data | obj) as $d | ($d.attributes | obj) as $a
| said($d.id, $r.incident_id, $r.id) as $id
| (said($d.type) // "" | ascii_downcase) as $type
| (said($r.event, $r.status) // "" | ascii_downcase) as $event
| (said($a.status) // "" | ascii_downcase) as $status
| said($a.started_at, $r.started_at) as $started
| said($a.acknowledged_at, $r.acknowledged_at) as $acknowledged
| said($a.resolved_at, $r.resolved_at) as $resolved
| ({"started": "trigger", "created": "trigger", "reopened": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}) as $words
| ($words[$event | sub("^incident\\."; "")] // ($words + {"unconfirmed": "trigger", "validating": "trigger"})[$status]
  // (if $event != "" then null elif $resolved then "resolve" elif $acknowledged then "acknowledge" elif $started then "trigger" else null end)) as $change
| said($a.name, $r.name) as $name | said($a.cause, $r.cause) as $cause | said($a.url, $r.url) as $url
| if $type | IN("monitor", "heartbeat", "on_call", "on_call_contact", "on_call_calendar", "user") then
    {ignored: "a change of a \($type); for incidents choose the webhook type Incident"}
  elif $event | test("^(monitor|heartbeat|on_call)\\.") then {ignored: "the event \($event) of the incident log is about no incident"}
  elif ($type | IN("", "incident") | not) or $id == null then
    {refused: "no incident with data.id or incident_id; choose the webhook type Incident at Better Stack and leave its body as it is, or take the template of recipes/betterstack.md"}
  elif $change == null then {refused: "the event `\($event)` is not known; known are started, acknowledged, resolved and reopened"}
  else
    {
      status: $change,
      key: "incident:\($id)",
      title: ([$name // $url, (if $cause == $name then null else $cause end)] | map(values) | if . == [] then "Better Stack incident \($id)" else join(": ") end),
      message: ($cause // said($r.message)),
      severity: said($r.severity),
      labels: {
        monitor: $name, url: $url, method: said($a.http_method), monitor_id: said($d.relationships | obj | .monitor | obj | .data | obj | .id),
        team: said($a.team_name), regions: ([$a.regions | arrays | .[] | strings] | join(", ")), group: said($a.incident_group_id)
      },
      links: {"Better Stack": "https://uptime.betterstack.com/team/0/incidents/\($id)", ($name // "URL"): $url},
      actor: (if $change == "acknowledge" then said($a.acknowledged_by, $r.acknowledged_by) elif $change == "resolve" then said($a.resolved_by, $r.resolved_by) else null end),
      occurred_at: (
        if $event | test("reopened") then null elif $change == "trigger" then $started
        elif $change == "resolve" then $resolved else ([$started, $acknowledged] | map(values) | max) end)
    }
  end
