# Wazuh: an <integration> whose script posts the alert as it is (rule, agent, timestamp), the built-in integration
# shuffle (the alert is in all_fields), or a flat object of message, description, severity and created_at. Written from
# https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html and
# https://documentation.wazuh.com/current/user-manual/ruleset/rules/rules-classification.html. Wazuh reports what
# happened and never that it is over. Levels: from 12 critical, from 8 high, from 5 medium, from 3 low.
def object: if type == "object" then . else {} end;
def word: if type == "string" or type == "number" then tostring | trim | select(. != "") else empty end;
def one(f): first(f | word) // null;
def listed: if type == "array" then [.[] | word] else [word] end | join(", ");
(type == "array") as $many | (if $many then .[] else . end) | object
| (if .all_fields | type == "object" then .all_fields else . end)
| (.rule | object) as $rule | (.agent | object) as $agent | (.data | object) as $data
| one($rule.id, $rule.description) as $id
| if $id then
    {
      key: "rule:\($id):\(one($agent.id, $agent.name) // "")",
      title: ([one($rule.description) // "Rule \($id)", one($agent.name)] | map(values) | join(" on ")),
      message: one(.full_log),
      severity: (one($rule.level) // "" | (tonumber? // null)
        | if . == null then null elif . >= 12 then "critical" elif . >= 8 then "high" elif . >= 5 then "medium" elif . >= 3 then "low" else "info" end),
      labels: {
        agent: $agent.name, ip: $agent.ip, rule: one($rule.id), level: $rule.level, groups: ($rule.groups | listed),
          location: .location,
        source_ip: one($data.srcip, $data.src_ip), user: one($data.dstuser, $data.srcuser), technique: ($rule.mitre | object
          | .id | listed)
      },
      occurred_at: one(.timestamp),
      delivery_id: (if $many then null else one(.id) end)
    }
  elif one(.message) and (one(.description, .severity, .created_at)) then
    (one(.description) // "") as $text
    | (["Rule ID (?<found>[0-9]+)", "Agent ID (?<found>[0-9]+)"] | map(. as $pattern | [$text | capture($pattern)
      | .found][0])) as $ids
    | {
        key: (if all($ids[]; .) then "rule:" + ($ids | join(":")) else null end),
        title: one(.message),
        message: $text,
        severity: .severity,
        labels: {agent: ([$text | capture("Agent Name (?<name>[^\\n]+)").name][0])},
        occurred_at: one(.created_at)
      }
  else {refused: "there is neither a rule nor a message with a description in this request of Wazuh; post the alert as it is"} end
