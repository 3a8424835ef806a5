# Elastic: Kibana rules with a Webhook connector, and Watcher. Both send what the operator writes: paste the
# templates of elastic.md, for the action groups of the problem and once more for Recovered.
# https://www.elastic.co/guide/en/kibana/current/rule-action-variables.html
# https://www.elastic.co/guide/en/elasticsearch/reference/current/actions-webhook.html
# The key is the rule's id and the alert's id (what the rule groups by): the same for active and recovered.
def text: if type == "number" or type == "boolean" then tostring
  elif type == "string" and . != "" and (startswith("{{") | not) then . else null end;
def one_of(f): first(f | text | values) // null;

if type != "object" then {refused: "the body is no object; paste the template of elastic.md into the action's body"}
else
  one_of(.rule_id?, .rule.id?, .ruleId?, .rule_name?, .rule.name?, .ruleName?) as $rule
  | one_of(.watch_id?, .ctx.watch_id?) as $watch
  | one_of(.alert_id?, .alert.id?, .alertInstanceId?) as $alert
  | (if ($alert // "*" | ascii_downcase | IN("*", "default", "query matched", "all documents") or (length >= 32 and test("^[0-9a-f-]+$"))) then null else $alert end) as $where
  | one_of(.action_group?, .alert.actionGroup?, .alertActionGroup?) as $group
  | ($group // "" | ascii_downcase) as $kind
  | one_of(.status?, .state?) as $status
  | one_of(.rule_name?, .rule.name?, .ruleName?, .name?) as $name
  | {
      message: one_of(.reason?, .context.reason?, .message?, .context.message?),
      labels: ({
        rule: $name, rule_type: one_of(.rule_type?, .rule.type?), action_group: $group,
        space: one_of(.space?, .rule.spaceId?), tags: one_of((.tags?, .rule.tags?) | if type == "array" then map(text | values) | join(", ") else . end)
      } + (.labels? | objects // {})),
      links: {"Alert": one_of(.alert_url?, .context.alertDetailsUrl?), "Rule": one_of(.rule_url?, .url?, .rule.url?)},
      occurred_at: one_of(.date?, .timestamp?, .time?)
    } as $event
  | if $rule == null and $watch == null then
      {refused: "there is neither `rule_id` nor `watch_id`; paste the template of elastic.md into the action's body"}
    elif $watch != null then
      $event + {
        status: ($status // "trigger"), key: "watch:\($watch)", title: (one_of(.title?) // $name // "Watch \($watch)"),
        severity: one_of(.severity?),
        labels: ({watch: $watch} + $event.labels)
      }
    elif $status == null and $group == null then
      {refused: "there is neither `action_group` nor `status`; the template needs {{alert.actionGroup}}, and the action runs For each alert: a summary has no alert"}
    else
      $event + {
        status: (if $kind | IN("recovered", "notgeocontained") then "resolve" else $status // "trigger" end),
        key: (if $alert == null then "rule:\($rule)" else "rule:\($rule):\($alert)" end),
        title: (one_of(.title?, .context.title?) // (
          ($name // "Rule \($rule)") + ( if $where == null or $where == $name or $where == $rule then "" else ": \($where)" end))),
        severity: (one_of(.severity?) // (
          if $kind | endswith("warning") then "medium" elif $kind | endswith(".high") then "high"
          elif $kind | endswith(".medium") then "medium" elif $kind | endswith(".low") then "low"
          elif $kind == "slo.burnrate.alert" then "critical" else null end)),
        labels: ({alert: $where} + $event.labels)
      }
    end
end
