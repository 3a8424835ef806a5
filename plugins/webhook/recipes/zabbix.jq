# Zabbix: a media type Webhook with the parameters and the script of zabbix.md. Names count in any case, with dots or
# underscores. A macro that Zabbix did not fill in (`{HOST.IP}`, `*UNKNOWN*`) counts as missing.
# Written from https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
# and https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location
def val:
  if type == "string" then trim | select(. != "" and (test("^(\\{+[$A-Z][^}]*\\}+|\\*UNKNOWN\\*)$") | not))
  elif type == "number" then tostring
  else empty end;
def pick(f): first(f | val) // null;
# {EVENT.TAGSJSON}, as a text or as a list, gives labels; a tag with two values keeps both.
def tags:
  (if type == "string" then (fromjson? // null) else . end)
  | if type == "array" then reduce (.[:16][] | objects | select((.tag | type) == "string")) as $tag ({};
      .[$tag.tag] = ([.[$tag.tag], ($tag.value // "" | tostring | if . == "" then "yes" else . end)] | map(values) | join(",")))
    else {} end;
if type != "object" then {refused: "a JSON object of Zabbix's webhook was expected"}
else
  with_entries(.key |= (ascii_downcase | gsub("[. ]"; "_")))
  | pick(.event_id, .eventid) as $event
  | pick(.trigger_id, .triggerid) as $trigger
  | pick(.event_value, .event_status, .status) as $value
  | (($value // "") | ascii_downcase) as $word
  | (pick(.event_update_status) == "1") as $updated
  | ((pick(.event_update_action) // "") | ascii_downcase) as $action
  | (if $word == "0" or ($word | IN("ok", "resolved")) then "resolve"
    elif $word == "1" or ($word | IN("problem", "trouble")) then "trigger" else null end) as $state
  | pick(.event_nseverity, .trigger_nseverity) as $level
  | pick(.zabbix_url) as $url
  | if .event_id == "{EVENT.ID}" and .event_value == "{EVENT.VALUE}" then {ignored: "a test of Zabbix's media type: no macro was filled in"}
    elif pick(.event_source) | IN("1", "2") then {ignored: "a discovery or autoregistration of Zabbix is no problem"}
    elif $event == null and $trigger == null then
      {refused: "there is no event_id; give the media type the parameter event_id = {EVENT.ID} in Zabbix"}
    elif $state == null then
      {refused: "event_value is `\($value // "missing")`; give the media type the parameter event_value = {EVENT.VALUE} in Zabbix"}
    else
      (if $updated | not then $state
        elif $action | test("\\bclosed\\b") then "resolve"
        elif $action | test("\\back") then "acknowledge"
        elif $state == "trigger" and ($action | test("unack|severity")) then "trigger"
        else "note" end) as $status
      | {
        status: $status,
        key: (if $event then "problem:\($event)" else "trigger:\($trigger)" end),
        title: (pick(.event_name, .trigger_name, .alert_subject) as $name | pick(.host_name, .host) as $host
          | if $name == null then null elif $host == null or ($name | contains($host)) then $name else "\($name) on \($host)" end),
        message: ((if $updated then [pick(.event_update_action), pick(.event_update_message)] else [] end)
          + (if ($updated | not) or $status == "trigger" then [pick(.event_opdata), pick(.trigger_description)] else [] end)
          | map(values) | join("\n")),
        severity: ({"0": null, "1": "info", "2": "low", "3": "medium", "4": "high", "5": "critical"}[$level // "0"]
          // ({information: "info", warning: "low", average: "medium", high: "high", disaster: "critical"}[(pick(.event_severity, .trigger_severity) // "") | ascii_downcase] // null)),
        labels: ((.event_tags | tags) + ({
          host: pick(.host_name, .host), ip: pick(.host_ip), groups: pick(.host_groups, .trigger_hostgroup_name),
          severity: pick(.event_severity, .trigger_severity), trigger: $trigger
        } | with_entries(select(.value != null)))),
        links: {"Zabbix": (if $url and $event and $trigger then "\($url | rtrimstr("/"))/tr_events.php?triggerid=\($trigger)&eventid=\($event)" else pick(.trigger_url) end)},
        actor: (if $updated then pick(.user_fullname) else null end),
        occurred_at: (if $updated then pick(.event_update_timestamp) elif $state == "resolve" then pick(.event_recovery_timestamp) else pick(.event_timestamp) end)
      }
    end
end
