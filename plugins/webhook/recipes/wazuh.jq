# Wazuh: an <integration> whose script posts the alert as it is (rule, agent, timestamp), or a flat object of
# message, description, severity and created_at. Wazuh tells what happened and never that it is over.
# Levels: 12 and above critical, from 8 high, from 5 medium, from 3 low.
if .rule.description != null then
  {
    key: "rule:\(.rule.id):\(.agent.id // .agent.name // "")",
    title: ([.rule.description, .agent.name] | map(values) | join(" on ")),
    message: .full_log,
    severity: ((.rule.level | numbers) // 0 | if . >= 12 then "critical" elif . >= 8 then "high" elif . >= 5 then "medium" elif . >= 3 then "low" else "info" end),
    labels: {agent: .agent.name, ip: .agent.ip, rule: .rule.id, level: .rule.level, groups: ([.rule.groups[]?] | join(", ")), location: .location},
    occurred_at: .timestamp
  }
elif (.message | type) == "string" then
  (.description // "" | tostring) as $text
  | {
      key: ([($text | capture("Rule ID (?<rule>[0-9]+)").rule? // null), ($text | capture("Agent ID (?<agent>[0-9]+)").agent? // null)] | map(values) | if length == 2 then "rule:" + join(":") else null end),
      title: .message,
      message: $text,
      severity: .severity,
      labels: {agent: ($text | capture("Agent Name (?<name>[^\\n]+)").name? // null)},
      occurred_at: .created_at
    }
else {ignored: "there is neither a rule nor a message in this request of Wazuh"} end
