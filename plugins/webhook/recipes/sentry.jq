# Sentry: an internal integration (issue alerts, metric alerts, issues, comments), and the legacy webhook plugin.
# Written from https://docs.sentry.io/organization/integrations/integration-platform/webhooks/ and its pages issue-alerts,
# metric-alerts, issues, comments and installation.
def text: if type == "string" then trim | select(. != "") elif type == "number" then tostring else empty end;
def pick(f): first(f | text) // null;
def object(f): first(f | objects) // {};
def tag($name): first(.tags? | arrays[] | if type == "array" then select(.[0] == $name) | .[1] elif type == "object" then select(.key == $name) | .value else empty end | text) // null;
def severity: {fatal: "critical", error: "high", warning: "medium", info: "info", debug: "info"}[(. // "") | ascii_downcase];
def named($title; $project): if $title == null or $project == null then $title else "\($title) (\($project))" end;
(if type == "object" then . else {} end)
| object(.data?) as $data
| ($request.headers["request-id"] // null) as $delivery
| pick($request.headers["sentry-hook-timestamp"]) as $sent
| ((pick(.action) // "") | ascii_downcase) as $action
| (object(.actor?) | if .type == "application" then null else pick(.name) end) as $actor
| (pick($request.headers["sentry-hook-resource"]) // first("metric_alert", "issue", "event", "error", "comment", "installation" | select($data[.] != null)) // "") as $resource
# One event of an error: it opens the incident of its issue.
| def error($rule):
    (pick(.issue_id, .groupID, (.issue_url, .web_url | strings | capture("/issues/(?<id>[0-9]+)").id)) // null) as $issue
    | (pick(.project_slug, (.url | strings | capture("/projects/[^/]+/(?<slug>[^/]+)/").slug), .project_name, .project) // null) as $project
    | if $issue == null then {refused: "data.event has neither issue_id nor issue_url; send issue alerts by an internal integration of Sentry"}
      else {
        status: "trigger", key: "issue:\($issue)", title: named(pick(.title, .message, object(.metadata?).value, .culprit); $project),
        message: ([pick(.message), pick(.culprit)] | map(values) | unique | join("\n")), severity: (pick(.level) | severity),
        labels: {project: $project, environment: pick(.environment, tag("environment")), release: pick(.release, tag("release")), server: tag("server_name"),
          level: pick(.level), platform: pick(.platform), rule: $rule},
        links: {"Sentry": pick(.web_url)}, occurred_at: ($sent // (pick(.datetime, .timestamp) // "" | sub("^(?<seconds>[0-9]+)\\.[0-9]+$"; .seconds))), delivery_id: $delivery
      } end;
  def issue:
    ((pick(.status) // "") | ascii_downcase) as $status | pick(object(.project?).slug, object(.project?).name) as $project
    | ({created: "trigger", unresolved: "trigger", resolved: "resolve", ignored: "resolve", archived: "resolve", assigned: (if $actor then "acknowledge" else "note" end)}[$action]
      // {resolved: "resolve", ignored: "resolve", unresolved: "trigger"}[$status]) as $change
    | if pick(.id) == null then {refused: "data.issue has no id"}
      elif $change == null then {refused: "the action `\($action)` on an issue is not known, and neither is its status `\($status)`"}
      else {
        status: $change, key: "issue:\(pick(.id))", title: named(pick(.title, object(.metadata?).value, .culprit); $project),
        message: ([pick(.culprit), (if $action == "assigned" then "Assigned to \(pick(object(.assignedTo?).name, object(.assignedTo?).email) // "someone")" elif $action == "" then null else "The issue is \(pick(.substatus) // $action | gsub("_"; " "))" end)] | map(values) | join("\n")),
        severity: (pick(.level) | severity),
        labels: {project: $project, issue: pick(.shortId), level: pick(.level), platform: pick(.platform), priority: pick(.priority)},
        links: {"Sentry": pick(.web_url, .permalink)}, actor: $actor, occurred_at: $sent, delivery_id: $delivery
      } end;
  def metric:
    object(.alert_rule?) as $rule
    | ({critical: "trigger", warning: "trigger", resolved: "resolve"}[$action]) as $change
    | if pick(.id, .identifier, $rule.id) == null then {refused: "data.metric_alert has no id"}
      elif $change == null then {refused: "the action `\($action)` on a metric alert is not known; critical, warning or resolved was expected"}
      else {
        status: $change, key: "metric-alert:\(pick(.id, .identifier, $rule.id))",
        title: (pick($rule.name) // (pick($data.description_title, .title) // "" | sub("^(Critical|Warning|Resolved): *"; ""))),
        message: (pick($data.description_text) // "" | gsub("\\\\n"; "\n")), severity: {critical: "critical", warning: "medium"}[$action],
        labels: {projects: ([.projects?, $rule.projects? | arrays[] | text] | unique | join(", ")), environment: pick($rule.environment), aggregate: pick($rule.aggregate), query: pick($rule.query)},
        links: {"Sentry": pick($data.web_url)}, actor: $actor, occurred_at: $sent, delivery_id: $delivery
      } end;
  if $resource == "installation" then {ignored: "Sentry says that the integration was installed or removed"}
  elif $resource == "seer" then {ignored: "Sentry's Seer works on an issue"}
  elif ($data.metric_alert | type) == "object" then $data.metric_alert | metric
  elif $resource == "comment" or $data.comment != null then
    if $action == "deleted" then {ignored: "a comment was deleted"}
    elif pick($data.issue_id) == null then {refused: "the comment has no issue_id"}
    else {status: "note", key: "issue:\(pick($data.issue_id))", message: pick($data.comment), actor: $actor, occurred_at: pick($data.timestamp), delivery_id: $delivery} end
  elif ($data.event | type) == "object" then $data.event | error(pick($data.triggered_rule, object($data.issue_alert?).title))
  elif ($data.error | type) == "object" then $data.error | error(null)
  elif ($data.issue | type) == "object" then $data.issue | issue
  # The legacy plugin: the id is the issue's.
  elif pick(.id) and pick(.project_slug, .project_name, .project) and (.culprit != null or .event != null) then
    object(.event?) + {issue_id: .id, web_url: .url, project_slug: pick(.project_slug, .project), level: pick(.level, .event.level?), culprit: pick(.culprit, .event.culprit?), message: pick(.message, .event.message?), environment: pick(.event.environment?)}
    | error(null)
  else {refused: "this is neither an alert nor an issue of Sentry\(if $resource == "" then "" else " (Sentry-Hook-Resource: \($resource))" end); use an internal integration with the webhook URL of this source"} end
