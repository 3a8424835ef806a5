# PRTG: Setup > Account Settings > Notification Templates, "Execute HTTP Action", method POST, with the payload of
# prtg.md. PRTG sends a form; a payload that is JSON arrives as the name of a field and is read as well.
# %status is a state ("Down", "Down (Acknowledged)", "Warning (before: Down)") or an end ("Down ended (now: Up)").
# From Paessler's list of placeholders, https://www.paessler.com/support/kb/prtg7/placeholder_overview/, and the PRTG
# manual, https://www.paessler.com/manuals/prtg, "Account Settings: Notification Templates".
# No time is read: %datetime is in the time zone of a PRTG user and says nothing of the zone.
def obj: if type == "object" then . else {} end;
def said(f): first(f | strings, numbers | tostring | select((. == "" or . == "-" or test("^%[a-z_]+$")) | not)) // null;
(obj | . as $form | if length == 1 and (keys[0] | startswith("{")) then (try (keys[0] | fromjson | obj) catch $form) else . end) as $r
| said($r.sensorid, $r.sensor_id, $r.id) as $id
| said($r.sensor, $r.name) as $sensor | said($r.device, $r.server) as $device
| said($r.status, $r.state, $r.laststatus) as $status
| ($status // "" | ascii_downcase) as $word
| ($word | (capture("\\([a-z]+: *(?<now>[^)]*)") | .now | select($word | test("\\((before|vorher):") | not)) // sub(" *\\(.*:.*\\)$"; "")) as $state
| ($word | test("ended|beendet")) as $ended
| if $status == null and ([$r.sensorid, $r.status | strings | select(startswith("%"))] | length == 2) then {ignored: "a test notification of PRTG: its placeholders are not filled in"}
  elif $status == null or ($id // $sensor) == null then
    {refused: "the request has no status or no sensorid; copy the payload of recipes/prtg.md into the notification template"}
  elif ($state | test("^(paused|pausiert)")) and ($ended | not) then {ignored: "the sensor is paused: \($status)"}
  else
    (if $state | test("^(up|ok)$|(ended|beendet)$") then ["resolve", null, "up again"]
     elif $state | test("^(paused|pausiert)") then ["resolve", null, "paused"]
     elif $state | test("^(down|fehler).*(ack|best)") then ["investigating", "critical", "down (acknowledged)"]
     elif $state | test("^(down|fehler).*parti") then ["trigger", "high", "partially down"]
     elif $state | test("^(down|fehler)") then ["trigger", "critical", "down"]
     elif $state | test("^(warning|warnung)") then ["trigger", "medium", "in the state Warning"]
     elif $state | test("^(unusual|unge)") then ["trigger", "low", "in the state Unusual"]
     elif $state | test("^(unknown|unbekannt)") then ["trigger", "low", "in the state Unknown"]
     else [$state, null, $state] end) as [$change, $severity, $text]
    | {
        status: $change,
        key: "sensor:\($id // ([$device // said($r.host), $sensor] | map(values) | join("/")))",
        title: "\([$sensor // "Sensor \($id)", $device] | map(values) | join(" on ")) is \($text)",
        message: (said($r.message, $r.lastmessage) // said($r.down) | plain_text),
        severity: $severity,
        labels: {
          sensor: $sensor, device: $device, host: said($r.host), group: said($r.group), probe: said($r.probe), location: said($r.location),
          state: $status, value: said($r.lastvalue), priority: said($r.priority, $r.prio), tags: said($r.tags), site: said($r.sitename)
        },
        links: {"Sensor": said($r.linksensor), "Device": said($r.linkdevice), "Service": said($r.serviceurl)}
      }
  end
