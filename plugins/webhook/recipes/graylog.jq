# Graylog: Alerts > Notifications, type HTTP Notification, or Custom HTTP Notification with the standard body; and the
# HTTP alarm callback of Graylog 2 (check_result). Written from
# https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html and
# https://archivedocs.graylog.org/en/2.5/pages/streams/alerts.html. Graylog reports that an event happens and never that
# it is over. The key is the event definition with its grouping: repeats of an event are one incident.
def object: if type == "object" then . else {} end;
def word: if type == "string" or type == "number" or type == "boolean" then tostring | trim
  | select(. == "" or test("^\\$\\{.*\\}$") | not) else empty end;
def lines: [.[] | word] | .[:10] | join("\n");
object as $r | ($r.event | object) as $e | ($r.check_result | object) as $c
| (first($r.event_definition_title, $e.event_definition_title | word) // null) as $definition
| (first($e.event_definition_id, $r.event_definition_id, $definition | word) // null) as $id
| if $r.event_definition_id == "NotificationTestId" or $r.event_definition_type == "test-dummy-v1" then
    {ignored: "a test of Graylog: \(first($e.message | word) // "no text")"}
  elif $e != {} and $id then
    ([$e.key_tuple[]? | word] | if . == [] then [($e.group_by_fields | object)[] | word] else . end | if . == [] then [$e.key
      | word] else . end) as $group
    | {
        status: "trigger",
        key: ([$id] + $group | join(":")),
        title: ([$definition // (first($e.message | word) // $id), ($group | join(", ") | word)] | join(": ")),
        message: ([$e.message, $r.event_definition_description, ($r.backlog[]? | .message?)] | lines),
        severity: (first($e.priority | word) // "" | {"4": "critical", "3": "high", "2": "medium", "1": "low",
          "0": "info"}[.] // null),
        labels: ({source: $e.source} + (($e.fields | object) + ($e.group_by_fields | object) | to_entries | .[:12]
          | from_entries)),
        occurred_at: (first($e.timestamp | word) // null),
        delivery_id: (first($e.id | word) // null)
      }
  elif $c != {} then
    ($c.triggered_condition | object) as $condition | ($r.stream | object) as $stream
    | (first($c.result_description | word) // null) as $text
    | (first($condition.id, $stream.id | word) // null) as $id
    | if ($text // "") | startswith("Dummy alert") then {ignored: "a test of Graylog: \($text)"}
      elif $id == null then {refused: "check_result has neither triggered_condition.id nor a stream with an id"}
        else
        {
          status: (if $c.triggered == false then "resolve" else "trigger" end),
          key: "condition:\($id)",
          title: ([first($stream.title | word), first($condition.title, ($text // ""
            | sub(" *\\(Current grace time.*$"; "")), $condition.type | word)] | join(": ") | if . == "" then "Alert of Graylog" else . end),
          message: ([$text, ($c.matching_messages[]? | .message?)] | lines),
          labels: {stream: $stream.title, condition: $condition.type, source: (first($c.matching_messages[]?.source? | word)
            // null)},
          occurred_at: (first($c.triggered_at | word) // null)
        }
      end
  else {refused: "there is neither an event with an event_definition_id nor a check_result in this request of Graylog; use an HTTP Notification, or the standard body"} end
