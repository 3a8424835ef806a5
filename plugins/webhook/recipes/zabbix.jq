# Zabbix: a media type Webhook with the parameters and the script of zabbix.md. Names count in any case, with dots or
# underscores. A macro that Zabbix did not fill in (`{HOST.IP}`, `*UNKNOWN*`) counts as missing.
# Written from https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
# and https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location
def clean:
  if type == "string" then trim | if . == "" or . == "*UNKNOWN*" or (startswith("{") and endswith("}") and test("^\\{+[$A-Z][^}]*\\}+$")) then null else . end
  elif type == "number" then tostring
  else null end;
# {EVENT.TAGSJSON}, as a text or as a list, gives labels; a tag with two values keeps both.
def tags:
  (if type == "string" then (fromjson? // null) else . end)
  | if type == "array" then reduce (.[:16][] | objects | select((.tag | type) == "string")) as $tag ({};
      .[$tag.tag] = ([.[$tag.tag], ($tag.value // "" | tostring | if . == "" then "yes" else . end)] | map(values) | join(",")))
    else {} end;
if type != "object" then {refused: "a JSON object of Zabbix's webhook was expected"}
else
  (.event_id == "{EVENT.ID}" and .event_value == "{EVENT.VALUE}") as $test
  | with_entries(.key |= (ascii_downcase | split(".") | join("_")) | if .key == "event_tags" then . else .value |= clean end)
  | (.event_id // .eventid) as $event
  | (.trigger_id // .triggerid) as $trigger
  | (.event_value // .event_status // .status) as $value
  | (($value // "") | ascii_downcase) as $word
  | (.event_update_status == "1") as $updated
  | ((.event_update_action // "") | ascii_downcase) as $action
  | (if $word == "0" or ($word | IN("ok", "resolved")) then "resolve"
    elif $word == "1" or ($word | IN("problem", "trouble")) then "trigger" else null end) as $state
  | (.event_nseverity // .trigger_nseverity) as $level
  | .zabbix_url as $url
  | if $test then {ignored: "a test of Zabbix's media type: no macro was filled in"}
    elif .event_source | IN("1", "2") then {ignored: "a discovery or autoregistration of Zabbix is no problem"}
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
        title: ((.event_name // .trigger_name // .alert_subject) as $name | (.host_name // .host) as $host
          | if $name == null then null elif $host == null or ($name | contains($host)) then $name else "\($name) on \($host)" end),
        message: ((if $updated then [.event_update_action, .event_update_message] else [] end)
          + (if ($updated | not) or $status == "trigger" then [.event_opdata, .trigger_description] else [] end)
          | map(values) | join("\n")),
        severity: ({"0": null, "1": "info", "2": "low", "3": "medium", "4": "high", "5": "critical"}[$level // "0"]
          // ({information: "info", warning: "low", average: "medium", high: "high", disaster: "critical"}[((.event_severity // .trigger_severity) // "") | ascii_downcase] // null)),
        labels: ((.event_tags | tags) + ({
          host: (.host_name // .host), ip: .host_ip, groups: (.host_groups // .trigger_hostgroup_name),
          severity: (.event_severity // .trigger_severity), trigger: $trigger
        } | with_entries(select(.value != null)))),
        links: {"Zabbix": (if $url and $event and $trigger then "\($url | rtrimstr("/"))/tr_events.php?triggerid=\($trigger)&eventid=\($event)" else .trigger_url end)},
        actor: (if $updated then .user_fullname else null end),
        occurred_at: (if $updated then .event_update_timestamp elif $state == "resolve" then .event_recovery_timestamp else .event_timestamp end)
      }
    end
end
