# Google Cloud Monitoring (once Stackdriver): Alerting > Edit notification channels > Webhooks. Written from
# https://cloud.google.com/monitoring/support/notification-options#webhooks (schema versions 1.0 to 1.2, basic
# authentication, test notification).
def object: if type == "object" then . else {} end;
def word: if type == "string" or type == "number" then tostring | trim | select(. != "") else empty end;
def one(f): first(f | word) // null;
object | .version as $version | (.incident | object) as $i | ($i.condition | object) as $condition
| ($i.documentation | if type == "object" then . else {content: .} end) as $documentation
| (one($i.state) // "" | ascii_downcase) as $state
| (one($i.condition_name, $condition.displayName)) as $name
| (one($i.resource_display_name, $i.resource_name)) as $resource
| one($i.incident_id, ([one($i.policy_name), $name, $resource | values] | join(":"))) as $id
| if $version == "test" then {ignored: "a test of Google Cloud Monitoring: \(one($i.summary) // "no text")"}
  elif $id == null then {refused: "incident.incident_id is missing in this request of Google Cloud Monitoring; point its channel of type Webhooks here"}
  elif $state | IN("", "open", "closed", "acknowledged") | not then
    {refused: "incident.state is \($state); open or closed was expected"}
  else
    {
      status: ({"closed": "resolve", "acknowledged": "acknowledge"}[$state] // "trigger"),
      key: "incident:\($id)",
      title: (([one($i.policy_name), $name] | map(values) | join(": ") | if . == "" then one($i.summary)
        // "Incident \($id)" else . end)
        | if $resource and (contains($resource) | not) then "\(.) on \($resource)" else . end),
      message: ([$i.summary, $documentation.content | word] | join("\n\n")),
      severity: (one($i.severity) // "" | {"critical": "critical", "error": "high", "warning": "medium"}[ascii_downcase]
        // null),
      labels: (
        {policy: $i.policy_name, condition: $name, resource: $resource, resource_type: ($i.resource | object | .type),
          project: $i.scoping_project_id}
        + (($i.resource | object | .labels | object) + ($i.metric | object | .labels | object) + ($i.policy_user_labels
          | object) | del(.project_id) | to_entries | .[:12] | from_entries)
      ),
      links: ([{title: "Incident", url: $i.url}] + [$documentation.links[]? | objects | {title: (one(.display_name,
        .displayName) // "Link"), url: .url}]),
      occurred_at: ((if $state == "closed" then $i.ended_at elif $state == "acknowledged" then null else $i.started_at end)
        | if . == 0 then null else . end),
      remarks: (if $state == "" then ["incident.state is missing: opened"] else [] end)
    }
  end
