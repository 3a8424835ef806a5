# Nagios, Naemon and Icinga 2: the notification commands of nagios.md, which send a form with curl. JSON with the names of
# Nagios's macros (NOTIFICATIONTYPE, HOSTNAME, SERVICEDESC, …) is read as well; case and `_` in names do not count.
# Written from https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html
# and https://icinga.com/docs/icinga-2/latest/doc/03-monitoring-basics/#notification-commands
def clean:
  if type == "string" then trim | if . == "" or (startswith("$") and test("^\\$[^$ ]*\\$$")) then null else . end
  elif type == "number" then tostring
  else null end;
if type != "object" then {refused: "the fields of a notification command of Nagios or Icinga were expected"}
else
  with_entries(.key |= (ascii_downcase | ltrimstr("nagios_") | ltrimstr("icinga_") | ltrimstr("notify_") | split("_") | join("")) | .value |= clean)
  | (.host // .hostname) as $host
  | (.service // .servicedesc // .servicedescription) as $service
  | ((if $service then .servicestate else .hoststate end) // .state // "" | ascii_upcase) as $state
  | (((.notificationtype // .type) // "") | ascii_downcase | gsub("[^a-z]"; "") | sub("^custom.*"; "custom")) as $type
  | (if $state | IN("OK", "UP") then "resolve"
    elif $state | IN("WARNING", "CRITICAL", "UNKNOWN", "DOWN", "UNREACHABLE") then "trigger" else null end) as $by_state
  | {problem: "trigger", recovery: "resolve", acknowledgement: "acknowledge", flappingstart: "trigger", flappingstop: $by_state,
      flappingend: $by_state, flappingdisabled: $by_state, downtimestart: "note", downtimeend: "note", downtimecancelled: "note",
      downtimeremoved: "note", custom: "note", "": $by_state}[$type] as $status
  | (if $service then "\($service) on \($host)" else $host end) as $what
  | if $host == null then {refused: "there is no host; use the notification commands of the recipe's description in Nagios or Icinga"}
    elif $status == null then
      {refused: "notification_type is `\($type)` and the state is `\($state)`; use the notification commands of the recipe's description"}
    else
      {
        status: $status,
        key: (if $service then "service:\($host)!\($service)" else "host:\($host)" end),
        title: (if $type == "flappingstart" then "\($what) is flapping" elif $state == "" then $what else "\($what) is \($state)" end),
        message: (if $status == "note" or $status == "acknowledge" then
            [(if $type | startswith("downtime") then "Downtime: \($type | ltrimstr("downtime"))" else null end), (.comment // .notificationcomment // .serviceackcomment // .hostackcomment)]
          else
            [(.output // .serviceoutput // .hostoutput), ((.longoutput // .longserviceoutput // .longhostoutput) // "" | gsub("\\\\n"; "\n"))]
          end | map(select(. != null and . != "")) | join("\n")),
        severity: {DOWN: "critical", CRITICAL: "critical", UNREACHABLE: "high", WARNING: "medium", UNKNOWN: "medium"}[$state],
        labels: {
          host: $host, service: $service, state: $state, address: (.address // .hostaddress),
          hostgroups: (.hostgroups // .hostgroupnames), servicegroups: (.servicegroups // .servicegroupnames)
        },
        links: {"Notes": (.notesurl // .servicenotesurl // .hostnotesurl), "Monitoring": (.url // .link)},
        actor: (.author // .notificationauthor),
        occurred_at: (.time // .timet)
      }
    end
end
