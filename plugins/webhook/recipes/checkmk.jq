# Checkmk: a notification rule with a webhook script that sends the notification's variables in lower case
# (host, service or description, what, notification_type, state or status, output, …).
(.notification_type // "" | ascii_upcase) as $type
| (.service // .service_description // .description // null) as $service
| (.host // .hostname // .alias) as $host
| if $host == null then {ignored: "there is no host in this request of Checkmk"}
  elif ($type | startswith("PROBLEM") or startswith("RECOVERY") or startswith("ACK") | not) then {ignored: "a notification of type \($type) changes no state"}
  else
    {
      status: (if $type | startswith("RECOVERY") then "resolve" elif $type | startswith("ACK") then "acknowledge" else "trigger" end),
      key: ([$host, (if .what == "HOST" then null else $service end)] | map(values) | join("/")),
      title: ([$host, (if .what == "HOST" then null else $service end)] | map(values) | join(": ")),
      message: ([.output, .long_output] | map(select(. != null and . != "")) | join("\n")),
      severity: ({"CRITICAL": "critical", "DOWN": "critical", "UNREACHABLE": "high", "WARNING": "medium", "UNKNOWN": "low"}[(.severity // .status // "") | ascii_upcase] // null),
      labels: {host: $host, service: (if .what == "HOST" then null else $service end), site: .site, address: .address, state: (.status // .severity), check: .check_command, event: .event},
      links: {"Checkmk": .url},
      actor: (if $type | startswith("ACK") then .contact_name else null end)
    }
  end
