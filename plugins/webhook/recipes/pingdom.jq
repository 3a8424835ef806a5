# Pingdom: Integrations > Add new, type Webhook. States of uptime checks are UP and DOWN, of transaction checks
# SUCCESS and FAILING; UNKNOWN, UNCONFIRMED and PAUSED are passing states and are ignored.
(.current_state // "" | ascii_upcase) as $state
| if (.check_id == null and .check_name == null) then {ignored: "there is no check in this request of Pingdom"}
  elif ($state | IN("UP", "DOWN", "SUCCESS", "FAILING") | not) then {ignored: "the state \($state) is neither up nor down"}
  else
    ($state | IN("DOWN", "FAILING")) as $down
    | {
        status: (if $down then "down" else "up" end),
        key: "check:\(.check_id // .check_name)",
        title: ((.check_name // "Check \(.check_id)") + (if $down then " is down" else " is up" end)),
        message: ([.long_description, .description] | map(select(. != null and . != "")) | first),
        severity: (if (.importance_level // "") | ascii_upcase == "LOW" then "low" elif .importance_level then "high" else null end),
        labels: {
          check: .check_name, check_type: .check_type, host: .check_params.hostname,
          url: .check_params.full_url, probe: .first_probe.location,
          tags: ([.tags[]? | tostring] | join(", "))
        },
        links: {(.check_name // "Check"): .check_params.full_url, "Pingdom": .full_url},
        occurred_at: .state_changed_timestamp
      }
  end
