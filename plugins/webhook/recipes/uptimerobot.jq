# UptimeRobot: an integration (once alert contact) of type Webhook, as JSON, as POST parameters or as a query.
# Written from https://uptimerobot.com/help/webhooks/ (variables, alert types: 1 down, 2 up, 3 SSL expiry) and
# https://help.uptimerobot.com/en/articles/14498593-webhook-integration. Values come as texts or as numbers. Names in
# both spellings are read: monitorID and monitor_id. A variable that does not apply arrives as it is: *alertDuration*.
def word: if type == "string" or type == "number" then tostring | trim | select(. == "" or test("^\\*.*\\*$") | not)
  else empty end;
def said($names): first(.[$names[]] | word) // null;
if type != "object" then {refused: "the body is no object of UptimeRobot; tick `Send as JSON` and paste the value of the recipe's page"}
else
  said(["alert_type", "alertType"]) as $type
  | said(["alert_type_friendly_name", "alertTypeFriendlyName"]) as $word
  | said(["monitor_friendly_name", "monitorFriendlyName"]) as $name
  | said(["monitor_url", "monitorURL"]) as $url
  | said(["monitor_id", "monitorID"]) as $id
  | said(["alert_details", "alertDetails"]) as $details
  | said(["alert_friendly_duration", "alertFriendlyDuration"]) as $lasted
  | said(["ssl_expiry_days_left", "sslExpiryDaysLeft"]) as $days
  | (($type // $word // "") | ascii_downcase) as $kind
  | (
      if $kind | IN("1", "down") then "down"
      elif $kind | IN("2", "up") then "up"
      elif [$word, $details | values] | any(test("\\bdomain\\b.*expir"; "i")) then "domain"
      elif $kind == "3" or ([$kind, $word, $details | values] | any(test("expir"; "i"))) then "certificate"
      else null end
    ) as $state
  | if $kind == "" then {refused: "alertType is missing: put *alertType* into the value that UptimeRobot sends"}
    elif ($id // $name // $url) == null then
      {refused: "the monitor is missing: put *monitorID* and *monitorFriendlyName* into the value that UptimeRobot sends"}
    elif $state == null then {refused: "alertType is \($kind); 1 (down), 2 (up) or 3 (certificate expires) was expected"}
    else
      {
        status: (if $state == "up" then "up" else "down" end),
        key: ((if $state | IN("up", "down") then "monitor" else $state end) + ":" + ($id // $name // $url)),
        title: (($name // $url // $id) + (if $state | IN("up",
          "down") then " is \($state)" else ": the \($state) expires" end)),
        message: ([$details, ($lasted | values
          | "It was down for \(.)."), ($days | values | "Days left: \(.).")] | map(values) | join("\n")),
        severity: (if $state | IN("certificate", "domain") then "low" else null end),
        labels: {monitor: $name, url: $url, monitor_id: $id},
        links: {($name // "Monitor"): $url},
        occurred_at: said(["alert_datetime", "alertDateTime"])
      }
    end
end
