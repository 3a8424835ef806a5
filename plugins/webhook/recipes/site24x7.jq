# Site24x7: Admin > Third-Party Integration > Webhooks, "Post as JSON" with "Send Incident Parameters" (or as form or
# query). Names are read in any case, with and without underscores: MONITORNAME, monitor_name.
# From https://www.site24x7.com/help/admin/third-party-integration/webhooks.html and
# https://www.site24x7.com/help/admin/configuration-profiles/incident-parameters.html.
# The time of the incident counts for its opening only: with UP it can still be the time at which the outage began.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or . == "-" or test("^\\$[A-Z_]+$")) | not)) // null;
def list(f): [f | if type == "array" then .[] else . end | said(.) | values] | join(", ");
(obj | with_entries(.key |= (ascii_downcase | gsub("_"; "")))) as $r
| said($r.monitorid) as $id | said($r.monitorname, $r.displayname) as $name
| (said($r.status, $r.monitorstatus) // "" | ascii_downcase) as $status
| ({"down": ["trigger", "critical", "is down"], "critical": ["trigger", "high", "is critical"], "trouble": ["trigger", "medium", "is in trouble"],
    "configuration error": ["trigger", "medium", "has a configuration error"], "up": ["resolve", null, "is up"]}[$status] // [$status, null, "is \($status)"]) as [$change, $severity, $text]
| if ($id // $name) == null or $status == "" then
    {refused: "the request has no MONITOR_ID or MONITORNAME, or no STATUS; switch \"Send Incident Parameters\" on in the webhook at Site24x7"}
  elif $status | IN("maintenance", "suspended", "discovery", "discovery in progress", "unmanaged") then {ignored: "the monitor is in the state \($status)"}
  else
    {
      status: $change,
      key: "monitor:\($id // $name)",
      title: "\($name // "Monitor \($id)") \($text)",
      message: ([said($r.incidentreason), (said($r.failedlocations) | values | select($change != "resolve") | "Locations: \(.)"), said($r.incidentdetails)] | map(values) | join("\n") | plain_text),
      severity: $severity,
      labels: {
        monitor: $name, monitor_id: $id, type: said($r.monitortype), url: said($r.monitorurl), state: ($status | ascii_upcase), group: list($r.monitorgroupname),
        locations: said($r.failedlocations), tags: list($r.tags), group_tags: list($r.grouptags), downtime: said($r.downtimeduration), customer: said($r.mspcustomername, $r.buname)
      },
      links: {"Site24x7": said($r.monitordashboardlink), "Root cause analysis": said($r.rcalink), ($name // "Monitor"): said($r.monitorurl)},
      occurred_at: (if $change == "trigger" then said($r.incidenttimeiso, $r.outagetimeunixformat) else null end)
    }
  end
