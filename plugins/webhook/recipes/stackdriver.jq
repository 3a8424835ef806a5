# Google Cloud Monitoring (once Stackdriver): Alerting > Edit notification channels > Webhooks. The address may
# carry the token; "Use HTTP Basic Auth" does as well.
if .incident == null then {ignored: "there is no incident in this request of Google Cloud Monitoring"}
elif (.incident.incident_id // "") == "" and .incident.state == null then {ignored: "a test of Google Cloud Monitoring"}
else
  .incident as $i
  | {
      status: ($i.state // "open"),
      key: "incident:\($i.incident_id)",
      title: ([$i.policy_name, $i.condition_name // $i.condition.displayName] | map(values) | join(": ") | if . == "" then $i.summary else . end),
      message: ([$i.summary, ($i.documentation | if type == "object" then .content else . end)] | map(select(. != null and . != "")) | join("\n\n")),
      severity: $i.severity,
      labels: (
        {policy: $i.policy_name, condition: $i.condition_name, resource: ($i.resource_name // $i.resource_display_name), project: $i.scoping_project_id}
        + ($i.resource.labels // {}) + ($i.policy_user_labels // {})
      ),
      links: {"Incident": $i.url},
      occurred_at: (if $i.state == "closed" then ($i.ended_at // null) else ($i.started_at // null) end)
    }
end
