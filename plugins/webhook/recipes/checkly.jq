# Checkly: an alert channel of type Webhook with the body of checkly.md.
# https://www.checklyhq.com/docs/integrations/alerts/webhooks (variables),
# https://www.checklyhq.com/docs/communicate/alerts/overview (states)
# The key is the check's id: {{CHECK_ID}}. Checkly escapes values as HTML, which becomes text here.
def text: if type == "number" then tostring
  elif type == "string" and . != "" and (startswith("{{") | not) then plain_text | if . == "" then null else . end else null end;
def one_of(f): first(f | text | values) // null;

if type != "object" then {refused: "the body is no object; paste the body of checkly.md into the webhook"}
else
  with_entries(.key |= ascii_downcase)
  | (one_of(.alert_type) // "" | ascii_upcase) as $type
  | one_of(.check_id, .check_name) as $check
  | one_of(.check_name) as $name
  | {
      message: ([one_of(.check_error_message), one_of(.root_cause)] | map(values) | join("\n\n")),
      labels: {
        check: $name, type: one_of(.check_type), group: one_of(.group_name), location: one_of(.run_location, .region),
        state: $type, tags: (.tags | if type == "array" then map(text | values) | join(", ") else text end),
        http_status: one_of(.api_check_response_status_code), response_time_ms: one_of(.response_time)
      },
      links: {"Result": one_of(.link, .result_link), "Analysis": one_of(.ai_analysis_link)},
      occurred_at: one_of(.started_at)
    } as $event
  | if $type == "" then {refused: "`alert_type` is missing; the webhook's body needs \"alert_type\": \"{{ALERT_TYPE}}\""}
    elif $type == "ALERT_SSL" then
      one_of(.ssl_check_domain, $name, $check) as $domain
      | one_of(.ssl_days_remaining) as $days
      | if $domain == null then {refused: "`ssl_check_domain` is missing; the webhook's body needs \"ssl_check_domain\": \"{{SSL_CHECK_DOMAIN}}\""}
        else
          $event + {
            status: "trigger",
            key: "certificate:\($domain)",
            title: "The certificate of \($domain) expires\(if $days then " in \($days) days" else "" end)",
            severity: (if ($days | tonumber? // 99) <= 3 then "high" elif ($days | tonumber? // 99) <= 14 then "medium" else "low" end),
            labels: {check: $name, domain: $domain, days_remaining: $days}
          }
        end
    elif $check == null then {refused: "`check_id` is missing; the webhook's body needs \"check_id\": \"{{CHECK_ID}}\""}
    else
      ({
        ALERT_FAILURE: "fails", ALERT_FAIL: "fails", ALERT_FAILURE_REMAIN: "fails", ALERT_DEGRADED_FAILURE: "fails",
        ALERT_DEGRADED: "is degraded", ALERT_DEGRADED_REMAIN: "is degraded", ALERT_FAILURE_DEGRADED: "is degraded",
        ALERT_RECOVERY: "has recovered", ALERT_DEGRADED_RECOVERY: "has recovered", NO_ALERT: "passes"
      }[$type]) as $does
      | $event + {
          status: (if $does == null then $type elif $does | IN("has recovered", "passes") then "resolve" else "trigger" end),
          key: "check:\($check)",
          title: (if $name then "\($name) \($does)" else one_of(.event, .alert_title) // "Check \($check) \($does)" end),
          severity: {"fails": "critical", "is degraded": "medium"}[$does // ""]
        }
    end
end
