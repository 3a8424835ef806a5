# Graylog: Alerts > Notifications, type HTTP Notification (or Custom HTTP Notification with the standard body).
# Graylog tells when an event happens and never that it is over: resolve by hand, or give the source a rule that
# does. The key is the event definition and its grouping, so that repeats of an event are one incident.
if .event == null then {ignored: "there is no event in this request of Graylog"}
elif (.event_definition_id // "") == "NotificationTestId" or (.event.event_definition_type // "") == "test-dummy-v1" then
  {ignored: "a test of Graylog: \(.event.message // "no text")"}
else
  {
    status: "trigger",
    key: ([.event.event_definition_id // .event_definition_id // .event_definition_title, (.event.key_tuple[]? // empty)] | map(values | tostring) | join(":")),
    title: (.event_definition_title // .event.message),
    message: ([.event.message, .event_definition_description, (.backlog[]? | .message)] | map(select(. != null and . != "")) | .[:10] | join("\n")),
    severity: (.event.priority as $p | if $p == null then null elif $p >= 4 then "critical" elif $p == 3 then "high" elif $p == 2 then "medium" else "low" end),
    labels: ({source: .event.source, alert: .event.alert} + ((.event.group_by_fields // {}) + (.event.fields // {}))),
    occurred_at: .event.timestamp,
    delivery_id: .event.id
  }
end
