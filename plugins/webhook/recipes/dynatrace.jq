# Dynatrace: Settings > Integration > Problem notifications, type "Custom integration", with the payload of
# dynatrace.md. The payload {ProblemDetailsJSONv2} alone is read as well. Names are read in any case, without spaces.
# From https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration.
# No time is read: a problem has the same start in each of its messages, and can be opened again with it.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or test("^\\{[A-Za-z0-9\\[\\]_. -]+\\}$")) | not)) // null;
(obj | with_entries(.key |= (ascii_downcase | gsub("[ _]"; "")))) as $r
| ($r.problemdetailsjsonv2 // $r.problemdetailsjson | if type == "string" then (try fromjson catch {}) else . end | obj) as $j
| said($r.pid, $j.problemId, $j.id, $r.problemid) as $id
| said($r.displayid, $r.problemid, $j.displayId, $j.displayName) as $number
| said($r.problemtitle, $r.title, $j.title) as $title
| (said($r.state, $r.status, $r.problemstatus, $j.status) // "" | ascii_downcase) as $state
| ([$r.impactedentities, $j.impactedEntities | arrays | .[] | obj | said(.name)] | map(values) | unique | join(", ")) as $listed
| (said($r.impactedentitynames, $r.namesofimpactedentities) // (if $listed == "" then said($r.impactedentity) else $listed end)) as $entities
| (said($r.problemseverity, $r.severitylevel, $j.severityLevel) // "" | ascii_downcase) as $severity
| if $title == "Dynatrace problem notification test run" then {ignored: "a test notification of Dynatrace"}
  elif $id == null or $state == "" then
    {refused: "the request has no PID or ProblemID, or no State; copy the payload of recipes/dynatrace.md into the problem notification"}
  else
    {
      status: ({"open": "trigger", "merged": "trigger", "resolved": "resolve", "closed": "resolve"}[$state] // $state),
      key: "problem:\($id)",
      aliases: [$number | values | "problem:\(.)" | select(. != "problem:\($id)")],
      title: ([(if $entities == null or $title == null or ($entities | contains($title) | not) then $title // "Problem \($number // $id)" else null end),
        (if $title == null or $entities == null or ($title | contains($entities) | not) then $entities else null end)] | map(values) | join(" on ")),
      message: said($r.problemdetailstext, $r.problemdetails, $r.problemdetailsmarkdown, (said($r.problemdetailshtml) | plain_text), $r.impactedentity),
      severity: ({"availability": "critical", "monitoring_unavailable": "high", "error": "high", "performance": "medium", "resource_contention": "medium", "resource": "medium"}[$severity] // null),
      labels: {
        problem: $number, entities: $entities, severity_level: $severity, impact: said($r.problemimpact, $r.impactlevel, $j.impactLevel),
        tags: said($r.tags), management_zones: ([$j.managementZones | arrays | .[] | obj | said(.name) | values] | join(", "))
      },
      links: {"Dynatrace": said($r.problemurl)}
    }
  end
