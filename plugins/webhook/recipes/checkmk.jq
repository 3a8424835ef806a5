# Checkmk: the notification script checkmk-notify beside this file, or any other that posts the notification's variables
# as JSON: NOTIFY_HOSTNAME and hostname are read, in any case. Written from
# https://docs.checkmk.com/latest/en/notifications.html (types, environment variables, own scripts).
def word: if type == "string" or type == "number" then tostring | trim | select(. == "" or test("^\\$[A-Z_:0-9]+\\$$") | not)
  else empty end;
def one(f): first(f | word) // null;
(if type == "object" then with_entries(.key |= (ascii_downcase | ltrimstr("notify_"))) else {} end)
| (one(.what) // "" | ascii_upcase) as $what
| one(.host, .hostname, .host_name, .alias, .hostalias) as $host
| (if $what == "HOST" then null else one(.service, .servicedesc, .service_description, .description) end) as $service
| (one(.notification_type, .notificationtype) // "" | ascii_upcase) as $type
| [.status, .state, (if $service then .servicestate, .serviceshortstate else .hoststate, .hostshortstate end), .severity
  | word | ascii_upcase] as $words
| ({"CRITICAL": "critical", "CRIT": "critical", "DOWN": "critical", "UNREACHABLE": "high", "UNREACH": "high",
  "WARNING": "medium",
    "WARN": "medium", "UNKNOWN": "low", "UNKN": "low", "OK": "ok", "UP": "ok"}) as $meanings
| ([$words[] | $meanings[.] | values][0] // null) as $meaning
| (
    if $type | startswith("PROBLEM") then "trigger"
    elif $type | startswith("RECOVERY") then "resolve"
    elif $type | startswith("ACK") then "acknowledge"
    elif $type | startswith("CUSTOM") then "note"
    elif $type | startswith("FLAPPINGSTOP") or startswith("FLAPPINGDISABLED") then (if $meaning == "ok" then "resolve"
      else "trigger" end)
    elif $type | startswith("DOWNTIMEEND") or startswith("DOWNTIMECANCELLED") then (if $meaning == "ok" then "resolve"
      elif $meaning then "trigger" else "ignored" end)
    elif ($type | startswith("FLAPPINGSTART")) and $meaning and $meaning != "ok" then "trigger"
    elif $type | startswith("FLAPPINGSTART") or startswith("DOWNTIMESTART") or startswith("ALERTHANDLER") then "ignored"
    elif $type == "" and $meaning then (if $meaning == "ok" then "resolve" else "trigger" end)
    else null end
  ) as $status
| if $host == null then {refused: "the host is missing in this request of Checkmk; use the script checkmk-notify, or send NOTIFY_HOSTNAME"}
  elif $what == "SERVICE" and $service == null then
    {refused: "the service is missing in this request of Checkmk; send NOTIFY_SERVICEDESC"}
  elif $status == null then {refused: "the notification type is \($type | if . == "" then "missing" else . end); send NOTIFY_NOTIFICATIONTYPE, or a state such as CRITICAL or OK"}
  elif $status == "ignored" then {ignored: "a notification of type \($type) changes no state"}
  else
    {
      status: $status,
      key: ([$host, $service] | map(values) | join("/")),
      title: (
        {"DOWN": " is down", "UP": " is up", "UNREACH": " is unreachable", "UNREACHABLE": " is unreachable"} as $is
        | if $service then "\($host): \($service)" else $host + ($is[$words[0] // ""] // "") end
      ),
      message: ([
        (if $status | IN("acknowledge", "note") then one(.comment, .notificationcomment, .ackcomment, .serviceackcomment,
          .hostackcomment) else empty end),
        one(.output, (if $service then .serviceoutput else .hostoutput end)),
        one((.long_output, (if $service then .longserviceoutput else .longhostoutput end)) | strings | gsub("\\\\n"; "\n"))
      ] | map(values) | join("\n")),
      severity: (if $meaning == "ok" then null else $meaning end),
      labels: {
        host: $host, service: $service, state: $words[0], site: one(.site, .omd_site), address: one(.address, .hostaddress),
        check: one(.check_command, (if $service then .servicecheckcommand else .hostcheckcommand end)), event: one(.event)
      },
      links: {"Checkmk": one(.url, (if $service then .serviceurl else .hosturl end))},
      actor: (if $status | IN("acknowledge", "note") then one(.author, .notificationauthor, .ackauthor, .contact_name,
        .contactname) else null end),
      occurred_at: one(.microtime, .micro_time, (if .long_date_time // "" | tostring
        | test(" (UTC|GMT) ") then .short_date_time else null end))
    }
  end
