# Uptime Kuma: a notification of type Webhook with the preset application/json, as POST or GET, or form-data.
# Written from louislam/uptime-kuma: server/notification-providers/webhook.js, server/model/monitor.js and
# domain_expiry.js. heartbeat.status is 0 down, 1 up, 2 pending, 3 maintenance. A GET carries heartbeat and monitor
# as JSON texts. A certificate or a domain that expires comes as a text in msg, as does the test button.
def document: if type == "string" then (fromjson? // null) else . end;
def object: document | if type == "object" then . else {} end;
def word: if type == "string" or type == "number" then tostring | trim | select(. != "") else empty end;
def web: strings | select(test("^https?://[^/]"));
if type != "object" then {refused: "the body is no object of Uptime Kuma; choose the preset application/json"}
else
  (.heartbeat | object) as $beat | (.monitor | object) as $monitor
  | (first(.msg | word) // null) as $text
  | (first($monitor.name, $monitor.pathName | word) // null) as $name
  | (first($beat.monitorID, $beat.monitor_id, $monitor.id, $name | word) // null) as $id
  | (first($monitor.url | web) // null) as $url
  | if .heartbeat | IN(null, "", "null") then
      if $text == null then
        {refused: "there is neither a heartbeat nor a msg in this request of Uptime Kuma; choose the preset application/json"}
      elif $id == null and ($text | test(" Testing$")) then {ignored: "a test of Uptime Kuma: \($text)"}
      else
        ([$text | capture("^(\\[(?<monitor>.*?)\\])?(\\[(?<url>.*?)\\])? ?(?<kind>.*?) ?certificate (?<name>.*?) ?(will expire|expire|has expired)")][0] // null) as $certificate
        | ([$text | capture("^Domain name (?<name>[^ ]+) ")][0] // null) as $domain
        | {
            status: "trigger",
            key: (
              if $domain then "domain:\($domain.name)"
              elif $certificate then "certificate:" + ([$id // $certificate.monitor, $certificate.name | word] | join(":"))
              else "message:" + ($id // ($text | gsub("[0-9]+"; "#"))) end),
            title: $text,
            severity: (if $domain or $certificate then "low" else null end),
            labels: {monitor: ($name // $certificate.monitor), certificate: $certificate.name, domain: $domain.name},
            links: {($name // $certificate.monitor // "Monitor"): ($url // $certificate.url)}
          }
      end
    elif $id == null then {refused: "the heartbeat has no monitorID, and there is no monitor with an id or a name"}
    else
      ($beat.status | tostring | ascii_downcase) as $status
      | ({"0": "down", "1": "up", "2": "pending", "3": "maintenance"}[$status] // $status) as $state
      | if $state == "pending" then {ignored: "Uptime Kuma checks again before it calls the monitor down"}
        elif $state == "maintenance" then {ignored: "the monitor is in maintenance"}
        elif $state | IN("up", "down") | not then
          {refused: "the heartbeat has the status \($status); 0 (down), 1 (up), 2 (pending) or 3 (maintenance) was expected"}
        else
          {
            status: $state,
            key: "monitor:\($id)",
            title: "\($name // "Monitor \($id)") is \($state)",
            message: (first($beat.msg, $text | word) // null),
            labels: {
              monitor: $name, type: $monitor.type, hostname: $monitor.hostname, url: $url,
              path: ($monitor.pathName | if . == $name then null else . end),
              tags: ([$monitor.tags[]? | objects | [.name, .value | word] | join("=")] | join(", "))
            },
            links: {($name // "Monitor"): $url},
            occurred_at: (first($beat.time | word) // null)
          }
        end
    end
end
