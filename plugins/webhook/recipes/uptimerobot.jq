# UptimeRobot: Alert Contact of type Webhook, "Send as JSON (application/json)" or as parameters.
# The custom value that it needs, with every placeholder in the documented spelling:
#   {"monitor_id": "*monitorID*", "monitor_url": "*monitorURL*", "monitor_friendly_name": "*monitorFriendlyName*",
#    "alert_type": "*alertType*", "alert_type_friendly_name": "*alertTypeFriendlyName*",
#    "alert_details": "*alertDetails*", "alert_friendly_duration": "*alertFriendlyDuration*",
#    "alert_datetime": "*alertDateTime*"}
# Every value is a string; a placeholder that does not apply arrives as it is. Parameters are called
# monitorID, alertType and so on, and both are read. 1 is down, 2 is up, 3 is a certificate that expires.
def said(names): first((names, null) | strings | select((trim == "" or (startswith("*") and endswith("*"))) | not)) // null;
. as $r
| said($r.alert_type, $r.alertType) as $type
| said($r.monitor_friendly_name, $r.monitorFriendlyName) as $name
| said($r.monitor_url, $r.monitorURL) as $url
| said($r.monitor_id, $r.monitorID) as $id
| said($r.alert_details, $r.alertDetails) as $details
| if $type == null or ($name == null and $url == null and $id == null) then
    {ignored: "there is no alert_type, or no monitor, in this request of UptimeRobot"}
  elif ($type | IN("1", "2", "3") | not) then {ignored: "the alert type \($type) is not known"}
  else
    {
      status: (if $type == "2" then "up" else "down" end),
      key: ((if $type == "3" then "certificate:" else "monitor:" end) + ($id // $name // $url)),
      title: (($name // $url // $id) + (if $type == "3" then ": the certificate expires" elif $type == "2" then " is up" else " is down" end)),
      message: ([$details, (said($r.alert_friendly_duration, $r.alertFriendlyDuration) | values | "It was down for \(.).")] | map(values) | join("\n")),
      severity: (if $type == "3" then "low" else null end),
      aliases: (if $type == "3" then [] else [[$name, $url][] | values | "monitor:" + .] end),
      labels: {monitor: $name, url: $url, monitor_id: $id, duration: said($r.alert_friendly_duration, $r.alertFriendlyDuration)},
      links: {($name // "Monitor"): $url},
      occurred_at: said($r.alert_datetime, $r.alertDateTime)
    }
  end
