# Pingdom: Integrations > Integrations > Add integration, type Webhook. Written from
# https://www.pingdom.com/resources/webhooks/ (uptime checks: UP, DOWN; transaction checks: SUCCESS, FAILING).
def object: if type == "object" then . else {} end;
def word: if type == "string" or type == "number" then tostring | trim | select(. != "") else empty end;
def one(f): first(f | word) // null;
object | (.check_params | object) as $params
| (one(.current_state, .state) // "" | ascii_upcase) as $state
| one(.check_id, .check_name) as $id
| ({"DOWN": "down", "FAILING": "down", "UP": "up", "SUCCESS": "up"}[$state] // null) as $now
| one($params.full_url, $params.url, .full_url) as $url
| if $id == null then {refused: "there is neither check_id nor check_name in this request of Pingdom"}
  elif $state | IN("PAUSED", "UNKNOWN", "UNCONFIRMED", "UNCONFIRMED_DOWN") then
    {ignored: "the state \($state) is neither up nor down"}
  elif $now == null then {refused: "current_state is \($state | if . == "" then "missing" else . end); UP, DOWN, SUCCESS or FAILING was expected"}
  else
    {
      status: $now,
      key: "check:\($id)",
      title: "\(one(.check_name) // "Check \($id)") is \($now)",
      message: one(.long_description, .description),
      severity: ({"LOW": "low", "HIGH": "high"}[one(.importance_level) // "" | ascii_upcase] // null),
      labels: {
        check: one(.check_name), check_type: .check_type, host: $params.hostname,
        url: $url, probe: (.first_probe | object | .location),
        tags: ([.tags[]? | if type == "object" then .name else . end | word] | join(", "))
      },
      links: {(one(.check_name) // "Check"): $url},
      occurred_at: one(.state_changed_timestamp, .state_changed_utc_time)
    }
  end
