# New Relic: a workflow's destination of type Webhook with the default payload (or one with its names), or a legacy
# notification channel. Written from
# https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/#webhook,
# https://docs.newrelic.com/docs/alerts/get-notified/alert-event-workflows (triggers) and alerta's and Keep's samples.
def object: if type == "object" then . else {} end;
def word: if type == "string" or type == "number" then tostring | trim | select(. == "" or test("^\\{\\{.*\\}\\}$") | not)
  else empty end;
def one(f): first(f | word) // null;
def listed: if type == "array" then [.[] | word] else [word] end | join(", ");
(if type == "array" then .[] else . end) | object
| ((one(.state, .current_state) // "") | ascii_downcase) as $state
| (one(.trigger, .triggerEvent, .event_type) // "" | ascii_downcase) as $cause
| one(.incident_id) as $incident
| (
    if $state == "" and ($cause | test(if $incident then "^incident_clos" else "^issue_clos" end)) then "resolve"
    elif $state | IN("closed", "deactivated", "resolved") then "resolve"
    elif ($state | startswith("acknowledged")) or ($cause
      | contains("acknowledge") and (contains("unack") or contains("un_ack") | not)) then "acknowledge"
    elif $state | IN("", "created", "activated", "active", "open") then "trigger"
    else $state end
  ) as $status
| (if $state == "" and $status == "trigger" then ["state is missing: opened"] else [] end) as $remarks
| ([.targets[]? | objects][0] // {}) as $target
| one(.issueId, .issue_id, .id) as $issue
| if $state == "test" or ($incident == "0" and $target.product == "TESTING") then
  {ignored: "a test of New Relic: \(one(.details, .title, .condition_name) // "no text")"}
  elif $incident then
    {
      status: $status,
      key: "incident:\($incident)",
      title: ([one(.condition_name), one($target.name)] | map(values) | join(": ")
        | if . == "" then "Incident \($incident)" else . end),
      message: one(.details),
      severity: .severity,
      labels: ({policy: .policy_name, condition: .condition_name, account: .account_name, target: $target.name}
        + ($target.labels | object | to_entries | .[:12] | from_entries)),
      links: {"Incident": .incident_url, "Runbook": .runbook_url, "Policy": .policy_url},
      actor: (if $status == "acknowledge" then one(.owner) else null end),
      occurred_at: one(.timestamp),
      remarks: $remarks
    }
  elif $issue then
    {
      status: $status,
      key: "issue:\($issue)",
      title: (one((.title | if type == "array" then .[] else . end), .issueTitle) // "Issue \($issue)"),
      message: ([(.impactedEntities | listed | select(. != "")
        | "Impacted: \(.)"), one((.annotations | object | .description | if type == "array" then .[] else . end), .description, .details)] | map(values) | join("\n")),
      severity: one(.priority, .severity),
      labels: {
        policies: (.alertPolicyNames | listed), conditions: (.alertConditionNames | listed),
        workflow: one(.workflowName), sources: (.sources | listed)
      },
      links: {"Issue": one(.issueUrl, .issuePageUrl), "Runbook": one((.runbookUrl | if type == "array" then .[]
        else . end))},
      actor: (if $status == "acknowledge" then one(.acknowledgedBy, .owner) else null end),
      occurred_at: (one(.updatedAt) // (if $status == "trigger" then one(.createdAt, .activatedAt) else one(.closedAt) end)),
      remarks: $remarks
    }
  else {refused: "there is neither an issue (id or issueId) nor an incident_id in this request of New Relic; use the default payload of the Webhook channel"} end
