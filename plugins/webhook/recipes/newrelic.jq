# New Relic: a workflow's Webhook destination with the default payload (issueUrl, title, priority, state,
# trigger, …), or the legacy notification channel (incident_id, current_state, …).
if .incident_id != null or .current_state != null then
  {
    status: (.current_state // "open"),
    key: "incident:\(.incident_id // .condition_name)",
    title: ([.condition_name, (.targets[0].name // "" | select(. != ""))] | map(values) | join(": ")),
    message: .details,
    severity: .severity,
    labels: ({policy: .policy_name, condition: .condition_name, account: .account_name, target: .targets[0].name} + (.targets[0].labels // {})),
    links: {"Incident": .incident_url, "Runbook": .runbook_url, "Policy": .policy_url},
    actor: .owner,
    occurred_at: .timestamp
  }
elif (.id // .issueId) != null then
  {
    status: ((.state // "ACTIVATED") | ascii_downcase | if . == "activated" or . == "created" then "trigger" else . end),
    key: "issue:\(.id // .issueId)",
    title: (if (.title | type) == "array" then .title[0] else .title end // "Issue \(.id // .issueId)"),
    message: ([.impactedEntities[]?] | join(", ") | if . == "" then null else "Impacted: \(.)" end),
    severity: .priority,
    labels: {
      policies: ([.alertPolicyNames[]?] | join(", ")), conditions: ([.alertConditionNames[]?] | join(", ")),
      workflow: .workflowName, sources: ([.sources[]?] | join(", "))
    },
    links: {"Issue": (.issueUrl // .issuePageUrl)},
    occurred_at: (.updatedAt // .createdAt)
  }
else {ignored: "there is neither an issue nor an incident in this request of New Relic"} end
