# LibreNMS: Alerts > Alert Transports, type API, with the options (or the JSON template) of librenms.md.
# State 0 is recovered, 1 an alert, 2 acknowledged, 3 worse, 4 better, 5 changed. alert_id is the pair of rule and
# device and stays; id and uid are entries of the alert log, which change, and are no key.
# From https://docs.librenms.org/Alerting/Transports/Api/, …/Alerting/Templates/ and librenms/librenms, LibreNMS/Alert.
# No time is read: $timestamp is in the local time of the LibreNMS server and says nothing of the zone.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or test("^\\{\\{.*\\}\\}$")) | not)) // null;
obj as $r
| (said($r.state, $r.raw_state) // "" | ascii_downcase) as $state
| said($r.name, $r.rule_name, $r.rule) as $rule
| said($r.display, $r.sysName, $r.hostname) as $shown | said($r.hostname, $r.device_id, $shown) as $device
| said($r.title) as $title
| (if said($r.alert_id) then "alert:\(said($r.alert_id))"
   elif said($r.device_id) and said($r.rule_id) then "device:\(said($r.device_id)):rule:\(said($r.rule_id))"
   elif $device and $rule then "device:\($device):\($rule)" else null end) as $key
| ({"0": "resolve", "ok": "resolve", "recovered": "resolve", "clear": "resolve", "1": "trigger", "active": "trigger", "alert": "trigger",
    "2": "acknowledge", "acknowledged": "acknowledge", "ack": "acknowledge", "3": "trigger", "worse": "trigger",
    "4": "trigger", "better": "trigger", "5": "trigger", "changed": "trigger"}[$state] // $state) as $change
| if $rule == "Test-Rule" and ((said($r.alert_id) // "0" | test("^0+$")) or ($title // "" | startswith("Testing transport"))) then {ignored: "a test of LibreNMS's alert transport"}
  elif $key == null or $state == "" then
    {refused: "the request has no state, or neither alert_id nor hostname and name; copy the options of recipes/librenms.md into the transport"}
  else
    {
      status: $change,
      key: $key,
      title: (if $rule then [$rule, $shown] | map(values) | join(" on ") else $title // $key end),
      message: ([(said($r.msg, $r.message) | plain_text), ([$r.faults | arrays | .[] | strings] | join("\n") | if . == "" then null else . end), said($r.alert_notes), said($r.elapsed | values | "Elapsed: \(.)")] | map(values) | join("\n")),
      severity: ({"critical": "critical", "warning": "medium", "ok": "info"}[said($r.severity) // "" | ascii_downcase] // said($r.severity)),
      labels: {
        device: $shown, hostname: said($r.hostname), rule: $rule, ip: said($r.ip), os: said($r.os), type: said($r.type), hardware: said($r.hardware),
        location: said($r.location), state: ({"0": "recovered", "1": "alert", "2": "acknowledged", "3": "worse", "4": "better", "5": "changed"}[$state] // $state)
      },
      links: {"LibreNMS": said($r.url), "Procedure": said($r.proc)}
    }
  end
