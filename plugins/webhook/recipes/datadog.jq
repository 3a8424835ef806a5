# Datadog: Integrations > Webhooks, with the payload of datadog.md or with Datadog's default payload.
# Names count in any case. What Datadog could not fill in (`$ALERT_CYCLE_KEY` as it stands) counts as missing.
# Written from https://docs.datadoghq.com/integrations/webhooks/
def clean:
  if type == "string" then trim | if . == "" or . == "null" or (startswith("$") and test("^\\$[A-Z][A-Z_]*$")) then null else . end
  elif type == "number" then tostring
  elif type == "object" then .name? | if type == "string" then . else null end
  else null end;
# "[P2] [Re-Triggered on {host:db-1}] CPU high" has the word Triggered, the group host:db-1 and the name CPU high.
def parts:
  first(capture("^(?:\\[[^\\]]*\\] *)*?\\[(?:Re-)?(?<word>Triggered|Recovered|Warn|No ?Data|Renotify|Alert|OK)(?: on \\{?(?<group>[^\\]]*?)\\}?)?\\] *(?<name>.*)$"; "is")) // {};
def state:
  ascii_downcase
  | if test("recover|resolve|success|^ok$") then "resolve"
    elif test("trigger|warn|no ?data|renotif|alert|error") then "trigger"
    else null end;
if type != "object" then {refused: "a JSON object of Datadog's webhook was expected"}
else
  with_entries(.key |= ascii_downcase | .value |= clean)
  | (.alert_title // .title // .event_title) as $title
  | (($title // "") | parts) as $parts
  | ($parts.name // $title) as $name
  | (.alert_scope // .scope // $parts.group) as $group
  | ((.alert_transition // .transition) // $parts.word // .alert_type) as $word
  | (if $word == null then null else $word | state end) as $state
  | (.alert_cycle_key // .cycle_key) as $cycle
  | (.aggreg_key // .aggregation_key) as $aggregate
  | (.alert_id // .monitor_id) as $monitor
  | (.alert_priority // .priority) as $priority
  | (.body // .text_only_msg // .event_msg // .message // .text) as $body
  | if $cycle == null and $aggregate == null and $monitor == null and $name == null then
      {refused: "there is neither a title nor alert_cycle_key; give the webhook the payload of the recipe's description in Datadog"}
    elif $word != null and $state == null then
      {refused: "the transition `\($word)` is not known; give the webhook \"alert_transition\": \"$ALERT_TRANSITION\" in Datadog"}
    else
      {
        status: ($state // "trigger"),
        key: (if $cycle then "cycle:\($cycle)" elif $aggregate then "aggregate:\($aggregate)"
          elif $monitor then "monitor:\($monitor):\($group // "")" else "title:\($name):\($parts.group // "")" end),
        title: (if $name then $name + (if $group then " (\($group))" else "" end) elif $monitor then "Monitor \($monitor) (\($group // "all"))" else null end),
        message: (($body // "") | gsub("%%%\\s*|@webhook-\\S+ *"; "")),
        severity: ({p1: "critical", p2: "high", p3: "medium", p4: "low", p5: "info"}[($priority // "") | ascii_downcase]
          // (($word // "") | ascii_downcase | if test("trigger|error|^alert") then "high" elif test("warn") then "medium" else null end)),
        labels: {
          host: (.hostname // .host), scope: $group, metric: (.alert_metric // .metric), tags: .tags, monitor: $monitor,
          priority: $priority, transition: $word, type: .event_type, organisation: (.org_name // .org)
        },
        links: {
          "Datadog": ((.link // .alert_link) // first(($body // "") | capture("\\[Monitor Status\\]\\((?<url>[^)\\s]+)") | .url) // null),
          "Graph": .snapshot
        },
        occurred_at: (.last_updated // .date),
        delivery_id: ((.event_id // .id) as $id | (.last_updated // .date) as $at | if $id and $at then "\($id):\($word):\($at)" else null end),
        remarks: (if $word == null then ["no transition of Datadog found: opened; it does not resolve by itself"] else [] end)
      }
    end
end
